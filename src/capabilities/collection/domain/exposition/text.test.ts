import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { POWERS_OF_TEN, TAG } from '#core/telemetry/metric-batch.ts'
import { ExpositionError, formatSeries, parseSeries } from '#core/telemetry/series-text.ts'
import { textCodec } from '../../collect/text-codec.ts'
import { compact, createMemory, REPORT_SERIES, slotText, type TargetMemory, withText } from './memory.ts'
import { createColumns, LimitExceeded, markAllStale, type ReadOptions } from './scrape-columns.ts'
import { type Body, readText } from './text.ts'

const bodyOf = (text: string): Body => {
  const encoded = new TextEncoder().encode(text)
  const bytes = new Uint8Array(encoded.length + 8)
  bytes.set(encoded)
  return { bytes, view: new DataView(bytes.buffer), length: encoded.length }
}
const columns = createColumns()
const options: ReadOptions = { now: 1_000_000, honorTimestamps: true, trackTimestamps: false, sampleLimit: 0 }

/** What the columns hold, as text → value (`stale` for a marker). */
function found(memory: TargetMemory): Record<string, number | string> {
  const out: Record<string, number | string> = {}
  for (let slot = REPORT_SERIES.length; slot < memory.slotCount; slot++) {
    const tag = columns.tags[slot]!
    if (tag === TAG.absent) continue
    const magnitude = columns.values[slot]!
    const number =
      tag < TAG.zero
        ? (tag & TAG.negative ? -1 : 1) * (magnitude / POWERS_OF_TEN[tag & 31]!)
        : tag === TAG.zero
          ? 0
          : tag === TAG.raw
            ? magnitude
            : tag === TAG.nan
              ? Number.NaN
              : tag === TAG.infinity
                ? Infinity
                : -Infinity
    out[slotText(memory, slot)] = tag === TAG.stale ? 'stale' : number
  }
  return out
}
const read = (memory: TargetMemory, text: string, change: Partial<ReadOptions & { openMetrics: boolean }> = {}) =>
  readText(memory, bodyOf(text), columns, { ...options, openMetrics: false, ...change })

describe('the text format', () => {
  test('samples, comments, spaces, escapes, numbers of all kinds', () => {
    const memory = createMemory([], () => ({}))
    const counts = read(
      memory,
      '# HELP a What\\nis it\n# TYPE a counter\na{x="1,}\\"\\\\"} 1.5e3\n  b\t-0.25 123\n\nc{} NaN\nd +Inf\ne -inf\nf 12345678901234567000\ng 0.1234567890123456\nh 0\ni -0\nj{"quoted.label"="v"} 5',
    )
    expect(counts.kept).toBe(10)
    expect(found(memory)).toEqual({
      'a{x="1,}\\"\\\\"}': 1500,
      b: -0.25,
      'c{}': Number.NaN,
      d: Infinity,
      e: -Infinity,
      f: 1.2345678901234567e19,
      g: 0.1234567890123456,
      h: 0,
      i: -0,
      'j{"quoted.label"="v"}': 5,
    })
    expect(memory.families[0]).toEqual({ name: 'a', type: 'counter', unit: '', help: 'What\nis it' })
    expect(columns.timed).toBe(true)
  })

  test('any decimal text is exactly the double that it means', () => {
    const memory = createMemory([], () => ({}))
    const decimal = fc.tuple(
      fc.constantFrom('', '-', '+'),
      fc.nat(999_999_999),
      fc.option(fc.stringMatching(/^\d{0,12}$/)),
      fc.option(fc.integer({ min: -30, max: 30 })),
    )
    fc.assert(
      fc.property(decimal, ([sign, whole, fraction, exponent]) => {
        const text = `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : `e${exponent}`}`
        read(memory, `a ${text}\n`)
        expect(found(memory).a).toBe(Number(text) === 0 && !text.startsWith('-') ? 0 : Number(text))
      }),
      { numRuns: 3000 },
    )
  })

  test('a memory tells the same as a new reading, whatever came before; what is gone is stale once', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'aa', 'b{x="1"}', 'b{x="2"}', 'c', 'dddddddd', 'dddddddd{e="f"}', '# a comment', 'h', 'i', 'j'), {
      maxLength: 11,
    })
    fc.assert(
      fc.property(fc.array(fc.tuple(names, fc.nat(1000)), { minLength: 1, maxLength: 8 }), (scrapes) => {
        const memory = createMemory([], () => ({}))
        // Another target, whose text takes the place of this one's between its scrapes.
        const other = createMemory([], () => ({}))
        const scrape = (of: typeof memory, lines: readonly string[]) => withText(of, textCodec, () => read(of, lines.join('')))
        let last = new Set<string>()
        for (const [lines, value] of scrapes) {
          const series = lines.filter((line) => !line.startsWith('#'))
          scrape(
            other,
            lines.map((line) => `other{of="${line.length}",value="${value}"} 1\n`),
          )
          const counts = scrape(
            memory,
            lines.map((line) => (line.startsWith('#') ? `${line}\n` : `${line} ${value + 1}\n`)),
          )
          const want: Record<string, number | string> = Object.fromEntries(series.map((line) => [line, value + 1]))
          for (const gone of last) want[gone] ??= 'stale'
          expect(withText(memory, textCodec, () => found(memory))).toEqual(want)
          expect(counts).toMatchObject({ scraped: series.length, kept: series.length, added: series.filter((line) => !last.has(line)).length })
          last = new Set(series)
          withText(memory, textCodec, () => compact(memory))
        }
        withText(memory, textCodec, () => {
          markAllStale(memory, columns, false)
          expect(found(memory)).toEqual(Object.fromEntries([...last].map((line) => [line, 'stale'])))
          markAllStale(memory, columns, false)
          expect(found(memory)).toEqual({})
        })
      }),
      { numRuns: 500 },
    )
  })

  test('lines that come and go for long do not make the memory grow', () => {
    const memory = createMemory([], () => ({}))
    for (let i = 0; i < 300; i++) {
      read(memory, Array.from({ length: 10 }, (_, j) => `pod{id="${i}-${j}"} 1\n`).join(''))
      compact(memory)
    }
    expect(memory.entries).toBeLessThan(500)
    expect(memory.slotCount).toBeLessThan(500)
    expect(Object.values(found(memory)).filter((value) => value === 1)).toHaveLength(10)
  })

  test.each([
    ['a 1\nb{x="1} 2\n', 2, 1, 'not closed'],
    ['a 1\n\nbroken{a=b} 2\n', 3, 10, 'quoted value'],
    ['a{x="1",x="2"} 1', 1, 9, 'twice'],
    ['a 1 2 3', 1, 7, 'end here'],
    ['a one', 1, 3, 'number'],
    ['9a 1', 1, 1, 'no name'],
    ['# TYPE a thing\na 1', 1, 10, 'no type'],
    ['a 1 1.5', 1, 5, 'whole milliseconds'],
  ])('a broken body says where: %j', (text, line, column, reason) => {
    const memory = createMemory([], () => ({}))
    read(memory, 'a 1\n')
    const error = (() => {
      try {
        read(memory, text)
      } catch (thrown) {
        return thrown
      }
      return undefined
    })() as ExpositionError
    expect(error).toBeInstanceOf(ExpositionError)
    expect([error.line, error.column]).toEqual([line, column])
    expect(error.reason).toContain(reason)
    expect(found(memory)).toEqual({ a: 'stale' })
    read(memory, 'a 2\n')
    expect(found(memory)).toEqual({ a: 2 })
  })

  test('a series twice: the first one counts', () => {
    const memory = createMemory([], () => ({}))
    for (const [first, second] of [
      [1, 2],
      [3, 4],
    ]) {
      const counts = read(memory, `a ${first}\nb 5\na ${second}\n`)
      expect(counts).toMatchObject({ scraped: 3, kept: 2, duplicates: 1 })
      expect(found(memory)).toEqual({ a: first, b: 5 })
    }
  })

  test('limits fail the whole scrape, series that relabelling drops do not count', () => {
    const memory = createMemory([], (labels) => (labels.get('__name__') === 'b' ? undefined : {}))
    expect(read(memory, 'a 1\nb 1\n', { sampleLimit: 1 })).toMatchObject({ scraped: 2, kept: 1 })
    expect(() => read(memory, 'a 1\nc 1\n', { sampleLimit: 1 })).toThrow(LimitExceeded)
    expect(found(memory)).toEqual({ a: 'stale' })
  })

  test('times of samples: honored, or not; such series do not become stale unless asked', () => {
    const memory = createMemory([], () => ({}))
    read(memory, 'a 1 999000\nb 2\n')
    expect([...columns.times.subarray(REPORT_SERIES.length, memory.slotCount)]).toEqual([-1000, 0])
    read(memory, '')
    expect(found(memory)).toEqual({ b: 'stale' })
    read(memory, 'a 1 999000\n', { honorTimestamps: false })
    expect(columns.timed).toBe(false)
    read(memory, '')
    expect(found(memory)).toEqual({ a: 'stale' })
  })
})

describe('OpenMetrics', () => {
  test('exemplars, times in seconds, units, the end', () => {
    const memory = createMemory([], () => ({}))
    const text = '# TYPE a_seconds histogram\n# UNIT a_seconds seconds\na_seconds_bucket{le="1"} 2 990.5 # {trace_id="x"} 0.5 990\na_seconds_count 2\n# EOF\n'
    for (let i = 0; i < 2; i++) {
      read(memory, text, { openMetrics: true })
      expect(columns.exemplars).toEqual([{ slot: REPORT_SERIES.length, labels: '{trace_id="x"}', value: 0.5, ts: 990_000 }])
      expect(columns.times[REPORT_SERIES.length]).toBe(-9500)
    }
    expect(memory.families[0]).toMatchObject({ type: 'histogram', unit: 'seconds' })
    expect(() => read(memory, 'a 1\n', { openMetrics: true })).toThrow('# EOF is missing')
    expect(() => read(memory, '# EOF\na 1\n', { openMetrics: true })).toThrow('more after')
  })
})

test('labels are written as they are read', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.string()), fc.string({ minLength: 1 }), (labels, name) => {
      const given = new Map([['__name__', name], ...Object.entries(labels).filter(([label]) => label !== '__name__')])
      expect(parseSeries(formatSeries(given))).toEqual(given)
    }),
  )
})
