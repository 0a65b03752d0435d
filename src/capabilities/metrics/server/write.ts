/** What senders of samples send to: remote write 1.0 and 2.0. */
import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { SampleReceipt } from '#core/shapes/ports/metrics.ts'
import { ProtobufError } from '#core/telemetry/protobuf.ts'
import { createBodyReader } from '#kits/server-kit/body.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { senderCluster } from '#kits/server-kit/http.ts'
import type { Brought } from '../domain/collected.ts'
import { readRemoteWrite1, readRemoteWrite2 } from '../domain/remote-write.ts'

export function writeRoutes(http: FastifyInstance, { metricStore }: Pick<ServerContext, 'metricStore'>): void {
  const readBody = createBodyReader()

  const store = (cluster: string, body: Uint8Array, brought: Brought): Promise<SampleReceipt> =>
    metricStore.append({ ...brought, id: batchIdOf(cluster, body, brought), cluster })

  http.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // Bodies are read by the handlers, within one memory budget and after the token was looked at.
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

    scope.post('/prometheus/api/v1/write', { config: { access: 'ingest' }, schema: { hide: true } }, async (request, reply) => {
      const cluster = senderCluster(request, 'metrics')
      const type = request.headers['content-type'] ?? 'application/x-protobuf'
      const proto = /^application\/x-protobuf(?:\s*;\s*proto="?([\w.]+)"?)?/i.exec(type)
      const version = proto && { 'prometheus.WriteRequest': 1, 'io.prometheus.write.v2.Request': 2 }[proto[1] ?? 'prometheus.WriteRequest']
      try {
        if (version === null || version === undefined)
          throw new CodedError('UNSUPPORTED_MEDIA_TYPE', {
            type: type.slice(0, 100),
            valid: 'application/x-protobuf;proto=prometheus.WriteRequest or io.prometheus.write.v2.Request',
          })
        const body = await readBody(request.raw, request.headers['content-encoding'] ?? 'snappy')
        const receipt = await store(
          cluster,
          body,
          decoded(() => (version === 1 ? readRemoteWrite1(body) : readRemoteWrite2(body))),
        )
        reply
          .header('x-prometheus-remote-write-samples-written', receipt.accepted - receipt.histograms)
          .header('x-prometheus-remote-write-histograms-written', receipt.histograms)
          .header('x-prometheus-remote-write-exemplars-written', receipt.exemplars)
        return receipt.rejected > 0 ? refusedSome(reply, receipt) : reply.code(204).send()
      } catch (error) {
        // What is left of an unread body would be taken for the next request.
        if (!request.raw.readableEnded) reply.header('connection', 'close')
        throw error
      }
    })
  })
}

/** The same body is the same batch: what is sent again is stored once. */
export function batchIdOf(cluster: string, body: Uint8Array, brought: Brought): string {
  const hash = createHash('sha256').update(`${cluster}\n`).update(body).digest()
  const first = brought.ts[0] ?? brought.histograms?.[0]?.ts ?? 0
  return uuidv7(first >= 0 && first < 2 ** 48 ? first : 0, hash)
}

/** Runs a decoder; what it cannot read is the sender's fault. */
function decoded<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof ProtobufError) throw invalidInput([{ path: 'body', message: error.message }])
    throw error
  }
}

/** The rest was stored; 400, so that senders do not send it all again. */
const refusedSome = (reply: FastifyReply, receipt: SampleReceipt) =>
  reply
    .code(400)
    .type('text/plain')
    .send(`${refusalText(receipt)}\n`)

/** How many samples were not taken, and why. */
export const refusalText = ({ rejected, reasons }: SampleReceipt): string =>
  `${rejected} samples were not taken: ${Object.entries(reasons)
    .map(([reason, count]) => `${count} ${WHY[reason] ?? reason}`)
    .join(', ')}`

const WHY: Readonly<Record<string, string>> = {
  old: 'older than what is kept',
  future: 'more than 10 minutes in the future',
  'series-limit': 'of new series beyond the limit of this cluster',
  labels: 'of series without a name, or with too many or too long labels',
}
