/**
 * The demo site: a small shop of several services in several processes, a real ingress in front of it, and users. For first use, demos and tests;
 * never for production. Writes `DIR/sandbox/logs/access.log`; `DIR/sandbox/site.json` (0600) says where the ingress and the control API are.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '#core/kernel/random.ts'
import { controlHandler } from './control.ts'
import { createIngress, openAccessLog } from './ingress.ts'
import type { FromNode, ToNode } from './node.ts'
import { openDatabase, type Surroundings, seedDatabase } from './pods.ts'
import { endpointsOf, type Pod, place, type Weights } from './shop.ts'
import { startTraffic, type TrafficSettings } from './traffic.ts'

const NODES = ['node-1', 'node-2'] as const
/** A node that died comes back after this long, as a machine that reboots. */
const REBOOT_MS = 10_000
const DEFAULT_RATE = 12

const { values: flags } = parseArgs({ options: { data: { type: 'string' }, server: { type: 'string' }, rate: { type: 'string' }, seed: { type: 'string' } } })
if (!flags.data) {
  process.stderr.write('sandbox: --data DIR is needed\n')
  process.exit(2)
}
const folder = join(flags.data, 'sandbox')
await mkdir(join(folder, 'logs'), { recursive: true })
const database = join(folder, 'shop.db')
const seed = Number(flags.seed ?? Date.now() % 1e9)
const random = seededRandom(seed)

const db = openDatabase(database)
seedDatabase(db)
db.close()

const around: Surroundings & { weights: Weights } = { endpoints: endpointsOf([]), faults: {}, weights: { catalog: 10 } }
const traffic: TrafficSettings = { base: Number(flags.rate ?? DEFAULT_RATE), burst: 1, burstUntil: 0 }
const nodes = new Map<string, { child: ChildProcess; pods: Pod[] }>()
let stopping = false

const ownAddresses = await canBind('127.20.1.1')
const addressOf = (node: number, pod: number) => (ownAddresses ? `127.20.${node + 1}.${pod + 1}` : '127.0.0.1')

function tellAll() {
  around.endpoints = endpointsOf([...nodes.values()].flatMap((node) => node.pods))
  const message: ToNode = { type: 'surroundings', surroundings: { endpoints: around.endpoints, faults: around.faults } }
  for (const node of nodes.values()) if (node.child.connected) node.child.send(message)
}

function startNode(name: (typeof NODES)[number]): Promise<void> {
  const index = NODES.indexOf(name)
  const pods = place(NODES).filter((pod) => pod.node === name)
  const child = fork(new URL('./node.ts', import.meta.url), [], {
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2', '--max-old-space-size=96'],
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  })
  nodes.set(name, { child, pods: [] })
  child.once('exit', () => {
    nodes.delete(name)
    if (stopping) return
    tellAll()
    setTimeout(() => stopping || startNode(name).catch(fail), REBOOT_MS)
  })
  child.send({ type: 'run', database, pods, addresses: pods.map((_, i) => addressOf(index, i)), seed: seed + index + 1 } satisfies ToNode)
  return new Promise((resolve, reject) => {
    child.on('message', (message: FromNode) => {
      if (message.type === 'failed') return reject(new Error(message.reason))
      const node = nodes.get(name)
      if (node) node.pods = message.pods
      tellAll()
      resolve()
    })
    child.once('exit', () => reject(new Error(`${name} exited before it was up`)))
  })
}

function fail(error: Error) {
  process.stderr.write(`sandbox: ${error.message}\n`)
}

const logFile = join(folder, 'logs', 'access.log')
await writeFile(logFile, '', { flag: 'a' }) // it exists before the first request, so that a tail can begin
const log = openAccessLog(logFile)
const ingress = createIngress(around, log, random)
await Promise.all(NODES.map(startNode))
const ingressPort = await listen(ingress)
const users = startTraffic({ host: '127.0.0.1', port: ingressPort }, traffic, random)

const token = crypto.randomUUID()
const control = createHttpServer(
  controlHandler(token, {
    state: () => ({
      nodes: NODES.map((name) => ({ name, pid: nodes.get(name)?.child.pid, pods: nodes.get(name)?.pods ?? [] })),
      faults: around.faults,
      weights: around.weights,
      traffic,
      counts: users.counts,
    }),
    traffic: (change) => Object.assign(traffic, change),
    faults: (faults) => {
      around.faults = faults
      tellAll()
    },
    weights: (weights) => {
      around.weights = weights
    },
    killNode: (name) => nodes.get(name)?.child.kill('SIGKILL') ?? false,
  }),
)
const controlPort = await listen(control)
await writeFile(
  join(folder, 'site.json'),
  JSON.stringify({ ingress: `http://127.0.0.1:${ingressPort}`, control: `http://127.0.0.1:${controlPort}`, token, pid: process.pid }),
  { mode: 0o600 },
)
process.stderr.write(`sandbox: the demo shop is up: ingress http://127.0.0.1:${ingressPort}, about ${traffic.base} requests a second\n`)

async function stop() {
  if (stopping) return
  stopping = true
  users.stop()
  control.close()
  ingress.close()
  ingress.closeAllConnections()
  for (const node of nodes.values()) node.child.disconnect()
  await log.close()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
process.on('disconnect', stop)
process.stdin.on('end', stop).on('error', stop).resume() // the parent is gone

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const bound = server.address()
      resolve(typeof bound === 'object' && bound ? bound.port : 0)
    })
  })
}

/** Linux has the whole of 127.0.0.0/8; macOS only 127.0.0.1, where pods differ by port. */
function canBind(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(0, address, () => probe.close(() => resolve(true)))
  })
}
