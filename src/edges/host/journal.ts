import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'

/** The beginning of a file, which tells it from another one that got its inode. */
export interface Fingerprint {
  /** Bytes that were hashed, at most 256. */
  length: number
  hash: string
}

/** A batch that was promised: the same id stands for the same bytes for ever. */
export interface PromisedBatch {
  id: string
  from: number
  to: number
  /** The bytes are the beginning of a line that is too long; the rest of the line is left out. */
  cut: boolean
}

/** What is known of a file, as it stands in the journal. */
export interface FileState {
  key: number
  /** The source's pattern. */
  pattern: string
  /** As the pattern found it, and where its links lead. */
  path: string
  real: string
  /** Decimal, because inode numbers do not fit a double on every file system. */
  dev: string
  ino: string
  /** Creation, ns since the epoch: files that were rotated away unseen are younger. */
  born: string
  print: Fingerprint
  /** Everything before it was delivered, or counted as lost. */
  offset: number
  /** Inside the rest of a line that was cut. */
  skipping: boolean
  /** Size when this was written, so that a loss can be told in bytes. */
  seen: number
  batch?: PromisedBatch
}

export interface Journal {
  /** States at the time of opening. */
  states: readonly FileState[]
  /** Appends states and removals; resolves when they are on disk if `sync`. One call at a time. */
  write(states: readonly FileState[], gone: readonly number[], sync: boolean): Promise<void>
  close(): Promise<void>
}

const COMPACT_BYTES = 1 << 20

/**
 * An append-only file of JSON lines, the last one of a key counts; rewritten when it has grown. A line that a crash tore is dropped: what it would have
 * promised was not sent yet. Rejects with the error of the file system (a folder that cannot be written is nothing to go on with).
 */
export async function openJournal(folder: string): Promise<Journal> {
  const path = join(folder, 'journal.ndjson')
  const live = new Map<number, string>()
  const states: FileState[] = []
  for (const state of readJournal(path)) states.push(state)
  for (const state of states) live.set(state.key, JSON.stringify(state))
  let file: FileHandle
  let size = 0

  async function compact() {
    const text = [...live.values()].map((line) => `${line}\n`).join('')
    const next = `${path}.next`
    const fd = openSync(next, 'w', 0o600)
    writeSync(fd, text)
    fsyncSync(fd)
    closeSync(fd)
    renameSync(next, path)
    const parent = openSync(folder, 'r')
    fsyncSync(parent)
    closeSync(parent)
    file = await open(path, 'a', 0o600)
    size = text.length
  }
  await compact()

  return {
    states,
    async write(changed, gone, sync) {
      let text = ''
      for (const state of changed) {
        const line = JSON.stringify(state)
        live.set(state.key, line)
        text += `${line}\n`
      }
      for (const key of gone) {
        live.delete(key)
        text += `{"key":${key},"gone":true}\n`
      }
      if (text === '') return
      // Begins with a line break, because the last write may have failed in the middle of a line.
      await file.appendFile(`\n${text}`)
      if (sync) await file.datasync()
      size += text.length + 1
      if (size > COMPACT_BYTES && size > 4 * [...live.values()].reduce((sum, line) => sum + line.length, 0)) {
        await file.close()
        await compact()
      }
    },
    close: () => file.close(),
  }
}

function readJournal(path: string): FileState[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const states = new Map<number, FileState>()
  for (const line of text.split('\n')) {
    try {
      const state = JSON.parse(line) as FileState & { gone?: true }
      if (state.gone) states.delete(state.key)
      else states.set(state.key, state)
    } catch {
      // Torn by a crash.
    }
  }
  return [...states.values()]
}

export const FINGERPRINT_BYTES = 256

export const fingerprint = (head: Uint8Array): Fingerprint => ({ length: head.length, hash: createHash('sha256').update(head).digest('hex').slice(0, 32) })

/** Does a file that begins with `head` still begin as it did? */
export const sameBeginning = (print: Fingerprint, head: Uint8Array): boolean =>
  head.length >= print.length && (print.length === 0 || fingerprint(head.subarray(0, print.length)).hash === print.hash)
