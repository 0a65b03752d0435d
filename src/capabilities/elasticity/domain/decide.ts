/** From what was forecast to what is done: bounds, quota, rollouts, other writers and people have their say, and the sentence tells who won. Pure. */
import { parseDuration } from '#core/kernel/duration.ts'
import type { Problem } from '#core/kernel/errors.ts'
import { formatLocal, zoneOf } from '#core/kernel/zone.ts'
import type { Evidence, Plan, Step } from '#core/shapes/plan.ts'
import type { ScalePolicyObject, ScalePolicyStatus } from '../resources/scale-policy.ts'
import { boundsNow, type OpenWindow } from './time/windows.ts'
import { say } from './words.ts'

export const MANAGER = 'sallyport-elasticity'

export interface Writer {
  manager: string
  /** ms since the epoch; NaN: not known. */
  at: number
}

export interface TargetFacts {
  kind: string
  name: string
  min: number
  max: number
  /** Undefined: it is not there. */
  found?: {
    replicas: number
    ready: number
    /** A new version is being rolled out. */
    rolling: boolean
    writers: readonly Writer[]
    /** Pods that the namespace's quotas still allow; undefined: no quota says. */
    room?: number
  }
  /** A HorizontalPodAutoscaler of this target. */
  hpa?: string
  /** What the traffic asks for; undefined: it is not known. */
  proposal?: { replicas: number; why: string; partial: boolean; ahead?: number }
}

export interface Facts {
  id: string
  cluster: string
  key: string
  gone?: true
  problems?: readonly Problem[]
  policy?: ScalePolicyObject
  /** The older policy of the same target. */
  rival?: string
  open: readonly OpenWindow[]
  /** The target first, then what stands behind it. */
  targets: readonly TargetFacts[]
  requestsPerSecond?: number
  /** Why the traffic is not known. */
  blind?: string
  calls?: ScalePolicyStatus['calls']
  loads?: ScalePolicyStatus['loads']
}

export interface ScalePlan extends Plan {
  status: ScalePolicyStatus
}

/** Those who set replicas again and again; a person does it once. */
const CONTROLLERS =
  /^(kube-controller-manager|horizontal-pod|keda|argocd|argo-cd|flux|kustomize-controller|helm-controller|.*cronhpa|cluster-proportional|rollouts-controller)/

export function decide(facts: Facts, now: number): ScalePlan {
  const { policy, key } = facts
  const plan = (status: ScalePolicyStatus, steps: readonly Step[] = [], idle?: string): ScalePlan => ({
    id: facts.id,
    by: 'elasticity',
    cluster: facts.cluster,
    subject: `ScalePolicy ${key}`,
    decidedAt: now,
    steps,
    ...(steps.length === 0 ? { idle: idle ?? status.message ?? 'nothing to do' } : {}),
    status,
  })
  if (facts.gone) return plan({}, [], 'it is gone')
  if (facts.problems || policy === undefined) {
    const message = (facts.problems ?? []).map(({ path, message: what }) => `${path}: ${what}`).join('; ')
    return plan({ phase: 'Invalid', message, conditions: [] })
  }
  const { spec, status: before } = policy
  const missing = facts.targets.filter(({ found }) => found === undefined).map(({ kind, name }) => `${kind} ${name}`)
  if (missing.length > 0) return plan({ phase: 'Invalid', message: say('missing', { what: missing.join(', no ') }) })
  if (facts.rival !== undefined) return plan({ phase: 'Conflict', message: say('rival', { name: facts.rival }) })

  const foreign = facts.targets.flatMap((target) => otherWriter(target))
  const acts = spec.mode === 'active' && (foreign.length === 0 || (spec.otherWriters === 'adopt' && facts.targets.every(({ hpa }) => hpa === undefined)))
  const manual: NonNullable<ScalePolicyStatus['manual']> = []
  const services: NonNullable<ScalePolicyStatus['services']> = []
  const steps: { step: Step; up: boolean }[] = []
  for (const [i, target] of facts.targets.entries()) {
    const { found, name, kind } = target as TargetFacts & { found: NonNullable<TargetFacts['found']> }
    const known = before?.services?.find((one) => one.name === name)
    const byHand = manualOf(
      target,
      known?.written,
      before?.manual?.find((one) => one.name === name),
      now,
      spec.respectManualFor,
    )
    if (byHand) manual.push(byHand)
    const { replicas, why } = byHand
      ? { replicas: found.replicas, why: say('byHand', { who: byHand.by, pods: found.replicas, until: clock(byHand.at + ms(spec.respectManualFor)) }) }
      : settle(target, i === 0 ? boundsNow(target, facts.open) : target, facts.blind)
    services.push({
      name,
      desired: replicas,
      why,
      ...(acts && !byHand ? { written: replicas } : known?.written === undefined ? {} : { written: known.written }),
    })
    if (acts && !byHand && replicas !== found.replicas) {
      const evidence: Evidence[] =
        facts.requestsPerSecond === undefined ? [] : [{ name: 'requests', value: facts.requestsPerSecond, unit: '1/s', at: now, source: 'live stream' }]
      const step = {
        what: say('scale', { target: `${kind} ${name}`, from: found.replicas, to: replicas }),
        why,
        evidence,
        reversible: true,
        action: { do: 'scale', kind, name, from: found.replicas, to: replicas },
      }
      steps.push({ step, up: replicas > found.replicas })
    }
  }
  // Leaves first on the way up, roots first on the way down.
  const ordered = [...steps.filter(({ up }) => up).reverse(), ...steps.filter(({ up }) => !up)].map(({ step }) => step)
  const phase =
    foreign.length > 0 && !acts && spec.otherWriters !== 'shadow'
      ? 'Conflict'
      : spec.mode === 'preview' || !acts
        ? 'Preview'
        : manual.length > 0
          ? 'Manual'
          : facts.blind !== undefined
            ? 'Blind'
            : 'Active'
  const message = phase === 'Conflict' ? say('left', { who: foreign.join(', ') }) : services[0]!.why
  return plan(
    {
      phase,
      message,
      desired: services[0]!.desired,
      services,
      manual,
      ...(facts.calls === undefined ? {} : { calls: facts.calls }),
      ...(facts.loads === undefined ? {} : { loads: facts.loads }),
      ...(facts.requestsPerSecond === undefined ? {} : { requestsPerSecond: Math.round(facts.requestsPerSecond * 10) / 10 }),
    },
    ordered,
    message,
  )
}

function settle(target: TargetFacts, bounds: { min: number; max: number; why?: string }, blind: string | undefined): { replicas: number; why: string } {
  const { proposal, found } = target as TargetFacts & { found: NonNullable<TargetFacts['found']> }
  const { replicas: current, rolling, room } = found
  const { min, max } = bounds
  const because = bounds.why === undefined ? say('between', { min, max }) : bounds.why
  let wanted = proposal?.replicas ?? current
  let why = proposal?.why ?? say('holds', { pods: current, why: blind ?? say('unknown') })
  if (proposal?.partial && wanted < current) {
    wanted = current
    why = say('silent', { pods: current })
  }
  if (wanted < min) [wanted, why] = [min, say('floor', { pods: min, because, why })]
  if (wanted > max) [wanted, why] = [max, say('ceiling', { pods: max, because, why })]
  if (wanted < current && rolling) return { replicas: current, why: say('rollout', { pods: current, wanted, why }) }
  if (room !== undefined && wanted > current + room)
    return {
      replicas: current + Math.max(0, room),
      why: say('quota', { pods: current + Math.max(0, room), wanted, why }),
    }
  return { replicas: wanted, why }
}

/** Who else sets the replicas, for people. */
function otherWriter({ kind, name, hpa, found }: TargetFacts): string[] {
  if (hpa !== undefined) return [say('hpaWrites', { hpa, target: `${kind} ${name}` })]
  const other = found?.writers.find(({ manager }) => manager !== MANAGER && CONTROLLERS.test(manager))
  return other === undefined ? [] : [say('otherWrites', { manager: other.manager, target: `${kind} ${name}` })]
}

const ms = (duration: string): number => parseDuration(duration) ?? 0
const clock = (at: number) => `${formatLocal(UTC, at).slice(11, 19)} UTC`
const UTC = zoneOf('UTC')!

type Manual = NonNullable<ScalePolicyStatus['manual']>[number]

/** A number that is not ours, set by somebody who is no controller: kept until its time is over. */
function manualOf({ name, found }: TargetFacts, written: number | undefined, before: Manual | undefined, now: number, respect: string): Manual | undefined {
  if (found === undefined) return undefined
  const newest = [...found.writers].sort((a, b) => b.at - a.at)[0]
  if (before !== undefined && before.replicas === found.replicas) return now < before.at + ms(respect) ? before : undefined
  if (written === undefined || found.replicas === written || newest === undefined || newest.manager === MANAGER) return undefined
  return ms(respect) === 0 ? undefined : { name, replicas: found.replicas, at: now, by: newest.manager }
}
