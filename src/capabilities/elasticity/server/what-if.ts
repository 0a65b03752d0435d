/** What a policy would have done with the traffic that was stored: a replay, in a thread of its own. */
import { Worker } from 'node:worker_threads'
import { CodedError } from '#core/kernel/errors.ts'
import type { Scope, Telemetry } from '#core/shapes/ports/telemetry.ts'
import type { PolicyName } from '../domain/simulate/policies.ts'
import type { ReplayOptions, ReplaySpec, Report } from '../domain/simulate/replay.ts'
import type { Trace } from '../domain/simulate/trace.ts'

export interface WhatIfWork {
  spec: ReplaySpec
  trace: Trace
  names: PolicyName[]
  options: ReplayOptions
}

const ENTRY = new URL('./what-if-worker.ts', import.meta.url)
const MINUTE = 60_000
const HEAP_MB = 256
const LONGEST_MS = 60_000
const AT_ONCE = 2
/** What a replay learns from before it is scored: a day, or a third of what there is. */
const LEARN_MS = 86_400_000

/** Requests by the minute of services of a namespace; minutes in which nothing at all was stored are not known, the others are zero. Undefined: nothing was stored. */
export async function storedTrace(
  telemetry: Pick<Telemetry, 'query'>,
  scope: Scope,
  asked: { cluster: string; namespace: string; services: readonly string[]; from: number; to: number },
): Promise<Trace | undefined> {
  const { cluster, namespace, services } = asked
  const from = Math.floor(asked.from / MINUTE)
  const to = Math.floor(asked.to / MINUTE)
  const sql = `SELECT intDiv(toUnixTimestamp(ts), 60) AS minute, sumIf(requests, namespace = {namespace:String} AND service IN {services:Array(String)}) AS count
    FROM access_1m WHERE cluster = {cluster:String} AND ts >= fromUnixTimestamp({from:UInt32}) AND ts < fromUnixTimestamp({to:UInt32}) GROUP BY minute ORDER BY minute`
  const { rows } = await telemetry.query({ sql, params: { cluster, namespace, services, from: from * 60, to: to * 60 }, scope })
  const first = rows.findIndex(([, count]) => Number(count) > 0)
  if (first < 0) return undefined
  const begin = Number(rows[first]![0])
  const counts = new Float64Array(Math.max(2, Number(rows.at(-1)![0]) - begin + 1)).fill(Number.NaN)
  for (const [minute, count] of rows.slice(first)) counts[Number(minute) - begin] = Number(count)
  return { begin: begin * MINUTE, period: 60, counts }
}

/** Refuses with TOO_MANY when others are at it, TIMED_OUT when it takes too long. */
export function createWhatIf() {
  let busy = 0
  return async (spec: ReplaySpec, trace: Trace, names: PolicyName[], target: number, sample: number): Promise<Report> => {
    if (busy >= AT_ONCE) throw new CodedError('RATE_LIMITED')
    busy++
    const length = trace.counts.length * trace.period
    const unscored = Math.round(Math.min(LEARN_MS / 1_000, length / 3))
    const data: WhatIfWork = { spec, trace, names, options: { unscored, target, sample } }
    const worker = new Worker(ENTRY, { workerData: data, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB }, execArgv: ['--no-warnings'] })
    worker.unref()
    const { promise, resolve, reject } = Promise.withResolvers<Report>()
    const timer = setTimeout(() => reject(new CodedError('TIMED_OUT', { what: 'the replay', limit: `${LONGEST_MS / 1_000} s` })), LONGEST_MS)
    worker.once('message', resolve)
    worker.once('error', reject)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      busy--
      await worker.terminate()
    }
  }
}
