import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { mayRead, clusterParams as params } from '#kits/server-kit/clusters.ts'
import type { ServerDoor } from '#kits/server-kit/door.ts'
import { contextQuery, countQuery, patternsQuery, recordsQuery, valuesQuery } from '../domain/api.ts'
import { createLiveTail } from './live.ts'
import { createQuestions } from './questions.ts'
import { createLogSink } from './sink.ts'

const LIMITS_AGE = 60_000
/** Of rows whose retention the store has not said yet. */
const DEFAULT_DAYS = 14

export const door: ServerDoor = {
  id: 'logs',

  async start({ http, telemetry, clock, log }) {
    const live = createLiveTail({ clock, log })
    let known: { retentionDays: number; oldestAt?: number } | undefined
    let knownAt = Number.NEGATIVE_INFINITY
    /** As it was a minute ago at most. */
    const limits = () => {
      if (clock.now() - knownAt > LIMITS_AGE) {
        knownAt = clock.now()
        telemetry.status().then(
          ({ signals }) => {
            known = signals.find(({ signal }) => signal === 'logs')
          },
          (err: unknown) => log.warn({ err }, 'the retention of logs is not known'),
        )
      }
      return known
    }
    const sink = createLogSink({ telemetry, clock, retentionDays: () => limits()?.retentionDays ?? DEFAULT_DAYS, onBlock: live.publish })
    const questions = createQuestions(telemetry, () => limits()?.oldestAt)

    const routes = http.withTypeProvider<ZodTypeProvider>()
    const base = '/clusters/:cluster/container-logs'
    routes.get(`${base}/records`, { schema: { summary: 'Records of containers', params, querystring: recordsQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'logs')
      return questions.records(request.params.cluster, request.query, request.scope)
    })
    routes.get(`${base}/counts`, { schema: { summary: 'Records over time, by level', params, querystring: countQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'logs')
      return questions.counts(request.params.cluster, request.query, request.scope)
    })
    routes.get(`${base}/patterns`, { schema: { summary: 'What records have in common', params, querystring: patternsQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'logs')
      return questions.patterns(request.params.cluster, request.query, request.scope)
    })
    routes.get(`${base}/values`, { schema: { summary: 'Values that records can be chosen by', params, querystring: valuesQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'logs')
      return questions.values(request.params.cluster, request.query, request.scope)
    })
    routes.get(`${base}/context`, { schema: { summary: 'Records of the same container around one', params, querystring: contextQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'logs')
      return questions.context(request.params.cluster, request.query, request.scope)
    })
    live.routes(http)

    return { sinks: [sink], stop: async () => live.stop() }
  },
}
