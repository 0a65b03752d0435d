/** Manifests on this machine. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, fileUnreadable } from '#core/kernel/errors.ts'

const MOST_FILES = 20_000
const MOST_BYTES = 16 << 20

/** Paths of all YAML and JSON files of files and folders, in order; hidden folders and node_modules are left out. Rejects with FILE_UNREADABLE, TOO_LARGE. */
export async function manifestFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = []
  const visit = async (path: string, named: boolean): Promise<void> => {
    const about = await stat(path).catch((error: NodeJS.ErrnoException) => {
      throw fileUnreadable(path, error)
    })
    if (about.isDirectory()) {
      for (const entry of (await readdir(path, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1)))
        if (!entry.name.startsWith('.') && entry.name !== 'node_modules' && (entry.isDirectory() || entry.isFile())) await visit(join(path, entry.name), false)
    } else if (named || /\.(?:ya?ml|json)$/i.test(path)) files.push(path)
    if (files.length > MOST_FILES) throw new CodedError('TOO_LARGE', { what: paths.join(', '), limit: `${MOST_FILES} files` })
  }
  for (const path of paths) await visit(path, true)
  return files
}

/** Rejects with FILE_UNREADABLE, TOO_LARGE. */
export async function readManifest(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > MOST_BYTES) throw new CodedError('TOO_LARGE', { what: path, limit: '16 MiB' })
    return await readFile(path, 'utf8')
  } catch (error) {
    throw error instanceof CodedError ? error : fileUnreadable(path, error as NodeJS.ErrnoException)
  }
}
