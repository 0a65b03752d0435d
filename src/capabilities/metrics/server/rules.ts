/** Rules of files and of PrometheusRule objects, evaluated at their intervals: samples go back into the store, alerts to people and to Alertmanagers. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { CodedError, describeError, type Problem } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { success } from '#core/promql/answer-json.ts'
import { type Labels, labelsObject } from '#core/promql/labels.ts'
import type { Informer } from '#core/shapes/ports/cluster.ts'
import type { Severity } from '#core/shapes/severity.ts'
import { DEFAULT_CLUSTER, mayRead } from '#kits/server-kit/clusters.ts'
import type { ActiveAlert, ServerContext } from '#kits/server-kit/door.ts'
import { namespacesIn } from '#kits/server-kit/scope.ts'
import type { RuleAnswer, RuleGroupAnswer, RulesAnswer } from '../domain/api.ts'
import { type Rule, type RuleGroup, readGroups, readRuleFile } from '../domain/rules/read.ts'
import { type Alert, type Alerts, alertSamples, type OutSample, restored, stepRule } from '../domain/rules/step.ts'

const REPORTER = 'metrics'
const TICK_MS = 1_000
const READ_MS = 15_000
const RESEND_MS = 60_000
const GROUPS_MAX = 2_000
const PROMETHEUS_RULE = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' }

/** Where alerts go besides the routes of this server. */
const alertmanagerSettings = z.object({
  urls: z
    .array(z.url({ protocol: /^https?$/ }).max(500))
    .max(10)
    .default([]),
})

interface RuleState {
  alerts: Map<string, Alert>
  /** Series of the last evaluation: those that are not there again end with a stale marker. */
  written: Map<string, Labels>
  error: string | undefined
  at: number
  seconds: number
}
interface RunningGroup {
  cluster: string
  group: RuleGroup
  /** A group that reads otherwise is another group. */
  text: string
  states: RuleState[]
  nextAt: number
  restored: boolean
  busy: boolean
}

export function createRules(context: Pick<ServerContext, 'metricStore' | 'clock' | 'log' | 'alerts' | 'clusters' | 'settings' | 'dataFolder' | 'outbound'>) {
  const { metricStore, clock, log, clusters } = context
  const settings = context.settings.section('alertmanagers', { schema: alertmanagerSettings, initial: {} })
  const stopping = new AbortController()
  const informers = new Map<string, Informer<KubeObject>>()
  const running = new Map<string, RunningGroup>()
  /** What of the sources could not be read. */
  let faults: { file: string; problems: readonly Problem[] }[] = []
  const sentAt = new Map<string, number>()
  const reported = new Set<string>()

  /** Groups of files in the data folder, for the cluster of the server itself. */
  async function fromFiles(): Promise<{ cluster: string; group: RuleGroup }[]> {
    const folder = join(context.dataFolder, 'rules')
    await mkdir(folder, { recursive: true })
    const out: { cluster: string; group: RuleGroup }[] = []
    for (const name of (await readdir(folder)).filter((one) => /\.ya?ml$/.test(one)).sort()) {
      const read = readRuleFile(await readFile(join(folder, name), 'utf8'), name)
      if (read.ok) out.push(...read.value.map((group) => ({ cluster: DEFAULT_CLUSTER, group })))
      else faults.push({ file: name, problems: read.error })
    }
    return out
  }

  /** Groups of PrometheusRule objects, where a cluster knows the kind. */
  async function fromClusters(): Promise<{ cluster: string; group: RuleGroup }[]> {
    const out: { cluster: string; group: RuleGroup }[] = []
    for (const { name } of clusters.list()) {
      let informer = informers.get(name)
      if (!informer) {
        const cluster = clusters.get(name)
        const found = await cluster.discover().catch(() => undefined)
        if (!found?.kinds.some(({ kind, apiVersion }) => kind === PROMETHEUS_RULE.kind && apiVersion === PROMETHEUS_RULE.apiVersion)) continue
        informer = cluster.informer(PROMETHEUS_RULE)
        informer.synced.catch((err: unknown) => log.warn({ err, cluster: name }, 'the rules of a cluster cannot be read'))
        informers.set(name, informer)
      }
      if (informer.status().state === 'starting') continue
      for (const object of informer.list()) {
        const { namespace = '', name: own } = object.metadata
        const file = `${namespace}/${own}`
        const read = readGroups((object as { spec?: unknown }).spec ?? {}, file)
        if (read.ok) out.push(...read.value.map((group) => ({ cluster: name, group })))
        else faults.push({ file: `${name}/${file}`, problems: read.error })
      }
    }
    return out
  }

  async function readSources(): Promise<void> {
    faults = []
    const found = [...(await fromFiles()), ...(await fromClusters())].slice(0, GROUPS_MAX)
    const seen = new Set<string>()
    for (const { cluster, group } of found) {
      const key = `${cluster}\n${group.file}\n${group.name}`
      seen.add(key)
      const text = JSON.stringify(group)
      const known = running.get(key)
      if (known?.text === text) continue
      if (known) await endSeries(known)
      running.set(key, {
        cluster,
        group,
        text,
        states: group.rules.map(() => ({ alerts: new Map(), written: new Map(), error: undefined, at: 0, seconds: 0 })),
        nextAt: nextTime(key, group.interval, clock.now()),
        restored: false,
        busy: false,
      })
    }
    for (const [key, group] of running) {
      if (seen.has(key)) continue
      running.delete(key)
      await endSeries(group)
    }
  }

  const endSeries = ({ cluster, states }: RunningGroup) => {
    const gone = states.flatMap(({ written }) => [...written.values()])
    return gone.length === 0 ? undefined : write(cluster, [], gone, clock.now())
  }

  /** Stores what an evaluation found; series that are gone end. */
  async function write(cluster: string, samples: readonly OutSample[], gone: readonly Labels[], at: number): Promise<void> {
    const floats = samples.filter((sample): sample is OutSample & { value: number } => typeof sample.value === 'number')
    const histograms = samples.filter(({ value }) => typeof value !== 'number')
    const rows = floats.length + gone.length
    if (rows + histograms.length === 0) return
    const series = [...floats, ...gone.map((labels) => ({ labels })), ...histograms].map(({ labels }) => labels)
    const hash = createHash('sha256').update(`${cluster} ${at}\n`)
    for (const { key } of series) hash.update(`${key}\n`)
    await metricStore.append({
      id: uuidv7(at, hash.digest()),
      cluster,
      series,
      of: Uint32Array.from({ length: rows }, (_, i) => i),
      ts: new Float64Array(rows).fill(at),
      values: Float64Array.from({ length: rows }, (_, i) => floats[i]?.value ?? Number.NaN),
      stale: Uint8Array.from({ length: rows }, (_, i) => Number(i >= floats.length)),
      histograms: histograms.map(({ value }, i) => ({ of: rows + i, ts: at, histogram: value as Exclude<OutSample['value'], number> })),
    })
  }

  async function evaluateGroup(one: RunningGroup, at: number): Promise<void> {
    const { cluster, group } = one
    const view = { cluster, namespaces: 'all' } as const
    for (const [i, rule] of group.rules.entries()) {
      if (stopping.signal.aborted) return
      const state = one.states[i]!
      const started = performance.now()
      const when = at - group.queryOffset
      try {
        const ask = (text: string) => metricStore.query({ view, text, start: when, end: when, step: 1000, lane: 'rules' })
        const next = await stepRule(rule, state.alerts, { at, limit: group.limit, ask })
        if (!one.restored && rule.kind === 'alerting') await restoreAlerts(one.cluster, rule, next.alerts, at)
        const samples = rule.kind === 'alerting' ? alertSamples(next.alerts) : next.samples
        const written = new Map(samples.map(({ labels }) => [labels.key, labels]))
        const gone = [...state.written.values()].filter(({ key }) => !written.has(key))
        await write(cluster, samples, gone, at)
        one.states[i] = { alerts: next.alerts, written, error: undefined, at, seconds: (performance.now() - started) / 1000 }
      } catch (error) {
        if (!(error instanceof CodedError)) throw error
        const reason = error.code === 'PROMQL_FAILED' ? String(error.details.reason) : describeError(error, 'en').message
        one.states[i] = { ...state, error: reason, at, seconds: (performance.now() - started) / 1000 }
      }
    }
    one.restored = true
  }

  /** Alerts that waited before the last server stopped go on waiting. */
  async function restoreAlerts(cluster: string, rule: Rule & { kind: 'alerting' }, alerts: Map<string, Alert>, at: number): Promise<void> {
    if (![...alerts.values()].some(({ state }) => state === 'pending')) return
    const text = `last_over_time(ALERTS_FOR_STATE{alertname=${JSON.stringify(rule.alert)}}[1h])`
    const ask = (question: string) =>
      metricStore.query({ view: { cluster, namespaces: 'all' }, text: question, start: at - 1, end: at - 1, step: 1000, lane: 'rules' })
    const [active, last] = await Promise.all([ask(text), ask(`max_over_time(timestamp(ALERTS_FOR_STATE{alertname=${JSON.stringify(rule.alert)}})[1h:1m])`)])
    const valuesOf = ({ value }: typeof active) =>
      value.type === 'vector' ? new Map(value.series.map(({ labels, values }) => [labelsWithout(labels), values[0]! * 1000])) : new Map<string, number>()
    const [since, seen] = [valuesOf(active), valuesOf(last)]
    for (const [key, alert] of alerts) {
      const known = labelsWithout(alert.labels)
      const activeAt = since.get(known)
      const lastAt = seen.get(known)
      if (alert.state === 'pending' && activeAt !== undefined && lastAt !== undefined) alerts.set(key, restored(rule, alert, { activeAt, lastAt }, at))
    }
  }

  async function tick(): Promise<void> {
    const now = clock.now()
    const due = [...running.values()].filter((one) => !one.busy && one.nextAt <= now)
    await Promise.all(
      due.map(async (one) => {
        const at = one.nextAt
        // Evaluations that were missed are missed; the next one is on its own time.
        one.nextAt = at + Math.ceil((now - at + 1) / one.group.interval) * one.group.interval
        one.busy = true
        try {
          await evaluateGroup(one, at)
        } finally {
          one.busy = false
        }
      }),
    )
    if (due.length > 0) await tell()
  }

  const alertsOf = (cluster: string) =>
    [...running.values()].filter((one) => one.cluster === cluster).flatMap(({ states }) => states.flatMap(({ alerts }) => [...alerts.values()]))

  async function tell(): Promise<void> {
    const now = clock.now()
    for (const cluster of new Set([...[...running.values()].map((one) => one.cluster), ...reported])) {
      const all = alertsOf(cluster)
      reported.add(cluster)
      await context.alerts.report(REPORTER, cluster, all.filter(({ state }) => state === 'firing').map(activeAlert))
      await tellAlertmanagers(cluster, all, now)
    }
  }

  /** As Prometheus does: what fires again and again, what ended until it is forgotten. https://prometheus.io/docs/alerting/latest/clients/ */
  async function tellAlertmanagers(cluster: string, all: readonly Alert[], now: number): Promise<void> {
    const { urls } = settings.read()
    if (urls.length === 0) return
    const keyOf = (alert: Alert) => `${cluster}\n${alert.labels.key}\n${alert.state}`
    const due = all.filter((alert) => alert.state !== 'pending' && now - (sentAt.get(keyOf(alert)) ?? -Infinity) >= RESEND_MS)
    for (const [key, at] of sentAt) if (now - at > 20 * RESEND_MS) sentAt.delete(key)
    if (due.length === 0) return
    const iso = (ms: number) => new Date(ms).toISOString()
    const body = JSON.stringify(
      due.map(({ labels, annotations, firedAt = now, resolvedAt }) => ({
        labels: { cluster, ...labelsObject(labels) },
        annotations,
        startsAt: iso(firedAt),
        endsAt: iso(resolvedAt ?? now + 4 * RESEND_MS),
      })),
    )
    const results = await Promise.all(
      urls.map((url) =>
        context.outbound.send({
          method: 'POST',
          url: `${url.replace(/\/$/, '')}/api/v2/alerts`,
          headers: { 'content-type': 'application/json' },
          body,
          timeoutMs: 10_000,
          maxBytes: 10_000,
        }),
      ),
    )
    const failed = results.flatMap((result) => (!result.ok ? [result.error] : result.value.status >= 300 ? [`status ${result.value.status}`] : []))
    if (failed.length === 0) for (const alert of due) sentAt.set(keyOf(alert), now)
    // Tried again with the next evaluation.
    else log.warn({ failed }, 'an Alertmanager was not told')
  }

  const loop = (async () => {
    let readAt = Number.NEGATIVE_INFINITY
    while (!stopping.signal.aborted) {
      try {
        if (clock.now() - readAt >= READ_MS) {
          readAt = clock.now()
          await readSources()
        }
        await tick()
      } catch (err) {
        log.error({ err }, 'rules could not be evaluated')
      }
      await clock.sleep(TICK_MS, stopping.signal).catch(() => {})
    }
  })()

  const groupsOf = (cluster: string) => [...running.values()].filter((one) => one.cluster === cluster)

  const groupsJson = (cluster: string, namespaces: Namespaces, type?: string): RuleGroupAnswer[] =>
    groupsOf(cluster).map(({ group, states }) => ({
      name: group.name,
      file: group.file,
      interval: group.interval / 1000,
      limit: group.limit,
      evaluationTime: states.reduce((sum, { seconds }) => sum + seconds, 0),
      lastEvaluation: new Date(Math.max(0, ...states.map(({ at }) => at))).toISOString(),
      rules: group.rules.flatMap((rule, i) =>
        type === undefined || type === (rule.kind === 'alerting' ? 'alert' : 'record') ? [ruleJson(rule, states[i]!, seenBy(namespaces))] : [],
      ),
    }))

  return {
    /** What the pages show: groups, and which sources could not be read. */
    overview: (cluster: string, namespaces: Namespaces): RulesAnswer => ({
      groups: groupsJson(cluster, namespaces),
      faults: faults.map(({ file, problems }) => ({ file, problems: problems.map(({ message, line }) => ({ message, ...(line !== undefined && { line }) })) })),
    }),
    routes(http: FastifyInstance): void {
      const base = '/clusters/:cluster/prometheus/api/v1'
      const config = { access: 'user' } as const
      http.get<{ Params: { cluster: string }; Querystring: { type?: string } }>(`${base}/rules`, { config, schema: { hide: true } }, async (request, reply) => {
        const { cluster } = request.params
        mayRead(request, cluster, 'metrics')
        const groups = groupsJson(cluster, namespacesIn(request.scope, cluster, 'metrics'), request.query.type)
        return reply.type('application/json').send(success(JSON.stringify({ groups })))
      })
      http.get<{ Params: { cluster: string } }>(`${base}/alerts`, { config, schema: { hide: true } }, async (request, reply) => {
        const { cluster } = request.params
        mayRead(request, cluster, 'metrics')
        const visible = seenBy(namespacesIn(request.scope, cluster, 'metrics'))
        const alerts = alertsOf(cluster)
          .filter((alert) => alert.state !== 'inactive' && visible(alert))
          .map(alertJson)
        return reply.type('application/json').send(success(JSON.stringify({ alerts })))
      })
    },
    problems: () => faults,
    async stop() {
      stopping.abort()
      await loop
      for (const informer of informers.values()) informer.stop()
    },
  }
}

/** Groups do not all begin at once: each has a place in its interval that follows from its name. */
function nextTime(key: string, interval: number, now: number): number {
  const offset = createHash('sha256').update(key).digest().readUInt32BE(0) % interval
  return Math.ceil((now - offset) / interval) * interval + offset
}

/** Identity of an alert in its own series and in what was computed from them. */
const labelsWithout = (labels: Labels): string => JSON.stringify(Object.entries(labelsObject(labels)).filter(([name]) => name !== '__name__'))

type Namespaces = 'all' | readonly string[]
const seenBy =
  (namespaces: Namespaces) =>
  ({ labels }: Alert): boolean =>
    namespaces === 'all' || namespaces.includes(labelsObject(labels).namespace ?? '')

const SEVERITIES: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  page: 'critical',
  error: 'error',
  warning: 'warning',
  info: 'advice',
  none: 'advice',
}

function activeAlert({ labels, annotations, value, activeAt }: Alert): ActiveAlert {
  const own = labelsObject(labels) as ActiveAlert['labels']
  return { labels: own, severity: SEVERITIES[own.severity ?? ''] ?? 'warning', annotations, value, activeSince: activeAt }
}

const alertJson = ({ labels, annotations, state, activeAt, value }: Alert) => ({
  labels: labelsObject(labels),
  annotations,
  state,
  activeAt: new Date(activeAt).toISOString(),
  value: value.toExponential(),
})

function ruleJson(rule: Rule, { alerts, error, at, seconds }: RuleState, visible: (alert: Alert) => boolean): RuleAnswer {
  const shared = {
    query: rule.expr,
    labels: rule.labels,
    health: error !== undefined ? ('err' as const) : at === 0 ? ('unknown' as const) : ('ok' as const),
    ...(error === undefined ? {} : { lastError: error }),
    evaluationTime: seconds,
    lastEvaluation: new Date(at).toISOString(),
  }
  if (rule.kind === 'recording') return { name: rule.record, ...shared, type: 'recording' }
  const active = [...(alerts as Alerts).values()].filter((alert) => alert.state !== 'inactive')
  const state = active.some((alert) => alert.state === 'firing') ? 'firing' : active.length > 0 ? 'pending' : 'inactive'
  return {
    name: rule.alert,
    ...shared,
    state,
    duration: rule.for / 1000,
    keepFiringFor: rule.keepFiringFor / 1000,
    annotations: rule.annotations,
    alerts: active.filter(visible).map(alertJson),
    type: 'alerting',
  }
}
