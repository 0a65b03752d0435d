/** The sending mover: what the other side lacks, as a tar stream. */
import { open } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { CodedError } from '#core/kernel/errors.ts'
import { clientTls, type Received, type Wanted } from './link.ts'
import { checksumOf, type Entry, readTree } from './tree.ts'

export interface Sent {
  entries: number
  bytes: number
  /** Of these, what had to be sent. */
  sentEntries: number
  sentBytes: number
  removed: number
  /** Sockets, pipes and devices. */
  left: readonly string[]
  /** Files that somebody wrote to while they were read: another pass is needed. */
  changing: readonly string[]
  /** Of the last pass. */
  checksum?: { source: string; target: string }
}

const CHUNK = 1024 * 1024

/** One pass. `checksum`: compares all contents afterwards; for the last pass, when nothing writes any more. */
export async function sendTree(root: string, to: { host: string; port: number }, key: Buffer, checksum: boolean): Promise<Sent> {
  const tree = await readTree(root)
  const { want, removed } = (await post(to, key, '/list', JSON.stringify({ entries: tree.entries }))) as Wanted
  const known = new Map(tree.entries.map((entry) => [entry.path, entry]))
  const changing: string[] = []
  let sentBytes = 0
  const tar = pack({ highWaterMark: CHUNK })
  const packing = (async () => {
    for (const path of want) {
      const entry = known.get(path)
      if (entry === undefined) throw new CodedError('INTERNAL', { reason: `the receiver asks for ${path}` })
      if (entry.type === 'file') {
        if (await packFile(tar, root, entry)) changing.push(path)
        sentBytes += entry.size
      } else await packOther(tar, entry)
    }
    tar.finalize()
  })()
  const [received] = await Promise.all([post(to, key, checksum ? '/data?checksum' : '/data', tar as unknown as Readable) as Promise<Received>, packing])
  const source = checksum ? await checksumOf(root, await readTree(root)) : ''
  return {
    entries: tree.entries.length,
    bytes: tree.entries.reduce((sum, { size }) => sum + size, 0),
    sentEntries: received.files,
    sentBytes,
    removed,
    left: tree.left,
    changing,
    ...(checksum ? { checksum: { source, target: received.checksum ?? '' } } : {}),
  }
}

type Pack = ReturnType<typeof pack>
const headerOf = ({ path, mode, uid, gid, mtimeMs }: Entry) => ({ name: path === '' ? '.' : path, mode, uid, gid, mtime: new Date(mtimeMs) })

const packOther = (tar: Pack, entry: Entry): Promise<void> =>
  new Promise((resolve, reject) => {
    const header =
      entry.type === 'directory'
        ? { ...headerOf(entry), type: 'directory' as const }
        : { ...headerOf(entry), type: 'symlink' as const, linkname: entry.target ?? '' }
    tar.entry(header, (error) => (error ? reject(error) : resolve()))
  })

/** Exactly as many bytes as the header says, whatever happens to the file meanwhile. True when something did. */
async function packFile(tar: Pack, root: string, entry: Entry): Promise<boolean> {
  const done = Promise.withResolvers<void>()
  const sink = tar.entry({ ...headerOf(entry), type: 'file', size: entry.size }, (error) => (error ? done.reject(error) : done.resolve()))
  const file = await open(join(root, entry.path)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  let at = 0
  let short = file === undefined
  while (at < entry.size) {
    const buffer = Buffer.alloc(Math.min(CHUNK, entry.size - at))
    const { bytesRead } = file === undefined || short ? { bytesRead: 0 } : await file.read(buffer, 0, buffer.length, at)
    short ||= bytesRead === 0
    const part = short ? buffer : buffer.subarray(0, bytesRead)
    at += part.length
    if (!sink.write(part)) await new Promise((resolve) => sink.once('drain', resolve as () => void))
  }
  sink.end(undefined)
  await done.promise
  const after = await file?.stat()
  await file?.close()
  return short || after?.mtimeMs !== entry.mtimeMs || after.size !== entry.size
}

function post({ host, port }: { host: string; port: number }, key: Buffer, path: string, body: string | Readable): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(new CodedError('UNREACHABLE', { server: `${host}:${port}`, reason: error.message }, { cause: error }))
    const outgoing = request({ host, port, path, method: 'POST', ...clientTls(key) }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (answer.statusCode === 200) resolve(JSON.parse(text))
        else fail(new Error(text))
      })
      answer.on('error', fail)
    })
    outgoing.on('error', fail)
    if (typeof body === 'string') outgoing.end(body)
    else pipeline(body, outgoing).catch(fail)
  })
}
