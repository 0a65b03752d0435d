/** The pods of `canary-site.ts`: HTTP servers of several versions on addresses of loopback, in a process of their own. Messages: `{start: address, image}`, `{stop: address}`. */
import { createServer, type Server } from 'node:http'

const PORT = 8080
const servers = new Map<string, Server>()

/** Lognormal, ms. */
const latency = (median: number, sigma: number) => {
  const gauss = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
  return median * Math.exp(sigma * gauss)
}
/** What versions do: `app:tail` is slow for some, `app:errors` fails for some; so many that few requests tell. */
const versions: Record<string, () => { ms: number; status: number }> = {
  'app:1': () => ({ ms: latency(40, 0.3), status: Math.random() < 0.002 ? 500 : 200 }),
  'app:good': () => ({ ms: latency(40, 0.3), status: Math.random() < 0.002 ? 500 : 200 }),
  'app:tail': () => ({ ms: latency(40, 0.3) + (Math.random() < 0.35 ? 400 : 0), status: Math.random() < 0.002 ? 500 : 200 }),
  'app:errors': () => ({ ms: latency(40, 0.3), status: Math.random() < 0.2 ? 500 : 200 }),
}

process.on('message', ({ start, image, stop }: { start?: string; image?: string; stop?: string }) => {
  if (start !== undefined) {
    const version = versions[image!]!
    const server = createServer((_, response) => {
      const { ms, status } = version()
      setTimeout(() => response.writeHead(status, { 'x-version': image! }).end('hello\n'), ms)
    })
    server.keepAliveTimeout = 60_000
    servers.set(start, server)
    server.listen(PORT, start, () => process.send?.({ started: start }))
  }
  if (stop !== undefined) {
    servers.get(stop)?.closeAllConnections()
    servers.get(stop)?.close()
    servers.delete(stop)
  }
})
process.on('disconnect', () => process.exit(0))
