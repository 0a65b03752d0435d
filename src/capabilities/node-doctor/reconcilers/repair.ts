/** Gathers the whole cluster for the planner of repairs, and carries out its steps. */

import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { type DrainPlan, planDrain } from '#core/kube/drain.ts'
import { listAll } from '#core/kube/list-all.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { RESOURCE_API, readResource } from '#core/shapes/custom-resource.ts'
import type { Plan } from '#core/shapes/plan.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Reconciler } from '#core/shapes/reconciler.ts'
import { HANDS_OFF, MARK, type Mark, planRepairs, type RepairFacts, type RepairNode, type RepairPlan, type RepairStep, TAINT } from '../domain/repair/plan.ts'
import { repairPolicy } from '../resources/repair-policy.ts'

export interface RepairPorts {
  cluster: Cluster
  clock: Clock
  newId(): string
  /** When the agent of a node last spoke, ms since the epoch. */
  heard(cluster: string, node: string): boolean
  /** Asks whoever can do what Kubernetes cannot; rejects when the answer is no. */
  hook(url: string, body: { action: string; node: string; providerID: string; reason: string }): Promise<void>
}

interface Gathered extends RepairFacts {
  cluster: string
  id: string
  objects: ReadonlyMap<string, KubeObject>
  drains: ReadonlyMap<string, DrainPlan>
  /** Policies that cannot be read, with what is wrong. */
  wrong: readonly { object: KubeObject; problems: readonly string[] }[]
  all: readonly KubeObject[]
}

const LOOK_AGAIN_MS = 15_000
const NODE = { apiVersion: 'v1', kind: 'Node' }
const POLICY = { apiVersion: RESOURCE_API, kind: repairPolicy.kind }
const MANAGER = 'sallyport-repair'

/** One key for the whole cluster: a budget is over all nodes. */
export const repairReconciler: Reconciler<Gathered, RepairPorts> = {
  name: 'node-repair',
  watches: [POLICY],
  keysOf: () => ['nodes'],

  async gather(_key, { cluster, clock, newId, heard }) {
    const [policies, nodes] = await Promise.all([listAll(cluster, POLICY), listAll(cluster, NODE)])
    const read = policies.map((object) => ({ object, resource: readResource(repairPolicy, object) }))
    const good = read.flatMap(({ object, resource }) => (resource.ok ? [{ name: object.metadata.name, spec: resource.value.spec }] : []))
    const marked = nodes.some(({ metadata }) => metadata.annotations?.[MARK] !== undefined)
    const [pods, budgets] =
      good.length === 0 && !marked ? [[], []] : await Promise.all([listAll(cluster, { apiVersion: 'v1', kind: 'Pod' }), budgetsOf(cluster)])
    const drains = new Map(
      nodes.map(({ metadata: { name } }) => [
        name,
        planDrain(
          pods.filter((pod) => nodeOf(pod) === name),
          budgets,
        ),
      ]),
    )
    return {
      cluster: cluster.name,
      id: newId(),
      now: clock.now(),
      controlPlaneWell: await isWell(cluster),
      policies: good.sort((a, b) => a.name.localeCompare(b.name)),
      nodes: nodes.map((node) => readNode(node, drains.get(node.metadata.name)!, heard(cluster.name, node.metadata.name))),
      objects: new Map(nodes.map((node) => [node.metadata.name, node])),
      drains,
      wrong: read.flatMap(({ object, resource }) =>
        resource.ok ? [] : [{ object, problems: resource.error.map(({ path, message }) => `${path} ${message}`) }],
      ),
      all: policies,
    }
  },

  decide(facts, now): Plan {
    const { steps } = planRepairs(facts)
    const real = steps.filter(({ action }) => !action.dryRun)
    return {
      id: facts.id,
      by: 'node-repair',
      cluster: facts.cluster,
      subject: real.length === 0 ? 'nodes' : [...new Set(real.map(({ action }) => `Node ${action.node}`))].join(', '),
      decidedAt: now,
      steps: real,
      ...(real.length === 0 ? { idle: 'no node is to be repaired now' } : {}),
    }
  },

  async apply(plan, facts, ports) {
    const failures: string[] = []
    const steps = plan.steps as readonly RepairStep[]
    for (const step of steps)
      try {
        await perform(step, facts, ports)
      } catch (error) {
        failures.push(`${step.what}: ${(error as Error).message}`)
      }
    await writeStatus(planRepairs(facts), facts, ports, steps.length > 0)
    if (failures.length > 0) throw new Error(failures.join('; '))
    return facts.all.length === 0 ? undefined : LOOK_AGAIN_MS
  },
}

async function perform({ action: { verb, node, policy, mark }, why }: RepairStep, facts: Gathered, { cluster, hook }: RepairPorts): Promise<void> {
  const object = facts.objects.get(node)!
  const spec = facts.policies.find(({ name }) => name === policy)!.spec
  // fails when anybody changed the node meanwhile: then it is looked at anew
  const change = async (patch: { spec?: object; mark?: Mark | null }) => {
    const { resourceVersion } = object.metadata
    const annotations = patch.mark === undefined ? {} : { [MARK]: patch.mark === null ? null : JSON.stringify(patch.mark) }
    const after = await cluster.patch(
      { ...NODE, name: node },
      'merge',
      { metadata: { resourceVersion, annotations }, ...(patch.spec ? { spec: patch.spec } : {}) },
      { fieldManager: MANAGER },
    )
    object.metadata.resourceVersion = after.metadata.resourceVersion
  }
  const taints = ((object.spec as { taints?: { key: string }[] } | undefined)?.taints ?? []).filter(({ key }) => key !== TAINT)
  const did = { mark: mark ?? null }
  if (verb === 'taint') await change({ ...did, spec: { taints: [...taints, { key: TAINT, value: mark!.condition.slice(0, 63), effect: 'NoSchedule' }] } })
  else if (verb === 'cordon') await change({ ...did, spec: { unschedulable: true } })
  else if (verb === 'drain') {
    // marked first: a drain that stops half-way is still ours to undo
    await change({ ...did, spec: { unschedulable: true } })
    for (const { metadata } of facts.drains.get(node)!.evict) {
      const ref = { apiVersion: 'v1', kind: 'Pod', namespace: metadata.namespace!, name: metadata.name }
      await evict(cluster, ref)
    }
  } else if (verb === 'undo') {
    const marked = markOf(object)!
    await change({
      mark: null,
      spec: {
        ...(marked.did.includes('taint') ? { taints } : {}),
        ...(marked.did.includes('cordon') || marked.did.includes('drain') ? { unschedulable: null } : {}),
      },
    })
  } else if (verb === 'forget' || verb === 'yield') await change({ ...did, ...(markOf(object)!.did.includes('taint') ? { spec: { taints } } : {}) })
  else {
    const url = spec.hooks[verb]
    if (url === undefined) throw new CodedError('INVALID_INPUT', { reason: `hooks.${verb} is missing in RepairPolicy ${policy}` })
    await change(did)
    await hook(url, { action: verb, node, providerID: String((object.spec as { providerID?: string } | undefined)?.providerID ?? ''), reason: why })
  }
}

/** A budget that is used up meanwhile (429) is no failure: the pod goes another time. */
async function evict(cluster: Cluster, ref: { apiVersion: string; kind: string; namespace: string; name: string }): Promise<void> {
  const { kinds } = await cluster.discover()
  const apiVersion = kinds.some((kind) => kind.kind === 'PodDisruptionBudget' && kind.apiVersion === 'policy/v1') ? 'policy/v1' : 'policy/v1beta1'
  try {
    await cluster.create({ apiVersion, kind: 'Eviction', metadata: { name: ref.name, namespace: ref.namespace } }, { under: { ref, subresource: 'eviction' } })
  } catch (error) {
    if (!(error instanceof CodedError) || !['CLUSTER_BUSY', 'NOT_FOUND'].includes(error.code)) throw error
  }
}

async function writeStatus(plan: RepairPlan, facts: Gathered, { cluster }: RepairPorts, acted: boolean): Promise<void> {
  for (const object of facts.all) {
    const { name, generation } = object.metadata
    const before = object.status as { lastActionAt?: string } | undefined
    const own = plan.steps.filter(({ action }) => action.policy === name)
    const wrong = facts.wrong.find((one) => one.object === object)
    const status = {
      observedGeneration: generation,
      brake: plan.brakes[name] ?? null,
      proposed: own
        .filter(({ action }) => action.dryRun)
        .map(({ what, why }) => `${what}: ${why}`.slice(0, 500))
        .slice(0, 50),
      holding: facts.nodes.filter(({ mark }) => mark?.policy === name).map((node) => node.name),
      ...(acted && own.some(({ action }) => !action.dryRun)
        ? { lastActionAt: new Date(facts.now).toISOString() }
        : before?.lastActionAt
          ? { lastActionAt: before.lastActionAt }
          : {}),
      problems: wrong?.problems.slice(0, 50).map((text) => text.slice(0, 500)) ?? null,
    }
    const told = Object.fromEntries(Object.entries(status).filter(([, value]) => value !== null && value !== undefined))
    if (JSON.stringify(sorted(told)) === JSON.stringify(sorted(object.status ?? {}))) continue
    await cluster.patch({ ...POLICY, name }, 'merge', { status }, { subresource: 'status', fieldManager: MANAGER })
  }
}
const sorted = (object: object) => Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1))

function readNode(node: KubeObject, drain: DrainPlan, heard: boolean): RepairNode {
  const { metadata } = node
  const spec = (node.spec ?? {}) as { unschedulable?: boolean; taints?: { key: string }[] }
  const conditions = ((node.status as { conditions?: Record<string, string>[] } | undefined)?.conditions ?? []).map((one) => ({
    type: one.type ?? '',
    status: one.status ?? 'Unknown',
    reason: one.reason ?? '',
    message: one.message ?? '',
    since: Date.parse(one.lastTransitionTime ?? '') || 0,
  }))
  const labels = metadata.labels ?? {}
  return {
    name: metadata.name,
    labels,
    controlPlane: 'node-role.kubernetes.io/control-plane' in labels || 'node-role.kubernetes.io/master' in labels,
    ready: conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
    unschedulable: spec.unschedulable === true,
    tainted: (spec.taints ?? []).some(({ key }) => key === TAINT),
    ...(markOf(node) ? { mark: markOf(node)! } : {}),
    handsOff: metadata.annotations?.[HANDS_OFF] !== undefined,
    conditions,
    heard,
    evictable: drain.evict.length,
    blocked: drain.blocked.length,
  }
}

/** A mark that cannot be read is nobody's: the node is left alone. */
function markOf(node: KubeObject): Mark | undefined {
  const text = node.metadata.annotations?.[MARK]
  if (text === undefined) return undefined
  const unreadable: Mark = { policy: '', condition: '', since: 0, did: [], yielded: true }
  try {
    const mark = JSON.parse(text) as Mark
    return typeof mark.policy === 'string' && Array.isArray(mark.did) ? mark : unreadable
  } catch {
    return unreadable
  }
}

const nodeOf = (pod: KubeObject) => (pod.spec as { nodeName?: string } | undefined)?.nodeName

async function isWell(cluster: Cluster): Promise<boolean> {
  if (cluster.health().state !== 'ready') return false
  return cluster.raw('/readyz').then(
    (text) => text.trim() === 'ok',
    () => false,
  )
}

async function budgetsOf(cluster: Cluster): Promise<readonly KubeObject[]> {
  const { kinds } = await cluster.discover()
  const served = kinds.find(({ kind, preferred }) => kind === 'PodDisruptionBudget' && preferred) ?? kinds.find(({ kind }) => kind === 'PodDisruptionBudget')
  return served ? listAll(cluster, served) : []
}
