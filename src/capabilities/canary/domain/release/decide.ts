/** What a release does next. Pure: from what is, and from the status as the only memory; so a server that was killed anywhere goes on where it was. */
import { parseDuration } from '#core/kernel/duration.ts'
import { sameSplit } from '#core/shapes/ports/traffic-router.ts'
import { type CanaryCommand, COMMAND_ANNOTATION, COMMANDS, FINALIZER } from '../../resources/canary.ts'
import { say } from '../words.ts'
import { createDraft, isRunning } from './draft.ts'
import type { CanaryPlan, Facts } from './facts.ts'
import { joined, judgeOnly, takeEvidence } from './judging.ts'
import { candidateOf, isClone, splitOfStep, stableOf } from './spec.ts'

const LOOK_MS = 15_000
/** How soon what others do is looked at again: hooks, rollouts. */
const SOON_MS = 2_000
/** A canary that is not up by then is rolled back. */
const PREPARE_MS = 10 * 60_000
/** Traffic goes back to stable when nothing is known of it for so long. */
const BLIND_MS = 10 * 60_000
const MOST_WEIGHTS = 200
const ms = (text: string): number => parseDuration(text) ?? 0

export function decide(facts: Facts, now: number): CanaryPlan {
  const { canary } = facts
  const draft = createDraft(facts, now)
  const { status, steps, plan, act, condition, enter } = draft
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
  condition('Valid', true, 'Valid', say('valid'))
  if (spec.mode === 'judge') return judgeOnly(facts, canary, draft)
  if (!metadata.finalizers?.includes(FINALIZER)) act('hold the Canary until its traffic is on stable', 'it will split routes', { do: 'finalizer', on: true })

  const { stable, candidate } = facts
  const stableName = stableOf(spec).deployment
  const names = candidateOf(spec)
  const missing = [
    ...(stable ? [] : [say('goneDeployment', { name: stableName })]),
    ...(facts.services.stable ? [] : [say('goneService', { name: spec.stable.service })]),
    ...(isClone(spec) || facts.services.canary ? [] : [say('goneService', { name: names.service })]),
    ...(isClone(spec) || candidate ? [] : [say('goneDeployment', { name: names.deployment })]),
    ...facts.routes.flatMap((route) => ('fault' in route ? [route.fault.message] : [])),
  ]
  condition('Ready', missing.length === 0, missing.length === 0 ? 'Found' : 'Missing', missing.length === 0 ? say('allFound') : missing.join('; '))

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
    return plan(spec.hooks.some(({ when }) => when === 'rollback') ? 1_000 : LOOK_MS * 4, true)
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
      act(`hold changes of Deployment ${stableName}`, 'a changed template is tried first', { do: 'pause', paused: true })
  }
  const version = isClone(spec) ? stable.version : candidate!.version
  const running = isClone(spec) ? (status.stableVersion ?? stable.version) : stable.version
  const isNew = version !== running
  const { evidence } = facts
  if (evidence.state === 'none' && evidence.outlook !== undefined) status.outlook = evidence.outlook

  if (!isRunning(status.phase)) {
    if (isNew && (version !== status.decided || command === 'restart')) return start('newVersion')
    // What is told after the end changes nothing.
    const after = status.phase === 'Promoted' ? draft.hooks('postPromotion') : status.phase === 'RolledBack' ? draft.hooks('rollback') : undefined
    const again = after && after.waiting.length > 0 ? SOON_MS : LOOK_MS * 4
    if (status.phase === 'Promoted' && spec.promotion === 'traffic' && version === status.decided) return keepOnCanary(again)
    release('there is nothing to try')
    if (isClone(spec) && candidate) act('remove the clone', 'there is nothing to try', { do: 'removeClone' })
    if (status.phase === undefined || status.phase === 'Waiting' || status.phase === 'Invalid' || (status.phase !== 'Promoted' && !isNew)) {
      const nothing = status.outlook === undefined ? say('nothingNew') : say('nothingNewOutlook', { outlook: status.outlook })
      enter('Waiting', 'Waiting', isNew ? say('alreadyDecided') : nothing)
    }
    return plan(again)
  }

  function start(why: 'newVersion' | 'canaryChanged' | 'stableChanged'): CanaryPlan {
    status.run = (status.run ?? 0) + 1
    status.version = version
    if (!isClone(spec)) status.stableVersion = running
    const ofOneRun = [
      'step',
      'stepSince',
      'startedAt',
      'verdict',
      'requests',
      'expected',
      'blindSince',
      'weights',
      'addresses',
      'decided',
      'places',
      'hooks',
    ] as const
    for (const key of ofOneRun) delete status[key]
    delete (status as { phase?: unknown }).phase
    enter('Preparing', 'Started', say('tried', { version, why: say(why) }))
    release('a new version begins without traffic')
    if (isClone(spec)) act(`clone Deployment ${stableName} as ${names.deployment}`, 'its template changed', { do: 'clone' })
    return plan(1_000)
  }
  function keepOnCanary(again: number): CanaryPlan {
    if (splits.some((split) => !sameSplit(split, { weight: 100 })))
      act('keep all traffic on the canary', 'it was promoted by traffic', { do: 'split', split: { weight: 100 } })
    return plan(again)
  }

  if (status.phase === 'RollingBack') return carried ? rollBack('RollingBack', status.message ?? '') : rolledBack()
  const promotingTemplate = status.phase === 'Promoting' && !isClone(spec) && stable.version === status.version
  if (version !== status.version) return start('canaryChanged')
  if (!isClone(spec) && stable.version !== status.stableVersion && !promotingTemplate)
    return isNew ? start('stableChanged') : rollBack('Overtaken', say('overtaken'))
  if (command === 'abort') return rollBack('Aborted', say('byAborted'))

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
        act(`let Deployment ${stableName} roll out`, 'the canary was promoted', { do: 'pause', paused: false })
        return plan(SOON_MS)
      }
    } else if (stable.version !== version) {
      act(`give Deployment ${stableName} the template of ${names.deployment}`, 'the canary was promoted', { do: 'template' })
      return plan(SOON_MS)
    }
    if (stable.stuck !== undefined) {
      condition('Stuck', true, 'RolloutStuck', stable.stuck)
      status.message = say('stuck', { why: stable.stuck })
      return plan(LOOK_MS)
    }
    if (!stable.rolledOut) return plan(SOON_MS)
    return promoted()
  }
  function promoted(): CanaryPlan {
    status.decided = version
    status.stableVersion = isClone(spec) ? version : stable!.version
    if (isClone(spec)) act(`hold changes of Deployment ${stableName}`, 'a changed template is tried first', { do: 'pause', paused: true })
    if (spec.promotion === 'template' || isClone(spec)) {
      act('leave the routes as they were', 'stable runs the new version', { do: 'release' })
      if (isClone(spec)) act('remove the clone', 'stable runs its version', { do: 'removeClone' })
    }
    status.weight = spec.promotion === 'traffic' && !isClone(spec) ? 100 : 0
    enter('Promoted', 'Promoted', say(spec.promotion === 'traffic' && !isClone(spec) ? 'onCanary' : 'onStable'))
    return plan(spec.hooks.some(({ when }) => when === 'postPromotion') ? 1_000 : LOOK_MS * 4, true)
  }

  // Preparing, Progressing, Paused.
  if (candidate === undefined) {
    act(`clone Deployment ${stableName} as ${names.deployment}`, 'its template changed', { do: 'clone' })
    return plan(SOON_MS)
  }
  if (status.phase === 'Preparing') {
    release('the canary is not ready yet')
    const few = candidate.ready < spec.minPods ? say('podsReady', { ready: candidate.ready, min: spec.minPods }) : undefined
    if (few !== undefined || !candidate.rolledOut) {
      status.message = say('waitingFor', { what: few ?? say('rolloutOpen') })
      if (candidate.stuck !== undefined || now - (status.since ?? now) > PREPARE_MS)
        return rollBack('NotReady', say('notReady', { what: candidate.stuck ?? few ?? say('rolloutEnded') }))
      return plan(SOON_MS)
    }
    if (spec.onePlace === 'check' && (candidate.ready < 2 || candidate.nodes < 2)) {
      const places = evidence.state === 'none' ? evidence.places : undefined
      if (places !== undefined && places.state !== 'open') status.places = places.text
      if (places?.state === 'failed') return rollBack('OnePlace', places.text)
      if (places?.state !== 'passed') {
        status.message = say('aaOpen', { why: places?.text ?? say('aaUnknown') })
        return now - (status.since ?? now) > ms(spec.deadline) ? rollBack('OnePlace', status.message) : plan(LOOK_MS)
      }
    }
    const { waiting, failed } = draft.hooks('preRollout')
    if (failed) return rollBack('HookFailed', say('hookFailed', { hook: failed.hook, why: failed.why }))
    if (waiting.length > 0) {
      status.message = say('preparingHooks', { hooks: waiting.join(', ') })
      return plan(SOON_MS)
    }
    status.startedAt = now
    return toStep(1, say('ready'))
  }
  function toStep(step: number, why: string): CanaryPlan {
    const split = splitOfStep(spec, step)
    status.step = step
    status.stepSince = now
    status.weights = [...(status.weights ?? []), { at: now, weight: split.weight }].slice(-MOST_WEIGHTS)
    const message = say('step', { step, all: spec.steps.length, weight: split.weight, why })
    if (status.phase === 'Progressing') {
      draft.tell('Normal', 'Step', message)
      draft.decided(`Step ${step}`, why)
    }
    enter('Progressing', 'Step', message)
    act(`give the canary ${split.weight} % of the traffic`, why, { do: 'split', split })
    return plan(1_000)
  }

  if (candidate.ready === 0) return rollBack('NoPods', say('noPods'))
  const { blind, leaking, skewed } = takeEvidence(evidence, draft)
  if (evidence.state === 'known' && evidence.decision === 'rollback') return rollBack('Harm', evidence.report.reason)
  if (now - (status.startedAt ?? now) > ms(spec.deadline)) return rollBack('NotProven', say('notProven', { deadline: spec.deadline }))

  const step = status.step ?? 1
  const asked = splitOfStep(spec, step)
  const restore = () => {
    if (splits.every((split) => sameSplit(split, asked))) return
    act(`give the canary ${asked.weight} % of the traffic`, 'that is what its step says', { do: 'split', split: asked })
    // A server that died between the status and the route: the weight holds from now on, and the time between is no wrong split.
    const last = status.weights?.at(-1)
    if (last?.weight === asked.weight && canary?.status?.weight !== asked.weight) status.weights = [...status.weights!.slice(0, -1), { ...last, at: now }]
  }
  if (command === 'promote') return promote(say('byPromoted'))
  if (blind !== undefined && now - status.blindSince! > BLIND_MS) return rollBack(skewed ? 'ClockSkew' : 'NoEvidence', say('blind', { why: blind }))
  if (status.phase === 'Paused') {
    restore()
    const byStep = spec.steps[step - 1]?.pause === true && step < spec.steps.length
    return command === 'resume' ? toStep(Math.min(step + (byStep ? 1 : 0), spec.steps.length), say('byResumed')) : plan(LOOK_MS)
  }
  if (command === 'pause') {
    enter('Paused', 'Paused', say('byPaused'))
    restore()
    return plan(LOOK_MS)
  }
  restore()
  const held = now - (status.stepSince ?? now) >= ms(spec.steps[step - 1]?.hold ?? '5m')
  status.message = say('step', {
    step,
    all: spec.steps.length,
    weight: asked.weight,
    why: evidence.state === 'known' && blind === undefined ? evidence.report.reason : (blind ?? ''),
  })
  const { waiting, failed } = draft.hooks('step')
  if (failed) return rollBack('HookFailed', say('hookFailed', { hook: failed.hook, why: failed.why }))
  if (!held || blind !== undefined || leaking || steps.length > 0) return plan(waiting.length > 0 ? SOON_MS : LOOK_MS)
  if (waiting.length > 0) {
    status.message = say('stepHooks', { step, hooks: waiting.join(', ') })
    return plan(SOON_MS)
  }
  if (step < spec.steps.length) {
    if (asked.weight > 0 && evidence.state === 'known' && evidence.stepRequests < spec.minRequests) {
      status.message = say('stepFew', { step, min: spec.minRequests, seen: evidence.stepRequests })
      return plan(LOOK_MS)
    }
    if (spec.steps[step - 1]!.pause) {
      enter('Paused', 'Paused', say('stepPerson', { step }))
      return plan(LOOK_MS)
    }
    return toStep(step + 1, say('noHarm'))
  }
  if (evidence.state !== 'known' || evidence.decision !== 'promote') return plan(LOOK_MS)
  const confirming = draft.hooks('confirmPromotion')
  if (confirming.waiting.length === 0) return promote(evidence.report.reason)
  status.message = say('confirming', { hooks: confirming.waiting.join(', ') })
  return plan(SOON_MS)

  function promote(why: string): CanaryPlan {
    enter('Promoting', 'Promoting', why)
    return plan(1_000)
  }
}
