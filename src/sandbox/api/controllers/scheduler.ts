/** Puts pods on nodes: by requests, taints, node selectors and required node affinity; least loaded and spread. */
import { parseQuantity } from '#core/kernel/quantity.ts'
import type { Obj } from '../store.ts'
import { bind } from '../subresources.ts'
import { listOf, timestamp, type World } from '../world.ts'
import { SYSTEM } from '../writes.ts'
import { report, setStatus, targetOf, withCondition } from './objects.ts'
import type { Controller } from './queue.ts'

type Amounts = Record<string, number>

/** What a pod asks for: containers together, or the largest init container. */
export function requestsOf(spec: Obj): Amounts {
  const of = (container: Obj): Amounts =>
    Object.fromEntries(Object.entries(container.resources?.requests ?? {}).map(([name, value]) => [name, parseQuantity(String(value)) ?? 0]))
  const total: Amounts = { pods: 1 }
  for (const container of spec.containers ?? []) for (const [name, value] of Object.entries(of(container))) total[name] = (total[name] ?? 0) + value
  for (const container of spec.initContainers ?? []) for (const [name, value] of Object.entries(of(container))) total[name] = Math.max(total[name] ?? 0, value)
  return total
}

const tolerates = (tolerations: readonly Obj[] | undefined, taint: Obj): boolean =>
  (tolerations ?? []).some(
    (one) =>
      (one.effect === undefined || one.effect === '' || one.effect === taint.effect) &&
      (one.operator === 'Exists' ? !one.key || one.key === taint.key : one.key === taint.key && (one.value ?? '') === (taint.value ?? '')),
  )

function expressionHolds({ key, operator, values = [] }: { key: string; operator: string; values?: string[] }, labels: Record<string, string>): boolean {
  const value = labels[key]
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return Number(value) > Number(values[0])
    default:
      return Number(value) < Number(values[0])
  }
}

/** Why a pod cannot be on a node, or undefined. The words are those of kube-scheduler, as people search for them. */
export function obstacle(pod: Obj, node: Obj, used: Amounts): string | undefined {
  if (node.spec?.unschedulable) return 'node(s) were unschedulable'
  const taint = (node.spec?.taints ?? []).find(
    (one: Obj) => (one.effect === 'NoSchedule' || one.effect === 'NoExecute') && !tolerates(pod.spec.tolerations, one),
  )
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`
  const labels = node.metadata.labels ?? {}
  const selector = Object.entries(pod.spec.nodeSelector ?? {})
  const terms: Obj[] | undefined = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  if (
    selector.some(([key, value]) => labels[key] !== value) ||
    (terms !== undefined && !terms.some((term) => (term.matchExpressions ?? []).every((one: never) => expressionHolds(one, labels))))
  )
    return "node(s) didn't match Pod's node affinity/selector"
  for (const [name, wanted] of Object.entries(requestsOf(pod.spec))) {
    const room = parseQuantity(String(node.status?.allocatable?.[name] ?? '0')) ?? 0
    if ((used[name] ?? 0) + wanted > room) return name === 'pods' ? 'Too many pods' : `Insufficient ${name}`
  }
  return undefined
}

const isReadyNode = (node: Obj) => (node.status?.conditions ?? []).some((one: Obj) => one.type === 'Ready' && one.status === 'True')
const AGAIN = 5_000

export function scheduler(world: World): Controller {
  return {
    name: 'default-scheduler',
    watches: {
      // A node that came or changed may take who waits.
      nodes: () =>
        listOf(world, 'pods').flatMap((pod) =>
          !pod.spec?.nodeName && pod.metadata.deletionTimestamp === undefined ? [`${pod.metadata.namespace}/${pod.metadata.name}`] : [],
        ),
      pods: ({ type, entry }) =>
        type !== 'DELETED' && !entry.object.spec?.nodeName && entry.object.metadata.deletionTimestamp === undefined ? [entry.key] : [],
    },
    reconcile(key) {
      const pod = world.store.collection('pods').get(key)?.object
      if (pod === undefined || pod.spec.nodeName || pod.metadata.deletionTimestamp !== undefined || pod.spec.schedulerName !== 'default-scheduler')
        return undefined
      const nodes = listOf(world, 'nodes')
      const used = new Map<string, Amounts>()
      const siblings = new Map<string, number>()
      const owner = pod.metadata.ownerReferences?.find((one) => one.controller)?.uid
      for (const other of listOf(world, 'pods')) {
        const node = other.spec.nodeName
        if (!node || other.status?.phase === 'Succeeded' || other.status?.phase === 'Failed') continue
        const amounts = used.get(node) ?? {}
        for (const [name, value] of Object.entries(requestsOf(other.spec))) amounts[name] = (amounts[name] ?? 0) + value
        used.set(node, amounts)
        if (owner !== undefined && other.metadata.deletionTimestamp === undefined && other.metadata.ownerReferences?.some((one) => one.uid === owner))
          siblings.set(node, (siblings.get(node) ?? 0) + 1)
      }
      const reasons = new Map<string, number>()
      let best: { name: string; score: number } | undefined
      for (const node of nodes) {
        const name = node.metadata.name
        const amounts = used.get(name) ?? {}
        const why = isReadyNode(node) ? obstacle(pod, node, amounts) : 'node(s) had untolerated taint {node.kubernetes.io/not-ready: }'
        if (why !== undefined) {
          reasons.set(why, (reasons.get(why) ?? 0) + 1)
          continue
        }
        const free = (resource: string) => 1 - (amounts[resource] ?? 0) / (parseQuantity(String(node.status.allocatable[resource] ?? '1')) || 1)
        const score = free('cpu') + free('memory') - 2 * (siblings.get(name) ?? 0)
        if (best === undefined || score > best.score) best = { name, score }
      }
      if (best !== undefined) {
        bind(world, targetOf(world, pod), { target: { name: best.name } }, SYSTEM)
        report(world, pod, 'Normal', 'Scheduled', `Successfully assigned ${key} to ${best.name}`, 'default-scheduler')
        return undefined
      }
      const message = `0/${nodes.length} nodes are available${reasons.size === 0 ? '' : `: ${[...reasons].map(([why, n]) => `${n} ${why}`).join(', ')}`}.`
      const conditions = withCondition(
        pod.status?.conditions,
        { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
        timestamp(world.clock.now()),
      )
      if ((pod.status?.conditions ?? []).find((one: Obj) => one.type === 'PodScheduled')?.message !== message) {
        setStatus(world, pod, { ...pod.status, conditions })
        report(world, pod, 'Warning', 'FailedScheduling', message, 'default-scheduler')
      }
      return AGAIN
    },
  }
}
