/** A policy against a trace, beside others: what the command and the page replay. */
import { parseDuration } from '#core/kernel/duration.ts'
import type { ScalePolicySpec } from '../../resources/scale-policy.ts'
import { type Outcome, type Policy, perSecond, simulate } from './fluid.ts'
import { hpaPolicy, kedaPolicy, oraclePolicy, type PolicyName, plannerPolicy } from './policies.ts'
import { fillGaps, rateAt, type Trace } from './trace.ts'

/** Longer gaps are not guessed: the answer is incomplete. */
const LONGEST_GAP_MS = 10 * 60_000

export type ReplaySpec = Pick<ScalePolicySpec, 'min' | 'max' | 'podStart' | 'quantile' | 'objective'> & { loadPerPod: number }

export interface ReplayOptions {
  /** Learned from and not scored, seconds at the begin. */
  unscored: number
  /** Requests per second that 99.9 % of the periods stay below; the traffic is scaled to it. */
  peak?: number
  /** What `hpa` and `keda` aim at, percent of `loadPerPod`. */
  target: number
  /** Seconds between two numbers of `pods`. */
  sample?: number
}

export interface Report {
  trace: { from: string; scored_from: string; to: string; period_seconds: number; gaps: { from: string; to: string }[]; complete: boolean }
  world: { pod_rps: number; pod_start_seconds: number; objective_seconds: number; min: number; max: number; target: number }
  policies: (Omit<Outcome, 'worst' | 'pods'> & {
    worst: { at: string; violation_seconds: number; load: number; capacity: number; longest_wait: number | null }[]
    pods?: number[]
  })[]
}

/** `utc` writes an instant. One policy after the other, so that whoever asks may rest between them; the report is returned at the end. */
export function* replayTrace(
  spec: ReplaySpec,
  trace: Trace,
  names: Iterable<PolicyName>,
  options: ReplayOptions,
  utc: (ms: number) => string,
): Generator<PolicyName, Report> {
  const { unscored, target, sample } = options
  const { counts, gaps } = fillGaps(trace)
  const peak = rateAt(trace, 0.999)
  const load = perSecond(options.peak === undefined || peak === 0 ? counts : counts.map((count) => (count * options.peak!) / peak), trace.period)
  const podStart = parseDuration(spec.podStart)! / 1_000
  const { min, max, loadPerPod: podRps, objective } = spec
  const world = { load, podRps, podStart, unscored, min, max, objective, ...(sample === undefined ? {} : { sample }) }
  const make: Record<PolicyName, () => Policy> = {
    planner: () => plannerPolicy(spec.quantile),
    hpa: () => hpaPolicy({ target: target / 100, window: 120, scrape: 30 }),
    keda: () => kedaPolicy(target / 100),
    oracle: () => oraclePolicy(load),
  }
  const at = (second: number) => utc(trace.begin + second * 1_000)
  const policies: Report['policies'] = []
  for (const name of new Set(names)) {
    yield name
    const { worst, pods, ...outcome } = simulate(world, make[name]())
    policies.push({
      ...outcome,
      worst: worst.map(({ second, longest_wait, ...minute }) => ({
        at: at(second),
        ...minute,
        longest_wait: Number.isFinite(longest_wait) ? longest_wait : null,
      })),
      ...(pods === undefined ? {} : { pods }),
    })
  }
  return {
    trace: {
      from: at(0),
      scored_from: at(unscored),
      to: at(load.length),
      period_seconds: trace.period,
      gaps: gaps.map(({ from, to }) => ({ from: utc(from), to: utc(to) })),
      complete: gaps.every(({ from, to }) => to - from <= LONGEST_GAP_MS),
    },
    world: { pod_rps: podRps, pod_start_seconds: podStart, objective_seconds: objective, min, max, target },
    policies,
  }
}
