import type { Hue, Tone } from '#kits/console-kit/chart-data.ts'
import type { Unit } from '#kits/console-kit/format.ts'
import type { SeriesAnswer } from '../domain/api.ts'

type Name = keyof SeriesAnswer['series']
type Values = (number | null)[]

export interface PanelSeries {
  name: string
  color: Tone | Hue
  values: Values
  /** The compared period, drawn dashed. */
  compared?: boolean
  /** Status class that a click on the legend filters by. */
  statusClass?: number
  /** Exact status that a click on the legend filters by. */
  status?: number
}

export interface Panel {
  id: 'requests' | 'success' | 'latency' | 'upstream' | 'traffic' | 'visitors' | 'failures'
  unit: Unit
  stacked: boolean
  /** Counts are per bucket of this many ms; undefined where the value does not depend on it. */
  per?: number
  series: PanelSeries[]
}

interface Line {
  key: Name
  color: Tone | Hue
  /** Does the earlier period of this line say enough to be drawn? */
  compare?: boolean
  statusClass?: number
  status?: number
}
interface Definition {
  id: Panel['id']
  unit: Unit
  stacked?: boolean
  /** Bucket sums are shown as a rate per second, so that zooming does not change their height. */
  perSecond?: boolean
  perBucket?: boolean
  lines: Line[]
  /** Drawn for the earlier period only: the sum that a stack is compared with. */
  total?: Name
}

const DEFINITIONS: readonly Definition[] = [
  {
    id: 'requests',
    unit: 'rate',
    stacked: true,
    perSecond: true,
    total: 'requests',
    lines: [
      { key: 'c2xx', color: 'ok', statusClass: 2 },
      { key: 'c3xx', color: 'neutral', statusClass: 3 },
      { key: 'c4xx', color: 'warning', statusClass: 4 },
      { key: 'c5xx', color: 'error', statusClass: 5 },
    ],
  },
  { id: 'success', unit: 'share', lines: [{ key: 'success_rate', color: 'ok', compare: true }] },
  {
    id: 'latency',
    unit: 'seconds',
    lines: [
      { key: 'p50', color: 1 },
      { key: 'p90', color: 2 },
      { key: 'p95', color: 3 },
      { key: 'p99', color: 4, compare: true },
    ],
  },
  {
    id: 'upstream',
    unit: 'seconds',
    lines: [
      { key: 'mean', color: 1, compare: true },
      { key: 'upstream_mean', color: 2 },
      { key: 'p99', color: 4 },
      { key: 'upstream_p99', color: 5 },
    ],
  },
  {
    id: 'traffic',
    unit: 'byteRate',
    perSecond: true,
    lines: [
      { key: 'bytes_in', color: 1 },
      { key: 'bytes_out', color: 2, compare: true },
    ],
  },
  { id: 'visitors', unit: 'number', perBucket: true, lines: [{ key: 'visitors', color: 1, compare: true }] },
  {
    id: 'failures',
    unit: 'number',
    perBucket: true,
    lines: [
      { key: 's499', color: 'warning', status: 499 },
      { key: 's502', color: 'error', status: 502 },
      { key: 's503', color: 5, status: 503 },
      { key: 's504', color: 4, status: 504 },
    ],
  },
]

/** Share of a bucket below which its rate is mostly chance. */
const LEAST_COVERED = 0.25

/**
 * All charts of the page on one time axis.
 * @param offset ms by which the compared period lies before the range; its points are laid over the present ones by time.
 */
export function panels(answer: SeriesAnswer, offset: number | undefined): Panel[] {
  const covered = answer.ts.map((t) => (Math.min(t + answer.step, answer.to) - Math.max(t, answer.from)) / answer.step)
  // Buckets at the ends of the range may be cut: a rate is taken over what is left of them, a count of half a bucket says nothing.
  const perSecond = (values: Values): Values =>
    values.map((v, i) => (v === null || (covered[i] ?? 0) < LEAST_COVERED ? null : (v * 1000) / (answer.step * (covered[i] as number))))
  const perBucket = (values: Values): Values => values.map((v, i) => ((covered[i] ?? 0) < 1 ? null : v))
  const earlier = (key: Name): Values | undefined => {
    const { compared } = answer
    const values = compared?.series[key]
    if (!compared || !values || offset === undefined) return undefined
    return layOver(answer.ts, compared.ts, values, offset, answer.step)
  }
  return DEFINITIONS.map((definition) => {
    const scale = definition.perSecond ? perSecond : definition.perBucket ? perBucket : (values: Values) => values
    const series: PanelSeries[] = definition.lines.map(({ key, color, statusClass, status }) => ({
      name: key,
      color,
      values: scale(answer.series[key]),
      ...(statusClass === undefined ? {} : { statusClass }),
      ...(status === undefined ? {} : { status }),
    }))
    for (const { key, color } of definition.total ? [{ key: definition.total, color: 1 as const }] : definition.lines.filter((l) => l.compare)) {
      const values = earlier(key)
      if (values) series.push({ name: key, color, values: scale(values), compared: true })
    }
    return { id: definition.id, unit: definition.unit, stacked: definition.stacked ?? false, ...(definition.perBucket ? { per: answer.step } : {}), series }
  })
}

/** Values of an earlier period at the buckets of this one; a bucket that has no counterpart is a gap. */
export function layOver(ts: readonly number[], earlierTs: readonly number[], values: Values, offset: number, step: number): Values {
  const at = new Map(ts.map((t, i) => [Math.floor(t / step), i]))
  const over: Values = ts.map(() => null)
  earlierTs.forEach((t, i) => {
    const index = at.get(Math.floor((t + offset) / step))
    if (index !== undefined) over[index] = values[i] ?? null
  })
  return over
}
