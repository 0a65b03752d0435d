/** Inspection of many objects: seconds and memory, cold (the process too), and one changed object. `node bench/inspect.ts [OBJECTS | changes]` */
import { spawnSync } from 'node:child_process'
import { CHECKS, checksOf } from '#capabilities/inspection/domain/catalog.ts'
import { createCurrent, idOf } from '#capabilities/inspection/domain/current.ts'
import { inspect } from '#capabilities/inspection/domain/inspect.ts'
import type { Item } from '#capabilities/inspection/domain/inventory.ts'
import type { KubeObject } from '#core/kube/objects.ts'

/** A cluster of shops: of ten objects three are pods of a ReplicaSet of a Deployment with a Service, and the rest is beside them. */
function cluster(count: number): Item[] {
  const items: Item[] = []
  const add = (object: Record<string, unknown>) => items.push({ object: { apiVersion: 'v1', ...object } as unknown as KubeObject, file: '', line: 0 })
  for (let i = 0; items.length < count; i++) {
    const [name, namespace] = [`app-${i}`, `ns-${i % 200}`]
    const meta = (more: object = {}) => ({ name, namespace, labels: { app: name }, ...more })
    const spec = {
      serviceAccountName: name,
      containers: [
        {
          name: 'main',
          image: `registry.example/${name}:1.${i % 9}`,
          ports: [{ name: 'web', containerPort: 8080 }],
          env: Array.from({ length: 8 }, (_, n) => ({ name: `KEY_${n}`, value: `value ${n}` })),
          resources: { requests: { cpu: '100m', memory: '64Mi' } },
        },
        { name: 'side', image: `registry.example/side@sha256:${'0'.repeat(64)}` },
      ],
      volumes: [{ name: 'config', configMap: { name } }],
    }
    add({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: meta({ uid: `d${i}` }),
      spec: { replicas: 3, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec } },
    })
    add({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: meta({ uid: `r${i}`, ownerReferences: [{ uid: `d${i}` }] }),
      spec: { template: { metadata: { labels: { app: name } }, spec } },
    })
    for (let p = 0; p < 3; p++)
      add({
        kind: 'Pod',
        metadata: { name: `${name}-${p}`, namespace, labels: { app: name }, ownerReferences: [{ uid: `r${i}` }] },
        spec,
        status: { phase: 'Running', containerStatuses: [] },
      })
    add({ kind: 'Service', metadata: meta(), spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 'web' }] } })
    add({ kind: 'ConfigMap', metadata: meta(), data: { a: 'x'.repeat(200), password: i % 5 === 0 ? 'hunter2' : '' } })
    add({ kind: 'ServiceAccount', metadata: meta() })
    add({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: meta(),
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
      roleRef: { kind: 'Role', name },
    })
    add({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: meta(), rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }] })
  }
  return items.slice(0, count)
}

/** CPU milliseconds for one changed object among many: of a kind that others refer to, and of one that they do not. */
function changes(items: readonly Item[]): Record<string, number> {
  const current = createCurrent(items, checksOf('recommended'), { now: Date.UTC(2026, 0, 5) })
  return Object.fromEntries(
    ['Deployment', 'Pod', 'Service', 'ConfigMap', 'RoleBinding'].map((kind) => {
      const some = items.filter(({ object }) => object.kind === kind).slice(0, 41)
      const took = some.map((item, i) => {
        const before = process.threadCpuUsage()
        current.change(idOf(item), { ...item, object: { ...item.object, metadata: { ...item.object.metadata, annotations: { changed: String(i) } } } })
        const { user, system } = process.threadCpuUsage(before)
        return (user + system) / 1000
      })
      return [kind, Math.round(took.sort((a, b) => a - b)[Math.floor(took.length / 2)]! * 10) / 10]
    }),
  )
}

const child = process.env.BENCH_OBJECTS
if (process.argv[2] === 'changes') for (const count of [10_000, 100_000]) console.log(`${count} objects, one changed, median CPU ms`, changes(cluster(count)))
else if (child !== undefined) {
  const items = cluster(Number(child))
  const made = process.memoryUsage().rss
  const { findings } = inspect(items, process.env.BENCH_ALL ? CHECKS : checksOf('recommended'))
  process.stdout.write(
    JSON.stringify({
      findings: findings.length,
      cpuSeconds: Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1e5) / 10,
      objectsMiB: Math.round(made / 2 ** 20),
      peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    }),
  )
} else
  for (const count of process.argv[2] ? [Number(process.argv[2])] : [10_000, 100_000]) {
    const started = performance.now()
    const run = spawnSync(process.execPath, [import.meta.filename], { env: { ...process.env, BENCH_OBJECTS: String(count) }, encoding: 'utf8' })
    const seconds = (performance.now() - started) / 1000
    console.log(`${count} objects: ${seconds.toFixed(1)} s cold with the objects made`, run.stdout, run.stderr.slice(0, 500))
  }
