/** Prometheus' query API, for Grafana and everything else that asks a Prometheus: https://prometheus.io/docs/prometheus/latest/querying/api/ */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CodedError, describeError, ERRORS } from '#core/kernel/errors.ts'
import { success } from '#core/promql/answer-json.ts'
import { getLabel, labelsObject } from '#core/promql/labels.ts'
import { parse } from '#core/promql/parser.ts'
import { print } from '#core/promql/print.ts'
import type { SeriesQuestion } from '#core/shapes/ports/metrics.ts'
import { mayRead } from '#kits/server-kit/clusters.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { namespacesIn } from '#kits/server-kit/scope.ts'
import { BadData, durationOf, limitOf, matchersOf, type Parameters, parametersOf, rangeOf, textOf, timeOf } from '../domain/parameters.ts'
import { selectorsOf } from '../domain/selectors.ts'
import { syntaxTree } from '../domain/syntax-tree.ts'

/** `/prometheus/…` means the cluster of the server itself; other clusters have their own path. */
const BASE = '/clusters/:cluster/prometheus/api/v1'
/** Series without a time asked for: all that are kept. */
const EVER = { from: -8.64e15, to: 8.64e15 }

type Handler = (
  parameters: Parameters,
  request: FastifyRequest<{ Params: { cluster: string; name?: string } }>,
  reply: FastifyReply,
) => Promise<string | Buffer> | string

export function queryRoutes(http: FastifyInstance, context: Pick<ServerContext, 'metricStore' | 'clock'> & { version: string }): void {
  const { metricStore, clock } = context
  http.register(async (scope) => {
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    scope.setErrorHandler(sendPrometheusError)
    const route = (methods: ('GET' | 'POST')[], path: string, handler: Handler) =>
      scope.route<{ Params: { cluster: string; name?: string } }>({
        method: methods,
        url: `${BASE}${path}`,
        schema: { hide: true },
        config: { access: 'user' },
        handler: async (request, reply) => {
          mayRead(request, request.params.cluster, 'metrics')
          const query = request.url.split('?')[1] ?? ''
          const form = typeof request.body === 'string' ? request.body : ''
          const text = await handler(parametersOf([query, form].filter((part) => part !== '').join('&')), request, reply)
          return reply.type('application/json').send(text)
        },
      })
    const viewOf = (request: FastifyRequest<{ Params: { cluster: string } }>) => {
      const { cluster } = request.params
      return { cluster, namespaces: namespacesIn(request.scope, cluster, 'metrics') }
    }
    const both: ('GET' | 'POST')[] = ['GET', 'POST']

    route(both, '/query', async (parameters, request) => {
      const at = timeOf(parameters, 'time', clock.now())
      return answerTo(parameters, request, { start: at, end: at, step: 1000 }, true)
    })
    route(both, '/query_range', (parameters, request) => answerTo(parameters, request, rangeOf(parameters), false))

    async function answerTo(
      parameters: Parameters,
      request: FastifyRequest<{ Params: { cluster: string } }>,
      range: { start: number; end: number; step: number },
      instant: boolean,
    ) {
      const question = {
        view: viewOf(request),
        text: textOf(parameters, 'query'),
        ...range,
        ...optional('lookback', durationOf(parameters, 'lookback_delta')),
        ...optional('timeoutMs', durationOf(parameters, 'timeout')),
      }
      return Buffer.from((await metricStore.json(question, instant ? 'instant' : 'range')).buffer)
    }

    /** Matchers and times of series, labels and values. */
    const seriesQuestion = (parameters: Parameters, request: FastifyRequest<{ Params: { cluster: string } }>, required: boolean): SeriesQuestion => ({
      view: viewOf(request),
      matchers: matchersOf(parameters, { required }),
      from: timeOf(parameters, 'start', EVER.from),
      to: timeOf(parameters, 'end', EVER.to),
    })
    const limited = <T>(list: readonly T[], parameters: Parameters): string => {
      const limit = limitOf(parameters)
      return success(JSON.stringify(list.slice(0, limit)), { warnings: list.length > limit ? ['results truncated due to limit'] : [] })
    }

    route(both, '/series', (parameters, request) => {
      const found = metricStore.series(seriesQuestion(parameters, request, true))
      return limited(found.map(labelsObject), parameters)
    })
    route(both, '/labels', (parameters, request) => {
      const names = new Set<string>()
      for (const { pairs } of metricStore.series(seriesQuestion(parameters, request, false))) for (let i = 0; i < pairs.length; i += 2) names.add(pairs[i]!)
      return limited([...names].sort(), parameters)
    })
    route(['GET'], '/label/:name/values', (parameters, request) => {
      const name = labelName(request.params.name!)
      const values = new Set(metricStore.series(seriesQuestion(parameters, request, false)).map((labels) => getLabel(labels, name)))
      values.delete('')
      return limited([...values].sort(), parameters)
    })
    route(['GET'], '/metadata', (parameters, request) => {
      const metric = textOf(parameters, 'metric')
      const limit = limitOf(parameters)
      const all = metricStore.metadata(request.params.cluster).filter((one) => metric === '' || one.metric === metric)
      return success(JSON.stringify(Object.fromEntries(all.slice(0, limit).map(({ metric: name, type, help, unit }) => [name, [{ type, help, unit }]]))))
    })
    route(both, '/query_exemplars', async (parameters, request) => {
      const view = viewOf(request)
      const [from, to] = [timeOf(parameters, 'start', EVER.from), timeOf(parameters, 'end', EVER.to)]
      if (to < from) throw new BadData('invalid parameter "end": end timestamp must not be before start timestamp')
      const matchers = selectorsOf(parse(textOf(parameters, 'query')))
      if (matchers.length === 0) return success('[]')
      const bySeries = new Map<string, { seriesLabels: object; exemplars: object[] }>()
      for (const { series, ts, value, labels } of await metricStore.exemplars({ view, matchers, from, to })) {
        const known = bySeries.get(series.key) ?? { seriesLabels: labelsObject(series), exemplars: [] }
        bySeries.set(series.key, known)
        known.exemplars.push({ labels, value: String(value), timestamp: ts / 1000 })
      }
      return success(JSON.stringify([...bySeries.values()]))
    })
    route(both, '/format_query', (parameters) => success(JSON.stringify(print(parse(textOf(parameters, 'query'))))))
    route(both, '/parse_query', (parameters) => success(JSON.stringify(syntaxTree(parse(textOf(parameters, 'query'))))))
    // What collects is another program: this server has no targets of its own.
    route(['GET'], '/targets', () => success(JSON.stringify({ activeTargets: [], droppedTargets: [], droppedTargetCounts: {} })))
    route(['GET'], '/status/buildinfo', () => {
      const goVersion = ''
      return success(
        JSON.stringify({ version: PROMETHEUS_VERSION, revision: `sallyport-${context.version}`, branch: '', buildUser: '', buildDate: '', goVersion }),
      )
    })
  })
}

/** Whose API this is; clients choose by it what they may ask. */
const PROMETHEUS_VERSION = '3.5.0'

const optional = <K extends string>(name: K, value: number | undefined): Partial<Record<K, number>> =>
  (value === undefined ? {} : { [name]: value }) as Partial<Record<K, number>>

/** Names that are no plain words come escaped as `U__…`: https://prometheus.io/docs/guides/utf8/#querying */
function labelName(text: string): string {
  if (!text.startsWith('U__')) return text
  return text
    .slice(3)
    .replace(/__|_([0-9a-fA-F]{1,6})_/g, (all, code?: string) =>
      code === undefined ? (all === '__' ? '_' : all) : String.fromCodePoint(Number.parseInt(code, 16)),
    )
}

/** Prometheus' form of an error: https://prometheus.io/docs/prometheus/latest/querying/api/#format-overview */
function sendPrometheusError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = thrown instanceof CodedError ? thrown : undefined
  if (thrown instanceof BadData) return send(reply, 400, 'bad_data', thrown.message)
  if (error === undefined) {
    const { statusCode = 500, message } = thrown as { statusCode?: number; message: string }
    if (statusCode < 500) return send(reply, statusCode, 'bad_data', message)
    request.log.error({ err: thrown }, 'a query failed')
    return send(reply, 500, 'internal', `see the server's log, request ${request.id}`)
  }
  const { status } = ERRORS[error.code]
  const { reason } = error.details as { reason?: string }
  const { message } = describeError(error, 'en')
  switch (error.code) {
    case 'PROMQL_INVALID': {
      const { line, column } = error.details
      return send(reply, 400, 'bad_data', `invalid parameter "query": ${line}:${column}: parse error: ${reason}`)
    }
    case 'PROMQL_FAILED':
      return send(reply, 422, 'execution', String(reason))
    case 'TIMED_OUT':
      return send(reply, 503, 'timeout', message)
    case 'ENGINE_UNAVAILABLE':
      return send(reply.header('retry-after', 3), 503, 'unavailable', message)
    case 'NOT_FOUND':
      return send(reply, 404, 'not_found', message)
    default:
      return send(reply, status, status === 422 ? 'execution' : status >= 500 ? 'internal' : 'bad_data', message)
  }
}

const send = (reply: FastifyReply, status: number, errorType: string, error: string): FastifyReply =>
  reply.code(status).type('application/json').serializer(JSON.stringify).send({ status: 'error', errorType, error })
