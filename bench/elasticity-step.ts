/** Traffic grows tenfold at once: how long until the desired replicas are written? Real server, TLS to the sandbox's API, lines as an agent sends them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { scalePolicyResource } from '#capabilities/elasticity/resources/scale-policy.ts'
import { definitionOf } from '#core/shapes/custom-resource.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { startServer } from '../src/apps/server/main.ts'
import { noPods } from '../src/sandbox/api/pod-runtime.ts'
import { startSandboxApi } from '../src/sandbox/api/start.ts'

const STEPS = 24
const BASE = 20
const POD = 10
/** Ten times the base, in pods. */
const WANTED = (BASE * 10) / POD
const NS = 'bench'

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-step-'))
  const api = await startSandboxApi({ folder: join(folder, 'cluster'), clock: systemClock, runtime: noPods })
  const kubeconfig = await readFile(api.kubeconfig, 'utf8')
  const { cluster, close } = openCluster({ name: 'bench', access: await parseKubeconfig({ text: kubeconfig, path: 'k' }).select(), clock: systemClock })
  const server = await startServer({ data: join(folder, 'data'), port: 0, listen: '127.0.0.1', host: [], log: pino({ level: 'error' }) })
  let stop = false
  try {
    await server.connectSandbox(kubeconfig)
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NS } })
    await cluster.create(definitionOf(scalePolicyResource))
    const services = Array.from({ length: STEPS }, (_, i) => `s${i}`)
    const rates = new Map(services.map((name) => [name, BASE]))
    const { token } = await server.tokens.issue({ name: 'agent', cluster: 'local', signals: ['access'] }, { replace: true })
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' }
    const sending = (async () => {
      let last = performance.now()
      const owed = new Map(services.map((name) => [name, 0]))
      while (!stop) {
        await systemClock.sleep(200)
        const now = performance.now()
        let body = ''
        for (const name of services) {
          const due = owed.get(name)! + (rates.get(name)! * (now - last)) / 1_000
          const line = `${JSON.stringify({ time: new Date().toISOString(), method: 'GET', path: '/', status: 200, request_time: 0.02, namespace: NS, service: name })}\n`
          body += line.repeat(Math.floor(due))
          owed.set(name, due % 1)
        }
        last = now
        if (body !== '') await (await fetch(`${server.url}/api/v1/ingest/ndjson`, { method: 'POST', headers, body })).text()
      }
    })()
    for (const name of services) {
      const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
      await cluster.create({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, namespace: NS },
        spec: { replicas: 2, selector: { matchLabels: { app: name } }, template },
      })
      await cluster.create({
        apiVersion: 'sallyport.io/v1alpha1',
        kind: 'ScalePolicy',
        metadata: { name, namespace: NS },
        spec: { target: { name }, mode: 'active', min: 2, max: 60, loadPerPod: POD },
      })
    }
    await systemClock.sleep(40_000)
    const replicas = async (name: string) =>
      ((await cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: NS, name })).spec as { replicas: number }).replicas
    const first: number[] = []
    const enough: number[] = []
    for (const name of services) {
      await systemClock.sleep(Math.random() * 1_000)
      const from = performance.now()
      const before = await replicas(name)
      rates.set(name, BASE * 10)
      let grew: number | undefined
      for (;;) {
        const now = await replicas(name)
        const after = (performance.now() - from) / 1_000
        if (now > before) grew ??= after
        if (now >= WANTED || after > 60) {
          first.push(grew ?? Number.POSITIVE_INFINITY)
          enough.push(after)
          break
        }
        await systemClock.sleep(50)
      }
      rates.set(name, BASE)
    }
    stop = true
    await sending
    const at = (values: number[], q: number) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))]!.toFixed(1)
    console.log(`${STEPS} steps from ${BASE} to ${BASE * 10} requests/s, seconds until written:`)
    console.log(
      `first growth: p50 ${at(first, 0.5)}, p95 ${at(first, 0.95)}; all ${WANTED} pods: p50 ${at(enough, 0.5)}, p95 ${at(enough, 0.95)}, longest ${at(enough, 1)}`,
    )
    const { user, system } = process.cpuUsage()
    console.log(`CPU of server and sandbox together (the engine not counted): ${((user + system) / 1e6).toFixed(1)} s`)
  } finally {
    stop = true
    await server.close()
    await close()
    await api.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

await run()
