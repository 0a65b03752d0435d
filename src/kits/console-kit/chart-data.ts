/** What a chart draws, computed: colors per name, stacks, extremes. Pure. */

export interface ChartSeries {
  /** Stable identity: decides the color, here and on other pages. */
  name: string
  label: string
  /** One per timestamp; null is a gap. */
  values: readonly (number | null)[]
  /** A meaning (`ok`, `warning`, `error`, `neutral`) or one of eight hues; default by name. */
  color?: Tone | Hue
  /** The same series in the compared period: dashed, in the color of `name`. */
  compared?: boolean
}

export type Tone = 'ok' | 'warning' | 'error' | 'neutral'
export type Hue = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8
const HUES = 8

/** CSS variable of each series' color. By name where nothing is said: the same name has the same color everywhere, unless two of one chart would look alike. */
export function seriesColors(series: readonly Pick<ChartSeries, 'name' | 'color' | 'compared'>[]): string[] {
  const byName = new Map<string, string>()
  const taken = new Set<number>()
  for (const { name, color } of series) {
    if (color === undefined) continue
    byName.set(name, typeof color === 'number' ? `--sp-hue-${color}` : `--sp-tone-${color}`)
    if (typeof color === 'number') taken.add(color - 1)
  }
  const open = [...new Set(series.map(({ name }) => name))].filter((name) => !byName.has(name)).sort()
  for (const name of open) {
    let hue = hash(name) % HUES
    for (let tries = 0; tries < HUES && taken.has(hue); tries++) hue = (hue + 1) % HUES
    taken.add(hue)
    byName.set(name, `--sp-hue-${hue + 1}`)
  }
  return series.map(({ name }) => byName.get(name) as string)
}

function hash(text: string): number {
  let h = 2166136261
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619)
  return h >>> 0
}

/** Running sums from the first series up; hidden series add nothing and stay gaps. */
export function stack(values: readonly (readonly (number | null)[])[], shown: readonly boolean[]): (number | null)[][] {
  const length = values[0]?.length ?? 0
  const sums = new Array<number>(length).fill(0)
  return values.map((series, s) =>
    series.map((value, i) => {
      if (!shown[s] || value === null) return null
      sums[i] = (sums[i] as number) + value
      return sums[i] as number
    }),
  )
}

export interface Extremes {
  last: number | null
  min: number | null
  max: number | null
}
export function extremes(values: readonly (number | null)[]): Extremes {
  let last: number | null = null
  let min: number | null = null
  let max: number | null = null
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue
    last = value
    if (min === null || value < min) min = value
    if (max === null || value > max) max = value
  }
  return { last, min, max }
}

export const hasData = (series: readonly ChartSeries[]): boolean => series.some(({ values }) => values.some((value) => value !== null))
