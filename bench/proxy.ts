/**
 * A proxy in front of a registry: `delayProxy` makes it as far away as wanted (whole connections, any bytes), `faultProxy` makes it fail as registries,
 * networks and middle boxes do. Both on a free port of loopback.
 */
import { createServer as createHttpServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { seededRandom } from '#core/kernel/random.ts'

export interface Proxy extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  host: string
}

/** Bytes pass after `ms` each way, in order; a connection takes a round trip to open. */
export async function delayProxy(target: string, roundTripMs: number): Promise<Proxy> {
  const [address, port] = target.split(':')
  const half = roundTripMs / 2
  const sockets = new Set<Socket>()
  const pass = (from: Socket, to: Socket) => {
    from.on('data', (part) => setTimeout(() => !to.destroyed && to.write(part), half))
    from.on('end', () => setTimeout(() => to.end(), half))
    from.on('close', () => setTimeout(() => to.destroy(), half + 5))
    from.on('error', () => {})
  }
  const server = createServer((client) => {
    client.setNoDelay(true)
    client.pause()
    sockets.add(client)
    client.on('close', () => sockets.delete(client))
    // The handshake: nothing is heard of before it went there and back.
    setTimeout(() => {
      const upstream = connect({ host: address!, port: Number(port), noDelay: true })
      pass(client, upstream)
      pass(upstream, client)
      client.resume()
    }, roundTripMs)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((closed) => server.close(closed))
    },
  }
}

export const FAULTS = [
  'busy',
  'unavailable',
  'error',
  'reset',
  'reset-midway',
  'truncated',
  'corrupted',
  'expired-token',
  'no-chunks',
  'relative-location',
  'no-digest-header',
  'corrupted-upload',
] as const
export type Fault = (typeof FAULTS)[number]

/** Faults of these kinds hit that share of the requests, in an order that the seed decides; `no-chunks`, `relative-location` and `no-digest-header` hit all. */
export async function faultProxy(
  target: string,
  faults: readonly Fault[],
  { share = 0.2, seed = 1 }: { share?: number; seed?: number } = {},
): Promise<Proxy & { hits: Record<string, number> }> {
  const [address, port] = target.split(':')
  const random = seededRandom(seed)
  const hits: Record<string, number> = {}
  const always = new Set<Fault>(['no-chunks', 'relative-location', 'no-digest-header'])
  const sometimes = faults.filter((fault) => !always.has(fault))
  const has = (fault: Fault) => faults.includes(fault)
  const tokens = new Set<string>()
  let issued = 0

  const server = createHttpServer((incoming, answer) => {
    const fault = sometimes.length > 0 && random() < share ? sometimes[Math.floor(random() * sometimes.length)] : undefined
    handle(incoming, answer, fault).catch(() => incoming.socket.destroy())
  })

  const issue = () => {
    const token = `t${++issued}`
    tokens.add(`Bearer ${token}`)
    return token
  }
  async function handle(incoming: IncomingMessage, answer: ServerResponse, fault: Fault | undefined) {
    const count = (name: Fault) => {
      hits[name] = (hits[name] ?? 0) + 1
    }
    const refuse = (status: number, headers: Record<string, string>, code: string) => {
      incoming.resume()
      answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ errors: [{ code, message: `made up: ${code}` }] }))
    }
    if (incoming.url!.startsWith('/token'))
      return void answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ token: issue(), expires_in: 3600 }))
    if (has('expired-token')) {
      const held = incoming.headers.authorization ?? ''
      if (fault === 'expired-token') tokens.delete(held)
      if (!tokens.has(held)) {
        count('expired-token')
        const scope = `repository:${/^\/v2\/(.+?)\/(?:manifests|blobs|tags|referrers)\//.exec(incoming.url!)?.[1] ?? ''}:pull,push`
        return refuse(401, { 'www-authenticate': `Bearer realm="http://${incoming.headers.host}/token",service="made-up",scope="${scope}"` }, 'UNAUTHORIZED')
      }
    }
    if (fault && fault !== 'expired-token') count(fault)
    if (fault === 'busy') return refuse(429, { 'retry-after': '1' }, 'TOOMANYREQUESTS')
    if (fault === 'unavailable') return refuse(503, {}, 'UNAVAILABLE')
    if (fault === 'error') return refuse(500, {}, 'UNKNOWN')
    if (fault === 'reset') return void incoming.socket.destroy()
    if (has('no-chunks') && incoming.method === 'PATCH') {
      count('no-chunks')
      return refuse(405, {}, 'UNSUPPORTED')
    }

    const { authorization: _, ...headers } = incoming.headers
    const up = request({ host: address, port, method: incoming.method, path: incoming.url, headers: { ...headers, host: incoming.headers.host } })
    up.on('error', () => incoming.socket.destroy())
    let taken = 0
    incoming.on('data', (part: Buffer) => {
      taken += part.length
      if (fault === 'reset-midway' && taken > 20_000) incoming.socket.destroy()
      else if (fault === 'corrupted-upload' && incoming.url!.includes('/blobs/')) up.write(flipped(part))
      else if (!up.write(part)) {
        incoming.pause()
        up.once('drain', () => incoming.resume())
      }
    })
    incoming.on('end', () => up.end())
    incoming.on('close', () => !incoming.complete && up.destroy())
    up.on('response', (response) => {
      const given = { ...response.headers }
      if (has('relative-location') && given.location) {
        given.location = given.location.replace(/^https?:\/\/[^/]+/, '')
        count('relative-location')
      }
      if (has('no-digest-header') && given['docker-content-digest']) {
        delete given['docker-content-digest']
        count('no-digest-header')
      }
      answer.writeHead(response.statusCode!, given)
      let passed = 0
      const size = Number(given['content-length'] ?? 0)
      response.on('data', (part: Buffer) => {
        passed += part.length
        // What lists name has no digest that would tell.
        if (fault === 'corrupted' && /\/(blobs|manifests)\//.test(incoming.url!)) answer.write(flipped(part))
        else if ((fault === 'truncated' || fault === 'reset-midway') && passed > size / 2) incoming.socket.destroy()
        else if (!answer.write(part)) {
          response.pause()
          answer.once('drain', () => response.resume())
        }
      })
      response.on('end', () => answer.end())
    })
  }
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    hits,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

/** The same bytes but for one bit in the middle. */
function flipped(part: Buffer): Buffer {
  const copy = Buffer.from(part)
  if (copy.length > 0) copy[copy.length >> 1]! ^= 1
  return copy
}
