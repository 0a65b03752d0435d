/** The shop's services as HTTP handlers over one real SQL database; each pod is a server of its own on its own loopback address. */
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { type Endpoints, type Faults, NAMESPACE, type Pod, SERVICES, type ServiceName } from './shop.ts'

export const PRODUCTS = 2_000

/** What a running pod reads at each request, so that changes take effect at once. */
export interface Surroundings {
  endpoints: Endpoints
  faults: Faults
}

export function openDatabase(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 2_000 })
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL, stock INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS cart_items (cart TEXT NOT NULL, product INTEGER NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (cart, product));
    CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY AUTOINCREMENT, product INTEGER NOT NULL, total_cents INTEGER NOT NULL, created_at INTEGER NOT NULL)`)
  return db
}

const NOUNS = ['lamp', 'desk', 'chair', 'kettle', 'camera', 'tea', 'notebook', 'cable', 'clock', 'mug']
const COLORS = ['blue', 'red', 'oak', 'white', 'black', 'green']

/** Fills an empty database with products and past orders; called once, by the site's main process. */
export function seedDatabase(db: DatabaseSync): void {
  if ((db.prepare('SELECT count(*) AS n FROM products').get() as { n: number }).n > 0) return
  const insert = db.prepare('INSERT INTO products VALUES (?, ?, ?, ?)')
  db.exec('BEGIN')
  const order = db.prepare('INSERT INTO orders (product, total_cents, created_at) VALUES (?, ?, 0)')
  for (let id = 1; id <= 5_000; id++) order.run(1 + (id % PRODUCTS), 500 + id)
  for (let id = 1; id <= PRODUCTS; id++) insert.run(id, `${COLORS[id % COLORS.length]} ${NOUNS[id % NOUNS.length]} ${id}`, 500 + ((id * 7919) % 20_000), 100)
  db.exec('COMMIT')
}

interface Answer {
  status: number
  body: unknown
}
const found = (body: unknown): Answer => (body === undefined || body === null ? { status: 404, body: { error: 'not found' } } : { status: 200, body })

/** Keeps the orders table at a size that a demo left running for weeks can afford. */
const MAX_ORDERS = 50_000

type Handler = (method: string, url: URL, call: (service: ServiceName, path: string) => Promise<Answer>) => Promise<Answer> | Answer

function handlers(db: DatabaseSync): Record<ServiceName, Handler> {
  const product = db.prepare('SELECT id, name, price_cents, stock FROM products WHERE id = ?')
  const search = db.prepare("SELECT id, name, price_cents FROM products WHERE name LIKE '%' || ? || '%' ORDER BY price_cents LIMIT 20")
  const cartItems = db.prepare('SELECT product, quantity FROM cart_items WHERE cart = ? LIMIT 50')
  const addItem = db.prepare('INSERT INTO cart_items VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET quantity = min(quantity + 1, 99)')
  const emptyCart = db.prepare('DELETE FROM cart_items WHERE cart = ?')
  const placeOrder = db.prepare('INSERT INTO orders (product, total_cents, created_at) SELECT id, price_cents, ? FROM products WHERE id = ? RETURNING id')
  const trimOrders = db.prepare(`DELETE FROM orders WHERE id <= ? - ${MAX_ORDERS}`)
  const order = db.prepare('SELECT id, product, total_cents, created_at FROM orders WHERE id = ?')
  const last = (url: URL) => decodeURIComponent(url.pathname.slice(url.pathname.lastIndexOf('/') + 1)).slice(0, 64)
  return {
    catalog: (_, url) =>
      url.pathname.startsWith('/v1/search')
        ? { status: 200, body: search.all((url.searchParams.get('q') ?? '').slice(0, 64)) }
        : found(product.get(Number(last(url)) || 0)),
    cart: (method, url) => {
      const cart = last(url)
      if (method === 'DELETE') emptyCart.run(cart)
      if (method === 'POST') addItem.run(cart, 1 + (cart.charCodeAt(0) % PRODUCTS))
      return { status: method === 'POST' ? 201 : 200, body: cartItems.all(cart) }
    },
    orders: (method, url) => {
      if (method !== 'POST') return found(order.get(Number(last(url)) || 0))
      const placed = placeOrder.get(Date.now(), 1 + (Date.now() % PRODUCTS)) as { id: number }
      if (placed.id % 1000 === 0) trimOrders.run(placed.id)
      return { status: 201, body: placed }
    },
    gateway: async (_, url, call) => {
      const page = (title: string, ...parts: Answer[]): Answer => {
        const broken = parts.find((part) => part.status >= 500)
        return broken
          ? { status: 502, body: { error: 'a service behind the gateway failed' } }
          : { status: parts[0]?.status ?? 200, body: { title, parts: parts.map((part) => part.body) } }
      }
      if (url.pathname === '/') return page('home', ...(await Promise.all([call('catalog', '/v1/search?q=lamp'), call('catalog', '/v1/products/1')])))
      if (url.pathname.startsWith('/products/')) return page('product', await call('catalog', `/v1/products/${encodeURIComponent(last(url))}`))
      if (url.pathname === '/search')
        return page('search', await call('catalog', `/v1/search?q=${encodeURIComponent((url.searchParams.get('q') ?? '').slice(0, 64))}`))
      if (url.pathname.startsWith('/cart/')) return page('cart', await call('cart', `/v1/cart/${encodeURIComponent(last(url))}`))
      return { status: 404, body: { error: 'no such page' } }
    },
  }
}

/** Starts one pod and resolves with its address. Capacity is bounded: what does not fit is refused with 503, as a full server does. */
export function startPod(
  pod: Pod,
  db: DatabaseSync,
  at: { address: string; port: number },
  around: Surroundings,
  random: () => number,
  log: (line: string) => void,
): Promise<{ server: Server; port: number }> {
  const { address } = at
  const { capacity, workMs } = SERVICES[pod.service]
  const handle = handlers(db)[pod.service]
  const agent = new Agent({ keepAlive: true, maxSockets: 64, maxFreeSockets: 8 })
  let busy = 0
  let turn = 0

  const call = (service: ServiceName, path: string) =>
    new Promise<Answer>((resolve) => {
      const targets = around.endpoints[`${NAMESPACE}/${service}`]?.primary ?? []
      const target = targets[turn++ % Math.max(1, targets.length)]
      if (target === undefined) return resolve({ status: 503, body: null })
      const [host, port] = target.split(':')
      const outgoing = request(
        { host, port: Number(port), path, agent, timeout: 5_000, localAddress: address === '127.0.0.1' ? undefined : address },
        (incoming) => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
          incoming.on('end', () => resolve({ status: incoming.statusCode ?? 502, body: JSON.parse(Buffer.concat(chunks).toString() || 'null') }))
          incoming.on('error', () => resolve({ status: 502, body: null }))
        },
      )
      outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')))
      outgoing.on('error', () => resolve({ status: 502, body: null }))
      outgoing.end()
    })

  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    incoming.resume()
    const began = performance.now()
    const send = (status: number, body: unknown) => {
      log(`${incoming.method} ${incoming.url} ${status} ${(performance.now() - began).toFixed(1)}ms ${incoming.headers['x-request-id'] ?? '-'}`)
      const bytes = Buffer.from(JSON.stringify(body))
      outgoing.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, 'x-pod': pod.name }).end(bytes)
    }
    if (busy >= capacity) return send(503, { error: 'at capacity' })
    busy++
    try {
      const fault = around.faults[pod.service]
      // Work takes a log-normal time; the canary is a little slower, so that a release by evidence has something to find.
      const drawn = workMs * (pod.arm === 'canary' ? 1.4 : 1) * Math.exp((random() + random() + random() - 1.5) * 1.2)
      await new Promise((resolve) => setTimeout(resolve, drawn + (fault?.delayMs ?? 0) * (0.5 + random())))
      if (random() < (fault?.errorShare ?? 0)) return send(500, { error: 'injected fault' })
      const result = await handle(incoming.method ?? 'GET', new URL(incoming.url ?? '/', 'http://pod'), call)
      send(result.status, result.body)
    } catch (error) {
      send(500, { error: (error as Error).message })
    } finally {
      busy--
    }
  }

  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing))
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(at.port, address, () => {
      const bound = server.address()
      log(`listening on ${address}:${at.port}, capacity ${capacity} requests at a time`)
      resolve({ server, port: typeof bound === 'object' && bound ? bound.port : 0 })
    })
  })
}
