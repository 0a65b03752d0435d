import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { query } from 'chdb'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type Cell, encodeRows, type Row } from './encode-rows.ts'
import type { Table } from './table.ts'
import { TABLES } from './tables.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-rows-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What the real engine reads from the block. */
function readBack(native: Uint8Array, select = '*'): Record<string, unknown>[] {
  const path = join(folder, 'block.native')
  writeFileSync(path, native)
  const text = query(`select ${select} from file('${path}', 'Native') settings output_format_json_quote_denormals=1, session_timezone='UTC'`, 'JSONEachRow')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const sample: Record<string, readonly Cell[]> = {
  String: ['', 'a "b"\n', '漢字', undefined],
  'LowCardinality(String)': ['x', 'y', 'x', undefined],
  UInt8: [0, 255, 7, undefined],
  UInt16: [0, 65535, 7, undefined],
  UInt32: [0, 4294967295, 7, undefined],
  UInt64: [0, 18446744073709551615n, 7, undefined],
  Float32: [0.5, -1, Number.POSITIVE_INFINITY, undefined],
  'LowCardinality(Float32)': [0.5, -1, Number.POSITIVE_INFINITY, undefined],
  Float64: [0.1, -1, Number.POSITIVE_INFINITY, undefined],
  DateTime: [0, 1_700_000_000_999, 1000, undefined],
  'DateTime64(3)': [0, 1_700_000_000_123, 1, undefined],
  'DateTime64(9)': [0, 1_700_000_000_123_456_789n, 1, undefined],
  'FixedString(8)': [new Uint8Array(8).fill(65), new Uint8Array(8).fill(66), new Uint8Array(8).fill(67), undefined],
  'FixedString(16)': [new Uint8Array(16).fill(65), new Uint8Array(16), new Uint8Array(16).fill(67), undefined],
  'FixedString(32)': [new Uint8Array(32).fill(65), new Uint8Array(32), new Uint8Array(32).fill(67), undefined],
  'Map(LowCardinality(String), String)': [{ a: '1', b: '漢' }, {}, { a: '2' }, undefined],
}

describe('encodeRows', () => {
  it('writes every type that a table of ours has so that the engine reads it, but states that the engine makes', () => {
    const types = new Set(Object.values<Table>(TABLES).flatMap((table) => table.columns.map((column) => column.type)))
    for (const type of types) {
      if (/AggregateFunction/.test(type)) expect(() => encodeRows(tableOf({ a: type }), [{ a: 1 }])).toThrow('made by the engine')
      else expect(Object.keys(sample), type).toContain(type)
    }
    const names = Object.keys(sample).map((type, i) => [`c${i}`, type] as const)
    const table = tableOf(Object.fromEntries(names))
    const rows = [0, 1, 2, 3].map((i) => Object.fromEntries(names.map(([name, type]) => [name, sample[type]![i]])) as Row)
    const block = encodeRows(table, rows)
    expect(block.rows).toBe(4)
    const back = readBack(block.native)
    const of = (type: string) => back.map((row) => row[names.find(([, other]) => other === type)![0]])
    expect(of('String')).toEqual(['', 'a "b"\n', '漢字', ''])
    expect(of('LowCardinality(String)')).toEqual(['x', 'y', 'x', ''])
    expect(of('UInt8')).toEqual([0, 255, 7, 0])
    expect(of('UInt32')).toEqual([0, 4294967295, 7, 0])
    expect(of('UInt64').map(String)).toEqual(['0', '18446744073709552000', '7', '0'])
    expect(of('Float32')).toEqual([0.5, -1, 'inf', 'nan'])
    expect(of('LowCardinality(Float32)')).toEqual([0.5, -1, 'inf', 'nan'])
    expect(of('Float64')).toEqual([0.1, -1, 'inf', 'nan'])
    expect(of('DateTime')).toEqual(['1970-01-01 00:00:00', '2023-11-14 22:13:20', '1970-01-01 00:00:01', '1970-01-01 00:00:00'])
    expect(of('DateTime64(3)')[1]).toBe('2023-11-14 22:13:20.123')
    expect(of('DateTime64(9)').slice(1, 3)).toEqual(['2023-11-14 22:13:20.123456789', '1970-01-01 00:00:00.001000000'])
    expect(of('FixedString(8)')[1]).toBe('BBBBBBBB')
    expect(of('Map(LowCardinality(String), String)')).toEqual([{ a: '1', b: '漢' }, {}, { a: '2' }, {}])
  })

  it('round-trips any maps and words through the engine', () => {
    const table = tableOf({ m: 'Map(LowCardinality(String), String)', w: 'LowCardinality(String)', s: 'String' })
    const word = fc.string({ unit: 'grapheme', maxLength: 12 })
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            m: fc.dictionary(
              fc.string({ minLength: 1, maxLength: 5 }).filter((key) => key !== '__proto__'),
              word,
              { maxKeys: 4 },
            ),
            w: word,
            s: word,
          }),
          { minLength: 1, maxLength: 300 },
        ),
        (rows) => {
          expect(readBack(encodeRows(table, rows).native)).toEqual(rows.map((row) => ({ ...row, m: { ...row.m } })))
        },
      ),
      { numRuns: 15 },
    )
  })

  it('leaves out columns that no row has, and refuses strangers and values that do not fit', () => {
    const { audit } = TABLES
    expect(readBack(encodeRows(audit, [{ ts: 0, cluster: 'local', verb: 'login', status: 200 }]).native)).toEqual([
      { ts: '1970-01-01 00:00:00.000', cluster: 'local', verb: 'login', status: 200 },
    ])
    expect(() => encodeRows(audit, [{ verbs: 'x' }])).toThrow('audit has no column verbs')
    for (const status of [-1, 70_000, 1.5, Number.NaN, '200']) expect(() => encodeRows(audit, [{ status }])).toThrow('audit.status')
  })
})

const tableOf = (columns: Record<string, string>): Table => ({
  name: 't',
  owner: 't',
  doc: 't',
  columns: Object.entries(columns).map(([name, type]) => ({ name, type, doc: '' })),
  orderBy: [],
  partitionBy: '',
  ttlDays: 1,
  timeColumn: 'a',
})
