import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { readCollectConfig } from '../jobs.ts'
import { compileRules, judgeTarget } from '../targets.ts'
import { MONITOR_KINDS, readMonitors } from './read.ts'

const { global, monitors: settings } = readCollectConfig('{global: {scrape_interval: 30s}, kubernetes_monitors: {kubeconfig_file: /k}}', '')
const monitor = (kind: string, spec: object, name = 'm'): KubeObject => ({
  apiVersion: MONITOR_KINDS[kind]!.apiVersion,
  kind,
  metadata: { name, namespace: 'shop' },
  spec,
})
const secrets: Record<string, Map<string, string> | string> = {
  'Secret shop/login': new Map([
    ['user', 'u'],
    ['password', 'p'],
  ]),
  'ConfigMap shop/ca': new Map([['ca.crt', 'PEM']]),
  'Secret shop/gone': 'Secret shop/gone is not there',
}
const read = (monitors: readonly KubeObject[], files: readonly string[] = []) =>
  readMonitors(monitors, {
    global,
    settings: { ...settings!, files: [...files] },
    lookUp: ({ kind, namespace, name }) => secrets[`${kind} ${namespace}/${name}`],
  })
const hash = (text: string) => createHash('md5').update(text).digest().readBigUInt64BE(8)

/** What a job makes of something that discovery found: its labels and address, or undefined. */
function judged(kind: string, spec: object, discovered: Record<string, string>) {
  const { jobs, problems } = read([monitor(kind, spec)])
  expect(problems).toEqual([])
  const { target } = judgeTarget(jobs[0]!, compileRules(jobs[0]!, hash), new Map(Object.entries(discovered)), {})
  return target && { url: target.url.href, ...Object.fromEntries(target.labels) }
}
const META = '__meta_kubernetes_'
const meta = (labels: Record<string, string>) => Object.fromEntries(Object.entries(labels).map(([name, value]) => [META + name, value]))
const endpoint = {
  __address__: '10.0.0.7:8080',
  ...meta({
    namespace: 'shop',
    service_name: 'cart',
    service_label_app: 'cart',
    service_labelpresent_app: 'true',
    service_label_team: 'checkout',
    service_labelpresent_team: 'true',
    endpoint_port_name: 'web',
    endpoint_address_target_kind: 'Pod',
    endpoint_address_target_name: 'cart-1',
    pod_name: 'cart-1',
    pod_phase: 'Running',
    pod_container_name: 'main',
    pod_container_port_number: '8080',
    pod_label_version: 'v2',
  }),
}

describe('ServiceMonitor', () => {
  const spec = { selector: { matchLabels: { app: 'cart' } }, endpoints: [{ port: 'web' }] }

  test('labels as the operator gives them', () => {
    expect(judged('ServiceMonitor', { ...spec, jobLabel: 'team', targetLabels: ['team', 'none'], podTargetLabels: ['version'] }, endpoint)).toEqual({
      url: 'http://10.0.0.7:8080/metrics',
      container: 'main',
      endpoint: 'web',
      instance: '10.0.0.7:8080',
      job: 'checkout',
      namespace: 'shop',
      pod: 'cart-1',
      service: 'cart',
      team: 'checkout',
      version: 'v2',
    })
    expect(judged('ServiceMonitor', spec, endpoint)).toMatchObject({ job: 'cart' })
  })

  test.each([
    ['another port', { endpoints: [{ port: 'admin' }] }],
    ['another number', { endpoints: [{ targetPort: 9090 }] }],
    ['another label', { selector: { matchLabels: { app: 'car.' } } }],
    ['a label that is there', { selector: { matchExpressions: [{ key: 'team', operator: 'DoesNotExist' }] } }],
    ['a value that is excluded', { selector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['checkout', 'x'] }] } }],
    ['a label that is missing', { selector: { matchExpressions: [{ key: 'tier', operator: 'Exists' }] } }],
    ['a pod that has ended', {}, { [`${META}pod_phase`]: 'Succeeded' }],
  ])('does not take %s', (_, change: object, labels: Record<string, string> = {}) => {
    expect(judged('ServiceMonitor', { ...spec, ...change }, { ...endpoint, ...labels })).toBeUndefined()
  })

  test.each([
    ['the number of the port', { endpoints: [{ targetPort: 8080 }] }],
    ['any of several values', { selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'cart'] }] } }],
    ['a label that is not there and not wanted', { selector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['x'] }] } }],
    ['everything by an empty selector', { selector: {} }],
    ['a pod that has ended, when asked for', { endpoints: [{ port: 'web', filterRunning: false }] }, { [`${META}pod_phase`]: 'Failed' }],
  ])('takes %s', (_, change: object, labels: Record<string, string> = {}) => {
    expect(judged('ServiceMonitor', { ...spec, ...change }, { ...endpoint, ...labels })).toBeDefined()
  })

  test('namespaces: its own, those that are named, or all', () => {
    const namespaces = (namespaceSelector?: object) =>
      read([monitor('ServiceMonitor', { ...spec, namespaceSelector })]).jobs[0]!.kubernetes_sd_configs[0]!.namespaces.names
    expect(namespaces()).toEqual(['shop'])
    expect(namespaces({ matchNames: ['a', 'b'] })).toEqual(['a', 'b'])
    expect(namespaces({ any: true })).toEqual([])
  })

  test('settings of the endpoint and limits of the monitor', () => {
    const [job] = read([
      monitor('ServiceMonitor', {
        ...spec,
        sampleLimit: 1000,
        endpoints: [
          {
            port: 'web',
            scheme: 'HTTPS',
            path: '/m',
            interval: '1m',
            scrapeTimeout: '5s',
            honorLabels: true,
            params: { a: ['1'] },
            basicAuth: { username: { name: 'login', key: 'user' }, password: { name: 'login', key: 'password' } },
            tlsConfig: { ca: { configMap: { name: 'ca', key: 'ca.crt' } }, serverName: 'cart' },
            metricRelabelings: [{ sourceLabels: ['__name__'], regex: 'go_.*', action: 'Drop' }],
          },
        ],
      }),
    ]).jobs
    expect(job).toMatchObject({
      job_name: 'serviceMonitor/shop/m/0',
      scheme: 'https',
      metrics_path: '/m',
      scrape_interval: 60_000,
      scrape_timeout: 5000,
      honor_labels: true,
      basic_auth: { username: 'u', password: 'p' },
      tls_config: { ca: 'PEM', server_name: 'cart', insecure_skip_verify: false },
      metric_relabel_configs: [{ action: 'drop', regex: 'go_.*' }],
      limits: { samples: 1000 },
    })
  })
})

test('PodMonitor', () => {
  const pod = {
    __address__: '10.0.0.7:9100',
    ...meta({ namespace: 'shop', pod_name: 'cart-1', pod_phase: 'Running', pod_container_name: 'main', pod_container_port_name: 'metrics' }),
    ...meta({ pod_container_port_number: '9100', pod_label_app: 'cart', pod_labelpresent_app: 'true' }),
  }
  const spec = { selector: { matchLabels: { app: 'cart' } } }
  const expected = { container: 'main', pod: 'cart-1', namespace: 'shop', job: 'shop/m' }
  expect(judged('PodMonitor', { ...spec, podMetricsEndpoints: [{ port: 'metrics' }] }, pod)).toMatchObject({ ...expected, endpoint: 'metrics' })
  expect(judged('PodMonitor', { ...spec, podMetricsEndpoints: [{ portNumber: 9100 }] }, pod)).toMatchObject({ ...expected, endpoint: '9100' })
  expect(judged('PodMonitor', { ...spec, podMetricsEndpoints: [{ port: 'other' }] }, pod)).toBeUndefined()
})

test('Probe: the prober is asked about each target', () => {
  const spec = { jobName: 'up$1', prober: { url: 'blackbox:9115' }, module: 'http_2xx' }
  const fixed = { ...spec, targets: { staticConfig: { static: ['https://shop.example'], labels: { tier: 'edge' } } } }
  expect(judged('Probe', fixed, { __address__: 'https://shop.example', namespace: 'shop', tier: 'edge' })).toEqual({
    url: 'http://blackbox:9115/probe?module=http_2xx&target=https%3A%2F%2Fshop.example',
    instance: 'https://shop.example',
    job: 'up$1',
    namespace: 'shop',
    tier: 'edge',
  })
  const { static_configs } = read([monitor('Probe', fixed)]).jobs[0]!
  expect(static_configs).toEqual([{ targets: ['https://shop.example'], labels: { namespace: 'shop', tier: 'edge' } }])
  const ingress = { __address__: 'shop.example', ...meta({ namespace: 'shop', ingress_name: 'front', ingress_scheme: 'https', ingress_path: '/cart' }) }
  expect(judged('Probe', { ...spec, targets: { ingress: { selector: {} } } }, ingress)).toMatchObject({
    instance: 'https://shop.example/cart',
    ingress: 'front',
  })
})

test('ScrapeConfig', () => {
  const spec = {
    jobName: 'legacy',
    staticConfigs: [{ targets: ['db:9187'], labels: { env: 'prod' } }],
    kubernetesSDConfigs: [{ role: 'Pod', namespaces: { ownNamespace: true } }],
    httpSDConfigs: [{ url: 'http://sd.example/targets', refreshInterval: '30s' }],
    scrapeInterval: '15s',
    relabelings: [{ targetLabel: 'via', replacement: 'config' }],
  }
  expect(judged('ScrapeConfig', spec, { __address__: 'db:9187', env: 'prod' })).toEqual({
    url: 'http://db:9187/metrics',
    env: 'prod',
    instance: 'db:9187',
    job: 'legacy',
    via: 'config',
  })
  expect(read([monitor('ScrapeConfig', spec)]).jobs[0]).toMatchObject({
    kubernetes_sd_configs: [{ role: 'pod', kubeconfig_file: '/k', namespaces: { names: ['shop'], own_namespace: false } }],
    http_sd_configs: [{ url: 'http://sd.example/targets', refresh_interval: 30_000 }],
    scrape_interval: 15_000,
  })
})

describe('what cannot be scraped as it is asked for', () => {
  const good = { selector: {}, endpoints: [{ port: 'web' }] }
  const problems = (kind: string, spec: object, files?: string[]) =>
    read([monitor(kind, spec)], files).problems.map(({ field, message, scraped }) => [field, message, scraped])

  test('is said by field, all at once, and the other monitors are scraped', () => {
    const bad = {
      selector: {},
      endpoints: [
        {
          port: 'web',
          interval: 'soon',
          relabelings: [
            { regex: '(', targetLabel: 'a' },
            { action: 'hashmod', targetLabel: 'a' },
          ],
        },
      ],
    }
    const found = read([monitor('ServiceMonitor', bad, 'bad'), monitor('ServiceMonitor', good, 'good')])
    expect(found.jobs.map(({ job_name }) => job_name)).toEqual(['serviceMonitor/shop/good/0'])
    expect(found.problems.map(({ name, field, scraped }) => [name, field, scraped])).toEqual([
      ['bad', 'spec.endpoints[0].interval', false],
      ['bad', 'spec.endpoints[0].relabelings[0].regex', false],
      ['bad', 'spec.endpoints[0].relabelings[1].modulus', false],
    ])
  })

  test('keys that are not known are told, and are no reason not to scrape', () => {
    const found = read([monitor('ServiceMonitor', { ...good, scrapeClass: 'x', endpoints: [{ port: 'web', proxyUrl: 'http://p' }] })])
    expect(found.jobs).toHaveLength(1)
    expect(found.problems.map(({ field, scraped }) => [field, scraped])).toEqual([
      ['spec.endpoints[0].proxyUrl', true],
      ['spec.scrapeClass', true],
    ])
  })

  test('Secrets that are missing, or lack the key', () => {
    const using = (name: string, key: string) => ({ ...good, endpoints: [{ port: 'web', authorization: { credentials: { name, key } } }] })
    expect(problems('ServiceMonitor', using('login', 'token'))).toEqual([
      ['spec.endpoints[0].authorization.credentials', 'Secret shop/login has no key token', false],
    ])
    expect(problems('ServiceMonitor', using('gone', 'token'))).toEqual([
      ['spec.endpoints[0].authorization.credentials', 'Secret shop/gone is not there', false],
    ])
    // Not asked for yet: no problem, but not scraped without its credentials either.
    const waiting = read([monitor('ServiceMonitor', using('later', 'token'))])
    expect([waiting.jobs, waiting.problems, waiting.references]).toEqual([[], [], [{ kind: 'Secret', namespace: 'shop', name: 'later' }]])
  })

  test('files of the collector, unless its namespace may name them', () => {
    const spec = { ...good, endpoints: [{ port: 'web', bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' }] }
    expect(problems('ServiceMonitor', spec)).toMatchObject([['spec.endpoints[0].bearerTokenFile', expect.stringContaining('kubernetes_monitors.files'), false]])
    expect(problems('ServiceMonitor', spec, ['shop'])).toEqual([])
    expect(problems('ServiceMonitor', spec, ['*'])).toEqual([])
    expect(problems('ScrapeConfig', { fileSDConfigs: [{ files: ['/etc/x.json'] }] })).toMatchObject([['spec.fileSDConfigs', expect.anything(), false]])
  })

  test.each([
    ['Probe', { prober: { url: 'b:9115' }, targets: {} }, 'spec.targets'],
    ['Probe', { targets: { staticConfig: {} } }, 'spec.prober'],
    ['PodMonitor', { selector: {} }, 'spec.podMetricsEndpoints'],
    ['ScrapeConfig', { httpSDConfigs: [{ url: 'no url' }] }, 'spec.httpSDConfigs[0].url'],
  ])('%s %j', (kind, spec, field) => expect(problems(kind, spec).map(([at]) => at)).toEqual([field]))

  test('a timeout longer than the interval', () => {
    expect(problems('ServiceMonitor', { selector: {}, endpoints: [{ interval: '5s', scrapeTimeout: '10s' }] })).toMatchObject([
      ['spec', 'scrape_timeout: is longer than scrape_interval', false],
    ])
  })
})
