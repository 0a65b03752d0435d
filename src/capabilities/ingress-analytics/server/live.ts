import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { invalidInput } from '#core/kernel/errors.ts'
import type { RouteSelector } from '#core/shapes/ports/live-stream.ts'
import { clusterParams, mayRead } from '#kits/server-kit/clusters.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { type EventStream, eventStream } from '#kits/server-kit/events.ts'
import { namespacesIn } from '#kits/server-kit/scope.ts'
import { liveSelector } from '../domain/alerts.ts'
import { liveQuery, type RequestRow } from '../domain/api.ts'
import { joinWindows, liveTick } from '../domain/live-tick.ts'

const WINDOW = 60_000
/** Half of what a line may wait for the next tick at most; the rest of the 1.5 s that a line may take is for the agent and the disk. */
const TICK = 500
const LATEST = 20

export interface LatestRows {
  /** Newest first. */
  latest(select: RouteSelector, limit?: number): RequestRow[]
}

/** One selection of traffic that somebody watches; all who watch the same share the work. */
interface Watch {
  select: RouteSelector
  namespaces: readonly string[] | undefined
  streams: Set<EventStream>
  /** Rows that were shown. */
  shown: WeakSet<RequestRow>
}

/** GET /live: the last minute by arrival, twice a second, to everyone who watches. */
export function createLiveViews({ live, clock, log }: Pick<ServerContext, 'live' | 'clock' | 'log'>, rows: LatestRows) {
  const watches = new Map<string, Watch>()
  const stopping = new AbortController()
  let running = false

  function tickOf({ select, namespaces }: Watch, latest: readonly RequestRow[]) {
    const now = clock.now()
    const from = Math.floor(now / 1000) * 1000 - WINDOW
    const selects =
      namespaces === undefined
        ? [select]
        : namespaces.filter((name) => select.namespace === undefined || select.namespace === name).map((namespace) => ({ ...select, namespace }))
    const window = joinWindows(selects.map((one) => live.window(one, from, now)))
    return window && liveTick(window, from, now, latest)
  }

  function latestOf({ select, namespaces }: Watch): RequestRow[] {
    const found = rows.latest(select, namespaces === undefined ? LATEST : 400)
    return (namespaces === undefined ? found : found.filter((row) => namespaces.includes(String(row.namespace)))).slice(0, LATEST)
  }

  async function run(): Promise<void> {
    while (watches.size > 0 && !stopping.signal.aborted) {
      await clock.sleep(TICK, stopping.signal).catch(() => {})
      for (const watch of watches.values()) {
        const fresh = latestOf(watch).filter((row) => !watch.shown.has(row))
        for (const row of fresh) watch.shown.add(row)
        const tick = tickOf(watch, fresh)
        if (tick) for (const stream of watch.streams) stream.send('tick', tick)
      }
    }
    running = false
  }

  return {
    routes(http: FastifyInstance): void {
      http
        .withTypeProvider<ZodTypeProvider>()
        .get(
          '/clusters/:cluster/ingress/live',
          { schema: { summary: 'The last minute of traffic by arrival, as server-sent events', params: clusterParams, querystring: liveQuery } },
          async (request, reply) => {
            const { cluster } = request.params
            mayRead(request, cluster, 'access')
            const select = liveSelector(cluster, request.query.filter)
            if (!select) throw invalidInput([{ path: 'filter', message: 'live traffic is known by one route, namespace, service or arm each, with eq' }])
            const visible = namespacesIn(request.scope, cluster, 'access')
            const namespaces = visible === 'all' ? undefined : visible
            const key = JSON.stringify([select, namespaces])
            const stream = eventStream(request, reply)
            const watch = watches.get(key) ?? { select, namespaces, streams: new Set(), shown: new WeakSet() }
            watches.set(key, watch)
            watch.streams.add(stream)
            stream.signal.addEventListener('abort', () => {
              watch.streams.delete(stream)
              if (watch.streams.size === 0) watches.delete(key)
            })
            const latest = latestOf(watch)
            for (const row of latest) watch.shown.add(row)
            const first = tickOf(watch, latest)
            if (first) stream.send('tick', first)
            if (running) return
            running = true
            run().catch((err: unknown) => {
              running = false
              log.error({ err }, 'live views stopped')
            })
          },
        )
    },

    stop(): void {
      stopping.abort(new Error('the server stops'))
      for (const { streams } of watches.values()) for (const stream of streams) stream.end()
    },
  }
}
