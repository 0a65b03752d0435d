/**
 * Blocks in ClickHouse's Native format: columns as bytes, written without an object per row.
 * Format: https://clickhouse.com/docs/interfaces/formats/Native and src/Formats/NativeWriter (column count, row count, then name, type, data of each column).
 */

/** Bytes that grow by doubling. */
export class ByteSink {
  bytes: Uint8Array
  length = 0

  constructor(capacity = 1024) {
    this.bytes = new Uint8Array(capacity)
  }

  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  varint(value: number): void {
    this.reserve(10)
    let rest = value
    while (rest > 127) {
      this.bytes[this.length++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.bytes[this.length++] = rest
  }

  raw(source: Uint8Array, from = 0, to: number = source.length): void {
    const length = to - from
    this.reserve(length)
    // words are short: a loop is cheaper than a view and a call
    if (length < 48) for (let i = 0; i < length; i++) this.bytes[this.length + i] = source[from + i]!
    else this.bytes.set(source.subarray(from, to), this.length)
    this.length += length
  }

  /** A length-prefixed string. */
  string(text: string): void {
    this.reserve(text.length * 3 + 10)
    // mostly the bytes are as many as the characters, and need to be written once only
    const at = this.length + (text.length < 128 ? 1 : text.length < 16_384 ? 2 : 3)
    const { written } = encoder.encodeInto(text, this.bytes.subarray(at))
    this.varint(written)
    if (this.length !== at) this.bytes.copyWithin(this.length, at, at + written)
    this.length += written
  }

  uint64(value: bigint): void {
    this.reserve(8)
    new DataView(this.bytes.buffer).setBigUint64(this.length, value, true)
    this.length += 8
  }

  view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }
}

const encoder = new TextEncoder()

/** A column as it goes into a block. `data` is the body in Native layout, little-endian. */
export interface NativeColumn {
  name: string
  type: string
  data: Uint8Array
}

/** The bytes of a typed array, for number columns. */
export const bytesOf = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/** Words that can write themselves, for dictionaries that do not live in arrays of their own: each as its length (varint) and its bytes. */
export interface WordList {
  length: number
  writeTo(sink: ByteSink): void
}

/** Body of a `LowCardinality(String)` column: a dictionary and one key per row. An empty block has an empty body. */
export function lowCardinality(dictionary: readonly Uint8Array[] | WordList, keys: Uint32Array): Uint8Array {
  if (keys.length === 0) return new Uint8Array(0)
  const width = dictionary.length <= 0xff ? 0 : dictionary.length <= 0xffff ? 1 : 2
  const body = new ByteSink(64 + dictionary.length * 16 + keys.length * (1 << width))
  body.uint64(1n) // serialization version: shared dictionaries with additional keys
  body.uint64(BigInt(width) | (1n << 9n) | (1n << 10n)) // key width; has additional keys; needs dictionary update
  body.uint64(BigInt(dictionary.length))
  if ('writeTo' in dictionary) dictionary.writeTo(body)
  else
    for (const word of dictionary) {
      body.varint(word.length)
      body.raw(word)
    }
  body.uint64(BigInt(keys.length))
  body.raw(bytesOf(width === 0 ? new Uint8Array(keys) : width === 1 ? new Uint16Array(keys) : keys))
  return body.view()
}

/** One block. All columns have `rows` rows; nothing here checks that, the engine does. */
export function nativeBlock(rows: number, columns: readonly NativeColumn[]): Uint8Array {
  const size = columns.reduce((sum, column) => sum + column.data.length + column.name.length + column.type.length + 8, 16)
  const block = new ByteSink(size)
  block.varint(columns.length)
  block.varint(rows)
  for (const column of columns) {
    block.string(column.name)
    block.string(column.type)
    block.raw(column.data)
  }
  return block.view()
}
