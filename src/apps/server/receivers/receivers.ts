import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { LineSink } from '#core/shapes/ports/lines.ts'
import type { Signal } from '#core/telemetry/table.ts'
import { createBodyReader } from '#kits/server-kit/body.ts'
import type { Settings } from '#kits/server-kit/door.ts'
import { senderCluster } from '#kits/server-kit/http.ts'
import { createDelivery } from './deliver.ts'
import { readHeaders } from './headers.ts'
import { decodeLokiJson, decodeLokiProtobuf, lokiBatches } from './loki.ts'
import { syslogCounts } from './syslog.ts'
import { syslogBySettings } from './syslog-settings.ts'

const signalsOf = ({ identity }: FastifyRequest): readonly Signal[] => (identity?.kind === 'ingest' ? identity.token.signals : [])

/** What a token must be good for; lines of any other format are of an ingress. */
const SIGNAL_OF_FORMAT: Readonly<Record<string, Signal>> = { audit: 'audit', node: 'findings', container: 'logs' }

export interface ReceiverDeps {
  /** What `createHttp` made: the paths are absolute, because Loki's is not under `/api/v1`. */
  http: FastifyInstance
  /** Looked at for every batch, so sinks may be added later. */
  sinks: readonly LineSink[]
  clock: Clock
  log: Logger
  metrics: Registry
  settings: Settings
}

export interface Receivers {
  /** Begins to listen for syslog where the settings say so, and follows their changes. */
  start(): Promise<void>
  /** Stops listening and hands on what was received. HTTP stops with the server. */
  stop(): Promise<void>
}

/**
 * Lines over HTTP: `POST /api/v1/ingest/lines`, `POST /api/v1/ingest/ndjson` and Loki's push path.
 * Syslog has a section of the settings and ports of its own.
 */
export function registerReceivers(deps: ReceiverDeps): Receivers {
  const deliver = createDelivery(deps)
  const readBody = createBodyReader()

  deps.http.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // Bodies are read by the handlers, within one memory budget and after the token was looked at.
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

    const receive = (
      path: string,
      handle: (request: FastifyRequest, reply: FastifyReply, cluster: string) => Promise<unknown>,
      signalOf = (request: FastifyRequest): Signal => SIGNAL_OF_FORMAT[String(request.headers['sallyport-format'])] ?? 'access',
    ) =>
      scope.post(path, { config: { access: 'ingest' } }, async (request, reply) => {
        try {
          return await handle(request, reply, senderCluster(request, signalOf(request)))
        } catch (error) {
          // What is left of an unread body would be taken for the next request.
          if (!request.raw.readableEnded) reply.header('connection', 'close')
          throw error
        }
      })

    const newId = () => uuidv7(deps.clock.now(), randomBytes(10))

    receive('/api/v1/ingest/lines', async (request, _reply, cluster) => {
      const { id, ...headers } = readHeaders(request.headers)
      if (id === undefined) throw invalidInput([{ path: 'Sallyport-Batch', message: 'is missing: a UUIDv7 that stays the same when the batch is sent again' }])
      const bytes = await readBody(request.raw)
      return deliver('lines', { ...headers, id, cluster, bytes, receivedAt: deps.clock.now() })
    })

    receive('/api/v1/ingest/ndjson', async (request, _reply, cluster) => {
      const { id, ...headers } = readHeaders(request.headers, 'ndjson')
      const bytes = await readBody(request.raw)
      return deliver('ndjson', {
        ...headers,
        labels: { ...headers.labels, transport: 'ndjson' },
        id: id ?? newId(),
        format: headers.format ?? 'json',
        cluster,
        bytes,
        receivedAt: deps.clock.now(),
      })
    })

    receive(
      '/loki/api/v1/push',
      async (request, reply, cluster) => {
        const type = (request.headers['content-type'] ?? 'application/x-protobuf').split(';', 1)[0]!.trim().toLowerCase()
        const json = type === 'application/json'
        if (!json && type !== 'application/x-protobuf')
          throw new CodedError('UNSUPPORTED_MEDIA_TYPE', { type: type.slice(0, 64), valid: 'application/x-protobuf, application/json' })
        // Loki's protobuf is snappy whether or not a header says so; gzip is said.
        const encoding = request.headers['content-encoding'] ?? (json ? 'identity' : 'snappy')
        const body = await readBody(request.raw, encoding)
        const streams = json ? decodeLokiJson(body) : decodeLokiProtobuf(body)
        // One after the other: what was kept before a refusal is recognized by its id when the push comes again.
        const signals = signalsOf(request)
        for (const batch of lokiBatches(streams, cluster, deps.clock.now())) await deliver('loki', { ...batch, signals })
        return reply.code(204).send()
        // access logs or logs of containers: the lines tell, within what the token is good for
      },
      (request) => (signalsOf(request).includes('access') ? 'access' : 'logs'),
    )
  })

  return syslogBySettings({ ...deps, deliver, counts: syslogCounts(deps.metrics) })
}
