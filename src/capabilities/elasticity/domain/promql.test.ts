import { describe, expect, it } from 'vitest'
import { freshnessQueries, promqlProblem } from './promql.ts'

describe('what a query reads', () => {
  it('is each selector once, without its range, wherever it stands', () => {
    const queries = freshnessQueries('sum(rate(http_total{job="a"}[1m])) / scalar(count(up)) + sum(rate(http_total{job="a"}[5m]))', 120)
    expect(queries.map(({ newest }) => newest)).toEqual(['max(timestamp(http_total{job="a"}))', 'max(timestamp(up))'])
    for (const { newest, share } of queries) expect([promqlProblem(newest), promqlProblem(share)]).toEqual([undefined, undefined])
  })
  it('is nothing where nothing is read, and not what is asked of another time', () => {
    expect(freshnessQueries('vector(42)', 120)).toEqual([])
    expect(freshnessQueries('rate(a[5m] offset 1d) + b @ 1', 120)).toEqual([])
  })
})
