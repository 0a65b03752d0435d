/** Kubernetes for the collector: our client, one informer for each kind, namespace and selector, shared by all jobs. */
import { readFileSync } from 'node:fs'
import type { Discover } from '#capabilities/collection/collect/discovery.ts'
import type { KubernetesDiscovery } from '#capabilities/collection/domain/jobs.ts'
import { type Kept, type KindName, type KindOf, type KubernetesView, keptOf } from '#capabilities/collection/domain/kubernetes/objects.ts'
import { discoverRole, kindsOf } from '#capabilities/collection/domain/kubernetes/roles.ts'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, fileUnreadable } from '#core/kernel/errors.ts'
import type { Cluster, Informer } from '#core/shapes/ports/cluster.ts'
import { type ClusterAccess, type Credentials, inClusterAccess, parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'

/** Changes are told together: a rollout is many. */
const GATHER_MS = 1_000

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

/** What `kubernetes_sd_configs` become, until `signal` is aborted. Discovering rejects with USAGE outside of a cluster, and with what the API server answers (FORBIDDEN, KIND_UNKNOWN …). */
export function kubernetesOf(clock: Clock, env: Readonly<Record<string, string | undefined>>, signal: AbortSignal): (config: KubernetesDiscovery) => Discover {
  const clusters = new Map<string, Promise<Known>>()
  const clusterOf = (config: KubernetesDiscovery): Promise<Known> => {
    const { role: _role, namespaces: _namespaces, selectors: _selectors, attach_metadata: _attach, ...reached } = config
    const key = JSON.stringify(reached)
    const known = clusters.get(key) ?? open(config)
    clusters.set(key, known)
    known.catch(() => clusters.delete(key))
    return known
  }
  async function open(config: KubernetesDiscovery): Promise<Known> {
    const access = await accessOf(config, env)
    // A collector without Kubernetes does without the memory of an HTTP client.
    const { openCluster } = await import('#edges/cluster/client.ts')
    const { cluster, close } = openCluster({ name: access.server, access, clock })
    signal.addEventListener('abort', () => void close(), { once: true })
    return { cluster, informers: new Map(), ownNamespace: access.namespace }
  }

  return (config) => async (onTargets, stopped) => {
    const { cluster, informers, ownNamespace } = await clusterOf(config)
    const { names, own_namespace } = config.namespaces
    const chosen = [...new Set([...names, ...(own_namespace ? [ownNamespace] : [])])]
    const follow = async (kind: KindName): Promise<Informer<Kept>[]> => {
      const apiVersion = await servedVersion(cluster, kind)
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
}

/** The first version that the cluster serves. */
async function servedVersion(cluster: Cluster, kind: KindName): Promise<string> {
  const versions = API_VERSIONS[kind]
  if (versions.length === 1) return versions[0]!
  const { kinds } = await cluster.discover()
  return versions.find((version) => kinds.some((each) => each.kind === kind && each.apiVersion === version)) ?? versions[0]!
}

async function accessOf(config: KubernetesDiscovery, env: Readonly<Record<string, string | undefined>>): Promise<ClusterAccess> {
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

function credentialsOf({ basic_auth: basic, authorization, bearer_token, bearer_token_file }: KubernetesDiscovery): Credentials {
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
