/** `npm run bench -- elasticity-metric`: 20,000 lines a second over 200 routes; how long from a line until the external metric shows it? Real server, lines as an agent sends them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { startServer } from '../src/apps/server/main.ts'
import { noPods } from '../src/sandbox/api/pod-runtime.ts'
import { startSandboxApi } from '../src/sandbox/api/start.ts'

const LINES = 20_000
const ROUTES = 200
const LOOKS = 20
const folder = mkdtempSync(join(tmpdir(), 'sallyport-metric-'))
const api = await startSandboxApi({ folder: join(folder, 'cluster'), clock: systemClock, runtime: noPods })
const server = await startServer({
  data: join(folder, 'data'),
  port: 0,
  listen: '127.0.0.1',
  host: [],
  clusterListen: { host: '127.0.0.1', port: 0 },
  log: pino({ level: 'error' }),
})
let stop = false
try {
  await server.connectSandbox(await readFile(api.kubeconfig, 'utf8'))
  const { token } = await server.tokens.issue({ name: 'agent', cluster: 'local', signals: ['access'] }, { replace: true })
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' }
  const post = async (body: string) => (await fetch(`${server.url}/api/v1/ingest/ndjson`, { method: 'POST', headers, body })).text()
  const line = (service: string) =>
    `${JSON.stringify({ time: new Date().toISOString(), method: 'GET', path: '/p', status: 200, request_time: 0.02, namespace: 'n', service })}\n`
  let sent = 0
  const sending = (async () => {
    const begin = performance.now()
    let owed = 0
    while (!stop) {
      await systemClock.sleep(200)
      owed = Math.min(LINES, ((performance.now() - begin) / 1_000) * LINES - sent)
      const lines = Array.from({ length: Math.floor(owed) }, (_, i) => line(`s${(sent + i) % ROUTES}`))
      sent += lines.length
      await post(lines.join(''))
    }
    return sent / ((performance.now() - begin) / 1_000)
  })()
  const ca = await readFile(join(folder, 'data/ca/ca-bundle.pem'), 'utf8')
  const metric = (service: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/n/sallyport_ingress_requests_per_second?labelSelector=${encodeURIComponent(`service=${service},window=2`)}`
      request(server.clusterUrl + path, { ca, headers: { authorization: `Bearer ${api.tokens.admin}` }, agent: false }, (incoming) => {
        let text = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk: string) => {
          text += chunk
        })
        incoming.on('end', () => resolve(incoming.statusCode === 200 ? Number.parseFloat(JSON.parse(text).items[0].value) : undefined))
      })
        .on('error', reject)
        .end()
    })
  await systemClock.sleep(8_000)
  const took: number[] = []
  for (let look = 0; look < LOOKS; look++) {
    // A service that nobody met: its first line is known when it has a value.
    const service = `new-${look}`
    await systemClock.sleep(Math.random() * 1_000)
    const from = performance.now()
    await post(line(service))
    while (((await metric(service)) ?? 0) === 0 && performance.now() - from < 10_000) await systemClock.sleep(25)
    took.push(performance.now() - from)
  }
  stop = true
  const rate = await sending
  took.sort((a, b) => a - b)
  const at = (q: number) => (took[Math.min(took.length - 1, Math.floor(q * took.length))]! / 1_000).toFixed(2)
  console.log(`${rate.toFixed(0)} lines/s, ${LOOKS} looks, seconds from a line until the metric shows it: p50 ${at(0.5)}, p95 ${at(0.95)}, longest ${at(1)}`)
} finally {
  stop = true
  await server.close()
  await api.close()
  rmSync(folder, { recursive: true, force: true })
}
