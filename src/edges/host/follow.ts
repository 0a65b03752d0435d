/** Follows what programs log, from now on: files, and the journal through journalctl, whose format only it knows. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs'
import type { FollowFrom, LineFollow, LogSource } from '#core/shapes/ports/host.ts'
import { createTail, TAIL_LIMITS } from './file-tail.ts'
import { FINGERPRINT_BYTES, type FileState, fingerprint } from './journal.ts'

const CHUNK_BYTES = 256 << 10
/** Of one file at one look, so that what came while nobody looked is caught up with. */
const CHUNKS = 16
/** Of what stood in a file before. */
const PAST_BYTES = 4 << 20
/** Lines kept of a journal that comes faster than it is read; then journalctl waits. */
const MOST_WAITING = 10_000
/** A line of a journal may hold a core dump. */
const LINE_BYTES = 64 << 10
const AGAIN_MS = 5_000

export const followLog = (source: LogSource, at: (path: string) => string, from: FollowFrom = {}): LineFollow =>
  'file' in source ? followFile(at(source.file), from) : followJournal(source, at, from)

/** What stands in the file now, and the state of a tail that goes on behind it; undefined when it cannot be read. */
function pastOf(path: string): { lines: string[]; state: FileState } | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    const { size, dev, ino, birthtimeNs } = fstatSync(fd, { bigint: true })
    const begin = Math.max(0, Number(size) - PAST_BYTES)
    const past = Buffer.alloc(Number(size) - begin)
    const text = past.toString('latin1', 0, readSync(fd, past, 0, past.length, begin))
    const end = text.lastIndexOf('\n') + 1
    const lines = text.slice(0, end).split('\n')
    // the first of a file that was cut is the end of a line only
    if (begin > 0) lines.shift()
    const head = Buffer.alloc(FINGERPRINT_BYTES)
    const offset = begin + end
    const identity = {
      dev: String(dev),
      ino: String(ino),
      born: String(birthtimeNs),
      print: fingerprint(head.subarray(0, readSync(fd, head, 0, head.length, 0))),
    }
    return {
      lines: lines.filter((line) => line !== ''),
      state: { key: 1, pattern: path, path, real: realpathSync(path), ...identity, offset, skipping: false, seen: Number(size) },
    }
  } catch {
    return undefined
  } finally {
    closeSync(fd)
  }
}

/** A place that was kept; one that cannot be read is none. */
function statesIn(path: string, place: string | undefined): FileState[] {
  try {
    const states = JSON.parse(place ?? '[]') as FileState[]
    return states.map((state) => ({ ...state, pattern: path }))
  } catch {
    return []
  }
}

function followFile(path: string, { after, lookbackMs = 0 }: FollowFrom): LineFollow {
  let why: string | undefined
  let lost = 0
  let known = statesIn(path, after)
  const past = known.length === 0 && lookbackMs > 0 ? pastOf(path) : undefined
  let first = past?.lines ?? []
  if (past) known = [past.state]
  const tail = createTail(
    // beside a file that is known every other is new
    [{ pattern: path, from: known.length === 0 ? 'end' : 'start' }],
    known,
    (event) => {
      if (event.kind === 'unreadable') why = event.reason
      else if (event.kind === 'found') why = undefined
      else if (event.kind === 'lost') lost++
    },
    { ...TAIL_LIMITS, chunkBytes: CHUNK_BYTES, cutBytes: LINE_BYTES },
  )
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
  return {
    poll() {
      tail.poll(Date.now())
      const lines = first
      first = []
      for (const file of tail.ready())
        for (let i = 0; i < CHUNKS; i++) {
          const chunk = tail.read(file, buffer)
          if (!chunk) break
          const text = chunk.bytes.toString('latin1')
          for (const line of text.split('\n')) if (line !== '') lines.push(line)
          tail.done(chunk)
        }
      const gone = lost
      lost = 0
      if (why === undefined && tail.files().length === 0) return { lines, lost: gone, why: 'there is no such file' }
      return { lines, lost: gone, ...(why === undefined ? {} : { why }) }
    },
    place: () =>
      JSON.stringify(
        tail.files().map(
          ({ key, pattern, path, real, dev, ino, born, print, offset, skipping, seen }): FileState => ({
            ...{ key, pattern, path, real, dev, ino, born, print, offset, skipping, seen },
          }),
        ),
      ),
    close: () => tail.close(),
  }
}

function followJournal(
  { journal, identifier }: Extract<LogSource, { journal: string }>,
  at: (path: string) => string,
  { after, lookbackMs = 0 }: FollowFrom,
): LineFollow {
  let child: ChildProcess | undefined
  let waiting: string[] = []
  let cursor = after
  const since = Date.now() - lookbackMs
  let why: string | undefined
  let lost = 0
  let againAt = 0
  let closed = false

  const start = () => {
    const folder = at(journal)
    const own = spawn(
      'journalctl',
      [
        ...['--follow', '--output=json', '--output-fields=MESSAGE,SYSLOG_IDENTIFIER', '--no-pager', '--quiet'],
        // a journal in memory only is elsewhere, and journalctl knows where
        ...(existsSync(folder) ? [`--directory=${folder}`] : []),
        ...(cursor !== undefined
          ? [`--after-cursor=${cursor}`, '--lines=all']
          : lookbackMs > 0
            ? [`--since=@${Math.floor(since / 1000)}`, '--lines=all']
            : ['--lines=0']),
        ...(identifier === undefined ? [] : [`--identifier=${identifier}`]),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    child = own
    let said = ''
    let begun = ''
    let heard = false
    own.stdout.setEncoding('latin1')
    own.stdout.on('data', (text: string) => {
      heard = true
      const parts = text.split('\n')
      parts[0] = begun + parts[0]
      begun = parts.pop()!
      if (begun.length > LINE_BYTES) begun = begun.slice(0, LINE_BYTES)
      for (const line of parts) {
        // what is this long was cut, and is no JSON any more
        if (line.length >= LINE_BYTES) lost++
        else waiting.push(line)
      }
      if (waiting.length > MOST_WAITING) own.stdout.pause()
    })
    own.stderr.on('data', (text: Buffer) => {
      said = (said + text.toString('utf8')).slice(-500)
    })
    const over = (reason: string) => {
      if (closed || child !== own) return
      child = undefined
      why = reason
      // a place that is not in the journal any more is no place to go on from
      if (!heard && cursor !== undefined && /cursor/i.test(said)) {
        cursor = undefined
        lost++
      }
      againAt = Date.now() + AGAIN_MS
    }
    own.on('error', (error: NodeJS.ErrnoException) => over(error.code === 'ENOENT' ? 'journalctl is not installed' : error.message))
    own.on('close', (code) => over(`journalctl ended with ${code ?? 'a signal'}${said === '' ? '' : `: ${said.trim()}`}`))
  }

  return {
    poll() {
      if (!child && !closed && Date.now() >= againAt) {
        start()
        // it is known to be deaf until the new one has lived for a moment
      } else if (child && Date.now() >= againAt + 1000) why = undefined
      const lines = waiting
      waiting = []
      const gone = lost
      lost = 0
      const last = lines.at(-1)
      cursor = (last && /"__CURSOR":"([^"]+)"/.exec(last)?.[1]) ?? cursor
      child?.stdout?.resume()
      return { lines, lost: gone, ...(why === undefined ? {} : { why }) }
    },
    place: () => cursor,
    close() {
      closed = true
      child?.kill('SIGKILL')
    },
  }
}
