/**
 * 31,000 Secrets from a Velero backup into a real API server behind a proxy with a round trip of 5 ms: plan (a dry run of each), writes, journal.
 * Needs E2E_KUBECONFIG, a disposable cluster. `node bench/apps.ts [COUNT]`. Promised: at most 120 s and 200 MB for 31,000.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-stream'
import { stringify } from 'yaml'
import { seededRandom } from '#core/kernel/random.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { bundleAll } from '../deploy/bundle.ts'
import { machineSpeed } from './measure.ts'
import { delayProxy } from './proxy.ts'

const ROUND_TRIP_MS = 5
const count = Number(process.argv[2] ?? 31_000)
const kubeconfig = process.env.E2E_KUBECONFIG
if (kubeconfig === undefined) {
  console.log('skipped: E2E_KUBECONFIG names no cluster')
  process.exit(0)
}
const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-apps-'))
const namespace = `bench-${randomBytes(3).toString('hex')}`
const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select()
const { cluster, close } = openCluster({ name: 'real', access, clock: systemClock })
await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })

const random = seededRandom(1)
const text = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256))).toString('base64')
const tar = pack()
const writing = pipeline(tar, createGzip({ level: 1 }), createWriteStream(join(folder, 'backup.tar.gz')))
for (let i = 0; i < count; i++) {
  const name = `secret-${String(i).padStart(5, '0')}`
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name,
      namespace,
      uid: crypto.randomUUID(),
      resourceVersion: String(i),
      creationTimestamp: '2026-01-05T12:00:00Z',
      labels: { app: `app-${i % 300}` },
    },
    data: { username: text(12), password: text(24), 'tls.key': text(180) },
  }
  tar.entry({ name: `resources/secrets/namespaces/${namespace}/${name}.json` }, JSON.stringify(secret))
  // What is full has to flow off.
  if (i % 500 === 0) await systemClock.sleep(1)
}
tar.finalize()
await writing

const proxy = await delayProxy(new URL(access.server).host, ROUND_TRIP_MS)
const [user] = (await import('yaml')).parse(readFileSync(kubeconfig, 'utf8')).users
writeFileSync(
  join(folder, 'config'),
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'far',
        cluster: {
          server: `https://${proxy.host}`,
          'tls-server-name': 'kubernetes.default.svc',
          'certificate-authority-data': Buffer.from(String(access.tls.ca)).toString('base64'),
        },
      },
    ],
    users: [user],
    contexts: [{ name: 'far', context: { cluster: 'far', user: user.name } }],
    'current-context': 'far',
  }),
)

const speed = machineSpeed()
// As it is released: a bundle.
await bundleAll(folder)
const main = join(folder, 'cli/main.js')
const began = performance.now()
const words = [
  '--data',
  folder,
  'apps',
  'apply',
  '--velero',
  join(folder, 'backup.tar.gz'),
  '--to-kubeconfig',
  join(folder, 'config'),
  '--journal',
  join(folder, 'journal'),
]
const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, HOME: folder } })
let peak = 0
let cpu = 0
const watching = setInterval(() => {
  try {
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)
    const [user = 0, system = 0] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11, 13).map(Number)
    cpu = (user + system) / 100
  } catch {}
}, 50)
const code = await new Promise((resolve) => child.on('exit', resolve))
clearInterval(watching)
const seconds = (performance.now() - began) / 1000
const { remaining = 0, items } = await cluster.list({ apiVersion: 'v1', kind: 'Secret' }, { namespace, limit: 500, fields: 'type=Opaque' })
console.log(
  `${count} Secrets, ${ROUND_TRIP_MS} ms: exit ${code}, ${seconds.toFixed(1)} s, ${cpu.toFixed(1)} CPU-s of ours, peak ${peak.toFixed(0)} MB, on the target ${items.length}+${remaining}, machine ${speed.toFixed(0)} MB/CPU-s`,
)

await cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace })
await proxy[Symbol.asyncDispose]()
await close()
rmSync(folder, { recursive: true, force: true })
process.exit(code === 0 ? 0 : 1)
