import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { formatDuration } from '#core/kernel/duration.ts'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { clusterParams, mayRead } from '#kits/server-kit/clusters.ts'
import type { ActiveAlert, ServerContext } from '#kits/server-kit/door.ts'
import { alertLabels, conditionText, decide, type Look, liveRule, type Memory, rehearse } from '../domain/alerts.ts'
import { SETTLE } from '../domain/answers.ts'
import { type AlertRule, type AlertRulesAnswer, alertRule, type PreviewAnswer, previewBody, type RuleState } from '../domain/api.ts'
import { filtersOf } from '../domain/filters.ts'
import { rollable } from '../domain/queries.ts'
import { createLooks } from './rule-looks.ts'

const EVERY = 10_000
const MINUTE = 60_000
const REPORTER = 'ingress-analytics'

export const alertSettings = z.object({ clusters: z.record(z.string().max(120), z.array(alertRule).max(200)).default({}) })
type AlertSettings = z.output<typeof alertSettings>

/** Names are what people, routes and states know a rule by. */
export function repeatedNames(settings: AlertSettings): { path: string; message: string }[] {
  return Object.entries(settings.clusters).flatMap(([cluster, rules]) =>
    rules.flatMap(({ name }, i) =>
      rules.findIndex((other) => other.name === name) < i ? [{ path: `clusters.${cluster}[${i}].name`, message: `"${name}" is there already` }] : [],
    ),
  )
}

interface Kept {
  /** The rule as text: a changed rule starts anew. */
  rule: string
  memory: Memory
  states: RuleState[]
  /** What was seen last, and until when that stands: the store changes by the minute, long windows slowly. */
  look: Look | undefined
  until: number
}

/** Rules of the settings, evaluated every 10 s and reported as the complete set of what fires; their routes under `/clusters/:cluster/ingress`. */
export function createAlertRules(context: Pick<ServerContext, 'telemetry' | 'live' | 'clock' | 'log' | 'settings' | 'alerts'>) {
  const { clock, log, alerts } = context
  const section = context.settings.section('ingressAlerts', { schema: alertSettings, initial: {}, check: repeatedNames })
  const looks = createLooks(context)
  const startedAt = clock.now()
  const kept = new Map<string, Map<string, Kept>>()
  /** Clusters whose firing alerts of before the start are known. */
  const restored = new Set<string>()
  const stopping = new AbortController()

  const rulesOf = (cluster: string): readonly AlertRule[] => section.read().clusters[cluster] ?? []

  /** What fired when the last server stopped, so that it neither ends nor waits for its `for` again. */
  async function restore(cluster: string): Promise<Map<string, Kept>> {
    const { rows } = await context.telemetry.query({
      sql: `SELECT argMax(mapKeys(labels), ts), argMax(mapValues(labels), ts), toUnixTimestamp64Milli(argMax(active_since, ts)), argMax(value, ts) FROM alerts
WHERE cluster = {cluster:String} AND state IN ('firing', 'resolved') AND labels['capability'] = {capability:String} GROUP BY fingerprint HAVING argMax(state, ts) = 'firing'`,
      params: { cluster, capability: REPORTER },
      scope: 'all',
      lane: 'rules',
    })
    const fired = rows.map(([keys, values, since, value]) => ({
      labels: Object.fromEntries((keys as string[]).map((key, i) => [key, (values as string[])[i]!])),
      since: Number(since),
      value: value === null ? null : Number(value),
    }))
    return new Map(
      rulesOf(cluster).map((rule) => {
        const mine = fired.filter(({ labels }) => labels.alertname === rule.name)
        const memory: Memory = new Map(
          mine.map(({ labels, since, value }) => [rule.groupBy === undefined ? '' : (labels[rule.groupBy] ?? ''), { since, value, firing: true, requests: 0 }]),
        )
        return [rule.name, { rule: JSON.stringify(rule), memory, states: [], look: undefined, until: 0 }]
      }),
    )
  }

  async function evaluate(cluster: string): Promise<void> {
    if (!restored.has(cluster)) {
      kept.set(cluster, await restore(cluster))
      restored.add(cluster)
    }
    const before = kept.get(cluster) ?? new Map<string, Kept>()
    const after = new Map<string, Kept>()
    const firing: ActiveAlert[] = []
    for (const rule of rulesOf(cluster)) {
      if (!rule.enabled || stopping.signal.aborted) continue
      const text = JSON.stringify(rule)
      const known = before.get(rule.name)
      const last: Kept = known?.rule === text ? known : { rule: text, memory: new Map(), states: [], look: undefined, until: 0 }
      const next = await judge(rule, cluster, last)
      after.set(rule.name, next)
      firing.push(...activeAlerts(rule, next, cluster))
    }
    kept.set(cluster, after)
    if (!stopping.signal.aborted) await alerts.report(REPORTER, cluster, firing)
  }

  async function judge(rule: AlertRule, cluster: string, last: Kept): Promise<Kept> {
    const stands = last.look !== undefined && clock.now() < last.until
    const look = stands ? last.look! : await looks.look(rule, cluster, clock.now() - startedAt >= rule.window)
    const now = clock.now()
    return { rule: last.rule, ...decide(rule, look, last.memory, now), look, until: stands ? last.until : standsUntil(rule, cluster, look, now) }
  }

  /** Runs until it is stopped; a round that fails is tried again with the next. */
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      for (const cluster of new Set([...Object.keys(section.read().clusters), ...kept.keys()])) {
        await evaluate(cluster).catch((err: unknown) => log.warn({ err, cluster }, 'alert rules could not be evaluated; what fired goes on firing'))
      }
      await clock.sleep(EVERY, stopping.signal).catch(() => {})
    }
  })()

  async function change<T>(cluster: string, edit: (rules: readonly AlertRule[]) => readonly AlertRule[], answer: T): Promise<T> {
    const { clusters } = section.read()
    await section.write({ clusters: { ...clusters, [cluster]: edit(clusters[cluster] ?? []) } })
    return answer
  }
  const indexOf = (cluster: string, name: string): number => {
    const index = rulesOf(cluster).findIndex((rule) => rule.name === name)
    if (index < 0) throw new CodedError('NOT_FOUND', { what: `alert rule ${name}` })
    return index
  }
  const refuseRepeated = (cluster: string, name: string, except = -1) => {
    if (rulesOf(cluster).some((rule, i) => rule.name === name && i !== except)) throw invalidInput([{ path: 'name', message: `"${name}" is there already` }])
  }

  return {
    routes(http: FastifyInstance): void {
      const routes = http.withTypeProvider<ZodTypeProvider>()
      const base = '/clusters/:cluster/ingress/alert-rules'
      const named = clusterParams.extend({ name: z.string().max(120) })

      routes.get(
        base,
        { schema: { summary: 'Alert rules over ingress traffic, and how they stand', params: clusterParams } },
        async (request): Promise<AlertRulesAnswer> => {
          const { cluster } = request.params
          mayRead(request, cluster, 'access')
          return {
            rules: rulesOf(cluster).map((rule) => {
              const known = kept.get(cluster)?.get(rule.name)
              return { rule, states: known?.rule === JSON.stringify(rule) ? known.states : [] }
            }),
          }
        },
      )
      routes.post(base, { schema: { summary: 'Add an alert rule', params: clusterParams, body: alertRule } }, async (request, reply) => {
        const { cluster } = request.params
        mayRead(request, cluster, 'access')
        refuseRepeated(cluster, request.body.name)
        request.auditDetail = request.body
        reply.code(201)
        return change(cluster, (rules) => [...rules, request.body], request.body)
      })
      routes.put(`${base}/:name`, { schema: { summary: 'Change an alert rule', params: named, body: alertRule } }, async (request) => {
        const { cluster, name } = request.params
        mayRead(request, cluster, 'access')
        const index = indexOf(cluster, name)
        refuseRepeated(cluster, request.body.name, index)
        request.auditDetail = { before: rulesOf(cluster)[index], after: request.body }
        return change(cluster, (rules) => rules.with(index, request.body), request.body)
      })
      routes.delete(`${base}/:name`, { schema: { summary: 'Remove an alert rule', params: named } }, async (request, reply) => {
        const { cluster, name } = request.params
        mayRead(request, cluster, 'access')
        const index = indexOf(cluster, name)
        request.auditDetail = { before: rulesOf(cluster)[index] }
        reply.code(204)
        return change(cluster, (rules) => rules.toSpliced(index, 1), undefined)
      })
      routes.post(
        `${base}/preview`,
        { schema: { summary: 'What a rule would have done over the last hours', params: clusterParams, body: previewBody } },
        async (request): Promise<PreviewAnswer> => {
          const { cluster } = request.params
          mayRead(request, cluster, 'access')
          const { rule, hours } = request.body
          return previewAnswer(rule, await looks.preview(rule, cluster, hours, request.scope))
        },
      )
    },

    async stop(): Promise<void> {
      stopping.abort(new Error('the server stops'))
      await loop
    },
  }
}

/** The live stream changes all the time, the roll-ups by the minute; raw rows over hours are not read six times a minute for a number that hardly moves. */
function standsUntil(rule: AlertRule, cluster: string, look: Look, now: number): number {
  if (!look.known || liveRule(rule, cluster) !== undefined) return now
  if (!rollable(filtersOf(rule.filter), rule.groupBy)) return now + Math.min(5 * MINUTE, rule.window / 30)
  return (Math.floor((now - SETTLE) / MINUTE) + 1) * MINUTE + SETTLE
}

function activeAlerts(rule: AlertRule, { memory, states }: Kept, cluster: string): ActiveAlert[] {
  const stale = states.find(({ state }) => state === 'unknown')?.reason
  return [...memory]
    .filter(([, { firing }]) => firing)
    .map(([group, { since, value, requests }]) => ({
      labels: alertLabels(rule, group),
      severity: rule.severity,
      annotations: {
        summary: rule.summary || conditionText(rule, formatDuration(rule.window)),
        condition: conditionText(rule, formatDuration(rule.window)),
        requests: String(requests),
        ...(rule.runbook ? { runbook_url: rule.runbook } : {}),
        ...(stale === undefined ? {} : { unknown: stale }),
      },
      value: value ?? Number.NaN,
      activeSince: since,
      path: `/ingress?${new URLSearchParams([['cluster', cluster], ...[...rule.filter, ...(rule.groupBy ? [`${rule.groupBy}:eq:${group}`] : [])].map((f) => ['f', f])])}`,
    }))
}

function previewAnswer(rule: AlertRule, seen: Awaited<ReturnType<ReturnType<typeof createLooks>['preview']>>): PreviewAnswer {
  const episodes = rehearse(rule, seen)
  const requests = new Map<string, number>()
  for (const look of seen.looks) if (look.known) for (const { group, requests: n } of look.observations) requests.set(group, (requests.get(group) ?? 0) + n)
  const busiest = [...requests].sort((a, b) => b[1] - a[1])[0]?.[0]
  return {
    from: seen.from,
    to: seen.to,
    step: seen.step,
    fired: episodes.length,
    firingMs: episodes.reduce((sum, { from, to }) => sum + to - from, 0),
    episodes: episodes.slice(0, 200),
    ts: [...seen.at],
    values: seen.looks.map((look) => {
      if (!look.known) return null
      const observation = look.observations.find(({ group }) => group === busiest)
      return (rule.absent ? observation?.requests : observation?.value) ?? null
    }),
    incomplete: seen.limited ? ['limit:preview'] : [],
  }
}
