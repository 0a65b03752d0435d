/** The journal of a run: one JSON line a change, so that a process that is killed leaves all but a half line. */
import type { Upload } from '#core/shapes/ports/registry.ts'

const LONGEST_SESSION = 16_384

export const journalKey = (place: string, repository: string, digest: string): string => JSON.stringify([place, repository, digest])

export const uploadLine = (place: string, upload: Upload): string => `${JSON.stringify({ place, upload })}\n`
export const endedLine = (place: string, repository: string, digest: string): string => `${JSON.stringify({ place, ended: { repository, digest } })}\n`

/** The uploads that are open at the end of a journal, by `journalKey`. Lines that cannot be read (the last one of a killed process) count as not written. */
export function readJournal(text: string): Map<string, { place: string; upload: Upload }> {
  const open = new Map<string, { place: string; upload: Upload }>()
  for (const line of text.split('\n')) {
    const found = readLine(line)
    if (found === undefined) continue
    const { place, change } = found
    const key = journalKey(place, change.repository, change.digest)
    if ('session' in change) open.set(key, { place, upload: change })
    else open.delete(key)
  }
  return open
}

/** Checked by hand: it is read at every start, and the library for schemas would take longer to load than all else. */
function readLine(line: string): { place: string; change: Upload | Pick<Upload, 'repository' | 'digest'> } | undefined {
  let read: unknown
  try {
    read = JSON.parse(line)
  } catch {
    return undefined
  }
  const { place, upload, ended } = (read ?? {}) as { place?: unknown; upload?: Partial<Record<keyof Upload, unknown>>; ended?: typeof upload }
  const { repository, digest, session, offset } = upload ?? ended ?? {}
  if (typeof place !== 'string' || typeof repository !== 'string' || typeof digest !== 'string') return undefined
  if (upload === undefined) return { place, change: { repository, digest } }
  if (typeof session !== 'string' || session.length > LONGEST_SESSION || !Number.isSafeInteger(offset) || (offset as number) < 0) return undefined
  return { place, change: { repository, digest, session, offset: offset as number } }
}
