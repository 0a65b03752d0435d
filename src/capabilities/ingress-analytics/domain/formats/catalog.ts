/**
 * The formats that are known by name. Units differ, which is where silent errors come from: nginx logs seconds, Envoy milliseconds, Traefik
 * milliseconds in its text format and nanoseconds in JSON. All become seconds.
 */
import { type CodedError, invalidInput } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { jsonFormat } from './json.ts'
import { type LineFormat, SLOT, type Slot } from './line.ts'
import { compilePattern, type PatternOptions, VARIABLES } from './pattern.ts'
import { compileRegex, isRegex } from './regex.ts'

const COMBINED = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'

function pattern(name: string, text: string, more: Partial<LineFormat> & PatternOptions = {}): LineFormat {
  const compiled = compilePattern(name, text, more)
  if (!compiled.ok) throw compiled.error
  return { ...compiled.value, ...more, read: compiled.value.read }
}

/** Keys of nginx and of most hand-made JSON formats: the variables' own names and the usual other spellings. Times in seconds. */
const JSON_KEYS: Record<string, Slot> = {
  ...VARIABLES,
  '@timestamp': SLOT.TIME,
  timestamp: SLOT.TIME,
  ts: SLOT.TIME,
  date: SLOT.TIME,
  client_ip: SLOT.CLIENT,
  clientip: SLOT.CLIENT,
  remote_ip: SLOT.CLIENT,
  ip: SLOT.CLIENT,
  x_forwarded_for: SLOT.FORWARDED,
  remote_user: SLOT.IGNORED,
  verb: SLOT.METHOD,
  url: SLOT.PATH,
  vhost: SLOT.HOST,
  domain: SLOT.HOST,
  status_code: SLOT.STATUS,
  bytes: SLOT.BODY_SENT,
  size: SLOT.BODY_SENT,
  request_proto: SLOT.PROTOCOL,
  upstream_time: SLOT.UPSTREAM_TIME,
  agent: SLOT.USER_AGENT,
  http_referrer: SLOT.REFERER,
  referrer: SLOT.REFERER,
  ingress: SLOT.INGRESS,
  service: SLOT.SERVICE,
  traceparent: SLOT.TRACE,
  traceID: SLOT.TRACE,
  x_request_id: SLOT.REQUEST_ID,
}

/** Names of Envoy's operators as Envoy Gateway, Istio and Contour use them in JSON. Durations in ms; `start_time` is when the request began. */
const ENVOY_KEYS: Record<string, Slot> = {
  start_time: SLOT.START,
  method: SLOT.METHOD,
  path: SLOT.PATH,
  'x-envoy-origin-path': SLOT.PATH,
  protocol: SLOT.PROTOCOL,
  response_code: SLOT.STATUS,
  bytes_received: SLOT.BYTES_IN,
  bytes_sent: SLOT.BODY_SENT,
  duration: SLOT.REQUEST_TIME,
  upstream_service_time: SLOT.UPSTREAM_TIME,
  'x-envoy-upstream-service-time': SLOT.UPSTREAM_TIME,
  x_forwarded_for: SLOT.FORWARDED,
  'x-forwarded-for': SLOT.FORWARDED,
  user_agent: SLOT.USER_AGENT,
  'user-agent': SLOT.USER_AGENT,
  request_id: SLOT.REQUEST_ID,
  'x-request-id': SLOT.REQUEST_ID,
  authority: SLOT.HOST,
  ':authority': SLOT.HOST,
  upstream_host: SLOT.UPSTREAM_ADDR,
  upstream_cluster: SLOT.UPSTREAM,
  route_name: SLOT.ROUTE,
  downstream_remote_address: SLOT.CLIENT,
  referer: SLOT.REFERER,
  downstream_tls_version: SLOT.TLS,
  trace_id: SLOT.TRACE,
  traceparent: SLOT.TRACE,
}

/** https://doc.traefik.io/traefik/observability/access-logs/ — durations in ns; `StartUTC` is when the request began. */
const TRAEFIK_KEYS: Record<string, Slot> = {
  StartUTC: SLOT.START,
  StartLocal: SLOT.START,
  time: SLOT.TIME,
  ClientHost: SLOT.CLIENT,
  ClientAddr: SLOT.CLIENT,
  RequestMethod: SLOT.METHOD,
  RequestPath: SLOT.PATH,
  RequestProtocol: SLOT.PROTOCOL,
  RequestHost: SLOT.HOST,
  RequestAddr: SLOT.HOST,
  DownstreamStatus: SLOT.STATUS,
  DownstreamContentSize: SLOT.BODY_SENT,
  RequestContentSize: SLOT.BYTES_IN,
  Duration: SLOT.REQUEST_TIME,
  OriginDuration: SLOT.UPSTREAM_TIME,
  OriginStatus: SLOT.UPSTREAM_STATUS,
  ServiceAddr: SLOT.UPSTREAM_ADDR,
  ServiceName: SLOT.UPSTREAM,
  RouterName: SLOT.ROUTE,
  'request_User-Agent': SLOT.USER_AGENT,
  request_Referer: SLOT.REFERER,
  TLSVersion: SLOT.TLS,
  TraceId: SLOT.TRACE,
  'request_X-Request-Id': SLOT.REQUEST_ID,
}

const ENVOY_START = '[$start_time] "$method $path $protocol" $status $response_flags'
const ENVOY_END =
  '$request_length $body_bytes_sent $request_time_ms $upstream_time_ms "$http_x_forwarded_for" "$http_user_agent" "$req_id" "$http_host" "$upstream_addr"'

/** In the order in which detection tries them: the one that says most comes first, so that it wins where several fit. */
export const FORMATS: readonly LineFormat[] = [
  pattern(
    'upstreaminfo',
    `${COMBINED} $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id`,
  ),
  pattern('traefik', `${COMBINED.replace('$time_local', '$start_time')} $request_count "$route_name" "$server_url" \${request_time_ms}ms`),
  pattern(
    'istio',
    `${ENVOY_START} $response_code_details $termination_details "$transport_failure" ${ENVOY_END} $upstream_name $upstream_local_address $downstream_local_address $client $requested_server_name $route_name`,
  ),
  pattern('envoy', `${ENVOY_START} ${ENVOY_END}`),
  pattern('nginx-main', `${COMBINED} "$http_x_forwarded_for"`),
  pattern('combined', COMBINED, { openEnd: true }),
  pattern('common', '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent'),
  jsonFormat('traefik-json', TRAEFIK_KEYS, { timeUnit: 1e-9, upstreamUnit: 1e-9, needs: [SLOT.STATUS] }),
  jsonFormat('envoy-json', ENVOY_KEYS, { timeUnit: 1e-3, upstreamUnit: 1e-3, needs: [SLOT.STATUS] }),
  jsonFormat('json', JSON_KEYS, { timeUnit: 1, upstreamUnit: 1, needs: [SLOT.STATUS] }),
]

export const FORMAT_NAMES: readonly string[] = FORMATS.map((format) => format.name)

/** Longest pattern or expression, in characters. */
export const FORMAT_MAX = 4096

/** A format by name, or compiled from a pattern with `$variables` or a regular expression with named groups. */
export function findFormat(text: string): Result<LineFormat, CodedError> {
  const named = FORMATS.find((format) => format.name === text)
  if (named) return ok(named)
  if (text.length > FORMAT_MAX) return err(invalidInput([{ path: 'format', message: `at most ${FORMAT_MAX} characters` }]))
  if (isRegex(text)) return compileRegex('custom', text)
  if (text.includes('$')) return compilePattern('custom', text)
  const suggestion = nearest(text, [...FORMAT_NAMES, 'auto'])
  const message = `"${text.slice(0, 80)}" is neither a known format (${FORMAT_NAMES.join(', ')}) nor a pattern with $variables, nor an expression with (?P<named>groups)`
  return err(invalidInput([{ path: 'format', message, ...(suggestion ? { suggestion } : {}) }]))
}
