/** ReplicaSets: as many pods as are wanted. */
import { type LabelSelector, requirementsOf, selects } from '#core/kube/selectors.ts'
import type { Obj } from '../store.ts'
import { isReady } from '../subresources.ts'
import { find, listOf, type World } from '../world.ts'
import { controllerRef, discard, mergeInto, report, setStatus } from './objects.ts'
import { makePod, podsOf } from './pods.ts'
import { type Controller, ownerKey, ownKey } from './queue.ts'

const COLLECTION = 'replicasets.apps'

export const isActive = (pod: Obj): boolean =>
  pod.metadata.deletionTimestamp === undefined && pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed'

/** Who goes first: not on a node, not ready, on the node with most of the kind, the newest. */
function byWorth(pods: readonly Obj[]): Obj[] {
  const onNode = new Map<string, number>()
  for (const pod of pods) onNode.set(pod.spec.nodeName ?? '', (onNode.get(pod.spec.nodeName ?? '') ?? 0) + 1)
  const rank = (pod: Obj): [number, number, number, number] => [
    pod.spec.nodeName ? 1 : 0,
    isReady(pod) ? 1 : 0,
    -(onNode.get(pod.spec.nodeName ?? '') ?? 0),
    -Date.parse(pod.metadata.creationTimestamp ?? ''),
  ]
  return [...pods].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)]
    const i = x.findIndex((value, at) => value !== y[at])
    return i < 0 ? 0 : x[i]! - y[i]!
  })
}

export function replicaSetController(world: World): Controller {
  return {
    name: 'replicaset-controller',
    watches: { [COLLECTION]: ownKey, pods: ownerKey('ReplicaSet') },
    reconcile(key) {
      const set = world.store.collection(COLLECTION).get(key)?.object
      if (set === undefined) return undefined
      const namespace = set.metadata.namespace!
      const selector = requirementsOf(set.spec.selector as LabelSelector)
      const all = listOf(world, 'pods', namespace)
      if (set.metadata.deletionTimestamp === undefined)
        for (const orphan of all)
          if (isActive(orphan) && selects(selector, orphan.metadata.labels) && !orphan.metadata.ownerReferences?.some((one) => one.controller))
            mergeInto(world, orphan, { metadata: { ownerReferences: [...(orphan.metadata.ownerReferences ?? []), controllerRef(set)] } })
      const pods = podsOf(world, set).filter(isActive)
      const wanted = set.spec.replicas ?? 1
      if (set.metadata.deletionTimestamp === undefined) {
        for (let n = pods.length; n < wanted; n++) {
          const pod = makePod(world, set)
          report(world, set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, 'replicaset-controller')
        }
        for (const pod of byWorth(pods).slice(0, Math.max(0, pods.length - wanted))) {
          discard(world, pod)
          report(world, set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`, 'replicaset-controller')
        }
      }
      const now = podsOf(world, set).filter(isActive)
      const ready = now.filter(isReady).length
      const fresh = find(world, COLLECTION, namespace, set.metadata.name)
      if (fresh !== undefined)
        setStatus(world, fresh, {
          ...fresh.status,
          replicas: now.length,
          fullyLabeledReplicas: now.length,
          readyReplicas: ready,
          availableReplicas: ready,
          observedGeneration: fresh.metadata.generation,
        })
      return undefined
    },
  }
}
