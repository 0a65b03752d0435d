import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { type AddressInfo, isIPv6 } from 'node:net'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, fileUnreadable } from '#core/kernel/errors.ts'
import type { LineSink } from '#core/shapes/ports/lines.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import type { Row } from '#core/telemetry/encode-rows.ts'
import { takePart } from '#edges/cluster/lease.ts'
import { notifierFor } from '#edges/notify/notifier-for.ts'
import { outbound } from '#edges/outbound/send.ts'
import { trafficRouter } from '#edges/routers/open.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'
import { createLiveStream } from '#edges/telemetry/live/live-stream.ts'
import { openMetrics } from '#edges/telemetry/metrics/open.ts'
import { ownMetricSource } from '#edges/telemetry/metrics/source.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { createAggregation } from '#kits/server-kit/aggregation.ts'
import { openAuth } from '#kits/server-kit/auth.ts'
import { authRoutes } from '#kits/server-kit/auth-routes.ts'
import { clusterOfRequest, DEFAULT_CLUSTER } from '#kits/server-kit/clusters.ts'
import type { RunningDoor, ServerContext, ServerDoor } from '#kits/server-kit/door.ts'
import { writeFileAtomic } from '#kits/server-kit/files.ts'
import { createHttp } from '#kits/server-kit/http.ts'
import type { IngestTokens } from '#kits/server-kit/ingest-tokens.ts'
import { createMetrics, measureHttp } from '#kits/server-kit/metrics.ts'
import { createReconciling } from '#kits/server-kit/reconcile.ts'
import { openSettings } from '#kits/server-kit/settings.ts'
import pkg from '../../../package.json' with { type: 'json' }
import { keepAgentSecret } from './agent-secret.ts'
import { createAlerts } from './alerts.ts'
import { keepApiServices, OUTSIDE_SERVICE, webhookClient } from './api-services.ts'
import { auditChanges } from './audit.ts'
import { CAPABILITIES } from './capabilities.ts'
import { listenForClusters } from './cluster-listener.ts'
import { clusterRoutes } from './cluster-routes.ts'
import { clusterSources, kubeconfigFlag, openWritten } from './cluster-sources.ts'
import { createClusters } from './clusters.ts'
import { serveConsole } from './console.ts'
import { type Condition, healthRoutes } from './health.ts'
import { LOG_LEVELS } from './logging.ts'
import { loginRoutes } from './login.ts'
import { outboundSettings } from './outbound-settings.ts'
import { createPeople } from './people.ts'
import { registerReceivers } from './receivers/receivers.ts'
import { retentionSettings, storeRoutes } from './store.ts'
import { createRowWriter } from './write-rows.ts'

const hostName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9.-]+$/, 'a host name in lower case, without port')

/** Flags of `sallyport server`; each is also a variable `SALLYPORT_…`. */
export const serverFlags = z.object({
  data: z.string().min(1).max(4096),
  port: z.coerce.number('must be a whole number from 0 to 65535').int().min(0).max(65_535).default(7070),
  listen: z
    .string()
    .max(253)
    .regex(/^[\w.:-]+$/, 'an address or a host name')
    .default('127.0.0.1'),
  /** Names by which people reach this server, besides addresses and localhost; as a variable, comma-separated. */
  host: z.preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(hostName).max(20)).default([]),
  /** Where people reach it, for links in notifications. */
  externalUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** Clusters to connect to; as a variable, files separated by commas. None: the cluster that the server runs in, if it does. */
  kubeconfig: z
    .preprocess((value) => (typeof value === 'string' ? value.split(',').map((file) => ({ file })) : value), z.array(kubeconfigFlag).max(100))
    .default([]),
  /** `host:port` for what clusters send, over TLS with our own authority. */
  clusterListen: z
    .string()
    .max(300)
    .regex(/^(\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}$/i, 'must be host:port')
    .transform((text) => ({ host: text.slice(0, text.lastIndexOf(':')).replace(/^\[|\]$/g, ''), port: Number(text.slice(text.lastIndexOf(':') + 1)) }))
    .refine(({ port }) => port <= 65_535, 'the port must be at most 65535')
    .optional(),
  /** IP address by which clusters elsewhere reach `--cluster-listen`. With it the server registers its aggregated APIs there. */
  clusterAddress: z.union([z.ipv4('must be an IP address'), z.ipv6('must be an IP address')]).optional(),
  /** In a pod: keeps what agents need to send in this Secret of the pod's namespace. */
  agentSecret: z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'the name of a Secret')
    .optional(),
  logLevel: z.enum(LOG_LEVELS).default('info'),
})
export type ServerFlags = z.output<typeof serverFlags>

export interface ServerOptions extends Omit<ServerFlags, 'logLevel' | 'kubeconfig'> {
  kubeconfig?: ServerFlags['kubeconfig']
  /** The environment, which says whether this is a pod. */
  env?: Readonly<Record<string, string | undefined>>
  log: Logger
  clock?: Clock
  /** The built console. */
  consoleFolder?: string
  /** More that must be well, for `/readyz`. */
  conditions?: () => readonly Condition[]
  /** Tests hand in others. */
  openStore?: (options: Parameters<typeof openTelemetry>[0]) => Promise<Telemetry & { close(): Promise<void> }>
  capabilities?: typeof CAPABILITIES
}

export interface RunningServer {
  url: string
  /** Of the listener for clusters. */
  clusterUrl?: string
  tokens: IngestTokens
  /** A link that logs in once. */
  loginLink(): string
  /** Connects the demo's cluster by the text of its kubeconfig; again when that changed. */
  connectSandbox(kubeconfig: string): Promise<void>
  /** Stops listening, lets requests finish, then the capabilities, then the store. */
  close(): Promise<void>
}

/** Requests that are still under way after this long are cut off. */
const FINISH_MS = 4_000
const HAND_EDIT_MS = 5_000

/**
 * The server in this process. Rejects with DATA_IN_USE, STORE_NEWER, ENGINE_FAILED, INVALID_INPUT (settings, all problems), PORT_IN_USE, and leaves nothing
 * behind then. Writes `server.json` and `cli-token` into the data folder, for the CLI of the same user.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log, clock = systemClock } = options
  const data = resolve(options.data)
  await makeFolder(data)
  // Undone in reverse, whether all of the start or only its beginning came to pass.
  const undo: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step().catch((err) => log.error({ err }, 'a part did not stop well'))
  }
  try {
    const openStore = options.openStore ?? openTelemetry
    const telemetry = await openStore({ dir: join(data, 'telemetry'), clock, log: (message, details) => log.warn(details, message) })
    undo.push(() => telemetry.close())
    const metricStore = await openMetrics({ telemetry, clock })
    undo.push(() => metricStore.close())
    const url = { now: '' }
    let clusterUrl: string | undefined
    const auth = await openAuth(data, clock)
    const settings = await openSettings(data)
    const metrics = createMetrics()
    const write = createRowWriter(telemetry, clock)
    const externalUrl = () => options.externalUrl?.replace(/\/$/, '') ?? url.now
    const hosts = [...options.host, ...(options.externalUrl ? [new URL(options.externalUrl).hostname] : [])]
    const retention = retentionSettings(settings, telemetry, log)
    const alerts = createAlerts({
      telemetry,
      clock,
      log,
      settings,
      write,
      externalUrl,
      notifier: (to) => notifierFor(to, { clock, externalUrl: externalUrl() }),
    })
    const calls = outbound(outboundSettings(settings))
    undo.push(() => calls.close())
    const clusters = createClusters()
    const sources = clusterSources({ clusters, folder: data, clock, log, kubeconfig: options.kubeconfig ?? [], env: options.env ?? {} })
    undo.push(() => sources.close())
    await sources.open()
    const identity = `${hostname()}_${randomUUID()}`
    const namespace = options.env?.POD_NAMESPACE ?? 'default'
    const reconciling = createReconciling({
      clusters,
      clock,
      log,
      random: Math.random,
      lead: (cluster, onChange) => takePart({ cluster, namespace, name: 'sallyport-server', identity, clock, onChange }),
      record: (row) => write('plans', [row]),
    })
    const people = createPeople({ clusters, clock, log })
    undo.push(async () => people.stop())
    const aggregation = createAggregation({ clusters, clock, log })
    let apiServices: ReturnType<typeof keepApiServices> | undefined
    let reach: ((source: string, path: string) => ReturnType<typeof webhookClient>) | undefined
    const http = await createHttp({ log, clock, auth, version: pkg.version, hosts, people })
    measureHttp(http, metrics)
    const own = { record: (row: Row) => write('audit', [row]) }
    auditChanges(http, { clock, log, record: (row) => own.record(row) })
    healthRoutes(http, telemetry, options.conditions ?? (() => []))
    const doors: RunningDoor[] = []
    const sinks: LineSink[] = []
    undo.push(() => alerts.stop())
    undo.push(() => Promise.all(doors.map((door) => door.stop())))
    undo.push(() => reconciling.stop())

    await http.register(
      async (api) => {
        authRoutes(api, auth, { version: pkg.version, url: externalUrl })
        const logins = loginRoutes(api, { auth, people, clusters, settings, clock, url: externalUrl })
        undo.push(() => logins.close())
        settings.routes(api)
        storeRoutes(api, telemetry)
        alerts.routes(api)
        clusterRoutes(api, { clusters, sources, senders: () => auth.tokens.list().map(({ cluster }) => cluster) })
        const context: Omit<ServerContext, 'dataFolder'> = {
          http: api,
          telemetry,
          metricStore,
          metricSource: (cluster) => ownMetricSource(metricStore, cluster),
          live: createLiveStream({ clock }),
          clock,
          log,
          metrics,
          settings,
          alerts,
          clusters,
          clusterOf: clusterOfRequest(clusters),
          openCluster: (kubeconfig) => openWritten(kubeconfig, clock),
          reconcile: reconciling.run,
          aggregate: (api) => aggregation.add(api),
          aggregated: () => apiServices?.states() ?? [],
          reachedBy: (name, path) => reach?.(clusters.list().find((one) => one.name === name)?.source ?? '', path),
          trafficRouter,
          outbound: calls,
          registries: async () => (await import('#edges/registry/open.ts')).registriesWith(clock),
        }
        for (const load of options.capabilities ?? CAPABILITIES) {
          const door: ServerDoor = await load()
          const running = await door.start({ ...context, log: log.child({ capability: door.id }), dataFolder: join(data, door.id) })
          doors.push(running)
          if (running.recordOwn) own.record = running.recordOwn
          sinks.push(...(running.sinks ?? []))
        }
      },
      { prefix: '/api/v1' },
    )
    for (const door of doors) door.standardRoutes?.(http)
    const receivers = registerReceivers({ http, sinks, clock, log, metrics, settings })
    await serveConsole(http, options.consoleFolder ?? resolve(import.meta.dirname, '../../../dist/console'))
    settings.verify()
    await retention.apply()
    undo.push(() => closeHttp(http, clock))
    url.now = await listen(http, options)
    if (options.clusterListen) {
      const listener = await listenForClusters({
        address: options.clusterListen,
        names: [...hosts, `${OUTSIDE_SERVICE}.${namespace}.svc`, ...(options.clusterAddress === undefined ? [] : [options.clusterAddress])],
        data,
        http,
        aggregation,
        clock,
        log,
      })
      undo.push(() => listener.close())
      log.info({ url: listener.url, caBundle: join(data, 'ca', 'ca-bundle.pem') }, 'listening for clusters')
      clusterUrl = listener.url
      const reachable = {
        listener: { host: options.clusterListen.host, port: listener.port, bundle: listener.bundle },
        address: options.clusterAddress,
        namespace,
      }
      reach = (source, path) => webhookClient(source, path, reachable)
      apiServices = keepApiServices({ clusters, apis: aggregation.list, ...reachable, clock, log })
      undo.push(() => apiServices!.stop())
      const { agentSecret: name } = options
      if (name !== undefined && clusters.list().some((one) => one.name === DEFAULT_CLUSTER)) {
        const cluster = clusters.get(DEFAULT_CLUSTER)
        const kept = keepAgentSecret({ cluster, namespace, name, tokens: auth.tokens, bundle: listener.bundle, clock, log })
        undo.push(() => kept.stop())
      }
    }
    undo.push(() => receivers.stop())
    await receivers.start()
    alerts.start()
    undo.push(watchHandEdits(settings, clock, log))
    const about = join(data, 'server.json')
    await writeFileAtomic(about, `${JSON.stringify({ url: url.now, pid: process.pid })}\n`)
    undo.push(() => rm(about, { force: true }))
    log.info({ url: url.now, data }, 'ready')
    if (!isLoopback(http)) log.warn({ url: url.now }, 'others on the network can reach this server, and it speaks plain HTTP: put TLS in front of it')
    return {
      url: url.now,
      clusterUrl,
      tokens: auth.tokens,
      loginLink: () => `${externalUrl()}/login#${auth.issueLogin()}`,
      connectSandbox: sources.connectSandbox,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw fileUnreadable(path, error)
  }
}

async function listen(http: FastifyInstance, { port, listen: host }: ServerOptions): Promise<string> {
  try {
    await http.listen({ port, host })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw new CodedError('PORT_IN_USE', { port, host }, { cause: error })
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new CodedError('CANNOT_LISTEN', { port, host, reason: code }, { cause: error })
    throw error
  }
  const { port: bound } = http.server.address() as AddressInfo
  // A wildcard is no place to go to.
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${isIPv6(shown) ? `[${shown}]` : shown}:${bound}`
}

function isLoopback(http: FastifyInstance): boolean {
  const { address } = http.server.address() as AddressInfo
  return address === '::1' || address.startsWith('127.')
}

async function closeHttp(http: FastifyInstance, clock: Clock): Promise<void> {
  const patience = new AbortController()
  const closing = http.close()
  clock.sleep(FINISH_MS, patience.signal).then(
    () => http.server.closeAllConnections(),
    () => {},
  )
  await closing
  patience.abort()
}

/** Looks at the settings file now and then; what is wrong with it is logged once per text. */
function watchHandEdits(settings: { reload(): Promise<void> }, clock: Clock, log: Logger): () => Promise<void> {
  const stop = new AbortController()
  const watching = (async () => {
    let said = ''
    while (!stop.signal.aborted) {
      await clock.sleep(HAND_EDIT_MS, stop.signal).catch(() => {})
      try {
        await settings.reload()
        said = ''
      } catch (error) {
        const problems = error instanceof CodedError ? error.problems : []
        const text = `${(error as Error).message} ${JSON.stringify(problems)}`
        if (text !== said) log.error({ problems, err: problems.length > 0 ? undefined : error }, 'the settings file was edited by hand and is not taken up')
        said = text
      }
    }
  })()
  return async () => {
    stop.abort()
    await watching
  }
}
