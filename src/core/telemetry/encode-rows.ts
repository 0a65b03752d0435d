/** Plain rows into a Native block: for tables that get a few rows at a time. Hot paths build their columns themselves. */
import { ByteSink, bytesOf, lowCardinality, type NativeColumn, nativeBlock } from './native-block.ts'
import type { Table } from './table.ts'

/** Text; numbers; ms since the epoch for times (bigint: nanoseconds, for `DateTime64(9)`); bytes for FixedString; an object for Map. */
export type Cell = string | number | bigint | Uint8Array | Readonly<Record<string, string>> | undefined
export type Row = Readonly<Record<string, Cell>>

/**
 * A block of `rows` for `table`. Columns that no row has are left out, so the engine fills their defaults; where only some rows have one, the others get
 * its missing value: '' or 0, NaN for floats. Throws for a column that the table does not have and for values that do not fit its type.
 */
export function encodeRows(table: Table, rows: readonly Row[]): { rows: number; native: Uint8Array } {
  const used = new Set(rows.flatMap((row) => Object.keys(row)))
  const columns: NativeColumn[] = []
  for (const { name, type } of table.columns) {
    if (!used.delete(name)) continue
    const cells = rows.map((row) => row[name])
    const sent = WITHOUT_DICTIONARY[type] ?? type
    columns.push({ name, type: sent, data: encode(sent, cells, `${table.name}.${name}`) })
  }
  if (used.size > 0) throw new TypeError(`${table.name} has no column ${[...used].join(', ')}`)
  return { rows: rows.length, native: nativeBlock(rows.length, columns) }
}

/** Types that are sent without the dictionary they are stored with; the engine makes it. */
const WITHOUT_DICTIONARY: Readonly<Record<string, string>> = { 'LowCardinality(Float32)': 'Float32' }

const text = new TextEncoder()

function encode(type: string, cells: readonly Cell[], at: string): Uint8Array {
  const wrong = (cell: Cell): never => {
    throw new TypeError(`${at} is ${type} and cannot hold ${typeof cell}`)
  }
  const words = (cell: Cell): string => (cell === undefined ? '' : typeof cell === 'string' ? cell : wrong(cell))
  const integer = (most: number) => (cell: Cell) => {
    if (cell === undefined) return 0
    return typeof cell === 'number' && Number.isInteger(cell) && cell >= 0 && cell <= most ? cell : wrong(cell)
  }
  const float = (cell: Cell) => (cell === undefined ? Number.NaN : typeof cell === 'number' ? cell : wrong(cell))
  const whole = (perMs: bigint) => (cell: Cell) => {
    if (cell === undefined) return 0n
    if (typeof cell === 'bigint') return cell
    return typeof cell === 'number' && Number.isFinite(cell) ? BigInt(Math.trunc(cell)) * perMs : wrong(cell)
  }

  const fixed = /^FixedString\((\d+)\)$/.exec(type)
  if (fixed) {
    const size = Number(fixed[1])
    const body = new Uint8Array(size * cells.length)
    cells.forEach((cell, i) => {
      if (cell === undefined) return
      if (!(cell instanceof Uint8Array) || cell.length !== size) wrong(cell)
      else body.set(cell, i * size)
    })
    return body
  }
  switch (type) {
    case 'String':
      return strings(cells.map(words))
    case 'LowCardinality(String)':
      return dictionary(cells.map(words))
    case 'UInt8':
      return Uint8Array.from(cells, integer(0xff))
    case 'UInt16':
      return bytesOf(Uint16Array.from(cells, integer(0xffff)))
    case 'UInt32':
      return bytesOf(Uint32Array.from(cells, integer(0xffffffff)))
    case 'UInt64':
      return bytesOf(BigUint64Array.from(cells, whole(1n)))
    case 'Float32':
      return bytesOf(Float32Array.from(cells, float))
    case 'Float64':
      return bytesOf(Float64Array.from(cells, float))
    case 'DateTime':
      return bytesOf(Uint32Array.from(cells, (cell) => integer(0xffffffff)(typeof cell === 'number' ? Math.floor(cell / 1000) : cell)))
    case 'DateTime64(3)':
      return bytesOf(BigInt64Array.from(cells, whole(1n)))
    case 'DateTime64(9)':
      return bytesOf(BigInt64Array.from(cells, whole(1_000_000n)))
    case 'Map(LowCardinality(String), String)':
      return maps(
        cells.map((cell) => (cell === undefined || (typeof cell === 'object' && !(cell instanceof Uint8Array)) ? Object.entries(cell ?? {}) : wrong(cell))),
      )
    default:
      throw new TypeError(`${at}: rows with ${type} are made by the engine`)
  }
}

function strings(values: readonly string[]): Uint8Array {
  const body = new ByteSink(values.reduce((sum, value) => sum + value.length + 2, 0))
  for (const value of values) body.string(value)
  return body.view()
}

function dictionary(values: readonly string[]): Uint8Array {
  const index = new Map<string, number>()
  const keys = Uint32Array.from(values, (value) => {
    const known = index.get(value)
    if (known !== undefined) return known
    index.set(value, index.size)
    return index.size - 1
  })
  return lowCardinality(
    [...index.keys()].map((word) => text.encode(word)),
    keys,
  )
}

/** The dictionary's version comes before the offsets, the rest of it after them (SerializationMap: prefixes of all streams first). */
function maps(values: readonly (readonly [string, string])[][]): Uint8Array {
  const entries = values.flat()
  const body = new ByteSink()
  if (values.length > 0) body.uint64(1n)
  let end = 0
  for (const value of values) {
    end += value.length
    body.uint64(BigInt(end))
  }
  body.raw(dictionary(entries.map(([key]) => key)), entries.length > 0 ? 8 : 0)
  body.raw(strings(entries.map(([, value]) => value)))
  return body.view()
}
