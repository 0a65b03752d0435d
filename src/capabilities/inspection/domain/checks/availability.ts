/** How many replicas there are, where they run, and how many may be away. */
import { type FixEdit, type InspectionCheck, objectCheck, podCheck } from '../check.ts'
import { at, type Inventory, type Item, listAt, nameOf, namespaceOf, ofKindIn, type PodTemplate, podsIn, refersTo, takes } from '../inventory.ts'

const SPREAD_KINDS = ['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController']

const workloadsOf = (budget: Item, inventory: Inventory): PodTemplate[] =>
  podsIn(inventory, namespaceOf(budget)).filter((pod) => takes(at(budget.object, 'spec', 'selector'), namespaceOf(budget), pod))
const scalersOf = (item: Item, inventory: Inventory): Item[] =>
  ofKindIn(inventory, 'HorizontalPodAutoscaler', namespaceOf(item)).filter((scaler) => refersTo(at(scaler.object, 'spec', 'scaleTargetRef'), scaler, item))

/** Of `count` pods, as the disruption controller rounds (up); undefined when it is neither a number nor a percentage. */
function share(value: unknown, count: number | undefined): number | undefined {
  if (typeof value === 'number') return value
  const percent = typeof value === 'string' ? /^(\d+)%$/.exec(value)?.[1] : undefined
  if (percent !== undefined) return count === undefined ? undefined : Math.ceil((Number(percent) * count) / 100)
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined
}

const replicasOf = ({ object }: Item): number | undefined => {
  const replicas = at(object, 'spec', 'replicas')
  return typeof replicas === 'number' ? replicas : undefined
}

export const AVAILABILITY_CHECKS: readonly InspectionCheck[] = [
  objectCheck(
    {
      id: 'single-replica',
      category: 'stability',
      severity: 'warning',
      aliases: ['polaris/deploymentMissingReplicas', 'kube-score/deployment-replicas'],
      message: { en: 'One replica: every restart and every drained node is an outage.', 'zh-CN': '仅一个副本：每次重启或节点排空都会中断服务。' },
    },
    ['Deployment'],
    (item, inventory) => {
      const replicas = replicasOf(item)
      // Under an autoscaler the replicas are its own, and better left out.
      const scaler = scalersOf(item, inventory)[0]
      const least = scaler ? (at(scaler.object, 'spec', 'minReplicas') ?? 1) : (replicas ?? 1)
      if (typeof least !== 'number' || least > 1 || (replicas === 0 && !scaler)) return undefined
      return { path: ['spec', 'replicas'], ...(scaler ? {} : { fix: [{ path: ['spec', 'replicas'], value: 3 }] }) }
    },
  ),
  podCheck(
    {
      id: 'topology-spread-missing',
      category: 'stability',
      severity: 'advice',
      aliases: ['polaris/topologySpreadConstraint', 'kube-score/pod-topology-spread-constraints'],
      message: {
        en: 'No topology spread constraint: all replicas may land on one node or in one zone.',
        'zh-CN': '未设置拓扑分布约束：所有副本可能落在同一节点或可用区。',
      },
    },
    ({ kind, spec, path, labels }) =>
      SPREAD_KINDS.includes(kind) && listAt(spec, 'topologySpreadConstraints').length === 0
        ? {
            path: [...path, 'topologySpreadConstraints'],
            fix: [
              {
                path: [...path, 'topologySpreadConstraints'],
                value: [
                  {
                    maxSkew: 1,
                    topologyKey: 'kubernetes.io/hostname',
                    whenUnsatisfiable: 'ScheduleAnyway',
                    ...(Object.keys(labels).length > 0 ? { labelSelector: { matchLabels: labels } } : {}),
                  },
                ],
                guess: true,
              },
            ],
          }
        : undefined,
  ),
  podCheck(
    {
      id: 'disruption-budget-missing',
      category: 'stability',
      severity: 'advice',
      aliases: [
        'polaris/missingPodDisruptionBudget',
        'popeye/POP-206',
        'kube-score/deployment-has-poddisruptionbudget',
        'kube-score/statefulset-has-poddisruptionbudget',
      ],
      message: {
        en: 'No PodDisruptionBudget protects these pods: a drain may take all of them at once.',
        'zh-CN': '没有 PodDisruptionBudget 保护这些 Pod：排空节点时可能全部同时中断。',
      },
    },
    (pod, inventory) =>
      ['Deployment', 'StatefulSet'].includes(pod.kind) &&
      !ofKindIn(inventory, 'PodDisruptionBudget', pod.namespace).some((budget) => takes(at(budget.object, 'spec', 'selector'), namespaceOf(budget), pod))
        ? { path: pod.path }
        : undefined,
  ),
  objectCheck(
    {
      id: 'disruption-budget-blocks-drain',
      category: 'stability',
      severity: 'warning',
      aliases: ['polaris/pdbDisruptionsIsZero', 'kube-linter/pdb-max-unavailable', 'kube-linter/pdb-min-available', 'popeye/POP-901'],
      message: {
        en: 'The PodDisruptionBudget allows no disruption at all: no node with such a pod can be drained.',
        'zh-CN': 'PodDisruptionBudget 不允许任何中断：含有这些 Pod 的节点无法排空。',
      },
    },
    ['PodDisruptionBudget'],
    (item, inventory) => {
      const { minAvailable, maxUnavailable } = (at(item.object, 'spec') ?? {}) as Record<string, unknown>
      const fix: FixEdit[] = [
        { path: ['spec', 'maxUnavailable'], value: 1, guess: true },
        ...(minAvailable === undefined ? [] : [{ path: ['spec', 'minAvailable'], value: undefined, guess: true as const }]),
      ]
      if (maxUnavailable === 0 || maxUnavailable === '0' || maxUnavailable === '0%')
        return { path: ['spec', 'maxUnavailable'], what: String(maxUnavailable), fix }
      if (minAvailable === '100%') return { path: ['spec', 'minAvailable'], what: '100%', fix }
      const counts = workloadsOf(item, inventory).map((pod) => replicasOf(pod.item))
      const total = counts.length > 0 && counts.every((count) => count !== undefined) ? counts.reduce((sum, count) => sum! + count!, 0) : undefined
      const least = share(minAvailable, total)
      return total !== undefined && total > 0 && least !== undefined && least >= total
        ? { path: ['spec', 'minAvailable'], what: `${minAvailable} of ${total}`, ...(total > 1 ? { fix } : {}) }
        : undefined
    },
  ),
  objectCheck(
    {
      id: 'disruption-budget-above-autoscaler',
      category: 'stability',
      severity: 'warning',
      aliases: ['polaris/pdbMinAvailableGreaterThanHPAMinReplicas'],
      message: {
        en: 'The PodDisruptionBudget wants more pods than the autoscaler keeps at least: no node can be drained then.',
        'zh-CN': 'PodDisruptionBudget 要求的可用数高于自动伸缩的最小副本数：缩到最小时节点无法排空。',
      },
    },
    ['PodDisruptionBudget'],
    (item, inventory) => {
      for (const pod of workloadsOf(item, inventory))
        for (const scaler of scalersOf(pod.item, inventory)) {
          const least = at(scaler.object, 'spec', 'minReplicas')
          const wanted = share(at(item.object, 'spec', 'minAvailable'), replicasOf(pod.item))
          if (typeof least === 'number' && wanted !== undefined && wanted > least)
            return { path: ['spec', 'minAvailable'], what: `${at(item.object, 'spec', 'minAvailable')}, HorizontalPodAutoscaler ${nameOf(scaler)}: ${least}` }
        }
      return undefined
    },
  ),
  objectCheck(
    {
      id: 'autoscaler-cannot-scale',
      category: 'performance',
      severity: 'warning',
      aliases: ['polaris/hpaMaxAvailability'],
      message: { en: 'The autoscaler has no room: maxReplicas is not above minReplicas.', 'zh-CN': '自动伸缩没有余地：maxReplicas 不大于 minReplicas。' },
    },
    ['HorizontalPodAutoscaler'],
    ({ object }) => {
      const most = at(object, 'spec', 'maxReplicas')
      const least = at(object, 'spec', 'minReplicas')
      return typeof most === 'number' && typeof least === 'number' && most <= least
        ? { path: ['spec', 'maxReplicas'], what: `${most} ≤ ${least}`, fix: [{ path: ['spec', 'maxReplicas'], value: least * 2, guess: true }] }
        : undefined
    },
  ),
  objectCheck(
    {
      id: 'autoscaler-single-replica',
      category: 'stability',
      severity: 'warning',
      aliases: ['polaris/hpaMinAvailability', 'kube-score/horizontalpodautoscaler-replicas'],
      message: { en: 'The autoscaler may go down to one replica.', 'zh-CN': '自动伸缩可能缩到一个副本。' },
    },
    ['HorizontalPodAutoscaler'],
    ({ object }) => {
      const least = at(object, 'spec', 'minReplicas')
      return typeof least === 'number' && least <= 1 ? { path: ['spec', 'minReplicas'], fix: [{ path: ['spec', 'minReplicas'], value: 2 }] } : undefined
    },
  ),
  objectCheck(
    {
      id: 'instance-label-mismatch',
      category: 'stability',
      severity: 'advice',
      aliases: ['polaris/metadataAndInstanceMismatched'],
      message: { en: 'The label app.kubernetes.io/instance is not the name of the object.', 'zh-CN': '标签 app.kubernetes.io/instance 与对象名称不一致。' },
    },
    ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicaSet', 'Pod'],
    (item) => {
      // What a controller made has a name of the controller's choice.
      if (listAt(item.object, 'metadata', 'ownerReferences').length > 0) return undefined
      const label = at(item.object, 'metadata', 'labels', 'app.kubernetes.io/instance')
      if (label === nameOf(item)) return undefined
      const path = ['metadata', 'labels', 'app.kubernetes.io/instance']
      // Something may select by the label that it has now.
      return {
        path,
        ...(typeof label === 'string' ? { what: label } : {}),
        ...(nameOf(item) === '' ? {} : { fix: [{ path, value: nameOf(item), guess: true }] }),
      }
    },
  ),
]
