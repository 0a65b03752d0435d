import { readFileSync, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { CodedError, fileUnreadable } from '#core/kernel/errors.ts'

const MOST_BYTES = 16 << 20

/** A file that says what to copy. Rejects with FILE_UNREADABLE, TOO_LARGE. */
export async function readSpecFile(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > MOST_BYTES) throw new CodedError('TOO_LARGE', { what: path, limit: '16 MiB' })
    return await readFile(path, 'utf8')
  } catch (error) {
    throw error instanceof CodedError ? error : fileUnreadable(path, error as NodeJS.ErrnoException)
  }
}

/** What a template's `file` reads: small secrets. Undefined when it cannot be read. */
export function specFileReader(path: string): string | undefined {
  try {
    return statSync(path).size > 1 << 20 ? undefined : readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
