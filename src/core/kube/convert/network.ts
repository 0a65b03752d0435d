/** Ingress, EndpointSlice, Event and the kinds of networking that differ by name only. https://kubernetes.io/docs/reference/using-api/deprecation-guide/#v1-22 */
import { type Body, bodies, bodyOf, type Family, isBody, keepDefault, type Note, rename, type Step, same, take } from './family.ts'

function backendUp(backend: Body): void {
  const name = take(backend, 'serviceName')
  const port = take(backend, 'servicePort')
  if (name === undefined && port === undefined) return
  backend.service = {
    ...(name === undefined ? {} : { name }),
    ...(port === undefined || port === null ? {} : { port: typeof port === 'number' ? { number: port } : { name: port } }),
  }
}

function backendDown(backend: Body, path: string, note: Note): void {
  const service = take(backend, 'service')
  if (!isBody(service)) return
  const { name, number } = bodyOf(service.port)
  if (service.name !== undefined) backend.serviceName = service.name
  const named = typeof name === 'string' && name !== ''
  if (named || number !== undefined) backend.servicePort = named ? name : number
  if (named && number !== undefined && number !== 0) note('lost', `${path}.service.port.number`, 'a port is known by its name or by its number')
}

const paths = (spec: unknown): [Body, string][] =>
  bodies(bodyOf(spec).rules, 'spec.rules').flatMap(([rule, at]) => bodies(bodyOf(rule.http).paths, `${at}.http.paths`))

const ingressUp: Step = (object, note) => {
  const spec = object.spec
  if (!isBody(spec)) return
  rename(spec, 'backend', 'defaultBackend')
  if (isBody(spec.defaultBackend)) backendUp(spec.defaultBackend)
  for (const [path, at] of paths(spec)) {
    if (isBody(path.backend)) backendUp(path.backend)
    keepDefault(path, ['pathType'], 'ImplementationSpecific', (kind, _, reason) => note(kind, `${at}.pathType`, reason), 'networking.k8s.io/v1 has no default')
  }
}
const ingressDown: Step = (object, note) => {
  const spec = object.spec
  if (!isBody(spec)) return
  if (isBody(spec.defaultBackend)) backendDown(spec.defaultBackend, 'spec.defaultBackend', note)
  rename(spec, 'defaultBackend', 'backend')
  for (const [path, at] of paths(spec)) if (isBody(path.backend)) backendDown(path.backend, `${at}.backend`, note)
}

const ZONE = 'topology.kubernetes.io/zone'
const HOSTNAME = 'kubernetes.io/hostname'

const sliceUp: Step = (object) => {
  for (const [endpoint] of bodies(object.endpoints, 'endpoints')) {
    const topology = take(endpoint, 'topology')
    if (!isBody(topology)) continue
    if (topology[ZONE] !== undefined) endpoint.zone = take(topology, ZONE)
    if (topology[HOSTNAME] !== undefined && topology[HOSTNAME] === endpoint.nodeName) delete topology[HOSTNAME]
    if (Object.keys(topology).length > 0) endpoint.deprecatedTopology = topology
  }
}
const sliceDown: Step = (object, note) => {
  for (const [endpoint, path] of bodies(object.endpoints, 'endpoints')) {
    const topology = bodyOf(take(endpoint, 'deprecatedTopology'))
    const zone = take(endpoint, 'zone')
    if (zone !== undefined) topology[ZONE] = zone
    if (endpoint.nodeName !== undefined && topology[HOSTNAME] === undefined) {
      topology[HOSTNAME] = endpoint.nodeName
      note('kept', `${path}.topology`, 'readers of v1beta1 look for the node there')
    }
    if (Object.keys(topology).length > 0) endpoint.topology = topology
  }
}

/** core/v1 name → events.k8s.io name. */
const EVENT_FIELDS = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
] as const

export const names = (kinds: readonly string[], group: string, hub: string, ...versions: string[]): Family => ({
  kinds,
  hub: `${group}/${hub}`,
  versions: Object.fromEntries(versions.map((version) => [version.includes('/') ? version : `${group}/${version}`, same])),
})

export const NETWORK: readonly Family[] = [
  {
    kinds: ['Ingress'],
    hub: 'networking.k8s.io/v1',
    versions: { 'networking.k8s.io/v1beta1': { up: ingressUp, down: ingressDown }, 'extensions/v1beta1': { up: ingressUp, down: ingressDown } },
  },
  { kinds: ['EndpointSlice'], hub: 'discovery.k8s.io/v1', versions: { 'discovery.k8s.io/v1beta1': { up: sliceUp, down: sliceDown } } },
  {
    kinds: ['Event'],
    hub: 'events.k8s.io/v1',
    versions: {
      'events.k8s.io/v1beta1': same,
      v1: {
        up: (object) => {
          for (const [core, event] of EVENT_FIELDS) rename(object, core, event)
        },
        down: (object) => {
          for (const [core, event] of EVENT_FIELDS) rename(object, event, core)
        },
      },
    },
  },
  names(['IngressClass'], 'networking.k8s.io', 'v1', 'v1beta1'),
  names(['NetworkPolicy'], 'networking.k8s.io', 'v1', 'extensions/v1beta1'),
  names(['IPAddress', 'ServiceCIDR'], 'networking.k8s.io', 'v1', 'v1beta1', 'v1alpha1'),
]
