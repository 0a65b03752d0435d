/**
 * The demo: a small shop of several services in several processes, a real ingress in front of it, users, and the Kubernetes API that says what runs.
 * For first use, demos and tests; never for production. Writes `DIR/sandbox/logs/access.log`; `DIR/sandbox/site.json` (0600) says where the ingress,
 * the control API and the kubeconfig are.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer, type Server } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { RESOURCES } from '#apps/resources.ts'
import { cronHpaDefinition } from '#capabilities/elasticity/resources/cron-hpa.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { definitionOf } from '#core/shapes/custom-resource.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { ensure, mergeInto } from '../api/controllers/objects.ts'
import { startSandboxApi } from '../api/start.ts'
import type { Obj } from '../api/store.ts'
import { find, listOf } from '../api/world.ts'
import { controlHandler } from './control.ts'
import { gatewayDefinitions } from './gateway-api.ts'
import { createIngress, openLog } from './ingress.ts'
import { createKubelet } from './kubelet.ts'
import { podLogs } from './logs.ts'
import { shopObjects } from './manifests.ts'
import type { FromNode, ToNode } from './node.ts'
import { podRuntime } from './pod-runtime.ts'
import { openDatabase, seedDatabase } from './pods.ts'
import { endpointsOf, marksOf, rulesOf, weightsOf } from './routes.ts'
import { type Faults, NAMESPACE, serviceNames } from './shop.ts'
import { BURST_ANNOTATION, startTraffic, type TrafficSettings } from './traffic.ts'

const NODES = ['node-1', 'node-2'] as const
/** A node that died comes back after this long, as a machine that reboots. */
const REBOOT_MS = 30_000
const DEFAULT_RATE = 12
/** Users come when the shop is up, or at the latest after this long, ms. */
const OPEN_WITHIN = 10_000

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

const traffic: TrafficSettings = { base: Number(flags.rate ?? DEFAULT_RATE), burst: 1, burstUntil: 0 }
const processes = new Map<string, ChildProcess>()
let faults: Faults = {}
let stopping = false

const send = (node: string, message: ToNode): boolean => {
  const child = processes.get(node)
  return child?.connected === true && child.send(message)
}
const logs = podLogs((uid) => kubelet.nodeOf(uid), send)
const auditFile = join(folder, 'logs', 'audit.log')
await writeFile(auditFile, '', { flag: 'a' }) // it exists before the first event, so that a tail can begin
const auditLog = openLog(auditFile)
const api = await startSandboxApi({
  auditLog: auditLog.write,
  folder: join(folder, 'cluster'),
  clock: systemClock,
  runtime: podRuntime(
    logs,
    (uid) => kubelet.place(uid),
    () => view.endpoints,
  ),
})
const { world } = api
const kubelet = await createKubelet(world, api.version)

// Our own kinds as this version has them, also when an older one made them.
for (const definition of [...RESOURCES.map(definitionOf), cronHpaDefinition] as Obj[]) {
  ensure(world, definition, 'sandbox')
  mergeInto(world, definition, { spec: definition.spec }, 'sandbox')
}
/** What the ingress sees; made anew when objects change. */
const view = { rules: rulesOf([]), weights: weightsOf([]), marks: marksOf([]), endpoints: endpointsOf([]) }
const tellAll = () => {
  for (const name of processes.keys()) send(name, { type: 'surroundings', surroundings: { endpoints: view.endpoints, faults } })
}
const readIngresses = () => {
  const ingresses = listOf(world, 'ingresses.networking.k8s.io')
  Object.assign(view, { rules: rulesOf(ingresses), weights: weightsOf(ingresses), marks: marksOf(ingresses) })
}
const readEndpoints = () => {
  view.endpoints = endpointsOf(listOf(world, 'endpoints'))
  tellAll()
}
world.store.collection('ingresses.networking.k8s.io').follow(readIngresses)
world.store.collection('endpoints').follow(readEndpoints)
readIngresses()

/** Resolves when the node is up, or is gone again. */
function startNode(name: (typeof NODES)[number]): Promise<void> {
  const up = Promise.withResolvers<void>()
  const index = NODES.indexOf(name)
  const child = fork(new URL('./node.ts', import.meta.url), [], {
    execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2', '--max-old-space-size=96'],
    env: { ...process.env, MALLOC_ARENA_MAX: '1' },
  })
  processes.set(name, child)
  child.once('exit', () => {
    processes.delete(name)
    kubelet.nodeDown(name)
    up.resolve()
    if (!stopping) setTimeout(() => stopping || void startNode(name), REBOOT_MS)
  })
  child.on('error', (error) => process.stderr.write(`sandbox: ${name}: ${error.message}\n`))
  child.on('message', (message: FromNode) => {
    switch (message.type) {
      case 'open':
        tellAll()
        kubelet.nodeUp(name, index, {
          start: (pod, address, port) => send(name, { type: 'start', pod, address, port }),
          stop: (uid) => send(name, { type: 'stop', uid }),
        })
        return up.resolve()
      case 'started':
        return kubelet.started(message.uid, message.port)
      case 'failed':
        return kubelet.failed(message.uid, message.reason)
      case 'stopped':
        return kubelet.stopped(message.uid)
      case 'logs':
        return logs.receive(message)
    }
  })
  child.send({ type: 'open', database, seed: seed + index + 1 } satisfies ToNode)
  return up.promise
}

const logFile = join(folder, 'logs', 'access.log')
await writeFile(logFile, '', { flag: 'a' }) // it exists before the first request, so that a tail can begin
const log = openLog(logFile)
const ingress = createIngress(view, log, random)
// Both nodes are there before the first pod is, so that pods are spread.
await Promise.all(NODES.map(startNode))
// The shop is made once: what was deleted stays deleted.
if (find(world, 'configmaps', 'kube-system', 'sandbox') === undefined) {
  for (const object of [...gatewayDefinitions(), ...shopObjects()]) ensure(world, object, 'sandbox')
  ensure(world, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'sandbox', namespace: 'kube-system' }, data: { shop: 'made' } }, 'sandbox')
}
/** A burst that somebody wants (the console's button) stands in an annotation: `FACTOR UNTIL-MS`. */
const readBurst = () => {
  const wanted = find(world, 'configmaps', 'kube-system', 'sandbox')?.metadata.annotations?.[BURST_ANNOTATION] ?? ''
  const found = /^(\d{1,3}) (\d{13})$/.exec(wanted)
  if (found !== null) Object.assign(traffic, { burst: Math.min(100, Number(found[1])), burstUntil: Number(found[2]) })
}
world.store.collection('configmaps').follow(readBurst)
readBurst()
const ingressPort = await listen(ingress)
for (let waited = 0; waited < OPEN_WITHIN && serviceNames.some((name) => (view.endpoints[`${NAMESPACE}/${name}`]?.primary ?? []).length === 0); waited += 100)
  await new Promise((resolve) => setTimeout(resolve, 100))
const users = startTraffic({ host: '127.0.0.1', port: ingressPort }, traffic, random)

const token = crypto.randomUUID()
const control = createHttpServer(
  controlHandler(token, {
    state: () => ({
      nodes: NODES.map((name) => ({ name, pid: processes.get(name)?.pid, pods: kubelet.podsOf(name) })),
      faults,
      weights: view.weights,
      traffic,
      counts: users.counts,
    }),
    traffic: (change) => Object.assign(traffic, change),
    faults: (wanted) => {
      faults = wanted
      tellAll()
    },
    weights: (wanted) => {
      const canary = find(world, 'ingresses.networking.k8s.io', NAMESPACE, 'shop-api-canary')
      const weight = wanted.catalog
      if (canary !== undefined && weight !== undefined)
        mergeInto(
          world,
          canary,
          {
            metadata: {
              annotations: { 'nginx.ingress.kubernetes.io/canary-weight': String(weight), 'nginx.ingress.kubernetes.io/canary-weight-total': '100' },
            },
          },
          'sandbox',
        )
    },
    killNode: (name) => processes.get(name)?.kill('SIGKILL') ?? false,
  }),
)
const controlPort = await listen(control)
await writeFile(
  join(folder, 'site.json'),
  JSON.stringify({
    ingress: `http://127.0.0.1:${ingressPort}`,
    control: `http://127.0.0.1:${controlPort}`,
    token,
    pid: process.pid,
    kubernetes: api.url,
    kubeconfig: api.kubeconfig,
  }),
  { mode: 0o600 },
)
process.stderr.write(
  `sandbox: the demo shop is up: ingress http://127.0.0.1:${ingressPort}, about ${traffic.base} requests a second, kubectl --kubeconfig ${api.kubeconfig}\n`,
)

async function stop() {
  if (stopping) return
  stopping = true
  users.stop()
  kubelet.stop()
  control.close()
  ingress.close()
  ingress.closeAllConnections()
  for (const child of processes.values()) if (child.connected) child.disconnect()
  await Promise.all([log.close(), api.close()])
  await auditLog.close()
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
