/**
 * What it costs to follow 30,000 pods that change 1,000 times a second. Bars: ≤ 250 MB more memory, event loop delay p99 ≤ 20 ms.
 * The API server is a process of its own, so that only the following side is measured. Peer: the same with whole objects held, as caches of typed clients do.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { seededRandom } from '#core/kernel/random.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { machineSpeed } from './measure.ts'
import { cpuSeconds } from './processes.ts'

const PODS = 30_000
const EVENTS_A_SECOND = 1_000
const FOLLOW_MS = 20_000
const BAR_MB = 250
const BAR_MS = 20

/** A pod as an API server sends it, about 6 KB, managedFields included. */
function pod(i: number, version: number): KubeObject {
  const random = seededRandom(i + 1)
  const hex = (length: number) => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('')
  const app = `app-${i % 400}`
  const container = (name: string) => ({
    name,
    image: `registry.example/team-${i % 40}/${app}@sha256:${hex(64)}`,
    ports: [{ containerPort: 8080, name: 'http', protocol: 'TCP' }],
    env: Array.from({ length: 8 }, (_, at) => ({ name: `SETTING_${at}`, value: hex(24) })),
    resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { memory: '1Gi' } },
    readinessProbe: {
      httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    },
    volumeMounts: [{ name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }],
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
  })
  const condition = (type: string) => ({ type, status: 'True', lastProbeTime: null, lastTransitionTime: '2026-11-23T12:00:00Z' })
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${app}-${hex(9)}-${hex(5)}`,
      namespace: `team-${i % 40}`,
      uid: `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
      resourceVersion: String(version),
      creationTimestamp: '2026-11-23T12:00:00Z',
      labels: { app, 'pod-template-hash': hex(9), team: `team-${i % 40}`, 'app.kubernetes.io/version': '1.2.3' },
      annotations: { 'prometheus.io/scrape': 'true', 'checksum/config': hex(64) },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${app}-${hex(9)}`, uid: hex(32), controller: true, blockOwnerDeletion: true }],
      managedFields: ['kube-controller-manager', 'kubelet'].map((manager) => ({
        manager,
        operation: 'Update' as const,
        apiVersion: 'v1',
        fieldsV1: Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`f:field${at}`, { '.': {}, 'f:name': {}, 'f:value': {} }])),
      })),
    },
    spec: {
      nodeName: `node-${i % 500}`,
      serviceAccountName: app,
      containers: [container('main'), container('sidecar')],
      tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
    },
    status: {
      phase: 'Running',
      podIP: `10.${i % 250}.${(i >> 8) % 250}.${i & 255}`,
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(condition),
      containerStatuses: ['main', 'sidecar'].map((name) => ({
        name,
        ready: version % 2 === 0,
        restartCount: version % 5,
        started: true,
        image: app,
        imageID: hex(64),
        containerID: `containerd://${hex(64)}`,
        state: { running: { startedAt: '2026-11-23T12:00:00Z' } },
      })),
    },
  }
}

/** What a page of workloads, a scaler and a doctor read of a pod. */
const facts = ({ metadata, spec, status }: KubeObject) => {
  const { nodeName, containers } = spec as { nodeName: string; containers: { name: string; resources: unknown }[] }
  const { phase, podIP, containerStatuses } = status as {
    phase: string
    podIP: string
    containerStatuses: { name: string; ready: boolean; restartCount: number }[]
  }
  const { name, namespace, uid, labels, ownerReferences, creationTimestamp } = metadata
  const owner = ownerReferences?.[0]
  return {
    metadata: { name, namespace, uid, labels, creationTimestamp },
    owner: owner && { kind: owner.kind, name: owner.name },
    nodeName,
    phase,
    podIP,
    containers: containers.map(({ name, resources }, i) => ({
      name,
      resources,
      ready: containerStatuses[i]?.ready,
      restarts: containerStatuses[i]?.restartCount,
    })),
  }
}

function serve(): void {
  const texts = Array.from({ length: PODS }, (_, i) => JSON.stringify(pod(i, i + 1)))
  let version = PODS
  const watchers = new Set<ServerResponse>()
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x')
    const say = (text: string) => response.setHeader('content-type', 'application/json').end(text)
    if (url.pathname === '/api/v1') return void say('{"resources":[{"name":"pods","kind":"Pod","namespaced":true,"verbs":["list","watch"]}]}')
    if (url.searchParams.has('watch')) {
      response.writeHead(200)
      response.flushHeaders()
      watchers.add(response)
      return
    }
    const from = Number(url.searchParams.get('continue') ?? 0)
    const end = Math.min(PODS, from + Number(url.searchParams.get('limit')))
    const next = end < PODS ? `,"continue":"${end}"` : ''
    say(`{"metadata":{"resourceVersion":"${version}"${next}},"items":[${texts.slice(from, end).join(',')}]}`)
  })
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
  let sent = 0
  let at = 0
  setInterval(() => {
    if (watchers.size === 0) return
    if (at === 0) at = performance.now()
    const due = Math.min(50, Math.floor(((performance.now() - at) / 1000) * EVENTS_A_SECOND) - sent)
    for (let n = 0; n < due; n++) {
      const line = `${JSON.stringify({ type: 'MODIFIED', object: pod((version * 7919) % PODS, ++version) })}\n`
      for (const watcher of watchers) watcher.write(line)
      sent++
    }
  }, 10)
  process.on('disconnect', () => process.exit(0))
}

const rss = () => process.memoryUsage().rss / 1e6

async function measure(mode: string): Promise<void> {
  const port = Number(process.argv[3])
  const access = { context: 'c', server: `http://127.0.0.1:${port}`, namespace: 'default', user: 'u', tls: {}, credentials: { kind: 'none' as const } }
  const { cluster, close } = openCluster({ name: 'c', access, clock: systemClock })
  global.gc?.()
  const before = rss()
  let most = before
  const watching = setInterval(() => {
    most = Math.max(most, rss())
  }, 100)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const cpu = cpuSeconds(process.pid)
  const began = performance.now()
  delay.enable()
  const informer = cluster.informer<unknown>({ apiVersion: 'v1', kind: 'Pod' }, mode === 'facts' ? { keep: facts } : {})
  let changes = 0
  await informer.synced
  const listed = performance.now() - began
  const listDelay = delay.percentile(99) / 1e6
  informer.onChange(({ type }) => {
    if (type === 'modified') changes++
  })
  delay.reset()
  const cpuListed = cpuSeconds(process.pid)
  await pause(FOLLOW_MS)
  const row = {
    held: mode,
    pods: informer.size,
    'first list, s': (listed / 1000).toFixed(1),
    'first list, CPU s': (cpuListed - cpu).toFixed(2),
    'events/s seen': Math.round(changes / (FOLLOW_MS / 1000)),
    'CPU share following': `${(((cpuSeconds(process.pid) - cpuListed) / (FOLLOW_MS / 1000)) * 100).toFixed(0)} %`,
    'most memory more, MB': Math.round(most - before),
    'loop delay p99 listing, ms': listDelay.toFixed(1),
    'loop delay p99 following, ms': (delay.percentile(99) / 1e6).toFixed(1),
  }
  clearInterval(watching)
  console.log(
    Object.entries(row)
      .map(([name, value]) => `${name}: ${value}`)
      .join(' · '),
  )
  if (mode === 'facts') {
    const met = most - before <= BAR_MB && Math.max(listDelay, delay.percentile(99) / 1e6) <= BAR_MS
    console.log(`bars ≤ ${BAR_MB} MB and p99 ≤ ${BAR_MS} ms: ${met ? 'met' : 'NOT met'}`)
  }
  await close()
  process.exit(0)
}

async function compare(): Promise<void> {
  console.log(`plain byte loop: ${Math.round(machineSpeed())} MB per CPU-second`)
  const server: ChildProcess = fork(import.meta.filename, ['serve'])
  const port = await new Promise<number>((resolve) => server.once('message', (message) => resolve(Number(message))))
  // This process does nothing meanwhile: what its event loop is late is the machine's doing.
  const idle = monitorEventLoopDelay({ resolution: 1 })
  idle.enable()
  for (const mode of ['facts', 'whole objects']) {
    idle.reset()
    await new Promise((resolve) => fork(import.meta.filename, [mode, String(port)], { execArgv: ['--expose-gc'] }).once('exit', resolve))
    console.log(`an idle process beside it: loop delay p99 ${(idle.percentile(99) / 1e6).toFixed(1)} ms, most ${(idle.max / 1e6).toFixed(0)} ms`)
  }
  server.disconnect()
}

if (process.argv[2] === 'serve') serve()
else if (process.argv[2] !== undefined) await measure(process.argv[2])
else await compare()
