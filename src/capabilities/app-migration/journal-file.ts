/** The journal of a move: a file of JSON lines, synced before each answer. A line that a crash cut off is dropped. */
import { open, readFile } from 'node:fs/promises'
import { CodedError, fileUnreadable } from '#core/kernel/errors.ts'
import type { Journal, JournalEntry } from './move/apply.ts'

export async function openJournal(path: string): Promise<Journal & AsyncDisposable> {
  const entries: JournalEntry[] = []
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw fileUnreadable(path, error)
  })
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  for (const [i, line] of whole.split('\n').entries()) {
    if (line === '') continue
    try {
      entries.push(JSON.parse(line) as JournalEntry)
    } catch {
      throw new CodedError('FILE_UNREADABLE', { path, reason: `line ${i + 1} is no journal entry` })
    }
  }
  // Secrets that are replaced stand in it with their old data.
  const file = await open(path, 'a', 0o600)
  await file.truncate(Buffer.byteLength(whole))
  let waiting: { line: string; resolve: () => void; reject: (error: unknown) => void }[] = []
  let writing = false
  // Entries that come together are synced together.
  const flush = async (): Promise<void> => {
    if (writing) return
    writing = true
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        await file.appendFile(batch.map(({ line }) => line).join(''))
        await file.datasync()
        for (const { resolve } of batch) resolve()
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    writing = false
  }
  return {
    entries,
    write: (entry) => {
      entries.push(entry)
      return new Promise<void>((resolve, reject) => {
        waiting.push({ line: `${JSON.stringify(entry)}\n`, resolve, reject })
        void flush()
      })
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}
