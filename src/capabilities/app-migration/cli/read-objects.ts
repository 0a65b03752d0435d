/** `-f FILE|DIR|-`: objects of manifests. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, type Problem } from '#core/kernel/errors.ts'
import { readManifests } from '#core/kube/manifests.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { readInput } from '#kits/cli-kit/input.ts'

const MANIFEST = /\.(?:ya?ml|json)$/i
const MOST_FILES = 50_000
const MOST_BYTES = 256 * 1024 * 1024

/** All objects in order of files and names. Rejects with FILE_UNREADABLE, TOO_LARGE, or INVALID_INPUT with every problem of every file. */
export async function readObjects(paths: readonly string[], context: Pick<CliContext, 'signal'>): Promise<KubeObject[]> {
  const files = (await Promise.all(paths.map(filesOf))).flat()
  if (files.length > MOST_FILES) throw new CodedError('TOO_LARGE', { what: `${files.length} files`, limit: MOST_FILES })
  const objects: KubeObject[] = []
  const problems: Problem[] = []
  let bytes = 0
  for (const file of files) {
    const text = await readText(file, context.signal, MOST_BYTES - bytes)
    bytes += text.length
    const read = readManifests(text)
    if (read.ok) for (const { object } of read.value) objects.push(object)
    else problems.push(...read.error.map((problem) => ({ ...problem, path: [file, problem.path].filter((part) => part !== '').join(': ') })))
  }
  if (problems.length > 0) throw new CodedError('INVALID_INPUT', { count: problems.length }, { problems: problems.slice(0, 200) })
  return objects
}

async function filesOf(path: string): Promise<string[]> {
  if (path === '-') return [path]
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const entries = await readdir(path, { recursive: true, withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() && MANIFEST.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function readText(path: string, signal: AbortSignal, room: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of readInput(path, signal)) {
      size += chunk.length
      if (size > room) throw new CodedError('TOO_LARGE', { what: path, limit: `${MOST_BYTES} bytes` })
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof CodedError || signal.aborted) throw error
    throw unreadable(path, error)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const unreadable = (path: string, error: unknown): CodedError =>
  new CodedError('FILE_UNREADABLE', { path, reason: (error as NodeJS.ErrnoException).code ?? (error as Error).message }, { cause: error })
