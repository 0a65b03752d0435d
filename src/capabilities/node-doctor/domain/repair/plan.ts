/**
 * What to do about ill nodes: a pure function of the whole cluster. It never goes over its budgets, never below quorum, does nothing when many fall ill at once
 * or the control plane is unwell, marks what it does on the Node, undoes it when the trouble is over, and leaves alone what a person did.
 */
import { parseDuration } from '#core/kernel/duration.ts'
import type { Evidence, Step } from '#core/shapes/plan.ts'
import type { Action, RepairPolicySpec } from '../../resources/repair-policy.ts'

/** On a Node: what repair did there and why; JSON of `Mark`. */
export const MARK = 'sallyport.io/repair'
/** On a Node, by a person: hands off. */
export const HANDS_OFF = 'sallyport.io/repair-off'
export const TAINT = 'sallyport.io/unwell'

export interface Mark {
  policy: string
  condition: string
  /** When it began, ms since the epoch. */
  since: number
  did: readonly Action[]
  /** A person undid it: not again before the trouble is over. */
  yielded?: true
}

export interface RepairNode {
  name: string
  labels: Readonly<Record<string, string>>
  controlPlane: boolean
  /** Condition Ready. */
  ready: boolean
  unschedulable: boolean
  tainted: boolean
  mark?: Mark
  handsOff: boolean
  /** Conditions of doctors: `since` and when the agent last spoke, ms since the epoch. */
  conditions: readonly { type: string; status: string; reason: string; message: string; since: number }[]
  /** Its agent speaks; without it nothing is proven. */
  heard: boolean
  /** Pods that must leave and may now, and that may not. */
  evictable: number
  blocked: number
}

export interface RepairFacts {
  now: number
  nodes: readonly RepairNode[]
  policies: readonly { name: string; spec: RepairPolicySpec }[]
  /** Does the API server answer, and do its own checks pass? */
  controlPlaneWell: boolean
}

export interface RepairStep extends Step {
  action: { verb: Action | 'undo' | 'yield' | 'forget'; node: string; policy: string; dryRun: boolean; mark?: Mark }
}
export interface RepairPlan {
  steps: readonly RepairStep[]
  /** Policy → what keeps it from acting. */
  brakes: Readonly<Record<string, string>>
}

const STORM_MS = 10 * 60_000
const HOUR_MS = 3_600_000

/** A count, or a part of `of`: rounded down, but one of few is one. */
export function countOf(share: string, of: number): number {
  if (!share.endsWith('%')) return Number(share)
  const part = Number(share.slice(0, -1))
  return part === 0 || of === 0 ? 0 : Math.max(1, Math.floor((of * part) / 100))
}

const isOut = (node: RepairNode): boolean => node.unschedulable || node.tainted || !node.ready || node.mark !== undefined

export function planRepairs({ now, nodes, policies, controlPlaneWell }: RepairFacts): RepairPlan {
  const steps: RepairStep[] = []
  const brakes: Record<string, string> = {}
  // what is decided in this plan counts for the policies after it
  const out = new Set(nodes.filter(isOut).map(({ name }) => name))
  const touched = new Set<string>()
  const quorum = quorumOf(nodes)
  for (const { name: policy, spec } of policies) {
    if (!controlPlaneWell) {
      brakes[policy] = 'the control plane is not well: what it says of nodes proves nothing'
      continue
    }
    const mine = nodes.filter((node) => Object.entries(spec.nodeLabels).every(([key, value]) => node.labels[key] === value))
    const step = (node: RepairNode, verb: RepairStep['action']['verb'], what: string, why: string, evidence: readonly Evidence[], mark?: Mark) => {
      touched.add(node.name)
      steps.push({
        what,
        why,
        evidence,
        reversible: verb !== 'reboot' && verb !== 'replace',
        action: { verb, node: node.name, policy, dryRun: spec.dryRun, ...(mark ? { mark } : {}) },
      })
    }
    for (const node of mine) if (node.mark?.policy === policy) tend(node, spec, now, step)

    // a storm: many that fell ill lately, or that nobody hears of
    const ill = mine.filter((node) => !node.ready || !node.heard || spec.problems.some((problem) => troubleOf(node, problem, 0, now) !== undefined))
    const lately = ill.filter((node) => !node.ready || !node.heard || node.conditions.some(({ status, since }) => status === 'True' && now - since < STORM_MS))
    const most = countOf(spec.storm, mine.length)
    if (lately.length > most) {
      brakes[policy] = `${lately.length} of ${mine.length} nodes fell ill within 10 minutes or are not heard of: that is not the nodes' illness`
      continue
    }
    let room = countOf(spec.budget.maxUnavailable, mine.length) - mine.filter(({ name }) => out.has(name)).length
    let begins = spec.budget.perHour - mine.filter(({ mark }) => mark?.policy === policy && now - mark.since < HOUR_MS).length
    for (const node of mine) {
      if (touched.has(node.name) || node.mark || node.handsOff || !node.heard) continue
      const problem = spec.problems.find((one) => troubleOf(node, one, parseDuration(one.after)!, now) !== undefined)
      if (!problem) continue
      const trouble = troubleOf(node, problem, 0, now)!
      // a person cordoned it, or it is not ready: it is out already, and it stays whose it was
      if (node.unschedulable || node.tainted) continue
      if (node.controlPlane && !spec.controlPlane) {
        brakes[policy] ??= `${node.name} is of the control plane, which this policy leaves alone`
        continue
      }
      if (node.controlPlane && !quorum.allows(node, out)) {
        brakes[policy] ??= `without ${node.name} the control plane would lose its quorum`
        continue
      }
      // one that is not ready is out already, so taking it adds none
      if (room < (out.has(node.name) ? 0 : 1)) {
        brakes[policy] ??= `the budget of ${spec.budget.maxUnavailable} nodes out of service is used up`
        continue
      }
      if (begins <= 0) {
        brakes[policy] ??= `the budget of ${spec.budget.perHour} nodes an hour is used up`
        continue
      }
      begins--
      if (!out.has(node.name)) room--
      out.add(node.name)
      const first = problem.actions[0]!
      const mark: Mark = { policy, condition: problem.condition, since: now, did: [first] }
      step(node, first, `${wordOf(first)} Node ${node.name}`, `${trouble.type} (${trouble.reason}): ${trouble.message}`, evidenceOf(trouble, now), mark)
    }
  }
  return { steps, brakes }
}

type Tell = (node: RepairNode, verb: RepairStep['action']['verb'], what: string, why: string, evidence: readonly Evidence[], mark?: Mark) => void

/** Goes on with a node that this policy holds: the next action, or back into service. */
function tend(node: RepairNode, spec: RepairPolicySpec, now: number, step: Tell): void {
  const mark = node.mark!
  const problem = spec.problems.find(({ condition }) => condition === mark.condition)
  const condition = node.conditions.find(({ type }) => type === mark.condition)
  const over = node.heard && condition?.status === 'False' && now - condition.since >= parseDuration(spec.undoAfter)!
  const evidence = condition ? evidenceOf(condition, now) : []
  const touchable = mark.did.includes('cordon') || mark.did.includes('drain')
  if (over) {
    const back = mark.yielded ? 'forget' : 'undo'
    step(
      node,
      back,
      back === 'undo' ? `put Node ${node.name} back into service` : `forget what was done on Node ${node.name}`,
      `${mark.condition} is over: ${condition!.message}`,
      evidence,
    )
    return
  }
  if (mark.yielded) return
  // what we took out of service is in service again, and we did not do that
  if ((touchable && !node.unschedulable) || (mark.did.includes('taint') && !node.tainted) || node.handsOff) {
    step(node, 'yield', `leave Node ${node.name} to who put it back`, 'a person undid what repair had done', evidence, { ...mark, yielded: true })
    return
  }
  if (!problem || !node.heard || condition?.status !== 'True') return
  // until all have left that may
  if (mark.did.at(-1) === 'drain' && node.evictable > 0) {
    step(
      node,
      'drain',
      `drain Node ${node.name}: ${node.evictable} pods to go${node.blocked > 0 ? `, ${node.blocked} may not leave now` : ''}`,
      `${condition.type}: ${condition.message}`,
      evidence,
      mark,
    )
    return
  }
  const next = problem.actions[mark.did.length]
  if (next === undefined) return
  // nobody is rebooted or replaced under pods that may not leave
  if ((next === 'reboot' || next === 'replace') && node.blocked > 0 && mark.did.includes('drain')) return
  step(node, next, `${wordOf(next)} Node ${node.name}`, `${condition.type} still holds after ${mark.did.join(', ')}: ${condition.message}`, evidence, {
    ...mark,
    did: [...mark.did, next],
  })
}

const wordOf = (action: Action): string =>
  ({ taint: 'taint', cordon: 'cordon', drain: 'drain', restartService: 'restart the service on', reboot: 'reboot', replace: 'replace' })[action]

function troubleOf(node: RepairNode, problem: RepairPolicySpec['problems'][number], afterMs: number, now: number) {
  return node.conditions.find(
    ({ type, status, reason, since }) =>
      type === problem.condition && status === 'True' && (problem.reasons.length === 0 || problem.reasons.includes(reason)) && now - since >= afterMs,
  )
}

const evidenceOf = ({ type, status, reason, since }: RepairNode['conditions'][number], now: number): Evidence[] => [
  { name: type, value: `${status} ${reason}`, at: now, source: 'NodeCondition' },
  { name: 'holds for', value: Math.round((now - since) / 1000), unit: 's', at: now, source: 'NodeCondition' },
]

/** One member of the control plane at a time, and never so many out that fewer than a majority are in service. */
function quorumOf(nodes: readonly RepairNode[]) {
  const members = nodes.filter(({ controlPlane }) => controlPlane)
  const majority = Math.floor(members.length / 2) + 1
  return {
    allows(node: RepairNode, out: ReadonlySet<string>): boolean {
      const others = members.filter(({ name }) => name !== node.name)
      if (others.some(({ name }) => out.has(name))) return false
      return others.length >= majority
    },
  }
}
