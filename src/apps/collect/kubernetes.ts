/** Kubernetes for the collector: our client, one informer for each kind, namespace and selector, shared by all jobs. */
import { readFileSync } from 'node:fs'
import type { Discover, DiscoveryDeps } from '#capabilities/collection/collect/discovery.ts'
import type { MonitorsView } from '#capabilities/collection/collect/monitors.ts'
import type { KubernetesDiscovery, MonitorsSettings } from '#capabilities/collection/domain/jobs.ts'
import { type Kept, type KindName, type KindOf, type KubernetesView, keptOf } from '#capabilities/collection/domain/kubernetes/objects.ts'
import { discoverRole, kindsOf } from '#capabilities/collection/domain/kubernetes/roles.ts'
import { MONITOR_KINDS } from '#capabilities/collection/domain/monitors/read.ts'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, fileUnreadable } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster, Informer } from '#core/shapes/ports/cluster.ts'
import { type ClusterAccess, type Credentials, inClusterAccess, parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'

/** Changes are told together: a rollout is many. */
const GATHER_MS = 1_000
/** How soon a kind of monitors is found whose definition is new. */
const LOOK_MS = 60_000

const API_VERSIONS: Readonly<Record<KindName, readonly string[]>> = {
  Pod: ['v1'],
  Node: ['v1'],
  Service: ['v1'],
  Endpoints: ['v1'],
  Namespace: ['v1'],
  EndpointSlice: ['discovery.k8s.io/v1', 'discovery.k8s.io/v1beta1'],
  Ingress: ['networking.k8s.io/v1'],
}

interface Known {
  cluster: Cluster
  informers: Map<string, Informer<Kept>>
  ownNamespace: string
}

/** How an API server is reached, as all that asks for one says it. */
type Reached = Pick<
  KubernetesDiscovery,
  'api_server' | 'kubeconfig_file' | 'basic_auth' | 'authorization' | 'bearer_token' | 'bearer_token_file' | 'tls_config'
>

/** What collecting asks of Kubernetes, until `signal` is aborted. All rejects with USAGE outside of a cluster, and with what the API server answers (FORBIDDEN, KIND_UNKNOWN …). */
export function kubernetesOf(
  clock: Clock,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Pick<DiscoveryDeps, 'kubernetes' | 'follow' | 'monitors'> {
  const clusters = new Map<string, Promise<Known>>()
  const clusterOf = ({ api_server, kubeconfig_file, basic_auth, authorization, bearer_token, bearer_token_file, tls_config }: Reached): Promise<Known> => {
    const reached = { api_server, kubeconfig_file, basic_auth, authorization, bearer_token, bearer_token_file, tls_config }
    const key = JSON.stringify(reached)
    const known = clusters.get(key) ?? open(reached)
    clusters.set(key, known)
    known.catch(() => clusters.delete(key))
    return known
  }
  async function open(reached: Reached): Promise<Known> {
    const access = await accessOf(reached, env)
    // A collector without Kubernetes does without the memory of an HTTP client.
    const { openCluster } = await import('#edges/cluster/client.ts')
    const { cluster, close } = openCluster({ name: access.server, access, clock })
    signal.addEventListener('abort', () => void close(), { once: true })
    return { cluster, informers: new Map(), ownNamespace: access.namespace }
  }

  const kubernetes =
    (config: KubernetesDiscovery): Discover =>
    async (onTargets, stopped) => {
      const { cluster, informers, ownNamespace } = await clusterOf(config)
      const { names, own_namespace } = config.namespaces
      const chosen = [...new Set([...names, ...(own_namespace ? [ownNamespace] : [])])]
      const follow = async (kind: KindName): Promise<Informer<Kept>[]> => {
        const apiVersion = await servedVersion(cluster, kind, API_VERSIONS[kind])
        const selector = config.selectors.find(({ role }) => role === kind.toLowerCase())
        const clusterWide = kind === 'Node' || kind === 'Namespace' || chosen.length === 0
        return (clusterWide ? [undefined] : chosen).map((namespace) => {
          const selection = { namespace, labels: selector?.label, fields: selector?.field }
          const key = JSON.stringify([kind, selection])
          const shared = informers.get(key)
          if (shared && shared.status().state !== 'stopped') return shared
          const informer = cluster.informer<Kept>({ apiVersion, kind }, { ...selection, keep: keptOf })
          informers.set(key, informer)
          return informer
        })
      }
      const kinds = kindsOf(config)
      const followed = await Promise.all(kinds.map(follow))
      await Promise.all(followed.flat().map(({ synced }) => synced))
      const byKind = new Map(kinds.map((kind, i) => [kind, followed[i]!]))
      const view: KubernetesView = {
        list: <K extends KindName>(kind: K) => (byKind.get(kind) ?? []).flatMap((informer) => informer.list()) as KindOf[K][],
        get: <K extends KindName>(kind: K, name: string, namespace?: string) => {
          for (const informer of byKind.get(kind) ?? []) {
            const found = informer.get(name, namespace)
            if (found) return found as KindOf[K]
          }
          return undefined
        },
      }
      let changed = true
      const stopListening = followed.flat().map((informer) =>
        informer.onChange(() => {
          changed = true
        }),
      )
      try {
        while (!stopped.aborted) {
          if (changed) {
            changed = false
            onTargets(discoverRole(config, view))
          }
          await clock.sleep(GATHER_MS, stopped).catch(() => {})
        }
      } finally {
        for (const stop of stopListening) stop()
      }
    }

  return {
    kubernetes,
    async follow(settings, { kind, versions }, keep) {
      const { cluster } = await clusterOf(settings)
      const apiVersion = await servedVersion(cluster, kind, versions)
      const informer = cluster.informer<KubeObject>({ apiVersion, kind }, { keep })
      await informer.synced
      return {
        list: () => informer.list(),
        currentAt: () => informer.status().currentAt,
        stop: () => informer.stop(),
      }
    },
    async monitors(settings, stopped) {
      const { cluster } = await clusterOf(settings)
      return monitorsOf(cluster, settings, clock, stopped)
    },
  }
}

/** The first version that the cluster serves; the first of all when it serves none. */
async function servedVersion(cluster: Cluster, kind: string, versions: readonly string[]): Promise<string> {
  if (versions.length === 1) return versions[0]!
  const { kinds } = await cluster.discover()
  return versions.find((version) => kinds.some((each) => each.kind === kind && each.apiVersion === version)) ?? versions[0]!
}

/** The monitors that are there; a kind whose definition is installed later is followed from the next look on. */
async function monitorsOf(cluster: Cluster, { namespaces, selector }: MonitorsSettings, clock: Clock, signal: AbortSignal): Promise<MonitorsView> {
  const followed = new Map<string, Informer<KubeObject>[]>()
  const listeners = new Set<() => void>()
  const told = () => {
    for (const listener of listeners) listener()
  }
  const look = async (fresh: boolean) => {
    const { kinds } = await cluster.discover({ fresh })
    for (const [kind, { apiVersion }] of Object.entries(MONITOR_KINDS)) {
      const held = followed.get(kind)?.every((informer) => informer.status().state !== 'stopped')
      if (held || !kinds.some((each) => each.kind === kind && each.apiVersion === apiVersion)) continue
      const informers = (namespaces.length === 0 ? [undefined] : namespaces).map((namespace) =>
        cluster.informer({ apiVersion, kind }, { namespace, labels: selector }),
      )
      await Promise.all(informers.map(({ synced }) => synced))
      followed.set(kind, informers)
      for (const informer of informers) informer.onChange(told)
    }
  }
  await look(false)
  const looking = (async () => {
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal)
      // What could not be asked now is asked the next time.
      await look(true).catch(() => {})
    }
  })()
  looking.catch(() => {})
  return {
    list: () => [...followed.values()].flat().flatMap((informer) => informer.list()),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async read({ kind, namespace, name }) {
      try {
        const { data = {}, binaryData = {} } = (await cluster.get({ apiVersion: 'v1', kind, namespace, name })) as {
          data?: Record<string, string>
          binaryData?: Record<string, string>
        }
        const bytes = kind === 'Secret' ? data : binaryData
        const decoded = Object.entries(bytes).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')] as const)
        return new Map([...(kind === 'Secret' ? [] : Object.entries(data)), ...decoded])
      } catch (error) {
        return (error as Error).message
      }
    },
  }
}

async function accessOf(config: Reached, env: Readonly<Record<string, string | undefined>>): Promise<ClusterAccess> {
  const { api_server, kubeconfig_file, tls_config: tls } = config
  if (kubeconfig_file !== undefined) return parseKubeconfig(await readKubeconfigFile(kubeconfig_file)).select()
  if (api_server === undefined) {
    const access = await inClusterAccess(env)
    if (!access) throw new CodedError('USAGE', { reason: 'kubernetes_sd_configs outside of a cluster need kubeconfig_file or api_server' })
    return access
  }
  return {
    context: api_server,
    server: api_server.replace(/\/+$/, ''),
    namespace: 'default',
    user: config.basic_auth?.username ?? '',
    tls: {
      ca: tls?.ca ?? fileText(tls?.ca_file),
      cert: tls?.cert ?? fileText(tls?.cert_file),
      key: tls?.key ?? fileText(tls?.key_file),
      insecure: tls?.insecure_skip_verify,
      serverName: tls?.server_name,
    },
    credentials: credentialsOf(config),
  }
}

function credentialsOf({ basic_auth: basic, authorization, bearer_token, bearer_token_file }: Reached): Credentials {
  if (basic) {
    const { username, username_file, password, password_file } = basic
    return { kind: 'basic', username: fileText(username_file)?.trim() ?? username, password: fileText(password_file)?.trim() ?? password }
  }
  const path = authorization?.credentials_file ?? bearer_token_file
  if (path !== undefined) return { kind: 'tokenFile', path }
  const token = authorization?.credentials ?? bearer_token
  return token === undefined ? { kind: 'none' } : { kind: 'token', token }
}

function fileText(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw fileUnreadable(path, error)
  }
}
