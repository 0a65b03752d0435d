/** What a volume holds, and one checksum over all of it. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError } from '#core/kernel/errors.ts'

export interface Entry {
  /** Below the root, with `/`; '' is the root itself. */
  path: string
  type: 'file' | 'directory' | 'symlink'
  /** Bytes of a file. */
  size: number
  mtimeMs: number
  /** Permission bits. */
  mode: number
  uid: number
  gid: number
  /** Of a symbolic link. */
  target?: string
}

export interface Tree {
  /** In order of path: what holds something comes before it. */
  entries: Entry[]
  /** Sockets, pipes and devices: they are no data. */
  left: string[]
}

const MOST_ENTRIES = 2_000_000

/** Links are not followed. Rejects with TOO_LARGE beyond two million entries. */
export async function readTree(root: string): Promise<Tree> {
  const tree: Tree = { entries: [], left: [] }
  const visit = async (path: string): Promise<void> => {
    const full = join(root, path)
    const about = await lstat(full)
    const type = about.isDirectory() ? 'directory' : about.isSymbolicLink() ? 'symlink' : about.isFile() ? 'file' : undefined
    if (type === undefined) return void tree.left.push(path)
    if (tree.entries.length >= MOST_ENTRIES) throw new CodedError('TOO_LARGE', { what: root, limit: `${MOST_ENTRIES} entries` })
    tree.entries.push({
      path,
      type,
      size: type === 'file' ? about.size : 0,
      mtimeMs: about.mtimeMs,
      mode: about.mode & 0o7777,
      uid: about.uid,
      gid: about.gid,
      ...(type === 'symlink' ? { target: await readlink(full) } : {}),
    })
    // The file system's own corner belongs to the volume, not to the data.
    if (type === 'directory')
      for (const name of (await readdir(full)).sort()) if (path !== '' || name !== 'lost+found') await visit(path === '' ? name : `${path}/${name}`)
  }
  await visit('')
  return tree
}

/** SHA-256 over paths, types, modes, owners, link targets and contents; times are left out, the root too. */
export async function checksumOf(root: string, { entries }: Tree): Promise<string> {
  const all = createHash('sha256')
  for (const { path, type, mode, uid, gid, target } of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (path === '') continue
    const content = type === 'file' ? await hashOf(join(root, path)) : (target ?? '')
    all.update(JSON.stringify([path, type, type === 'symlink' ? 0 : mode, uid, gid, content]))
  }
  return all.digest('hex')
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** Would the other side have to be sent this? Content is compared by size and time, as rsync does; the checksum at the end tells what that misses. */
export const differs = (wanted: Entry, there: Entry | undefined): boolean =>
  there === undefined ||
  there.type !== wanted.type ||
  there.mode !== wanted.mode ||
  there.uid !== wanted.uid ||
  there.gid !== wanted.gid ||
  there.target !== wanted.target ||
  (wanted.type === 'file' && (there.size !== wanted.size || Math.abs(there.mtimeMs - wanted.mtimeMs) >= 1))
