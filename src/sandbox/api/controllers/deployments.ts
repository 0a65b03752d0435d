/** Deployments: a ReplicaSet for each template, replaced as the strategy says. https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ */
import { sameJson } from '#core/kube/json.ts'
import type { Obj } from '../store.ts'
import { find, listOf, timestamp, type World } from '../world.ts'
import { controllerRef, discard, isOwnedBy, make, mergeInto, report, setStatus, withCondition } from './objects.ts'
import { hashOf } from './pods.ts'
import { type Controller, ownerKey, ownKey } from './queue.ts'

const COLLECTION = 'deployments.apps'
const SETS = 'replicasets.apps'
const HASH = 'pod-template-hash'
const REVISION = 'deployment.kubernetes.io/revision'
const withoutHash = (template: Obj) => {
  const { [HASH]: _, ...labels } = template.metadata?.labels ?? {}
  return { ...template, metadata: { ...template.metadata, labels } }
}

/** `25%` of the replicas, or a number. */
const part = (value: string | number | undefined, total: number, round: (n: number) => number): number =>
  typeof value === 'string' && value.endsWith('%') ? round((Number.parseFloat(value) * total) / 100) : Number(value ?? 0)

const sum = (sets: readonly Obj[], of: (set: Obj) => number) => sets.reduce((total, set) => total + of(set), 0)
const wants = (set: Obj): number => set.spec.replicas ?? 0
const has = (set: Obj): number => set.status?.replicas ?? 0
const available = (set: Obj): number => set.status?.availableReplicas ?? 0
const revisionOf = (object: Obj): number => Number(object.metadata.annotations?.[REVISION] ?? 0)

export function deploymentController(world: World): Controller {
  const setsOf = (deployment: Obj) => listOf(world, SETS, deployment.metadata.namespace).filter((set) => isOwnedBy(set, deployment))

  const scale = (deployment: Obj, set: Obj, replicas: number) => {
    if (wants(set) === replicas) return
    const word = replicas > wants(set) ? 'up' : 'down'
    const before = wants(set)
    mergeInto(world, set, { spec: { replicas } })
    report(
      world,
      deployment,
      'Normal',
      'ScalingReplicaSet',
      `Scaled ${word} replica set ${set.metadata.name} from ${before} to ${replicas}`,
      'deployment-controller',
    )
  }

  const newSet = (deployment: Obj, sets: readonly Obj[]): Obj => {
    const template = deployment.spec.template as Obj
    const found = sets.find((set) => sameJson(withoutHash(set.spec.template), withoutHash(template)))
    const revision = String(Math.max(0, ...sets.filter((set) => set !== found).map(revisionOf)) + 1)
    if (found !== undefined) {
      if (revisionOf(found) < Number(revision)) mergeInto(world, found, { metadata: { annotations: { [REVISION]: revision } } })
      return find(world, SETS, found.metadata.namespace, found.metadata.name)!
    }
    const hash = hashOf([template, deployment.status?.collisionCount])
    const labels = { ...template.metadata?.labels, [HASH]: hash }
    const selector = { ...deployment.spec.selector, matchLabels: { ...deployment.spec.selector?.matchLabels, [HASH]: hash } }
    return make(world, {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${deployment.metadata.name}-${hash}`,
        namespace: deployment.metadata.namespace,
        labels,
        annotations: { [REVISION]: revision },
        ownerReferences: [controllerRef(deployment)],
      },
      spec: { replicas: 0, selector, template: { ...structuredClone(template), metadata: { ...template.metadata, labels } } },
    } as unknown as Obj)
  }

  const roll = (deployment: Obj, fresh: Obj, old: readonly Obj[]) => {
    const wanted: number = deployment.spec.replicas ?? 1
    const { type, rollingUpdate } = deployment.spec.strategy
    if (type === 'Recreate') {
      for (const set of old) scale(deployment, set, 0)
      if (sum(old, has) === 0) scale(deployment, fresh, wanted)
      return
    }
    let unavailable = part(rollingUpdate?.maxUnavailable, wanted, Math.floor)
    const surge = part(rollingUpdate?.maxSurge, wanted, Math.ceil)
    if (unavailable === 0 && surge === 0) unavailable = 1
    const room = wanted + surge - sum([fresh, ...old], wants)
    if (wants(fresh) > wanted) scale(deployment, fresh, wanted)
    else if (wants(fresh) < wanted && room > 0) scale(deployment, fresh, Math.min(wanted, wants(fresh) + room))
    // The old ones go as far as enough stay available; those that are not available go first.
    let mayGo = sum([fresh, ...old], wants) - (wanted - unavailable) - Math.max(0, wants(fresh) - available(fresh))
    for (const set of old) {
      if (mayGo <= 0) break
      const broken = Math.min(mayGo, wants(set) - available(set))
      if (broken > 0) {
        scale(deployment, set, wants(set) - broken)
        mayGo -= broken
      }
    }
    let spare = Math.min(mayGo, sum([fresh, ...old], available) - (wanted - unavailable))
    for (const set of old.map((one) => find(world, SETS, one.metadata.namespace, one.metadata.name)!)) {
      const gone = Math.min(spare, wants(set))
      if (gone <= 0) continue
      scale(deployment, set, wants(set) - gone)
      spare -= gone
    }
  }

  const tell = (deployment: Obj, fresh: Obj | undefined, sets: readonly Obj[]) => {
    const wanted: number = deployment.spec.replicas ?? 1
    const ready = sum(sets, available)
    const updated = fresh === undefined ? 0 : has(fresh)
    const now = timestamp(world.clock.now())
    const enough = ready >= wanted - part(deployment.spec.strategy?.rollingUpdate?.maxUnavailable, wanted, Math.floor)
    const done = updated === wanted && sum(sets, has) === wanted && ready === wanted
    let conditions = withCondition(
      deployment.status?.conditions,
      enough
        ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
        : { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'Deployment does not have minimum availability.' },
      now,
    )
    const name = fresh?.metadata.name
    const before = deployment.status?.conditions?.find((one: Obj) => one.type === 'Progressing')
    const since = Date.parse(before?.lastUpdateTime ?? now)
    const moved = updated !== (deployment.status?.updatedReplicas ?? 0) || ready !== (deployment.status?.availableReplicas ?? 0)
    const stuck =
      !done &&
      !moved &&
      before !== undefined &&
      before.reason !== 'NewReplicaSetAvailable' &&
      world.clock.now() - since > (deployment.spec.progressDeadlineSeconds ?? 600) * 1000
    const progressing = done
      ? { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: `ReplicaSet "${name}" has successfully progressed.` }
      : stuck
        ? { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: `ReplicaSet "${name}" has timed out progressing.` }
        : { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: `ReplicaSet "${name}" is progressing.` }
    conditions = withCondition(conditions as Obj[], progressing, now, {
      lastUpdateTime: moved || before?.reason !== progressing.reason ? now : (before?.lastUpdateTime ?? now),
    })
    setStatus(world, deployment, {
      observedGeneration: deployment.metadata.generation,
      replicas: sum(sets, has),
      updatedReplicas: updated,
      readyReplicas: sum(sets, (set) => set.status?.readyReplicas ?? 0),
      availableReplicas: ready,
      ...(ready < wanted ? { unavailableReplicas: wanted - ready } : {}),
      ...(deployment.status?.collisionCount === undefined ? {} : { collisionCount: deployment.status.collisionCount }),
      conditions,
    })
  }

  return {
    name: 'deployment-controller',
    watches: { [COLLECTION]: ownKey, [SETS]: ownerKey('Deployment') },
    reconcile(key) {
      let deployment = world.store.collection(COLLECTION).get(key)?.object
      if (deployment === undefined) return undefined
      let fresh: Obj | undefined
      if (deployment.metadata.deletionTimestamp === undefined) {
        const sets = setsOf(deployment)
        fresh = deployment.spec.paused
          ? sets.find((set) => sameJson(withoutHash(set.spec.template), withoutHash(deployment!.spec.template)))
          : newSet(deployment, sets)
        if (fresh !== undefined) {
          const revision = fresh.metadata.annotations?.[REVISION]
          if (deployment.metadata.annotations?.[REVISION] !== revision)
            deployment = mergeInto(world, deployment, { metadata: { annotations: { [REVISION]: revision } } })
          if (!deployment.spec.paused)
            roll(
              deployment,
              fresh,
              setsOf(deployment).filter((set) => set.metadata.uid !== fresh!.metadata.uid),
            )
          else scale(deployment, fresh, deployment.spec.replicas ?? 1)
        }
        const idle = setsOf(deployment)
          .filter((set) => set.metadata.uid !== fresh?.metadata.uid && wants(set) === 0 && has(set) === 0)
          .sort((a, b) => revisionOf(a) - revisionOf(b))
        for (const set of idle.slice(0, Math.max(0, idle.length - (deployment.spec.revisionHistoryLimit ?? 10)))) discard(world, set)
      }
      const sets = setsOf(deployment)
      tell(
        deployment,
        sets.find((set) => set.metadata.uid === fresh?.metadata.uid),
        sets,
      )
      return undefined
    },
  }
}
