/** Reads rows of `sample_runs` as the engine gives them, in no order, into the samples of one series after the other. Pure. */
import { readNative } from '#core/telemetry/native-read.ts'
import { RUN_MS } from '#core/telemetry/tables/metrics.ts'
import { STALE_HIGH, STALE_LOW } from './blocks.ts'

export interface StoredFloats {
  ts: Float64Array
  values: Float64Array
  stale: Uint8Array | null
}

/** Samples in (from, to] of each id; undefined where there are none. `ids` ascend; rows of other ids are passed over. */
export function readRuns(bytes: Uint8Array, ids: BigUint64Array, from: number, to: number): (StoredFloats | undefined)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const { order, firstOf, slots, floats, wholes, samples } = rowsOf(bytes, view, ids)
  const ts = new Float64Array(samples)
  const values = new Float64Array(samples)
  const valueBytes = new Uint8Array(values.buffer)
  const out = new Array<StoredFloats | undefined>(ids.length).fill(undefined)
  let put = 0
  for (let s = 0; s < ids.length; s++) {
    const first = put
    for (let r = firstOf[s]!; r < firstOf[s + 1]!; r++) {
      const row = order[r]!
      const base = slots[row]! * 1000
      if (floats.count[row] !== 0) {
        const [skipped, n] = part(view, floats.at[row]!, floats.count[row]!, from - base, to - base)
        readTimes(view, floats.at[row]! + skipped * 4, n, base, ts, put)
        const value = floats.from[row]! + skipped * 8
        valueBytes.set(bytes.subarray(value, value + n * 8), put * 8)
        put += n
      }
      if (wholes.count[row] !== 0) {
        const [skipped, n] = part(view, wholes.at[row]!, wholes.count[row]!, from - base, to - base)
        readTimes(view, wholes.at[row]! + skipped * 4, n, base, ts, put)
        readWhole(view, wholes.from[row]! + skipped * 8, n, values, put)
        put += n
      }
    }
    if (put === first) continue
    const [times, own] = [ts.subarray(first, put), values.subarray(first, put)]
    const n = ascends(times) ? times.length : sortSamples(times, own)
    out[s] = within(times, own, n, from, to)
  }
  return out
}

const ALL: [number, number] = [0, 0]
/** Which of the samples of a row lie in the range, where their order says it: how many to pass over, how many to take. The answer is the same array each time. */
function part(view: DataView, at: number, count: number, from: number, to: number): [skipped: number, n: number] {
  ALL[0] = 0
  ALL[1] = count
  if (from < 0 && to >= RUN_MS) return ALL
  let skipped = 0
  let n = 0
  let last = -1
  for (let i = 0, p = at | 0; i < count; i++, p = (p + 4) | 0) {
    const t = view.getUint32(p, true)
    // Out of order: all of it is taken, and looked at later.
    if (t < last) return ALL
    last = t
    if (t <= from) skipped++
    else if (t <= to) n++
  }
  ALL[0] = skipped
  ALL[1] = n
  return ALL
}

function readTimes(view: DataView, at: number, n: number, base: number, into: Float64Array, put: number): void {
  for (let i = 0, p = at | 0; i < n; i++, p = (p + 4) | 0) into[put + i] = base + view.getUint32(p, true)
}
function readWhole(view: DataView, at: number, n: number, into: Float64Array, put: number): void {
  for (let i = 0, p = at | 0; i < n; i++, p = (p + 8) | 0) into[put + i] = view.getInt32(p + 4, true) * 4_294_967_296 + view.getUint32(p, true)
}
function ascends(ts: Float64Array): boolean {
  for (let i = 1; i < ts.length; i++) if (!(ts[i]! > ts[i - 1]!)) return false
  return true
}

/** What each row has and where its elements begin, and the rows of each series in order of time. */
function rowsOf(bytes: Uint8Array, view: DataView, ids: BigUint64Array) {
  const answer = readNative(bytes)
  const total = answer.rows
  const rowIds = new BigUint64Array(answer.numbers('id'))
  const slots = new Uint32Array(answer.numbers('slot'))
  const column = (times: string, name: string) => {
    // An answer has less than 2^31 bytes.
    const [at, from, count] = [new Int32Array(total), new Int32Array(total), new Int32Array(total)]
    let row = 0
    const numbers = answer.arrays(name)
    answer.arrays(times).forEach(({ ends, from: start }, block) => {
      const values = numbers[block]!.from
      for (let i = 0, begin = 0; i < ends.length; i++, row++) {
        at[row] = start + begin * 4
        from[row] = values + begin * 8
        count[row] = ends[i]! - begin
        begin = ends[i]!
      }
    })
    return { at, from, count }
  }
  const floats = column('at', 'value')
  const wholes = column('whole_at', 'whole')
  // Rows of a half hour come in order of id: the next one is mostly right after the last.
  const seriesOf = new Int32Array(total)
  const firstOf = new Uint32Array(ids.length + 2)
  let samples = 0
  for (let row = 0, s = 0; row < total; row++) {
    const id = rowIds[row]!
    if (ids[s] !== id) s = ids[s + 1] === id ? s + 1 : indexOf(ids, id)
    seriesOf[row] = s
    if (s < 0) {
      s = 0
      continue
    }
    firstOf[s + 2]!++
    samples += floats.count[row]! + wholes.count[row]!
  }
  for (let s = 2; s < firstOf.length; s++) firstOf[s]! += firstOf[s - 1]!
  const starts = firstOf.slice(1)
  const begins = new Float64Array(total)
  const order = new Uint32Array(total)
  for (let row = 0; row < total; row++) {
    const s = seriesOf[row]!
    if (s < 0) continue
    const at = floats.count[row]! > 0 ? floats.at[row]! : wholes.at[row]!
    begins[row] = slots[row]! * 1000 + (floats.count[row]! + wholes.count[row]! > 0 ? view.getUint32(at, true) : 0)
    let put = firstOf[s + 1]!++
    // Few rows of a series are not in place already.
    while (put > starts[s]! && begins[order[put - 1]!]! > begins[row]!) order[put] = order[--put]!
    order[put] = row
  }
  return { slots, floats, wholes, samples, order, firstOf }
}

function indexOf(ids: BigUint64Array, id: bigint): number {
  let [low, high] = [0, ids.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    if (ids[middle]! === id) return middle
    if (ids[middle]! < id) low = middle + 1
    else high = middle - 1
  }
  return -1
}

const isStale = (words: Uint32Array, i: number) => words[i * 2] === STALE_LOW && words[i * 2 + 1] === STALE_HIGH

/** In order of time, each time once; how many are left. Of samples with one time the greatest counts: the same whatever the order in which they came. */
function sortSamples(ts: Float64Array, values: Float64Array): number {
  const order = Array.from(ts.keys()).sort((a, b) => ts[a]! - ts[b]!)
  const [times, old] = [ts.slice(), values.slice()]
  const [words, oldWords] = [new Uint32Array(values.buffer, values.byteOffset, values.length * 2), new Uint32Array(old.buffer)]
  let n = 0
  for (const from of order) {
    const same = n > 0 && ts[n - 1] === times[from]
    if (same && !(isStale(words, n - 1) || old[from]! > values[n - 1]! || (Number.isNaN(values[n - 1]) && !isStale(oldWords, from)))) continue
    if (same) n--
    ts[n] = times[from]!
    words[n * 2] = oldWords[from * 2]!
    words[n * 2 + 1] = oldWords[from * 2 + 1]!
    n++
  }
  return n
}

/** Of the first `n` samples those in (from, to], with marks where they are stale. */
function within(ts: Float64Array, values: Float64Array, n: number, from: number, to: number): StoredFloats | undefined {
  let first = 0
  while (first < n && ts[first]! <= from) first++
  let end = n
  while (end > first && ts[end - 1]! > to) end--
  if (first === end) return undefined
  const kept = values.subarray(first, end)
  let marks: Uint8Array | null = null
  for (let i = 0; i < kept.length; i++) {
    if (!Number.isNaN(kept[i])) continue
    const words = new Uint32Array(kept.buffer, kept.byteOffset, kept.length * 2)
    if (!isStale(words, i)) continue
    marks ??= new Uint8Array(kept.length)
    marks[i] = 1
  }
  return { ts: ts.subarray(first, end), values: kept, stale: marks }
}
