/** Reads ClickHouse's Native format back: number columns as one typed array over all blocks, bit for bit; texts as slices. */

const WIDTH: Readonly<Record<string, number>> = { Float64: 8, UInt64: 8, UInt32: 4, UInt8: 1 }

export interface NativeColumns {
  readonly rows: number
  /** Bytes of a number column, little-endian, `rows` values; a fresh buffer. Throws for a column that is not there. */
  numbers(name: string): ArrayBuffer
  /** The values of a String column, as parts of the answer's bytes. */
  texts(name: string): Uint8Array[]
}

/** Columns of type String, Float64, UInt64, UInt32 and UInt8; throws a RangeError for others and for bytes that end early. */
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
  }
}
