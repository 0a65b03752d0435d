import { describe, expect, it } from 'vitest'
import { SIGNALS } from '#core/telemetry/table.ts'
import { daysLeft, defaultLimits, type Partition, partitionsToDrop } from './limits.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 23)
const limits = defaultLimits(1e12)
const part = (table: Partition['table'], age: number, bytes = 100): Partition => ({
  table,
  partitionId: `${table}${age}`,
  bytes,
  rows: 1,
  from: NOW - age * DAY - DAY,
  to: NOW - age * DAY,
})
const dropped = (partitions: Partition[], budget = 1e9, days = 30) =>
  partitionsToDrop(partitions, { ...limits, access: { budgetBytes: budget, retentionDays: days } }, NOW).map(({ partitionId }) => partitionId)

describe('limits', () => {
  it('start with shares of at most 70 % of what is free', () => {
    const sum = (free: number) => SIGNALS.reduce((total, signal) => total + defaultLimits(free)[signal].budgetBytes, 0)
    expect(sum(1e9)).toBeLessThanOrEqual(0.7e9)
    expect(sum(1e9)).toBeGreaterThan(0.69e9)
    expect(sum(1e15)).toBeLessThanOrEqual(200 * 2 ** 30)
  })

  it('drop what is past its days, and nothing that is not', () => {
    expect(dropped([part('access', 31), part('access', 29), part('access_1m', 31), part('access_1m', 91)])).toEqual(['access31', 'access_1m91'])
  })

  it('drop the oldest raw rows first when over budget, then roll-ups, no more than needed', () => {
    const all = [part('access', 1), part('access', 3), part('access_1m', 9), part('access', 2)]
    expect(dropped(all, 400)).toEqual([])
    expect(dropped(all, 399)).toEqual(['access3'])
    expect(dropped(all, 250)).toEqual(['access3', 'access2'])
    expect(dropped(all, 50)).toEqual(['access3', 'access2', 'access1', 'access_1m9'])
  })

  it('never drop a table that has no partitions by time', () => {
    const series = { ...part('series', 0, 1e18), from: 0, to: 0 }
    expect(partitionsToDrop([series, part('sample_runs', 1)], limits, NOW).map(({ table }) => table)).toEqual(['sample_runs'])
  })

  it('leave one signal alone when another is over its budget', () => {
    expect(partitionsToDrop([part('logs', 1, 1e18), part('access', 1)], limits, NOW).map(({ table }) => table)).toEqual(['logs'])
  })
})

describe('daysLeft', () => {
  const HOUR = 3_600_000
  const ago = (from: number, to: number, bytes: number): Partition => ({ ...part('access', 0, bytes), from: NOW - from * HOUR, to: NOW - to * HOUR })
  it('follows what came in the last day', () => {
    expect(daysLeft([ago(24, 12, 50), ago(12, 0, 50)], 200, NOW)).toBeCloseTo(1)
    expect(daysLeft([ago(12, 0, 50)], 150, NOW)).toBeCloseTo(1)
    expect(daysLeft([ago(24, 0, 300)], 200, NOW)).toBe(0)
  })
  it('counts of an older partition only what is of the last day', () => {
    expect(daysLeft([ago(240, 24, 1000), ago(48, 0, 200)], 1400, NOW)).toBeCloseTo(2)
  })
  it('says nothing where there is too little history or nothing came', () => {
    expect(daysLeft([], 200, NOW)).toBeUndefined()
    expect(daysLeft([ago(0.5, 0, 50)], 200, NOW)).toBeUndefined()
    expect(daysLeft([ago(100, 30, 50)], 200, NOW)).toBeUndefined()
    expect(daysLeft([{ ...part('series', 0), from: 0, to: 0 }], 200, NOW)).toBeUndefined()
  })
})
