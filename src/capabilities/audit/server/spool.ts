/**
 * Bodies of the webhook that came faster than they can be judged: kept on disk until they are, so that the API server is answered at once and nothing is lost.
 * One file a body, oldest first, bounded in bytes; what a crash left is read again at the next start (a batch has one id, so twice is once).
 */
import { mkdir, open, readdir, readFile, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { UUID } from '#core/kernel/ids.ts'

export interface Body {
  cluster: string
  batch: string
  source: string
  text: string
}

export interface Spool {
  /** Resolves when the body is synced. Rejects with QUEUE_FULL, DISK_FULL; nothing of it is left then. */
  add(body: Body): Promise<void>
  state(): { batches: number; bytes: number }
  stop(): Promise<void>
}

export interface SpoolDeps {
  folder: string
  clock: Pick<Clock, 'sleep'>
  /** Bytes on disk at most. */
  maxBytes: number
  /** Takes a body out of the spool; what rejects with a code for "not now" is tried again until it is taken. */
  write(body: Body): Promise<unknown>
  /** A body that can never be taken, or cannot be read any more. */
  onLost(body: Pick<Body, 'cluster' | 'source' | 'text'>, error: unknown): void
}

/** Room that stays free for the store, which needs it to take in what waits. */
const RESERVE_BYTES = 256 * 2 ** 20
const NOT_NOW: ReadonlySet<string> = new Set(['QUEUE_FULL', 'DISK_FULL', 'ENGINE_UNAVAILABLE'])
/** Of a reason that is no "not now": a fault that comes again each time must not keep everything else waiting. */
const TRIES = 5
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

export async function openSpool({ folder, clock, maxBytes, write, onLost }: SpoolDeps): Promise<Spool> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  /** File name → bytes, oldest first: names are ids, which begin with the time. */
  const waiting = new Map<string, number>()
  for (const name of (await readdir(folder)).sort()) {
    if (UUID.test(name)) waiting.set(name, (await stat(join(folder, name))).size)
    // nobody was told that it is kept
    else await rm(join(folder, name), { force: true })
  }
  let bytes = [...waiting.values()].reduce((sum, size) => sum + size, 0)
  const stopping = new AbortController()
  let wake = () => {}

  async function take(name: string): Promise<void> {
    const body = await readFile(join(folder, name), 'utf8').then((content) => bodyOf(name, content))
    let pause = FIRST_PAUSE_MS
    for (let tries = 1; !stopping.signal.aborted; tries++) {
      try {
        await write(body)
        break
      } catch (error) {
        const later = error instanceof CodedError && NOT_NOW.has(error.code)
        if (!later && tries >= TRIES) {
          onLost(body, error)
          break
        }
        await clock.sleep(pause, stopping.signal).catch(() => {})
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
      }
    }
    if (stopping.signal.aborted) return
    await forget(name)
  }

  async function forget(name: string): Promise<void> {
    await rm(join(folder, name), { force: true })
    bytes -= waiting.get(name) ?? 0
    waiting.delete(name)
  }

  const draining = (async () => {
    while (!stopping.signal.aborted) {
      const [name] = waiting.keys()
      if (name === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        continue
      }
      await take(name).catch(async (error: unknown) => {
        onLost({ cluster: '', source: 'spool', text: '' }, error)
        await forget(name)
      })
    }
  })()

  return {
    async add(body) {
      const head = `${JSON.stringify({ cluster: body.cluster, source: body.source })}\n`
      const content = Buffer.from(head + body.text)
      if (bytes + content.length > maxBytes) throw new CodedError('QUEUE_FULL', { bytes: maxBytes })
      bytes += content.length
      const path = join(folder, body.batch)
      try {
        const { bavail, bsize } = await statfs(folder)
        if (bavail * bsize - content.length < RESERVE_BYTES) throw new CodedError('DISK_FULL', { path: folder })
        const file = await open(path, 'wx', 0o600)
        try {
          await file.writeFile(content)
          await file.datasync()
        } finally {
          await file.close()
        }
        const names = await open(folder, 'r')
        await names.sync().finally(() => names.close())
      } catch (error) {
        bytes -= content.length
        await rm(path, { force: true })
        throw error
      }
      waiting.set(body.batch, content.length)
      wake()
    },
    state: () => ({ batches: waiting.size, bytes }),
    async stop() {
      stopping.abort()
      wake()
      await draining
    },
  }
}

/** Throws when a power cut tore the file. */
function bodyOf(batch: string, content: string): Body {
  const end = content.indexOf('\n')
  const { cluster, source } = JSON.parse(content.slice(0, end)) as { cluster: string; source: string }
  return { cluster, source, batch, text: content.slice(end + 1) }
}
