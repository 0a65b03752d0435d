import { describe, expect, it } from 'vitest'
import { seededRandom } from '#core/kernel/random.ts'
import { type RepairPolicySpec, repairPolicy } from '../../resources/repair-policy.ts'
import { countOf, planRepairs, type RepairFacts, type RepairNode, type RepairStep } from './plan.ts'

const STORMS = 10_000
const MINUTE = 60_000

type World = { nodes: Mutable[]; now: number; well: boolean; spec: RepairPolicySpec }
type Mutable = { -readonly [key in keyof RepairNode]: RepairNode[key] } & { byPerson?: boolean }

const specOf = (random: () => number): RepairPolicySpec =>
  repairPolicy.spec.parse({
    dryRun: false,
    problems: [
      { condition: 'KernelFault', after: '2m', actions: random() < 0.5 ? ['cordon', 'drain', 'reboot'] : ['taint', 'cordon', 'drain'] },
      { condition: 'DiskError', after: '5m', actions: ['taint'] },
    ],
    budget: { maxUnavailable: random() < 0.5 ? `${1 + Math.floor(random() * 40)}%` : `${1 + Math.floor(random() * 3)}`, perHour: 1 + Math.floor(random() * 4) },
    storm: `${20 + Math.floor(random() * 40)}%`,
    controlPlane: random() < 0.4,
    undoAfter: '3m',
  }) as RepairPolicySpec

function world(random: () => number): World {
  const count = 3 + Math.floor(random() * 14)
  const members = random() < 0.5 ? 3 : 1
  const nodes = Array.from(
    { length: count },
    (_, i): Mutable => ({
      name: `n${i}`,
      labels: {},
      controlPlane: i < members,
      ready: true,
      unschedulable: false,
      tainted: false,
      handsOff: random() < 0.03,
      conditions: ['KernelFault', 'DiskError'].map((type) => ({ type, status: 'False', reason: '', message: '', since: 0 })),
      heard: true,
      evictable: Math.floor(random() * 5),
      blocked: random() < 0.1 ? 1 : 0,
    }),
  )
  return { nodes, now: 100 * MINUTE, well: true, spec: specOf(random) }
}

const set = (node: Mutable, type: string, status: string, now: number) => {
  node.conditions = node.conditions.map((one) => (one.type === type && one.status !== status ? { ...one, status, since: now } : one))
}
const out = ({ unschedulable, tainted, ready, mark }: Mutable) => unschedulable || tainted || !ready || mark !== undefined

/** What happens to the cluster in a minute that repair has no part in. */
function weather(state: World, random: () => number): void {
  const any = () => state.nodes[Math.floor(random() * state.nodes.length)]!
  const kind = () => (random() < 0.6 ? 'KernelFault' : 'DiskError')
  if (random() < 0.25) set(any(), kind(), 'True', state.now)
  if (random() < 0.25) set(any(), kind(), random() < 0.9 ? 'False' : 'Unknown', state.now)
  if (random() < 0.05) for (const node of state.nodes) if (random() < 0.7) set(node, kind(), 'True', state.now)
  if (random() < 0.06) for (const node of state.nodes) if (random() < 0.7) node.heard = node.ready = false
  if (random() < 0.15) for (const node of state.nodes) node.heard = node.ready = true
  if (random() < 0.05) any().ready = false
  state.well = random() < 0.06 ? false : random() < 0.4 ? true : state.well
  if (random() < 0.05) {
    const node = any()
    if (node.unschedulable && node.mark) node.unschedulable = false
    else if (!node.mark) {
      node.unschedulable = !node.unschedulable
      node.byPerson = node.unschedulable
    }
  }
}

function perform(node: Mutable, { verb, mark }: RepairStep['action'], random: () => number, now: number): void {
  if (verb === 'undo') {
    node.unschedulable = node.tainted = false
    node.mark = undefined
  } else if (verb === 'forget' || verb === 'yield') {
    // the taint has a name of our own: nobody else's is taken away
    node.tainted = false
    node.mark = mark
  } else {
    node.mark = mark
    if (verb === 'taint') node.tainted = true
    if (verb === 'cordon' || verb === 'drain') node.unschedulable = true
    if (verb === 'drain') node.evictable = Math.max(0, node.evictable - 1 - Math.floor(random() * 3))
    if (verb === 'reboot' && random() < 0.8) set(node, mark!.condition, 'False', now)
  }
}

const BEGINS = (verb: string) => !['undo', 'forget', 'yield'].includes(verb)

describe('repair in storms', () => {
  it(`${STORMS} clusters: within budget, above quorum, not when the control plane is sick, and undone in the end`, { timeout: 60_000 }, () => {
    const random = seededRandom(15)
    const seen = { begun: 0, undone: 0, yielded: 0, drained: 0, rebooted: 0, braked: 0 }
    for (let storm = 0; storm < STORMS; storm++) {
      const state = world(random)
      const minutes = 15 + Math.floor(random() * 25)
      for (let minute = 0; minute < minutes; minute++) {
        state.now += MINUTE
        weather(state, random)
        step(state, random, seen)
      }
      // calm: everything gets well, and nobody holds anything any more
      state.well = true
      for (const node of state.nodes) {
        node.heard = node.ready = true
        for (const { type } of node.conditions) set(node, type, 'False', state.now)
      }
      for (let minute = 0; minute < 8; minute++) {
        state.now += MINUTE
        step(state, random, seen)
      }
      for (const node of state.nodes) {
        if (node.mark || node.tainted) throw new Error(`storm ${storm}: ${node.name} was not put back: ${JSON.stringify(node)}`)
        if (node.unschedulable && !node.byPerson) throw new Error(`storm ${storm}: ${node.name} stayed cordoned`)
        if (node.byPerson && !node.unschedulable) throw new Error(`storm ${storm}: what a person cordoned was undone`)
      }
    }
    // the storms were storms
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(100)
  })

  it('a dry run says what it would do, as a dry run', () => {
    const state = world(seededRandom(3))
    set(state.nodes[2]!, 'KernelFault', 'True', 0)
    const facts: RepairFacts = {
      now: state.now,
      nodes: state.nodes,
      controlPlaneWell: true,
      policies: [{ name: 'p', spec: { ...state.spec, dryRun: true, controlPlane: true } }],
    }
    for (const { action } of planRepairs(facts).steps) expect(action.dryRun).toBe(true)
  })
})

function step(state: World, random: () => number, seen: Record<'begun' | 'undone' | 'yielded' | 'drained' | 'rebooted' | 'braked', number>): void {
  const { nodes, spec, now, well } = state
  const plan = planRepairs({ now, nodes, controlPlaneWell: well, policies: [{ name: 'p', spec }] })
  const before = nodes.filter(out).length
  const begun = plan.steps.filter(({ action }) => BEGINS(action.verb) && nodes.find(({ name }) => name === action.node)!.mark === undefined)
  const fail = (why: string): never => {
    throw new Error(`${why}\n${JSON.stringify({ spec, nodes, plan }, undefined, 1)}`)
  }
  if (Object.keys(plan.brakes).length > 0) seen.braked++
  if (!well && plan.steps.length > 0) fail('acted while the control plane was sick')
  const silent = nodes.filter(({ heard, ready }) => !heard || !ready).length
  if (silent > countOf(spec.storm, nodes.length) && begun.length > 0) fail('began in a storm')
  if (
    begun.length > 0 &&
    before + begun.filter(({ action }) => !out(nodes.find(({ name }) => name === action.node)!)).length > countOf(spec.budget.maxUnavailable, nodes.length)
  )
    fail('over its budget')
  const hour = nodes.filter(({ mark }) => mark && now - mark.since < 60 * MINUTE).length
  if (begun.length > 0 && hour + begun.length > spec.budget.perHour) fail('over its budget of an hour')
  for (const { action } of plan.steps) {
    const node = nodes.find(({ name }) => name === action.node)!
    const member = node.controlPlane && BEGINS(action.verb) && !node.mark
    if (member && !spec.controlPlane) fail('touched the control plane')
    if (
      member &&
      nodes.filter((one) => one.controlPlane && one !== node && !out(one)).length < Math.floor(nodes.filter((one) => one.controlPlane).length / 2) + 1
    )
      fail('below quorum')
    if (BEGINS(action.verb) && (node.handsOff || node.byPerson || !node.heard)) fail('touched what is not its to touch')
    if (BEGINS(action.verb) && node.mark?.yielded) fail('did again what a person undid')
    if (BEGINS(action.verb) && !node.conditions.some(({ status }) => status === 'True')) fail('acted on a healthy node')
    if (action.verb === 'undo') seen.undone++
    if (action.verb === 'yield') seen.yielded++
    if (action.verb === 'drain') seen.drained++
    if (action.verb === 'reboot') seen.rebooted++
  }
  seen.begun += begun.length
  for (const { action } of plan.steps) perform(nodes.find(({ name }) => name === action.node)!, action, random, now)
}
