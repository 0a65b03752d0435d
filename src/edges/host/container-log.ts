/**
 * Log files of containers: what the runtime cuts into pieces becomes one line again.
 * CRI: `<time> stdout|stderr P|F[:…] <text>` (kubernetes/design-proposals-archive, node/kubelet-cri-logging.md); P: more of the line follows.
 * Docker json-file: `{"log":"…\n","stream":"stdout","time":"…"}`; without `\n` more of the line follows.
 */

interface Piece {
  /** `stdout` or `stderr`. */
  stream: string
  open: boolean
  /** Where its text lies in the file's line. */
  from: number
  to: number
}

const LF = 10
const CRI = /^\d{4}-\d\d-\d\dT\S{1,40} (stdout|stderr) ([PF])(?::\S*)? ?/
const PREFIX_MAX = 96
const LOG = '{"log":"'
const STREAM = '","stream":"'

/** A line of a container's log, without its line end; undefined when the runtime wrote nothing around it. */
function pieceAt(bytes: Buffer, from: number, to: number): Piece | undefined {
  const head = bytes.toString('latin1', from, Math.min(to, from + PREFIX_MAX))
  const cri = CRI.exec(head)
  if (cri) return { stream: cri[1]!, open: cri[2] === 'P', from: from + cri[0].length, to }
  if (!head.startsWith(LOG)) return undefined
  const start = from + LOG.length
  // The text's own quotes are escaped, so the first quote that is not ends it.
  let end = bytes.indexOf(STREAM, start)
  while (end >= 0 && end < to && backslashes(bytes, end, start) % 2 === 1) end = bytes.indexOf(STREAM, end + 1)
  if (end < 0 || end >= to) return undefined
  const name = bytes.toString('latin1', end + STREAM.length, Math.min(to, end + STREAM.length + 6))
  const ended = end - 2 >= start && bytes[end - 1] === 0x6e && backslashes(bytes, end - 1, start) % 2 === 1
  return { stream: name, open: !ended, from: start, to: end }
}

/** Backslashes right before `at`. */
function backslashes(bytes: Buffer, at: number, from: number): number {
  let count = 0
  while (at - count - 1 >= from && bytes[at - count - 1] === 0x5c) count++
  return count
}

/** Most chunks have no line in pieces; a search for the marks is far cheaper than looking at every line. */
const mayHavePieces = (bytes: Buffer): boolean => bytes[0] === 0x7b || bytes.includes(' P ') || bytes.includes(' P:')

function* linesIn(bytes: Buffer): Generator<{ from: number; next: number; piece: Piece | undefined }> {
  for (let from = 0; from < bytes.length; ) {
    const eol = bytes.indexOf(LF, from)
    if (eol < 0) return
    yield { from, next: eol + 1, piece: pieceAt(bytes, from, eol) }
    from = eol + 1
  }
}

/** The greatest offset up to which every line is whole in every stream; 0 when there is none. `bytes` begin at such an offset. */
export function endOfWholeLines(bytes: Buffer): number {
  if (!mayHavePieces(bytes)) return bytes.lastIndexOf(LF) + 1
  const open = new Set<string>()
  let end = 0
  for (const { next, piece } of linesIn(bytes)) {
    if (piece?.open) open.add(piece.stream)
    else if (piece) open.delete(piece.stream)
    if (open.size === 0) end = next
  }
  return end
}

/**
 * The same lines with pieces put together, each where its last piece was and with the time of its first; only those of `stream` when one is named. Pieces
 * whose line does not end are left as they are. The same bytes always give the same bytes.
 */
export function joinPieces(bytes: Buffer, stream?: 'stdout' | 'stderr'): Buffer {
  const other = stream === 'stdout' ? 'stderr' : stream === 'stderr' ? 'stdout' : undefined
  if (!mayHavePieces(bytes) && (other === undefined || !bytes.includes(` ${other} `))) return bytes
  const open = new Map<string, { first: Buffer; texts: Buffer[]; lines: Buffer[] }>()
  const out: Buffer[] = []
  for (const { from, next, piece } of linesIn(bytes)) {
    if (piece && piece.stream === other) continue
    const line = bytes.subarray(from, next)
    const begun = piece && open.get(piece.stream)
    if (piece?.open) {
      const text = bytes.subarray(piece.from, piece.to)
      if (begun) {
        begun.texts.push(text)
        begun.lines.push(line)
      } else open.set(piece.stream, { first: bytes.subarray(from, piece.from), texts: [text], lines: [line] })
    } else if (begun) {
      open.delete(piece!.stream)
      out.push(headOf(begun.first), ...begun.texts, bytes.subarray(piece!.from, next))
    } else out.push(line)
  }
  for (const { lines } of open.values()) out.push(...lines)
  out.push(bytes.subarray(bytes.lastIndexOf(LF) + 1))
  return Buffer.concat(out)
}

/** What stands before the text of a first piece, saying that the line is whole. */
const headOf = (first: Buffer): Buffer => (first[0] === 0x7b ? first : Buffer.from(first.toString('latin1').replace(/ P((?::\S*)? ?)$/, ' F$1'), 'latin1'))
