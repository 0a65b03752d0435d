/** Series in memory, behind the interface that a store has. */
import type { LabelMatcher } from './ast.ts'
import type { Histogram } from './histogram/histogram.ts'
import { detectReset } from './histogram/reconcile.ts'
import { type Labels, seriesMatcher } from './labels.ts'
import type { Sample } from './notation.ts'
import type { SeriesSource } from './query.ts'
import type { Columns } from './value.ts'

interface Stored {
  labels: Labels
  samples: Map<number, Exclude<Sample, undefined>>
  starts: Map<number, number>
}

export class MemorySource implements SeriesSource {
  readonly #series = new Map<string, Stored>()

  add(labels: Labels, at: number, sample: Exclude<Sample, undefined>, start?: number): void {
    let stored = this.#series.get(labels.key)
    if (!stored) {
      stored = { labels, samples: new Map(), starts: new Map() }
      this.#series.set(labels.key, stored)
    }
    stored.samples.set(at, sample)
    if (start !== undefined) stored.starts.set(at, start)
  }

  fetch(matchers: readonly LabelMatcher[], from: number, to: number): Promise<readonly Columns[]> {
    const matches = seriesMatcher(matchers)
    const out: Columns[] = []
    for (const stored of this.#series.values()) {
      if (!matches(stored.labels)) continue
      const columns = columnsOf(stored, from, to)
      if (columns.ts.length > 0) out.push(columns)
    }
    return Promise.resolve(out)
  }
}

function columnsOf({ labels, samples, starts }: Stored, from: number, to: number): Columns {
  const all = withStoredHints([...samples].sort(([a], [b]) => a - b)).filter(([t]) => t > from && t <= to)
  const has = (test: (sample: Exclude<Sample, undefined>) => boolean) => all.some(([, sample]) => test(sample))
  return {
    labels,
    ts: Float64Array.from(all, ([t]) => t),
    values: Float64Array.from(all, ([, sample]) => (typeof sample === 'number' ? sample : Number.NaN)),
    stale: has((sample) => sample === 'stale') ? Uint8Array.from(all, ([, sample]) => Number(sample === 'stale')) : null,
    histograms: has((sample) => typeof sample === 'object') ? all.map(([, sample]) => (typeof sample === 'object' ? sample : null)) : null,
    starts: starts.size > 0 ? Float64Array.from(all, ([t]) => starts.get(t) ?? 0) : null,
  }
}

/** A store keeps of reset hints only what its chunks say: gauge, or no reset since the sample before in the same chunk. */
function withStoredHints<T extends [number, Exclude<Sample, undefined>]>(samples: T[]): [number, Exclude<Sample, undefined>][] {
  let previous: Histogram | undefined
  return samples.map(([t, sample]) => {
    if (typeof sample !== 'object') {
      previous = undefined
      return [t, sample]
    }
    const gauge = sample.hint === 'gauge'
    const continues =
      previous !== undefined && !gauge && !detectReset(sample, previous) && sample.schema === previous.schema && sample.zeroThreshold === previous.zeroThreshold
    previous = gauge ? undefined : sample
    return [t, { ...sample, hint: gauge ? 'gauge' : continues ? 'not_reset' : 'unknown' }]
  })
}
