import { readFileSync, statSync } from 'node:fs'

/** What a template's `file` reads: small secrets. Undefined when it cannot be read. */
export function specFileReader(path: string): string | undefined {
  try {
    return statSync(path).size > 1 << 20 ? undefined : readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
