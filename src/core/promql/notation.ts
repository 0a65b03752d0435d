/** The series notation of Prometheus' test scripts: `1+2x3 _ stale {{sum:1 count:1}}x5`. */

import { combine } from './histogram/arithmetic.ts'
import { CUSTOM, type Histogram, mapHistogram, NO_BUCKETS, type ResetHint } from './histogram/histogram.ts'
import { type Labels, labelsOf } from './labels.ts'
import { durationSeconds, tokens } from './lexer.ts'

export type Sample = number | Histogram | 'stale' | undefined

const TOKEN = /\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x\d+)?|\S+/g

/** The samples of a line, one for each step; undefined where none is. */
export function samplesOf(text: string): Sample[] {
  return [...text.matchAll(TOKEN)].flatMap(([token]) => expand(token))
}

function expand(token: string): Sample[] {
  const hist = /^\{\{(.*?)\}\}(?:([+-])\{\{(.*?)\}\})?(?:x(\d+))?$/.exec(token)
  if (hist) {
    const [, first, sign, second, times] = hist
    const start = histogramOf(first!)
    if (times === undefined) return [start]
    if (second === undefined) return Array.from({ length: Number(times) + 1 }, () => start)
    const step = histogramOf(second)
    const out: Histogram[] = [start]
    for (let i = 0; i < Number(times); i++) {
      const next = combine(out.at(-1)!, step, sign === '-' ? -1 : 1, { boundsDiffered: false, resetCollision: false })
      if (!next) throw new Error(`the histograms of ${token} do not fit`)
      out.push({ ...next, hint: start.hint })
    }
    return out
  }
  const blank = /^(_|stale)(?:x(\d+))?$/.exec(token)
  if (blank) return Array.from({ length: Number(blank[2] ?? 1) }, () => (blank[1] === 'stale' ? 'stale' : undefined))
  const series = /^([-+]?[^x]*?[^x+eE-])(?:([+-][^x]+))?x(\d+)$/i.exec(token.replace(/^([-+]?)0x/i, '$10x'))
  if (series && !/^[-+]?0x/i.test(token)) {
    const start = numberOf(series[1]!)
    const step = series[2] === undefined ? 0 : numberOf(series[2])
    return Array.from({ length: Number(series[3]) + 1 }, (_, i) => start + step * i)
  }
  const zero = /^([-+]?0)x(\d+)$/.exec(token)
  if (zero) return Array.from({ length: Number(zero[2]) + 1 }, () => numberOf(zero[1]!))
  return [numberOf(token)]
}

export function numberOf(text: string): number {
  if (/^[-+]?inf$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (/^[-+]?nan$/i.test(text)) return Number.NaN
  const value = Number(text)
  if (text.trim() === '' || Number.isNaN(value)) throw new Error(`"${text}" is no number`)
  return value
}

/** Start times relative to the sample, milliseconds. */
export function startsOf(text: string): (number | undefined)[] {
  return [...text.matchAll(/\S+/g)].flatMap(([token]) => {
    const [, value, times] = /^(_|[-+]?[0-9a-z]*?)(?:x(\d+))?$/.exec(token)!
    const blank = value === '_'
    const sign = value!.startsWith('-') ? -1 : 1
    const bare = value!.replace(/^[-+]/, '')
    const ms = blank ? undefined : sign * 1000 * (durationSeconds(bare) ?? Number(bare))
    return Array.from({ length: times === undefined ? 1 : Number(times) + (blank ? 0 : 1) }, () => ms)
  })
}

function histogramOf(text: string): Histogram {
  const fields = new Map([...text.matchAll(/([a-z_]+):(\[[^\]]*\]|\S+)/g)].map(([, name, value]) => [name!, value!]))
  const number = (name: string) => numberOf(fields.get(name) ?? '0')
  const list = (name: string) =>
    (fields.get(name) ?? '[]')
      .slice(1, -1)
      .trim()
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(numberOf)
  const buckets = (name: string, offset: string) => {
    const counts = list(name)
    return counts.length === 0 ? NO_BUCKETS : { offset: number(offset), counts: Float64Array.from(counts) }
  }
  const schema = number('schema')
  return mapHistogram(
    {
      schema,
      zeroThreshold: number('z_bucket_w'),
      zeroCount: number('z_bucket'),
      count: number('count'),
      sum: number('sum'),
      positive: buckets('buckets', 'offset'),
      negative: buckets('n_buckets', 'n_offset'),
      custom: schema === CUSTOM ? list('custom_values') : null,
      hint: (fields.get('counter_reset_hint') as ResetHint | undefined) ?? 'unknown',
    },
    (v) => v,
  )
}

/** `metric{a="b"}` or `{…}` at the start of a line, and what follows. */
export function seriesHead(text: string): { labels: Labels; rest: string } {
  let end = /^[A-Za-z_:][\w:]*/.exec(text)?.[0].length ?? 0
  const name = text.slice(0, end)
  const labels: [string, string][] = name ? [['__name__', name]] : []
  if (text[end] === '{') {
    const close = /^\{(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\}/.exec(text.slice(end))![0]
    const list = tokens(close).filter(({ kind, text: t }) => kind === 'word' || kind === 'string' || t === '=')
    for (let i = 0; i < list.length; ) {
      if (list[i + 1]?.text === '=' && list[i + 1]?.kind === 'op') {
        labels.push([list[i]!.text, list[i + 2]!.text])
        i += 3
      } else labels.push(['__name__', list[i++]!.text])
    }
    end += close.length
  }
  return { labels: labelsOf(labels), rest: text.slice(end).trim() }
}
