import { expect, test } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { readCollectConfig } from '../jobs.ts'
import { compileRules, judgeTarget } from '../targets.ts'
import { builtinConfig } from './builtin.ts'
import { type KindName, type KindOf, type KubernetesView, keptOf } from './objects.ts'
import { discoverRole } from './roles.ts'

const object = (kind: string, name: string, rest: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'shop', ...metadata },
  ...rest,
})
function viewOf(objects: readonly KubeObject[]): KubernetesView {
  const of = (kind: KindName) => objects.filter((each) => each.kind === kind).map(keptOf)
  return {
    list: <K extends KindName>(kind: K) => of(kind) as KindOf[K][],
    get: <K extends KindName>(kind: K, name: string, namespace?: string) =>
      of(kind).find(({ metadata }) => metadata.name === name && (namespace === undefined || metadata.namespace === namespace)) as KindOf[K] | undefined,
  }
}
const sd = (text: object) =>
  readCollectConfig(JSON.stringify({ scrape_configs: [{ job_name: 'j', kubernetes_sd_configs: [text] }] }), '').jobs[0]!.kubernetes_sd_configs[0]!
const found = (config: object, objects: readonly KubeObject[]) =>
  discoverRole(sd(config), viewOf(objects)).map((labels) =>
    Object.fromEntries([...labels].filter(([, value]) => value !== '').map(([name, value]) => [name.replace('__meta_kubernetes_', ''), value])),
  )

const pod = object(
  'Pod',
  'cart-1',
  {
    spec: {
      nodeName: 'n1',
      volumes: [{ name: 'data' }],
      containers: [
        { name: 'web', image: 'cart:1', ports: [{ name: 'http', containerPort: 8080 }, { containerPort: 9090 }] },
        { name: 'side', image: 'side:2' },
      ],
      initContainers: [{ name: 'init', image: 'init:3' }],
    },
    status: {
      podIP: 'fd00::7',
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'web', containerID: 'containerd://abc' }],
    },
  },
  {
    uid: 'u1',
    labels: { 'app.kubernetes.io/name': 'cart' },
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'prometheus.io/scrape': 'true', 'prometheus.io/port': '9090' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart', uid: 'r1', controller: true }],
  },
)
const node = object(
  'Node',
  'n1',
  {
    spec: {},
    status: {
      addresses: [
        { type: 'Hostname', address: 'n1' },
        { type: 'InternalIP', address: '10.0.0.1' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10255 } },
    },
  },
  { namespace: undefined, labels: { zone: 'a' } },
)
const service = object('Service', 'cart', { spec: { clusterIP: '10.96.0.9', ports: [{ name: 'web', port: 80 }] } }, { labels: { tier: 'front' } })

test('pods: each declared port, a container without ports by the address alone, init containers marked', () => {
  const targets = found({ role: 'pod', attach_metadata: { node: true } }, [pod, node])
  expect(targets.map((each) => [each.__address__, each.pod_container_name, each.pod_container_init])).toEqual([
    ['[fd00::7]:8080', 'web', 'false'],
    ['[fd00::7]:9090', 'web', 'false'],
    ['fd00::7', 'side', 'false'],
    ['fd00::7', 'init', 'true'],
  ])
  expect(targets[0]).toEqual({
    namespace: 'shop',
    pod_name: 'cart-1',
    pod_ip: 'fd00::7',
    pod_ready: 'true',
    pod_phase: 'Running',
    pod_node_name: 'n1',
    pod_uid: 'u1',
    pod_controller_kind: 'ReplicaSet',
    pod_controller_name: 'cart',
    pod_label_app_kubernetes_io_name: 'cart',
    pod_labelpresent_app_kubernetes_io_name: 'true',
    pod_annotation_prometheus_io_scrape: 'true',
    pod_annotationpresent_prometheus_io_scrape: 'true',
    pod_annotation_prometheus_io_port: '9090',
    pod_annotationpresent_prometheus_io_port: 'true',
    node_name: 'n1',
    node_label_zone: 'a',
    node_labelpresent_zone: 'true',
    __address__: '[fd00::7]:8080',
    pod_container_name: 'web',
    pod_container_id: 'containerd://abc',
    pod_container_image: 'cart:1',
    pod_container_init: 'false',
    pod_container_port_name: 'http',
    pod_container_port_number: '8080',
    pod_container_port_protocol: 'TCP',
  })
})

test('a pod without an address is no target', () => {
  expect(found({ role: 'pod' }, [object('Pod', 'new', { spec: { containers: [{ name: 'a' }] } })])).toEqual([])
})

test('nodes: the internal address and the port of the kubelet; a node without an address is none', () => {
  const [target, ...more] = found({ role: 'node' }, [node, object('Node', 'bare', {})])
  expect(more).toEqual([])
  expect(target).toMatchObject({ __address__: '10.0.0.1:10255', instance: 'n1', node_name: 'n1', node_address_Hostname: 'n1' })
})

test('services: by their name in DNS', () => {
  expect(found({ role: 'service' }, [service])).toEqual([
    expect.objectContaining({ __address__: 'cart.shop.svc:80', service_cluster_ip: '10.96.0.9', service_type: 'ClusterIP', service_label_tier: 'front' }),
  ])
})

const targetRef = { kind: 'Pod', name: 'cart-1', namespace: 'shop' }
test('endpoints: with service and pod; ports of the pod that no endpoint names are targets too', () => {
  const endpoints = object('Endpoints', 'cart', {
    subsets: [{ addresses: [{ ip: 'fd00::7', nodeName: 'n1', targetRef }], notReadyAddresses: [{ ip: '10.0.0.9' }], ports: [{ name: 'web', port: 8080 }] }],
  })
  const targets = found({ role: 'endpoints' }, [endpoints, service, pod])
  expect(targets).toEqual([
    expect.objectContaining({ __address__: '[fd00::7]:8080', endpoint_ready: 'true', pod_container_port_name: 'http', service_name: 'cart' }),
    expect.objectContaining({ __address__: '10.0.0.9:8080', endpoint_ready: 'false', service_name: 'cart' }),
    expect.objectContaining({ __address__: '[fd00::7]:9090', endpoints_name: 'cart', pod_name: 'cart-1', service_name: 'cart' }),
  ])
  expect(targets[1]).not.toHaveProperty('pod_name')
  expect(targets[2]).not.toHaveProperty('endpoint_ready')
})

test('slices of both versions', () => {
  const slice = (endpoint: object) =>
    object(
      'EndpointSlice',
      'cart-x',
      { addressType: 'IPv4', endpoints: [endpoint], ports: [{ name: 'web', port: 8080 }] },
      { labels: { 'kubernetes.io/service-name': 'cart' } },
    )
  const expected = { __address__: '10.0.0.7:8080', endpointslice_endpoint_node_name: 'n1', endpointslice_endpoint_zone: 'z', service_name: 'cart' }
  const current = slice({ addresses: ['10.0.0.7'], nodeName: 'n1', zone: 'z', conditions: { ready: false } })
  const beta = slice({ addresses: ['10.0.0.7'], topology: { 'kubernetes.io/hostname': 'n1', 'topology.kubernetes.io/zone': 'z' } })
  expect(found({ role: 'endpointslice' }, [current, service])).toEqual([
    expect.objectContaining({ ...expected, endpointslice_endpoint_conditions_ready: 'false' }),
  ])
  // A condition that nobody stated is not stated.
  const [old] = found({ role: 'endpointslice' }, [beta, service])
  expect(old).toMatchObject(expected)
  expect(old).not.toHaveProperty('endpointslice_endpoint_conditions_ready')
})

test('ingresses: https only where a certificate covers the host', () => {
  const rules = ['a.example.com', 'a.b.example.com', 'other.test'].map((host) => ({ host, http: { paths: [{ path: '/x' }] } }))
  const ingress = object('Ingress', 'shop', { spec: { tls: [{ hosts: ['*.example.com'] }], rules: [...rules, { host: 'bare.test' }] } })
  expect(found({ role: 'ingress' }, [ingress]).map((each) => [each.ingress_scheme, each.ingress_host, each.ingress_path])).toEqual([
    ['https', 'a.example.com', '/x'],
    ['http', 'a.b.example.com', '/x'],
    ['http', 'other.test', '/x'],
    ['http', 'bare.test', '/'],
  ])
})

test('the built-in configuration scrapes an annotated pod once, and one that does not ask not at all', () => {
  const job = readCollectConfig(builtinConfig(), '').jobs.find(({ job_name }) => job_name === 'pods')!
  const rules = compileRules(job, () => 0n)
  const quiet = object('Pod', 'quiet', { spec: { containers: [{ name: 'a' }] }, status: { podIP: '10.0.0.3', phase: 'Running' } })
  const judged = discoverRole(job.kubernetes_sd_configs[0]!, viewOf([pod, quiet])).map((each) => judgeTarget(job, rules, each, {}).target)
  const targets = new Map(judged.flatMap((target) => (target ? [[target.key, target] as const] : [])))
  expect([...targets.values()].map(({ url }) => url.href)).toEqual(['http://[fd00::7]:9090/metrics'])
})
