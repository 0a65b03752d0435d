import { describe, expect, it } from 'vitest'
import { column, type Table } from '#core/telemetry/table.ts'
import { TABLES } from '#core/telemetry/tables.ts'
import { knownVersions, migrations } from './ddl.ts'

const base: Table = {
  name: 't',
  owner: 'o',
  doc: '',
  columns: [column('ts', 'DateTime', ''), column('a', 'String', '')],
  orderBy: ['ts'],
  partitionBy: 'toDate(ts)',
  ttlDays: 1,
  timeColumn: 'ts',
}
const later: Table = {
  ...base,
  columns: [base.columns[0]!, column('b', 'UInt8', '', { since: 2, codec: 'ZSTD(1)' }), base.columns[1]!, column('c', 'UInt8', '', { since: 3 })],
}
const rolled: Table = { ...base, name: 'r', since: 2, from: { table: 't', select: 'SELECT ts, a FROM t' } }

describe('migrations', () => {
  it('make a new store whole, and leave a current one alone', () => {
    const all = migrations(Object.values(TABLES), new Map())
    const statements = all.flatMap((migration) => migration.statements)
    for (const name of Object.keys(TABLES)) expect(statements.filter((sql) => sql.startsWith(`CREATE TABLE IF NOT EXISTS sallyport.${name} (`))).toHaveLength(1)
    expect(migrations(Object.values(TABLES), knownVersions(Object.values(TABLES)))).toEqual([])
  })

  it('take an old store forward one version at a time, by what each version added', () => {
    const steps = migrations([later, rolled], new Map([['o', 1]]))
    expect(steps.map(({ version }) => version)).toEqual([2, 3])
    expect(steps[0]!.statements[0]).toBe('ALTER TABLE sallyport.t ADD COLUMN IF NOT EXISTS `b` UInt8 CODEC(ZSTD(1)) AFTER `ts`')
    expect(steps[0]!.statements[1]).toContain('CREATE TABLE IF NOT EXISTS sallyport.r ')
    expect(steps[0]!.statements[2]).toContain('CREATE MATERIALIZED VIEW IF NOT EXISTS sallyport.r_view TO sallyport.r')
    expect(steps[1]!.statements[0]).toBe('ALTER TABLE sallyport.t ADD COLUMN IF NOT EXISTS `c` UInt8 AFTER `a`')
    expect(steps[1]!.statements.at(-1)).toContain("VALUES ('o', 3)")
  })

  it('change the view of a roll-up that gains a column, after its table', () => {
    const grown: Table = { ...rolled, columns: [...rolled.columns, column('n', 'UInt64', '', { since: 3 })] }
    const [step] = migrations([base, grown], new Map([['o', 2]]))
    expect(step!.statements.slice(0, 2)).toEqual([
      'ALTER TABLE sallyport.r ADD COLUMN IF NOT EXISTS `n` UInt64 AFTER `a`',
      'ALTER TABLE sallyport.r_view MODIFY QUERY SELECT ts, a FROM t',
    ])
  })

  it('know the greatest version of each owner', () => {
    expect(knownVersions([later, rolled])).toEqual(new Map([['o', 3]]))
  })
})
