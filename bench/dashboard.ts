/**
 * What the Ingress page asks, over 10 million rows of one day: each question alone and all at once, at 15 min, 6 h and 24 h.
 * Bar: each ≤ 1 s on 2 cores. Wall time is only as good as the machine is idle, so CPU seconds of this process and the engine child stand beside it.
 * `node bench/dashboard.ts [ROWS] [ROUNDS]`
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'chdb'
import { requestsQuery, seriesQuery, statsQuery, topQuery } from '#capabilities/ingress-analytics/domain/api.ts'
import { createQuestions } from '#capabilities/ingress-analytics/server/questions.ts'
import { openTelemetry } from '#edges/telemetry/chdb/open.ts'
import { DATABASE } from '#edges/telemetry/ddl.ts'
import { createLiveStream } from '#edges/telemetry/live/live-stream.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { median } from './measure.ts'
import { cpuSeconds, family, pssMegabytes } from './processes.ts'

const rows = Number(process.argv[2] ?? 10_000_000)
const rounds = Number(process.argv[3] ?? 5)
const HOUR = 3_600_000
const INSERTS = 40

/** Rows [from, to) of a day that ends at `end` (ms): 60 routes of 12 namespaces, Zipf-like paths and clients, log-normal times, the curve of a day, errors. Seeded by the row number. */
const daySql = (from: number, to: number, all: number, end: number) => `INSERT INTO ${DATABASE}.access
(ts, cluster, source, route, ingress, namespace, service, workload, pod, arm, host, path, path_pattern, method, status, bytes_in, bytes_out, request_time, upstream_time, upstream_status, upstream_addr, client, country, user_agent, ua_family, referer, protocol, tls, trace_id)
SELECT fromUnixTimestamp64Milli(toInt64(${end - 24 * HOUR} + day * ${24 * HOUR})), 'bench', 'ingress',
  concat('team-', toString(r % 12), '/app-', toString(r)), concat('app-', toString(r)), concat('team-', toString(r % 12)), concat('svc-', toString(r)), concat('Deployment/svc-', toString(r)),
  concat('svc-', toString(r), '-', toString(h1 % 6)), if(r % 10 = 0 AND h1 % 10 = 0, 'canary', 'primary'), concat('app-', toString(r % 20), '.example'),
  concat('/api/', toString(p % 5), '/things-', toString(p), if(h2 % 3 = 0, concat('/', toString(h2 % 1000000)), '')),
  concat('/api/', toString(p % 5), '/things-', toString(p), if(h2 % 3 = 0, '/{id}', '')),
  arrayElement(['GET', 'GET', 'GET', 'GET', 'POST', 'PUT', 'DELETE'], 1 + h2 % 7),
  multiIf(h3 % 1000 < 4, 500, h3 % 1000 < 7, 502, h3 % 1000 < 9, 503, h3 % 1000 < 12, 504, h3 % 1000 < 20, 499, h3 % 1000 < 60, 404, h3 % 1000 < 100, 301, 200) AS s,
  200 + h1 % 1500, toUInt64(exp(5 + 6 * u2)), toFloat32(round(0.02 * exp(1.2 * n), 3)) AS t, if(s = 499, nan, toFloat32(round(0.018 * exp(1.2 * n), 3))), if(s = 499, 0, s),
  concat('10.0.', toString(r), '.', toString(h1 % 6), ':8080'), IPv4NumToString(toUInt32(184549376 + intHash32(toUInt32(pow(u1, 3) * 300000)) % 16777216)),
  arrayElement(['CN', 'US', 'DE', 'GB', 'JP', 'BR', ''], 1 + h1 % 7),
  concat('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/', toString(100 + h2 % 40), '.0.0.0 Safari/537.36'),
  arrayElement(['Chrome', 'Safari', 'Firefox', 'curl', 'Googlebot'], 1 + h2 % 5), if(h3 % 4 = 0, concat('https://www.example.com/page-', toString(h3 % 200)), ''),
  'HTTP/2.0', 'TLSv1.3', reinterpret(sipHash128(number), 'FixedString(16)')
FROM (SELECT number, number / ${all} AS x, x + 0.09 * sin(6.2831853 * x) / 6.2831853 * 5 AS day, cityHash64(number, 1) AS h1, cityHash64(number, 2) AS h2, cityHash64(number, 3) AS h3,
  (h1 % 1000003) / 1000003 AS u1, (h2 % 1000003) / 1000003 AS u2, sqrt(-2 * log((h3 % 999983 + 1) / 999984)) * cos(6.2831853 * u1) AS n,
  toUInt32(pow((h1 % 100003) / 100003, 2.5) * 60) AS r, r * 10 + toUInt32(pow(u2, 3) * 25) AS p FROM numbers(${from}, ${to - from}))`

const cpu = () => family(process.pid).reduce((sum, pid) => sum + cpuSeconds(pid), 0)
const dir = mkdtempSync(join(tmpdir(), 'sallyport-dashboard-'))
try {
  const end = Math.floor(Date.now() / 60_000) * 60_000 - 30_000
  await (await openTelemetry({ dir, clock: systemClock })).close()
  const session = new Session(join(dir, 'engine'))
  session.query('SET max_threads = 2, max_insert_threads = 1, max_memory_usage = 2000000000')
  for (let i = 0; i < INSERTS; i++) session.query(daySql(Math.floor((i * rows) / INSERTS), Math.floor(((i + 1) * rows) / INSERTS), rows, end))
  session.close()

  const telemetry = await openTelemetry({ dir, clock: systemClock })
  const scope = 'all'
  const count = await telemetry.query({
    sql: 'SELECT (SELECT count() FROM access), (SELECT count() FROM access_1m), (SELECT sum(requests) FROM access_1h)',
    scope,
  })
  const [raw, minutes, rolled] = count.rows[0]!
  console.log(`${raw} rows, ${minutes} rows of access_1m, ${rolled} requests in access_1h`)
  const ask = createQuestions({ telemetry, live: createLiveStream({ clock: systemClock }), clock: systemClock, sources: () => [] })
  const FAILED = ['status:eq:499', 'status:eq:502', 'status:eq:503', 'status:eq:504']
  /** On a machine that does other work a question may run into its limit of 10 s: then that is its result. */
  const answered = async (question: () => Promise<{ source?: string }>) =>
    question().then(
      ({ source = '' }) => source,
      (error: Error) => error.message,
    )
  let slowest = 0
  console.log('range\tquestion\ts alone\tCPU s\ts all at once\tfrom')
  for (const hours of [0.25, 6, 24]) {
    const range = { from: end - hours * HOUR, to: end }
    const top = (by: string, more = {}) => ask.top('bench', scope, topQuery.parse({ ...range, by, ...more }))
    /** What is sent when the page opens. */
    const page: Record<string, () => Promise<{ source?: string }>> = {
      stats: () => ask.stats('bench', scope, statsQuery.parse(range)),
      series: () => ask.series('bench', scope, seriesQuery.parse(range)),
      marks: async () => ({ ...(await ask.marks('bench', scope, statsQuery.parse(range))), source: 'counters' }),
      'top route': () => top('route'),
      'failing upstreams': () => top('upstream_addr', { limit: 50, filter: FAILED }),
      'slow requests': () => ask.requests('bench', scope, requestsQuery.parse({ ...range, sort: 'request_time', limit: 10 })),
    }
    /** What is sent one at a time, when somebody clicks. */
    const clicks: typeof page = {
      'stats, compared': () => ask.stats('bench', scope, statsQuery.parse({ ...range, compare: hours * HOUR })),
      'series of one namespace': () => ask.series('bench', scope, seriesQuery.parse({ ...range, filter: 'namespace:eq:team-1' })),
      'series of 5xx': () => ask.series('bench', scope, seriesQuery.parse({ ...range, filter: 'status:gte:500' })),
      'top path_pattern': () => top('path_pattern'),
      'top path': () => top('path'),
      'top status': () => top('status'),
      'top client': () => top('client'),
      'top country': () => top('country'),
      'top ua_family': () => top('ua_family'),
      'top path_pattern by p99': () => top('path_pattern', { sort: 'p99' }),
      'newest requests': () => ask.requests('bench', scope, requestsQuery.parse({ ...range, limit: 100 })),
      'requests, searched': () => ask.requests('bench', scope, requestsQuery.parse({ ...range, search: 'things-3/77' })),
    }
    const together = new Map<string, number[]>()
    for (let round = 0; round < rounds; round++) {
      await Promise.all(
        Object.entries(page).map(async ([name, question]) => {
          const started = performance.now()
          await answered(question)
          together.set(name, [...(together.get(name) ?? []), (performance.now() - started) / 1000])
        }),
      )
    }
    for (const [name, question] of [...Object.entries(page), ...Object.entries(clicks)]) {
      const walls: number[] = []
      const cpus: number[] = []
      let source = ''
      for (let round = 0; round < rounds; round++) {
        const used = cpu()
        const started = performance.now()
        source = await answered(question)
        walls.push((performance.now() - started) / 1000)
        cpus.push(cpu() - used)
      }
      const all = together.get(name)
      slowest = Math.max(slowest, median(walls), all ? median(all) : 0)
      console.log([`${hours} h`, name, median(walls).toFixed(2), median(cpus).toFixed(2), all ? median(all).toFixed(2) : '', source].join('\t'))
    }
  }
  const pss = family(process.pid).reduce((sum, pid) => sum + pssMegabytes(pid), 0)
  console.log(`slowest ${slowest.toFixed(2)} s; PSS of this process and the engine ${pss.toFixed(0)} MB`)
  await telemetry.close()
} finally {
  rmSync(dir, { recursive: true, force: true })
}
