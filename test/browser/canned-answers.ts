/** Answers of the API in their real shapes, drawn from a seed, for a console without a server. */
import type { AlertsAnswer, ClustersAnswer, SyslogAnswer, TokensAnswer } from '#apps/console/endpoints.ts'
import type {
  AlertRulesAnswer,
  Latency,
  LiveTick,
  MarksAnswer,
  Provenance,
  RequestRow,
  RequestsAnswer,
  SeriesAnswer,
  SourcesAnswer,
  Stats,
  StatsAnswer,
  TopAnswer,
  TopRow,
} from '#capabilities/ingress-analytics/domain/api.ts'
import { CodedError, describeError } from '#core/kernel/errors.ts'
import { seededRandom } from '#core/kernel/random.ts'
import type { StoreStatus } from '#core/shapes/ports/telemetry.ts'

export type Mode = 'normal' | 'empty' | 'error' | 'huge'

const HOSTS = ['shop.example', 'api.shop.example', 'static.shop.example', 'admin.shop.example']
const PATHS = ['/', '/cart', '/orders/{id}', '/products/{id}', '/checkout', '/search', '/static/{file}', '/login', '/api/v2/recommendations/{id}/related']
const SERVICES = ['gateway', 'catalog', 'cart', 'orders', 'static']
const AGENTS = ['Chrome', 'Safari', 'Firefox', 'WeChat', 'curl', 'Googlebot']
const COUNTRIES = ['CN', 'US', 'DE', 'JP', 'BR', 'IN', '']

/** Names of the values of a dimension, the most frequent first. */
function valuesOf(dimension: string): readonly string[] {
  if (dimension === 'host') return HOSTS
  if (dimension === 'path' || dimension === 'path_pattern') return PATHS
  if (dimension === 'service' || dimension === 'workload') return SERVICES
  if (dimension === 'route' || dimension === 'ingress') return SERVICES.map((name) => (dimension === 'route' ? `shop/${name}` : name))
  if (dimension === 'method') return ['GET', 'POST', 'PUT', 'DELETE', 'HEAD']
  if (dimension === 'status' || dimension === 'upstream_status') return ['200', '304', '404', '499', '500', '502', '504']
  if (dimension === 'country') return COUNTRIES
  if (dimension === 'ua_family') return AGENTS
  if (dimension === 'namespace') return ['shop', 'admin']
  return Array.from({ length: 40 }, (_, i) => `203.0.113.${(i * 37) % 256}`)
}

const provenance = (from: number, to: number, empty: boolean): Provenance => ({
  from,
  to,
  source: to - from > 6 * 3_600_000 ? 'access_1m' : 'access',
  rowsRead: empty ? 0 : 182_340,
  elapsedMs: 41,
  newestAt: empty ? undefined : to - 900,
  incomplete: [],
})

const ladder = (mean: number): Record<'mean' | 'p50' | 'p90' | 'p95' | 'p99' | 'p999' | 'p9999' | 'max', Latency> => ({
  mean,
  p50: mean * 0.7,
  p90: mean * 2.1,
  p95: mean * 3,
  p99: mean * 7.5,
  p999: mean * 22,
  p9999: { missing: 'few', needs: 100_000 },
  max: mean * 61,
})

function statsOf(requests: number, seconds: number, mean: number): Stats {
  const s5 = Math.round(requests * 0.0041)
  const s4 = Math.round(requests * 0.021)
  return {
    requests,
    visitors: Math.round(requests / 31),
    qps: requests / seconds,
    success_rate: requests === 0 ? null : 1 - s5 / requests,
    error_rate: requests === 0 ? null : s5 / requests,
    classes: { '1xx': 0, '2xx': Math.round(requests * 0.91), '3xx': Math.round(requests * 0.065), '4xx': s4, '5xx': s5 },
    s499: Math.round(requests * 0.002),
    s502: Math.round(s5 * 0.5),
    s503: Math.round(s5 * 0.2),
    s504: Math.round(s5 * 0.1),
    bytes_in: requests * 620,
    bytes_out: requests * 18_400,
    latency: requests === 0 ? nothing(['mean', 'p50', 'p90', 'p95', 'p99', 'p999', 'p9999', 'max']) : ladder(mean),
    upstream: requests === 0 ? nothing(['mean', 'p50', 'p90', 'p95', 'p99', 'p999', 'p9999']) : ladder(mean * 0.86),
  }
}
const nothing = <Name extends string>(names: readonly Name[]) => Object.fromEntries(names.map((name) => [name, { missing: 'none' }])) as Record<Name, Latency>

export function stats(from: number, to: number, compare: number | undefined, mode: Mode): StatsAnswer {
  const seconds = (to - from) / 1000
  const requests = mode === 'empty' ? 0 : Math.round(seconds * (mode === 'huge' ? 18_300 : 51))
  return {
    ...provenance(from, to, mode === 'empty'),
    stats: statsOf(requests, seconds, 0.042),
    ...(compare ? { compared: { from: from - compare, to: to - compare, stats: statsOf(Math.round(requests * 0.93), seconds, 0.047) } } : {}),
  }
}

export function series(from: number, to: number, step: number, compare: number | undefined, mode: Mode): SeriesAnswer {
  const width = Math.max(step, Math.ceil((to - from) / 600 / 1000) * 1000)
  const ts: number[] = []
  for (let at = Math.floor(from / width) * width; at < to && mode !== 'empty'; at += width) ts.push(at)
  const draw = (seed: number) => {
    const random = seededRandom(seed)
    const rate = ts.map((at, i) => (i > ts.length * 0.4 && i < ts.length * 0.43 ? null : 50 + 22 * Math.sin(at / 900_000) + random() * 8))
    const times = (factor: number) => rate.map((value) => (value === null ? null : value * factor * (0.9 + random() * 0.2)))
    const count = (share: number) => rate.map((value) => (value === null ? null : Math.round((value * width * share) / 1000)))
    const c5xx = rate.map((value, i) =>
      value === null ? null : i > ts.length * 0.7 && i < ts.length * 0.75 ? Math.round(value * 0.6) : Math.round(random() * 2),
    )
    return {
      requests: count(1),
      qps: rate,
      c2xx: count(0.91),
      c3xx: count(0.06),
      c4xx: count(0.02),
      c5xx,
      success_rate: rate.map((value, i) => (value === null ? null : 1 - (c5xx[i] as number) / (value * (width / 1000)))),
      bytes_in: times(620 * (width / 1000)),
      bytes_out: times(18_400 * (width / 1000)),
      mean: times(0.0008),
      p50: times(0.0006),
      p90: times(0.0018),
      p95: times(0.0026),
      p99: times(0.006),
      max: times(0.02),
      upstream_mean: times(0.0007),
      upstream_p99: times(0.005),
      visitors: count(0.03),
      s499: count(0.002),
      s502: count(0.001),
      s503: count(0.0003),
      s504: count(0.0005),
    }
  }
  return {
    ...provenance(from, to, mode === 'empty'),
    step: width,
    ts,
    series: draw(7),
    ...(compare ? { compared: { ts: ts.map((at) => at - compare), series: draw(8) } } : {}),
  }
}

export function top(query: URLSearchParams, mode: Mode): TopAnswer {
  const by = (query.get('by') ?? 'route') as TopAnswer['by']
  const [from, to] = [Number(query.get('from')), Number(query.get('to'))]
  const seconds = Math.max(1, (to - from) / 1000)
  const search = (query.get('search') ?? '').toLowerCase()
  const limit = Number(query.get('limit') ?? 10)
  const offset = Number(query.get('offset') ?? 0)
  const names = mode === 'empty' ? [] : valuesOf(by).filter((name) => name.toLowerCase().includes(search))
  const rows = names.slice(offset, offset + limit).map((key, i): TopRow => {
    const requests = Math.round((seconds * 50) / (i + 1.5))
    const mean = 0.02 + ((i * 7919) % 13) / 100
    return {
      key,
      requests,
      qps: requests / seconds,
      visitors: Math.round(requests / 40),
      share: 1 / (i + 2),
      success_rate: i === 2 ? 0.961 : 0.9991,
      rate_4xx: 0.02,
      rate_5xx: i === 2 ? 0.039 : 0.0009,
      bytes_in: requests * 600,
      bytes_out: requests * 17_000,
      mean,
      p50: mean * 0.7,
      p90: mean * 2,
      p95: mean * 3,
      p99: mean * 7,
      p999: requests > 10_000 ? mean * 20 : { missing: 'few', needs: 10_000 },
      p9999: { missing: 'few', needs: 100_000 },
      max: mean * 50,
      upstream_mean: mean * 0.9,
      upstream_p50: mean * 0.6,
      upstream_p99: mean * 6,
      s499: 3,
      s502: i === 2 ? 120 : 0,
      s503: 0,
      s504: 1,
    }
  })
  return { ...provenance(from, to, mode === 'empty'), by, rows, total: names.length }
}

export function request(ts: number, i: number): RequestRow {
  const random = seededRandom(i + 1)
  const status = [200, 200, 200, 200, 304, 404, 499, 502][Math.floor(random() * 8)] as number
  const time = 0.004 + random() ** 4 * 2
  const service = SERVICES[i % SERVICES.length] as string
  return {
    ts,
    source: 'ingress-nginx',
    route: `shop/${service}`,
    ingress: service,
    namespace: 'shop',
    service,
    workload: `Deployment/${service}`,
    pod: `${service}-7c9d8f6b5-${(i % 90) + 10}xk`,
    arm: '',
    host: HOSTS[i % HOSTS.length] as string,
    path: (PATHS[i % PATHS.length] as string).replace('{id}', String(10_000 + i)).replace('{file}', `app.${i}.js`),
    path_pattern: PATHS[i % PATHS.length] as string,
    method: i % 9 === 0 ? 'POST' : 'GET',
    status,
    bytes_in: 300 + Math.floor(random() * 900),
    bytes_out: Math.floor(random() * 80_000),
    request_time: time,
    upstream_time: status === 304 ? null : time * 0.9,
    upstream_status: status === 499 ? 0 : status,
    upstream_addr: `10.1.0.${i % 250}:8080`,
    client: `203.0.113.${i % 256}`,
    country: COUNTRIES[i % COUNTRIES.length] as string,
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36',
    ua_family: AGENTS[i % AGENTS.length] as string,
    referer: '',
    protocol: 'HTTP/2.0',
    tls: 'TLSv1.3',
    trace_id: i.toString(16).padStart(32, '0'),
  }
}

export function requests(query: URLSearchParams, mode: Mode): RequestsAnswer {
  const [from, to] = [Number(query.get('from')), Number(query.get('to'))]
  const total = mode === 'empty' ? 0 : mode === 'huge' ? 100_000 : 1_234
  const offset = Number(query.get('offset') ?? 0)
  const count = Math.max(0, Math.min(Number(query.get('limit') ?? 100), total - offset))
  return { ...provenance(from, to, mode === 'empty'), rows: Array.from({ length: count }, (_, i) => request(to - (offset + i) * 731, offset + i)), total }
}

export function live(now: number, mode: Mode): LiveTick {
  const random = seededRandom(Math.floor(now / 1000))
  const seconds = Array.from({ length: 60 }, (_, i) => {
    const second = Math.floor(now / 1000) - 59 + i
    const requests = mode === 'empty' ? 0 : 40 + Math.round(seededRandom(second)() * 30)
    return {
      second: second * 1000,
      requests,
      c4xx: Math.round(requests * 0.03),
      c5xx: second % 17 === 0 ? 3 : 0,
      bytes_out: requests * 18_000,
      mean: requests ? 0.03 : null,
      p99: requests ? 0.2 : null,
    }
  })
  const all = seconds.reduce((sum, { requests }) => sum + requests, 0)
  return {
    now,
    freshnessMs: mode === 'empty' ? null : 640,
    completeness: 1,
    incomplete: [],
    seconds,
    total: { requests: all, qps: all / 60, success_rate: all ? 0.9982 : null, p50: all ? 0.021 : null, p99: all ? 0.212 : null, latenessMs: 320 },
    latest: mode === 'empty' ? [] : Array.from({ length: 5 }, (_, i) => request(now - i * 90, Math.floor(random() * 9000))),
  }
}

export const marks = (from: number, to: number, mode: Mode): MarksAnswer => ({
  marks: mode === 'empty' ? [] : [{ ts: from + (to - from) * 0.7, kind: 'change', what: 'error_rate', before: 0.0009, after: 0.012 }],
})

export const sources = (now: number, mode: Mode): SourcesAnswer => ({
  since: now - 86_400_000,
  sources:
    mode === 'empty'
      ? []
      : [
          {
            source: 'ingress-nginx',
            transport: 'agent',
            format: 'ingress-nginx',
            accepted: 18_234_112,
            rejected: 41,
            repaired: 0,
            reasons: { format: 38, clock: 3 },
            lastAt: now - 640,
            samples: [{ at: now - 60_000, reason: 'format', line: '{"not": "an access line"' }],
          },
          {
            source: 'edge-syslog',
            transport: 'syslog',
            format: 'combined',
            accepted: 91_200,
            rejected: 3_120,
            repaired: 0,
            reasons: { format: 3_120 },
            lastAt: now - 22 * 60_000,
            samples: [{ at: now - 1_400_000, reason: 'format', line: '<190>Nov  3 14:00:05 edge-1 haproxy[71]: Connect from 10.0.0.7:51212 to 10.0.0.1:443' }],
          },
        ],
})

export const alerts = (now: number, mode: Mode): AlertsAnswer => ({
  known: true,
  alerts:
    mode === 'empty'
      ? []
      : [
          {
            fingerprint: '9f2c',
            labels: { alertname: 'HighErrorRate', cluster: 'local', route: 'shop/cart' },
            annotations: { summary: 'Error rate of shop/cart is 3.9%, above 1% for 5 minutes.' },
            severity: 'critical',
            value: 0.039,
            activeSince: now - 11 * 60_000,
            link: 'http://127.0.0.1:7070/ingress?filter=route:eq:shop/cart',
            muted: null,
            told: ['oncall'],
          },
          {
            fingerprint: '77aa',
            labels: { alertname: 'SlowCheckout', cluster: 'local' },
            annotations: { summary: 'P99 of /checkout is 2.4 s.' },
            severity: 'warning',
            activeSince: now - 3_700_000,
            muted: { silencedBy: ['s1'] },
            told: [],
          },
        ],
})

export const alertRules = (now: number, mode: Mode): AlertRulesAnswer => ({
  rules:
    mode === 'empty'
      ? []
      : [
          {
            rule: {
              name: 'HighErrorRate',
              enabled: true,
              number: 'error_rate',
              comparison: '>',
              threshold: 0.01,
              window: 300_000,
              for: 60_000,
              filter: [],
              groupBy: 'route',
              severity: 'critical',
              absent: false,
              minRequests: 100,
              summary: 'Look at the service behind the route.',
            },
            states: [{ state: 'firing', group: 'shop/cart', value: 0.039, requests: 4_120, since: now - 660_000, evaluatedAt: now - 4_000 }],
          },
          {
            rule: {
              name: 'NoTraffic',
              enabled: true,
              number: 'requests',
              comparison: '<',
              threshold: 0,
              window: 300_000,
              for: 0,
              filter: [],
              severity: 'error',
              absent: true,
              minRequests: 0,
            },
            states: [{ state: 'ok', group: '', value: null, requests: 15_300, since: null, evaluatedAt: now - 4_000 }],
          },
        ],
})

export const store = (now: number, mode: Mode): StoreStatus => ({
  engine: { name: 'ClickHouse (chdb)', version: '25.8.2', state: 'ready', restarts: 0, since: now - 5_400_000 },
  queue: mode === 'empty' ? { batches: 0, bytes: 0 } : { batches: 2, bytes: 1_310_720, oldestAt: now - 700 },
  refused: { batches: 0, bytes: 0 },
  disk: { usedBytes: mode === 'empty' ? 20_480 : 4_832_157_696, freeBytes: 181_193_932_800, overheadBytes: 92_274_688 },
  signals: (
    [
      ['access', 3_902_013_440, 128_400_211, 20, 30, 21.4],
      ['metrics', 612_368_384, 90_120_020, 10, 15, undefined],
      ['logs', 225_443_840, 2_100_100, 10, 14, 61],
      ['spans', 0, 0, 10, 7, undefined],
      ['audit', 1_310_720, 4_120, 5, 90, undefined],
      ['findings', 20_480, 12, 2, 365, undefined],
    ] as const
  ).map(([signal, bytes, rows, budget, retentionDays, daysLeft]) => ({
    signal,
    bytes: mode === 'empty' ? 0 : bytes,
    rows: mode === 'empty' ? 0 : rows,
    budgetBytes: budget * 1024 ** 3,
    retentionDays,
    ...(bytes > 0 && mode !== 'empty' ? { oldestAt: now - retentionDays * 43_200_000 } : {}),
    ...(daysLeft === undefined || mode === 'empty' ? {} : { daysLeft }),
  })),
})

export const clusters = (mode: Mode): ClustersAnswer => ({
  clusters: mode === 'huge' ? Array.from({ length: 40 }, (_, i) => ({ id: i === 0 ? 'local' : `edge-${String(i).padStart(2, '0')}` })) : [{ id: 'local' }],
})

export const tokens = (now: number, mode: Mode): TokensAnswer => ({
  tokens:
    mode === 'empty'
      ? []
      : [
          { id: 'aa11bb22cc33', name: 'node-agents', cluster: 'local', signals: ['access', 'logs'], createdAt: now - 9 * 86_400_000, lastUsedAt: now - 1_000 },
          { id: 'dd44ee55ff66', name: 'promtail', cluster: 'local', signals: ['logs'], createdAt: now - 2 * 86_400_000 },
        ],
})

export const notifications = (now: number, mode: Mode) =>
  mode === 'empty'
    ? { route: {}, receivers: [], inhibitRules: [], silences: [] }
    : {
        route: {
          receiver: 'oncall',
          groupBy: ['alertname'],
          groupWait: '30s',
          routes: [{ receiver: ['oncall', 'shop-chat'], matchers: ['severity="critical"', 'namespace=~"shop|pay"'] }],
        },
        receivers: [
          { kind: 'webhook', name: 'oncall', language: 'en', sendResolved: true, url: '********' },
          { kind: 'dingtalk', name: 'shop-chat', language: 'zh-CN', sendResolved: true, url: '********', secret: '********' },
        ],
        inhibitRules: [],
        silences: [
          {
            id: 's1',
            matchers: ['alertname="SlowCheckout"'],
            startsAt: new Date(now - 3_600_000).toISOString(),
            endsAt: new Date(now + 3_600_000).toISOString(),
            createdBy: 'admin',
            comment: 'known, fixed with the next release',
          },
        ],
      }

export function syslog(mode: Mode): SyslogAnswer {
  if (mode === 'empty') return { listeners: [] }
  const listener = { protocol: 'udp' as const, address: '0.0.0.0', port: 5514, cluster: 'local', source: 'edge-nginx' }
  return {
    listeners: [
      { ...listener, listening: true },
      {
        ...listener,
        protocol: 'tcp',
        format: 'shop',
        listening: false,
        error: describeError(new CodedError('PORT_IN_USE', { host: '0.0.0.0', port: 5514 }), 'en'),
      },
    ],
  }
}
export const formats = (mode: Mode) => ({
  formats: mode === 'empty' ? {} : { shop: '$remote_addr [$time_local] "$request" $status $body_bytes_sent $request_time' },
})
