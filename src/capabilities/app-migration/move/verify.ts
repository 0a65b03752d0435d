/** Compares what should be on the target with what is there: fields, readiness, endpoints, and whether Services answer. */
import { CodedError } from '#core/kernel/errors.ts'
import { describeRef, type KubeObject, refOf } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { bodiesOf, bodyOf } from '../domain/parts.ts'
import { isReady } from './ready.ts'
import { each, type Verdict } from './target.ts'

export interface ServiceState {
  service: string
  /** Ready addresses; undefined where they could not be read. */
  endpoints?: number
  /** Of the service on the source, where that is a cluster. */
  sourceEndpoints?: number
  /** By the API server's proxy, for ports that speak HTTP. `unknown` is not `yes`. */
  answers: 'yes' | 'no' | 'unknown'
  why?: string
}

export interface Verified {
  equal: number
  /** Objects that are not as they should be. */
  different: readonly string[]
  unready: readonly string[]
  services: readonly ServiceState[]
  /** Services that are worse off than they should be: no endpoints, or no answer. */
  failing: readonly string[]
  /** By kind: what should be there, and what is. */
  counts: Readonly<Record<string, { wanted: number; there: number }>>
}

/** `verdicts` come from a dry run with the policy `update`. `sourceOf` says where an object came from, where the source is a cluster. */
export async function verifyMove(
  cluster: Cluster,
  verdicts: readonly Verdict[],
  source?: { cluster: Cluster; namespaceOf(namespace: string): string | undefined },
  signal?: AbortSignal,
): Promise<Verified> {
  const counts: Record<string, { wanted: number; there: number }> = {}
  for (const { object, action } of verdicts) {
    const { wanted, there } = counts[object.kind] ?? { wanted: 0, there: 0 }
    counts[object.kind] = { wanted: wanted + 1, there: there + (action === 'same' || action === 'update' ? 1 : 0) }
  }
  const same = verdicts.filter(({ action }) => action === 'same')
  const unready: string[] = []
  await each(same, 16, async ({ object }) => {
    signal?.throwIfAborted()
    if (!isReady(await cluster.get(refOf(object)))) unready.push(describeRef(refOf(object)))
  })
  const services: ServiceState[] = []
  await each(
    same.filter(({ object }) => hasBackends(object)),
    8,
    async ({ object }) => {
      signal?.throwIfAborted()
      const { name, namespace = '' } = object.metadata
      const endpoints = await readyEndpoints(cluster, namespace, name)
      const from = source?.namespaceOf(namespace)
      const sourceEndpoints = source === undefined || from === undefined ? undefined : await readyEndpoints(source.cluster, from, name)
      services.push({
        service: `${namespace}/${name}`,
        ...(endpoints === undefined ? {} : { endpoints }),
        ...(sourceEndpoints === undefined ? {} : { sourceEndpoints }),
        ...(endpoints === 0 ? { answers: 'no', why: 'no endpoints' } : await answer(cluster, object)),
      })
    },
  )
  services.sort((a, b) => a.service.localeCompare(b.service))
  return {
    equal: same.length,
    different: verdicts.filter(({ action }) => action !== 'same').map(({ object }) => describeRef(refOf(object))),
    unready: unready.sort(),
    services,
    // A service that has no endpoints on the source either is as it was.
    failing: services.filter(({ answers, sourceEndpoints }) => answers === 'no' && sourceEndpoints !== 0).map(({ service }) => service),
    counts,
  }
}

const hasBackends = ({ kind, apiVersion, spec }: KubeObject): boolean =>
  kind === 'Service' && apiVersion === 'v1' && Object.keys(bodyOf(bodyOf(spec).selector)).length > 0

/** From EndpointSlices, or from Endpoints where the server has no slices. */
async function readyEndpoints(cluster: Cluster, namespace: string, name: string): Promise<number | undefined> {
  try {
    const { kinds } = await cluster.discover()
    const slice = kinds.find(({ kind, apiVersion }) => kind === 'EndpointSlice' && apiVersion === 'discovery.k8s.io/v1')
    if (slice !== undefined) {
      const { items } = await cluster.list(slice, { namespace, labels: `kubernetes.io/service-name=${name}` })
      return items
        .flatMap((item) => bodiesOf(item.endpoints))
        .filter(({ conditions }) => bodyOf(conditions).ready !== false)
        .reduce((sum, { addresses }) => sum + (Array.isArray(addresses) ? addresses.length : 0), 0)
    }
    const found = await cluster.get({ apiVersion: 'v1', kind: 'Endpoints', namespace, name })
    return bodiesOf(found.subsets).reduce((sum, { addresses }) => sum + (Array.isArray(addresses) ? addresses.length : 0), 0)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return error.code === 'NOT_FOUND' ? 0 : undefined
  }
}

const PROXY_MS = 5_000
/** https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/#manually-constructing-apiserver-proxy-urls */
async function answer(cluster: Cluster, { metadata, spec }: KubeObject): Promise<Pick<ServiceState, 'answers' | 'why'>> {
  const port = bodiesOf(bodyOf(spec).ports).find(
    ({ name, appProtocol, port }) => /^https?/.test(String(appProtocol ?? name ?? '')) || [80, 443, 8080, 8443].includes(Number(port)),
  )
  if (port === undefined) return { answers: 'unknown', why: 'no port is known to speak HTTP' }
  const { kinds } = await cluster.discover()
  const served = kinds.find(({ kind, apiVersion }) => kind === 'Service' && apiVersion === 'v1')
  if (served?.subresources.proxy === undefined) return { answers: 'unknown', why: 'the API server has no proxy' }
  const scheme = /^https/.test(String(port.appProtocol ?? port.name ?? '')) || port.port === 443 ? 'https:' : ''
  try {
    await cluster.raw(`/api/v1/namespaces/${metadata.namespace}/services/${scheme}${metadata.name}:${port.port}/proxy/`, {
      accept: '*/*',
      signal: AbortSignal.timeout(PROXY_MS),
    })
    return { answers: 'yes' }
  } catch (error) {
    const message = (error as Error).message
    if (!(error instanceof CodedError)) return { answers: 'unknown', why: message.slice(0, 200) }
    // What the API server says when nothing listens; what the application itself says with 5xx is an answer.
    if (/no endpoints available|connection refused|no route to host|i\/o timeout|EOF/i.test(JSON.stringify([message, error.details])))
      return { answers: 'no', why: 'nothing listens' }
    if (['CLUSTER_FAILED', 'OBJECT_REJECTED', 'NOT_FOUND'].includes(error.code)) return { answers: 'yes' }
    return { answers: 'unknown', why: error.code }
  }
}
