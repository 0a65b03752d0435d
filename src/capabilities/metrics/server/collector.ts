/** What `sallyport collect` sends to. 409 with `missing` asks for the pages that this server does not know (after a restart, or for the first time). */
import { zstdDecompressSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { UUID } from '#core/kernel/ids.ts'
import { type Codec, METRIC_BATCH_TYPE } from '#core/telemetry/metric-batch.ts'
import { ProtobufError } from '#core/telemetry/protobuf.ts'
import { createBodyReader } from '#kits/server-kit/body.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { senderCluster } from '#kits/server-kit/http.ts'
import { createPageShelf, readCollectorBatch } from '../domain/collector-batch.ts'

/** Two million series. */
const MOST_PAGES = 8192

const codec: Codec = {
  compress: () => {
    throw new Error('nothing is compressed here')
  },
  decompress(bytes, most) {
    try {
      return zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, most) })
    } catch {
      throw new RangeError('a section is no zstd, or longer than it says')
    }
  },
}

export function collectorRoutes(http: FastifyInstance, { metricStore }: Pick<ServerContext, 'metricStore'>): void {
  const readBody = createBodyReader()
  const shelf = createPageShelf(MOST_PAGES)

  http.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

    scope.post('/api/v1/ingest/metrics', { config: { access: 'ingest' }, schema: { hide: true } }, async (request, reply) => {
      try {
        const cluster = senderCluster(request, 'metrics')
        const type = request.headers['content-type'] ?? ''
        if (type !== METRIC_BATCH_TYPE) throw new CodedError('UNSUPPORTED_MEDIA_TYPE', { type: type.slice(0, 100), valid: METRIC_BATCH_TYPE })
        const id = String(request.headers['sallyport-batch'] ?? '')
        if (!UUID.test(id)) throw invalidInput([{ path: 'sallyport-batch', message: 'the id of the batch, a UUID' }])
        const body = await readBody(request.raw)
        const read = decoded(() => readCollectorBatch(body, cluster, shelf, codec))
        if ('missing' in read) return reply.code(409).send({ code: 'PAGES_UNKNOWN', missing: read.missing })
        return await metricStore.append({ ...read.brought, id, cluster })
      } catch (error) {
        // What is left of an unread body would be taken for the next request.
        if (!request.raw.readableEnded) reply.header('connection', 'close')
        throw error
      }
    })
  })
}

function decoded<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof RangeError || error instanceof ProtobufError) throw invalidInput([{ path: 'body', message: error.message }])
    throw error
  }
}
