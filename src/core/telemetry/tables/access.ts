import { type Column, clusterColumn, column, type Table, word } from '../table.ts'

const ZSTD = 'ZSTD(1)'
/** Proxies log milliseconds, so that there are few different times: a dictionary halves them. With all times different it costs 20 % and makes their sums and quantiles seven times slower. */
const seconds = (name: string, doc: string) => column(name, 'LowCardinality(Float32)', doc, { unit: 's', codec: ZSTD })

/** Rows of so many hours (UTC) lie together, and are dropped together. */
export const ACCESS_PARTITION_HOURS = 4

/** One row per request that an ingress answered. Text is `''` where the log had none; times are NaN where the log had none. */
export const access: Table = {
  name: 'access',
  owner: 'ingress-analytics',
  doc: 'One row per ingress request.',
  columns: [
    column('ts', 'DateTime64(3)', 'Event time, UTC, as logged (end of the request).', { codec: 'Delta, ZSTD(1)' }),
    clusterColumn,
    word('source', 'Configured source the line came through.'),
    word('route', 'Stable name of the route: `namespace/ingress`, else the host, else the source.'),
    word('ingress', 'Ingress or HTTPRoute object.'),
    word('namespace', 'Namespace of the Ingress.'),
    word('service', 'Service (Kubernetes name) or upstream name.'),
    word('workload', 'Owner of the pod that answered, `Kind/name`.'),
    word('pod', 'Pod that answered.'),
    word('arm', 'Release arm: `primary`, `canary`, or empty.'),
    word('host', 'Requested host, lower case, without port.'),
    column('path', 'String', 'Requested path without query.', { codec: 'ZSTD(3)' }),
    word('path_pattern', 'Path with its ids replaced, e.g. `/orders/{id}`.'),
    word('method', 'HTTP method, upper case.'),
    column('status', 'UInt16', 'HTTP status sent to the client.', { codec: ZSTD }),
    column('bytes_in', 'UInt64', 'Request length.', { unit: 'bytes', codec: 'T64, ZSTD(1)' }),
    column('bytes_out', 'UInt64', 'Bytes sent to the client (body, as the format logs it).', { unit: 'bytes', codec: 'T64, ZSTD(1)' }),
    seconds('request_time', 'Time from first byte read to last byte sent. NaN: not logged.'),
    seconds('upstream_time', 'Time the upstreams took, all tries added. NaN: none or not logged.'),
    column('upstream_status', 'UInt16', 'Status of the last upstream tried. 0: none answered.', { codec: ZSTD }),
    word('upstream_addr', 'Last upstream tried, `ip:port`.'),
    // Too many different ones for a dictionary: as text they are a quarter smaller and three times faster to read.
    column('client', 'String', 'Client address as the ingress saw it.', { codec: ZSTD }),
    word('country', 'ISO 3166 country of the client, empty when unknown.'),
    word('user_agent', 'User-Agent header.'),
    word('ua_family', 'Browser, tool or bot family, e.g. `Chrome`, `curl`, `Googlebot`.'),
    word('referer', 'Referer header without query.'),
    word('protocol', 'HTTP/1.1, HTTP/2.0 …'),
    word('tls', 'TLS version, empty for plain text or not logged.'),
    column('trace_id', 'FixedString(16)', 'W3C trace id or the ingress request id, binary; zeros when missing.', { codec: 'NONE' }),
  ],
  // Rows of one pattern lie together: 4 bytes a row less than by time alone, and rankings by pattern read less.
  orderBy: ['cluster', 'toStartOfHour(ts)', 'route', 'path_pattern', 'ts'],
  partitionBy: `toStartOfInterval(ts, INTERVAL ${ACCESS_PARTITION_HOURS} HOUR)`,
  ttlDays: 30,
  timeColumn: 'ts',
}

/** The engine's sketch answers up to 3 % too much below 1 and within its 1 % above (measured on 26.7): so it is given microseconds. */
const SKETCH_UNIT = 'In microseconds: below 1 the sketch is off by up to 3 %.'
const micros = (column: string) => `toFloat32(${column} * 1000000)`
const QUANTILES = '0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999'
const KEYS = ['cluster', 'route', 'ingress', 'namespace', 'service', 'workload', 'arm', 'host'] as const

const counter = (name: string, doc: string) => column(name, 'SimpleAggregateFunction(sum, UInt64)', doc, { unit: '1', codec: ZSTD })

const measures = [
  counter('requests', 'Requests.'),
  column('bytes_in', 'SimpleAggregateFunction(sum, UInt64)', 'Request bytes.', { unit: 'bytes', codec: ZSTD }),
  column('bytes_out', 'SimpleAggregateFunction(sum, UInt64)', 'Response bytes.', { unit: 'bytes', codec: ZSTD }),
  counter('s1xx', 'Answers with status 1xx.'),
  counter('s2xx', 'Answers with status 2xx.'),
  counter('s3xx', 'Answers with status 3xx.'),
  counter('s4xx', 'Answers with status 4xx, 499 included.'),
  counter('s5xx', 'Answers with status 5xx.'),
  counter('s499', 'Client closed the request.'),
  counter('s502', 'Bad gateway.'),
  counter('s503', 'Unavailable.'),
  counter('s504', 'Gateway time-out.'),
  counter('timed', 'Requests whose request_time was logged.'),
  column('time_sum', 'SimpleAggregateFunction(sum, Float64)', 'Sum of request_time.', { unit: 's', codec: ZSTD }),
  column('time_max', 'SimpleAggregateFunction(max, Float32)', 'Greatest request_time; 0 when `timed` is 0.', { unit: 's', codec: ZSTD }),
  column('time_q', `AggregateFunction(quantilesDD(${QUANTILES}), Float32)`, `Mergeable quantile state of request_time. ${SKETCH_UNIT}`, {
    unit: 'us',
    codec: ZSTD,
  }),
  counter('upstream_timed', 'Requests whose upstream_time was logged.'),
  column('upstream_sum', 'SimpleAggregateFunction(sum, Float64)', 'Sum of upstream_time.', { unit: 's', codec: ZSTD }),
  column('upstream_q', `AggregateFunction(quantilesDD(${QUANTILES}), Float32)`, `Mergeable quantile state of upstream_time. ${SKETCH_UNIT}`, {
    unit: 'us',
    codec: ZSTD,
  }),
  // Of hashes of 32 bits: a state keeps 4 bytes a client then, of text it would keep 8.
  column('clients', 'AggregateFunction(uniqCombined(12), UInt32)', 'Mergeable state of distinct clients (xxHash32).', { codec: ZSTD }),
]

const statusClass = (digit: number) => `toUInt64(countIf(intDiv(status, 100) = ${digit})) AS s${digit}xx`
const statusCount = (status: number) => `toUInt64(countIf(status = ${status})) AS s${status}`

const rawToMinutes = `SELECT
  toDateTime(toStartOfMinute(ts)) AS ts, ${KEYS.join(', ')},
  toUInt64(count()) AS requests, sum(access.bytes_in) AS bytes_in, sum(access.bytes_out) AS bytes_out,
  ${[1, 2, 3, 4, 5].map(statusClass).join(', ')}, ${[499, 502, 503, 504].map(statusCount).join(', ')},
  toUInt64(countIf(NOT isNaN(request_time))) AS timed,
  sumIf(toFloat64(request_time), NOT isNaN(request_time)) AS time_sum,
  maxIf(request_time, NOT isNaN(request_time)) AS time_max,
  quantilesDDStateIf(${QUANTILES})(${micros('request_time')}, NOT isNaN(request_time)) AS time_q,
  toUInt64(countIf(NOT isNaN(upstream_time))) AS upstream_timed,
  sumIf(toFloat64(upstream_time), NOT isNaN(upstream_time)) AS upstream_sum,
  quantilesDDStateIf(${QUANTILES})(${micros('upstream_time')}, NOT isNaN(upstream_time)) AS upstream_q,
  uniqCombinedState(12)(xxHash32(client)) AS clients
FROM access GROUP BY ts, ${KEYS.join(', ')}`

const merged = ({ name, type }: Column): string => {
  const state = /^AggregateFunction\((\w+?)(\([^)]*\))?, /.exec(type)
  if (state !== null) return `${state[1]}MergeState${state[2] ?? ''}(access_1m.${name}) AS ${name}`
  return `${type.startsWith('SimpleAggregateFunction(max') ? 'max' : 'sum'}(access_1m.${name}) AS ${name}`
}

/** Coarser buckets are made of minutes: reading raw rows a second time would cost more than the insert itself. */
const minutesTo = (start: string) => `SELECT
  ${start}(access_1m.ts) AS ts, ${KEYS.join(', ')},
  ${measures.map(merged).join(', ')}
FROM access_1m GROUP BY ts, ${KEYS.join(', ')}`

const rollupTable = (name: string, from: NonNullable<Table['from']>, doc: string, partitionBy: string, ttlDays: number): Table => ({
  name,
  owner: 'ingress-analytics',
  doc,
  engine: 'AggregatingMergeTree',
  columns: [
    column('ts', 'DateTime', 'Start of the bucket, UTC.', { codec: 'Delta, ZSTD(1)' }),
    ...KEYS.map((key) => word(key, 'As in `access`.')),
    ...measures,
  ],
  orderBy: ['cluster', 'ts', ...KEYS.filter((key) => key !== 'cluster')],
  partitionBy,
  ttlDays,
  timeColumn: 'ts',
  from,
})

export const access1m = rollupTable('access_1m', { table: 'access', select: rawToMinutes }, 'Requests by minute.', 'toDate(ts)', 90)
/** For charts of a day, whose points are five minutes: a fifth of the states to merge. */
export const access5m = rollupTable(
  'access_5m',
  { table: 'access_1m', select: minutesTo('toStartOfFiveMinutes') },
  'Requests by five minutes.',
  'toDate(ts)',
  90,
)
export const access1h = rollupTable('access_1h', { table: 'access_1m', select: minutesTo('toStartOfHour') }, 'Requests by hour.', 'toStartOfMonth(ts)', 730)
