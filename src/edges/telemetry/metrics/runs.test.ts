import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nativeBlock } from '#core/telemetry/native-block.ts'
import { runColumns } from './blocks.ts'
import { readRuns } from './runs.ts'

interface Sample {
  series: number
  at: number
  value: number
  stale: boolean
}

const sample = fc.record({
  series: fc.nat(4),
  at: fc.nat(7_200_000),
  value: fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double(), fc.constantFrom(Number.NaN, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)),
  stale: fc.boolean(),
})
const ids = BigUint64Array.from([3n, 2n ** 32n, 2n ** 63n + 5n, 2n ** 64n - 1n])

/** Blocks as inserts of a few samples each leave them, before any merge. */
function blocks(inserts: readonly (readonly Sample[])[]): Uint8Array {
  const parts = inserts.map((samples) => {
    const { rows, columns } = runColumns({
      // One more series than is asked for.
      ids: BigUint64Array.from(samples, ({ series }) => ids[series] ?? 7n),
      ts: Float64Array.from(samples, ({ at }) => at),
      values: Float64Array.from(samples, ({ value }) => value),
      stale: Uint8Array.from(samples, ({ stale }) => Number(stale)),
      whole: Uint8Array.from(samples, ({ value, stale }) => Number(!stale && Number.isSafeInteger(value) && !Object.is(value, -0))),
    })
    return nativeBlock(rows, columns)
  })
  return Buffer.concat(parts)
}

/** The rule in plain words: of one time the greatest number, before NaN, before a stale marker. */
const rank = ({ value, stale }: Sample) => (stale ? Number.NaN : value)
function expected(samples: readonly Sample[], series: number, from: number, to: number): Map<number, Sample> {
  const byTime = new Map<number, Sample>()
  for (const one of samples.filter((each) => each.series === series && each.at > from && each.at <= to)) {
    const known = byTime.get(one.at)
    const better = !known || known.stale || rank(one) > rank(known) || (Number.isNaN(rank(known)) && !one.stale)
    if (better && !(known && one.stale)) byTime.set(one.at, one)
  }
  return new Map([...byTime].sort(([a], [b]) => a - b))
}

describe('runs of samples', () => {
  it('come back as they were put in, whatever came together and in which order', () => {
    fc.assert(
      fc.property(fc.array(fc.array(sample, { minLength: 1, maxLength: 12 }), { maxLength: 12 }), fc.nat(7_200_000), fc.nat(7_200_000), (inserts, a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const read = readRuns(blocks(inserts), ids, from, to)
        for (const series of ids.keys()) {
          const wanted = expected(inserts.flat(), series, from, to)
          const found = read[series]
          expect([...(found?.ts ?? [])]).toEqual([...wanted.keys()])
          for (const [i, one] of [...wanted.values()].entries()) {
            expect(found!.stale?.[i] === 1).toBe(one.stale)
            if (!one.stale) expect(found!.values[i]).toBe(one.value)
          }
        }
      }),
      { numRuns: 300 },
    )
  })
})
