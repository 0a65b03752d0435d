import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { z } from 'zod'
import { invalidInput } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'

/** Replaces a file whole or not at all, also across a power cut: write beside it, sync, rename, sync the folder. Only the owner may read it. */
export async function writeFileAtomic(path: string, data: string): Promise<void> {
  const beside = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const file = await open(beside, 'wx', 0o600)
    try {
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
  const folder = await open(dirname(path), 'r')
  await folder.sync().finally(() => folder.close())
}

/** The file's text, or undefined when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** What the server keeps in a JSON file, or undefined when there is none. Rejects with INVALID_INPUT, all problems at once; `advice`: what to do then. */
export async function readKept<Schema extends z.ZodType>(path: string, schema: Schema, advice: string): Promise<z.output<Schema> | undefined> {
  const text = await readIfThere(path)
  if (text === undefined) return undefined
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw invalidInput([{ path, message: `is no JSON; ${advice}` }])
  }
  const parsed = parseInput(schema, json)
  if (!parsed.ok) throw invalidInput(parsed.error.map((problem) => ({ ...problem, path: `${path}: ${problem.path}` })))
  return parsed.value
}
