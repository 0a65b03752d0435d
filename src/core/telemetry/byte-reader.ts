/** Reads bytes that others made: every read is checked against the end, and fails with a RangeError. */
export class ByteReader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  done(): boolean {
    return this.at >= this.end
  }

  /** LEB128, at most 2^53 - 1. */
  varint(): number {
    const { bytes, end } = this
    let value = 0
    let scale = 1
    for (let i = 0; i < 8; i++) {
      if (this.at >= end) throw new RangeError('the bytes end in the middle')
      const byte = bytes[this.at++]!
      value += (byte & 127) * scale
      if (byte < 128) {
        if (!Number.isSafeInteger(value)) break
        return value
      }
      scale *= 128
    }
    throw new RangeError('a number is too large')
  }

  /** A varint of things to come, at most `most`. */
  count(most: number): number {
    const count = this.varint()
    if (count > most) throw new RangeError(`${count} where at most ${most} may be`)
    return count
  }

  /** A view of the next `length` bytes. */
  take(length: number): Uint8Array {
    if (length > this.end - this.at) throw new RangeError('the bytes end in the middle')
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  float64(): number {
    const view = this.take(8)
    return new DataView(view.buffer, view.byteOffset).getFloat64(0, true)
  }

  string(): string {
    return decoder.decode(this.take(this.varint()))
  }
}

const decoder = new TextDecoder()
