/** Every series that the store knows, in memory: who has which id, and which pass a set of matchers. Pure; about 400 bytes a series. */
import type { LabelMatcher } from '#core/promql/ast.ts'
import { getLabel, type Labels, labelsFromKey, seriesMatcher } from '#core/promql/labels.ts'

export interface KnownSeries {
  readonly id: bigint
  /** `Labels.key`; the labels are made from it when they are asked for. */
  readonly key: string
  /** Times of the first and latest sample, ms. After a restart they may be wider than the truth by SLACK_MS. */
  min: number
  max: number
  /** As the table `series` has them; NaN: not at all. */
  savedMin: number
  savedMax: number
  /** Some of its samples are histograms. */
  histograms: boolean
  /** Of some of its samples it is known when their counting began. */
  starts: boolean
  /** As far as is known all of its values are whole numbers. */
  whole: boolean
}

/** Rows of the table `series` are written anew when a sample lies this far outside of what they say. */
export const SLACK_MS = 3_600_000

interface Group {
  readonly metric: string
  readonly high: number
  /** By the low half of the id. */
  readonly byLow: Map<number, KnownSeries>
}

export interface Registry {
  readonly size: number
  find(key: string): KnownSeries | undefined
  /** With the next free id of its metric. */
  add(labels: Labels, at: number): KnownSeries
  /** One that was stored before. */
  restore(series: { labels: Labels; id: bigint; min: number; max: number; histograms: boolean; starts: boolean }): void
  /** The series that pass and have samples in [from, to], in order of id. */
  select(matchers: readonly LabelMatcher[], from: number, to: number): KnownSeries[]
  /** How many series share the high half of an id. */
  sizeOf(high: number): number
  /** Forgets those whose samples are all older. */
  forget(before: number): void
}

/** FNV-1a, 32 bits, over UTF-16 code units. http://www.isthe.com/chongo/tech/comp/fnv/ */
export function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

export function createRegistry(): Registry {
  const byKey = new Map<string, KnownSeries>()
  const groups = new Map<string, Group>()
  const byHigh = new Map<number, Group>()

  const groupOf = (metric: string, high?: number): Group => {
    const known = groups.get(metric)
    if (known) return known
    let free = high ?? hash32(metric)
    if (high === undefined) while (byHigh.has(free)) free = (free + 1) >>> 0
    const group: Group = { metric, high: free, byLow: new Map() }
    byHigh.set(free, group)
    groups.set(metric, group)
    return group
  }
  const put = (group: Group, low: number, series: KnownSeries) => {
    group.byLow.set(low, series)
    byKey.set(series.key, series)
  }

  return {
    get size() {
      return byKey.size
    },
    find: (key) => byKey.get(key),

    add(labels, at) {
      const group = groupOf(getLabel(labels, '__name__'))
      let low = hash32(labels.key)
      while (group.byLow.has(low)) low = (low + 1) >>> 0
      const id = (BigInt(group.high) << 32n) | BigInt(low)
      const series = { id, key: labels.key, min: at, max: at, savedMin: Number.NaN, savedMax: Number.NaN, histograms: false, starts: false, whole: true }
      put(group, low, series)
      return series
    },

    restore({ labels, id, min, max, histograms, starts }) {
      const group = groupOf(getLabel(labels, '__name__'), Number(id >> 32n))
      put(group, Number(id & 0xffffffffn), {
        id,
        key: labels.key,
        min: min - SLACK_MS,
        max: max + SLACK_MS,
        savedMin: min,
        savedMax: max,
        histograms,
        starts,
        whole: true,
      })
    },

    select(matchers, from, to) {
      const named = matchers.find(({ name, op }) => name === '__name__' && op === '=')
      const tests = matchers.filter((matcher) => matcher !== named)
      const names = seriesMatcher(tests.filter(({ name }) => name === '__name__'))
      const rest = seriesMatcher(tests.filter(({ name }) => name !== '__name__'))
      // An equal label stands in the key as it is: most series are passed over without their labels being made.
      const needles = tests.filter(({ op, name, value }) => op === '=' && value !== '' && name !== '__name__').map(({ name, value }) => `${name}\xff${value}`)
      const candidates = named ? [groups.get(named.value)].filter((group) => group !== undefined) : [...groups.values()]
      const found: KnownSeries[] = []
      for (const group of candidates) {
        if (!names({ pairs: ['__name__', group.metric], key: '' })) continue
        for (const series of group.byLow.values()) {
          if (series.max < from || series.min > to || needles.some((needle) => !series.key.includes(needle))) continue
          if (tests.length === 0 || rest(labelsFromKey(series.key))) found.push(series)
        }
      }
      return found.sort((a, b) => (a.id < b.id ? -1 : 1))
    },

    sizeOf: (high) => byHigh.get(high)?.byLow.size ?? 0,

    forget(before) {
      for (const [metric, group] of groups) {
        for (const [low, series] of group.byLow) {
          if (series.max >= before) continue
          group.byLow.delete(low)
          byKey.delete(series.key)
        }
        if (group.byLow.size > 0) continue
        groups.delete(metric)
        byHigh.delete(group.high)
      }
    },
  }
}
