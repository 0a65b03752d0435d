import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DIMENSIONS, NUMBERS } from './dimensions.ts'
import { filtersOf } from './filters.ts'
import { MOST_POINTS, partsOf, rankQuery, requestsQuery, rollable, seriesPart, spanOf, stepOf, totalsQuery } from './queries.ts'

const MINUTE = 60_000
const HOUR = 3_600_000
const NOW = Date.UTC(2026, 4, 6, 12, 34, 56, 789)
const range = fc
  .tuple(fc.integer({ min: 1, max: 40 * 24 * HOUR }), fc.integer({ min: 0, max: 40 * 24 * HOUR }))
  .map(([length, ago]) => ({ from: NOW - ago - length, to: NOW - ago }))
const UNIT = { access: 1, access_1m: MINUTE, access_5m: 5 * MINUTE, access_1h: HOUR }

describe('partsOf', () => {
  it('tiles the range without holes or overlaps, each part on whole buckets of its table, widened by less than an hour (property)', () => {
    fc.assert(
      fc.property(range, (asked) => {
        const parts = partsOf(asked, true, NOW)
        const span = spanOf(parts)
        expect(span.from <= asked.from && asked.from - span.from < HOUR).toBe(true)
        expect(span.to >= asked.to && span.to - asked.to < HOUR).toBe(true)
        parts.forEach((part, i) => {
          expect(part.from < part.to).toBe(true)
          expect(part.from % UNIT[part.source] === 0 && part.to % UNIT[part.source] === 0).toBe(true)
          if (i > 0) expect(part.from).toBe(parts[i - 1]!.to)
        })
        // No part reads more than two hours of minutes or ten minutes of raw rows.
        for (const { source, from, to } of parts)
          expect(to - from).toBeLessThanOrEqual(source === 'access' ? 5 * MINUTE : source === 'access_1m' ? 2 * HOUR : Number.POSITIVE_INFINITY)
        if (NOW - asked.to > 25 * HOUR) expect(parts.every(({ source }) => source !== 'access')).toBe(true)
      }),
    )
  })

  it('reads raw rows only where the roll-ups lack a column', () => {
    const asked = { from: NOW - 6 * HOUR, to: NOW }
    expect(rollable(filtersOf(['host:eq:a']), 'route')).toBe(true)
    expect(rollable(filtersOf(['status:eq:500']))).toBe(false)
    expect(rollable([], 'path')).toBe(false)
    expect(partsOf(asked, false, NOW)).toEqual([{ source: 'access', ...asked }])
  })
})

describe('stepOf', () => {
  it('never gives more than 600 points, and never a step below the one asked for (property)', () => {
    fc.assert(
      fc.property(range, fc.option(fc.integer({ min: 1000, max: 86_400_000 }), { nil: undefined }), (asked, wanted) => {
        const step = stepOf(asked, wanted)
        const part = seriesPart(asked, step, true)
        expect((part.to - part.from) / step).toBeLessThanOrEqual(MOST_POINTS)
        expect(step).toBeGreaterThanOrEqual(wanted ?? 1000)
        expect(step % UNIT[part.source]).toBe(0)
      }),
    )
  })
})

describe('statements', () => {
  it('carry no text of a user and give every parameter they name (property)', () => {
    fc.assert(
      fc.property(fc.constantFrom(...DIMENSIONS), fc.constantFrom(...NUMBERS), range, fc.string(), (by, sort, asked, evil) => {
        const marked = `\u2603${evil}`
        const cluster = { cluster: marked, filters: filtersOf([`host:eq:${marked}`, `service:contains:${marked}`, `namespace:ne:${marked}`]) }
        const parts = partsOf(asked, rollable(cluster.filters, by), NOW)
        const list = { sort: 'ts' as const, order: 'desc' as const, search: marked, limit: 10, offset: 0 }
        for (const { sql, params } of [
          totalsQuery(parts, cluster),
          rankQuery(parts, cluster, { by, sort, order: 'asc', search: marked, limit: 10, offset: 0 }),
          requestsQuery(asked, cluster, list),
        ]) {
          expect(sql).not.toContain('\u2603')
          for (const [, name] of sql.matchAll(/\{(\w+):/g)) expect(params).toHaveProperty(name!)
        }
      }),
    )
  })
})
