/** What may differ between the arms: the harm budget that a rollback must prove to be exceeded, and the margin that a promotion must prove to be kept. */
import { z } from 'zod'
import { parseDuration } from '#core/kernel/duration.ts'

/** Quantiles of the stable arm's latency over which slow requests are counted. */
export const QUANTILES = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 } as const
export type LatencyMeasure = keyof typeof QUANTILES

/** What is counted of each request. `errors`: 5xx, 499 (the client gave up) and no status at all; `rejected`: the other 4xx; `p50` …: slower than that quantile of stable. */
export const MEASURES = ['errors', 'rejected', 'p50', 'p90', 'p99', 'p999'] as const
export type Measure = (typeof MEASURES)[number]
export const isLatency = (measure: Measure): measure is LatencyMeasure => Object.hasOwn(QUANTILES, measure)

const duration = z.string().transform((text, context) => {
  const parsed = parseDuration(text)
  if (parsed === undefined) {
    context.addIssue({ code: 'custom', message: 'must be a duration like 3m or 90s' })
    return z.NEVER
  }
  return parsed
})

const times = z.number().min(1).max(100)
const limit = (fallback: { times: number; plus: number; slower: number }) =>
  z
    .strictObject({
      /** Events of the canary against those of stable, per request. */
      times: times.default(fallback.times),
      /** Or this many more events per request, whichever allows more. */
      plus: z.number().min(0).max(1).default(fallback.plus),
      /** Canary requests count as slow only beyond this multiple of the stable quantile. */
      slower: times.default(fallback.slower),
    })
    .default(fallback)

const measure = (budget: { times?: number; slower?: number }, margin: { times?: number; plus?: number; slower?: number }) =>
  z
    .strictObject({
      budget: limit({ times: 1, plus: 0, slower: 1, ...budget }),
      margin: limit({ times: 1, plus: 0, slower: 1, ...margin }),
      /** Off: shown, but decides nothing. */
      gate: z.boolean().default(true),
    })
    .prefault({})

/** `sallyport canary judge --config FILE`, and `spec.judge` of a Canary. */
export const judgeConfig = z.strictObject({
  /** Requests this soon after the canary's first one are not judged: caches fill, code is compiled. */
  warmUp: duration.prefault('3m'),
  /** No promotion sooner after the canary's first request. */
  minSoak: duration.prefault('20m'),
  /** Chance of rolling back a canary that keeps all budgets, over the whole run and all measures. */
  falseRollback: z.number().gt(0).max(0.2).default(0.01),
  /** Chance of promoting a canary that breaks a margin, over the whole run. */
  falsePromotion: z.number().gt(0).max(0.2).default(0.05),
  /** Share of the requests that the canary was asked to get; without it the split is not verified. */
  expectedShare: z.number().gt(0).lt(1).optional(),
  measures: z
    .strictObject({
      errors: measure({ times: 1.05 }, { times: 2, plus: 0.0003 }),
      rejected: measure({ times: 1.5 }, { times: 2, plus: 0.01 }),
      p50: measure({ slower: 1.03 }, { slower: 1.08 }),
      p90: measure({ slower: 1.03 }, { slower: 1.08 }),
      p99: measure({ slower: 1.03 }, { times: 2 }),
      p999: measure({ slower: 1.03 }, { times: 4 }),
    })
    .prefault({}),
})
export type JudgeConfig = z.output<typeof judgeConfig>
export type Limit = JudgeConfig['measures']['errors']['budget']

export const DEFAULT_CONFIG: JudgeConfig = judgeConfig.parse({})

/** Where the margin allows the canary to be slower, equal arms give a ratio below 1; how far below depends on the shape of the latencies, about this. */
export const equalRatio = (measure: Measure, { times, slower }: Limit): number => (isLatency(measure) && slower > 1 ? times * 0.85 : 1)
