/** The journal of a run: one JSON line a change, so that a process that is killed leaves all but a half line. */
import { z } from 'zod'
import type { Upload } from '#core/shapes/ports/registry.ts'

const LINE = z.union([
  z.object({
    place: z.string(),
    upload: z.object({ repository: z.string(), digest: z.string(), session: z.string().max(16_384), offset: z.int().nonnegative() }),
  }),
  z.object({ place: z.string(), ended: z.object({ repository: z.string(), digest: z.string() }) }),
])

export const journalKey = (place: string, repository: string, digest: string): string => JSON.stringify([place, repository, digest])

export const uploadLine = (place: string, upload: Upload): string => `${JSON.stringify({ place, upload })}\n`
export const endedLine = (place: string, repository: string, digest: string): string => `${JSON.stringify({ place, ended: { repository, digest } })}\n`

/** The uploads that are open at the end of a journal, by `journalKey`. Lines that cannot be read (the last one of a killed process) count as not written. */
export function readJournal(text: string): Map<string, { place: string; upload: Upload }> {
  const open = new Map<string, { place: string; upload: Upload }>()
  for (const line of text.split('\n')) {
    let parsed: unknown
    try {
      parsed = JSON.parse(line)
    } catch {
      continue
    }
    const { success, data } = LINE.safeParse(parsed)
    if (!success) continue
    if ('upload' in data) open.set(journalKey(data.place, data.upload.repository, data.upload.digest), data)
    else open.delete(journalKey(data.place, data.ended.repository, data.ended.digest))
  }
  return open
}
