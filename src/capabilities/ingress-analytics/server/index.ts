import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { mayRead, clusterParams as params } from '#kits/server-kit/clusters.ts'
import type { ServerDoor } from '#kits/server-kit/door.ts'
import { rangeQuery, requestsQuery, type SourcesAnswer, seriesQuery, statsQuery, topQuery, tryFormatBody } from '../domain/api.ts'
import { FORMAT_MAX, FORMAT_NAMES, findFormat } from '../domain/formats/catalog.ts'
import { tryFormat } from '../domain/formats/try-format.ts'
import { createAlertRules } from './alert-rules.ts'
import { createBackends } from './backends.ts'
import { loadCountries } from './country.ts'
import { createLiveViews } from './live.ts'
import { createQuestions } from './questions.ts'
import { createAccessSink } from './sink.ts'

/** Formats that users name: `$remote_addr - [$time_local] …` or `(?P<remote_addr>\S+) …`; sources and tokens refer to them by name. */
const formatSettings = z.object({ formats: z.record(z.string().min(1).max(80), z.string().min(1).max(FORMAT_MAX)).default({}) })

const formatProblems = ({ formats }: z.output<typeof formatSettings>) =>
  Object.entries(formats).flatMap(([name, pattern]) => {
    const path = `formats.${name}`
    if (FORMAT_NAMES.includes(name)) return [{ path, message: 'a built-in format has this name' }]
    if (FORMAT_NAMES.includes(pattern)) return [{ path, message: 'a pattern with $variables or an expression with (?P<named>groups) is needed' }]
    const found = findFormat(pattern)
    return found.ok ? [] : found.error.problems.map(({ message }) => ({ path, message }))
  })

const RETENTION_AGE = 60_000

export const door: ServerDoor = {
  id: 'ingress-analytics',

  async start(context) {
    const { http, telemetry, live, clock, log } = context
    const formats = context.settings.section('ingressFormats', { schema: formatSettings, initial: {}, check: formatProblems })
    let retentionDays: number | undefined
    let retentionAt = Number.NEGATIVE_INFINITY
    /** As it was a minute ago at most; undefined until the store has said it once. */
    const retention = () => {
      if (clock.now() - retentionAt > RETENTION_AGE) {
        retentionAt = clock.now()
        telemetry.status().then(
          ({ signals }) => {
            retentionDays = signals.find(({ signal }) => signal === 'access', 'access')?.retentionDays
          },
          (err: unknown) => log.warn({ err }, 'the retention of access logs is not known'),
        )
      }
      return retentionDays
    }
    const country = loadCountries()
    const backends = createBackends(context)
    const sink = createAccessSink({
      backends,
      telemetry,
      live,
      clock,
      country,
      patterns: () => formats.read().formats,
      retentionDays: () => retention() ?? 30,
    })
    const questions = createQuestions({ telemetry, live, clock, sources: (cluster) => sink.sources(cluster) })
    const views = createLiveViews(context, sink)
    const rules = createAlertRules(context)

    const routes = http.withTypeProvider<ZodTypeProvider>()
    const base = '/clusters/:cluster/ingress'
    routes.get(`${base}/stats`, { schema: { summary: 'Numbers about a range', params, querystring: statsQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'access')
      return questions.stats(request.params.cluster, request.scope, request.query)
    })
    routes.get(`${base}/series`, { schema: { summary: 'Numbers over time', params, querystring: seriesQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'access')
      return questions.series(request.params.cluster, request.scope, request.query)
    })
    routes.get(`${base}/top`, { schema: { summary: 'Ranking by a dimension', params, querystring: topQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'access')
      return questions.top(request.params.cluster, request.scope, request.query)
    })
    routes.get(`${base}/requests`, { schema: { summary: 'Raw requests', params, querystring: requestsQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'access')
      return questions.requests(request.params.cluster, request.scope, request.query)
    })
    routes.get(`${base}/marks`, { schema: { summary: 'Moments when something changed', params, querystring: rangeQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'access')
      return questions.marks(request.params.cluster, request.scope, request.query)
    })
    routes.get(
      `${base}/sources`,
      { schema: { summary: 'Where lines come from, and what could not be read', params } },
      async (request): Promise<SourcesAnswer> => {
        mayRead(request, request.params.cluster, 'access')
        return { since: sink.since, sources: sink.sources(request.params.cluster) }
      },
    )
    routes.post(`${base}/formats/try`, { schema: { summary: 'What a format makes of sample lines', params, body: tryFormatBody } }, async (request) => {
      mayRead(request, request.params.cluster, 'access')
      return tryFormat(request.body, formats.read().formats, { country, now: clock.now() })
    })
    views.routes(http)
    rules.routes(http)

    return {
      sinks: [sink],
      async stop() {
        views.stop()
        backends.stop()
        await rules.stop()
      },
    }
  },
}
