/** `-f FILE|DIR|-` of commands that read manifests. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, fileUnreadable } from '#core/kernel/errors.ts'
import { readInput } from './input.ts'

const MANIFEST = /\.(?:ya?ml|json)$/i
const MOST_FILES = 50_000
const MOST_BYTES = 256 * 1024 * 1024

/** Of all YAML and JSON files below folders, and of files named (any ending, gzip too); hidden folders and node_modules are left out. Rejects with FILE_UNREADABLE, TOO_LARGE. */
export async function* manifestTexts(paths: readonly string[], signal: AbortSignal): AsyncGenerator<{ file: string; text: string }> {
  let bytes = 0
  let files = 0
  for (const path of paths)
    for await (const file of filesOf(path)) {
      if (++files > MOST_FILES) throw new CodedError('TOO_LARGE', { what: paths.join(', '), limit: `${MOST_FILES} files` })
      const text = await readText(file, signal, MOST_BYTES - bytes)
      bytes += text.length
      yield { file, text }
    }
}

async function* filesOf(path: string): AsyncGenerator<string> {
  if (path === '-') {
    yield path
    return
  }
  const about = await stat(path).catch((error) => {
    throw fileUnreadable(path, error)
  })
  if (!about.isDirectory()) yield path
  else
    for (const entry of (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue
      if (entry.isDirectory()) yield* filesOf(join(path, entry.name))
      else if (entry.isFile() && MANIFEST.test(entry.name)) yield join(path, entry.name)
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
    throw fileUnreadable(path, error)
  }
  return Buffer.concat(chunks).toString('utf8')
}
