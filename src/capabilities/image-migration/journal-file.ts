/** The journal of a run as a file: appended, so that it holds when the process is killed at any moment. Used by the CLI's door and the server's. */
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileUnreadable } from '#core/kernel/errors.ts'
import { endedLine, journalKey, readJournal, uploadLine } from './domain/journal.ts'
import type { Journal } from './domain/world.ts'

/** Opens and tidies a journal. Throws FILE_UNREADABLE when the folder cannot be used. */
export function openJournal(path: string): Journal & { close(): void } {
  let open: ReturnType<typeof readJournal>
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    open = readJournal(readIfThere(path))
    if (open.size > 0) writeFileSync(path, [...open.values()].map(({ place, upload }) => uploadLine(place, upload)).join(''), { mode: 0o600 })
  } catch (error) {
    throw fileUnreadable(path, error)
  }
  return {
    find: (place, repository, digest) => open.get(journalKey(place, repository, digest))?.upload,
    keep(place, upload) {
      open.set(journalKey(place, upload.repository, upload.digest), { place, upload })
      appendFileSync(path, uploadLine(place, upload), { mode: 0o600 })
    },
    drop(place, repository, digest) {
      if (open.delete(journalKey(place, repository, digest))) appendFileSync(path, endedLine(place, repository, digest))
    },
    close() {
      if (open.size === 0) rmSync(path, { force: true })
    },
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
