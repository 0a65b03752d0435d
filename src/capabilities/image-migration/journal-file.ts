/** The journal of a run as a file: appended, so that it holds when the process is killed at any moment. Used by the CLI's door and the server's. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, fileUnreadable } from '#core/kernel/errors.ts'
import { endedLine, journalKey, readJournal, uploadLine } from './domain/journal.ts'
import type { Journal } from './domain/world.ts'

/** Opens and tidies a journal. Throws FILE_UNREADABLE when the folder cannot be used. */
export function openJournal(path: string): Journal & { close(): void } {
  let open: ReturnType<typeof readJournal>
  let left: boolean
  let ended = false
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    left = existsSync(path)
    open = readJournal(readIfThere(path))
    if (open.size > 0) writeFileSync(path, [...open.values()].map(({ place, upload }) => uploadLine(place, upload)).join(''), { mode: 0o600 })
  } catch (error) {
    throw fileUnreadable(path, error)
  }
  return {
    begin() {
      appendFileSync(path, '', { mode: 0o600 })
      return left
    },
    end() {
      ended = true
    },
    find: (place, repository, digest) => open.get(journalKey(place, repository, digest))?.upload,
    keep(place, upload) {
      open.set(journalKey(place, upload.repository, upload.digest), { place, upload })
      appendFileSync(path, uploadLine(place, upload), { mode: 0o600 })
    },
    drop(place, repository, digest) {
      if (open.delete(journalKey(place, repository, digest))) appendFileSync(path, endedLine(place, repository, digest))
    },
    close() {
      if (ended && open.size === 0) rmSync(path, { force: true })
    },
  }
}

/** Longer than a run that was killed takes to end the piece that it sends. */
const LOCK_WAIT_MS = 30_000

/**
 * Keeps a journal for this process: sessions that two use at once break. Waits for a process that ends; one that is gone does not count.
 * Resolves to what gives it back. Rejects with DATA_IN_USE, FILE_UNREADABLE.
 */
export async function lockJournal(path: string, clock: Clock, signal: AbortSignal): Promise<() => void> {
  const lock = `${path}.lock`
  const began = clock.now()
  for (;;) {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeFileSync(lock, String(process.pid), { flag: 'wx', mode: 0o600 })
      return () => rmSync(lock, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw fileUnreadable(lock, error)
    }
    const holder = readIfThere(lock)
    if (holder !== '' && !isAlive(Number(holder))) rmSync(lock, { force: true })
    else if (clock.now() - began > LOCK_WAIT_MS) throw new CodedError('DATA_IN_USE', { path, pid: holder })
    else await clock.sleep(50, signal)
  }
}

/** A process of another user may not be asked, but is there. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
