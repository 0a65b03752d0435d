/** Targets over TLS with gzip, and sinks that take what the collectors send; counts by collector. A process of its own, so that its cost is nobody's. */
import { readFileSync } from 'node:fs'
import { type IncomingMessage, createServer as plain, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gzipSync, zstdDecompressSync } from 'node:zlib'
import { hex, readSamples, readSections } from '#core/telemetry/metric-batch.ts'
import { cadvisorBodies } from './bodies.ts'

const [key, cert, targets, series] = [process.argv[2]!, process.argv[3]!, Number(process.argv[4]), Number(process.argv[5])]
const VARIANTS = 5
const VERSIONS = 4
const bodies = Array.from({ length: VARIANTS }, (_, seed) =>
  cadvisorBodies(seed + 1, series, VERSIONS).map((text) => ({ plain: Buffer.from(text), gzip: gzipSync(text) })),
)
const scrapes = new Map<string, number>()
const wire = new Map<string, number>()
const add = (map: Map<string, number>, name: string, value: number) => map.set(name, (map.get(name) ?? 0) + value)
const who = (request: IncomingMessage) => /sallyport|vmagent|Prometheus|Go-http/i.exec(request.headers['user-agent'] ?? '')?.[0].toLowerCase() ?? 'vmagent'

const site = createServer({ key: readFileSync(key), cert: readFileSync(cert), keepAlive: true, keepAliveTimeout: 120_000 } as never, (request, response) => {
  const target = Number(request.url!.slice(1))
  const name = who(request)
  add(scrapes, name, 1)
  const version = Math.floor(Date.now() / 5000) % VERSIONS
  const body = bodies[target % VARIANTS]![version]!
  const zipped = /gzip/.test(String(request.headers['accept-encoding']))
  response
    .writeHead(200, { 'content-type': 'text/plain; version=0.0.4', ...(zipped ? { 'content-encoding': 'gzip' } : {}) })
    .end(zipped ? body.gzip : body.plain)
})

const known = new Set<string>()
const codec = { compress: (bytes: Uint8Array) => bytes, decompress: (bytes: Uint8Array, most: number) => zstdDecompressSync(bytes, { maxOutputLength: most }) }
function ours(body: Buffer): string[] {
  const missing = new Set<string>()
  for (const section of readSections(body)) {
    if (section.kind === 'pages') for (const id of section.ids) known.add(id)
    else for (const { pageId } of readSamples(section, codec)) if (!known.has(pageId)) missing.add(pageId)
  }
  return [...missing]
}
function sink(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === '/counts') {
    response.end(JSON.stringify({ scrapes: Object.fromEntries(scrapes), wire: Object.fromEntries(wire), known: hex(Uint8Array.of(known.size & 255)) }))
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = Buffer.concat(chunks)
    add(wire, request.url!.split('/')[1]!, body.length)
    const missing = request.url!.endsWith('/ingest/metrics') ? ours(body) : []
    if (missing.length > 0) response.writeHead(409).end(JSON.stringify({ missing }))
    else response.writeHead(204).end()
  })
}
const sinks = plain(sink)
site.listen(0, '127.0.0.1', () =>
  sinks.listen(0, '127.0.0.1', () =>
    process.stdout.write(`${JSON.stringify({ site: (site.address() as AddressInfo).port, sink: (sinks.address() as AddressInfo).port, targets })}\n`),
  ),
)
process.stdin.on('end', () => process.exit()).resume()
