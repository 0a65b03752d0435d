/** OTLP/HTTP metrics, protobuf and JSON: https://opentelemetry.io/docs/specs/otlp/#otlphttp. At its own path and at the one of Prometheus. */
import type { FastifyInstance } from 'fastify'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { ByteSink } from '#core/telemetry/native-block.ts'
import { ProtobufError } from '#core/telemetry/protobuf.ts'
import { createBodyReader } from '#kits/server-kit/body.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { senderCluster } from '#kits/server-kit/http.ts'
import { fromOtlp } from '../domain/otlp.ts'
import { readOtlpJson, readOtlpProtobuf } from '../domain/otlp-message.ts'
import { batchIdOf, refusalText } from './write.ts'

const PATHS = ['/v1/metrics', '/prometheus/api/v1/otlp/v1/metrics']
const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'

export function otlpRoutes(http: FastifyInstance, { metricStore }: Pick<ServerContext, 'metricStore'>): void {
  const readBody = createBodyReader()
  http.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // Bodies are read by the handlers, within one memory budget and after the token was looked at.
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    for (const path of PATHS)
      scope.post(path, { config: { access: 'ingest' }, schema: { hide: true } }, async (request, reply) => {
        try {
          const cluster = senderCluster(request, 'metrics')
          const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
          if (type !== PROTOBUF && type !== JSON_TYPE)
            throw new CodedError('UNSUPPORTED_MEDIA_TYPE', { type: type.slice(0, 100), valid: `${PROTOBUF} or ${JSON_TYPE}` })
          const body = await readBody(request.raw)
          const { brought, refused } = translated(type, body)
          const receipt = await metricStore.append({ ...brought, id: batchIdOf(cluster, body, brought), cluster })
          const rejected = refused.points + receipt.rejected
          const message = [...refused.reasons.slice(0, 20), ...(receipt.rejected > 0 ? [refusalText(receipt)] : [])].join('; ')
          if (type === JSON_TYPE)
            return await reply
              .type(JSON_TYPE)
              .serializer(JSON.stringify)
              .send(rejected > 0 ? { partialSuccess: { rejectedDataPoints: String(rejected), errorMessage: message } } : {})
          return await reply
            .type(PROTOBUF)

            .send(rejected > 0 ? partialSuccess(rejected, message) : Buffer.alloc(0))
        } catch (error) {
          // What is left of an unread body would be taken for the next request.
          if (!request.raw.readableEnded) reply.header('connection', 'close')
          throw error
        }
      })
  })
}

function translated(type: string, body: Buffer) {
  try {
    return fromOtlp(type === JSON_TYPE ? readOtlpJson(body.toString('utf8')) : readOtlpProtobuf(body))
  } catch (error) {
    if (error instanceof ProtobufError) throw invalidInput([{ path: 'body', message: error.message }])
    throw error
  }
}

/** ExportMetricsServiceResponse { partial_success = 1 { rejected_data_points = 1, error_message = 2 } } */
function partialSuccess(rejected: number, message: string): Buffer {
  const inner = new ByteSink()
  inner.varint(8)
  inner.varint(rejected)
  inner.varint(18)
  inner.string(message)
  const out = new ByteSink()
  out.varint(10)
  out.varint(inner.length)
  out.raw(inner.view())
  return Buffer.from(out.view())
}
