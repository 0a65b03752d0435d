/** For tests: what running clusters look like when checks of their shared parts and of real usage fire, and when they must not. */
import type { Cases, Fields } from './checks.cases.ts'

/** 2026-06-01 */
const NOW = 1_780_272_000_000
const OLD = '2026-05-29T00:00:00Z'
const named = (kind: string, more: Fields = {}, metadata: Fields = {}): Fields => ({
  kind,
  metadata: { name: 'x', namespace: 'shop', uid: kind, creationTimestamp: OLD, ...metadata },
  ...more,
})
const live = (fires: Fields[], silent: Fields[], settings?: Record<string, string[]>): Cases => ({
  fires: [fires],
  silent: [silent],
  now: NOW,
  ...(settings ? { settings } : {}),
})
const system = named('Namespace', {}, { name: 'kube-system', namespace: undefined })
const inSystem = (kind: string, more: Fields, metadata: Fields = {}) => named(kind, more, { namespace: 'kube-system', ...metadata })
const dns = (status: Fields, spec: Fields = {}): Fields => inSystem('Deployment', { spec, status }, { name: 'coredns', labels: { 'k8s-app': 'kube-dns' } })
const dnsPod = (nodeName: string, name: string): Fields => inSystem('Pod', { spec: { nodeName } }, { name, labels: { 'k8s-app': 'kube-dns' } })
const node = (name: string, more: Fields = {}, labels: Fields = {}): Fields => named('Node', more, { name, namespace: undefined, labels })
const plane = node('n1', {}, { 'node-role.kubernetes.io/control-plane': '' })
const controller = (availableReplicas: number): Fields =>
  named('Deployment', {
    spec: { replicas: 1, template: { spec: { containers: [{ image: 'registry.k8s.io/ingress-nginx/controller:v1.12.1' }] } } },
    status: { availableReplicas },
  })
const ingress = (spec: Fields, addresses: Fields[]): Fields => named('Ingress', { spec, status: { loadBalancer: { ingress: addresses } } })
const balancer = named('Service', { spec: { type: 'LoadBalancer', selector: { app: 'x' } } })
const endpoints = (...ips: string[]): Fields => named('Endpoints', { subsets: [{ addresses: ips.map((ip) => ({ ip })) }] })
const volume = (phase: string): Fields => named('PersistentVolume', { spec: { capacity: { storage: '10Gi' } }, status: { phase } })
const podsOn = (count: number): Fields[] => Array.from({ length: count }, (_, i) => named('Pod', { spec: { nodeName: 'n' } }, { name: `p${i}` }))
const servicesWith = (count: number, spec: (i: number) => Fields): Fields[] =>
  Array.from({ length: count }, (_, i) => named('Service', { spec: spec(i) }, { name: `s${i}` }))
const running = (program: string, ...flags: string[]): Fields =>
  inSystem('Pod', { spec: { containers: [{ command: [program, ...flags] }] } }, { name: program })
const api = (group: string): Fields => named('APIService', { spec: { group } }, { name: `v1.${group}`, namespace: undefined })
const job = (type: string, created = OLD): Fields =>
  named(
    'Job',
    { status: { conditions: [{ type, status: 'True' }] } },
    { name: `j-${created}`, creationTimestamp: created, ownerReferences: [{ uid: 'CronJob' }] },
  )
const scaler = named('HorizontalPodAutoscaler', { spec: { scaleTargetRef: { kind: 'Deployment', name: 'x' }, maxReplicas: 10 } })
const machine = (cpu: string): Fields => node('n', { status: { allocatable: { cpu, memory: '64Gi' } } })
const workload = (resources: Fields): Fields =>
  named('Deployment', { spec: { template: { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', resources }] } } } })
const measured = (cpu: string, memory: string): Fields[] =>
  ['a', 'b'].flatMap((name) => [
    named('Pod', { spec: { containers: [] } }, { name, labels: { app: 'x', hash: '1' }, ownerReferences: [{ uid: 'Deployment' }] }),
    named('PodMetrics', { containers: [{ name: 'c', usage: { cpu, memory } }] }, { name }),
  ])
const requests = (cpu: string, memory: string) => workload({ requests: { cpu, memory } })
const nodeUses = (cpu: string, memory: string): Fields[] => [
  node('n', { status: { allocatable: { cpu: '4', memory: '8Gi' } } }),
  named('NodeMetrics', { usage: { cpu, memory } }, { name: 'n', namespace: undefined }),
]

export const CLUSTER_CASES: Record<string, Cases> = {
  'dns-down': live([dns({})], [dns({ availableReplicas: 1 })]),
  'dns-single-replica': live([dns({}, { replicas: 1 }), node('a'), node('b')], [dns({}, { replicas: 2 }), node('a'), node('b')]),
  'dns-on-one-node': live(
    [system, dnsPod('a', '1'), dnsPod('a', '2'), node('a'), node('b')],
    [system, dnsPod('a', '1'), dnsPod('b', '2'), node('a'), node('b')],
  ),
  'dns-on-control-plane': live([system, dnsPod('n1', '1'), plane, node('n2')], [system, dnsPod('n2', '1'), plane, node('n2')]),
  'dns-missing': live([system, node('a')], [system, node('a'), inSystem('Service', {}, { name: 'kube-dns' })]),
  'dns-without-cache': live(
    [inSystem('ConfigMap', { data: { Corefile: '.:53 {\n  forward . /etc/resolv.conf\n}' } }, { name: 'coredns' })],
    [inSystem('ConfigMap', { data: { Corefile: '.:53 {\n  cache 30\n}' } }, { name: 'coredns' })],
  ),
  'ingress-controller-down': live([controller(0)], [controller(1)]),
  'ingress-class-missing': live([ingress({ ingressClassName: 'gone' }, [])], [ingress({ ingressClassName: 'x' }, []), named('IngressClass')]),
  'ingress-without-address': live([ingress({}, [])], [ingress({}, [{ ip: '192.0.2.1' }])]),
  'ingress-port-error': live([ingress({}, [{ ports: [{ port: 80, error: 'PortMapError' }] }])], [ingress({}, [{ ports: [{ port: 80 }] }])]),
  'load-balancer-idle': live([balancer, named('Endpoints')], [balancer, endpoints('10.0.0.1')]),
  'volume-unused': live([volume('Available')], [volume('Bound')]),
  'volume-pending': live([volume('Pending')], [volume('Bound')]),
  'volume-claim-lost': live([named('PersistentVolumeClaim', { status: { phase: 'Lost' } })], [named('PersistentVolumeClaim', { status: { phase: 'Bound' } })]),
  'node-addresses-nearly-out': live(
    [node('n', { spec: { podCIDR: '10.0.0.0/28' } }), ...podsOn(13)],
    [node('n', { spec: { podCIDR: '10.0.0.0/28' } }), ...podsOn(10)],
  ),
  'node-nearly-full': live(
    [node('n', { status: { allocatable: { pods: '10' } } }), ...podsOn(9)],
    [node('n', { status: { allocatable: { pods: '10' } } }), ...podsOn(8)],
  ),
  'node-ranges-nearly-out': live(
    [
      system,
      running('kube-controller-manager', '--cluster-cidr=10.0.0.0/24', '--node-cidr-mask-size=25'),
      ...['a', 'b'].map((name) => node(name, { spec: { podCIDR: '10.0.0.0/25' } })),
    ],
    [system, running('kube-controller-manager', '--cluster-cidr=10.0.0.0/16'), node('a', { spec: { podCIDR: '10.0.0.0/24' } })],
  ),
  'service-addresses-nearly-out': live(
    [system, running('kube-apiserver', '--service-cluster-ip-range=10.0.0.0/28'), ...servicesWith(13, (i) => ({ clusterIP: `10.0.0.${i + 1}` }))],
    [system, named('ServiceCIDR', { spec: { cidrs: ['10.0.0.0/28'] } }), ...servicesWith(13, () => ({ clusterIP: 'None' }))],
  ),
  'node-ports-nearly-out': live(
    [system, running('kube-apiserver', '--service-node-port-range=30000-30009'), ...servicesWith(9, (i) => ({ ports: [{ nodePort: 30_000 + i }] }))],
    [system, ...servicesWith(9, (i) => ({ ports: [{ nodePort: 30_000 + i }] }))],
  ),
  'metrics-api-missing': live([system, api('apps')], [system, api('metrics.k8s.io')]),
  'single-control-plane': live([system, plane], [system, plane, node('n2', {}, { 'node-role.kubernetes.io/master': '' })]),
  'node-condition-unknown': live(
    [node('n', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } })],
    [node('n', { status: { conditions: [{ type: 'Ready', status: 'True' }] } })],
  ),
  'taint-tolerated-by-nobody': live(
    [node('n', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } }), named('Pod', { spec: {} })],
    [node('n', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } }), named('Pod', { spec: { tolerations: [{ key: 'gpu', operator: 'Exists' }] } })],
  ),
  'pod-stuck-terminating': live([named('Pod', {}, { deletionTimestamp: OLD })], [named('Pod', {}, { deletionTimestamp: '2026-06-01T00:00:00Z' })]),
  'single-endpoint': live(
    [named('Service', { spec: { selector: { app: 'x' } } }), endpoints('10.0.0.1')],
    [named('Service', { spec: { selector: { app: 'x' } } }), endpoints('10.0.0.1', '10.0.0.2')],
  ),
  'daemon-set-unavailable': live(
    [named('DaemonSet', { status: { desiredNumberScheduled: 2, numberAvailable: 1 } })],
    [named('DaemonSet', { status: { desiredNumberScheduled: 2, numberAvailable: 2 } })],
  ),
  'replica-set-unavailable': live(
    [named('ReplicaSet', { spec: { replicas: 2 }, status: { readyReplicas: 1 } })],
    [named('ReplicaSet', { spec: { replicas: 2 }, status: {} }, { ownerReferences: [{ uid: 'd' }] })],
  ),
  'cron-job-failing': live(
    [named('CronJob'), job('Failed'), job('Complete', '2026-01-01T00:00:00Z')],
    [named('CronJob'), job('Complete'), job('Failed', '2026-01-01T00:00:00Z')],
  ),
  'job-failed': live(
    [named('Job', { status: { conditions: [{ type: 'Failed', status: 'True' }] } })],
    [named('Job', { status: { conditions: [{ type: 'Complete', status: 'True' }] } })],
  ),
  'autoscaler-beyond-cluster': live([scaler, requests('1', '1Gi'), machine('8')], [scaler, requests('1', '1Gi'), machine('16')]),
  'autoscalers-beyond-cluster': live([system, scaler, requests('1', '1Gi'), machine('8')], [system, scaler, requests('1', '1Gi'), machine('16')]),
}

export const USAGE_CASES: Record<string, Cases> = {
  'cpu-over-requested': live([requests('1', '1Gi'), ...measured('100m', '900Mi')], [requests('1', '1Gi'), ...measured('600m', '900Mi')]),
  'memory-over-requested': live([requests('1', '1Gi'), ...measured('600m', '100Mi')], [requests('1', '1Gi')]),
  'cpu-under-requested': live([requests('100m', '1Gi'), ...measured('400m', '1Gi')], [requests('100m', '1Gi'), ...measured('110m', '1Gi')]),
  'memory-under-requested': live([requests('1', '128Mi'), ...measured('1', '512Mi')], [requests('1', '128Mi'), ...measured('1', '140Mi')]),
  'cpu-near-limit': live([workload({ limits: { cpu: '1' } }), ...measured('950m', '1Mi')], [workload({ limits: { cpu: '1' } }), ...measured('500m', '1Mi')]),
  'memory-near-limit': live(
    [workload({ limits: { memory: '100Mi' } }), ...measured('1m', '95Mi')],
    [workload({ limits: { memory: '100Mi' } }), ...measured('1m', '50Mi')],
  ),
  'node-cpu-busy': live(nodeUses('3500m', '1Gi'), nodeUses('2', '1Gi')),
  'node-memory-busy': live(nodeUses('1', '7Gi'), nodeUses('1', '4Gi')),
  'node-not-measured': live([...nodeUses('1', '1Gi'), node('other')], nodeUses('1', '1Gi')),
}
