/**
 * Text formats from an nginx `log_format` pattern: variables with literal text between them (https://nginx.org/en/docs/http/ngx_http_log_module.html).
 * A field ends at the first place where the whole literal after it matches, so a stray quote inside a user agent does no harm.
 */
import { type CodedError, invalidInput, type Problem } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { type Escapes, type LineFormat, SLOT, type Slot } from './line.ts'

/** Variables that mean something here; others are allowed and passed over. Seconds unless the name says otherwise. */
export const VARIABLES: Readonly<Record<string, Slot>> = {
  time_local: SLOT.TIME,
  time_iso8601: SLOT.TIME,
  msec: SLOT.TIME,
  time: SLOT.TIME,
  start_time: SLOT.START,
  remote_addr: SLOT.CLIENT,
  the_real_ip: SLOT.CLIENT,
  realip_remote_addr: SLOT.IGNORED,
  client: SLOT.CLIENT,
  http_x_forwarded_for: SLOT.FORWARDED,
  proxy_add_x_forwarded_for: SLOT.FORWARDED,
  request: SLOT.REQUEST,
  request_method: SLOT.METHOD,
  method: SLOT.METHOD,
  request_uri: SLOT.PATH,
  uri: SLOT.PATH,
  path: SLOT.PATH,
  server_protocol: SLOT.PROTOCOL,
  protocol: SLOT.PROTOCOL,
  host: SLOT.HOST,
  http_host: SLOT.HOST,
  server_name: SLOT.HOST,
  status: SLOT.STATUS,
  body_bytes_sent: SLOT.BODY_SENT,
  bytes_sent: SLOT.BYTES_SENT,
  request_length: SLOT.BYTES_IN,
  request_time: SLOT.REQUEST_TIME,
  request_time_ms: SLOT.REQUEST_TIME,
  upstream_response_time: SLOT.UPSTREAM_TIME,
  upstream_time_ms: SLOT.UPSTREAM_TIME,
  upstream_addr: SLOT.UPSTREAM_ADDR,
  upstream_status: SLOT.UPSTREAM_STATUS,
  proxy_upstream_name: SLOT.UPSTREAM,
  upstream_name: SLOT.UPSTREAM,
  proxy_host: SLOT.UPSTREAM,
  ingress_name: SLOT.INGRESS,
  namespace: SLOT.NAMESPACE,
  service_name: SLOT.SERVICE,
  http_user_agent: SLOT.USER_AGENT,
  user_agent: SLOT.USER_AGENT,
  http_referer: SLOT.REFERER,
  referer: SLOT.REFERER,
  ssl_protocol: SLOT.TLS,
  tls: SLOT.TLS,
  http_traceparent: SLOT.TRACE,
  opentelemetry_trace_id: SLOT.TRACE,
  otel_trace_id: SLOT.TRACE,
  trace_id: SLOT.TRACE,
  req_id: SLOT.REQUEST_ID,
  request_id: SLOT.REQUEST_ID,
  http_x_request_id: SLOT.REQUEST_ID,
  route_name: SLOT.ROUTE,
}

const encoder = new TextEncoder()
/** `$name` or `${name}`. */
const VARIABLE = /\$(?:\{(\w+)\}|(\w+))/g
/** The whole directive as it stands in nginx.conf. */
const DIRECTIVE = /^\s*log_format\s+\S+\s+(?:escape=(default|json|none)\s+)?([\s\S]*?);?\s*$/

/** Pattern text and escapes of either a bare pattern or a pasted `log_format name '…' '…';`. */
function fromDirective(text: string): { pattern: string; escapes: Escapes } {
  const found = DIRECTIVE.exec(text)
  const body = found?.[2] ?? text
  const pieces = found ? [...body.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/g)].map((m) => (m[1] ?? m[2] ?? '').replace(/\\(['"\\])/g, '$1')) : []
  const pattern = pieces.length > 0 ? pieces.join('') : body
  const named = found?.[1]
  const escapes: Escapes = named === 'json' ? 'json' : named === 'none' ? 'none' : named === undefined && pattern.trimStart().startsWith('{') ? 'json' : 'nginx'
  return { pattern, escapes }
}

export interface PatternOptions {
  /** Text after the last field is passed over when a space follows. */
  openEnd?: boolean
}

/**
 * Compiles a pattern. Problems (all at once): no time, no status, no request, two variables with nothing between them.
 * `name` is what the source status shows.
 */
export function compilePattern(name: string, text: string, options: PatternOptions = {}): Result<LineFormat, CodedError> {
  const { pattern, escapes } = fromDirective(text)
  const problems: Problem[] = []

  const names: string[] = []
  const literals: Uint8Array[] = []
  let head = new Uint8Array(0)
  let last = 0
  for (const found of pattern.matchAll(VARIABLE)) {
    const literal = encoder.encode(pattern.slice(last, found.index))
    if (names.length === 0) head = literal
    else {
      if (literal.length === 0) problems.push({ path: 'format', message: `nothing separates $${names.at(-1)} from ${found[0]}` })
      literals.push(literal)
    }
    names.push(found[1] ?? found[2] ?? '')
    last = found.index + found[0].length
  }
  literals.push(encoder.encode(pattern.slice(last)))

  problems.push(...missingFields(names, (variable) => `$${variable}`))
  if (problems.length > 0) return err(invalidInput(problems))

  const slots = names.map((variable) => VARIABLES[variable] ?? SLOT.IGNORED)
  return ok({ name, escapes, ...unitsOf(names), read: readerOf(head, Int32Array.from(slots), literals, options.openEnd === true) })
}

/** What every format needs and `names` lack; `written` is how a variable is written in this kind of format. */
export function missingFields(names: readonly string[], written: (variable: string) => string): Problem[] {
  const unknown = names.filter((variable) => VARIABLES[variable] === undefined)
  const slots = names.map((variable) => VARIABLES[variable])
  const need = (wanted: readonly Slot[], variables: readonly string[], message: string): Problem[] => {
    if (wanted.some((slot) => slots.includes(slot))) return []
    const suggestion = unknown.map((variable) => nearest(variable, variables)).find((found) => found !== undefined)
    return [{ path: 'format', message, ...(suggestion ? { suggestion } : {}) }]
  }
  return [
    // Without any time the transport's is taken (Loki); one that was misspelt would go unnoticed.
    ...need(
      [SLOT.TIME, SLOT.START],
      ['time_local', 'time_iso8601', 'msec'],
      `no time is read: ${written('time_local')}, ${written('time_iso8601')} or ${written('msec')}`,
    ).filter(({ suggestion }) => suggestion !== undefined),
    ...need([SLOT.STATUS], ['status'], `${written('status')} is needed`),
    ...need([SLOT.REQUEST, SLOT.PATH], ['request', 'request_uri', 'uri'], `${written('request')} or ${written('request_uri')} is needed`),
  ]
}

/** Seconds in one unit of the logged times, by the names of their variables. */
export const unitsOf = (names: readonly string[]): Pick<LineFormat, 'timeUnit' | 'upstreamUnit'> => ({
  timeUnit: names.includes('request_time_ms') ? 1e-3 : 1,
  upstreamUnit: names.includes('upstream_time_ms') ? 1e-3 : 1,
})

const SPACE = 0x20
const COMMA = 0x2c
const COLON = 0x3a
const LISTS: readonly Slot[] = [SLOT.UPSTREAM_ADDR, SLOT.UPSTREAM_STATUS, SLOT.UPSTREAM_TIME]

/** The loop that runs for every field of every line: tables of numbers only, no object behind them. */
function readerOf(head: Uint8Array, slots: Int32Array, literals: readonly Uint8Array[], openEnd: boolean): LineFormat['read'] {
  const fields = slots.length
  const widths = Int32Array.from(literals, (literal) => literal.length)
  const first = Int32Array.from(literals, (literal) => literal[0] ?? -1)
  const starts = new Int32Array(fields)
  for (let i = 1; i < fields; i++) starts[i] = starts[i - 1]! + widths[i - 1]!
  const text = new Uint8Array(starts[fields - 1]! + widths[fields - 1]!)
  literals.forEach((literal, i) => {
    text.set(literal, starts[i])
  })
  /** Upstream fields list every try as `a, b : c`; a space inside such a list does not end the field. */
  const lists = Uint8Array.from(slots, (slot, i) => (first[i] === SPACE && LISTS.includes(slot as Slot) ? 1 : 0))
  // $upstream_response_length and its like are passed over, but they are lists too: a field between two lists is read as one.
  for (let i = 1; i < fields - 1; i++) if (slots[i] === SLOT.IGNORED && lists[i - 1] === 1 && first[i] === SPACE) lists[i] = 1

  return (line, start, end) => {
    const { bytes, from, to } = line
    // what is read out of $request and X-Forwarded-For must not be left over from the line before
    to[SLOT.CLIENT] = from[SLOT.CLIENT]!
    to[SLOT.METHOD] = from[SLOT.METHOD]!
    to[SLOT.PATH] = from[SLOT.PATH]!
    to[SLOT.PROTOCOL] = from[SLOT.PROTOCOL]!
    let at = start
    for (let i = 0; i < head.length; i++) if (bytes[at++] !== head[i]) return false
    for (let field = 0; field < fields; field++) {
      const width = widths[field]!
      const stop = end - width
      let p = at
      if (width === 0) p = end
      else {
        const byte = first[field]!
        for (;;) {
          while (p <= stop && bytes[p] !== byte) p++
          if (p > stop) return false
          let same = 1
          if (width > 1) {
            const literal = starts[field]!
            while (same < width && bytes[p + same] === text[literal + same]) same++
          }
          if (same === width && (lists[field] === 0 || !insideList(bytes, p, end))) break
          p++
        }
      }
      const slot = slots[field]!
      from[slot] = at
      to[slot] = p
      at = p + width
    }
    return at === end || (openEnd && bytes[at] === SPACE)
  }
}

const insideList = (bytes: Uint8Array, p: number, end: number): boolean =>
  bytes[p - 1] === COMMA || (bytes[p - 1] === COLON && bytes[p - 2] === SPACE) || (p + 2 < end && bytes[p + 1] === COLON && bytes[p + 2] === SPACE)
