/** Answers of the ingress API over seeded rows in memory: small enough to read, exact enough to click through. For browser tests only. */
import {
  type AlertRule,
  type AlertRulesAnswer,
  alertRule,
  type Latency,
  type MarksAnswer,
  NUMBERS,
  type PreviewAnswer,
  type Provenance,
  type RequestRow,
  type RequestsAnswer,
  type SeriesAnswer,
  type Stats,
  type StatsAnswer,
  type TopAnswer,
  type TopRow,
} from '#capabilities/ingress-analytics/domain/api.ts'
import { type Filter, filtersOf } from '#capabilities/ingress-analytics/domain/filters.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { enoughFor } from '#core/stats/sketch.ts'

const HOUR = 3_600_000
const LEVELS = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999, p9999: 0.9999 } as const

/** Requests of a shop, oldest first, over the `span` before `now`; the last quarter hour has a slow and failing cart. */
export function shopRows(now: number, count: number, span = 6 * HOUR, seed = 42): RequestRow[] {
  const random = seededRandom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() ** 2 * list.length)] as T
  const services = ['catalog', 'cart', 'orders', 'gateway'] as const
  const patterns = {
    catalog: ['/products/{id}', '/search', '/categories/{id}'],
    cart: ['/cart', '/cart/items/{id}', '/cart/checkout'],
    orders: ['/orders/{id}', '/orders'],
    gateway: ['/', '/assets/{id}', '/healthz'],
  }
  const agents = [
    ['Chrome', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36'],
    ['Safari', 'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile Safari/604.1'],
    ['MicroMessenger', 'Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 MicroMessenger/8.0.60'],
    ['Firefox', 'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0'],
    ['Googlebot', 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'],
    ['curl', 'curl/8.16.0'],
  ] as const
  const rows: RequestRow[] = []
  for (let i = 0; i < count; i++) {
    const ts = Math.round(now - span + (span * (i + random())) / count)
    const service = pick(services)
    const pattern = pick(patterns[service])
    const bad = service === 'cart' && ts > now - HOUR / 4
    const upstream = Math.min(30, 0.012 * Math.exp(2.2 * random() ** 2) * (bad ? 9 : 1) * (random() < 0.004 ? 30 : 1))
    const draw = random() * (bad ? 0.12 : 1)
    const status =
      draw < 0.004 ? 502 : draw < 0.007 ? 504 : draw < 0.009 ? 503 : draw < 0.013 ? 499 : draw < 0.03 ? 404 : draw < 0.036 ? 401 : draw < 0.09 ? 304 : 200
    const [ua_family, user_agent] = pick(agents)
    const pod = Math.floor(random() * 3)
    const answered = status !== 503
    rows.push({
      ts,
      source: 'ingress-nginx',
      route: `shop/${service}`,
      ingress: service,
      namespace: 'shop',
      service,
      workload: `Deployment/${service}`,
      pod: answered ? `${service}-7c9d-${'xkq'[pod]}2m` : '',
      arm: 'primary',
      host: service === 'gateway' ? 'www.shop.example' : 'api.shop.example',
      path: pattern.replace('{id}', String(1000 + Math.floor(random() ** 3 * 4000))),
      path_pattern: pattern,
      method: pattern.includes('checkout') || (pattern === '/orders' && random() < 0.5) ? 'POST' : 'GET',
      status,
      bytes_in: 380 + Math.floor(random() * 400),
      bytes_out: status === 304 ? 0 : Math.floor(900 + random() ** 3 * 90_000),
      request_time: upstream + 0.001 + random() * 0.004,
      upstream_time: answered ? upstream : null,
      upstream_status: answered ? status : 0,
      upstream_addr: answered ? `10.0.${services.indexOf(service)}.${11 + pod}:8080` : '',
      client: `203.0.113.${Math.floor(random() ** 2 * 240)}`,
      country: pick(['CN', 'DE', 'US', 'SG', 'JP', '']),
      user_agent,
      ua_family,
      referer: random() < 0.4 ? 'https://www.shop.example/' : '',
      protocol: random() < 0.8 ? 'HTTP/2.0' : 'HTTP/1.1',
      tls: 'TLSv1.3',
      trace_id: (i + 1).toString(16).padStart(32, '0'),
    })
  }
  return rows
}

const num = (row: RequestRow, name: string): number => (typeof row[name] === 'number' ? (row[name] as number) : Number.NaN)

/** Rows are in the order of time: where `ts` begins. */
function firstAt(rows: readonly RequestRow[], ts: number): number {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rows[middle] as RequestRow).ts < ts) low = middle + 1
    else high = middle
  }
  return low
}

function passes(row: RequestRow, filters: readonly Filter[]): boolean {
  const either = new Map<string, boolean>()
  for (const { field, operator, value } of filters) {
    const own = row[field]
    if (operator === 'ne' && own === value) return false
    if (operator === 'gte' && !(num(row, field) >= Number(value))) return false
    if (operator === 'lte' && !(num(row, field) <= Number(value))) return false
    if (operator === 'eq' || operator === 'contains') {
      const hit = operator === 'eq' ? own === value : String(own).toLowerCase().includes(String(value).toLowerCase())
      either.set(field, (either.get(field) ?? false) || hit)
    }
  }
  return [...either.values()].every(Boolean)
}

function latencies(values: number[]): Record<'mean' | keyof typeof LEVELS | 'max', Latency> {
  const sorted = values.filter((v) => !Number.isNaN(v)).sort((a, b) => a - b)
  const none: Latency = { missing: 'none' }
  const at = (level: number): Latency =>
    sorted.length === 0
      ? none
      : enoughFor(level, sorted.length)
        ? (sorted[Math.floor(level * (sorted.length - 1))] as number)
        : { missing: 'few', needs: Math.ceil(1 / (1 - level) - 1e-6) }
  return {
    mean: sorted.length === 0 ? none : sorted.reduce((a, b) => a + b, 0) / sorted.length,
    ...(Object.fromEntries(Object.entries(LEVELS).map(([name, level]) => [name, at(level)])) as Record<keyof typeof LEVELS, Latency>),
    max: sorted.at(-1) ?? none,
  }
}

function statsOf(rows: readonly RequestRow[], seconds: number): Stats {
  const classes: Stats['classes'] = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 }
  const exact = { s499: 0, s502: 0, s503: 0, s504: 0 }
  const clients = new Set<unknown>()
  let [bytes_in, bytes_out] = [0, 0]
  for (const row of rows) {
    const status = num(row, 'status')
    classes[`${Math.floor(status / 100)}xx` as keyof Stats['classes']]++
    const name = `s${status}` as keyof typeof exact
    if (name in exact) exact[name]++
    clients.add(row.client)
    bytes_in += num(row, 'bytes_in')
    bytes_out += num(row, 'bytes_out')
  }
  const good = rows.length - classes['5xx'] - exact.s499
  return {
    requests: rows.length,
    visitors: clients.size,
    qps: rows.length / seconds,
    success_rate: rows.length === 0 ? null : good / rows.length,
    error_rate: rows.length === 0 ? null : 1 - good / rows.length,
    classes,
    ...exact,
    bytes_in,
    bytes_out,
    latency: latencies(rows.map((r) => num(r, 'request_time'))),
    upstream: latencies(rows.map((r) => num(r, 'upstream_time'))),
  }
}

const value = (latency: Latency): number | null => (typeof latency === 'number' ? latency : null)

function seriesOf(rows: readonly RequestRow[], from: number, to: number, step: number): { ts: number[]; series: SeriesAnswer['series'] } {
  const first = Math.floor(from / step) * step
  const buckets: RequestRow[][] = Array.from({ length: Math.ceil((to - first) / step) }, () => [])
  for (const row of rows) buckets[Math.floor((row.ts - first) / step)]?.push(row)
  const stats = buckets.map((b) => statsOf(b, step / 1000))
  const of = (read: (s: Stats) => number | null) => stats.map(read)
  return {
    ts: buckets.map((_, i) => first + i * step),
    series: {
      requests: of((s) => s.requests),
      qps: of((s) => s.qps),
      c2xx: of((s) => s.classes['2xx']),
      c3xx: of((s) => s.classes['3xx']),
      c4xx: of((s) => s.classes['4xx']),
      c5xx: of((s) => s.classes['5xx']),
      success_rate: of((s) => s.success_rate),
      bytes_in: of((s) => s.bytes_in),
      bytes_out: of((s) => s.bytes_out),
      mean: of((s) => value(s.latency.mean)),
      p50: of((s) => value(s.latency.p50)),
      p90: of((s) => value(s.latency.p90)),
      p95: of((s) => value(s.latency.p95)),
      p99: of((s) => value(s.latency.p99)),
      max: of((s) => value(s.latency.max)),
      upstream_mean: of((s) => value(s.upstream.mean)),
      upstream_p99: of((s) => value(s.upstream.p99)),
      visitors: of((s) => s.visitors),
      s499: of((s) => s.s499),
      s502: of((s) => s.s502),
      s503: of((s) => s.s503),
      s504: of((s) => s.s504),
    },
  }
}

function topRow(key: string, rows: readonly RequestRow[], all: number, seconds: number): TopRow {
  const s = statsOf(rows, seconds)
  const { latency: l, upstream: u } = s
  return {
    key,
    requests: s.requests,
    qps: s.qps,
    visitors: s.visitors,
    share: s.requests / all,
    success_rate: s.success_rate,
    rate_4xx: s.classes['4xx'] / s.requests,
    rate_5xx: s.classes['5xx'] / s.requests,
    bytes_in: s.bytes_in,
    bytes_out: s.bytes_out,
    ...l,
    upstream_mean: u.mean,
    upstream_p50: u.p50,
    upstream_p99: u.p99,
    s499: s.s499,
    s502: s.s502,
    s503: s.s503,
    s504: s.s504,
  }
}

export interface Answer {
  status: number
  body: unknown
}
const ok = (body: unknown): Answer => ({ status: 200, body })

export interface IngressFixture {
  rows: RequestRow[]
  rules: AlertRule[]
  now: number
}

/** Answers a path below `/clusters/{cluster}`; undefined: it is none of the ingress API. */
export function ingressAnswer(fixture: IngressFixture, method: string, local: string, query: URLSearchParams, body: unknown): Answer | undefined {
  if (!local.startsWith('/ingress/')) return undefined
  const path = local.slice('/ingress'.length)
  if (path.startsWith('/alert-rules')) return ruleAnswer(fixture, method, path, body)
  const from = Number(query.get('from'))
  const to = Number(query.get('to'))
  const filters = filtersOf(query.getAll('filter'))
  const select = (a: number, b: number) => fixture.rows.slice(firstAt(fixture.rows, a), firstAt(fixture.rows, b)).filter((r) => passes(r, filters))
  const rows = select(from, to)
  const provenance: Provenance = {
    from,
    to,
    source: 'access_1m',
    rowsRead: rows.length,
    elapsedMs: 12.4,
    newestAt: fixture.rows.at(-1)?.ts,
    incomplete: fixture.rows[0] && from < fixture.rows[0].ts ? [`retention:${fixture.rows[0].ts}`] : [],
  }
  const offset = query.get('compare') === null ? undefined : Number(query.get('compare'))
  const seconds = (to - from) / 1000
  switch (path) {
    case '/stats': {
      const earlier = offset === undefined ? undefined : { from: from - offset, to: to - offset }
      return ok({
        ...provenance,
        stats: statsOf(rows, seconds),
        ...(earlier ? { compared: { ...earlier, stats: statsOf(select(earlier.from, earlier.to), seconds) } } : {}),
      } satisfies StatsAnswer)
    }
    case '/series': {
      const step = Math.max(1000, Number(query.get('step') ?? 0), Math.ceil((to - from) / 600 / 1000) * 1000)
      return ok({
        ...provenance,
        step,
        ...seriesOf(rows, from, to, step),
        ...(offset === undefined ? {} : { compared: seriesOf(select(from - offset, to - offset), from - offset, to - offset, step) }),
      } satisfies SeriesAnswer)
    }
    case '/top': {
      const by = query.get('by') as TopAnswer['by']
      const search = query.get('search')?.toLowerCase() ?? ''
      const groups = new Map<string, RequestRow[]>()
      for (const row of rows) {
        const key = String(row[by] ?? '')
        if (!key.toLowerCase().includes(search)) continue
        const group = groups.get(key)
        if (group) group.push(row)
        else groups.set(key, [row])
      }
      const sort = NUMBERS.find((n) => n === query.get('sort')) ?? 'requests'
      const sign = query.get('order') === 'asc' ? 1 : -1
      const read = (r: TopRow) => (typeof r[sort as keyof TopRow] === 'number' ? (r[sort as keyof TopRow] as number) : -1)
      const ranked = [...groups].map(([key, of]) => topRow(key, of, rows.length, seconds)).sort((a, b) => sign * (read(a) - read(b)))
      const skip = Number(query.get('offset') ?? 0)
      return ok({ ...provenance, by, rows: ranked.slice(skip, skip + Number(query.get('limit') ?? 10)), total: ranked.length } satisfies TopAnswer)
    }
    case '/requests': {
      const sort = query.get('sort') ?? 'ts'
      const search = query.get('search')?.toLowerCase() ?? ''
      const found = search === '' ? rows : rows.filter((r) => `${r.path} ${r.host} ${r.client} ${r.user_agent}`.toLowerCase().includes(search))
      const sign = query.get('order') === 'asc' ? 1 : -1
      const sorted = found.toSorted((a, b) => sign * ((num(a, sort) || 0) - (num(b, sort) || 0)))
      const skip = Number(query.get('offset') ?? 0)
      return ok({
        ...provenance,
        source: 'access',
        rows: sorted.slice(skip, skip + Number(query.get('limit') ?? 100)),
        total: found.length,
      } satisfies RequestsAnswer)
    }
    case '/marks':
      return ok({
        marks: rows.length === 0 ? [] : [{ ts: fixture.now - HOUR / 4, kind: 'change', what: 'p99', before: 0.21, after: 1.8 }],
      } satisfies MarksAnswer)
    case '/sources':
      return ok({ since: fixture.now - HOUR, sources: [] })
    default:
      return undefined
  }
}

function ruleAnswer(fixture: IngressFixture, method: string, path: string, body: unknown): Answer | undefined {
  if (path === '/alert-rules/preview') {
    const { rule } = body as { rule: AlertRule }
    const step = 300_000
    const ts = Array.from({ length: 288 }, (_, i) => fixture.now - 24 * HOUR + i * step)
    const values = ts.map((_, i) => (i > 270 ? rule.threshold * 1.4 : rule.threshold * (0.3 + 0.1 * Math.sin(i / 20))))
    return ok({
      from: fixture.now - 24 * HOUR,
      to: fixture.now,
      step,
      fired: 1,
      firingMs: 17 * step,
      episodes: [{ group: '', from: ts[271] as number, to: fixture.now, value: rule.threshold * 1.4 }],
      ts,
      values,
      incomplete: [],
    } satisfies PreviewAnswer)
  }
  const name = decodeURIComponent(path.slice('/alert-rules/'.length))
  if (method === 'GET') {
    return ok({
      rules: fixture.rules.map((rule, i) => ({
        rule,
        states: rule.enabled
          ? [
              {
                state: i === 0 ? 'firing' : 'ok',
                group: i === 0 && rule.groupBy ? 'shop/cart' : '',
                value: i === 0 ? 0.0712 : 0.2,
                requests: 4200,
                since: i === 0 ? fixture.now - 14 * 60_000 : null,
                evaluatedAt: fixture.now,
              },
            ]
          : [],
      })),
    } satisfies AlertRulesAnswer)
  }
  if (method === 'DELETE') {
    fixture.rules = fixture.rules.filter((r) => r.name !== name)
    return { status: 204, body: undefined }
  }
  const rule = alertRule.parse(body)
  if (method === 'POST' && fixture.rules.some((r) => r.name === rule.name)) {
    const problems = [{ path: 'name', message: 'There is a rule with this name already.' }]
    return {
      status: 400,
      body: { error: { code: 'INVALID_INPUT', message: 'The input has 1 problem(s).', next: 'Correct the fields listed and try again.', problems } },
    }
  }
  fixture.rules = [...fixture.rules.filter((r) => r.name !== name && r.name !== rule.name), rule]
  return ok(rule)
}

export const shopRules = (): AlertRule[] =>
  [
    { name: 'Cart fails', number: 'rate_5xx', threshold: 0.05, filter: ['service:eq:cart'], groupBy: 'route', severity: 'error', for: 60_000, minRequests: 50 },
    { name: 'Checkout is slow', number: 'p99', threshold: 1, filter: ['path_pattern:eq:/cart/checkout'], severity: 'warning' },
    { name: 'No traffic', absent: true, severity: 'critical' },
    { name: 'Old threshold', number: 'qps', comparison: '<', threshold: 0.5, enabled: false },
  ].map((rule) => alertRule.parse(rule))
