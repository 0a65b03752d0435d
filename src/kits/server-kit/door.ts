import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Registry as MetricsRegistry } from 'prom-client'
import type { z } from 'zod'
import type { Clock } from '#core/kernel/clock.ts'
import type { Cluster, Clusters } from '#core/shapes/ports/cluster.ts'
import type { LineSink } from '#core/shapes/ports/lines.ts'
import type { LiveStream } from '#core/shapes/ports/live-stream.ts'
import type { MetricSource } from '#core/shapes/ports/metric-source.ts'
import type { Metrics } from '#core/shapes/ports/metrics.ts'
import type { Outbound } from '#core/shapes/ports/outbound.ts'
import type { OpenRegistries } from '#core/shapes/ports/registry.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import type { TrafficRouter } from '#core/shapes/ports/traffic-router.ts'
import type { Severity } from '#core/shapes/severity.ts'
import type { Row } from '#core/telemetry/encode-rows.ts'
import type { AggregatedApi } from './aggregation.ts'
import type { Reconcile } from './reconcile.ts'

/** What a capability's server door is given: ports and nothing else. */
export interface ServerContext {
  /** Routes registered here live under `/api/v1` and are reached by logged-in users only. */
  http: FastifyInstance
  telemetry: Telemetry
  /** Metrics of all clusters, in and out, with PromQL. */
  metricStore: Metrics
  live: LiveStream
  clock: Clock
  log: Logger
  metrics: MetricsRegistry
  settings: Settings
  alerts: AlertSink
  /** Of this capability alone, in the server's data folder; not there until somebody makes it. For what has no other home. */
  dataFolder: string
  /** With the server's own rights: for reconcilers, informers and caches, never to answer what a user asked. */
  clusters: Clusters
  /** The cluster with the rights of who asks. NOT_FOUND for a cluster that is not there, FORBIDDEN for a user who has nothing to do with it. */
  clusterOf(request: FastifyRequest, name: string): Cluster
  /**
   * A cluster by a kubeconfig that somebody wrote, with its rights and none of ours. INVALID_INPUT when it names files, programs (`exec`, `auth-provider`) or a proxy:
   * it carries everything itself.
   */
  openCluster(kubeconfig: { name: string; text: string; context?: string }): Promise<{ cluster: Cluster; close(): Promise<void> }>
  /** Runs a reconciler over every cluster, on the one server that leads there; `portsOf` gives what it works with. */
  reconcile: Reconcile
  /** Answers for a version of an API group in every cluster that reaches `--cluster-listen`. */
  aggregate(api: AggregatedApi): void
  /** What came of it: is the group ours in a cluster? */
  aggregated(): readonly { cluster: string; name: string; state: 'registered' | 'foreign' | 'unreachable' | 'failed'; message: string }[]
  /** How the API server of a cluster reaches a path of the listener for clusters, with the bundle of today; undefined: it cannot. The route has access `cluster`. */
  reachedBy(cluster: string, path: string): WebhookClient | undefined
  /** Splits the routes of a cluster. */
  trafficRouter(cluster: Cluster): TrafficRouter
  /** Calls addresses that users name. */
  outbound: Outbound
  /** The metrics that this server keeps of a cluster; undefined where it keeps none. */
  metricSource?(cluster: string): MetricSource | undefined
  /** Opens registries; the edge behind it is loaded on the first call. */
  registries(): Promise<OpenRegistries>
}

/** https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#contacting-the-webhook */
export interface WebhookClient {
  /** Base64 of PEM. */
  caBundle: string
  url?: string
  service?: { namespace: string; name: string; port: number; path: string }
}

export interface ServerDoor {
  /** The capability's id. */
  id: string
  start(context: ServerContext): Promise<RunningDoor>
}

export interface RunningDoor {
  sinks?: readonly LineSink[]
  /** Adds the paths that other programs ask for as they are (`/prometheus/…`, `/v1/metrics`): absolute, and each route says who may call it. */
  standardRoutes?(http: FastifyInstance): void
  /** Takes over the rows of the table `audit` about what this server's users did. */
  recordOwn?(row: Row): Promise<void>
  /** Finishes what is under way; called once, before the telemetry store closes. */
  stop(): Promise<void>
}

/** One section of the settings file: validated as a whole, written atomically, served at `/api/v1/settings/{section}`. */
export interface Settings {
  section<Schema extends z.ZodType>(name: string, definition: SectionDefinition<Schema>): SettingsSection<z.output<Schema>>
}

export interface SectionDefinition<Schema extends z.ZodType> {
  schema: Schema
  initial: z.input<Schema>
  /** Fields (dotted paths, `*` for any index or key) that are never sent back; a write that omits them or sends the mask keeps them. */
  secrets?: readonly string[]
  /** Problems that the schema cannot see. */
  check?(value: z.output<Schema>): readonly { path: string; message: string }[]
}

export interface SettingsSection<T> {
  read(): T
  write(value: unknown): Promise<T>
  onChange(listener: (value: T) => void): void
}

/** A condition that holds now; leaving it out of the next report means that it is over. */
export interface ActiveAlert {
  /** Rule and subject; the identity is the label set, as in Alertmanager. */
  labels: Readonly<Record<string, string>> & { alertname: string }
  severity: Severity
  annotations: Readonly<Record<string, string>>
  value: number
  /** ms since the epoch at which the condition began to hold. */
  activeSince: number
  /** Console path that shows it. */
  path?: string
}

export interface AlertSink {
  /** The complete set of firing alerts of one reporter, level-based: repeat it at every evaluation, at least once a minute. */
  report(reporter: string, cluster: string, firing: readonly ActiveAlert[]): Promise<void>
}
