/** The live tail: what arrives, to everyone who watches and may see it. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { clusterParams, mayRead } from '#kits/server-kit/clusters.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { type EventStream, eventStream } from '#kits/server-kit/events.ts'
import { namespacesIn } from '#kits/server-kit/scope.ts'
import { type LiveRecords, type LogRecord, liveQuery } from '../domain/api.ts'
import type { Origin } from '../domain/origin.ts'
import { BODY_BYTES, chooser } from '../domain/queries.ts'
import { type Records, STREAMS } from '../domain/records.ts'

export interface LogBlock {
  cluster: string
  origin: Origin
  records: Records
}

/** Records are sent at most 4 times a second. */
const SEND_MS = 250
const MOST_PER_SEND = 500

interface Watch {
  cluster: string
  namespaces: readonly string[] | 'all'
  wants(record: LogRecord): boolean
  stream: EventStream
  waiting: LogRecord[]
  dropped: number
}

export function createLiveTail({ clock, log }: Pick<ServerContext, 'clock' | 'log'>) {
  const watches = new Set<Watch>()
  const stopping = new AbortController()
  let running = false

  async function run(): Promise<void> {
    while (watches.size > 0 && !stopping.signal.aborted) {
      await clock.sleep(SEND_MS, stopping.signal).catch(() => {})
      for (const watch of watches) {
        if (watch.waiting.length === 0 && watch.dropped === 0) continue
        const tick: LiveRecords = { records: watch.waiting, dropped: watch.dropped }
        watch.waiting = []
        watch.dropped = 0
        watch.stream.send('records', tick)
      }
    }
    running = false
  }

  return {
    /** Costs nothing while nobody watches the cluster. */
    publish({ cluster, origin, records }: LogBlock): void {
      const readers = [...watches].filter((watch) => watch.cluster === cluster && (watch.namespaces === 'all' || watch.namespaces.includes(origin.namespace)))
      if (readers.length === 0) return
      for (const record of recordsIn(records, origin)) {
        for (const reader of readers) {
          if (!reader.wants(record)) continue
          // the newest are what is looked at
          if (reader.waiting.length >= MOST_PER_SEND) {
            reader.waiting.shift()
            reader.dropped++
          }
          reader.waiting.push(record)
        }
      }
    },

    routes(http: FastifyInstance): void {
      http
        .withTypeProvider<ZodTypeProvider>()
        .get(
          '/clusters/:cluster/container-logs/live',
          { schema: { summary: 'Records as they arrive, as server-sent events', params: clusterParams, querystring: liveQuery } },
          async (request, reply) => {
            const { cluster } = request.params
            mayRead(request, cluster, 'logs')
            const stream = eventStream(request, reply)
            const watch: Watch = {
              cluster,
              namespaces: namespacesIn(request.scope, cluster, 'logs'),
              wants: chooser(request.query),
              stream,
              waiting: [],
              dropped: 0,
            }
            watches.add(watch)
            stream.signal.addEventListener('abort', () => watches.delete(watch))
            stream.send('records', { records: [], dropped: 0 } satisfies LiveRecords)
            if (running) return
            running = true
            run().catch((err: unknown) => {
              running = false
              log.error({ err }, 'the live tail stopped')
            })
          },
        )
    },

    stop(): void {
      stopping.abort(new Error('the server stops'))
      for (const { stream } of watches) stream.end()
    },
  }
}

const decoder = new TextDecoder()

/** Records of a block, read back from its columns. */
function* recordsIn({ rows, ts, stream, severity, bodies }: Records, { attributes, stream: file, severity: _, ...words }: Origin): Generator<LogRecord> {
  let at = 0
  for (let row = 0; row < rows; row++) {
    let length = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bodies[at++]!
      length += (byte & 127) * scale
      if (byte < 128) break
    }
    const ns = ts[row]!
    yield {
      at: Number(ns / 1_000_000n),
      ns: String(ns),
      ...words,
      stream: STREAMS[stream[row]!] || file,
      severity: severity[row]!,
      body: decoder.decode(bodies.subarray(at, at + Math.min(length, BODY_BYTES))),
      length,
      attributes,
    }
    at += length
  }
}
