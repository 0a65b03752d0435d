/** Scrape configurations as Prometheus has them: https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config */
import { z } from 'zod'
import { parseDuration } from '#core/kernel/duration.ts'
import { invalidInput, type Problem } from '#core/kernel/errors.ts'
import { parseInput, pathSteps } from '#core/kernel/problems.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { readYaml } from '#core/yaml/read.ts'
import { OBJECT_PLURALS } from './object-series/kinds.ts'
import { compileRegex, RELABEL_ACTIONS, type RelabelRule } from './relabel.ts'

const duration = z
  .string()
  .refine((text) => (parseDuration(text) ?? 0) > 0, 'must be a duration above zero, like 30s or 1m')
  .transform((text) => parseDuration(text)!)
const bytes = z.union([z.number().int().min(0), z.string().regex(/^\d+(?:\.\d+)?\s*(?:[KMGT]i?B|B)?$/, 'must be a size like 10MB')]).transform((value) => {
  if (typeof value === 'number') return value
  const [, number, unit = ''] = /^([\d.]+)\s*([KMGT]?)/.exec(value)!
  return Math.round(Number(number) * 1024 ** ' KMGT'.indexOf(unit || ' '))
})
const count = z.number().int().min(0).default(0)
const labelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'must be a label name')
const labels = z.record(labelName, z.coerce.string())

const relabel = z
  .object({
    source_labels: z.array(z.string().min(1)).default([]),
    separator: z.string().default(';'),
    regex: z.coerce.string().default('(.*)'),
    modulus: z.number().int().min(0).default(0),
    target_label: z.string().default(''),
    replacement: z.coerce.string().default('$1'),
    action: z
      .string()
      .default('replace')
      .transform((text) => text.toLowerCase())
      .pipe(z.enum(RELABEL_ACTIONS)),
  })
  .superRefine((rule, ctx) => {
    const problem = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: [path], message })
    try {
      compileRegex(rule.regex)
    } catch (error) {
      problem('regex', `is no RE2 regular expression: ${(error as Error).message}`)
    }
    if (/^(?:replace|hashmod|lowercase|uppercase|keepequal|dropequal)$/.test(rule.action) && rule.target_label === '')
      problem('target_label', `${rule.action} needs a target_label`)
    if (rule.action === 'hashmod' && rule.modulus === 0) problem('modulus', 'hashmod needs a modulus')
  })
  .transform(
    (rule): RelabelRule => ({
      action: rule.action,
      sourceLabels: rule.source_labels,
      separator: rule.separator,
      regex: rule.regex,
      modulus: rule.modulus,
      targetLabel: rule.target_label,
      replacement: rule.replacement,
    }),
  )

const tlsVersion = z.enum(['TLS10', 'TLS11', 'TLS12', 'TLS13'])
const tls = z.object({
  ca: z.string().optional(),
  ca_file: z.string().optional(),
  cert: z.string().optional(),
  cert_file: z.string().optional(),
  key: z.string().optional(),
  key_file: z.string().optional(),
  server_name: z.string().optional(),
  insecure_skip_verify: z.boolean().default(false),
  min_version: tlsVersion.optional(),
  max_version: tlsVersion.optional(),
})
const http = {
  basic_auth: z
    .object({
      username: z.string().default(''),
      username_file: z.string().optional(),
      password: z.string().default(''),
      password_file: z.string().optional(),
    })
    .optional(),
  authorization: z.object({ type: z.string().default('Bearer'), credentials: z.string().optional(), credentials_file: z.string().optional() }).optional(),
  bearer_token: z.string().optional(),
  bearer_token_file: z.string().optional(),
  oauth2: z
    .object({
      client_id: z.string(),
      client_secret: z.string().optional(),
      client_secret_file: z.string().optional(),
      scopes: z.array(z.string()).default([]),
      token_url: z.url(),
      endpoint_params: z.record(z.string(), z.string()).default({}),
      tls_config: tls.optional(),
    })
    .optional(),
  tls_config: tls.optional(),
  follow_redirects: z.boolean().default(true),
  enable_http2: z.boolean().optional(),
}
const httpSettings = z.object(http)
export type HttpSettings = z.output<typeof httpSettings>

const KUBERNETES_ROLES = ['node', 'pod', 'service', 'endpoints', 'endpointslice', 'ingress'] as const
const kubernetes = z.object({
  role: z.enum(KUBERNETES_ROLES),
  api_server: z.url().optional(),
  kubeconfig_file: z.string().optional(),
  namespaces: z.object({ own_namespace: z.boolean().default(false), names: z.array(z.string()).default([]) }).prefault({}),
  selectors: z.array(z.object({ role: z.enum(KUBERNETES_ROLES), label: z.string().optional(), field: z.string().optional() })).default([]),
  attach_metadata: z.object({ node: z.boolean().default(false), namespace: z.boolean().default(false) }).prefault({}),
  ...http,
})
export type KubernetesDiscovery = z.output<typeof kubernetes>

/** Ours: the series of kube-state-metrics, made here. */
const objects = z.object({
  kinds: z.array(z.enum(OBJECT_PLURALS)).min(1).default(OBJECT_PLURALS),
  /** By kind: labels of objects that `kube_…_labels` has, `*` for all. */
  labels: z.partialRecord(z.enum(OBJECT_PLURALS), z.array(z.string().min(1))).default({}),
  api_server: z.url().optional(),
  kubeconfig_file: z.string().optional(),
  ...http,
})
export type ObjectsSettings = z.output<typeof objects>

const PROTOCOLS = ['PrometheusProto', 'PrometheusText0.0.4', 'PrometheusText1.0.0', 'OpenMetricsText0.0.1', 'OpenMetricsText1.0.0'] as const
const limits = {
  body_size_limit: bytes.optional(),
  sample_limit: z.number().int().min(0).optional(),
  label_limit: z.number().int().min(0).optional(),
  label_name_length_limit: z.number().int().min(0).optional(),
  label_value_length_limit: z.number().int().min(0).optional(),
  target_limit: z.number().int().min(0).optional(),
}
const scrapeConfig = z.object({
  job_name: z.string().min(1),
  scrape_interval: duration.optional(),
  scrape_timeout: duration.optional(),
  scrape_protocols: z.array(z.enum(PROTOCOLS)).optional(),
  fallback_scrape_protocol: z.enum(PROTOCOLS).optional(),
  scrape_native_histograms: z.boolean().optional(),
  scrape_classic_histograms: z.boolean().optional(),
  always_scrape_classic_histograms: z.boolean().optional(),
  metrics_path: z.string().default('/metrics'),
  scheme: z.enum(['http', 'https']).default('http'),
  params: z.record(z.string(), z.array(z.coerce.string())).default({}),
  honor_labels: z.boolean().default(false),
  honor_timestamps: z.boolean().default(true),
  track_timestamps_staleness: z.boolean().default(false),
  enable_compression: z.boolean().default(true),
  ...limits,
  keep_dropped_targets: count,
  relabel_configs: z.array(relabel).default([]),
  metric_relabel_configs: z.array(relabel).default([]),
  static_configs: z.array(z.object({ targets: z.array(z.string().min(1)), labels: labels.default({}) })).default([]),
  file_sd_configs: z
    .array(
      z.object({ files: z.array(z.string().regex(/\.(?:json|ya?ml)$/, 'ends in .json, .yml or .yaml')).min(1), refresh_interval: duration.default(300_000) }),
    )
    .default([]),
  http_sd_configs: z.array(z.object({ url: z.url(), refresh_interval: duration.default(60_000), ...http })).default([]),
  kubernetes_sd_configs: z.array(kubernetes).default([]),
  kubernetes_objects: objects.optional(),
  ...http,
})

const remoteWrite = z.object({
  url: z.url(),
  name: z.string().optional(),
  protobuf_message: z.enum(['prometheus.WriteRequest', 'io.prometheus.write.v2.Request']).default('prometheus.WriteRequest'),
  remote_timeout: duration.default(30_000),
  headers: z.record(z.string(), z.string()).default({}),
  send_exemplars: z.boolean().default(false),
  send_native_histograms: z.boolean().default(false),
  ...http,
})
export type RemoteWriteSettings = z.output<typeof remoteWrite>

/** Ours: ServiceMonitor, PodMonitor, Probe and ScrapeConfig of the cluster become jobs. */
const monitors = z.object({
  /** Of monitors, as in kubectl. */
  selector: z.string().optional(),
  /** Those whose monitors are read; empty: all. */
  namespaces: z.array(z.string().min(1)).default([]),
  /** Those whose monitors may name files of the collector, such as its token; `*`: all. */
  files: z.array(z.string().min(1)).default([]),
  api_server: z.url().optional(),
  kubeconfig_file: z.string().optional(),
  ...http,
})
export type MonitorsSettings = z.output<typeof monitors>

const global = z
  .object({
    scrape_interval: duration.default(60_000),
    scrape_timeout: duration.optional(),
    evaluation_interval: z.string().optional(),
    external_labels: labels.default({}),
    scrape_protocols: z.array(z.enum(PROTOCOLS)).optional(),
    scrape_native_histograms: z.boolean().default(false),
    ...limits,
  })
  .prefault({})
export type GlobalSettings = z.output<typeof global>

const file = z.object({
  global,
  kubernetes_monitors: monitors.optional(),
  scrape_configs: z.array(scrapeConfig).default([]),
  remote_write: z.array(remoteWrite).default([]),
})

type RawJob = z.output<typeof scrapeConfig>
/** One job, with what `global` says filled in. Durations in ms, limits 0 where there is none. */
export interface ScrapeJob extends Omit<RawJob, 'scrape_interval' | 'scrape_timeout' | 'scrape_protocols' | keyof typeof limits> {
  scrape_interval: number
  scrape_timeout: number
  protocols: readonly (typeof PROTOCOLS)[number][]
  limits: { body: number; samples: number; labels: number; labelName: number; labelValue: number; targets: number }
}

export interface CollectConfig {
  jobs: readonly ScrapeJob[]
  /** What jobs of monitors get that do not say it themselves. */
  global: GlobalSettings
  monitors?: MonitorsSettings
  externalLabels: Readonly<Record<string, string>>
  remoteWrite: readonly RemoteWriteSettings[]
}

const TEXT_FIRST = ['OpenMetricsText1.0.0', 'OpenMetricsText0.0.1', 'PrometheusText1.0.0', 'PrometheusText0.0.4'] as const

/** What no schema of a single field can tell. */
function jobProblems(job: RawJob, { scrape_interval }: GlobalSettings): Problem[] {
  const problems: Problem[] = []
  if (job.scrape_timeout !== undefined && job.scrape_timeout > (job.scrape_interval ?? scrape_interval))
    problems.push({ path: 'scrape_timeout', message: 'is longer than scrape_interval' })
  const ways = [job.basic_auth, job.authorization ?? job.bearer_token ?? job.bearer_token_file, job.oauth2].filter((way) => way !== undefined)
  if (ways.length > 1) problems.push({ path: '', message: 'at most one of basic_auth, authorization, bearer_token and oauth2' })
  return problems
}

function wholeJob(job: RawJob, settings: GlobalSettings): ScrapeJob {
  const interval = job.scrape_interval ?? settings.scrape_interval
  const native = job.scrape_native_histograms ?? settings.scrape_native_histograms
  const limit = (name: keyof typeof limits) => job[name] ?? settings[name] ?? 0
  return {
    ...job,
    scrape_interval: interval,
    scrape_timeout: Math.min(interval, job.scrape_timeout ?? settings.scrape_timeout ?? 10_000),
    scrape_native_histograms: native,
    protocols: job.scrape_protocols ?? settings.scrape_protocols ?? (native ? ['PrometheusProto', ...TEXT_FIRST] : TEXT_FIRST),
    limits: {
      body: limit('body_size_limit'),
      samples: limit('sample_limit'),
      labels: limit('label_limit'),
      labelName: limit('label_name_length_limit'),
      labelValue: limit('label_value_length_limit'),
      targets: limit('target_limit'),
    },
  }
}

/** One entry of `scrape_configs`, or every problem of it by field. */
export function readScrapeJob(raw: unknown, settings: GlobalSettings): Result<ScrapeJob, readonly Problem[]> {
  const parsed = parseInput(scrapeConfig, raw)
  if (!parsed.ok) return parsed
  const problems = jobProblems(parsed.value, settings)
  return problems.length > 0 ? err(problems) : ok(wholeJob(parsed.value, settings))
}

/** Throws INVALID_INPUT with every problem, its line, and the nearest valid name. */
export function readCollectConfig(text: string, path: string): CollectConfig {
  const yaml = readYaml(text, 16 << 20)
  if (!yaml.ok) throw invalidInput(yaml.error.map((problem) => ({ ...problem, path: problem.path || path })))
  const [document] = yaml.value.documents
  const parsed = parseInput(file, document?.data ?? {})
  const problems: Problem[] = parsed.ok ? [] : [...parsed.error]
  if (parsed.ok) {
    const seen = new Set<string>()
    parsed.value.scrape_configs.forEach((job, i) => {
      const at = `scrape_configs[${i}]`
      if (seen.has(job.job_name)) problems.push({ path: `${at}.job_name`, message: `${job.job_name} is named twice` })
      seen.add(job.job_name)
      for (const problem of jobProblems(job, parsed.value.global)) problems.push({ ...problem, path: [at, problem.path].filter(Boolean).join('.') })
    })
  }
  if (!parsed.ok || problems.length > 0) throw invalidInput(problems.map((problem) => ({ ...problem, line: document?.lineOf(pathSteps(problem.path)) })))
  const { global: settings, scrape_configs, remote_write, kubernetes_monitors } = parsed.value
  return {
    global: settings,
    monitors: kubernetes_monitors,
    externalLabels: settings.external_labels,
    remoteWrite: remote_write,
    jobs: scrape_configs.map((job) => wholeJob(job, settings)),
  }
}
