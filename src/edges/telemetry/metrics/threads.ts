/** Threads for PromQL: however much a query computes, the server goes on answering others. */
import { Worker } from 'node:worker_threads'
import { CodedError } from '#core/kernel/errors.ts'
import type { Answer } from '#core/promql/evaluate.ts'
import { limitError } from '#core/promql/failure.ts'
import type { Asked, Query, Reply } from './thread.ts'

const ENTRY = new URL('./thread.ts', import.meta.url)
/** Memory of one thread beside the samples themselves, which are counted. */
const HEAP_MB = 1024
/** Queries that wait for a thread; the next one is refused. */
const MOST_WAITING = 200

export type Lane = 'interactive' | 'rules'
/** Rules have a thread of their own: dashboards never delay them. */
const THREADS: Readonly<Record<Lane, number>> = { interactive: 2, rules: 1 }

interface Task {
  query: Asked
  signal: AbortSignal
  resolve: (reply: Reply & { ok: true }) => void
  reject: (error: unknown) => void
}

export interface Threads {
  /** Rejects with what the evaluator throws, PROMQL_LIMIT for too much memory or too many waiting, and the signal's reason, which ends the thread. */
  evaluate(query: Query, lane: Lane, signal: AbortSignal): Promise<Answer>
  /** The body of an answer of Prometheus' API. */
  json(query: Query & { form: 'instant' | 'range' }, lane: Lane, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>
  close(): Promise<void>
}

export function createThreads(): Threads {
  const lanes = Object.fromEntries(Object.entries(THREADS).map(([lane, count]) => [lane, createLane(count)])) as Record<Lane, ReturnType<typeof createLane>>
  return {
    async evaluate({ text, range, settings, parts }, lane, signal) {
      const reply = await lanes[lane].run({ text, range, settings, parts }, signal)
      if (!('answer' in reply)) throw new Error('a body was not asked for')
      return reply.answer
    },
    async json(query, lane, signal) {
      const reply = await lanes[lane].run(query, signal)
      if (!('json' in reply)) throw new Error('a body was asked for')
      return reply.json
    },
    close: async () => {
      await Promise.all(Object.values(lanes).map((lane) => lane.close()))
    },
  }
}

function createLane(count: number) {
  const idle: Worker[] = []
  const all = new Set<Worker>()
  const waiting: Task[] = []
  let closed = false

  const start = (): Worker => {
    const worker = new Worker(ENTRY, { resourceLimits: { maxOldGenerationSizeMb: HEAP_MB }, execArgv: ['--no-warnings'] })
    // A server that stops does not wait for what nobody will read.
    worker.unref()
    all.add(worker)
    worker.once('exit', () => {
      all.delete(worker)
      const at = idle.indexOf(worker)
      if (at >= 0) idle.splice(at, 1)
    })
    return worker
  }

  const next = () => {
    while (waiting.length > 0 && (idle.length > 0 || all.size < count)) {
      const task = waiting.shift()!
      if (!task.signal.aborted) run(idle.pop() ?? start(), task)
    }
  }

  function run(worker: Worker, { query, signal, resolve, reject }: Task): void {
    let over = false
    const done = (again: boolean) => {
      over = true
      signal.removeEventListener('abort', onAbort)
      worker.removeAllListeners('message').removeAllListeners('error')
      if (again && !closed) idle.push(worker)
      else {
        worker.on('error', () => {})
        all.delete(worker)
        void worker.terminate()
      }
      next()
    }
    const onAbort = () => {
      if (over) return
      done(false)
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort)
    worker.on('message', (reply: Reply) => {
      done(true)
      if (reply.ok) resolve(reply)
      else if ('code' in reply) reject(new CodedError(reply.code, reply.details))
      else reject(new Error(reply.error))
    })
    worker.on('error', (error: NodeJS.ErrnoException) => {
      done(false)
      reject(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? limitError('MiB', HEAP_MB) : error)
    })
    const buffers = new Set(
      query.parts.flat().flatMap(({ ids, samples, histograms, starts }) => [ids, samples, histograms, starts].flatMap((one) => (one ? [one.buffer] : []))),
    )
    worker.postMessage(query, [...buffers] as ArrayBuffer[])
  }

  return {
    run(query: Asked, signal: AbortSignal): Promise<Reply & { ok: true }> {
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        if (waiting.length >= MOST_WAITING) return reject(limitError('waiting queries', MOST_WAITING))
        waiting.push({ query, signal, resolve, reject })
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        next()
      })
    },
    async close() {
      closed = true
      await Promise.all([...all].map((worker) => worker.terminate()))
    },
  }
}
