/** Follows what programs log, from now on: files, and the journal through journalctl, whose format only it knows. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { LineFollow, LogSource } from '#core/shapes/ports/host.ts'
import { createTail, TAIL_LIMITS } from './file-tail.ts'

const CHUNK_BYTES = 256 << 10
/** Lines kept of a journal that comes faster than it is read; then journalctl waits. */
const MOST_WAITING = 10_000
/** A line of a journal may hold a core dump. */
const LINE_BYTES = 64 << 10
const AGAIN_MS = 5_000

export const followLog = (source: LogSource, at: (path: string) => string): LineFollow =>
  'file' in source ? followFile(at(source.file)) : followJournal(source, at)

function followFile(path: string): LineFollow {
  let why: string | undefined
  let lost = 0
  const tail = createTail(
    [{ pattern: path, from: 'end' }],
    [],
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
      const lines: string[] = []
      for (const file of tail.ready()) {
        const chunk = tail.read(file, buffer)
        if (!chunk) continue
        const text = chunk.bytes.toString('latin1')
        for (const line of text.split('\n')) if (line !== '') lines.push(line)
        tail.done(chunk)
      }
      const gone = lost
      lost = 0
      if (why === undefined && tail.files().length === 0) return { lines, lost: gone, why: 'there is no such file' }
      return { lines, lost: gone, ...(why === undefined ? {} : { why }) }
    },
    close: () => tail.close(),
  }
}

function followJournal({ journal, identifier }: Extract<LogSource, { journal: string }>, at: (path: string) => string): LineFollow {
  let child: ChildProcess | undefined
  let waiting: string[] = []
  let cursor: string | undefined
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
        ...(cursor === undefined ? ['--lines=0'] : [`--after-cursor=${cursor}`, '--lines=all']),
        ...(identifier === undefined ? [] : [`--identifier=${identifier}`]),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    child = own
    let said = ''
    let begun = ''
    own.stdout.setEncoding('latin1')
    own.stdout.on('data', (text: string) => {
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
    close() {
      closed = true
      child?.kill('SIGKILL')
    },
  }
}
