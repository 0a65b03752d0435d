import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { LineReceipt, LineSink } from '#core/shapes/ports/lines.ts'
import type { StoreStatus } from '#core/shapes/ports/telemetry.ts'
import { atLeast } from '#core/shapes/severity.ts'
import { audit as auditTable } from '#core/telemetry/tables/records.ts'
import { mayRead, clusterParams as params } from '#kits/server-kit/clusters.ts'
import type { ServerContext, ServerDoor } from '#kits/server-kit/door.ts'
import { type AuditStatus, eventsQuery, exportQuery, personQuery, rangeQuery, replayBody, seriesQuery, topQuery } from '../domain/api.ts'
import { createEngine, type Engine } from '../domain/engine.ts'
import { createLists, type ListsInput, listsSchema } from '../domain/lists.ts'
import { habitsStatement, sealsStatement } from '../domain/queries.ts'
import { ownRow } from '../domain/rows.ts'
import { createAlarms } from './alarms.ts'
import { createCounts } from './counts.ts'
import { exportLines } from './export.ts'
import { watchGaps } from './gaps.ts'
import { openHeads } from './heads.ts'
import { createQuestions } from './questions.ts'
import { createRecorder, FIRST, type Head } from './recorder.ts'
import { createRuleBook } from './rules.ts'
import { openSpool } from './spool.ts'
import { verifyChain } from './verify.ts'
import { eventsIn, webhookRoutes } from './webhook.ts'

const DROPS_TOLD_MS = 60_000
/** Of disk for what waits to be judged: minutes of a large cluster's events at full speed. */
const SPOOL_BYTES = 4 * 2 ** 30
const REPLAY_LIMIT = 9 * 1024 * 1024
const HABITS_MS = 30 * 86_400_000

/** Who and what is allowed, by cluster; `*` is for all. */
const auditSettings = z.object({ lists: z.record(z.string().max(120), listsSchema).default({}) })
/** A batch that is a copy of another has the same id: UUIDv8 of its content (RFC 9562, section 5.8). */
function contentId(cluster: string, text: string): string {
  const hex = createHash('sha256').update(cluster).update('\n').update(text).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export const door: ServerDoor = {
  id: 'audit',

  async start(context: ServerContext) {
    const { http, telemetry, clock, log, settings } = context
    const lists = settings.section('auditLists', { schema: auditSettings, initial: {} })
    const heads = await openHeads(context.dataFolder)
    const counts = createCounts(context.metrics, clock.now())
    const alarms = createAlarms({ alerts: context.alerts, clock, onError: (err) => log.warn({ err }, 'alarms could not be reported; they are reported again') })
    let retentionDays = auditTable.ttlDays
    const readRetention = () =>
      telemetry.status().then(
        ({ signals }) => {
          retentionDays = signals.find(({ signal }) => signal === 'audit')?.retentionDays ?? retentionDays
        },
        (err: unknown) => log.warn({ err }, 'the retention of audit rows is not known'),
      )

    const listsOf = (cluster: string): ListsInput => ({ ...lists.read().lists['*'], ...lists.read().lists[cluster] })
    const engines = new Map<string, Engine>()
    const configure = (cluster: string) => engines.get(cluster)?.configure(createLists(listsOf(cluster)), ruleBook.of(cluster))
    const ruleBook = createRuleBook(configure, (rule, reason) => {
      if (counts.unjudged(rule) === 1) log.warn({ rule, reason }, 'a rule of a user could not judge an event')
    })
    context.reconcile(ruleBook.reconciler, (cluster) => cluster)
    async function engineOf(cluster: string) {
      const engine = createEngine(createLists(listsOf(cluster)), ruleBook.of(cluster))
      const { rows } = await telemetry.query({ ...habitsStatement(cluster, clock.now() - HABITS_MS), scope: 'all', lane: 'rules' })
      for (const [user, events, clients, ips, hours] of rows as [string, number, string[], string[], number[]][]) {
        for (const client of clients) engine.learn(user, 'client-unusual', client, Number(events))
        for (const ip of ips) engine.learn(user, 'origin-unusual', networkOf(ip), Number(events))
        for (const hour of hours) engine.learn(user, 'hour-unusual', `${hour} h`, Number(events))
      }
      engines.set(cluster, engine)
      return engine
    }

    const recorder = createRecorder({
      telemetry,
      clock,
      engine: engineOf,
      async restore(cluster) {
        const { rows } = await telemetry.query({ ...sealsStatement(cluster), scope: 'all' })
        const kept = heads.get(cluster)
        const newest: Head | undefined = rows[0] && { number: Number(rows[0][1]), hash: String(rows[0][2]) }
        // a store that lost its end goes on after what is known of it, so that the gap stays to be seen
        const head = kept && (newest === undefined || kept.number > newest.number) ? kept : (newest ?? FIRST)
        return { head, batches: rows.map(([batch]) => String(batch)).reverse() }
      },
      retentionDays: () => retentionDays,
      onHits(cluster, hits) {
        for (const { rule, severity } of hits) counts.hits.inc({ rule: rule.id, severity })
        const telling = hits.filter(({ severity, alarm }) => alarm || atLeast(severity, 'warning'))
        if (telling.length > 0) alarms.raise(cluster, telling).catch((err: unknown) => log.error({ err }, 'an alarm could not be raised; it is reported again'))
      },
      onSeal: (cluster, head) => heads.set(cluster, head),
    })
    lists.onChange(() => [...engines.keys()].forEach(configure))

    async function write(cluster: string, batch: string, source: string, text: string): Promise<LineReceipt> {
      const receipt = await recorder.write(cluster, batch, text)
      counts.received(cluster, source, receipt, clock.now())
      return receipt
    }
    let toldAt = Number.NEGATIVE_INFINITY
    const onDrop = (cluster: string, source: string, events: number, err?: unknown) => {
      counts.dropped(cluster, events, clock.now())
      // a flood must not become one of the log too
      if (clock.now() - toldAt < DROPS_TOLD_MS) return
      toldAt = clock.now()
      log.error({ cluster, source, events, err }, 'audit events were received and could not be kept; more within a minute are counted only')
    }
    const gaps = watchGaps({
      telemetry,
      alerts: context.alerts,
      clock,
      clusters: counts.clusters,
      status: counts.status,
      onError: (err) => log.warn({ err }, 'gaps of audit could not be stored; they are looked at again'),
    })
    const spool = await openSpool({
      folder: join(context.dataFolder, 'spool'),
      clock,
      maxBytes: SPOOL_BYTES,
      write: ({ cluster, batch, source, text }) => write(cluster, batch, source, text),
      onLost: ({ cluster, source, text }, err) => onDrop(cluster, source, eventsIn(text), err),
    })
    const webhook = webhookRoutes(http, { clock, write, spool, onDrop })

    /** Files that the agent follows with the format `audit`. */
    const sink: LineSink = {
      name: 'audit',
      accepts: ({ format }) => format === 'audit',
      async write({ id, cluster, source, bytes }) {
        return write(cluster, id, source, new TextDecoder().decode(bytes))
      },
    }

    const questions = createQuestions(telemetry)
    const routes = http.withTypeProvider<ZodTypeProvider>()
    const base = '/clusters/:cluster/audit'
    routes.get(`${base}/events`, { schema: { summary: 'Audit events', params, querystring: eventsQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'audit')
      return questions.events({ cluster: request.params.cluster, ...request.query }, request.query, request.scope)
    })
    routes.get(
      `${base}/export`,
      { schema: { summary: 'All audit events that answer a question, oldest first', params, querystring: exportQuery } },
      (request, reply) => {
        const { cluster } = request.params
        mayRead(request, cluster, 'audit')
        const { format, ...asked } = request.query
        const gone = new AbortController()
        reply.raw.once('close', () => gone.abort())
        const pages = questions.all({ cluster, ...asked }, request.scope, gone.signal)
        void reply
          .header('content-type', format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
          .header('content-disposition', `attachment; filename="audit.${format}"`)
        return reply.send(Readable.from(exportLines(pages, format)))
      },
    )
    routes.get(
      `${base}/person`,
      { schema: { summary: 'What was done under some names, or what says whose names are whose', params, querystring: personQuery } },
      async (request) => {
        mayRead(request, request.params.cluster, 'audit')
        return questions.person(request.params.cluster, request.query, request.scope)
      },
    )
    routes.get(`${base}/top`, { schema: { summary: 'Who does most, by a field', params, querystring: topQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'audit')
      return questions.top({ cluster: request.params.cluster, ...request.query }, request.query.by, request.query.limit, request.scope)
    })
    routes.get(`${base}/series`, { schema: { summary: 'Audit events over time', params, querystring: seriesQuery } }, async (request) => {
      mayRead(request, request.params.cluster, 'audit')
      return questions.series({ cluster: request.params.cluster, ...request.query }, request.query.step, request.scope)
    })
    routes.get(
      `${base}/first-seen`,
      { schema: { summary: 'People, addresses and clients that are new', params, querystring: rangeQuery } },
      async (request) => {
        mayRead(request, request.params.cluster, 'audit')
        return questions.firstSeen({ cluster: request.params.cluster, ...request.query }, request.scope)
      },
    )
    routes.get(`${base}/status`, { schema: { summary: 'What was received, and what was not kept', params } }, async (request): Promise<AuditStatus> => {
      const { cluster } = request.params
      mayRead(request, cluster, 'audit')
      return { ...counts.status(cluster), waiting: spool.state(), chain: heads.get(cluster) ?? null }
    })
    routes.get(`${base}/verify`, { schema: { summary: 'Is every stored row as it was sealed?', params } }, async (request) => {
      const { cluster } = request.params
      mayRead(request, cluster, 'audit')
      const head = heads.get(cluster)
      const { signals } = await settled(context)
      const keptSince = signals.find(({ signal }) => signal === 'audit')?.oldestAt ?? 0
      return verifyChain(telemetry, cluster, head, keptSince)
    })
    routes.post(
      `${base}/replay`,
      { bodyLimit: REPLAY_LIMIT, schema: { summary: 'Load recorded events', params, body: replayBody } },
      async (request): Promise<LineReceipt> => {
        const { cluster } = request.params
        mayRead(request, cluster, 'audit')
        const { source, text } = request.body
        request.auditDetail = { source, bytes: text.length }
        if (text.trim() === '') throw invalidInput([{ path: 'text', message: 'is empty' }])
        return write(cluster, contentId(cluster, text), source, text)
      },
    )
    await readRetention()

    return {
      sinks: [sink],
      recordOwn: (row) => recorder.rows(String(row.cluster ?? ''), uuidv7(clock.now(), randomBytes(10)), [ownRow(row)]),
      async stop() {
        await webhook.stop()
        await spool.stop()
        await gaps.stop()
        await alarms.stop()
        await heads.close()
      },
    }
  },
}

/** The store's state once the engine has what was acknowledged before the call. Rejects with ENGINE_UNAVAILABLE when that takes too long. */
async function settled({ telemetry, clock }: Pick<ServerContext, 'telemetry' | 'clock'>): Promise<StoreStatus> {
  const since = clock.now()
  for (let tries = 0; tries < 60; tries++) {
    const status = await telemetry.status()
    if (status.queue.batches === 0 || (status.queue.oldestAt ?? 0) > since) return status
    await clock.sleep(250)
  }
  throw new CodedError('ENGINE_UNAVAILABLE')
}

const networkOf = (ip: string): string => (ip.includes(':') ? ip.split(':').slice(0, 4).join(':') : ip.split('.').slice(0, 3).join('.'))
