/** How many requests users make, and which. Pure: time and randomness are handed in. */

/**
 * Requests per second at a time of day: quiet at night, peaks at noon and in the evening, and a burst of three times as much
 * for two minutes in every half hour or so. `base` is the mean of a day.
 */
export function rateAt(ms: number, base: number): number {
  const hour = (ms / 3_600_000) % 24
  const day = 1 + 0.45 * Math.sin(((hour - 9) / 24) * 2 * Math.PI) + 0.15 * Math.sin(((hour - 3) / 12) * 2 * Math.PI)
  const minute = (ms / 60_000) % 31
  const burst = minute >= 17 && minute < 19 ? 3 : 1
  return base * day * burst
}

export interface Visit {
  method: 'GET' | 'POST' | 'DELETE'
  host: string
  path: string
  client: string
  userAgent: string
  referer: string
}

const AGENTS = [
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36', 30],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1', 22],
  ['Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36', 18],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:141.0) Gecko/20100101 Firefox/141.0', 8],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0', 8],
  ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 4],
  ['Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.50', 6],
  ['ShopApp/4.2.1 (iOS 18.5)', 3],
  ['python-requests/2.32.4', 1],
] as const
const AGENT_TOTAL = AGENTS.reduce((sum, [, weight]) => sum + weight, 0)

const SEARCHES = ['lamp', 'desk', 'chair', 'blue kettle', 'camera', 'tea', '茶壶', 'notebook', 'gift', 'usb c']

/** First octets whose ranges belong to many countries, so that the country table has something to show; nothing is ever sent there. */
const FIRST_OCTETS = [1, 8, 14, 23, 36, 41, 49, 58, 61, 78, 81, 89, 101, 103, 110, 119, 133, 151, 177, 185, 190, 200, 210, 217]

/** A user's address: the same number is the same user. */
export function clientAddress(user: number): string {
  const mixed = Math.imul(user + 1, 0x9e3779b1) >>> 0
  return `${FIRST_OCTETS[mixed % FIRST_OCTETS.length]}.${(mixed >>> 8) & 255}.${(mixed >>> 16) & 255}.${1 + ((mixed >>> 24) % 254)}`
}

/** Zipf-like rank in 0 … n-1: low ranks are drawn most. */
const popular = (random: () => number, n: number) => Math.floor(n ** random()) - 1

export function drawVisit(random: () => number, products: number): Visit {
  const user = popular(random, 20_000)
  let pick = random() * AGENT_TOTAL
  const agent =
    AGENTS.find(([, weight]) => {
      pick -= weight
      return pick < 0
    }) ?? AGENTS[0]
  const product = 1 + popular(random, products)
  const session = (Math.imul(user + 7, 0x85ebca6b) >>> 0).toString(16).padStart(8, '0')
  const cart = `${session}-4a1c-4f7e-9b1d-${session}7f3a`
  const visit = (method: Visit['method'], host: string, path: string, referer = ''): Visit => ({
    method,
    host,
    path,
    client: clientAddress(user),
    userAgent: agent[0],
    referer,
  })
  const web = (path: string, referer = 'https://shop.example.com/') => visit('GET', 'shop.example.com', path, referer)
  const api = (method: Visit['method'], path: string) => visit(method, 'api.shop.example.com', path, `https://shop.example.com/products/${product}`)
  const kind = random()
  if (kind < 0.16) return web('/', random() < 0.3 ? 'https://www.google.com/' : '')
  if (kind < 0.38) return web(`/products/${product}`)
  if (kind < 0.46) return web(`/search?q=${encodeURIComponent(SEARCHES[Math.floor(random() * SEARCHES.length)]!)}`)
  if (kind < 0.5) return web(`/cart/${cart}`)
  if (kind < 0.68) return api('GET', `/v1/products/${product}`)
  if (kind < 0.74) return api('GET', `/v1/search?q=${encodeURIComponent(SEARCHES[Math.floor(random() * SEARCHES.length)]!)}`)
  if (kind < 0.84) return api('GET', `/v1/cart/${cart}`)
  if (kind < 0.9) return api('POST', `/v1/cart/${cart}`)
  if (kind < 0.93) return api('POST', '/v1/orders')
  if (kind < 0.98) return api('GET', `/v1/orders/${1 + popular(random, 5_000)}`)
  if (kind < 0.99) return api('DELETE', `/v1/cart/${cart}`)
  return web(['/favicon.ico', '/wp-login.php', '/robots.txt', '/.env'][Math.floor(random() * 4)]!)
}
