/** What kube-apiserver's webhook backend posts. It is answered with success as soon as its token is right: back-pressure must never reach it. */
import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '#core/kernel/clock.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { LineReceipt } from '#core/shapes/ports/lines.ts'
import { senderCluster } from '#kits/server-kit/http.ts'
import type { Body, Spool } from './spool.ts'

/** The API server's own bound is 10 MiB; what others send that is larger is counted as one that was dropped. */
const MAX_BODY = 32 * 1024 * 1024
/** Bodies in memory at a time, about half a second of work; what comes beyond waits on disk. */
const MAX_HELD = 4 * 1024 * 1024

export interface WebhookDeps {
  clock: Clock
  spool: Pick<Spool, 'add' | 'state'>
  write(cluster: string, batch: string, source: string, text: string): Promise<LineReceipt>
  /** Something was received and is lost. */
  onDrop(cluster: string, source: string, events: number, error?: unknown): void
}

/** About how many events a text has, without reading it; never none. */
export const eventsIn = (text: string) => Math.max(1, text.split('"auditID"').length - 1)

/** `POST /audit/webhook[/SOURCE]`; answers when the events are durable, judged or not yet, or lost and counted. */
export function webhookRoutes(http: FastifyInstance, deps: WebhookDeps): { stop(): Promise<void> } {
  let held = 0
  const underWay = new Set<Promise<unknown>>()
  const keepForLater = (body: Body) =>
    deps.spool.add(body).then(
      () => ({ accepted: 0, rejected: 0, reasons: {}, waiting: eventsIn(body.text) }),
      (error: unknown) => {
        const lost = eventsIn(body.text)
        deps.onDrop(body.cluster, body.source, lost, error)
        return { accepted: 0, rejected: lost, reasons: { full: lost } }
      },
    )
  http.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MAX_BODY }, (_request, body, done) => done(null, body))
    for (const path of ['/audit/webhook', '/audit/webhook/:source'])
      scope.post<{ Params: { source?: string } }>(path, { config: { access: 'ingest' }, bodyLimit: MAX_BODY }, async (request) => {
        const cluster = senderCluster(request, 'audit')
        const source = (request.params.source ?? 'webhook').slice(0, 100)
        const text = typeof request.body === 'string' ? request.body : ''
        if (text === '') return { accepted: 0, rejected: 0, reasons: {} }
        const batch = uuidv7(deps.clock.now(), randomBytes(10))
        const later = () => keepForLater({ cluster, batch, source, text })
        // what waits on disk came before
        const atOnce = deps.spool.state().batches === 0 && (held === 0 || held + text.length <= MAX_HELD)
        held += text.length
        const writing = atOnce ? deps.write(cluster, batch, source, text).catch(later) : later()
        underWay.add(writing)
        try {
          return await writing
        } finally {
          underWay.delete(writing)
          held -= text.length
        }
      })
  })
  return { stop: async () => void (await Promise.allSettled(underWay)) }
}
