/** What the judge saw, for people and programs: the verdict, and each number with its interval and how many requests it stands on. */

import { say } from '../words.ts'
import { type Arm, BLOCK_MS, type PodCounts } from './blocks.ts'
import { requestsToKeep } from './forecast.ts'
import { type Estimate, meanEstimate, quantileEstimate, shareEstimate, squaresOf } from './intervals.ts'
import { harmEvidence, harmNeeded, type JudgeState, keptEvidence, type MeasureState, thinningOf, type Verdict, varianceOf } from './judge.ts'
import { isLatency, type Measure, QUANTILES } from './limits.ts'

export interface Evidence {
  /** A `Measure`, `success`, `timeouts`, `p9999`, `max`, `mean`, `bytes`, or the name of a metric. */
  measure: string
  /** `number`: of a metric. */
  unit: 'share' | 'ms' | 'bytes' | 'number'
  /** Null: too few requests for this number. */
  stable: Estimate | null
  canary: Estimate | null
  /** `exceeded`: the budget; `kept`: the margin; `open`: neither is proven; `shown`: it decides nothing. */
  finding: 'exceeded' | 'kept' | 'open' | 'shown'
  /** Natural logarithms: evidence that the budget is exceeded and that the margin is kept, and what each needs. */
  harm?: { evidence: number; needed: number }
  keeps?: { evidence: number; needed: number }
  /** Canary requests that are still needed to prove that the margin is kept, if the canary is as good as stable; null: no number of them. */
  moreRequests?: number | null
}

export interface JudgeReport {
  verdict: Verdict
  /** End of the evidence for it, ms since the epoch; null when there was no request. */
  at: number | null
  /** Why, in one sentence. */
  reason: string
  /** First request of the canary, ms since the epoch. */
  startedAt: number | null
  requests: Record<Arm, number>
  pods: Record<Arm, number>
  evidence: Evidence[]
  /** Canary requests and minutes after which a promotion is expected, if the canary is as good as stable; only when nothing is decided. */
  forecast?: { moreRequests: number | null; moreMinutes: number | null }
  split?: { asked: number; realized: number | null; right: boolean }
  warnings: string[]
}

export type Decision = 'promote' | 'rollback' | 'split' | undefined

export function reportOf(state: JudgeState, decision: Decision): JudgeReport {
  const { seen, config } = state
  const evidence: Evidence[] = state.measures.map((one) => measureEvidence(state, one))
  const shares = {
    success: ({ requests, errors, rejected }: PodCounts) => requests - errors - rejected,
    timeouts: ({ timeouts }: PodCounts) => timeouts,
  }
  for (const [measure, of] of Object.entries(shares))
    evidence.push({ measure, unit: 'share', ...both((arm) => shareEstimate(of(seen[arm]), seen[arm].requests)), finding: 'shown' })
  evidence.push({ measure: 'p9999', unit: 'ms', ...both((arm) => quantileEstimate(0.9999, seen[arm].latency, seen[arm].timed)), finding: 'shown' })
  evidence.push({
    measure: 'max',
    unit: 'ms',
    ...both((arm) => (seen[arm].timed > 0 ? { value: seen[arm].maxMs, n: seen[arm].timed } : undefined)),
    finding: 'shown',
  })
  evidence.push({
    measure: 'mean',
    unit: 'ms',
    ...both((arm) => meanEstimate(seen[arm].sumMs, squaresOf(seen[arm].latency), seen[arm].timed)),
    finding: 'shown',
  })
  if (seen.stable.sized + seen.canary.sized > 0)
    evidence.push({
      measure: 'bytes',
      unit: 'bytes',
      ...both((arm) => meanEstimate(seen[arm].sumBytes, seen[arm].squaredBytes, seen[arm].sized)),
      finding: 'shown',
    })
  const total = seen.stable.requests + seen.canary.requests
  const verdict = decision === 'promote' || decision === 'rollback' ? decision : 'inconclusive'
  const forecast = verdict === 'inconclusive' && decision !== 'split' ? forecastOf(state, evidence) : undefined
  return {
    verdict,
    at: Number.isFinite(state.now) ? state.now : null,
    reason: reasonOf(state, decision, evidence, forecast),
    startedAt: state.startedAt ?? null,
    requests: { stable: seen.stable.requests, canary: seen.canary.requests },
    pods: { stable: namedPods(state, 'stable'), canary: namedPods(state, 'canary') },
    evidence,
    ...(forecast ? { forecast } : {}),
    ...(config.expectedShare === undefined
      ? {}
      : { split: { asked: config.expectedShare, realized: total > 0 ? seen.canary.requests / total : null, right: decision !== 'split' } }),
    warnings: warningsOf(state),
  }
}

/** What a decision stood on, in one line: `canary 7093, stable 65290; errors 0.25 | 0.19 %, p99 329 | 319 ms`. */
export function evidenceLine({ requests, evidence }: JudgeReport): string {
  const digits = (value: number, unit: Evidence['unit']) => String(Number((unit === 'share' ? value * 100 : value).toPrecision(3)))
  const measures = evidence
    .filter(({ finding }) => finding !== 'shown')
    .map(({ measure, unit, stable, canary }) => {
      const [mine, other] = [canary, stable].map((one) => (one === null ? '–' : digits(one.value, unit)))
      return `${measure} ${mine} | ${other}${unit === 'share' ? ' %' : unit === 'ms' ? ' ms' : ''}`
    })
  return `canary ${requests.canary}, stable ${requests.stable}; ${measures.join(', ')}`
}

const namedPods = (state: JudgeState, arm: Arm): number => [...state.pods[arm]].filter((name) => name !== '').length

function both(estimate: (arm: Arm) => Estimate | undefined): Record<Arm, Estimate | null> {
  return { stable: estimate('stable') ?? null, canary: estimate('canary') ?? null }
}

function measureEvidence(state: JudgeState, one: MeasureState): Evidence {
  const { measure } = one
  const { seen, config } = state
  const { gate } = config.measures[measure]
  const harm = { evidence: harmEvidence(state, one), needed: harmNeeded(state, one) }
  const keeps = { evidence: keptEvidence(state, one), needed: Math.log(1 / config.falsePromotion) }
  const numbers = isLatency(measure)
    ? { unit: 'ms' as const, ...both((arm) => quantileEstimate(QUANTILES[measure], seen[arm].latency, seen[arm].timed)) }
    : { unit: 'share' as const, ...both((arm) => shareEstimate(seen[arm][measure], seen[arm].requests)) }
  const finding = !gate ? 'shown' : harm.evidence >= harm.needed ? 'exceeded' : keeps.evidence >= keeps.needed ? 'kept' : 'open'
  return { measure, ...numbers, finding, harm, keeps, ...(finding === 'open' ? { moreRequests: moreRequests(state, one, keeps.evidence) } : {}) }
}

function moreRequests(state: JudgeState, one: MeasureState, evidence: number): number | null {
  const { measure, events, requests } = one
  if (requests.canary === 0 || requests.stable === 0) return null
  const prospect = {
    rate: (events.stable + 0.5) / (requests.stable + 1),
    stablePerCanary: requests.stable / requests.canary,
    variance: varianceOf(state, one),
    ratio: thinningOf(state, measure),
  }
  const more = requestsToKeep(state.config, measure, prospect, evidence)
  return Number.isFinite(more) ? Math.ceil(more) : null
}

function forecastOf(state: JudgeState, evidence: readonly Evidence[]): NonNullable<JudgeReport['forecast']> {
  const open = evidence.filter(({ finding }) => finding === 'open')
  if (state.startedAt === undefined || open.some(({ moreRequests }) => moreRequests === null)) return { moreRequests: null, moreMinutes: null }
  const more = Math.max(0, ...open.map(({ moreRequests }) => moreRequests!))
  const perMinute = (state.seen.canary.requests / Math.max(BLOCK_MS, state.now - state.startedAt)) * 60_000
  const soak = (state.startedAt + state.config.minSoak - state.now) / 60_000
  return { moreRequests: more, moreMinutes: Math.max(0, Math.ceil(Math.max(more / perMinute, soak))) }
}

function reasonOf(state: JudgeState, decision: Decision, evidence: readonly Evidence[], forecast: JudgeReport['forecast']): string {
  const { seen, config, startedAt } = state
  const names = (finding: Evidence['finding']) =>
    evidence
      .filter((one) => one.finding === finding)
      .map(({ measure }) => measure)
      .join(', ')
  if (decision === 'rollback') return say('worse', { measures: names('exceeded') })
  if (decision === 'promote') return say('proven')
  if (decision === 'split') return say('splitOther', { asked: config.expectedShare ?? '' })
  if (seen.canary.requests === 0) return say('noCanaryRequest')
  if (seen.stable.requests === 0) return say('noStableRequest')
  if (state.now < startedAt! + config.warmUp + BLOCK_MS) return say('warming')
  const measures = names('open')
  if (measures === '') return say('soaking')
  if (!forecast?.moreRequests) return say('open', { measures })
  return say('openWhen', { measures, more: forecast.moreRequests, minutes: forecast.moreMinutes ?? '?' })
}

function warningsOf(state: JudgeState): string[] {
  const { seen, config } = state
  const warnings: string[] = []
  if (seen.canary.requests === 0) return warnings
  if (namedPods(state, 'stable') < 2) warnings.push(say('warnPods'))
  const { ever, many } = state.failing
  if (many) warnings.push(say('warnManyFail'))
  else if (ever.size > 0) warnings.push(say('warnFails', { pods: [...ever.keys()].join(', '), requests: [...ever.values()].reduce((sum, of) => sum + of, 0) }))
  if (namedPods(state, 'canary') === 1) warnings.push(say('warnOnePod'))
  if (seen.canary.timed === 0 && Object.keys(QUANTILES).some((name) => config.measures[name as Measure].gate)) warnings.push(say('warnNoLatency'))
  return warnings
}
