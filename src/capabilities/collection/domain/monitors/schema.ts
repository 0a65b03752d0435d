/** What is read of ServiceMonitor, PodMonitor, Probe (v1) and ScrapeConfig (v1alpha1): https://prometheus-operator.dev/docs/api-reference/api/ */
import { z } from 'zod'
import { parseDuration } from '#core/kernel/duration.ts'
import { compileRegex, RELABEL_ACTIONS } from '../relabel.ts'

const duration = z.string().refine((text) => (parseDuration(text) ?? 0) > 0, 'must be a duration above zero, like 30s or 1m')
const limit = z.number().int().min(0).optional()

const relabeling = z
  .object({
    sourceLabels: z.array(z.string()).optional(),
    separator: z.string().optional(),
    targetLabel: z.string().optional(),
    regex: z
      .string()
      .refine((text) => {
        try {
          compileRegex(text)
          return true
        } catch {
          return false
        }
      }, 'is no regular expression of RE2')
      .optional(),
    modulus: z.number().int().min(0).optional(),
    replacement: z.string().optional(),
    action: z
      .string()
      .transform((text) => text.toLowerCase())
      .pipe(z.enum(RELABEL_ACTIONS))
      .optional(),
  })
  .superRefine(({ action = 'replace', targetLabel, modulus }, ctx) => {
    const problem = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: [path], message })
    if (/^(?:replace|hashmod|lowercase|uppercase|keepequal|dropequal)$/.test(action) && !targetLabel) problem('targetLabel', `${action} needs a targetLabel`)
    if (action === 'hashmod' && !modulus) problem('modulus', 'hashmod needs a modulus')
  })
const relabelings = z.array(relabeling).default([])
export type Relabeling = z.output<typeof relabeling>

const selectorKey = z.object({ name: z.string(), key: z.string(), optional: z.boolean().optional() })
export type SelectorKey = z.output<typeof selectorKey>
const secretOrConfigMap = z.object({ secret: selectorKey.optional(), configMap: selectorKey.optional() })
export type SecretOrConfigMap = z.output<typeof secretOrConfigMap>

const tlsVersion = z.enum(['TLS10', 'TLS11', 'TLS12', 'TLS13']).optional()
const tls = z.object({
  ca: secretOrConfigMap.optional(),
  cert: secretOrConfigMap.optional(),
  keySecret: selectorKey.optional(),
  caFile: z.string().optional(),
  certFile: z.string().optional(),
  keyFile: z.string().optional(),
  serverName: z.string().optional(),
  insecureSkipVerify: z.boolean().optional(),
  minVersion: tlsVersion,
  maxVersion: tlsVersion,
})
export type Tls = z.output<typeof tls>

const access = {
  basicAuth: z.object({ username: selectorKey.optional(), password: selectorKey.optional() }).optional(),
  authorization: z.object({ type: z.string().optional(), credentials: selectorKey.optional() }).optional(),
  bearerTokenSecret: selectorKey.optional(),
  bearerTokenFile: z.string().optional(),
  oauth2: z
    .object({
      clientId: secretOrConfigMap,
      clientSecret: selectorKey,
      tokenUrl: z.url(),
      scopes: z.array(z.string()).optional(),
      endpointParams: z.record(z.string(), z.string()).optional(),
      tlsConfig: tls.optional(),
    })
    .optional(),
  tlsConfig: tls.optional(),
  followRedirects: z.boolean().optional(),
  enableHttp2: z.boolean().optional(),
  enableHTTP2: z.boolean().optional(),
}
const accessSchema = z.object(access)
export type Access = z.output<typeof accessSchema>

const protocols = z.array(z.enum(['PrometheusProto', 'PrometheusText0.0.4', 'PrometheusText1.0.0', 'OpenMetricsText0.0.1', 'OpenMetricsText1.0.0']))
/** Of the whole monitor. */
const limits = {
  sampleLimit: limit,
  targetLimit: limit,
  labelLimit: limit,
  labelNameLengthLimit: limit,
  labelValueLengthLimit: limit,
  keepDroppedTargets: limit,
  bodySizeLimit: z.string().optional(),
  scrapeProtocols: protocols.optional(),
  fallbackScrapeProtocol: protocols.element.optional(),
  scrapeClassicHistograms: z.boolean().optional(),
}
const limitsSchema = z.object(limits)
export type Limits = z.output<typeof limitsSchema>

const scheme = z
  .string()
  .transform((text) => text.toLowerCase())
  .pipe(z.enum(['http', 'https']))
  .optional()
const endpoint = z.object({
  port: z.string().optional(),
  targetPort: z.union([z.string(), z.number().int()]).optional(),
  path: z.string().optional(),
  scheme,
  params: z.record(z.string(), z.array(z.string())).optional(),
  interval: duration.optional(),
  scrapeTimeout: duration.optional(),
  honorLabels: z.boolean().optional(),
  honorTimestamps: z.boolean().optional(),
  trackTimestampsStaleness: z.boolean().optional(),
  filterRunning: z.boolean().optional(),
  metricRelabelings: relabelings,
  relabelings,
  ...access,
})
export type Endpoint = z.output<typeof endpoint> & { portNumber?: number }

const labelSelector = z
  .object({
    matchLabels: z.record(z.string(), z.string()).default({}),
    matchExpressions: z
      .array(z.object({ key: z.string(), operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']), values: z.array(z.string()).default([]) }))
      .default([]),
  })
  .prefault({})
export type Selector = z.output<typeof labelSelector>
const namespaceSelector = z.object({ any: z.boolean().default(false), matchNames: z.array(z.string()).default([]) }).prefault({})
export type NamespaceSelector = z.output<typeof namespaceSelector>
const attachMetadata = z.object({ node: z.boolean().optional() }).optional()

export const serviceMonitor = z.object({
  jobLabel: z.string().optional(),
  targetLabels: z.array(z.string()).default([]),
  podTargetLabels: z.array(z.string()).default([]),
  endpoints: z.array(endpoint),
  selector: labelSelector,
  namespaceSelector,
  attachMetadata,
  serviceDiscoveryRole: z.enum(['Endpoints', 'EndpointSlice']).optional(),
  ...limits,
})
export type ServiceMonitor = z.output<typeof serviceMonitor>

export const podMonitor = z.object({
  jobLabel: z.string().optional(),
  podTargetLabels: z.array(z.string()).default([]),
  podMetricsEndpoints: z.array(endpoint.extend({ portNumber: z.number().int().min(1).max(65_535).optional() })),
  selector: labelSelector,
  namespaceSelector,
  attachMetadata,
  ...limits,
})
export type PodMonitor = z.output<typeof podMonitor>

export const probe = z.object({
  jobName: z.string().optional(),
  prober: z.object({ url: z.string().min(1), scheme, path: z.string().optional() }),
  module: z.string().optional(),
  targets: z
    .object({
      staticConfig: z
        .object({ static: z.array(z.string()).default([]), labels: z.record(z.string(), z.string()).default({}), relabelingConfigs: relabelings })
        .optional(),
      ingress: z.object({ selector: labelSelector, namespaceSelector, relabelingConfigs: relabelings }).optional(),
    })
    .refine(({ staticConfig, ingress }) => staticConfig !== undefined || ingress !== undefined, 'staticConfig or ingress is needed'),
  interval: duration.optional(),
  scrapeTimeout: duration.optional(),
  metricRelabelings: relabelings,
  ...access,
  ...limits,
})
export type Probe = z.output<typeof probe>

const ROLES = ['node', 'pod', 'service', 'endpoints', 'endpointslice', 'ingress'] as const
const role = z
  .string()
  .transform((text) => text.toLowerCase())
  .pipe(z.enum(ROLES))
export const scrapeConfig = z.object({
  jobName: z.string().optional(),
  staticConfigs: z.array(z.object({ targets: z.array(z.string().min(1)).default([]), labels: z.record(z.string(), z.string()).default({}) })).default([]),
  fileSDConfigs: z.array(z.object({ files: z.array(z.string()).min(1), refreshInterval: duration.optional() })).default([]),
  httpSDConfigs: z.array(z.object({ url: z.url(), refreshInterval: duration.optional(), ...access })).default([]),
  kubernetesSDConfigs: z
    .array(
      z.object({
        role,
        apiServer: z.url().optional(),
        namespaces: z.object({ ownNamespace: z.boolean().optional(), names: z.array(z.string()).default([]) }).optional(),
        selectors: z.array(z.object({ role, label: z.string().optional(), field: z.string().optional() })).default([]),
        attachMetadata,
        ...access,
      }),
    )
    .default([]),
  relabelings,
  metricRelabelings: relabelings,
  metricsPath: z.string().optional(),
  scheme,
  params: z.record(z.string(), z.array(z.string())).optional(),
  scrapeInterval: duration.optional(),
  scrapeTimeout: duration.optional(),
  honorLabels: z.boolean().optional(),
  honorTimestamps: z.boolean().optional(),
  trackTimestampsStaleness: z.boolean().optional(),
  enableCompression: z.boolean().optional(),
  ...access,
  ...limits,
})
export type ScrapeConfig = z.output<typeof scrapeConfig>
