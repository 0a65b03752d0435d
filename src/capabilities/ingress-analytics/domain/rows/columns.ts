/** Rows of one batch as columns: a Native block for `access`, live buckets by route, and the newest rows for the live table. */

import type { LiveBucket } from '#core/shapes/ports/live-stream.ts'
import { Sketch } from '#core/stats/sketch.ts'
import { type ByteSink, bytesOf, lowCardinality, type NativeColumn, nativeBlock } from '#core/telemetry/native-block.ts'
import type { RequestRow } from '../api.ts'
import { SLOT } from '../formats/line.ts'
import type { RowSink } from './read-lines.ts'
import { type Row, writeTraceId } from './row.ts'
import type { Vocabulary } from './vocabulary.ts'
import { type Words, widened } from './words.ts'

/** The words that one block uses, numbered in order of first use. */
class BlockWords {
  keys = new Uint32Array(1024)
  /** Numbers in `words`. */
  used = new Int32Array(256)
  length = 0
  words!: Words
  /** For each word of the vocabulary: the block in which it was last used, and its number there. Side by side: rare words are cache misses. */
  private seen = new Int32Array(512)
  private block = 0

  begin(words?: Words): void {
    if (words) this.words = words
    this.length = 0
    this.block++
  }

  put(row: number, id: number): void {
    this.keys[row] = this.numberOf(id)
  }

  private numberOf(id: number): number {
    const at = id * 2
    if (at >= this.seen.length) this.seen = widened(this.seen, at + 2)
    if (this.seen[at] !== this.block) {
      this.seen[at] = this.block
      if (this.length === this.used.length) this.used = widened(this.used, this.length + 1)
      this.used[this.length] = id
      this.seen[at + 1] = this.length++
    }
    return this.seen[at + 1]!
  }

  /** Fills the column from another one: `of` gives the word for each word of that one, `rows` rows. */
  follow(leader: { length: number; used: Int32Array; keys: Uint32Array }, rows: number, of: (id: number) => number): void {
    if (this.keys.length < rows) this.keys = new Uint32Array(leader.keys.length)
    const map = new Uint32Array(leader.length)
    for (let i = 0; i < leader.length; i++) map[i] = this.numberOf(of(leader.used[i]!))
    const { keys } = leader
    const own = this.keys
    for (let row = 0; row < rows; row++) own[row] = map[keys[row]!]!
  }

  text(row: number): string {
    return this.words.text(this.used[this.keys[row]!]!)
  }

  writeTo(sink: ByteSink): void {
    for (let i = 0; i < this.length; i++) this.words.writeTo(sink, this.used[i]!)
  }
}

const WORD_COLUMNS = [
  'source',
  'route',
  'ingress',
  'namespace',
  'service',
  'workload',
  'pod',
  'host',
  'path_pattern',
  'method',
  'upstream_addr',
  'client',
  'country',
  'user_agent',
  'ua_family',
  'referer',
  'protocol',
  'tls',
] as const
/** Those that are filled row by row; the others follow from one of them. */
const PUT_COLUMNS = ['path_pattern', 'method', 'upstream_addr', 'client', 'user_agent', 'referer', 'protocol', 'tls'] as const
type WordColumn = (typeof WORD_COLUMNS)[number]

const decoder = new TextDecoder()
const encoder = new TextEncoder()
const LATEST = 20
const TWO_32 = 4294967296

export interface Block {
  rows: number
  /** Native block for the table `access`; empty when there are no rows. */
  native: Uint8Array
  live: LiveBucket[]
  /** The last rows of the batch, newest first, as the API shows them. */
  latest: RequestRow[]
  /** Fields in which invalid UTF-8 was replaced by U+FFFD. */
  repaired: number
}

export interface BlockOptions {
  cluster: string
  source: string
  /** ms since the epoch. */
  receivedAt: number
  vocabulary: Vocabulary
}

interface Bucket {
  origin: number
  requests: number
  classes: Uint32Array
  s499: number
  s504: number
  bytesIn: number
  bytesOut: number
  timed: number
  timeSum: number
  timeMax: number
  times: Sketch
  earliest: number
}

/** Of words that are fields; a path pattern follows from its path, which is counted itself. */
const wordsRepaired = ({ words }: Vocabulary) => Object.values(words).reduce((sum, column) => sum + column.repaired, -words.path_pattern.repaired)

export interface BlockBuilder extends RowSink {
  begin(options: BlockOptions): void
  finish(): Block
}

/** One builder is used for all batches, one after another: its arrays grow to the largest batch and stay. */
export function createBlockBuilder(): BlockBuilder {
  let capacity = 1024
  let ts = new Uint32Array(capacity * 2)
  let status = new Uint16Array(capacity)
  let upstreamStatus = new Uint16Array(capacity)
  let bytesIn = new Uint32Array(capacity * 2)
  let bytesOut = new Uint32Array(capacity * 2)
  let requestTime = new Float32Array(capacity)
  let upstreamTime = new Float32Array(capacity)
  let traceId = new Uint8Array(capacity * 16)
  let paths = new Uint8Array(capacity * 32)
  let pathsUsed = 0
  const columns = Object.fromEntries(WORD_COLUMNS.map((name) => [name, new BlockWords()])) as Record<WordColumn, BlockWords>
  /** Numbers of origins; six columns follow from them. */
  const origins = new BlockWords()
  const put = [origins, ...PUT_COLUMNS.map((name) => columns[name])]

  let rows = 0
  let repaired = 0
  let options!: BlockOptions
  let sourceId = 0
  let buckets: Bucket[] = []
  let bucketOf = new Int32Array(64).fill(-1)

  const copied = <T extends Uint8Array | Uint16Array | Uint32Array | Float32Array>(fresh: T, old: T): T => {
    fresh.set(old)
    return fresh
  }
  function grow(): void {
    capacity *= 2
    ts = copied(new Uint32Array(capacity * 2), ts)
    status = copied(new Uint16Array(capacity), status)
    upstreamStatus = copied(new Uint16Array(capacity), upstreamStatus)
    bytesIn = copied(new Uint32Array(capacity * 2), bytesIn)
    bytesOut = copied(new Uint32Array(capacity * 2), bytesOut)
    requestTime = copied(new Float32Array(capacity), requestTime)
    upstreamTime = copied(new Float32Array(capacity), upstreamTime)
    traceId = copied(new Uint8Array(capacity * 16), traceId)
    for (const block of put) block.keys = copied(new Uint32Array(capacity), block.keys)
  }

  function putPath(bytes: Uint8Array, from: number, to: number): void {
    if (pathsUsed + (to - from) * 3 + 4 > paths.length) {
      const grown = new Uint8Array(paths.length * 2 + (to - from) * 3)
      grown.set(paths.subarray(0, pathsUsed))
      paths = grown
    }
    const length = to - from
    let at = pathsUsed
    if (length > 127) paths[at++] = (length & 127) | 128
    paths[at++] = length > 127 ? length >> 7 : length
    let high = 0
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!
      high |= byte
      paths[at++] = byte
    }
    if (high > 127) {
      const text = decoder.decode(bytes.subarray(from, to))
      if (text.includes('\ufffd')) {
        repaired++
        const fixed = encoder.encode(text)
        at = pathsUsed
        if (fixed.length > 127) paths[at++] = (fixed.length & 127) | 128
        paths[at++] = fixed.length > 127 ? fixed.length >> 7 : fixed.length
        paths.set(fixed, at)
        at += fixed.length
      }
    }
    pathsUsed = at
  }

  function count(row: Row, origin: number): void {
    if (origin >= bucketOf.length) {
      const grown = new Int32Array(Math.max(origin + 1, bucketOf.length * 2)).fill(-1)
      grown.set(bucketOf)
      bucketOf = grown
    }
    let index = bucketOf[origin]!
    if (index < 0) {
      index = buckets.length
      bucketOf[origin] = index
      buckets.push({
        origin,
        requests: 0,
        classes: new Uint32Array(5),
        s499: 0,
        s504: 0,
        bytesIn: 0,
        bytesOut: 0,
        timed: 0,
        timeSum: 0,
        timeMax: 0,
        times: new Sketch(),
        earliest: row.ts,
      })
    }
    const bucket = buckets[index]!
    bucket.requests++
    const statusClass = (row.status / 100) | 0
    if (statusClass >= 1 && statusClass <= 5) bucket.classes[statusClass - 1]!++
    if (row.status === 499) bucket.s499++
    else if (row.status === 504) bucket.s504++
    bucket.bytesIn += row.bytesIn
    bucket.bytesOut += row.bytesOut
    if (row.ts < bucket.earliest) bucket.earliest = row.ts
    const time = row.requestTime
    if (time >= 0) {
      bucket.timed++
      bucket.timeSum += time
      if (time > bucket.timeMax) bucket.timeMax = time
      bucket.times.add(time)
    }
  }

  function liveBuckets(): LiveBucket[] {
    const { vocabulary, cluster, receivedAt } = options
    return buckets.map((bucket) => {
      const { names } = vocabulary.origins[bucket.origin]!
      bucketOf[bucket.origin] = -1
      return {
        cluster,
        route: names.route,
        namespace: names.namespace,
        service: names.service,
        arm: '',
        second: Math.floor(receivedAt / 1000) * 1000,
        requests: bucket.requests,
        classes: bucket.classes,
        s499: bucket.s499,
        s504: bucket.s504,
        bytesIn: bucket.bytesIn,
        bytesOut: bucket.bytesOut,
        timed: bucket.timed,
        timeSum: bucket.timeSum,
        timeMax: bucket.timeMax,
        times: bucket.times,
        lateness: Math.max(0, receivedAt - bucket.earliest),
      }
    })
  }

  const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)
  const wide = (column: Uint32Array, row: number): number => column[row * 2]! + column[row * 2 + 1]! * TWO_32

  function latestRows(): RequestRow[] {
    const first = Math.max(0, rows - LATEST)
    const pathsOfLast: string[] = []
    // paths lie one after another, so the last ones are reached from the front
    for (let row = 0, at = 0; row < rows; row++) {
      let length = paths[at++]!
      if (length > 127) length = (length & 127) | (paths[at++]! << 7)
      if (row >= first) pathsOfLast.push(decoder.decode(paths.subarray(at, at + length)))
      at += length
    }
    const latest: RequestRow[] = []
    for (let row = rows - 1; row >= first; row--) {
      const shown: RequestRow = {
        ts: wide(ts, row),
        cluster: options.cluster,
        path: pathsOfLast[row - first]!,
        status: status[row]!,
        bytes_in: wide(bytesIn, row),
        bytes_out: wide(bytesOut, row),
        request_time: orNull(requestTime[row]!),
        upstream_time: orNull(upstreamTime[row]!),
        upstream_status: upstreamStatus[row]!,
        trace_id: traceText(row),
      }
      for (const name of WORD_COLUMNS) shown[name] = columns[name].text(row)
      latest.push(shown)
    }
    return latest
  }
  const traceText = (row: number): string => {
    let text = ''
    for (let i = row * 16; i < row * 16 + 16; i++) text += traceId[i]!.toString(16).padStart(2, '0')
    return /^0+$/.test(text) ? '' : text
  }

  return {
    begin(next) {
      options = next
      rows = 0
      repaired = -wordsRepaired(next.vocabulary)
      pathsUsed = 0
      buckets = []
      bucketOf.fill(-1)
      for (const name of WORD_COLUMNS) columns[name].begin(next.vocabulary.words[name])
      origins.begin()
      sourceId = next.vocabulary.words.source.idOfText(next.source)
      next.vocabulary.begin(sourceId)
    },

    add(row) {
      if (rows === capacity) grow()
      const at = rows++
      const { vocabulary } = options
      const { words } = vocabulary
      const { line } = row
      const { bytes, view, from, to } = line

      ts[at * 2] = row.ts % TWO_32
      ts[at * 2 + 1] = Math.floor(row.ts / TWO_32)
      status[at] = row.status
      upstreamStatus[at] = row.upstreamStatus
      bytesIn[at * 2] = row.bytesIn % TWO_32
      bytesIn[at * 2 + 1] = Math.floor(row.bytesIn / TWO_32)
      bytesOut[at * 2] = row.bytesOut % TWO_32
      bytesOut[at * 2 + 1] = Math.floor(row.bytesOut / TWO_32)
      requestTime[at] = row.requestTime
      upstreamTime[at] = row.upstreamTime
      if (!writeTraceId(line, traceId, at * 16)) traceId.fill(0, at * 16, at * 16 + 16)
      putPath(bytes, from[SLOT.PATH]!, to[SLOT.PATH]!)

      const host = words.host.id(view, bytes, from[SLOT.HOST]!, to[SLOT.HOST]!)
      const originId = vocabulary.originOf(line, host, sourceId)
      const origin = vocabulary.origins[originId]!
      const client = words.client.id(view, bytes, from[SLOT.CLIENT]!, to[SLOT.CLIENT]!)
      const agent = words.user_agent.id(view, bytes, from[SLOT.USER_AGENT]!, to[SLOT.USER_AGENT]!)
      origins.put(at, originId)
      columns.path_pattern.put(at, vocabulary.patternOf(line, origin.route))
      columns.method.put(at, words.method.id(view, bytes, from[SLOT.METHOD]!, to[SLOT.METHOD]!))
      columns.upstream_addr.put(at, words.upstream_addr.id(view, bytes, from[SLOT.UPSTREAM_ADDR]!, to[SLOT.UPSTREAM_ADDR]!))
      columns.client.put(at, client)
      columns.user_agent.put(at, agent)
      columns.referer.put(at, words.referer.id(view, bytes, from[SLOT.REFERER]!, to[SLOT.REFERER]!))
      columns.protocol.put(at, words.protocol.id(view, bytes, from[SLOT.PROTOCOL]!, to[SLOT.PROTOCOL]!))
      columns.tls.put(at, words.tls.id(view, bytes, from[SLOT.TLS]!, to[SLOT.TLS]!))
      count(row, originId)
    },

    finish() {
      if (rows === 0) return { rows: 0, native: new Uint8Array(0), live: [], latest: [], repaired: 0 }
      const { vocabulary } = options
      for (const name of ['source', 'route', 'ingress', 'namespace', 'service', 'host'] as const) {
        columns[name].follow(origins, rows, (origin) => vocabulary.origins[origin]![name])
      }
      columns.workload.follow(columns.upstream_addr, rows, vocabulary.workloadOf)
      columns.pod.follow(columns.upstream_addr, rows, vocabulary.podOf)
      columns.country.follow(columns.client, rows, vocabulary.countryOf)
      columns.ua_family.follow(columns.user_agent, rows, vocabulary.familyOf)
      const number = (name: string, type: string, array: ArrayBufferView): NativeColumn => ({ name, type, data: bytesOf(array) })
      const constant: NativeColumn = {
        name: 'cluster',
        type: 'LowCardinality(String)',
        data: lowCardinality([encoder.encode(options.cluster)], new Uint32Array(rows)),
      }
      const native = nativeBlock(rows, [
        number('ts', 'DateTime64(3)', ts.subarray(0, rows * 2)),
        constant,
        ...WORD_COLUMNS.map((name) => ({
          name,
          type: 'LowCardinality(String)',
          data: lowCardinality(columns[name], columns[name].keys.subarray(0, rows)),
        })),
        { name: 'path', type: 'String', data: paths.subarray(0, pathsUsed) },
        number('status', 'UInt16', status.subarray(0, rows)),
        number('bytes_in', 'UInt64', bytesIn.subarray(0, rows * 2)),
        number('bytes_out', 'UInt64', bytesOut.subarray(0, rows * 2)),
        number('request_time', 'Float32', requestTime.subarray(0, rows)),
        number('upstream_time', 'Float32', upstreamTime.subarray(0, rows)),
        number('upstream_status', 'UInt16', upstreamStatus.subarray(0, rows)),
        number('trace_id', 'FixedString(16)', traceId.subarray(0, rows * 16)),
      ])
      return { rows, native, live: liveBuckets(), latest: latestRows(), repaired: repaired + wordsRepaired(vocabulary) }
    },
  }
}
