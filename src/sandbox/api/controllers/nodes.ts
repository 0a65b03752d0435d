/** Nodes whose heartbeat stops are not ready; after a while their pods go elsewhere. https://kubernetes.io/docs/concepts/architecture/nodes/#node-controller */
import { sameJson } from '#core/kube/json.ts'
import type { Obj } from '../store.ts'
import { find, listOf, timestamp, type World } from '../world.ts'
import { discard, mergeInto, report, setStatus, withCondition } from './objects.ts'
import type { Controller } from './queue.ts'

/** Shorter than the 40 s and 300 s of most clusters, so that a demo shows it. */
const GRACE = 6_000
const EVICT_AFTER = 5_000
const LOOK_EVERY = 1_000
const UNREACHABLE = 'node.kubernetes.io/unreachable'

export function nodeController(world: World): Controller {
  return {
    name: 'node-controller',
    watches: { nodes: ({ entry }) => [entry.key] },
    reconcile(name) {
      const node = find(world, 'nodes', undefined, name)
      if (node === undefined) return undefined
      const lease = find(world, 'leases.coordination.k8s.io', 'kube-node-lease', name)
      const now = world.clock.now()
      const beat = Date.parse(lease?.spec?.renewTime ?? node.metadata.creationTimestamp)
      const alive = now - beat <= GRACE
      const taints: Obj[] = node.spec?.taints ?? []
      if (!alive && (node.status?.conditions ?? []).find((one: Obj) => one.type === 'Ready')?.status !== 'Unknown') {
        const gone = { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' }
        setStatus(world, node, { ...node.status, conditions: withCondition(node.status?.conditions, gone, timestamp(now)) })
        report(world, node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`, 'node-controller')
        for (const pod of podsOn(world, name)) {
          const conditions = withCondition(pod.status?.conditions, { type: 'Ready', status: 'False' }, timestamp(now))
          setStatus(world, pod, { ...pod.status, conditions })
        }
      }
      const wanted = [
        ...taints.filter((one) => one.key !== UNREACHABLE),
        ...(alive
          ? []
          : ['NoSchedule', 'NoExecute'].map(
              (effect) => taints.find((one) => one.key === UNREACHABLE && one.effect === effect) ?? { key: UNREACHABLE, effect, timeAdded: timestamp(now) },
            )),
      ]
      if (!sameJson(taints, wanted)) mergeInto(world, find(world, 'nodes', undefined, name)!, { spec: { taints: wanted.length === 0 ? null : wanted } })
      const since = Date.parse(taints.find((one) => one.key === UNREACHABLE)?.timeAdded ?? timestamp(now))
      if (!alive)
        for (const pod of podsOn(world, name)) {
          const own = (pod.spec.tolerations ?? []).find(
            (one: Obj) => one.effect !== 'NoSchedule' && (one.key === UNREACHABLE || (!one.key && one.operator === 'Exists')),
          )
          if (own !== undefined && own.tolerationSeconds === undefined) continue
          if (pod.metadata.deletionTimestamp === undefined && now - since >= (own?.tolerationSeconds ?? EVICT_AFTER / 1000) * 1000) {
            discard(world, pod)
            report(
              world,
              pod,
              'Normal',
              'TaintManagerEviction',
              `Marking for deletion Pod ${pod.metadata.namespace}/${pod.metadata.name}`,
              'taint-eviction-controller',
            )
          }
        }
      return LOOK_EVERY
    },
  }
}

const podsOn = (world: World, node: string): Obj[] => listOf(world, 'pods').filter((pod) => pod.spec.nodeName === node)
