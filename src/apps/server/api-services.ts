/**
 * Keeps what tells clusters that this server answers for API groups: an APIService for each, with the bundle of our authority, and where the server runs
 * outside of the cluster a Service without selector. What belongs to somebody else is left alone, and said.
 */
import { isIP } from 'node:net'
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Clusters } from '#core/shapes/ports/cluster.ts'
import type { AggregatedApi } from '#kits/server-kit/aggregation.ts'
import type { WebhookClient } from '#kits/server-kit/door.ts'

export interface ApiServiceState {
  cluster: string
  /** `v1beta1.external.metrics.k8s.io` */
  name: string
  state: 'registered' | 'foreign' | 'unreachable' | 'failed'
  message: string
}

export interface ApiServiceOptions {
  clusters: Clusters
  apis(): readonly AggregatedApi[]
  /** Where the listener for clusters listens. */
  listener: { host: string; port: number; bundle(): string }
  /** By which clusters outside of this machine reach the listener. */
  address: string | undefined
  namespace: string
  clock: Clock
  log: Logger
}

const LOOK_MS = 15_000
const MANAGER = 'sallyport-server'
const OURS = { 'app.kubernetes.io/managed-by': 'sallyport' }
/** Of installations on a cluster: see `deploy/manifests`. */
const INSTALLED = { name: 'sallyport-ingest', port: 443 }
/** Made here, for servers outside of the cluster. */
export const OUTSIDE_SERVICE = 'sallyport-aggregation'

export function keepApiServices(options: ApiServiceOptions): { states(): readonly ApiServiceState[]; stop(): Promise<void> } {
  const { clusters, clock, log } = options
  const stopping = new AbortController()
  const states = new Map<string, ApiServiceState>()
  let wake = new AbortController()
  const unfollow = clusters.onChange(({ type }) => type !== 'health' && wake.abort())

  const say = (cluster: string, name: string, state: ApiServiceState['state'], message: string) => {
    const before = states.get(`${cluster} ${name}`)
    states.set(`${cluster} ${name}`, { cluster, name, state, message })
    if (before?.state !== state || before.message !== message) log[state === 'registered' ? 'info' : 'warn']({ cluster, apiService: name, state }, message)
  }
  const keep = async (name: string, source: string) => {
    const target = targetOf(source, options)
    for (const { group, version } of options.apis()) {
      const service = `${version}.${group}`
      if (target === undefined) {
        say(name, service, 'unreachable', 'the cluster cannot reach this server: start it with --cluster-listen and --cluster-address')
        continue
      }
      try {
        const state = await register(options, name, service, group, version, target)
        say(name, service, state === undefined ? 'registered' : 'foreign', state ?? `served through ${target.service.namespace}/${target.service.name}`)
      } catch (error) {
        say(name, service, 'failed', (error as Error).message)
      }
    }
  }
  const keeping = (async () => {
    while (!stopping.signal.aborted) {
      wake = new AbortController()
      const known = clusters.list()
      for (const key of states.keys()) if (!known.some(({ name }) => key.startsWith(`${name} `))) states.delete(key)
      await Promise.all(
        known.map(({ name, source }) => keep(name, source).catch((err: unknown) => log.warn({ err, cluster: name }, 'API services cannot be kept'))),
      )
      await clock.sleep(LOOK_MS, AbortSignal.any([stopping.signal, wake.signal])).catch(() => {})
    }
  })()
  return {
    states: () => [...states.values()],
    async stop() {
      unfollow()
      stopping.abort()
      await keeping
    },
  }
}

interface Target {
  service: { namespace: string; name: string; port: number }
  /** Made when the server is not in the cluster. */
  objects: readonly KubeObject[]
}

/** By what a cluster reaches the listener; undefined: by nothing that is known. */
function targetOf(source: string, { listener, address, namespace }: ApiServiceOptions): Target | undefined {
  if (source === 'in-cluster') return { service: { namespace, ...INSTALLED }, objects: [] }
  const ip = source === 'sandbox' ? '127.0.0.1' : address
  if (ip === undefined || isIP(ip) === 0) return undefined
  const port = { name: 'clusters', port: 443, protocol: 'TCP' }
  const metadata = { name: OUTSIDE_SERVICE, namespace, labels: OURS }
  return {
    service: { namespace, name: OUTSIDE_SERVICE, port: 443 },
    objects: [
      { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ ...port, targetPort: listener.port }] } },
      { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets: [{ addresses: [{ ip }], ports: [{ ...port, port: listener.port }] }] },
    ],
  }
}

/** How a cluster's API server calls a path of the listener; undefined: it does not know where that is. */
export function webhookClient(
  source: string,
  path: string,
  { listener, address, namespace }: Pick<ApiServiceOptions, 'listener' | 'address' | 'namespace'>,
): WebhookClient | undefined {
  const caBundle = Buffer.from(listener.bundle()).toString('base64')
  if (source === 'in-cluster') return { caBundle, service: { namespace, ...INSTALLED, path } }
  const ip = source === 'sandbox' ? '127.0.0.1' : address
  return ip === undefined ? undefined : { caBundle, url: `https://${isIP(ip) === 6 ? `[${ip}]` : ip}:${listener.port}${path}` }
}

/** Resolves to whose it is when it is somebody else's. */
async function register(
  { clusters, listener }: ApiServiceOptions,
  name: string,
  service: string,
  group: string,
  version: string,
  target: Target,
): Promise<string | undefined> {
  const cluster = clusters.get(name)
  const ref = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name: service }
  const before = await cluster.get(ref).catch((error: unknown) => {
    if (error instanceof CodedError && error.code === 'NOT_FOUND') return undefined
    throw error
  })
  const spec = before?.spec as { caBundle?: string; service?: { namespace?: string; name?: string } } | undefined
  if (before !== undefined && before.metadata.labels?.['app.kubernetes.io/managed-by'] !== 'sallyport')
    return `${service} belongs to ${spec?.service?.namespace ?? '?'}/${spec?.service?.name ?? '?'} and is left alone`
  const caBundle = Buffer.from(listener.bundle()).toString('base64')
  for (const object of target.objects)
    if (await differs(cluster.get({ ...object, namespace: object.metadata.namespace!, name: object.metadata.name }), object))
      await cluster.apply(object, { fieldManager: MANAGER, force: true })
  if (spec?.caBundle === caBundle && spec.service?.name === target.service.name && spec.service.namespace === target.service.namespace) return undefined
  const object = {
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    metadata: { name: service, labels: OURS },
    spec: { group, version, groupPriorityMinimum: 100, versionPriority: 100, service: target.service, caBundle },
  }
  // No server-side apply: the aggregator of Kubernetes 1.20 has none.
  if (before === undefined) await cluster.create(object, { fieldManager: MANAGER })
  else await cluster.patch(ref, 'merge', { spec: object.spec }, { fieldManager: MANAGER })
  return undefined
}

/** Is it not there, or elsewhere? */
async function differs(reading: Promise<KubeObject>, wanted: KubeObject): Promise<boolean> {
  try {
    const object = await reading
    const said = JSON.stringify([object.spec, object.subsets])
    const { port, ip } = portOf(wanted)
    return !said.includes(String(port)) || (ip !== undefined && !said.includes(ip))
  } catch (error) {
    if (error instanceof CodedError && error.code === 'NOT_FOUND') return true
    throw error
  }
}
// biome-ignore lint/suspicious/noExplicitAny: the two objects that are made above
const portOf = (object: any): { port: number; ip?: string } =>
  object.kind === 'Service' ? { port: object.spec.ports[0].targetPort } : { port: object.subsets[0].ports[0].port, ip: object.subsets[0].addresses[0].ip }
