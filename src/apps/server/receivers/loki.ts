/**
 * Loki's push, as promtail, Grafana Alloy, Fluent Bit and Vector send it: https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs
 * Messages: https://github.com/grafana/loki/blob/main/pkg/push/push.proto. The protobuf is walked by hand: no object per line.
 */
import { createHash } from 'node:crypto'
import { invalidInput, type Problem } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { LineBatch } from '#core/shapes/ports/lines.ts'

export interface LokiStream {
  labels: Record<string, string>
  /** Lines, each ended by \n; a line break inside an entry has become a space. */
  lines: Buffer
  /** ms since the epoch, one for each line. */
  times: Float64Array
}

const MAX_STREAMS = 2_000
const MAX_LABELS = 64
const MAX_LABEL_TEXT = 16_384
const LF = 10

const bad = (path: string, message: string) => invalidInput([{ path, message }])

/** One LineBatch for each stream. The ids come from the content, so that a push that is retried is stored once. */
export function lokiBatches(streams: readonly LokiStream[], cluster: string, receivedAt: number): LineBatch[] {
  return streams
    .filter((stream) => stream.lines.length > 0)
    .map((stream, index) => {
      const { cluster: _, format, ...labels } = stream.labels
      const names = JSON.stringify([index, ...Object.entries(stream.labels).sort()])
      const hash = createHash('sha256').update(names).update(stream.lines).update(new Uint8Array(stream.times.buffer)).digest()
      const first = stream.times[0]!
      return {
        id: uuidv7(first >= 0 && first < 2 ** 48 ? first : 0, hash),
        cluster,
        source: labels.source ?? labels.job ?? labels.service_name ?? 'loki',
        ...(format === undefined ? {} : { format }),
        labels: { ...labels, transport: 'loki' },
        bytes: stream.lines,
        times: stream.times,
        receivedAt,
      }
    })
}

/** `{"streams": [{"stream": {…}, "values": [["<ns>", "line"], …]}]}`; INVALID_INPUT with the problems found (at most 20). */
export function decodeLokiJson(body: Buffer): LokiStream[] {
  let push: unknown
  try {
    push = JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw bad('body', `is not JSON: ${(error as Error).message}`)
  }
  const streams = (push as { streams?: unknown } | null)?.streams
  if (!Array.isArray(streams)) throw bad('streams', 'must be a list')
  if (streams.length > MAX_STREAMS) throw bad('streams', `at most ${MAX_STREAMS}`)
  const problems: Problem[] = []
  const problem = (path: string, message: string) => {
    if (problems.length < 20) problems.push({ path, message })
  }
  const decoded = streams.map((stream: { stream?: unknown; values?: unknown } | null, s) => {
    const labels = stream?.stream
    if (typeof labels !== 'object' || labels === null || Object.values(labels).some((value) => typeof value !== 'string'))
      problem(`streams[${s}].stream`, 'must be an object of strings')
    else if (Object.keys(labels).length > MAX_LABELS) problem(`streams[${s}].stream`, `at most ${MAX_LABELS} labels`)
    const values = Array.isArray(stream?.values) ? stream.values : []
    if (!Array.isArray(stream?.values)) problem(`streams[${s}].values`, 'must be a list')
    const texts: string[] = []
    const times = new Float64Array(values.length)
    values.forEach((value: unknown, v) => {
      const [time, line] = Array.isArray(value) ? value : []
      if (typeof time !== 'string' || !/^\d{1,19}$/.test(time) || typeof line !== 'string') {
        problem(`streams[${s}].values[${v}]`, 'must be ["<nanoseconds>", "<line>", …]')
        return
      }
      times[v] = Number(time.slice(0, -6)) // text, because nanoseconds do not fit a double
      texts.push(line.includes('\n') ? line.trimEnd().replaceAll('\n', ' ') : line, '\n')
    })
    return { labels: (labels ?? {}) as Record<string, string>, lines: Buffer.from(texts.join('')), times }
  })
  if (problems.length > 0) throw invalidInput(problems)
  return decoded
}

/** logproto.PushRequest, decompressed. */
export function decodeLokiProtobuf(body: Buffer): LokiStream[] {
  const streams: LokiStream[] = []
  walk(body, 0, body.length, (field, from, to) => {
    if (field !== 1) return
    if (streams.length === MAX_STREAMS) throw bad('streams', `at most ${MAX_STREAMS}`)
    streams.push(decodeStream(body, from, to))
  })
  return streams
}

function decodeStream(body: Buffer, start: number, end: number): LokiStream {
  let labels: Record<string, string> = {}
  let count = 0
  let size = 0
  walk(body, start, end, (field, from, to) => {
    if (field === 1) labels = parseLabels(body.toString('utf8', from, to))
    if (field === 2) {
      count++
      size += to - from + 1
    }
  })
  // An entry is longer than its line (tag, length), so this is always enough.
  const lines = Buffer.allocUnsafe(size)
  const times = new Float64Array(count)
  let length = 0
  let row = 0
  walk(body, start, end, (field, entryFrom, entryTo) => {
    if (field !== 2) return
    let ms = 0
    walk(body, entryFrom, entryTo, (entryField, from, to) => {
      if (entryField === 1) ms = timestamp(body, from, to)
      else if (entryField === 2) {
        let last = to
        while (last > from && body[last - 1] === LF) last--
        body.copy(lines, length, from, last)
        const line = lines.subarray(length, length + last - from)
        for (let at = line.indexOf(LF); at !== -1; at = line.indexOf(LF, at + 1)) line[at] = 32
        length += line.length
      }
    })
    times[row++] = ms
    lines[length++] = LF
  })
  return { labels, lines: lines.subarray(0, length), times }
}

/** google.protobuf.Timestamp in ms. */
function timestamp(body: Buffer, start: number, end: number): number {
  let ms = 0
  walk(body, start, end, (field, value) => {
    if (field === 1) ms += value * 1000
    else if (field === 2) ms += Math.floor(value / 1e6)
  })
  return ms
}

/**
 * Calls `visit` for each field of the message in [start, end): with the range of its bytes for length-delimited fields, with the value for varints.
 * Encoding: https://protobuf.dev/programming-guides/encoding/
 */
function walk(body: Buffer, start: number, end: number, visit: (field: number, from: number, to: number) => void): void {
  let at = start
  const varint = () => {
    let value = 0
    for (let shift = 1, i = 0; i < 10; i++, shift *= 128) {
      if (at >= end) throw bad('body', 'is not a push request: cut off')
      const byte = body[at++]!
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
    throw bad('body', 'is not a push request: a number is too long')
  }
  while (at < end) {
    const tag = varint()
    const field = Math.floor(tag / 8)
    const wire = tag % 8
    if (wire === 0) visit(field, varint(), 0)
    else if (wire === 1) at += 8
    else if (wire === 5) at += 4
    else if (wire === 2) {
      const length = varint()
      const from = at
      if (from + length > end) throw bad('body', 'is not a push request: cut off')
      at = from + length
      visit(field, from, at)
    } else throw bad('body', `is not a push request: wire type ${wire}`)
  }
}

const PAIR = /\s*([a-zA-Z_][a-zA-Z0-9_.]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|(?=\}))/y

/** `{name="value", …}` with values quoted as in Go. */
export function parseLabels(text: string): Record<string, string> {
  const trimmed = text.trim()
  if (trimmed.length > MAX_LABEL_TEXT || !trimmed.startsWith('{') || !trimmed.endsWith('}')) throw bad('labels', 'must be {name="value", …}')
  const labels: Record<string, string> = {}
  PAIR.lastIndex = 1
  for (let count = 0; ; count++) {
    const at = PAIR.lastIndex
    const found = PAIR.exec(trimmed)
    if (!found) {
      if (trimmed.slice(at).trim() === '}') return labels
      throw bad('labels', 'must be {name="value", …}')
    }
    if (count === MAX_LABELS) throw bad('labels', `at most ${MAX_LABELS} labels`)
    labels[found[1]!] = unquote(found[2]!)
  }
}

const ESCAPES: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

const unquote = (text: string) =>
  text.includes('\\')
    ? text.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))/g, (_, x?: string, u?: string, plain?: string) =>
        plain === undefined ? String.fromCharCode(Number.parseInt((x ?? u)!, 16)) : (ESCAPES[plain] ?? plain),
      )
    : text
