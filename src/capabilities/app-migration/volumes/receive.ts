/** The receiving mover: takes a list of what there is, says what it lacks, and takes that as a tar stream. */
import { createWriteStream } from 'node:fs'
import { chmod, lchown, lstat, lutimes, mkdir, rm, symlink, utimes } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar-stream'
import { type Received, serverTls, type Wanted } from './link.ts'
import { checksumOf, differs, type Entry, readTree } from './tree.ts'

const MOST_LIST = 512 * 1024 * 1024

/** Serves one move into `root`; the caller closes it. */
export async function receiver(root: string, key: Buffer, port: number, host = '::'): Promise<Server> {
  let expected = new Map<string, Entry>()
  const server = createServer(serverTls(key), (request, reply) => {
    const answer = async (): Promise<Wanted | Received> => {
      if (request.url === '/list') {
        const { entries } = JSON.parse((await readBody(request)).toString()) as { entries: Entry[] }
        for (const { path } of entries) check(path)
        expected = new Map(entries.map((entry) => [entry.path, entry]))
        return compare(root, expected)
      }
      const received = await unpack(root, request, expected)
      if (request.url !== '/data?checksum') return received
      return { ...received, checksum: await checksumOf(root, await readTree(root)) }
    }
    answer().then(
      (value) => reply.end(JSON.stringify(value)),
      (error: Error) => {
        reply.statusCode = 500
        reply.end(error.message)
      },
    )
  })
  // A volume may take hours.
  server.requestTimeout = 0
  server.timeout = 0
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return server
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MOST_LIST) throw new Error('the list is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A path may lead nowhere but down. */
function check(path: string): void {
  if (path !== '' && path.split('/').some((step) => step === '' || step === '.' || step === '..' || step.includes('\0')))
    throw new Error(`"${path}" leads out of the volume`)
}

/** Removes what is there and not at the source, or stands in the way, and says what is lacking. */
async function compare(root: string, expected: ReadonlyMap<string, Entry>): Promise<Wanted> {
  const there = await readTree(root)
  const known = new Map(there.entries.map((entry) => [entry.path, entry]))
  let removed = 0
  for (const { path, type } of there.entries) {
    const wanted = expected.get(path)
    if (path === '' || (wanted !== undefined && wanted.type === type)) continue
    await rm(join(root, path), { recursive: true, force: true })
    removed++
  }
  for (const path of there.left) await rm(join(root, path), { force: true })
  return { want: [...expected.values()].filter((entry) => differs(entry, known.get(entry.path))).map(({ path }) => path), removed }
}

async function unpack(root: string, body: IncomingMessage, expected: ReadonlyMap<string, Entry>): Promise<Received> {
  const received: Received = { files: 0, bytes: 0 }
  const tar = extract()
  const folders: Entry[] = []
  const reading = (async () => {
    for await (const part of tar) {
      const path = part.header.name === '.' ? '' : part.header.name.replace(/\/$/, '')
      check(path)
      const entry = expected.get(path)
      if (entry === undefined) throw new Error(`"${path}" was not in the list`)
      const full = join(root, path)
      await standsInFolders(root, path)
      if (entry.type === 'directory') {
        await mkdir(full, { recursive: true })
        folders.push(entry)
        part.resume()
      } else if (entry.type === 'symlink') {
        await rm(full, { force: true })
        await symlink(entry.target ?? '', full)
        await lchown(full, entry.uid, entry.gid)
        await lutimes(full, entry.mtimeMs / 1000, entry.mtimeMs / 1000)
        part.resume()
      } else {
        await rm(full, { force: true })
        await pipeline(part, createWriteStream(full, { flags: 'wx', mode: 0o600, highWaterMark: 1024 * 1024 }))
        await dress(full, entry)
        received.bytes += part.header.size ?? 0
      }
      received.files++
    }
  })()
  await Promise.all([pipeline(body, tar), reading])
  // Innermost first: what is written into a folder changes its time.
  for (const entry of folders.reverse()) await dress(join(root, entry.path), entry)
  return received
}

/** A link in the way would lead out of the volume. */
async function standsInFolders(root: string, path: string): Promise<void> {
  for (let folder = dirname(path); folder !== '.' && folder !== ''; folder = dirname(folder))
    if (!(await lstat(join(root, folder))).isDirectory()) throw new Error(`"${folder}" is no folder`)
}

async function dress(full: string, { uid, gid, mode, mtimeMs }: Entry): Promise<void> {
  await lchown(full, uid, gid)
  await chmod(full, mode)
  await utimes(full, mtimeMs / 1000, mtimeMs / 1000)
}
