/** DaemonSets: a pod on every node that takes it. https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/ */
import type { Obj } from '../store.ts'
import { isReady } from '../subresources.ts'
import { listOf, type World } from '../world.ts'
import { discard, report, setStatus } from './objects.ts'
import { hashOf, makePod, podsOf } from './pods.ts'
import { type Controller, ownerKey, ownKey } from './queue.ts'
import { isActive } from './replicas.ts'
import { obstacle } from './scheduler.ts'

const COLLECTION = 'daemonsets.apps'
const REVISION = 'controller-revision-hash'
/** A daemon stays where other pods would not. */
const TOLERATED = [
  ['not-ready', 'NoExecute'],
  ['unreachable', 'NoExecute'],
  ['disk-pressure', 'NoSchedule'],
  ['memory-pressure', 'NoSchedule'],
  ['pid-pressure', 'NoSchedule'],
  ['unschedulable', 'NoSchedule'],
  ['unreachable', 'NoSchedule'],
].map(([name, effect]) => ({ key: `node.kubernetes.io/${name}`, operator: 'Exists', effect }))

export function daemonSetController(world: World): Controller {
  const specOf = (set: Obj) => ({ tolerations: [...(set.spec.template.spec.tolerations ?? []), ...TOLERATED] })
  const takes = (set: Obj, node: Obj) => {
    const pod = { ...set, spec: { ...set.spec.template.spec, ...specOf(set), containers: [] } } as Obj
    return obstacle(pod, { ...node, spec: { ...node.spec, unschedulable: false } }, {}) === undefined
  }
  const step = (set: Obj, revision: string, nodes: readonly Obj[]): void => {
    const wanted = new Set(nodes.map((node) => node.metadata.name))
    const pods = podsOf(world, set)
    const seen = new Set<string>()
    for (const pod of pods) {
      const node = pod.spec.nodeName ?? ''
      const surplus = !wanted.has(node) || seen.has(node) || !isActive(pod)
      if (pod.metadata.deletionTimestamp === undefined && surplus) {
        discard(world, pod)
        report(world, set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`, 'daemonset-controller')
      } else seen.add(node)
    }
    for (const node of wanted)
      if (!seen.has(node)) {
        const pod = makePod(world, set, { labels: { [REVISION]: revision }, spec: { ...specOf(set), nodeName: node } })
        report(world, set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, 'daemonset-controller')
      }
    if (set.spec.updateStrategy?.type === 'OnDelete') return
    const now = podsOf(world, set)
    const given = set.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1
    const most = typeof given === 'string' ? Math.ceil((Number.parseFloat(given) / 100) * wanted.size) : Number(given)
    const old = now.filter((pod) => pod.metadata.labels?.[REVISION] !== revision && pod.metadata.deletionTimestamp === undefined)
    // What does not work may go at once.
    for (const pod of old.filter((one) => !isReady(one))) discard(world, pod)
    const room = most - now.filter((pod) => pod.metadata.deletionTimestamp !== undefined || !isReady(pod)).length
    for (const pod of old.filter(isReady).slice(0, Math.max(0, room))) discard(world, pod)
  }

  return {
    name: 'daemonset-controller',
    watches: {
      [COLLECTION]: ownKey,
      pods: ownerKey('DaemonSet'),
      nodes: () => listOf(world, COLLECTION).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    },
    reconcile(key) {
      const set = world.store.collection(COLLECTION).get(key)?.object
      if (set === undefined) return undefined
      const revision = hashOf(set.spec.template)
      const nodes = listOf(world, 'nodes').filter((node) => takes(set, node))
      if (set.metadata.deletionTimestamp === undefined) step(set, revision, nodes)
      const pods = podsOf(world, set).filter(isActive)
      const ready = pods.filter(isReady).length
      setStatus(world, world.store.collection(COLLECTION).get(key)!.object, {
        observedGeneration: set.metadata.generation,
        currentNumberScheduled: pods.length,
        desiredNumberScheduled: nodes.length,
        numberReady: ready,
        numberAvailable: ready,
        ...(ready < nodes.length ? { numberUnavailable: nodes.length - ready } : {}),
        numberMisscheduled: 0,
        updatedNumberScheduled: pods.filter((pod) => pod.metadata.labels?.[REVISION] === revision).length,
      })
      return undefined
    },
  }
}
