/** What container runtimes put around a line. Looked for on every line: it costs two comparisons and needs no setting. */
import { stringEnd } from './json.ts'
import type { Line } from './line.ts'
import { type Scratch, undoEscapes } from './unescape.ts'

/** Result of `unwrap`: the runtime cut the line in pieces, so none of them is a line. */
export const PARTIAL = -1

const DOCKER = new TextEncoder().encode('{"log":"')
const SPACE = 0x20

/**
 * Steps over the CRI prefix `2026-01-02T03:04:05.678Z stdout F ` (kubernetes/design-proposals-archive, CRI logging) or takes the text out of docker's
 * json-file object `{"log":"…\n","stream":…}`. Gives where the line begins (its end is in `unwrappedEnd`), or PARTIAL.
 */
export function unwrap(line: Line, from: number, to: number, scratch: Scratch): number {
  const bytes = line.bytes
  unwrappedEnd = to
  const first = bytes[from]!
  if (first === 0x7b) {
    if (bytes[from + 2] !== 0x6c || to - from < 12) return from
    for (let i = 0; i < DOCKER.length; i++) if (bytes[from + i] !== DOCKER[i]) return from
    const close = stringEnd(bytes, from + 8, to)
    if (close < 0) return from
    scratch.bytes.set(bytes.subarray(from + 8, close))
    line.bytes = scratch.bytes
    line.view = scratch.view
    let end = undoEscapes(scratch.bytes, 0, close - from - 8, 'json')
    if (end === 0 || scratch.bytes[end - 1] !== 0x0a) return PARTIAL
    while (end > 0 && (scratch.bytes[end - 1] === 0x0a || scratch.bytes[end - 1] === 0x0d)) end--
    unwrappedEnd = end
    return 0
  }
  if (first < 0x30 || first > 0x39 || bytes[from + 10] !== 0x54 || bytes[from + 4] !== 0x2d) return from
  const space = bytes.indexOf(SPACE, from)
  // ` stdout F ` or ` stderr F `
  if (space < 0 || space + 10 > to || bytes[space + 1] !== 0x73 || bytes[space + 2] !== 0x74 || bytes[space + 3] !== 0x64) return from
  if (bytes[space + 7] !== SPACE || (bytes[space + 9] !== SPACE && bytes[space + 9] !== COLON)) return from
  if (bytes[space + 8] === 0x50) return PARTIAL
  if (bytes[space + 8] !== 0x46) return from
  return space + 10
}

const COLON = 0x3a

/** End of the line that the last `unwrap` found. */
export let unwrappedEnd = 0
