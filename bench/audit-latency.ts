/**
 * From `exec` on a real kube-apiserver to the alarm at a receiver, over WebSocket (GET) and SPDY (POST), by a followed file and by the webhook.
 * Bars: p99 ≤ 1 s from the file, ≤ 2 s by webhook.
 *
 *   node bench/audit-latency.ts prepare DATA HOST:PORT > webhook.yaml      then start the cluster with that webhook configuration
 *   node bench/audit-latency.ts measure DATA HOST:PORT KUBECONFIG AUDIT_LOG [EXECS]
 *
 * HOST is an address of this machine that the API server reaches. The kubelet behind it is this program, which opens every connection that is asked for:
 * what is measured is the API server's audit, not a container runtime.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as openPlain } from 'node:http'
import { createServer as createTlsServer, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { parse, stringify } from 'yaml'
import { agentConfig } from '#apps/agent/config.ts'
import { runAgent } from '#apps/agent/run.ts'
import { startServer } from '#apps/server/main.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { openIngestTokens } from '#kits/server-kit/ingest-tokens.ts'

const [mode, data = '', address = '', kubeconfig = '', auditLog = '', execs = '200'] = process.argv.slice(2)
if (mode === 'prepare') await prepare()
else if (mode === 'measure') await measure()
else throw new Error('prepare or measure')

async function prepare(): Promise<void> {
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const tokens = await openIngestTokens(data, systemClock)
  const issue = async (name: string) => (await tokens.issue({ name, cluster: 'local', signals: ['audit'] }, { replace: true })).token
  writeFileSync(join(data, 'agent-token'), await issue('agent'), { mode: 0o600 })
  const token = await issue('apiserver')
  process.stdout.write(
    stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 's', cluster: { server: `https://${address}/api/v1/audit/webhook`, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { token } }],
      contexts: [{ name: 'c', context: { cluster: 's', user: 'u' } }],
      'current-context': 'c',
    }),
  )
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority': string } }[]
  users: { user: { token: string } }[]
}

async function measure(): Promise<void> {
  const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig
  const api = new URL(config.clusters[0]!.cluster.server)
  const ca = readFileSync(config.clusters[0]!.cluster['certificate-authority'])
  const { token } = config.users[0]!.user
  const count = Number(execs)

  /** User → when its alarm came. */
  const told = new Map<string, number>()
  const receiver = createServer((incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const now = performance.now()
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { alerts: { labels: Record<string, string> }[] }
      for (const { labels } of body.alerts) if (labels.alertname === 'audit:pod-exec' && !told.has(labels.user!)) told.set(labels.user!, now)
      response.end()
    })
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const [host = '', port = ''] = address.split(':')
  writeFileSync(
    join(data, 'settings.yaml'),
    stringify({
      notifications: {
        route: {
          receiver: 'bench',
          routes: [{ matchers: ['capability="audit"'], groupBy: ['alertname', 'user'], groupWait: '0s', groupInterval: '250ms' }],
        },
        receivers: [{ kind: 'webhook', name: 'bench', url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` }],
      },
    }),
  )
  const server = await startServer({ data, listen: '127.0.0.1', port: 0, host: [], log: pino({ level: 'error' }) })
  // client-go sends a token over TLS only
  const front = createTlsServer(selfSigned(), (incoming, response) => {
    const onward = openPlain(`${server.url}${incoming.url}`, { method: incoming.method, headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    incoming.pipe(onward).on('error', () => response.destroy())
  })
  await new Promise<void>((resolve) => front.listen(Number(port), host, resolve))

  const kubelet = await fakeKubelet(host)
  const call = (method: string, path: string, body: object) =>
    new Promise<void>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const asked = request({ host: api.hostname, port: api.port, ca, method, path, headers }, async (response) => {
        const text = (await response.toArray()).join('')
        if (response.statusCode! < 300 || response.statusCode === 409) resolve()
        else reject(new Error(`${method} ${path} was answered ${response.statusCode}: ${text}`))
      })
      asked.on('error', reject).end(JSON.stringify(body))
    })
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'audit-bench' } }
  const status = { addresses: [{ type: 'InternalIP', address: host }], daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } } }
  await call('POST', '/api/v1/nodes', node)
  await call('PUT', '/api/v1/nodes/audit-bench/status', { ...node, status })
  const spec = { nodeName: 'audit-bench', tolerations: [{ operator: 'Exists' }], containers: [{ name: 'c', image: 'none' }] }
  await call('POST', '/api/v1/namespaces/default/pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'audit-bench' }, spec })

  const exec = (user: string, transport: 'websocket' | 'spdy') =>
    new Promise<number>((resolve, reject) => {
      const upgrade =
        transport === 'websocket'
          ? {
              upgrade: 'websocket',
              'sec-websocket-version': '13',
              'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==',
              'sec-websocket-protocol': 'v4.channel.k8s.io',
            }
          : { upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' }
      const at = performance.now()
      const asked = request({
        host: api.hostname,
        port: api.port,
        ca,
        method: transport === 'websocket' ? 'GET' : 'POST',
        path: `/api/v1/namespaces/default/pods/audit-bench/exec?command=ls&stdout=true`,
        headers: { authorization: `Bearer ${token}`, 'impersonate-user': user, 'impersonate-group': 'system:masters', connection: 'Upgrade', ...upgrade },
      })
      asked.on('upgrade', (_, socket) => {
        socket.destroy()
        resolve(at)
      })
      asked.on('response', async (response) => reject(new Error(`exec was answered ${response.statusCode}: ${(await response.toArray()).join('')}`)))
      asked.on('error', reject)
      asked.end()
    })

  async function run(way: string): Promise<void> {
    for (const transport of ['websocket', 'spdy'] as const) {
      const asked = new Map<string, number>()
      for (let i = 0; i < count / 2; i++) {
        const user = `${way}-${transport}-${i}`
        asked.set(user, await exec(user, transport))
        await new Promise((resolve) => setTimeout(resolve, 400 + (i % 7) * 60))
      }
      for (let waited = 0; waited < 10_000 && [...asked.keys()].some((user) => !told.has(user)); waited += 100)
        await new Promise((resolve) => setTimeout(resolve, 100))
      const delays = [...asked].flatMap(([user, at]) => (told.has(user) ? [told.get(user)! - at] : [])).sort((a, b) => a - b)
      const at = (q: number) => delays[Math.min(delays.length - 1, Math.ceil(q * delays.length) - 1)]!.toFixed(0)
      if (delays.length === 0)
        throw new Error(
          `${way}: no alarm came; ${await (await fetch(`${server.url}/api/v1/clusters/local/audit/status`, { headers: { authorization: `Bearer ${readFileSync(join(data, 'cli-token'), 'utf8').trim()}` } })).text()}`,
        )
      console.log(`${way}, ${transport}: ${delays.length} of ${asked.size} told; p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, most ${at(1)} ms`)
    }
  }

  await run('webhook')
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-agent-'))
  const stop = new AbortController()
  writeFileSync(
    join(folder, 'agent.yaml'),
    stringify({ server: server.url, tokenFile: join(data, 'agent-token'), data: folder, sources: [{ path: auditLog, format: 'audit', from: 'end' }] }),
  )
  const agent = runAgent(await agentConfig({ config: join(folder, 'agent.yaml') }, {}), { clock: systemClock, env: {}, write: () => {} }, stop.signal)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  // what comes by the file must not have come by the webhook before
  await server.tokens.revoke(server.tokens.list().find(({ name }) => name === 'apiserver')!.id)
  await run('file')
  stop.abort()
  await agent
  await server.close()
  kubelet.close()
  front.closeAllConnections()
  front.close()
  receiver.close()
  rmSync(folder, { recursive: true, force: true })
}

/** Says yes to every upgrade. */
async function fakeKubelet(host: string): Promise<{ port: number; close(): void }> {
  const server = createTlsServer(selfSigned())
  server.on('upgrade', (asked, socket) => {
    const { upgrade, 'x-stream-protocol-version': version, 'sec-websocket-key': challenge } = asked.headers
    const more = challenge === undefined ? [`X-Stream-Protocol-Version: ${version}`] : []
    socket.write(['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${upgrade}`, ...more, '', ''].join('\r\n'))
    socket.on('error', () => {})
    setTimeout(() => socket.end(), 50)
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

function selfSigned(): { key: Buffer; cert: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-cert-'))
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')]
  const how = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=bench', '-days', '2']
  execFileSync('openssl', [...how, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const pair = { key: readFileSync(key), cert: readFileSync(cert) }
  rmSync(folder, { recursive: true })
  return pair
}
