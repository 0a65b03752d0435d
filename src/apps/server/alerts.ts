import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import { z } from 'zod'
import { alertingConfig } from '#core/alerting/config.ts'
import { fingerprint } from '#core/alerting/fingerprint.ts'
import { ALERTING_SECRETS, receiverConfig } from '#core/alerting/receivers.ts'
import { EMPTY_STATE, mutesOf, settle, step } from '#core/alerting/step.ts'
import type { AlertingState, FiringAlert, Outgoing } from '#core/alerting/types.ts'
import type { Clock } from '#core/kernel/clock.ts'
import { invalidInput } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { clusterParams, mayRead } from '#kits/server-kit/clusters.ts'
import type { AlertSink, Settings } from '#kits/server-kit/door.ts'
import { namespacesIn } from '#kits/server-kit/scope.ts'
import { keepSecrets } from '#kits/server-kit/secrets.ts'
import { createDeliveries, type MakeNotifier } from './alert-delivery.ts'
import { type AlertingSnapshot, changeRows, createStateLog, deliveryRows, readSnapshot } from './alert-records.ts'
import type { WriteRows } from './write-rows.ts'

/** Of one reporter; what it says beyond that is left out and logged. */
const MOST_ALERTS = 2_000
/** What was said before a restart stands for this long, so that a reporter that is not up yet does not end its alerts. */
const RESTORED_LIFE = 15 * 60_000
const RETRY_MS = 10_000
/** Timers of groups go off together, at most this often: each costs a look at every alert. Reports are looked at when they come. */
const TIMERS_MS = 200
/** An alarm of audit is told at once, and what follows it soon. */
const INITIAL = { route: { routes: [{ matchers: ['capability="audit"'], groupBy: ['alertname', 'user'], groupWait: '0s', groupInterval: '250ms' }] } }

export interface AlertsDeps {
  telemetry: Telemetry
  clock: Clock
  log: Logger
  settings: Settings
  write: WriteRows
  notifier: MakeNotifier
  /** Where people reach this server. */
  externalUrl: () => string
}

export interface Alerts extends AlertSink {
  /** Takes up where the last server stopped. Until the store answers, nobody is told anything. */
  start(): void
  stop(): Promise<void>
  routes(http: FastifyInstance): void
}

/** Joins what reporters say, the routes of the settings, and the ways to reach people. Every change is stored before anybody is told of it. */
export function createAlerts(deps: AlertsDeps): Alerts {
  const { telemetry, clock, log, write } = deps
  const section = deps.settings.section('notifications', { schema: alertingConfig, initial: INITIAL, secrets: ALERTING_SECRETS })
  const deliveries = createDeliveries(clock, deps.notifier)
  const stopping = new AbortController()
  const reports = new Map<string, { cluster: string; firing: readonly FiringAlert[]; restoredUntil?: number }>()
  let state: AlertingState = EMPTY_STATE
  const stateLog = createStateLog()
  let lastChange = 0
  let restored = false
  let work: Promise<void> = Promise.resolve()
  let timer = new AbortController()

  const firing = () => [...reports.values()].flatMap((report) => report.firing)
  /** One change of the state at a time. */
  const alone = (task: () => Promise<void>): Promise<void> => {
    work = work.then(task).catch((err) => {
      log.error({ err }, 'alerting failed; it is tried again')
      wakeAt(clock.now() + RETRY_MS)
    })
    return work
  }
  const wakeAt = (at: number) => {
    timer.abort()
    timer = new AbortController()
    clock.sleep(Math.max(0, at - clock.now()), AbortSignal.any([timer.signal, stopping.signal])).then(
      () => tick(),
      () => {},
    )
  }

  /** Stores what is new in `next` with `rows`, and only then makes it the state. */
  const become = async (next: AlertingState, rows: Parameters<WriteRows>[1]) => {
    const snapshot: AlertingSnapshot = {
      state: next,
      reports: Object.fromEntries([...reports].map(([key, report]) => [key, report.firing.map(({ labels }) => fingerprint(labels))])),
    }
    // The order of these rows counts, so two must not have the same time.
    const now = Math.max(clock.now(), lastChange + 1)
    const change = stateLog.row(snapshot, now)
    if (change || rows.length > 0) {
      await write('alerts', change ? [...rows, change.row] : rows)
      if (change) lastChange = now
      change?.written()
    }
    state = next
  }

  const tick = () =>
    alone(async () => {
      if (!restored || stopping.signal.aborted) return
      const now = clock.now()
      for (const [key, { restoredUntil }] of reports) if (restoredUntil !== undefined && restoredUntil <= now) reports.delete(key)
      const config = section.read()
      const next = step(state, config, firing(), now)
      await become(next.state, changeRows(state, next.state, now))
      for (const outgoing of next.outgoing) void send(outgoing)
      const expiries = [...reports.values()].flatMap(({ restoredUntil }) => restoredUntil ?? [])
      const at = Math.min(next.nextAt ?? Number.POSITIVE_INFINITY, ...expiries)
      if (Number.isFinite(at)) wakeAt(Math.max(at, now + TIMERS_MS))
    })

  const send = async (outgoing: Outgoing) => {
    try {
      const outcome = await deliveries.deliver(outgoing, section.read())
      if (!outcome) return
      const { delivery, attempts } = outcome
      if (!delivery.delivered) log.warn({ receiver: outgoing.notification.receiver, reason: delivery.reason, attempts }, 'a notification was not delivered')
      await alone(() => become(settle(state, outgoing.receipt, delivery.delivered), deliveryRows(outgoing, delivery, attempts, clock.now())))
    } catch (err) {
      log.error({ err, receiver: outgoing.notification.receiver }, 'a notifier failed')
    }
  }

  const restore = async () => {
    while (!stopping.signal.aborted) {
      try {
        const snapshot = await readSnapshot(telemetry)
        if (snapshot) {
          state = snapshot.state
          for (const [key, ids] of Object.entries(snapshot.reports)) {
            const known = ids.flatMap((id) => state.alerts[id] ?? [])
            // Whoever has spoken since knows better.
            if (!reports.has(key)) reports.set(key, { cluster: known[0]?.labels.cluster ?? '', firing: known, restoredUntil: clock.now() + RESTORED_LIFE })
          }
        }
        restored = true
        return tick()
      } catch (err) {
        log.warn({ err }, 'the state of alerting is not known yet')
        await clock.sleep(RETRY_MS, stopping.signal).catch(() => {})
      }
    }
  }

  section.onChange(() => void tick())

  return {
    async report(reporter, cluster, alerts) {
      if (alerts.length > MOST_ALERTS) log.warn({ reporter, cluster, alerts: alerts.length }, `more than ${MOST_ALERTS} alerts; the others are left out`)
      reports.set(JSON.stringify([reporter, cluster]), {
        cluster,
        firing: alerts.slice(0, MOST_ALERTS).map(({ path, ...alert }) => ({
          ...alert,
          labels: { severity: alert.severity, ...alert.labels, cluster },
          ...(path === undefined ? {} : { link: deps.externalUrl() + path }),
        })),
      })
      await tick()
    },

    start: () => void restore(),

    async stop() {
      stopping.abort(new Error('the server stops'))
      deliveries.stop()
      await work
    },

    routes(http) {
      const routes = http.withTypeProvider<ZodTypeProvider>()

      routes.get('/clusters/:cluster/alerts', { schema: { summary: 'Alerts that fire now', params: clusterParams } }, async (request) => {
        const { cluster } = request.params
        mayRead(request, cluster, 'findings')
        const visible = namespacesIn(request.scope, cluster, 'findings')
        const all = firing()
        const muteOf = mutesOf(section.read(), all, clock.now())
        const toldOf = (id: string) =>
          Object.values(state.groups).flatMap((group) => Object.entries(group.told).flatMap(([receiver, told]) => (told.firing.includes(id) ? [receiver] : [])))
        return {
          known: restored,
          alerts: all
            .filter(({ labels }) => labels.cluster === cluster && (visible === 'all' || visible.includes(labels.namespace ?? '')))
            .map((alert) => {
              const id = fingerprint(alert.labels)
              return { ...alert, fingerprint: id, muted: muteOf(alert.labels) ?? null, told: [...new Set(toldOf(id))] }
            }),
        }
      })

      routes.post(
        '/notifications/test',
        { schema: { summary: 'Send a test message to a receiver, saved or not', body: z.object({ receiver: z.unknown() }) } },
        async (request) => {
          const saved = { receivers: section.read().receivers }
          const { value } = keepSecrets({ receivers: [request.body.receiver] }, saved, ALERTING_SECRETS)
          const parsed = parseInput(receiverConfig, (value as { receivers: unknown[] }).receivers[0])
          if (!parsed.ok) throw invalidInput(parsed.error.map((problem) => ({ ...problem, path: `receiver.${problem.path}` })))
          request.auditDetail = { receiver: parsed.value.name, kind: parsed.value.kind }
          const now = clock.now()
          const text = parsed.value.language === 'zh-CN' ? '这是来自 Sallyport 的测试消息。' : 'This is a test message from Sallyport.'
          return deps.notifier(parsed.value).send(
            {
              groupKey: `test/${now}`,
              receiver: parsed.value.name,
              groupLabels: { alertname: 'SallyportTest' },
              language: parsed.value.language,
              alerts: [
                {
                  status: 'firing',
                  severity: 'advice',
                  labels: { alertname: 'SallyportTest' },
                  annotations: { summary: text },
                  startsAt: now,
                  link: `${deps.externalUrl()}/settings`,
                },
              ],
            },
            AbortSignal.timeout(15_000),
          )
        },
      )
    },
  }
}
