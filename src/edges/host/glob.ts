import { readdirSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'

/** Kernel time stamps are coarse: a folder that changed this close to when it was listed may have changed again unseen. */
const COARSE_MS = 2_000
const MAX_DEPTH = 12
/** Paths that one pattern may match; the rest is left out. */
const MAX_PATHS = 10_000

/** Names of rotated files that are no text any more. */
export const COMPRESSED = /\.(?:gz|bz2|xz|zst|zip|lz4)$/

export interface Glob {
  /** True when the pattern names one file. */
  literal: boolean
  /** The paths that match now; `now` in ms since the epoch. Folders are listed again only when they changed. */
  paths(now: number): string[]
}

/** `*`, `?`, `[a-z]` and `{a,b}` inside a name, `**` for any number of folders. Compressed files (rotated ones) are left out. */
export function createGlob(pattern: string): Glob {
  const parts = pattern.split('/').filter((part) => part !== '' && part !== '.')
  const root = pattern.startsWith('/') ? '/' : '.'
  const literal = !/[*?[{]/.test(pattern)
  const matchers = parts.map((part) => (part === '**' ? undefined : nameMatcher(part)))
  const listed = new Map<string, { mtime: number; at: number; names: string[]; used: number }>()

  function names(folder: string, now: number): string[] {
    let stats: Stats | undefined
    try {
      stats = statSync(folder, { throwIfNoEntry: false })
    } catch {}
    if (!stats?.isDirectory()) return []
    const known = listed.get(folder)
    if (known && known.mtime === stats.mtimeMs && known.at - stats.mtimeMs > COARSE_MS) {
      known.used = now
      return known.names
    }
    try {
      const names = readdirSync(folder)
      listed.set(folder, { mtime: stats.mtimeMs, at: now, names, used: now })
      return names
    } catch {
      return []
    }
  }

  function visit(folder: string, index: number, now: number, found: Set<string>, nested: number): void {
    if (found.size >= MAX_PATHS) return
    const part = parts[index]
    if (part === undefined) return
    const matcher = matchers[index]
    const last = index === parts.length - 1
    if (part === '**') {
      if (!last) visit(folder, index + 1, now, found, nested)
      if (nested >= MAX_DEPTH) return
      for (const name of names(folder, now)) {
        const path = join(folder, name)
        if (last) found.add(path)
        visit(path, index, now, found, nested + 1)
      }
      return
    }
    if (!/[*?[{]/.test(part)) {
      const path = join(folder, part)
      if (last) found.add(path)
      else visit(path, index + 1, now, found, nested)
      return
    }
    for (const name of names(folder, now)) {
      if (!matcher!.test(name)) continue
      const path = join(folder, name)
      if (last) found.add(path)
      else visit(path, index + 1, now, found, nested)
    }
  }

  return {
    literal,
    paths(now) {
      const found = new Set<string>()
      visit(root, 0, now, found, 0)
      for (const [folder, entry] of listed) if (entry.used !== now) listed.delete(folder)
      return [...found].filter((path) => !COMPRESSED.test(path)).sort()
    },
  }
}

/** One name of a path as a regular expression. A leading dot must be written out, as in a shell. */
function nameMatcher(part: string): RegExp {
  let source = part.startsWith('*') || part.startsWith('?') ? '(?!\\.)' : ''
  let braces = 0
  for (let i = 0; i < part.length; i++) {
    const letter = part[i]!
    if (letter === '*') source += '.*'
    else if (letter === '?') source += '.'
    else if (letter === '[' && part.indexOf(']', i + 2) !== -1) {
      const end = part.indexOf(']', i + 2)
      const set = part
        .slice(i + 1, end)
        .replace(/^!/, '^')
        .replaceAll('\\', '\\\\')
        .replaceAll('[', '\\[')
      source += `[${set}]`
      i = end
    } else if (letter === '{' && part.indexOf('}', i) !== -1) {
      source += '(?:'
      braces++
    } else if (letter === '}' && braces > 0) {
      source += ')'
      braces--
    } else if (letter === ',' && braces > 0) source += '|'
    else source += letter.replace(/[\\^$.|+()[\]{}]/, '\\$&')
  }
  return new RegExp(`^${source}$`, 's')
}
