/**
 * `npm run bench -- elasticity-fleet`: 5,000 policies looked at once a second by the reconciler of the server, with traffic through the real live stream:
 * how long a round takes, what memory, how many writes. The API server is not in it. Its rounds go on after forecasts began (a quarter of an hour) and memory no longer grows.
 */
import { spawnSync } from 'node:child_process'
import type { Facts } from '#capabilities/elasticity/domain/decide.ts'
import { createHeard } from '#capabilities/elasticity/domain/traffic-history.ts'
import { createPace } from '#capabilities/elasticity/server/pace.ts'
import { type PolicyPorts, policyReconciler } from '#capabilities/elasticity/server/policies.ts'
import { indexPolicies } from '#capabilities/elasticity/server/policy-index.ts'
import type { Clock } from '#core/kernel/clock.ts'
import { seededRandom } from '#core/kernel/random.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster, Informer } from '#core/shapes/ports/cluster.ts'
import { emptyBucket } from '#core/telemetry/live-bucket.ts'
import { createLiveStream } from '#edges/telemetry/live/live-stream.ts'

// As bin/sallyport starts the server.
const FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=30']
if (process.execArgv.length === 0) process.exit(spawnSync(process.execPath, [...FLAGS, ...process.argv.slice(1)], { stdio: 'inherit' }).status ?? 1)
const TARGETS = 5_000
const SECONDS = Number(process.argv[2] ?? 1_300)
const random = seededRandom(9)
let now = 1_800_000_000_000
const clock: Clock = { now: () => now, sleep: async () => {} }
const live = createLiveStream({ clock, maxSeries: 2 * TARGETS })
const names = Array.from({ length: TARGETS }, (_, i) => `s${i}`)
const rates = names.map(() => 5 + 40 * random())
const replicas = new Map(names.map((name) => [name, 4]))
const objects = new Map<string, KubeObject>(
  names.map((name) => [
    name,
    {
      apiVersion: 'sallyport.io/v1alpha1',
      kind: 'ScalePolicy',
      metadata: { name, namespace: 'n', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { target: { name }, mode: 'active', max: 100, loadPerPod: 10 },
      status: {},
    },
  ]),
)
let written = 0
let statuses = 0
let events = 0
const ports = {
  cluster: {
    name: 'c',
    async patch(ref: { kind: string; name: string }, _type: string, patch: { spec?: { replicas: number }; status?: object }) {
      if (patch.spec) {
        replicas.set(ref.name, patch.spec.replicas)
        written++
      } else {
        objects.set(ref.name, { ...objects.get(ref.name)!, status: patch.status })
        statuses++
      }
    },
  } as unknown as Cluster,
  view: {
    ready: async () => {},
    target: (_namespace: string, _kind: string, name: string) => ({
      found: { replicas: replicas.get(name)!, ready: replicas.get(name)!, rolling: false, writers: [] },
    }),
    workloads: () => [],
    stop() {},
  },
  policies: { get: (name: string) => objects.get(name), synced: Promise.resolve() },
  index: indexPolicies({
    onChange(tell) {
      for (const object of objects.values()) tell({ type: 'added', object })
      return () => {}
    },
  } satisfies Pick<Informer<KubeObject>, 'onChange'>),
  heard: createHeard(live, 'c'),
  pace: createPace(),
  live,
  ask: async () => undefined,
  now: () => now,
  events: {
    record: async () => {
      events++
    },
  },
  memory: new Map(),
} as unknown as PolicyPorts

const rounds: number[] = []
const writes: number[] = []
let most = 0
for (let second = 0; second < SECONDS; second++) {
  now += 1_000
  const day = 1 + 0.3 * Math.sin(second / 300)
  live.publish(
    names.map((name, i) => {
      const bucket = emptyBucket({ cluster: 'c', route: `n/${name}`, namespace: 'n', service: name, arm: '', second: now - 500 })
      bucket.requests = Math.round(day * rates[i]! * (0.8 + 0.4 * random()))
      for (let j = 0; j < 3; j++) bucket.times.add(0.02 * Math.exp(random()))
      return bucket
    }),
    'agent',
  )
  const before = process.cpuUsage()
  const was = written + statuses + events
  for (const name of names) {
    const facts: Facts = await policyReconciler.gather(`n/${name}`, ports)
    await policyReconciler.apply(policyReconciler.decide(facts, now), facts, ports)
  }
  const { user, system } = process.cpuUsage(before)
  rounds.push((user + system) / 1_000)
  if (second >= 60) writes.push(written + statuses + events - was)
  most = Math.max(most, process.memoryUsage.rss())
}
const at = (values: number[], q: number) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(q * values.length))]!
console.log(`${TARGETS} targets, ${SECONDS} rounds: CPU of a round p50 ${at(rounds, 0.5).toFixed(0)} ms, p99 ${at(rounds, 0.99).toFixed(0)} ms`)
const { rss, heapUsed, heapTotal, arrayBuffers } = process.memoryUsage()
const mb = (bytes: number) => (bytes / 1e6).toFixed(0)
console.log(
  `memory ${mb(rss)} MB, at most ${mb(most)} (heap ${mb(heapUsed)} of ${mb(heapTotal)}, buffers ${mb(arrayBuffers)}, of which live stream ${mb(live.use().bytes)})`,
)
console.log(
  `API writes after the first minute: mean ${(writes.reduce((sum, one) => sum + one, 0) / writes.length).toFixed(1)}/s, most ${Math.max(...writes)}/s, p99 ${at(writes, 0.99)}/s; of them scales ${(written / SECONDS).toFixed(1)}/s`,
)
