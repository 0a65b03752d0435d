/** Tar archives read by offset and written in order (POSIX.1-2001 pax and ustar; GNU long names and base-256 sizes). */
import { open } from 'node:fs/promises'

export interface TarEntry {
  /** Without `./` in front. */
  name: string
  /** Of the content, in the file. */
  offset: number
  size: number
  /** Of a symbolic or hard link. */
  link?: string
}

const BLOCK = 512
const MOST_ENTRIES = 1_000_000
const LONGEST_NAME = 64 * 1024

/** The files and links of an archive. Rejects with an Error that says what is wrong with it. */
export async function readTar(path: string): Promise<TarEntry[]> {
  await using file = await open(path)
  const { size: end } = await file.stat()
  const entries: TarEntry[] = []
  const header = Buffer.alloc(BLOCK)
  let longName: string | undefined
  let pax: Record<string, string> = {}
  for (let at = 0; at + BLOCK <= end; ) {
    await file.read(header, 0, BLOCK, at)
    if (header.every((byte) => byte === 0)) break
    if (at === 0 && header[0] === 0x1f && header[1] === 0x8b) throw new Error('it is compressed; unpack it with gunzip first')
    const expected = octal(header, 148, 8)
    const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0)
    if (sum !== expected) throw new Error(`it is no tar archive, or broken at byte ${at}`)
    const type = String.fromCharCode(header[156]!)
    const ustar = header.toString('latin1', 257, 262) === 'ustar'
    const prefix = ustar && header[345] !== 0 && header.toString('latin1', 257, 263) === 'ustar\0' ? `${text(header, 345, 155)}/` : ''
    const size = Number(pax.size ?? sizeOf(header))
    const offset = at + BLOCK
    if (!Number.isSafeInteger(size) || size < 0 || offset + size > end) throw new Error(`it ends within an entry at byte ${at}`)
    at = offset + Math.ceil(size / BLOCK) * BLOCK
    if (type === 'L' || type === 'x') {
      if (size > LONGEST_NAME) throw new Error('an entry has a name without end')
      const body = Buffer.alloc(size)
      await file.read(body, 0, size, offset)
      if (type === 'L') longName = body.toString('utf8').replace(/\0.*$/s, '')
      else pax = paxOf(body)
      continue
    }
    const name = (pax.path ?? longName ?? prefix + text(header, 0, 100)).replace(/^(?:\.\/)+/, '')
    const link = type === '1' || type === '2' ? (pax.linkpath ?? text(header, 157, 100)) : undefined
    longName = undefined
    pax = {}
    if (type === '0' || type === '\0' || type === '7' || link !== undefined)
      entries.push({ name, offset, size: link === undefined ? size : 0, ...(link === undefined ? {} : { link }) })
    if (entries.length > MOST_ENTRIES) throw new Error(`it has more than ${MOST_ENTRIES} entries`)
  }
  return entries
}

const text = (block: Buffer, at: number, length: number) => block.toString('utf8', at, at + length).replace(/\0.*$/s, '')
const octal = (block: Buffer, at: number, length: number) => Number.parseInt(text(block, at, length).trim() || '0', 8)

function sizeOf(header: Buffer): number {
  // Base-256, for more than 8 GiB.
  if (header[124]! & 0x80) return Number(header.readBigUInt64BE(128))
  return octal(header, 124, 12)
}

/** Records `LENGTH KEY=VALUE\n`. */
function paxOf(body: Buffer): Record<string, string> {
  const found: Record<string, string> = {}
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(32, at)
    const length = Number(body.toString('latin1', at, space))
    if (space < 0 || !Number.isInteger(length) || length <= space - at) break
    const [key, ...value] = body.toString('utf8', space + 1, at + length - 1).split('=')
    found[key!] = value.join('=')
    at += length
  }
  return found
}

/** The header of a file; time and owner are always the same, so that the same images make the same archive. */
export function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK)
  if (Buffer.byteLength(name) > 100) throw new RangeError(`the name ${name} is too long`)
  header.write(name, 0)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  if (size < 8 ** 11) header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  else {
    header[124] = 0x80
    header.writeBigUInt64BE(BigInt(size), 128)
  }
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257, 'latin1')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** What is missing to a whole block. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
export const TAR_END = Buffer.alloc(2 * BLOCK)
