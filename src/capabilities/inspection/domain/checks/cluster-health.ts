/** What only a running cluster can tell of the parts that all share: names, ways in, addresses, room. Silent where nobody said what time it is. */
import type { Category } from '#core/shapes/check.ts'
import type { Severity } from '#core/shapes/severity.ts'
import { type Fault, type InspectionCheck, objectCheck } from '../check.ts'
import { at, type Inventory, type Item, isFields, listAt, nameOf, namespaceOf, ofKind, ofKindIn } from '../inventory.ts'
import { amountOf, perMonth } from './usage.ts'

const popeye = (...codes: number[]) => codes.map((code) => `popeye/POP-${code}`)
const MINUTE = 60_000
const DAY = 86_400_000
const PATIENCE_MS = 5 * MINUTE
/** Told from here on. */
const NEARLY = 0.9

// biome-ignore lint/style/noRestrictedGlobals: parsing a text is no clock
const ageOf = (text: unknown, now: number): number => (typeof text === 'string' ? now - Date.parse(text) : 0)
const bornAgo = ({ object }: Item, now: number): number => ageOf(object.metadata.creationTimestamp, now)

const live = (
  id: string,
  category: Category,
  severity: Severity,
  aliases: readonly string[],
  en: string,
  zh: string,
  kinds: readonly string[],
  find: (item: Item, inventory: Inventory, now: number) => Fault | readonly Fault[] | undefined,
  optional?: true,
): InspectionCheck =>
  objectCheck({ id, category, severity, aliases, ...(optional ? { optional } : {}), message: { en, 'zh-CN': zh } }, kinds, (item, inventory) =>
    inventory.now === undefined ? undefined : find(item, inventory, inventory.now),
  )

/** Of the whole cluster: told of its namespace of system parts. */
const ofCluster = (
  id: string,
  category: Category,
  severity: Severity,
  aliases: readonly string[],
  en: string,
  zh: string,
  find: (inventory: Inventory) => string | undefined,
  optional?: true,
): InspectionCheck =>
  live(
    id,
    category,
    severity,
    aliases,
    en,
    zh,
    ['Namespace'],
    (item, inventory) => {
      const what = nameOf(item) === 'kube-system' ? find(inventory) : undefined
      return what === undefined ? undefined : { path: [], what }
    },
    optional,
  )

const isDns = (item: Item): boolean =>
  namespaceOf(item) === 'kube-system' && (at(item.object, 'metadata', 'labels', 'k8s-app') === 'kube-dns' || /^(coredns|kube-dns)$/.test(nameOf(item)))
const dnsPods = (inventory: Inventory): readonly Item[] =>
  ofKindIn(inventory, 'Pod', 'kube-system').filter(
    ({ object }) => at(object, 'metadata', 'labels', 'k8s-app') === 'kube-dns' && at(object, 'spec', 'nodeName') !== undefined,
  )

const CONTROLLERS =
  /(^|\/)(ingress-nginx\/controller|[\w-]*nginx-ingress-controller|nginx-ingress|traefik|haproxy-ingress|kubernetes-ingress|kong-ingress-controller|contour|envoy-gateway)$/
const runsController = (item: Item): boolean =>
  listAt(item.object, 'spec', 'template', 'spec', 'containers').some((container) =>
    CONTROLLERS.test(
      String(at(container, 'image') ?? '')
        .split('@')[0]!
        .replace(/:[^/:]*$/, ''),
    ),
  )

/** Addresses in a range (IPv4, or IPv6 up to 2^40), without those of the network itself. */
function sizeOf(cidr: unknown): number | undefined {
  const found = typeof cidr === 'string' ? /^([\d.]+|[\da-f:]+)\/(\d{1,3})$/i.exec(cidr) : null
  if (!found) return undefined
  const bits = (found[1]!.includes(':') ? 128 : 32) - Number(found[2])
  return bits < 0 ? undefined : 2 ** Math.min(bits, 40) - (bits > 1 ? 2 : 0)
}

/** A flag of a part of the control plane that runs as a pod. */
function flagOf(inventory: Inventory, program: string, flag: string): string | undefined {
  for (const { object } of ofKindIn(inventory, 'Pod', 'kube-system'))
    for (const container of listAt(object, 'spec', 'containers')) {
      const words = [...listAt(container, 'command'), ...listAt(container, 'args')].filter((word) => typeof word === 'string')
      if (!words[0]?.split('/').at(-1)?.startsWith(program)) continue
      const value = words.findLast((word) => word.startsWith(`--${flag}=`))
      if (value !== undefined) return value.slice(flag.length + 3)
    }
  return undefined
}

const used = (count: number, most: number): string | undefined => (most > 0 && count / most >= NEARLY ? `${count} of ${most}` : undefined)

const serviceAddresses = (inventory: Inventory): string | undefined => {
  const ranges = ofKind(inventory, 'ServiceCIDR').flatMap(({ object }) => listAt(object, 'spec', 'cidrs'))
  const cidrs = ranges.length > 0 ? ranges : (flagOf(inventory, 'kube-apiserver', 'service-cluster-ip-range')?.split(',') ?? [])
  for (const cidr of cidrs) {
    const six = String(cidr).includes(':')
    const count = ofKind(inventory, 'Service').flatMap(({ object }) => {
      const addresses = listAt(object, 'spec', 'clusterIPs')
      return (addresses.length > 0 ? addresses : [at(object, 'spec', 'clusterIP')]).filter(
        (one) => typeof one === 'string' && one !== 'None' && one.includes(':') === six,
      )
    }).length
    const said = used(count, sizeOf(cidr) ?? 0)
    if (said !== undefined) return `${cidr}: ${said}`
  }
  return undefined
}

function* nodePorts(inventory: Inventory): Generator<unknown> {
  for (const { object } of ofKind(inventory, 'Service')) for (const port of listAt(object, 'spec', 'ports')) if (at(port, 'nodePort')) yield port
}

const allocatable = (inventory: Inventory, resource: string): number =>
  ofKind(inventory, 'Node').reduce((sum, { object }) => sum + (amountOf(at(object, 'status', 'allocatable', resource)) ?? 0), 0)

/** What an autoscaler's target requests when it is as big as it may become. */
function atMost(scaler: Item, inventory: Inventory, resource: string): number {
  const reference = at(scaler.object, 'spec', 'scaleTargetRef')
  const target = ofKindIn(inventory, String(at(reference, 'kind')), namespaceOf(scaler)).find((item) => nameOf(item) === at(reference, 'name'))
  const each = listAt(target?.object, 'spec', 'template', 'spec', 'containers').reduce<number>(
    (sum, container) => sum + (amountOf(at(container, 'resources', 'requests', resource)) ?? 0),
    0,
  )
  return each * Number(at(scaler.object, 'spec', 'maxReplicas') ?? 0)
}
const RESOURCES = ['cpu', 'memory'] as const

const owns = (item: Item, owner: Item): boolean =>
  listAt(item.object, 'metadata', 'ownerReferences').some((one) => at(one, 'uid') === owner.object.metadata.uid)
const isTrue = (object: unknown, type: string): boolean =>
  listAt(object, 'status', 'conditions').some((one) => at(one, 'type') === type && at(one, 'status') === 'True')
const tolerates = (toleration: unknown, taint: unknown): boolean =>
  [undefined, '', at(taint, 'key')].includes(at(toleration, 'key') as string) &&
  [undefined, '', at(taint, 'effect')].includes(at(toleration, 'effect') as string) &&
  (at(toleration, 'operator') === 'Exists' || (at(toleration, 'value') ?? '') === (at(taint, 'value') ?? ''))

export const CLUSTER_HEALTH_CHECKS: readonly InspectionCheck[] = [
  live(
    'dns-down',
    'stability',
    'critical',
    [],
    'No pod of the cluster DNS is ready: no name leads anywhere.',
    '集群 DNS 没有就绪的 Pod：域名无法解析。',
    ['Deployment', 'DaemonSet'],
    (item, _, now) => {
      const ready = at(item.object, 'status', item.object.kind === 'DaemonSet' ? 'numberAvailable' : 'availableReplicas') ?? 0
      return isDns(item) && ready === 0 && bornAgo(item, now) > PATIENCE_MS ? { path: ['status'] } : undefined
    },
  ),
  live(
    'dns-single-replica',
    'stability',
    'warning',
    [],
    'The cluster DNS has one replica: its restart is an outage of everything.',
    '集群 DNS 仅一个副本：重启即影响全部服务。',
    ['Deployment'],
    (item, inventory) =>
      isDns(item) && (at(item.object, 'spec', 'replicas') ?? 1) === 1 && ofKind(inventory, 'Node').length > 1
        ? { path: ['spec', 'replicas'], fix: [{ path: ['spec', 'replicas'], value: 2 }] }
        : undefined,
  ),
  ofCluster(
    'dns-on-one-node',
    'stability',
    'warning',
    [],
    'All replicas of the cluster DNS are on one node.',
    '集群 DNS 的所有副本位于同一节点。',
    (inventory) => {
      const nodes = new Set(dnsPods(inventory).map(({ object }) => at(object, 'spec', 'nodeName')))
      return dnsPods(inventory).length > 1 && nodes.size === 1 && ofKind(inventory, 'Node').length > 1 ? String([...nodes][0]) : undefined
    },
  ),
  ofCluster(
    'dns-on-control-plane',
    'stability',
    'advice',
    [],
    'All replicas of the cluster DNS are on control plane nodes.',
    '集群 DNS 的所有副本都在控制平面节点上。',
    (inventory) => {
      const planes = new Set(ofKind(inventory, 'Node').filter(isControlPlane).map(nameOf))
      const nodes = dnsPods(inventory).map(({ object }) => String(at(object, 'spec', 'nodeName')))
      return nodes.length > 0 && planes.size < ofKind(inventory, 'Node').length && nodes.every((node) => planes.has(node))
        ? [...new Set(nodes)].join(', ')
        : undefined
    },
  ),
  ofCluster(
    'dns-missing',
    'stability',
    'error',
    [],
    'The cluster has no DNS: pods do not find Services by name.',
    '集群没有 DNS：Pod 无法按名称访问 Service。',
    (inventory) =>
      inventory.unread.has('Service') || ofKindIn(inventory, 'Service', 'kube-system').some(isDns) || ofKind(inventory, 'Node').length === 0
        ? undefined
        : 'Service kube-dns',
  ),
  live(
    'dns-without-cache',
    'performance',
    'advice',
    [],
    'The cluster DNS asks for every name anew (no cache in its Corefile).',
    '集群 DNS 未启用缓存（Corefile 无 cache）。',
    ['ConfigMap'],
    (item) => {
      const text = at(item.object, 'data', 'Corefile')
      return namespaceOf(item) === 'kube-system' && nameOf(item) === 'coredns' && typeof text === 'string' && !/^\s*cache\b/m.test(text)
        ? { path: ['data', 'Corefile'] }
        : undefined
    },
  ),
  live(
    'ingress-controller-down',
    'stability',
    'critical',
    [],
    'No pod of the ingress controller is available: nothing comes in.',
    '入口控制器没有可用的 Pod：外部请求无法进入。',
    ['Deployment', 'DaemonSet'],
    (item, _, now) => {
      const isSet = item.object.kind === 'DaemonSet'
      const wanted = Number(isSet ? at(item.object, 'status', 'desiredNumberScheduled') : (at(item.object, 'spec', 'replicas') ?? 1))
      const ready = Number(at(item.object, 'status', isSet ? 'numberAvailable' : 'availableReplicas') ?? 0)
      return runsController(item) && wanted > 0 && ready === 0 && bornAgo(item, now) > PATIENCE_MS ? { path: ['status'], what: `0 of ${wanted}` } : undefined
    },
  ),
  live(
    'ingress-class-missing',
    'stability',
    'error',
    [],
    'No ingress controller takes the Ingress: its class does not exist.',
    'Ingress 的类不存在：没有控制器处理它。',
    ['Ingress'],
    (item, inventory) => {
      const name = at(item.object, 'spec', 'ingressClassName')
      return typeof name === 'string' && !inventory.unread.has('IngressClass') && !ofKind(inventory, 'IngressClass').some((one) => nameOf(one) === name)
        ? { path: ['spec', 'ingressClassName'], what: name }
        : undefined
    },
  ),
  live(
    'ingress-without-address',
    'stability',
    'warning',
    [],
    'The Ingress has no address: no controller has taken it up.',
    'Ingress 没有地址：没有控制器处理它。',
    ['Ingress'],
    (item, _, now) =>
      listAt(item.object, 'status', 'loadBalancer', 'ingress').length === 0 && bornAgo(item, now) > PATIENCE_MS
        ? { path: ['status', 'loadBalancer'] }
        : undefined,
  ),
  live(
    'ingress-port-error',
    'stability',
    'error',
    popeye(1400),
    'The load balancer of the Ingress tells an error.',
    'Ingress 的负载均衡报错。',
    ['Ingress'],
    ({ object }) =>
      listAt(object, 'status', 'loadBalancer', 'ingress').flatMap((one, i) =>
        listAt(one, 'ports').flatMap((port, j): Fault[] =>
          at(port, 'error') ? [{ path: ['status', 'loadBalancer', 'ingress', i, 'ports', j], what: String(at(port, 'error')) }] : [],
        ),
      ),
  ),
  live(
    'load-balancer-idle',
    'cost',
    'warning',
    [],
    'The load balancer is paid for and leads to no pod.',
    '负载均衡正在计费，但没有可用的 Pod。',
    ['Service'],
    (item, inventory, now) => {
      if (at(item.object, 'spec', 'type') !== 'LoadBalancer' || inventory.unread.has('Endpoints') || bornAgo(item, now) < DAY) return undefined
      const endpoints = ofKindIn(inventory, 'Endpoints', namespaceOf(item)).find((one) => nameOf(one) === nameOf(item))
      return listAt(endpoints?.object, 'subsets').some((subset) => listAt(subset, 'addresses').length > 0)
        ? undefined
        : { path: ['spec', 'type'], what: perMonth(inventory, { balancers: 1 }) }
    },
  ),
  live(
    'volume-unused',
    'cost',
    'advice',
    popeye(1000),
    'Nobody has claimed the volume for a day, and it is paid for.',
    '存储卷超过一天无人使用但仍在计费。',
    ['PersistentVolume'],
    (item, inventory, now) =>
      at(item.object, 'status', 'phase') === 'Available' && bornAgo(item, now) > DAY
        ? { path: ['status', 'phase'], what: perMonth(inventory, { storage: amountOf(at(item.object, 'spec', 'capacity', 'storage')) ?? 0 }) }
        : undefined,
  ),
  live('volume-pending', 'stability', 'error', popeye(1001), 'The volume does not become ready.', '存储卷一直未就绪。', ['PersistentVolume'], (item, _, now) =>
    at(item.object, 'status', 'phase') === 'Pending' && bornAgo(item, now) > PATIENCE_MS
      ? { path: ['status', 'phase'], what: String(at(item.object, 'status', 'message') ?? '') }
      : undefined,
  ),
  live(
    'volume-claim-lost',
    'stability',
    'critical',
    popeye(1004),
    'The volume of the claim is gone, and its data with it.',
    '存储卷声明对应的卷已丢失，数据可能丢失。',
    ['PersistentVolumeClaim'],
    ({ object }) => (at(object, 'status', 'phase') === 'Lost' ? { path: ['status', 'phase'] } : undefined),
  ),
  live(
    'node-addresses-nearly-out',
    'limitation',
    'error',
    [],
    'The range of pod addresses of the node is used up to 90 % or more.',
    '节点的 Pod 地址段已使用 90% 以上。',
    ['Node'],
    (item, inventory) => {
      const count = podsOf(item, inventory).filter(({ object }) => at(object, 'spec', 'hostNetwork') !== true).length
      const said = used(count, sizeOf(at(item.object, 'spec', 'podCIDR')) ?? 0)
      return said === undefined ? undefined : { path: ['spec', 'podCIDR'], what: `${at(item.object, 'spec', 'podCIDR')}: ${said}` }
    },
  ),
  live(
    'node-nearly-full',
    'limitation',
    'warning',
    [],
    'The node has nearly as many pods as it may have.',
    '节点上的 Pod 数接近上限。',
    ['Node'],
    (item, inventory) => {
      const said = used(podsOf(item, inventory).length, amountOf(at(item.object, 'status', 'allocatable', 'pods')) ?? 0)
      return said === undefined ? undefined : { path: ['status', 'allocatable', 'pods'], what: said }
    },
  ),
  ofCluster(
    'node-ranges-nearly-out',
    'limitation',
    'error',
    [],
    'Few ranges of pod addresses are left for more nodes.',
    '可分配给新节点的 Pod 地址段即将耗尽。',
    (inventory) => {
      const cidr = flagOf(inventory, 'kube-controller-manager', 'cluster-cidr')?.split(',')[0]
      const mask = Number(flagOf(inventory, 'kube-controller-manager', 'node-cidr-mask-size') ?? 24)
      const bits = cidr === undefined || cidr.includes(':') ? Number.NaN : mask - Number(cidr.split('/')[1])
      const said = bits >= 0 ? used(ofKind(inventory, 'Node').filter(({ object }) => at(object, 'spec', 'podCIDR')).length, 2 ** bits) : undefined
      return said === undefined ? undefined : `${cidr}: ${said}`
    },
  ),
  ofCluster(
    'service-addresses-nearly-out',
    'limitation',
    'error',
    [],
    'The range of addresses of Services is used up to 90 % or more.',
    'Service 地址段已使用 90% 以上。',
    serviceAddresses,
  ),
  ofCluster(
    'node-ports-nearly-out',
    'limitation',
    'error',
    [],
    'The range of node ports is used up to 90 % or more.',
    'NodePort 端口段已使用 90% 以上。',
    (inventory) => {
      const [from = 30_000, to = 32_767] = (flagOf(inventory, 'kube-apiserver', 'service-node-port-range') ?? '')
        .split('-')
        .flatMap((text) => (text === '' ? [] : [Number(text)]))
      return used([...nodePorts(inventory)].length, to - from + 1)
    },
  ),
  ofCluster(
    'metrics-api-missing',
    'performance',
    'advice',
    popeye(402),
    'Nobody tells what pods use (metrics.k8s.io is not served): no autoscaler by CPU or memory works.',
    '未提供 metrics.k8s.io：按 CPU/内存的自动伸缩不可用。',
    (inventory) =>
      inventory.unread.has('APIService') ||
      ofKind(inventory, 'APIService').length === 0 ||
      ofKind(inventory, 'APIService').some(({ object }) => at(object, 'spec', 'group') === 'metrics.k8s.io')
        ? undefined
        : 'APIService v1beta1.metrics.k8s.io',
  ),
  ofCluster(
    'single-control-plane',
    'stability',
    'advice',
    popeye(712),
    'The cluster has one control plane node.',
    '集群仅一个控制平面节点。',
    (inventory) => {
      const planes = ofKind(inventory, 'Node').filter(isControlPlane)
      return planes.length === 1 ? nameOf(planes[0]!) : undefined
    },
    true,
  ),
  live(
    'node-condition-unknown',
    'stability',
    'error',
    popeye(701),
    'The kubelet tells nothing of its node any more.',
    'kubelet 不再上报节点状态。',
    ['Node'],
    ({ object }) => {
      const unknown = listAt(object, 'status', 'conditions').filter((one) => at(one, 'status') === 'Unknown')
      return unknown.length > 0 ? { path: ['status', 'conditions'], what: unknown.map((one) => at(one, 'type')).join(', ') } : undefined
    },
  ),
  live(
    'taint-tolerated-by-nobody',
    'cost',
    'advice',
    popeye(700),
    'No pod of the cluster tolerates the taint of the node: it stands empty.',
    '没有 Pod 容忍该节点的污点：节点空置。',
    ['Node'],
    ({ object }, inventory) => {
      const pods = ofKind(inventory, 'Pod')
      return listAt(object, 'spec', 'taints').flatMap((taint, i): Fault[] =>
        at(taint, 'effect') === 'PreferNoSchedule' || pods.some((pod) => listAt(pod.object, 'spec', 'tolerations').some((one) => tolerates(one, taint)))
          ? []
          : [{ path: ['spec', 'taints', i], what: String(at(taint, 'key')) }],
      )
    },
    true,
  ),
  live(
    'pod-stuck-terminating',
    'stability',
    'warning',
    popeye(200, 201),
    'The pod is being deleted and does not go.',
    'Pod 删除卡住。',
    ['Pod'],
    ({ object }, _, now) =>
      // The time is that at which it should have been gone.
      ageOf(object.metadata.deletionTimestamp, now) > PATIENCE_MS
        ? { path: ['metadata', 'deletionTimestamp'], what: listAt(object, 'metadata', 'finalizers').join(', ') }
        : undefined,
  ),
  live(
    'single-endpoint',
    'stability',
    'advice',
    popeye(1109),
    'One pod answers for the Service.',
    'Service 只有一个后端 Pod。',
    ['Service'],
    (item, inventory) => {
      const endpoints = ofKindIn(inventory, 'Endpoints', namespaceOf(item)).find((one) => nameOf(one) === nameOf(item))
      const addresses = listAt(endpoints?.object, 'subsets').flatMap((subset) => listAt(subset, 'addresses'))
      return isFields(at(item.object, 'spec', 'selector')) && new Set(addresses.map((one) => at(one, 'ip'))).size === 1
        ? { path: ['spec', 'selector'] }
        : undefined
    },
    true,
  ),
  live(
    'daemon-set-unavailable',
    'stability',
    'error',
    [],
    'The DaemonSet does not run on all nodes that it should.',
    'DaemonSet 未在应有的全部节点上运行。',
    ['DaemonSet'],
    (item, _, now) => {
      const [wanted, has] = [Number(at(item.object, 'status', 'desiredNumberScheduled') ?? 0), Number(at(item.object, 'status', 'numberAvailable') ?? 0)]
      return bornAgo(item, now) > PATIENCE_MS && has < wanted ? { path: ['status'], what: `${has} of ${wanted}` } : undefined
    },
  ),
  live(
    'replica-set-unavailable',
    'stability',
    'error',
    popeye(1120),
    'Fewer replicas are ready than are wanted.',
    '就绪副本数少于期望值。',
    ['ReplicaSet', 'ReplicationController'],
    (item, _, now) => {
      const [wanted, has] = [Number(at(item.object, 'spec', 'replicas') ?? 1), Number(at(item.object, 'status', 'readyReplicas') ?? 0)]
      return listAt(item.object, 'metadata', 'ownerReferences').length === 0 && bornAgo(item, now) > PATIENCE_MS && has < wanted
        ? { path: ['status'], what: `${has} of ${wanted}` }
        : undefined
    },
  ),
  live(
    'cron-job-failing',
    'stability',
    'error',
    popeye(1502, 1503),
    'The last run of the CronJob failed.',
    'CronJob 最近一次运行失败。',
    ['CronJob'],
    (item, inventory) => {
      const runs = ofKindIn(inventory, 'Job', namespaceOf(item)).filter((job) => owns(job, item))
      const last = runs.toSorted((a, b) =>
        String(at(b.object, 'metadata', 'creationTimestamp')).localeCompare(String(at(a.object, 'metadata', 'creationTimestamp'))),
      )[0]
      return last && isTrue(last.object, 'Failed') ? { path: ['status'], what: `Job ${nameOf(last)}` } : undefined
    },
  ),
  live('job-failed', 'stability', 'warning', [], 'The Job failed.', 'Job 失败。', ['Job'], ({ object }) =>
    listAt(object, 'metadata', 'ownerReferences').length === 0 && isTrue(object, 'Failed') ? { path: ['status', 'conditions'] } : undefined,
  ),
  live(
    'autoscaler-beyond-cluster',
    'limitation',
    'warning',
    popeye(602, 603),
    'The autoscaler may ask for more than all nodes have.',
    '自动伸缩到最大时所需资源超过整个集群。',
    ['HorizontalPodAutoscaler'],
    (item, inventory) =>
      RESOURCES.flatMap((resource): Fault[] => {
        const [wanted, there] = [atMost(item, inventory, resource), allocatable(inventory, resource)]
        return there > 0 && wanted > there ? [{ path: ['spec', 'maxReplicas'], what: `${resource}: ${Math.round((wanted / there) * 100)} %` }] : []
      }),
  ),
  ofCluster(
    'autoscalers-beyond-cluster',
    'limitation',
    'advice',
    popeye(604, 605),
    'All autoscalers together may ask for more than all nodes have.',
    '所有自动伸缩同时到最大时所需资源超过整个集群。',
    (inventory) => {
      const over = RESOURCES.flatMap((resource) => {
        const there = allocatable(inventory, resource)
        const wanted = ofKind(inventory, 'HorizontalPodAutoscaler').reduce((sum, item) => sum + atMost(item, inventory, resource), 0)
        return there > 0 && wanted > there ? [`${resource}: ${Math.round((wanted / there) * 100)} %`] : []
      })
      return over.length > 0 ? over.join(', ') : undefined
    },
  ),
]

function isControlPlane({ object }: Item): boolean {
  const labels = at(object, 'metadata', 'labels')
  return isFields(labels) && ['control-plane', 'master'].some((role) => Object.hasOwn(labels, `node-role.kubernetes.io/${role}`))
}

const byNode = new WeakMap<Inventory, Map<string, Item[]>>()
/** Pods of a node that are not done, gathered once. */
function podsOf(node: Item, inventory: Inventory): readonly Item[] {
  const known =
    byNode.get(inventory) ??
    Map.groupBy(
      ofKind(inventory, 'Pod').filter(({ object }) => !['Succeeded', 'Failed'].includes(String(at(object, 'status', 'phase')))),
      ({ object }) => String(at(object, 'spec', 'nodeName') ?? ''),
    )
  byNode.set(inventory, known)
  return known.get(nameOf(node)) ?? []
}
