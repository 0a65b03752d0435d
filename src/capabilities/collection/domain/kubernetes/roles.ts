/** Targets of the six roles: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#kubernetes_sd_config */
import type { KubernetesDiscovery } from '../jobs.ts'
import type { Discovered } from '../targets.ts'
import type { Container, ContainerPort, EndpointSlice, Ingress, Kept, KindName, KubernetesView, Node, Pod, Role, Service, TargetRef } from './objects.ts'

const META = '__meta_kubernetes_'

/** What a role reads; the first is that which its selectors are about. */
export function kindsOf({ role, attach_metadata: attach }: KubernetesDiscovery): readonly KindName[] {
  const own: Record<Role, readonly KindName[]> = {
    node: ['Node'],
    pod: ['Pod'],
    service: ['Service'],
    endpoints: ['Endpoints', 'Service', 'Pod'],
    endpointslice: ['EndpointSlice', 'Service', 'Pod'],
    ingress: ['Ingress'],
  }
  const ofPods = role === 'pod' || role === 'endpoints' || role === 'endpointslice'
  return [...own[role], ...(attach.node && ofPods ? (['Node'] as const) : []), ...(attach.namespace && role !== 'node' ? (['Namespace'] as const) : [])]
}

/** All that one `kubernetes_sd_configs` finds. */
export function discoverRole(config: KubernetesDiscovery, view: KubernetesView): Discovered[] {
  const roles: Record<Role, () => Discovered[]> = {
    node: () => view.list('Node').flatMap(nodeTarget),
    pod: () => view.list('Pod').flatMap((pod) => podTargets(pod, config, view)),
    service: () => view.list('Service').flatMap((service) => serviceTargets(service, config, view)),
    endpoints: () => endpointsTargets(config, view),
    endpointslice: () => sliceTargets(config, view),
    ingress: () => view.list('Ingress').flatMap((ingress) => ingressTargets(ingress, config, view)),
  }
  return roles[config.role]()
}

type Pairs = readonly (readonly [string, string])[]

const labelName = (text: string) => text.replace(/[^a-zA-Z0-9_]/g, '_')
const hostPort = (host: string, port: number) => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** Labels and annotations of an object, and that it has them. */
function metaOf(role: string, { metadata }: Kept): Pairs {
  const out: [string, string][] = []
  for (const [what, values] of [
    ['label', metadata.labels],
    ['annotation', metadata.annotations],
  ] as const)
    for (const [name, value] of Object.entries(values ?? {})) {
      const clean = labelName(name)
      out.push([`${META}${role}_${what}_${clean}`, value], [`${META}${role}_${what}present_${clean}`, 'true'])
    }
  return out
}

function namespaceOf({ metadata }: Kept, config: KubernetesDiscovery, view: KubernetesView): Pairs {
  const { namespace = '' } = metadata
  const object = config.attach_metadata.namespace ? view.get('Namespace', namespace) : undefined
  return [[`${META}namespace`, namespace], ...(object ? metaOf('namespace', object) : [])]
}

function nodeAttached(name: string | undefined, config: KubernetesDiscovery, view: KubernetesView): Pairs {
  const node = config.attach_metadata.node && name ? view.get('Node', name) : undefined
  return node ? [[`${META}node_name`, node.metadata.name], ...metaOf('node', node)] : []
}

const ADDRESS_ORDER = ['InternalIP', 'InternalDNS', 'ExternalIP', 'ExternalDNS', 'LegacyHostIP', 'Hostname']

function nodeTarget(node: Node): Discovered[] {
  const addresses = node.status.addresses ?? []
  const best = ADDRESS_ORDER.flatMap((type) => addresses.filter((each) => each.type === type))[0]
  if (!best) return []
  const { name } = node.metadata
  const firstOfType = addresses.filter(({ type }, i) => addresses.findIndex((each) => each.type === type) === i)
  return [
    new Map([
      ['__address__', hostPort(best.address, node.status.daemonEndpoints?.kubeletEndpoint?.Port ?? 10250)],
      ['instance', name],
      [`${META}node_name`, name],
      [`${META}node_provider_id`, node.spec.providerID ?? ''],
      ...metaOf('node', node),
      ...firstOfType.map(({ type, address }) => [`${META}node_address_${labelName(type)}`, address] as const),
    ]),
  ]
}

/** What the pod itself says, without its containers. */
function podPairs(pod: Pod): Pairs {
  const { metadata, spec, status } = pod
  const controller = metadata.ownerReferences?.find((owner) => owner.controller)
  return [
    [`${META}pod_name`, metadata.name],
    [`${META}pod_ip`, status.podIP ?? ''],
    [`${META}pod_ready`, (status.conditions?.find(({ type }) => type === 'Ready')?.status ?? 'unknown').toLowerCase()],
    [`${META}pod_phase`, status.phase ?? ''],
    [`${META}pod_node_name`, spec.nodeName ?? ''],
    [`${META}pod_host_ip`, status.hostIP ?? ''],
    [`${META}pod_uid`, metadata.uid ?? ''],
    ...(controller
      ? ([
          [`${META}pod_controller_kind`, controller.kind],
          [`${META}pod_controller_name`, controller.name],
        ] as const)
      : []),
    ...metaOf('pod', pod),
  ]
}

interface OwnContainer {
  container: Container
  init: boolean
  id: string
}
const containersOf = ({ spec, status }: Pod): OwnContainer[] => [
  ...(spec.containers ?? []).map((container) => ({ container, init: false, id: idOf(status.containerStatuses, container.name) })),
  ...(spec.initContainers ?? []).map((container) => ({ container, init: true, id: idOf(status.initContainerStatuses, container.name) })),
]
const idOf = (statuses: Pod['status']['containerStatuses'], name: string) => statuses?.find((each) => each.name === name)?.containerID ?? ''

const containerPairs = ({ container, init, id }: OwnContainer): Pairs => [
  [`${META}pod_container_name`, container.name],
  [`${META}pod_container_id`, id],
  [`${META}pod_container_image`, container.image ?? ''],
  [`${META}pod_container_init`, String(init)],
]
const portPairs = ({ name = '', containerPort, protocol = 'TCP' }: ContainerPort): Pairs => [
  [`${META}pod_container_port_name`, name],
  [`${META}pod_container_port_number`, String(containerPort)],
  [`${META}pod_container_port_protocol`, protocol],
]

function podTargets(pod: Pod, config: KubernetesDiscovery, view: KubernetesView): Discovered[] {
  const { podIP } = pod.status
  // It has no address yet, and gets one.
  if (!podIP) return []
  const common = [...namespaceOf(pod, config, view), ...podPairs(pod), ...nodeAttached(pod.spec.nodeName, config, view)]
  return containersOf(pod).flatMap((own): Discovered[] => {
    const { ports = [] } = own.container
    if (ports.length === 0) return [new Map([...common, ['__address__', podIP], ...containerPairs(own)])]
    return ports.map((port) => new Map([...common, ['__address__', hostPort(podIP, port.containerPort)], ...containerPairs(own), ...portPairs(port)]))
  })
}

/** What a service says wherever it stands behind a target. */
const servicePairs = (service: Service): Pairs => [[`${META}service_name`, service.metadata.name], ...metaOf('service', service)]

function serviceTargets(service: Service, config: KubernetesDiscovery, view: KubernetesView): Discovered[] {
  const { name, namespace } = service.metadata
  const { type = 'ClusterIP', clusterIP = '', externalName = '', loadBalancerIP = '', ports = [] } = service.spec
  const common = [...namespaceOf(service, config, view), ...servicePairs(service)]
  return ports.map(
    ({ name: portName = '', port, protocol = 'TCP' }) =>
      new Map([
        ...common,
        ['__address__', `${name}.${namespace}.svc:${port}`],
        [`${META}service_port_name`, portName],
        [`${META}service_port_number`, String(port)],
        [`${META}service_port_protocol`, protocol],
        [`${META}service_type`, type],
        ...(type === 'ExternalName' ? [[`${META}service_external_name`, externalName] as const] : [[`${META}service_cluster_ip`, clusterIP] as const]),
        ...(type === 'LoadBalancer' ? [[`${META}service_loadbalancer_ip`, loadBalancerIP] as const] : []),
      ]),
  )
}

interface Backend {
  address: string
  port?: number
  pairs: Pairs
  ref?: TargetRef
  nodeName?: string
}

/** Backends as targets, with their pods; ports that a pod declares beyond those are targets too. */
function backendTargets(backends: readonly Backend[], common: Pairs, namespace: string, config: KubernetesDiscovery, view: KubernetesView): Discovered[] {
  const out: Discovered[] = []
  const seen = new Map<Pod, Set<number>>()
  for (const { address, port, pairs, ref, nodeName } of backends) {
    const labels = new Map([...common, ['__address__', port === undefined ? address : hostPort(address, port)] as const, ...pairs])
    const pod = ref?.kind === 'Pod' && ref.name ? view.get('Pod', ref.name, ref.namespace ?? namespace) : undefined
    for (const [name, value] of nodeAttached(nodeName ?? pod?.spec.nodeName, config, view)) labels.set(name, value)
    if (pod) {
      for (const [name, value] of podPairs(pod)) labels.set(name, value)
      const used = seen.get(pod) ?? new Set()
      seen.set(pod, used)
      if (port !== undefined) used.add(port)
      for (const own of containersOf(pod)) {
        const bound = own.container.ports?.find(({ containerPort }) => containerPort === port)
        if (bound) for (const [name, value] of [...containerPairs(own), ...portPairs(bound)]) labels.set(name, value)
      }
    }
    out.push(labels)
  }
  for (const [pod, used] of seen)
    for (const own of containersOf(pod))
      for (const port of own.container.ports ?? [])
        if (!used.has(port.containerPort) && pod.status.podIP)
          out.push(
            new Map([
              ...common,
              ...podPairs(pod),
              ...nodeAttached(pod.spec.nodeName, config, view),
              ['__address__', hostPort(pod.status.podIP, port.containerPort)],
              ...containerPairs(own),
              ...portPairs(port),
            ]),
          )
  return out
}

const refPairs = (prefix: string, ref: TargetRef | undefined): Pairs =>
  ref
    ? [
        [`${META}${prefix}_address_target_kind`, ref.kind ?? ''],
        [`${META}${prefix}_address_target_name`, ref.name ?? ''],
      ]
    : []
const given = (name: string, value: string | boolean | undefined): Pairs => (value === undefined ? [] : [[`${META}${name}`, String(value)]])

function endpointsTargets(config: KubernetesDiscovery, view: KubernetesView): Discovered[] {
  return view.list('Endpoints').flatMap((endpoints) => {
    const { name, namespace = '' } = endpoints.metadata
    const service = view.get('Service', name, namespace)
    const common: Pairs = [
      ...namespaceOf(endpoints, config, view),
      [`${META}endpoints_name`, name],
      ...metaOf('endpoints', endpoints),
      ...(service ? servicePairs(service) : []),
    ]
    const backends = (endpoints.subsets ?? []).flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) =>
      ports.flatMap(({ name: portName = '', port, protocol = 'TCP' }) =>
        [...addresses.map((address) => ({ address, ready: true })), ...notReadyAddresses.map((address) => ({ address, ready: false }))].map(
          ({ address: { ip, hostname, nodeName, targetRef }, ready }): Backend => ({
            address: ip,
            port,
            ref: targetRef,
            nodeName,
            pairs: [
              [`${META}endpoint_port_name`, portName],
              [`${META}endpoint_port_protocol`, protocol],
              [`${META}endpoint_ready`, String(ready)],
              ...given('endpoint_hostname', hostname),
              ...given('endpoint_node_name', nodeName),
              ...refPairs('endpoint', targetRef),
            ],
          }),
        ),
      ),
    )
    return backendTargets(backends, common, namespace, config, view)
  })
}

const SERVICE_OF_SLICE = 'kubernetes.io/service-name'

function sliceTargets(config: KubernetesDiscovery, view: KubernetesView): Discovered[] {
  return view.list('EndpointSlice').flatMap((slice: EndpointSlice) => {
    const { name, namespace = '', labels = {} } = slice.metadata
    const service = labels[SERVICE_OF_SLICE] === undefined ? undefined : view.get('Service', labels[SERVICE_OF_SLICE], namespace)
    const common: Pairs = [
      ...namespaceOf(slice, config, view),
      [`${META}endpointslice_name`, name],
      [`${META}endpointslice_address_type`, slice.addressType],
      ...metaOf('endpointslice', slice),
      ...(service ? servicePairs(service) : []),
    ]
    const backends = (slice.ports ?? []).flatMap(({ name: portName = '', port, protocol = 'TCP', appProtocol }) =>
      (slice.endpoints ?? []).flatMap(({ addresses, conditions = {}, hostname, nodeName, zone, targetRef, topology, deprecatedTopology }) =>
        addresses.map((address): Backend => {
          const node = nodeName ?? topology?.['kubernetes.io/hostname']
          return {
            address,
            port,
            ref: targetRef,
            nodeName: node,
            pairs: [
              [`${META}endpointslice_port_name`, portName],
              [`${META}endpointslice_port_protocol`, protocol],
              ...given('endpointslice_port', port === undefined ? undefined : String(port)),
              ...given('endpointslice_port_app_protocol', appProtocol),
              ...given('endpointslice_endpoint_conditions_ready', conditions.ready),
              ...given('endpointslice_endpoint_conditions_serving', conditions.serving),
              ...given('endpointslice_endpoint_conditions_terminating', conditions.terminating),
              ...given('endpointslice_endpoint_hostname', hostname),
              ...given('endpointslice_endpoint_node_name', node),
              ...given('endpointslice_endpoint_zone', zone ?? topology?.['topology.kubernetes.io/zone']),
              ...refPairs('endpointslice', targetRef),
              ...Object.entries(topology ?? deprecatedTopology ?? {}).flatMap(([key, value]) => [
                [`${META}endpointslice_endpoint_topology_${labelName(key)}`, value] as const,
                [`${META}endpointslice_endpoint_topology_present_${labelName(key)}`, 'true'] as const,
              ]),
            ],
          }
        }),
      ),
    )
    return backendTargets(backends, common, namespace, config, view)
  })
}

function ingressTargets(ingress: Ingress, config: KubernetesDiscovery, view: KubernetesView): Discovered[] {
  const { ingressClassName, tls = [], rules = [] } = ingress.spec
  const secured = tls.flatMap(({ hosts = [] }) => hosts)
  const common: Pairs = [
    ...namespaceOf(ingress, config, view),
    [`${META}ingress_name`, ingress.metadata.name],
    ...given('ingress_class_name', ingressClassName),
    ...metaOf('ingress', ingress),
  ]
  return rules.flatMap(({ host = '', http }) => {
    const scheme = secured.some((pattern) => covers(pattern, host)) ? 'https' : 'http'
    const paths = http?.paths ?? []
    return (paths.length === 0 ? [{}] : paths).map(
      ({ path = '/' }: { path?: string }): Discovered =>
        new Map([...common, ['__address__', host], [`${META}ingress_scheme`, scheme], [`${META}ingress_host`, host], [`${META}ingress_path`, path || '/']]),
    )
  })
}

/** `*.example.com` covers one more part. */
function covers(pattern: string, host: string): boolean {
  if (pattern === host) return true
  const dot = host.indexOf('.')
  return pattern.startsWith('*.') && dot > 0 && host.slice(dot + 1) === pattern.slice(2)
}
