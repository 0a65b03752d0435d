/** What a release does next. Pure: from what is, and from the status as the only memory; so a server that was killed anywhere goes on where it was. */
import { parseDuration } from '#core/kernel/duration.ts'
import type { Problem } from '#core/kernel/errors.ts'
import type { Plan, Step } from '#core/shapes/plan.ts'
import { type RouteFault, sameSplit, type TrafficSplit } from '#core/shapes/ports/traffic-router.ts'
import { type CanaryCommand, type CanaryObject, type CanarySpec, type CanaryStatus, COMMAND_ANNOTATION, COMMANDS, FINALIZER } from '../../resources/canary.ts'
import type { JudgeReport } from '../judge/report.ts'
import { timeText } from './time.ts'

export interface WorkloadFacts {
  /** Of its pod template. */
  version: string
  /** All of its pods run the template, and are available. */
  rolledOut: boolean
  /** Kubernetes gave up on it. */
  stuck?: string
  ready: number
  nodes: number
  paused: boolean
  /** `address=pod`. */
  addresses: readonly string[]
}

export interface Facts {
  cluster: string
  key: string
  /** The object is gone. */
  gone?: true
  /** All that is wrong with the spec. */
  problems?: readonly Problem[]
  /** With problems: as much of it as is needed to get the traffic back; undefined when that cannot be read. */
  canary?: CanaryObject
  stable?: WorkloadFacts
  candidate?: WorkloadFacts
  services: { stable: boolean; canary: boolean }
  /** In order of `spec.routes`. */
  routes: readonly ({ split: TrafficSplit } | { fault: RouteFault })[]
  evidence: Evidence
}

export type Evidence =
  | { state: 'none' }
  /** Why nothing is known. */
  | { state: 'unknown'; reason: string }
  | { state: 'known'; report: JudgeReport; decision: 'promote' | 'rollback' | 'split' | undefined; stepRequests: number; future: boolean }

/** What a step of the plan does to the world. */
export type Action =
  | { do: 'finalizer'; on: boolean }
  | { do: 'split'; split: TrafficSplit }
  | { do: 'release' }
  | { do: 'clone' }
  | { do: 'removeClone' }
  | { do: 'pause'; paused: boolean }
  | { do: 'template' }

export interface CanaryPlan extends Plan {
  status: CanaryStatus
  /** Said as Events. */
  events: readonly { type: 'Normal' | 'Warning'; reason: string; message: string }[]
  /** The world before the status: a phase is entered only when what it says is true. */
  worldFirst: boolean
  /** Look again after so many ms. */
  again?: number
}

const LOOK_MS = 15_000
/** A canary that is not up by then is rolled back. */
const PREPARE_MS = 10 * 60_000
/** Traffic goes back to stable when nothing is known of it for so long. */
const BLIND_MS = 10 * 60_000
const MOST_DECISIONS = 100
const MOST_WEIGHTS = 200

const RUNNING = ['Preparing', 'Progressing', 'Paused', 'Promoting', 'RollingBack'] as const
const isRunning = (phase: CanaryStatus['phase']) => (RUNNING as readonly unknown[]).includes(phase)
const ms = (text: string): number => parseDuration(text) ?? 0
/** One Deployment, whose changed template is cloned. */
export const isClone = (spec: CanarySpec): boolean => spec.canary === undefined
export const candidateOf = ({ stable, canary }: CanarySpec) => canary ?? { deployment: `${stable.deployment}-canary`, service: `${stable.service}-canary` }

export const splitOfStep = ({ steps }: CanarySpec, step: number): TrafficSplit => {
  const { weight, header, cookie } = steps[Math.min(step, steps.length) - 1]!
  return { weight, ...(header ? { header } : {}), ...(cookie ? { cookie } : {}) }
}

export function decide(facts: Facts, now: number): CanaryPlan {
  const { canary } = facts
  const before: CanaryStatus = canary?.status ?? {}
  const status: CanaryStatus = { ...before }
  const steps: Step[] = []
  const events: { type: 'Normal' | 'Warning'; reason: string; message: string }[] = []
  const plan = (again?: number, worldFirst = false): CanaryPlan => ({
    id: `${facts.key}@${now}`,
    by: 'canary',
    cluster: facts.cluster,
    subject: `Canary ${facts.key}`,
    decidedAt: now,
    steps,
    ...(steps.length === 0 ? { idle: status.message ?? '' } : {}),
    status,
    events,
    worldFirst,
    ...(again === undefined ? {} : { again }),
  })
  const act = (what: string, why: string, action: Action) =>
    steps.push({
      what,
      why,
      reversible: action.do !== 'template',
      evidence: [
        { name: 'phase', value: before.phase ?? 'new', at: now, source: 'Canary' },
        ...(status.verdict === undefined ? [] : [{ name: 'verdict', value: status.verdict, at: now, source: 'access rows' }]),
        ...(status.requests === undefined ? [] : [{ name: 'canary requests', value: status.requests, at: now, source: 'access rows' }]),
      ],
      action: { ...action },
    })
  const condition = (type: string, yes: boolean, reason: string, message: string) => {
    const old = (status.conditions ?? []).find((one) => one.type === type)
    const value = yes ? 'True' : 'False'
    const same = old?.status === value
    const next = {
      type,
      status: value,
      reason,
      message: message.slice(0, 1000),
      lastTransitionTime: same ? old.lastTransitionTime : timeText(now),
    }
    status.conditions = [...(status.conditions ?? []).filter((one) => one.type !== type), next]
  }
  const enter = (phase: NonNullable<CanaryStatus['phase']>, reason: string, message: string, warning = false) => {
    if (status.phase !== phase) {
      status.since = now
      events.push({ type: warning ? 'Warning' : 'Normal', reason, message })
      status.decisions = [...(status.decisions ?? []), { at: now, run: status.run ?? 0, what: phase, why: message.slice(0, 1000) }].slice(-MOST_DECISIONS)
    }
    status.phase = phase
    status.message = message.slice(0, 1000)
    condition('Progressing', isRunning(phase), reason, message)
  }

  if (facts.gone || canary === undefined) return plan()
  const { spec, metadata } = canary
  const splits = facts.routes.flatMap((route) => ('split' in route ? [route.split] : []))
  const carried = splits.some(({ weight, header, cookie }) => weight > 0 || header !== undefined || cookie !== undefined)
  status.weight = splits.length === 0 ? 0 : Math.max(...splits.map(({ weight }) => weight))
  const release = (why: string) => {
    if (carried) act('give all traffic to stable', why, { do: 'release' })
  }

  if (metadata.deletionTimestamp !== undefined) {
    release('the Canary is deleted')
    if (facts.problems === undefined && isClone(spec) && facts.candidate) act('remove the clone', 'the Canary is deleted', { do: 'removeClone' })
    if (steps.length > 0 || facts.routes.some((route) => 'split' in route)) act('leave the routes as they were', 'the Canary is deleted', { do: 'release' })
    if (metadata.finalizers?.includes(FINALIZER)) act('let the Canary go', 'its traffic is on stable', { do: 'finalizer', on: false })
    return plan()
  }
  if (facts.problems !== undefined) {
    const message = facts.problems.map(({ path, message: text }) => `${path}: ${text}`).join('; ')
    condition('Valid', false, 'Invalid', message)
    release('the Canary is not valid')
    enter('Invalid', 'Invalid', message, true)
    return plan(carried ? LOOK_MS : undefined)
  }
  condition('Valid', true, 'Valid', 'The spec can be used.')
  if (!metadata.finalizers?.includes(FINALIZER)) act('hold the Canary until its traffic is on stable', 'it will split routes', { do: 'finalizer', on: true })

  const { stable, candidate } = facts
  const names = candidateOf(spec)
  const missing = [
    ...(stable ? [] : [`Deployment ${spec.stable.deployment} is not there`]),
    ...(facts.services.stable ? [] : [`Service ${spec.stable.service} is not there`]),
    ...(isClone(spec) || facts.services.canary ? [] : [`Service ${names.service} is not there`]),
    ...(isClone(spec) || candidate ? [] : [`Deployment ${names.deployment} is not there`]),
    ...facts.routes.flatMap((route) => ('fault' in route ? [route.fault.message] : [])),
  ]
  condition(
    'Ready',
    missing.length === 0,
    missing.length === 0 ? 'Found' : 'Missing',
    missing.length === 0 ? 'Workloads, Services and routes are there.' : missing.join('; '),
  )

  // What a person wants, once.
  const wanted = metadata.annotations?.[COMMAND_ANNOTATION]
  let command: CanaryCommand | undefined
  if (wanted !== undefined && wanted !== status.command) {
    command = COMMANDS.find((one) => one === wanted.split(' ')[0])
    status.command = wanted
  }

  const rollBack = (reason: string, message: string): CanaryPlan => {
    enter('RollingBack', reason, message, true)
    status.decided = status.version
    release(message)
    // Nothing to wait for: the traffic is on stable already.
    if (!carried) return rolledBack()
    return plan(1_000)
  }
  const rolledBack = (): CanaryPlan => {
    if (isClone(spec) && candidate) act('remove the clone', 'all traffic is on stable', { do: 'removeClone' })
    act('leave the routes as they were', 'the release was rolled back', { do: 'release' })
    enter('RolledBack', 'RolledBack', status.decisions?.at(-1)?.why ?? 'rolled back', true)
    return plan(LOOK_MS * 4, true)
  }

  if (missing.length > 0) {
    if (isRunning(status.phase) && status.phase !== 'RollingBack') return rollBack('Missing', missing.join('; '))
    if (status.phase === 'RollingBack') return carried ? rollBack('Missing', status.message ?? '') : rolledBack()
    release('something is missing')
    enter('Waiting', 'Missing', missing.join('; '), true)
    return plan(LOOK_MS)
  }
  if (stable === undefined) return plan(LOOK_MS)

  // Which version is new?
  if (isClone(spec) && !isRunning(status.phase)) {
    if (status.stableVersion === undefined && stable.rolledOut) status.stableVersion = stable.version
    if (!stable.paused && (stable.rolledOut || status.stableVersion !== undefined))
      act(`hold changes of Deployment ${spec.stable.deployment}`, 'a changed template is tried first', { do: 'pause', paused: true })
  }
  const version = isClone(spec) ? stable.version : candidate!.version
  const running = isClone(spec) ? (status.stableVersion ?? stable.version) : stable.version
  const isNew = version !== running

  if (!isRunning(status.phase)) {
    if (isNew && (version !== status.decided || command === 'restart')) return start('a new version is there')
    if (status.phase === 'Promoted' && spec.promotion === 'traffic' && version === status.decided) return keepOnCanary()
    release('there is nothing to try')
    if (isClone(spec) && candidate) act('remove the clone', 'there is nothing to try', { do: 'removeClone' })
    if (status.phase === undefined || status.phase === 'Waiting' || status.phase === 'Invalid' || !isNew) {
      if (status.phase !== 'Promoted' || version !== status.decided)
        enter('Waiting', 'Waiting', isNew ? 'Both versions differ, and there is a decision about them already.' : 'There is no new version.')
    }
    return plan(LOOK_MS * 4)
  }

  function start(why: string): CanaryPlan {
    status.run = (status.run ?? 0) + 1
    status.version = version
    if (!isClone(spec)) status.stableVersion = running
    for (const key of ['step', 'stepSince', 'startedAt', 'verdict', 'requests', 'expected', 'blindSince', 'weights', 'addresses', 'decided'] as const)
      delete status[key]
    delete (status as { phase?: unknown }).phase
    enter('Preparing', 'Started', `Version ${version} is tried: ${why}.`)
    release('a new version begins without traffic')
    if (isClone(spec)) act(`clone Deployment ${spec.stable.deployment} as ${names.deployment}`, 'its template changed', { do: 'clone' })
    return plan(1_000)
  }
  function keepOnCanary(): CanaryPlan {
    if (splits.some((split) => !sameSplit(split, { weight: 100 })))
      act('keep all traffic on the canary', 'it was promoted by traffic', { do: 'split', split: { weight: 100 } })
    return plan(LOOK_MS * 4)
  }

  if (status.phase === 'RollingBack') return carried ? rollBack('RollingBack', status.message ?? '') : rolledBack()
  const promotingTemplate = status.phase === 'Promoting' && !isClone(spec) && stable.version === status.version
  if (version !== status.version) return start('the Deployment of the canary was changed in mid-flight, so the analysis begins anew')
  if (!isClone(spec) && stable.version !== status.stableVersion && !promotingTemplate)
    return isNew
      ? start('the stable Deployment was changed in mid-flight, so the analysis begins anew')
      : rollBack('Overtaken', 'The stable Deployment has the version of the canary now.')
  if (command === 'abort') return rollBack('Aborted', 'A person aborted the release.')

  status.addresses = {
    stable: joined(status.addresses?.stable, stable.addresses),
    canary: joined(status.addresses?.canary, candidate?.addresses ?? []),
  }

  if (status.phase === 'Promoting') {
    if (spec.promotion === 'traffic' && !isClone(spec)) {
      if (splits.some((split) => !sameSplit(split, { weight: 100 }))) {
        act('give all traffic to the canary', 'it was promoted', { do: 'split', split: { weight: 100 } })
        return plan(1_000)
      }
      return promoted()
    }
    if (isClone(spec)) {
      if (stable.paused && !(stable.rolledOut && status.stableVersion === version)) {
        act(`let Deployment ${spec.stable.deployment} roll out`, 'the canary was promoted', { do: 'pause', paused: false })
        return plan(2_000)
      }
    } else if (stable.version !== version) {
      act(`give Deployment ${spec.stable.deployment} the template of ${names.deployment}`, 'the canary was promoted', { do: 'template' })
      return plan(2_000)
    }
    if (stable.stuck !== undefined) {
      condition('Stuck', true, 'RolloutStuck', stable.stuck)
      status.message = `The rollout of the stable Deployment is stuck: ${stable.stuck}`
      return plan(LOOK_MS)
    }
    if (!stable.rolledOut) return plan(2_000)
    return promoted()
  }
  function promoted(): CanaryPlan {
    status.decided = version
    status.stableVersion = isClone(spec) ? version : stable!.version
    if (isClone(spec)) act(`hold changes of Deployment ${spec.stable.deployment}`, 'a changed template is tried first', { do: 'pause', paused: true })
    if (spec.promotion === 'template' || isClone(spec)) {
      act('leave the routes as they were', 'stable runs the new version', { do: 'release' })
      if (isClone(spec)) act('remove the clone', 'stable runs its version', { do: 'removeClone' })
    }
    enter('Promoted', 'Promoted', spec.promotion === 'traffic' && !isClone(spec) ? 'All traffic is on the canary.' : 'Stable runs the new version.')
    return plan(LOOK_MS * 4, true)
  }

  // Preparing, Progressing, Paused.
  if (candidate === undefined) {
    act(`clone Deployment ${spec.stable.deployment} as ${names.deployment}`, 'its template changed', { do: 'clone' })
    return plan(2_000)
  }
  if (status.phase === 'Preparing') {
    release('the canary is not ready yet')
    const few =
      candidate.ready < spec.minPods
        ? `${candidate.ready} of ${spec.minPods} pods are ready`
        : spec.minPods > 1 && candidate.nodes < 2
          ? 'all pods are on one node'
          : undefined
    if (few !== undefined || !candidate.rolledOut) {
      status.message = `Waiting for the canary: ${few ?? 'its rollout is not over'}.`
      if (candidate.stuck !== undefined || now - (status.since ?? now) > PREPARE_MS)
        return rollBack('NotReady', `The canary did not get ready: ${candidate.stuck ?? few ?? 'its rollout did not end'}.`)
      return plan(2_000)
    }
    status.startedAt = now
    return toStep(1, 'The canary is ready.')
  }
  function toStep(step: number, why: string): CanaryPlan {
    const split = splitOfStep(spec, step)
    status.step = step
    status.stepSince = now
    status.weights = [...(status.weights ?? []), { at: now, weight: split.weight }].slice(-MOST_WEIGHTS)
    const message = `Step ${step} of ${spec.steps.length}: ${split.weight} % of the traffic. ${why}`
    if (status.phase === 'Progressing') {
      events.push({ type: 'Normal', reason: 'Step', message })
      status.decisions = [...(status.decisions ?? []), { at: now, run: status.run ?? 0, what: `Step ${step}`, why }].slice(-MOST_DECISIONS)
    }
    enter('Progressing', 'Step', message)
    act(`give the canary ${split.weight} % of the traffic`, why, { do: 'split', split })
    return plan(1_000)
  }

  if (candidate.ready === 0) return rollBack('NoPods', 'No pod of the canary is ready.')
  const { evidence } = facts
  const asked = splitOfStep(spec, status.step ?? 1)
  if (evidence.state === 'known') {
    const { report } = evidence
    status.verdict = evidence.decision ?? report.verdict
    status.requests = report.requests.canary
    const minutes = report.forecast?.moreMinutes
    status.expected = minutes === undefined || minutes === null ? '' : timeText(now + minutes * 60_000)
    if (evidence.decision === 'rollback') return rollBack('Harm', report.reason)
  }
  const sees = evidence.state === 'known' && evidence.report.requests.stable + evidence.report.requests.canary > 0
  const skewed = evidence.state === 'known' && evidence.future
  const leaking = evidence.state === 'known' && evidence.decision === 'split'
  const blind =
    evidence.state === 'unknown'
      ? evidence.reason
      : !sees
        ? 'no request of either version was seen'
        : skewed
          ? 'requests are dated in the future: the clocks of the proxies disagree'
          : undefined
  if (blind === undefined) delete status.blindSince
  else status.blindSince ??= now
  condition(
    'Evidence',
    blind === undefined && !leaking,
    blind !== undefined ? (skewed ? 'ClockSkew' : 'NoEvidence') : leaking ? 'SplitWrong' : 'Seen',
    blind ?? (leaking && evidence.state === 'known' ? evidence.report.reason : 'Requests of both versions are seen.'),
  )
  if (now - (status.startedAt ?? now) > ms(spec.deadline))
    return rollBack('NotProven', `There was not enough evidence for a promotion within ${spec.deadline}.`)

  const restore = () => {
    if (splits.some((split) => !sameSplit(split, asked)))
      act(`give the canary ${asked.weight} % of the traffic`, 'that is what its step says', { do: 'split', split: asked })
  }
  if (command === 'promote') return promote('A person promoted it.')
  if (blind !== undefined && now - status.blindSince! > BLIND_MS)
    return rollBack(skewed ? 'ClockSkew' : 'NoEvidence', `For 10 minutes nothing is known: ${blind}.`)
  if (status.phase === 'Paused') {
    restore()
    return command === 'resume' ? toStep(Math.min((status.step ?? 1) + (pausedByStep() ? 1 : 0), spec.steps.length), 'A person resumed it.') : plan(LOOK_MS)
  }
  function pausedByStep(): boolean {
    return spec.steps[(status.step ?? 1) - 1]?.pause === true && (status.step ?? 1) < spec.steps.length
  }
  if (command === 'pause') {
    enter('Paused', 'Paused', 'A person paused the release.')
    restore()
    return plan(LOOK_MS)
  }
  restore()
  const step = status.step ?? 1
  const held = now - (status.stepSince ?? now) >= ms(spec.steps[step - 1]?.hold ?? '5m')
  status.message = `Step ${step} of ${spec.steps.length}: ${asked.weight} % of the traffic. ${evidence.state === 'known' ? evidence.report.reason : (blind ?? '')}`
  if (!held || blind !== undefined || leaking || steps.length > 0) return plan(LOOK_MS)
  if (step < spec.steps.length) {
    const few = asked.weight > 0 && evidence.state === 'known' && evidence.stepRequests < spec.minRequests
    if (few) {
      status.message = `Step ${step}: waiting for ${spec.minRequests} requests to the canary, ${evidence.stepRequests} so far.`
      return plan(LOOK_MS)
    }
    if (spec.steps[step - 1]!.pause) {
      enter('Paused', 'Paused', `Step ${step} waits for a person.`)
      return plan(LOOK_MS)
    }
    return toStep(step + 1, 'No harm was found.')
  }
  if (evidence.state === 'known' && evidence.decision === 'promote') return promote(evidence.report.reason)
  return plan(LOOK_MS)

  function promote(why: string): CanaryPlan {
    enter('Promoting', 'Promoting', why)
    return plan(1_000)
  }
}

const MOST_ADDRESSES = 500
/** Old ones stay, so that what pods answered that are gone is still theirs. */
const joined = (known: readonly string[] = [], seen: readonly string[]): string[] => [...new Set([...known, ...seen])].slice(-MOST_ADDRESSES)
