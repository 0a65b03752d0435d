/** Reads ClickHouse's Native format back: number columns as one typed array over all blocks, bit for bit; texts as slices. */

const WIDTH: Readonly<Record<string, number>> = { Float64: 8, UInt64: 8, Int64: 8, UInt32: 4, DateTime: 4, UInt8: 1 }
const ARRAY = /^(?:SimpleAggregateFunction\(\w+, )?Array\((\w+)\)/

/** Arrays of a block: those of row i have the elements from `ends[i - 1]` to `ends[i]`, whose bytes begin at `from`. */
export interface NativeArrays {
  readonly ends: Uint32Array
  readonly from: number
}
export interface NativeColumns {
  readonly rows: number
  /** Bytes of a number column, little-endian, `rows` values; a fresh buffer. Throws for a column that is not there. */
  numbers(name: string): ArrayBuffer
  /** The values of a String column, as parts of the answer's bytes. */
  texts(name: string): Uint8Array[]
  /** Of an Array column, for each block of the answer. */
  arrays(name: string): readonly NativeArrays[]
}

/** Columns of type String, Float64, UInt64, UInt32, DateTime and UInt8, and arrays of numbers; throws a RangeError for others and for bytes that end early. */
export function readNative(bytes: Uint8Array): NativeColumns {
  const decoder = new TextDecoder()
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      if (at >= bytes.length) throw new RangeError('the answer ends early')
      const byte = bytes[at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  const skip = (length: number) => {
    const from = at
    at += length
    if (at > bytes.length) throw new RangeError('the answer ends early')
    return from
  }
  const parts = new Map<string, { width: number; from: number; to: number }[]>()
  const texts = new Map<string, Uint8Array[]>()
  const arrays = new Map<string, NativeArrays[]>()
  let rows = 0
  while (at < bytes.length) {
    const columns = varint()
    const blockRows = varint()
    rows += blockRows
    for (let c = 0; c < columns; c++) {
      const word = () => {
        const length = varint()
        const from = skip(length)
        return decoder.decode(bytes.subarray(from, from + length))
      }
      const name = word()
      const type = word()
      if (type === 'String') {
        const list = texts.get(name) ?? []
        texts.set(name, list)
        for (let row = 0; row < blockRows; row++) {
          const length = varint()
          const from = skip(length)
          list.push(bytes.subarray(from, from + length))
        }
        continue
      }
      const element = ARRAY.exec(type)?.[1]
      if (element !== undefined) {
        const offsets = new Uint32Array(new Uint8Array(bytes.subarray(skip(8 * blockRows), at)).buffer)
        const ends = offsets.filter((_, i) => i % 2 === 0)
        const from = skip((WIDTH[element] ?? Number.NaN) * (ends.at(-1) ?? 0))
        const list = arrays.get(name) ?? []
        arrays.set(name, list)
        list.push({ ends, from })
        continue
      }
      const width = WIDTH[type]
      if (width === undefined) throw new RangeError(`a column of type ${type}`)
      const from = skip(width * blockRows)
      const list = parts.get(name) ?? []
      parts.set(name, list)
      list.push({ width, from, to: at })
    }
  }
  return {
    rows,
    numbers(name) {
      const list = parts.get(name) ?? []
      if (list.length === 0 && rows > 0) throw new RangeError(`no column ${name}`)
      const whole = new Uint8Array(list.reduce((sum, { from, to }) => sum + to - from, 0))
      let put = 0
      for (const { from, to } of list) {
        whole.set(bytes.subarray(from, to), put)
        put += to - from
      }
      return whole.buffer
    },
    texts: (name) => texts.get(name) ?? [],
    arrays: (name) => arrays.get(name) ?? [],
  }
}
