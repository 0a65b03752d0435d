/**
 * Realistic access log lines from a seed: Zipf over services, paths, clients and user agents, ids in paths, log-normal times by path, unique request
 * ids, retries. The same seed gives the same bytes. `node bench/access-log-generator.ts FORMAT LINES [SEED]` writes to stdout.
 */
import { seededRandom } from '#core/kernel/random.ts'

export const GENERATED = ['upstreaminfo', 'combined', 'json'] as const
export type Generated = (typeof GENERATED)[number]

export interface GeneratorOptions {
  format: Generated
  seed?: number
  /** ms since the epoch of the first line. */
  startsAt?: number
  linesPerSecond?: number
  clients?: number
}

interface Endpoint {
  method: string
  path: (random: () => number) => string
  median: number
  spread: number
  bytes: number
}

const SERVICES = [
  'catalog',
  'cart',
  'orders',
  'gateway',
  'search',
  'users',
  'images',
  'payments',
  'reviews',
  'recommend',
  'static',
  'auth',
  'inventory',
  'shipping',
  'admin',
  'events',
]
const NAMESPACES = ['shop', 'shop', 'shop', 'shop', 'search', 'accounts', 'media', 'pay', 'shop', 'ml', 'media', 'accounts', 'shop', 'shop', 'ops', 'data']
const NOUNS = [
  'items',
  'products',
  'orders',
  'users',
  'sessions',
  'images',
  'reviews',
  'carts',
  'prices',
  'offers',
  'stock',
  'addresses',
  'events',
  'tags',
  'brands',
  'pages',
]
const VERBS = ['list', 'detail', 'search', 'summary', 'history', 'recommended', 'status', 'export']
const REFERERS = ['-', 'https://shop.example.com/', 'https://shop.example.com/cart', 'https://www.google.com/', 'https://m.shop.example.com/home']

/** Draws ranks 0 … n - 1 with probability ∝ 1 / (rank + 1)^s, by bisection of the cumulated weights. */
function zipf(n: number, s: number, random: () => number): () => number {
  const cumulated = new Float64Array(n)
  let sum = 0
  for (let i = 0; i < n; i++) cumulated[i] = sum += 1 / (i + 1) ** s
  return () => {
    const x = random() * sum
    let low = 0
    let high = n - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (cumulated[middle]! < x) low = middle + 1
      else high = middle
    }
    return low
  }
}

const hex = (random: () => number, digits: number): string => {
  let text = ''
  while (text.length < digits)
    text += Math.floor(random() * 0x100000000)
      .toString(16)
      .padStart(8, '0')
  return text.slice(0, digits)
}

function userAgents(random: () => number): string[] {
  const agents: string[] = []
  const version = (base: number) => `${base + Math.floor(random() * 12)}.0.${Math.floor(random() * 7000)}.${Math.floor(random() * 200)}`
  for (let i = 0; i < 60; i++) {
    agents.push(`Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version(120)} Safari/537.36`)
    if (i % 2 === 0)
      agents.push(
        `Mozilla/5.0 (iPhone; CPU iPhone OS ${15 + (i % 4)}_${i % 7} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.${i % 6} Mobile/15E148 Safari/604.1`,
      )
    if (i % 3 === 0)
      agents.push(`Mozilla/5.0 (Linux; Android ${10 + (i % 5)}; SM-G9${i}0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version(118)} Mobile Safari/537.36`)
    if (i % 5 === 0) agents.push(`Mozilla/5.0 (X11; Linux x86_64; rv:${100 + i}.0) Gecko/20100101 Firefox/${100 + i}.0`)
    agents.push(`shop-app/${i}.2 (iOS 17.${i % 7})`)
    if (i % 2 === 0) agents.push(`shop-app/${i}.1 (Android ${10 + (i % 5)}) okhttp/4.${i % 13}.0`)
  }
  agents.push(
    'curl/8.5.0',
    'Go-http-client/1.1',
    'python-requests/2.31.0',
    'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
    'kube-probe/1.29',
  )
  return agents.sort(() => random() - 0.5)
}

function endpoints(service: number, random: () => number): Endpoint[] {
  return Array.from({ length: 24 }, (_, i) => {
    const noun = NOUNS[(service * 3 + i) % NOUNS.length]!
    const verb = VERBS[i % VERBS.length]!
    // numbers are the usual ids; one endpoint in twelve has UUIDs
    const shape = i % 6 === 3 && i % 12 !== 3 ? 0 : i % 6
    const base = `/${SERVICES[service]}/v1/${noun}`
    const path =
      shape === 0
        ? (r: () => number) => `${base}/${Math.floor(r() ** 3 * 200_000)}`
        : shape === 1
          ? (r: () => number) => `${base}/${verb}?page=${Math.floor(r() * 50)}&size=20`
          : shape === 2
            ? () => `${base}/${verb}`
            : shape === 3
              ? (r: () => number) => `${base}/${hex(r, 8)}-${hex(r, 4)}-4${hex(r, 3)}-a${hex(r, 3)}-${hex(r, 12)}`
              : shape === 4
                ? () => `/static/${noun}/${verb}.${(0x3f2a1b00 + service * 977 + i).toString(16)}.js`
                : () => `${base}/${verb}/top`
    return {
      method: i % 7 === 3 ? 'POST' : i % 11 === 5 ? 'PUT' : 'GET',
      path,
      median: 0.004 * 3 ** (random() * 4),
      spread: 0.4 + random() * 0.8,
      bytes: 200 * 8 ** (random() * 3),
    }
  })
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const pad = (value: number, digits = 2) => String(value).padStart(digits, '0')
const clfTime = (ms: number): string => {
  const d = new Date(ms)
  return `${pad(d.getUTCDate())}/${MONTHS[d.getUTCMonth()]}/${d.getUTCFullYear()}:${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}:${pad(d.getUTCSeconds())} +0000`
}

/** A source of lines without their newline. */
export function accessLog(options: GeneratorOptions): () => string {
  const random = seededRandom(options.seed ?? 1)
  const startsAt = options.startsAt ?? 1_790_000_000_000
  const perSecond = options.linesPerSecond ?? 2000
  const serviceRank = zipf(SERVICES.length, 1, random)
  const endpointRank = zipf(24, 1.1, random)
  const clientRank = zipf(options.clients ?? 120_000, 0.9, random)
  const agents = userAgents(random)
  const agentRank = zipf(agents.length, 0.9, random)
  const catalog = SERVICES.map((_, i) => endpoints(i, random))
  const pods = SERVICES.map(() => Array.from({ length: 6 }, () => `10.244.${Math.floor(random() * 20)}.${Math.floor(random() * 250)}:8080`))
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const clientOf = (rank: number) => {
    const mixed = Math.imul(rank + 1, 0x9e3779b1) >>> 0
    return `${1 + ((mixed >>> 24) % 222)}.${(mixed >>> 16) & 255}.${(mixed >>> 8) & 255}.${mixed & 255}`
  }
  let line = 0

  return () => {
    const at = startsAt + Math.floor((line++ * 1000) / perSecond)
    const service = serviceRank()
    const endpoint = catalog[service]![endpointRank()]!
    const path = endpoint.path(random)
    const client = clientRank()
    // a client keeps its user agent
    const agent = agents[random() < 0.9 ? (Math.imul(client, 2654435761) >>> 8) % agents.length : agentRank()]!
    const draw = random()
    const status =
      draw < 0.93
        ? 200
        : draw < 0.95
          ? 304
          : draw < 0.96
            ? 302
            : draw < 0.975
              ? 404
              : draw < 0.985
                ? 400
                : draw < 0.99
                  ? 499
                  : draw < 0.995
                    ? 500
                    : draw < 0.998
                      ? 502
                      : 504
    const upstream = status === 504 ? 60 : endpoint.median * Math.exp(endpoint.spread * normal())
    const total = upstream + (random() < 0.3 ? 0.001 : 0)
    const bytes = status === 304 ? 0 : Math.round(endpoint.bytes * Math.exp(0.3 * normal()))
    const retry = random() < 0.004
    const pod = pods[service]![Math.floor(random() * 6)]!
    const addr = retry ? `${pods[service]![0]}, ${pod}` : pod
    const times = retry ? `0.001, ${upstream.toFixed(3)}` : upstream.toFixed(3)
    const statuses = retry ? `502, ${status}` : status === 499 ? '-' : `${status}`
    const lengths = retry ? `0, ${bytes}` : `${bytes}`
    const referer = REFERERS[random() < 0.6 ? 0 : Math.floor(random() * REFERERS.length)]!
    const request = `${endpoint.method} ${path} HTTP/${random() < 0.8 ? '2.0' : '1.1'}`
    // what a request is made of: its line, its headers, the client's cookies, and a body when it has one
    const cookies = (client % 4) * 93
    const received = 120 + request.length + agent.length + referer.length + cookies + (endpoint.method === 'GET' ? 0 : Math.floor(random() * 900))
    if (options.format === 'json') {
      return JSON.stringify({
        time_iso8601: `${new Date(at).toISOString().slice(0, 19)}+00:00`,
        remote_addr: clientOf(client),
        host: `${SERVICES[service]}.shop.example.com`,
        request,
        status,
        body_bytes_sent: bytes,
        request_length: received,
        request_time: Number(total.toFixed(3)),
        upstream_addr: addr,
        upstream_response_time: times,
        upstream_status: statuses,
        proxy_upstream_name: `${NAMESPACES[service]}-${SERVICES[service]}-80`,
        http_referer: referer,
        http_user_agent: agent,
        req_id: hex(random, 32),
      })
    }
    const combined = `${clientOf(client)} - - [${clfTime(at)}] "${request}" ${status} ${bytes} "${referer}" "${agent}"`
    if (options.format === 'combined') return combined
    return `${combined} ${received} ${total.toFixed(3)} [${NAMESPACES[service]}-${SERVICES[service]}-80] [] ${addr} ${lengths} ${times} ${statuses} ${hex(random, 32)}`
  }
}

/** `lines` lines as one buffer. */
export function accessLogBytes(lines: number, options: GeneratorOptions): Buffer {
  const next = accessLog(options)
  const parts: Buffer[] = []
  let text = ''
  for (let i = 0; i < lines; i++) {
    text += `${next()}\n`
    if (text.length > 4_000_000) {
      parts.push(Buffer.from(text))
      text = ''
    }
  }
  parts.push(Buffer.from(text))
  return Buffer.concat(parts)
}

if (import.meta.main) {
  const [format = 'upstreaminfo', lines = '1000', seed = '1'] = process.argv.slice(2)
  const next = accessLog({ format: format as Generated, seed: Number(seed) })
  let text = ''
  for (let i = 0; i < Number(lines); i++) {
    text += `${next()}\n`
    if (text.length > 1_000_000) {
      if (!process.stdout.write(text)) await new Promise<void>((resolve) => process.stdout.once('drain', () => resolve()))
      text = ''
    }
  }
  process.stdout.write(text)
}
