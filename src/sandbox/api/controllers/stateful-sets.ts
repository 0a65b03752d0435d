/**
 * StatefulSets: pods with names of their own, one after the other. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
 * Claims for volumes are not made: the sandbox has no volumes.
 */
import type { Obj } from '../store.ts'
import { isReady } from '../subresources.ts'
import type { World } from '../world.ts'
import { discard, report, setStatus } from './objects.ts'
import { hashOf, makePod, podsOf } from './pods.ts'
import { type Controller, ownerKey, ownKey } from './queue.ts'

const COLLECTION = 'statefulsets.apps'
const REVISION = 'controller-revision-hash'
const ordinalOf = (pod: Obj): number => Number(/-(\d+)$/.exec(pod.metadata.name)?.[1] ?? -1)
const isGoing = (pod: Obj): boolean => pod.metadata.deletionTimestamp !== undefined

export function statefulSetController(world: World): Controller {
  const step = (set: Obj, revision: string): void => {
    const parallel = set.spec.podManagementPolicy === 'Parallel'
    const first: number = set.spec.ordinals?.start ?? 0
    const end = first + (set.spec.replicas ?? 1)
    const pods = podsOf(world, set)
    const remove = (pod: Obj) => {
      discard(world, pod)
      report(
        world,
        set,
        'Normal',
        'SuccessfulDelete',
        `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`,
        'statefulset-controller',
      )
    }
    for (let ordinal = first; ordinal < end; ordinal++) {
      const pod = pods.find((one) => ordinalOf(one) === ordinal)
      if (pod === undefined) {
        const name = `${set.metadata.name}-${ordinal}`
        makePod(world, set, {
          name,
          labels: { [REVISION]: revision, 'statefulset.kubernetes.io/pod-name': name, 'apps.kubernetes.io/pod-index': String(ordinal) },
          spec: { hostname: name, ...(set.spec.serviceName ? { subdomain: set.spec.serviceName } : {}) },
        })
        report(world, set, 'Normal', 'SuccessfulCreate', `create Pod ${name} in StatefulSet ${set.metadata.name} successful`, 'statefulset-controller')
        if (!parallel) return
      } else if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') {
        if (!isGoing(pod)) remove(pod)
        if (!parallel) return
      } else if (!parallel && (isGoing(pod) || !isReady(pod))) return
    }
    const tooMany = pods.filter((pod) => ordinalOf(pod) >= end || ordinalOf(pod) < first).sort((a, b) => ordinalOf(b) - ordinalOf(a))
    for (const pod of tooMany) {
      if (!isGoing(pod)) remove(pod)
      if (!parallel) return
    }
    if (set.spec.updateStrategy?.type === 'OnDelete' || pods.some((pod) => isGoing(pod) || !isReady(pod))) return
    const partition: number = set.spec.updateStrategy?.rollingUpdate?.partition ?? 0
    const old = pods.filter((pod) => pod.metadata.labels?.[REVISION] !== revision && ordinalOf(pod) >= partition).sort((a, b) => ordinalOf(b) - ordinalOf(a))[0]
    if (old !== undefined) remove(old)
  }

  return {
    name: 'statefulset-controller',
    watches: { [COLLECTION]: ownKey, pods: ownerKey('StatefulSet') },
    reconcile(key) {
      const set = world.store.collection(COLLECTION).get(key)?.object
      if (set === undefined) return undefined
      const revision = `${set.metadata.name}-${hashOf(set.spec.template)}`
      if (set.metadata.deletionTimestamp === undefined) step(set, revision)
      const pods = podsOf(world, set)
      const ready = pods.filter(isReady).length
      const updated = pods.filter((pod) => pod.metadata.labels?.[REVISION] === revision).length
      const whole = updated === pods.length && ready === pods.length && pods.length === (set.spec.replicas ?? 1)
      const current = whole ? revision : (set.status?.currentRevision ?? revision)
      setStatus(world, world.store.collection(COLLECTION).get(key)!.object, {
        observedGeneration: set.metadata.generation,
        replicas: pods.length,
        readyReplicas: ready,
        availableReplicas: ready,
        currentReplicas: pods.filter((pod) => pod.metadata.labels?.[REVISION] === current).length,
        updatedReplicas: updated,
        currentRevision: current,
        updateRevision: revision,
        collisionCount: 0,
      })
      return undefined
    },
  }
}
