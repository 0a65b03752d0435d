import { describe, expect, it } from 'vitest'
import { ByteSink, lowCardinality, nativeBlock } from './native-block.ts'
import { SIGNALS } from './table.ts'
import { SIGNAL_OF, TABLES } from './tables.ts'

describe('tables', () => {
  it('are whole: every table has a cluster, a time, an owner, documented columns, and a budget that it counts against', () => {
    for (const [name, table] of Object.entries(TABLES)) {
      const names = table.columns.map((column) => column.name)
      expect(table.name).toBe(name)
      expect(new Set(names).size, name).toBe(names.length)
      expect(names, name).toContain('cluster')
      expect(names, name).toContain(table.timeColumn)
      expect(table.orderBy[0], name).toBe('cluster')
      for (const column of table.columns) expect(column.doc.length, `${name}.${column.name}`).toBeGreaterThan(3)
      expect(SIGNALS).toContain(SIGNAL_OF[name as keyof typeof TABLES])
    }
  })

  it('are rolled up from a table of the same owner, so that one writer knows both', () => {
    const all: Record<string, { owner: string; from?: { table: string } }> = TABLES
    const derived = Object.values(all).filter((table) => table.from)
    expect(derived.length).toBeGreaterThan(0)
    for (const table of derived) expect(all[table.from!.table]?.owner).toBe(table.owner)
  })
})

describe('native blocks', () => {
  const text = new TextEncoder()

  it('writes lengths as LEB128', () => {
    const sink = new ByteSink(1)
    for (const n of [0, 127, 128, 300, 2 ** 31, 2 ** 40]) sink.varint(n)
    expect([...sink.view()]).toEqual([0, 127, 128, 1, 172, 2, 128, 128, 128, 128, 8, 128, 128, 128, 128, 128, 32])
  })

  it('widens the keys of a dictionary as it grows', () => {
    const width = (size: number) => {
      const body = lowCardinality(
        Array.from({ length: size }, (_, i) => text.encode(String(i))),
        new Uint32Array([0, size - 1]),
      )
      return body[8]
    }
    expect([width(2), width(255), width(256), width(65_535), width(65_536)]).toEqual([0, 0, 1, 1, 2])
  })

  it('begins with the counts of columns and rows', () => {
    const block = nativeBlock(2, [{ name: 'n', type: 'UInt8', data: new Uint8Array([7, 9]) }])
    expect([...block]).toEqual([1, 2, 1, 110, 5, ...text.encode('UInt8'), 7, 9])
  })
})
