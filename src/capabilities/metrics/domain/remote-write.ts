/**
 * Prometheus remote write: prometheus.WriteRequest (1.0) and io.prometheus.write.v2.Request (2.0), walked by hand.
 * https://prometheus.io/docs/specs/prw/remote_write_spec/ and remote_write_spec_2_0/
 */
import { type Buckets, CUSTOM, type Histogram, NO_BUCKETS, type ResetHint } from '#core/promql/histogram/histogram.ts'
import { type Labels, labelsOf } from '#core/promql/labels.ts'
import { ProtobufError, ProtobufReader } from '#core/telemetry/protobuf.ts'
import { type Brought, type Collected, createCollected, isStale } from './collected.ts'

const TYPES = ['unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset']
const HINTS: readonly ResetHint[] = ['unknown', 'reset', 'not_reset', 'gauge']
const SERIES_MAX = 200_000
const SYMBOLS_MAX = 500_000
/** Buckets of one histogram, holes between spans included. */
const BUCKETS_MAX = 4_096

/** Throws ProtobufError for what is no WriteRequest. */
export function readRemoteWrite1(body: Uint8Array): Brought {
  const reader = new ProtobufReader(body)
  const collected = createCollected()
  let count = 0
  while (reader.next()) {
    if (reader.field === 1) {
      if (++count > SERIES_MAX) throw new ProtobufError(`more than ${SERIES_MAX} series`)
      timeSeries1(reader, collected)
    } else if (reader.field === 3) metadata1(reader, collected)
    else reader.skip()
  }
  return collected.done()
}

function timeSeries1(reader: ProtobufReader, collected: Collected): void {
  const pairs: [string, string][] = []
  let index = -1
  const exemplars: Collected['exemplars'] = []
  // Labels come first as every sender writes them; a series is made once all that stand before its samples are read.
  const own = () => {
    if (index < 0) index = collected.addSeries(checkedLabels(pairs))
    return index
  }
  reader.message(() => {
    if (reader.field === 1) {
      if (index >= 0) throw new ProtobufError('a label stands after a sample')
      pairs.push(labelPair(reader))
    } else if (reader.field === 2) sample(reader, collected, own())
    else if (reader.field === 3) {
      const labels: Record<string, string> = {}
      let [value, ts] = [0, 0]
      reader.message(() => {
        if (reader.field === 1) {
          const [name, text] = labelPair(reader)
          labels[name] = text
        } else if (reader.field === 2) value = reader.double()
        else if (reader.field === 3) ts = reader.int()
        else reader.skip()
      })
      exemplars.push({ of: own(), ts, value, labels })
    } else if (reader.field === 4) nativeHistogram(reader, collected, own())
    else reader.skip()
  })
  collected.exemplars.push(...exemplars)
}

function labelPair(reader: ProtobufReader): [string, string] {
  let name = ''
  let value = ''
  reader.message(() => {
    if (reader.field === 1) name = reader.text()
    else if (reader.field === 2) value = reader.text()
    else reader.skip()
  })
  return [name, value]
}

/** A name twice leaves open what is meant. */
function checkedLabels(pairs: readonly [string, string][]): Labels {
  const labels = labelsOf(pairs)
  for (let i = 2; i < labels.pairs.length; i += 2)
    if (labels.pairs[i] === labels.pairs[i - 2]) throw new ProtobufError(`a series has the label ${JSON.stringify(labels.pairs[i])} twice`)
  return labels
}

function sample(reader: ProtobufReader, collected: Collected, index: number): void {
  let [low, high, ts, start] = [0, 0, 0, 0]
  reader.message(() => {
    if (reader.field === 1 && reader.wire === 1) [low, high] = reader.words()
    else if (reader.field === 2 && reader.wire === 0) ts = reader.int()
    else if (reader.field === 3 && reader.wire === 0) start = reader.int()
    else reader.skip()
  })
  collected.addBits(index, ts, low, high)
  collected.startFrom(collected.rows - 1, start)
}

function metadata1(reader: ProtobufReader, collected: Collected): void {
  let [type, metric, help, unit] = [0, '', '', '']
  reader.message(() => {
    if (reader.field === 1) type = reader.varint()
    else if (reader.field === 2) metric = reader.text()
    else if (reader.field === 4) help = reader.text()
    else if (reader.field === 5) unit = reader.text()
    else reader.skip()
  })
  if (metric !== '') collected.metadata.push({ metric, type: TYPES[type] ?? 'unknown', help, unit })
}

/** Throws ProtobufError for what is no Request. */
export function readRemoteWrite2(body: Uint8Array): Brought {
  const collected = createCollected()
  const symbols: string[] = []
  // Series name symbols by number, and symbols may stand after them.
  for (const reader = new ProtobufReader(body); reader.next(); ) {
    if (reader.field !== 4) {
      reader.skip()
      continue
    }
    if (symbols.length >= SYMBOLS_MAX) throw new ProtobufError(`more than ${SYMBOLS_MAX} symbols`)
    symbols.push(reader.text())
  }
  if (symbols.length > 0 && symbols[0] !== '') throw new ProtobufError('the first symbol is not empty')
  const symbol = (ref: number) => {
    const text = symbols[ref]
    if (text === undefined) throw new ProtobufError(`there is no symbol ${ref}`)
    return text
  }
  let count = 0
  for (const reader = new ProtobufReader(body); reader.next(); ) {
    if (reader.field !== 5) reader.skip()
    else if (++count > SERIES_MAX) throw new ProtobufError(`more than ${SERIES_MAX} series`)
    else timeSeries2(reader, collected, symbol)
  }
  return collected.done()
}

function timeSeries2(reader: ProtobufReader, collected: Collected, symbol: (ref: number) => string): void {
  const refs = (into: number[]) => reader.repeated(0, () => void into.push(reader.varint()))
  const pairsOf = (list: readonly number[]): [string, string][] => {
    if (list.length % 2 === 1) throw new ProtobufError('a label has no value')
    return Array.from({ length: list.length / 2 }, (_, i) => [symbol(list[i * 2]!), symbol(list[i * 2 + 1]!)])
  }
  const own: number[] = []
  let index = -1
  const series = () => {
    if (index < 0) index = collected.addSeries(checkedLabels(pairsOf(own)))
    return index
  }
  let about: { type: number; help: number; unit: number } | undefined
  let created = 0
  const [firstRow, firstHistogram] = [collected.rows, collected.histograms.length]
  reader.message(() => {
    if (reader.field === 1) refs(own)
    else if (reader.field === 2) sample(reader, collected, series())
    else if (reader.field === 3) nativeHistogram(reader, collected, series())
    else if (reader.field === 4) {
      const labels: number[] = []
      let [value, ts] = [0, 0]
      reader.message(() => {
        if (reader.field === 1) refs(labels)
        else if (reader.field === 2) value = reader.double()
        else if (reader.field === 3) ts = reader.int()
        else reader.skip()
      })
      collected.exemplars.push({ of: series(), ts, value, labels: Object.fromEntries(pairsOf(labels)) })
    } else if (reader.field === 5) {
      about = { type: 0, help: 0, unit: 0 }
      const found = about
      reader.message(() => {
        if (reader.field === 1) found.type = reader.varint()
        else if (reader.field === 3) found.help = reader.varint()
        else if (reader.field === 4) found.unit = reader.varint()
        else reader.skip()
      })
    } else if (reader.field === 6 && reader.wire === 0) created = reader.int()
    else reader.skip()
  })
  // Senders of the first drafts say it once for a series, later ones for each sample.
  if (created !== 0) {
    collected.startFrom(firstRow, created)
    for (let i = firstHistogram; i < collected.histograms.length; i++) collected.histograms[i]!.start ??= created
  }
  const metric = pairsOf(own).find(([name]) => name === '__name__')?.[1]
  if (about && about.type !== 0 && metric !== undefined)
    collected.metadata.push({ metric: familyOf(metric, about.type), type: TYPES[about.type] ?? 'unknown', help: symbol(about.help), unit: symbol(about.unit) })
}

/** Metadata is of the family; series of classic histograms and summaries have endings of their own. */
const familyOf = (metric: string, type: number): string => (type === 3 || type === 4 || type === 5 ? metric.replace(/_(bucket|count|sum)$/, '') : metric)

/** One of either version: counts as integers (deltas from bucket to bucket) or as doubles. */
export function nativeHistogram(reader: ProtobufReader, collected: Collected, index: number): void {
  let [ts, schema, zeroThreshold, zeroCount, count, sum, hint, start] = [0, 0, 0, 0, 0, 0, 0, 0]
  let ended = false
  const spans: [Span[], Span[]] = [[], []]
  const deltas: [number[], number[]] = [[], []]
  const counts: [number[], number[]] = [[], []]
  const custom: number[] = []
  const span = (list: Span[]) => {
    const found: Span = { offset: 0, length: 0 }
    reader.message(() => {
      if (reader.field === 1) found.offset = reader.zigzag()
      else if (reader.field === 2) found.length = reader.varint()
      else reader.skip()
    })
    list.push(found)
  }
  const many = (list: number[], wire: 0 | 1, read: () => number) =>
    reader.repeated(wire, () => {
      if (list.push(read()) > BUCKETS_MAX) throw new ProtobufError(`a histogram has more than ${BUCKETS_MAX} buckets`)
    })
  reader.message(() => {
    switch (reader.field) {
      case 1:
        count = reader.varint()
        break
      case 2:
        count = reader.double()
        break
      case 3:
        ended = staleBits(reader)
        sum = reader.double()
        break
      case 4:
        schema = reader.zigzag()
        break
      case 5:
        zeroThreshold = reader.double()
        break
      case 6:
        zeroCount = reader.varint()
        break
      case 7:
        zeroCount = reader.double()
        break
      case 8:
      case 11:
        span(spans[reader.field === 8 ? 1 : 0])
        break
      case 9:
      case 12:
        many(deltas[reader.field === 9 ? 1 : 0], 0, () => reader.zigzag())
        break
      case 10:
      case 13:
        many(counts[reader.field === 10 ? 1 : 0], 1, () => reader.double())
        break
      case 14:
        hint = reader.varint()
        break
      case 15:
        ts = reader.int()
        break
      case 16:
        many(custom, 1, () => reader.double())
        break
      case 17:
        start = reader.int()
        break
      default:
        reader.skip()
    }
  })
  if (ended) {
    collected.add(index, ts, Number.NaN, true)
    return
  }
  if (schema !== CUSTOM && !(schema >= -4 && schema <= 8)) throw new ProtobufError(`a histogram has schema ${schema}`)
  const [positive, negative] = [0, 1].map((side) => bucketsOf(spans[side]!, deltas[side]!, counts[side]!)) as [Buckets, Buckets]
  const told = HINTS[hint] ?? 'unknown'
  const histogram: Histogram = { schema, zeroThreshold, zeroCount, count, sum, positive, negative, custom: schema === CUSTOM ? custom : null, hint: told }
  collected.histograms.push({ of: index, ts, histogram, ...(start !== 0 && { start }) })
}

/** Whether the double that comes next is a stale marker: a histogram with it as its sum ends the series. */
function staleBits(reader: ProtobufReader): boolean {
  const [low, high] = reader.words()
  reader.at -= 8
  return isStale(low, high)
}

interface Span {
  /** Buckets between this span and the one before, or the first bucket's index. */
  offset: number
  length: number
}

/** Spans and their counts as one dense row. @param counts as doubles; where there are none, @param deltas from each count to the next */
export function bucketsOf(spans: readonly Span[], deltas: readonly number[], counts: readonly number[]): Buckets {
  const values = counts.length > 0 ? counts : running(deltas)
  if (spans.reduce((sum, { length }) => sum + length, 0) !== values.length) throw new ProtobufError('spans and buckets of a histogram do not fit')
  if (values.length === 0) return NO_BUCKETS
  const width = spans.reduce((sum, { offset, length }, i) => sum + length + (i === 0 ? 0 : offset), 0)
  if (width > BUCKETS_MAX || spans.some(({ offset }, i) => i > 0 && offset < 0)) throw new ProtobufError('spans of a histogram make no sense')
  const dense = new Float64Array(width)
  let [at, from] = [0, 0]
  spans.forEach(({ offset, length }, i) => {
    if (i > 0) at += offset
    for (let k = 0; k < length; k++) dense[at++] = values[from++]!
  })
  return { offset: spans[0]!.offset, counts: dense }
}

function running(deltas: readonly number[]): number[] {
  let value = 0
  return deltas.map((delta) => {
    value += delta
    return value
  })
}
