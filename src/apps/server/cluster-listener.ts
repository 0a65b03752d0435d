/** `--cluster-listen`: TLS with our own authority, for what clusters send. People's pages and API are not behind it. */
import { createServer, type Server } from 'node:https'
import { type AddressInfo, isIP } from 'node:net'
import { hostname } from 'node:os'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { Aggregation } from '#kits/server-kit/aggregation.ts'
import { markClusterSide } from '#kits/server-kit/http.ts'
import { openOwnCa } from './own-ca.ts'

export interface ClusterListener {
  url: string
  port: number
  /** PEM that senders have to trust. */
  bundle(): string
  close(): Promise<void>
}

const LOOK_MS = 60 * 60_000

/** Listens at `host:port`. The certificate is for that host, the machine's name and `names`; it is renewed while it runs. Rejects with PORT_IN_USE, CANNOT_LISTEN. */
export async function listenForClusters(options: {
  address: { host: string; port: number }
  names: readonly string[]
  data: string
  http: FastifyInstance
  aggregation: Aggregation
  clock: Clock
  log: Logger
}): Promise<ClusterListener> {
  const { address, clock, log } = options
  const ca = await openOwnCa(options.data, clock)
  const wildcard = address.host === '0.0.0.0' || address.host === '::'
  const names = [...new Set([...(wildcard ? ['127.0.0.1'] : [address.host]), hostname(), 'localhost', ...options.names])].filter((name) => name !== '')
  let leaf = await ca.issue(names)
  // Asked for a certificate: front proxies show one, others need none.
  const tls = () => ({ cert: leaf.cert, key: leaf.key, minVersion: 'TLSv1.2' as const })
  const server: Server = createServer({ ...tls(), requestCert: true, rejectUnauthorized: false }, (request, response) => {
    if (!options.aggregation.serve(request, response)) options.http.routing(request, response)
  })
  server.on('secureConnection', markClusterSide)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'PORT_IN_USE' : 'CANNOT_LISTEN'
      reject(new CodedError(code, { port: address.port, host: address.host, reason: error.code ?? error.message }, { cause: error }))
    })
    server.listen(address.port, address.host, resolve)
  })
  const stop = new AbortController()
  const renewing = (async () => {
    while (!stop.signal.aborted) {
      await clock.sleep(LOOK_MS, stop.signal).catch(() => {})
      if (stop.signal.aborted) return
      try {
        const rotated = await ca.rotate()
        if (!rotated && clock.now() < leaf.renewAt) continue
        leaf = await ca.issue(names)
        server.setSecureContext(tls())
        log.info({ rotated }, 'the certificate for clusters was renewed')
      } catch (err) {
        log.error({ err }, 'the certificate for clusters cannot be renewed')
      }
    }
  })()
  const { port } = server.address() as AddressInfo
  const shown = wildcard ? '127.0.0.1' : address.host
  return {
    port,
    url: `https://${isIP(shown) === 6 ? `[${shown}]` : shown}:${port}`,
    bundle: ca.bundle,
    async close() {
      stop.abort()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await Promise.all([closed, renewing])
    },
  }
}
