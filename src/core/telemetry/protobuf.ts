/** Walks protobuf messages without an object for each: https://protobuf.dev/programming-guides/encoding/ */

/** The bytes are no such message. */
export class ProtobufError extends Error {
  override name = 'ProtobufError'
}

const decoder = new TextDecoder()

/**
 * A place in a message. `next()` reads a tag into `field` and `wire`; then the value is read by the method that fits, or skipped.
 * A class, because the hot loops of ingest go through it.
 */
export class ProtobufReader {
  readonly bytes: Uint8Array
  readonly #view: DataView
  at: number
  end: number
  field = 0
  wire = 0

  constructor(bytes: Uint8Array, from = 0, to: number = bytes.length) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = from
    this.end = to
  }

  next(): boolean {
    if (this.at >= this.end) return false
    const tag = this.varint()
    this.field = Math.floor(tag / 8)
    this.wire = tag % 8
    if (this.field === 0) throw new ProtobufError('a field has the number 0')
    return true
  }

  /** An unsigned number; exact up to 2^53. */
  varint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.end) throw new ProtobufError('cut off in a number')
      const byte = this.bytes[this.at++]!
      value += (byte & 127) * scale
      if (byte < 128) return value
      scale *= 128
    }
    throw new ProtobufError('a number is too long')
  }

  /** int64 and int32: two's complement. */
  int(): number {
    const from = this.at
    const value = this.varint()
    return this.at - from < 10 ? value : Number(BigInt.asIntN(64, this.#big(from)))
  }

  /** sint64 and sint32: zigzag. */
  zigzag(): number {
    const from = this.at
    const value = this.varint()
    if (value > Number.MAX_SAFE_INTEGER) {
      const big = this.#big(from)
      return Number((big >> 1n) ^ -(big & 1n))
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  #big(from: number): bigint {
    let value = 0n
    for (let i = from, shift = 0n; i < this.at; i++, shift += 7n) value |= BigInt(this.bytes[i]! & 127) << shift
    return value
  }

  double(): number {
    this.need(8)
    const value = this.#view.getFloat64(this.at, true)
    this.at += 8
    return value
  }

  /** The low and the high half of eight bytes, whose bits a number might not keep. */
  words(): [low: number, high: number] {
    this.need(8)
    this.at += 8
    return [this.#view.getUint32(this.at - 8, true), this.#view.getUint32(this.at - 4, true)]
  }

  /** fixed64 and sfixed64 as a number. */
  fixed64(signed = false): number {
    const [low, high] = this.words()
    return (signed ? high | 0 : high) * 2 ** 32 + low
  }

  /** End of the length-delimited value that begins at `at`. */
  span(): number {
    if (this.wire !== 2) throw new ProtobufError(`field ${this.field} has wire type ${this.wire}`)
    const length = this.varint()
    if (this.at + length > this.end) throw new ProtobufError('cut off')
    return this.at + length
  }

  text(): string {
    const to = this.span()
    const from = this.at
    this.at = to
    return decoder.decode(this.bytes.subarray(from, to))
  }

  raw(): Uint8Array {
    const to = this.span()
    const from = this.at
    this.at = to
    return this.bytes.subarray(from, to)
  }

  /** Calls `read` for each field of the message that begins here. */
  message(read: () => void): void {
    const outer = this.end
    const to = this.span()
    this.end = to
    while (this.next()) read()
    if (this.at !== to) throw new ProtobufError('a message is longer than it says')
    this.end = outer
  }

  /** A repeated number, packed or not. */
  repeated(wire: 0 | 1, read: () => void): void {
    if (this.wire === wire) {
      read()
      return
    }
    const outer = this.end
    const to = this.span()
    this.end = to
    while (this.at < to) read()
    this.end = outer
  }

  skip(): void {
    if (this.wire === 0) this.varint()
    else if (this.wire === 1) this.at += 8
    else if (this.wire === 5) this.at += 4
    else if (this.wire === 2) this.at = this.span()
    else throw new ProtobufError(`wire type ${this.wire}`)
    if (this.at > this.end) throw new ProtobufError('cut off')
  }

  need(bytes: number): void {
    if (this.at + bytes > this.end) throw new ProtobufError('cut off')
  }
}
