/** The newest seal of each cluster, in a file beside the store: rows that were cut off at the end are missed by it. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { invalidInput } from '#core/kernel/errors.ts'
import { readIfThere, writeFileAtomic } from '#kits/server-kit/files.ts'
import type { Head } from './recorder.ts'

const fileSchema = z.record(z.string(), z.object({ number: z.number().int().min(0), hash: z.string().regex(/^[0-9a-f]{64}$/) }))

export interface Heads {
  get(cluster: string): Head | undefined
  /** Written soon; a file that is a little behind the store is no fault. */
  set(cluster: string, head: Head): void
  close(): Promise<void>
}

/** Throws INVALID_INPUT when the file was damaged. */
export async function openHeads(folder: string): Promise<Heads> {
  const path = join(folder, 'heads.json')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const text = await readIfThere(path)
  const parsed = fileSchema.safeParse(text === undefined ? {} : parse(text))
  if (!parsed.success)
    throw invalidInput([{ path, message: 'is damaged: `sallyport audit verify` of a backup tells what it should say; remove it to go on without' }])
  const heads = new Map(Object.entries(parsed.data))
  let writing: Promise<void> | undefined
  let changed = false

  async function save(): Promise<void> {
    while (changed) {
      changed = false
      await writeFileAtomic(path, `${JSON.stringify(Object.fromEntries(heads))}\n`)
    }
  }
  return {
    get: (cluster) => heads.get(cluster),
    set(cluster, head) {
      heads.set(cluster, head)
      changed = true
      writing ??= save()
        // the next batch tries again
        .catch(() => {})
        .finally(() => {
          writing = undefined
        })
    },
    async close() {
      await writing
      await save()
    },
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
