/** What the CLI and the console ask: the same answers as Prometheus' API, with this server's errors; and back-tests. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { invalidInput } from '#core/kernel/errors.ts'
import type { LabelMatcher } from '#core/promql/ast.ts'
import { getLabel } from '#core/promql/labels.ts'
import { parse } from '#core/promql/parser.ts'
import { print } from '#core/promql/print.ts'
import { mayRead, clusterParams as params } from '#kits/server-kit/clusters.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { namespacesIn } from '#kits/server-kit/scope.ts'
import type { NamesAnswer } from '../domain/api.ts'
import { type Backtest, episodesOf } from '../domain/rules/backtest.ts'
import { readRuleFile } from '../domain/rules/read.ts'
import { selectorsOf } from '../domain/selectors.ts'
import type { createRules } from './rules.ts'

const time = z.coerce.number().int().min(0).max(8.64e15)
const question = z.object({ query: z.string().min(1).max(100_000), start: time, end: time, step: z.coerce.number().int().min(1).max(8.64e15).default(15_000) })
const backtest = z.object({ rules: z.string().min(1).max(1_000_000), start: time, end: time })
/** Without a label the names of labels. */
const named = z.object({ label: z.string().max(500).default(''), metric: z.string().max(500).default(''), from: time, to: time })
/** Names in one answer. */
const NAMES = 20_000
/** Steps of a back-test; a longer range is looked at in larger steps, and says so. */
const STEPS = 10_000

export function ownRoutes(
  http: FastifyInstance,
  { metricStore }: Pick<ServerContext, 'metricStore'>,
  rules: Pick<ReturnType<typeof createRules>, 'overview'>,
): void {
  const routes = http.withTypeProvider<ZodTypeProvider>()
  const base = '/clusters/:cluster/metrics'

  routes.get(
    `${base}/query`,
    { schema: { summary: 'PromQL over a range (ms), or at one moment when start = end', params, querystring: question } },
    async (request, reply) => {
      const { cluster } = request.params
      mayRead(request, cluster, 'metrics')
      const { query, start, end, step } = request.query
      if (end < start) throw invalidInput([{ path: 'end', message: 'must not be before start' }])
      const view = { cluster, namespaces: namespacesIn(request.scope, cluster, 'metrics') }
      const body = await metricStore.json({ view, text: query, start, end, step }, start === end ? 'instant' : 'range')
      return reply.type('application/json').send(Buffer.from(body.buffer))
    },
  )

  routes.get(`${base}/status`, { schema: { summary: 'Series, their limit, and what was not taken', params } }, async (request) => {
    mayRead(request, request.params.cluster, 'metrics')
    return metricStore.status(request.params.cluster)
  })

  routes.get(
    `${base}/names`,
    { schema: { summary: 'Names of metrics and labels, or values of a label, for completion', params, querystring: named } },
    (request): NamesAnswer => {
      const { cluster } = request.params
      mayRead(request, cluster, 'metrics')
      const { label, metric, from, to } = request.query
      const view = { cluster, namespaces: namespacesIn(request.scope, cluster, 'metrics') }
      const matchers: LabelMatcher[] = metric === '' ? [] : [{ name: '__name__', op: '=', value: metric }]
      const found = new Set<string>()
      for (const series of metricStore.series({ view, matchers: matchers.length > 0 ? [matchers] : [], from, to })) {
        if (label !== '') found.add(getLabel(series, label))
        else for (let i = 0; i < series.pairs.length; i += 2) found.add(series.pairs[i]!)
      }
      found.delete('')
      return { names: [...found].sort().slice(0, NAMES), more: found.size > NAMES }
    },
  )

  routes.get(`${base}/rules`, { schema: { summary: 'Rules and alerts with their state, and sources that cannot be read', params } }, (request) => {
    const { cluster } = request.params
    mayRead(request, cluster, 'metrics')
    return rules.overview(cluster, namespacesIn(request.scope, cluster, 'metrics'))
  })

  routes.post(
    `${base}/backtest`,
    { config: { access: 'user' }, bodyLimit: 2 << 20, schema: { summary: 'When the alerts of a rule file would have fired', params, body: backtest } },
    async (request) => {
      const { cluster } = request.params
      mayRead(request, cluster, 'metrics')
      const { rules, start, end } = request.body
      if (end <= start) throw invalidInput([{ path: 'end', message: 'must be after start' }])
      const read = readRuleFile(rules, 'rules')
      if (!read.ok) throw invalidInput(read.error)
      const view = { cluster, namespaces: namespacesIn(request.scope, cluster, 'metrics') }
      const results: Backtest[] = []
      let coarsest = 0
      for (const group of read.value) {
        const step = Math.max(group.interval, Math.ceil((end - start) / STEPS / 1000) * 1000)
        coarsest = Math.max(coarsest, step)
        for (const rule of group.rules) {
          if (rule.kind !== 'alerting') continue
          const unmatched = selectorsOf(parse(rule.expr)).filter(
            (matchers) => metricStore.series({ view, matchers: [matchers], from: start, to: end }).length === 0,
          )
          const answer = await metricStore.query({ view, text: rule.expr, start: start - group.queryOffset, end: end - group.queryOffset, step })
          const texts = unmatched.map((matchers) => print({ kind: 'selector', pos: 0, matchers }))
          results.push({ alert: rule.alert, group: group.name, ...episodesOf(rule, answer, group.limit), unmatched: texts })
        }
      }
      return { start, end, step: coarsest, results }
    },
  )
}
