/** Snappy's block format (https://github.com/google/snappy/blob/main/format_description.txt), compressing only: no native addon in a bundle of one file. */
const BLOCK = 1 << 16
const HASH_BITS = 14
const table = new Uint16Array(1 << HASH_BITS)

/** At most 32 + length + length / 6 bytes. */
export function snappyCompress(input: Uint8Array): Uint8Array {
  const out = new Uint8Array(32 + input.length + Math.ceil(input.length / 6))
  let to = 0
  for (let rest = input.length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      out[to++] = rest
      break
    }
    out[to++] = (rest % 128) | 128
  }
  for (let from = 0; from < input.length; from += BLOCK) to = block(input, from, Math.min(input.length, from + BLOCK), out, to)
  return out.subarray(0, to)
}

function block(input: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  let to = at
  let literal = start
  table.fill(0)
  const view = new DataView(input.buffer, input.byteOffset)
  let i = start
  // Where nothing repeats, steps grow.
  let skip = 32
  while (i + 4 <= end) {
    const word = view.getInt32(i, true)
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS)
    const candidate = start + table[slot]!
    table[slot] = i - start
    if (candidate >= i || view.getInt32(candidate, true) !== word) {
      i += skip++ >> 5
      continue
    }
    skip = 32
    let length = 4
    while (i + length < end && input[candidate + length] === input[i + length]) length++
    if (i > literal) to = putLiteral(input, literal, i, out, to)
    const offset = i - candidate
    for (let left = length; left > 0; ) {
      const n = left > 64 ? (left < 68 ? 60 : 64) : left
      if (n >= 4 && n <= 11 && offset < 2048) {
        out[to++] = 1 | ((n - 4) << 2) | ((offset >> 8) << 5)
        out[to++] = offset & 255
      } else {
        out[to++] = 2 | ((n - 1) << 2)
        out[to++] = offset & 255
        out[to++] = offset >> 8
      }
      left -= n
    }
    i += length
    literal = i
  }
  return literal < end ? putLiteral(input, literal, end, out, to) : to
}

function putLiteral(input: Uint8Array, from: number, end: number, out: Uint8Array, at: number): number {
  let to = at
  const n = end - from - 1
  if (n < 60) out[to++] = n << 2
  else if (n < 256) {
    out[to++] = 60 << 2
    out[to++] = n
  } else {
    out[to++] = 61 << 2
    out[to++] = n & 255
    out[to++] = n >> 8
  }
  out.set(input.subarray(from, end), to)
  return to + end - from
}
