/** Samples of one request as they are found, grown as columns; what a decoder fills and the store takes. */
import type { Histogram } from '#core/promql/histogram/histogram.ts'
import type { Labels } from '#core/promql/labels.ts'
import type { Metadata, SampleBatch } from '#core/shapes/ports/metrics.ts'
import { ProtobufError } from '#core/telemetry/protobuf.ts'

/** What a sender brought, before it has an id and a cluster. */
export type Brought = Omit<SampleBatch, 'id' | 'cluster'>

const STALE_LOW = 2
const STALE_HIGH = 0x7ff00000
/** https://github.com/prometheus/prometheus/blob/main/model/value/value.go: StaleNaN */
export const isStale = (low: number, high: number): boolean => low === STALE_LOW && high === STALE_HIGH
/** Samples of one request. */
const SAMPLES_MAX = 1_000_000

export function createCollected() {
  const series: Labels[] = []
  let of = new Uint32Array(1024)
  let ts = new Float64Array(1024)
  let values = new Float64Array(1024)
  let stale = new Uint8Array(1024)
  /** Made when the first is said. */
  let starts: Float64Array | undefined
  let rows = 0
  const histograms: { of: number; ts: number; histogram: Histogram; start?: number }[] = []
  const exemplars: { of: number; ts: number; value: number; labels: Record<string, string> }[] = []
  const metadata: Metadata[] = []
  const bits = new DataView(new ArrayBuffer(8))

  const grow = () => {
    if (rows >= SAMPLES_MAX) throw new ProtobufError(`more than ${SAMPLES_MAX} samples`)
    const size = rows * 2
    const wider = <T extends Uint32Array | Float64Array | Uint8Array>(fresh: T, old: T): T => {
      fresh.set(old)
      return fresh
    }
    of = wider(new Uint32Array(size), of)
    ts = wider(new Float64Array(size), ts)
    values = wider(new Float64Array(size), values)
    stale = wider(new Uint8Array(size), stale)
    if (starts) starts = wider(new Float64Array(size), starts)
  }

  return {
    /** Rows that follow may name it by the number returned. */
    addSeries: (labels: Labels): number => series.push(labels) - 1,
    add(index: number, at: number, value: number, isStale = false): void {
      if (rows === of.length) grow()
      of[rows] = index
      ts[rows] = at
      values[rows] = value
      stale[rows++] = Number(isStale)
    },
    /** By the bits of the value, because those of a NaN say whether it is a stale marker. */
    addBits(index: number, at: number, low: number, high: number): void {
      bits.setUint32(0, low, true)
      bits.setUint32(4, high, true)
      this.add(index, at, bits.getFloat64(0, true), isStale(low, high))
    },
    /** When counting began for the rows from `first` on that do not say it themselves, ms. */
    startFrom(first: number, start: number): void {
      if (start === 0) return
      starts ??= new Float64Array(of.length)
      for (let i = first; i < rows; i++) if (starts[i] === 0) starts[i] = start
    },
    get rows(): number {
      return rows
    },
    histograms,
    exemplars,
    metadata,
    done: (): Brought => ({
      series,
      of: of.subarray(0, rows),
      ts: ts.subarray(0, rows),
      values: values.subarray(0, rows),
      stale: stale.subarray(0, rows),
      ...(starts ? { starts: starts.subarray(0, rows) } : {}),
      histograms,
      exemplars,
      metadata,
    }),
  }
}
export type Collected = ReturnType<typeof createCollected>
