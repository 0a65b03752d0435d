/**
 * Releases end to end: a real API server with its controllers, a real nginx, real requests. The server is killed with -9 at each step of them. Faster than a release
 * of users by its configuration only: short holds, a short soak, and margins and faults so wide that some hundred requests tell.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { nameFor } from '#apps/server/cluster-sources.ts'
import type { CanaryDetail } from '#capabilities/canary/domain/api.ts'
import { type CanaryStatus, canaryResource } from '#capabilities/canary/resources/canary.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { definitionOf } from '#core/shapes/custom-resource.ts'
import { type OpenCluster, openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { describeCluster, program } from '#test/real.ts'
import { gatewayDefinitions } from '../../src/sandbox/site/gateway-api.ts'
import { answeredBy, type CanarySite, startCanarySite } from './canary-site.ts'
import { freePort } from './nginx-site.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects are read field by field
type Loose = any

const CANARY = { apiVersion: 'sallyport.io/v1alpha1', kind: 'Canary' }
const ROOT = join(import.meta.dirname, '../..')
const STEPS = [
  { weight: 20, hold: '10s' },
  { weight: 50, hold: '10s' },
]
const JUDGE = {
  warmUp: '5s',
  minSoak: '30s',
  measures: {
    errors: { margin: { times: 2, plus: 0.05 } },
    rejected: { gate: false },
    // Wide budgets too: how equal pods are on a machine with other work is not what this is about.
    p50: { budget: { slower: 1.5 }, margin: { times: 1.6 } },
    p90: { budget: { slower: 1.5 }, margin: { times: 3 } },
    p99: { gate: false },
    p999: { gate: false },
  },
}
/** Of each release: they ask one after the other, so there are about twenty requests a second for each connection. */
const CONNECTIONS = 3
const NAMES = ['good', 'tail', 'errors'] as const
/** Where the server is killed: name, phase and step; `bad` is whichever of the two that are rolled back. */
const KILLS = ['good Preparing', 'good Progressing 1', 'good Progressing 2', 'good Promoting', 'bad RollingBack']

describeCluster('a release behind nginx', (kubeconfig) => {
  const able = ['nginx', 'wrk', 'kubectl'].every((name) => program(name) !== undefined)
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-release-'))
  const namespace = `release-${randomBytes(3).toString('hex')}`
  const children = new Set<ChildProcess>()
  let open: OpenCluster
  let site: CanarySite
  let server: ChildProcess
  let port: number
  let clusterName: string

  const start = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env, log?: string) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (text: Buffer) => {
        said += text
        if (log !== undefined) writeFileSync(log, said)
      })
    children.add(child)
    return child
  }
  /** A Lease of its own: other tests' servers are no standbys of this one. */
  const startServer = () => {
    const flags = ['server', '--data', join(folder, 'server'), '--port', String(port), '--kubeconfig', kubeconfig, '--log-level', 'info']
    server = start(process.execPath, ['src/apps/cli/main.ts', ...flags], { ...process.env, POD_NAMESPACE: namespace }, join(folder, 'server.log'))
  }
  const killServer = async () => {
    const gone = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGKILL')
    await gone
    children.delete(server)
    startServer()
  }
  async function api<T>(path: string, body?: unknown): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        const token = readFileSync(join(folder, 'server/cli-token'), 'utf8').trim()
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
        return (await answer.json()) as T
      } catch (error) {
        if (tries > 600) throw error
        await pause(200)
      }
    }
  }
  /** What the server logged last but requests, for who reads a failure. */
  const told = () =>
    readFileSync(join(folder, 'server.log'), 'utf8')
      .split('\n')
      .filter((line) => !line.includes('"request"'))
      .slice(-12)
      .join('\n')
  const statusOf = async (name: string): Promise<CanaryStatus> => {
    const object = await open.cluster.get({ ...CANARY, namespace, name })
    return (object.status ?? {}) as CanaryStatus
  }
  const object = (apiVersion: string, kind: string, name: string, spec: object): KubeObject => ({ apiVersion, kind, metadata: { name, namespace }, spec })
  const deployment = (name: string, image: string) =>
    object('apps/v1', 'Deployment', name, {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [{ name: 'app', image }],
          nodeSelector: site.nodeSelector,
          tolerations: [{ operator: 'Exists' }],
          automountServiceAccountToken: false,
          topologySpreadConstraints: [
            { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: name } } },
          ],
        },
      },
    })
  const release = async (name: string, kind: 'Ingress' | 'HTTPRoute') => {
    const host = `${name}.example`
    const route =
      kind === 'Ingress'
        ? object('networking.k8s.io/v1', 'Ingress', name, {
            rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { number: 80 } } } }] } }],
          })
        : object('gateway.networking.k8s.io/v1', 'HTTPRoute', name, { hostnames: [host], rules: [{ backendRefs: [{ name, port: 80 }] }] })
    const service = (of: string) => object('v1', 'Service', of, { selector: { app: of }, ports: [{ port: 80, targetPort: 8080 }] })
    for (const made of [service(name), service(`${name}-next`), deployment(name, 'app:1'), deployment(`${name}-next`, `app:${name}`), route])
      await open.cluster.create(made)
    return () =>
      open.cluster.create(
        object('sallyport.io/v1alpha1', 'Canary', name, {
          stable: { deployment: name, service: name },
          canary: { deployment: `${name}-next`, service: `${name}-next` },
          routes: [{ apiVersion: route.apiVersion, kind, name }],
          steps: STEPS,
          minRequests: 30,
          judge: JUDGE,
        }),
      )
  }

  beforeAll(async () => {
    if (!able) return
    const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select()
    clusterName = nameFor(access.context)
    open = openCluster({ name: 'real', access, clock: systemClock })
    await open.cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    const definitions = [
      definitionOf(canaryResource),
      ...(gatewayDefinitions() as unknown as KubeObject[]).filter(({ metadata }) => metadata.name.startsWith('httproutes.')),
    ]
    for (const definition of definitions) {
      const annotations = { 'api-approved.kubernetes.io': 'unapproved, for a test' }
      await open.cluster.apply({ ...definition, metadata: { ...definition.metadata, annotations } }, { fieldManager: 'test', force: true })
    }
    for (let tries = 0; tries < 100; tries++) {
      const { kinds } = await open.cluster.discover({ fresh: true })
      if (['Canary', 'HTTPRoute'].every((kind) => kinds.some((one) => one.kind === kind))) break
      await pause(100)
    }
    port = await freePort()
    startServer()
    mkdirSync(join(folder, 'nginx'))
    site = await startCanarySite(open.cluster, namespace, join(folder, 'nginx'))
    const { token } = await api<{ token: string }>('/ingest-tokens', { name: 'agent', cluster: clusterName })
    writeFileSync(join(folder, 'token'), token)
    const agent = [
      '--server',
      `http://127.0.0.1:${port}`,
      '--token-file',
      join(folder, 'token'),
      '--data',
      join(folder, 'agent'),
      '--file',
      `${site.log}:upstreaminfo`,
    ]
    start(process.execPath, ['src/apps/agent/main.ts', ...agent])
  }, 120_000)
  afterAll(async () => {
    // While there is a server that lets them go.
    for (const name of ['good', 'tail', 'errors']) await open?.cluster.delete({ ...CANARY, namespace, name }).catch(() => {})
    for (let tries = 0; tries < 50 && open && (await open.cluster.list(CANARY, { namespace })).items.length > 0; tries++) await pause(200)
    for (const child of children) child.kill('SIGKILL')
    await site?.stop()
    if (able) await open.cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: namespace })
    await open?.close()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  it.skipIf(!able)('is promoted or rolled back by what its versions do, whenever the server is killed', { timeout: 400_000 }, async () => {
    const begin = [await release('good', 'Ingress'), await release('tail', 'Ingress'), await release('errors', 'HTTPRoute')]
    for (const name of NAMES) start(program('wrk')!, ['-t1', `-c${CONNECTIONS}`, '-d600s', '-H', `Host: ${name}.example`, site.url])
    // Stable's thresholds need requests from before the release.
    for (const name of NAMES)
      for (let tries = 0; answeredBy(site.log, name).stable < 400; tries++) {
        if (tries > 300) throw new Error(`no answers of ${name}: ${readFileSync(join(folder, 'nginx/error.log'), 'utf8').slice(-500)}`)
        await pause(200)
      }
    const seen = join(folder, 'watch')
    start(program('kubectl')!, ['--kubeconfig', kubeconfig, '-n', namespace, 'get', 'canary', 'good', '-w'], process.env, seen)
    // kubectl watches before there is anything to see: the header comes with the first row.
    for (const create of begin) await create()

    const began = Date.now()
    const killed: string[] = []
    const lines = new Map<string, string>()
    const analyses = new Map<string, Set<number>>(NAMES.map((name) => [name, new Set()]))
    const last = new Map<string, CanaryStatus>()
    const over = ({ phase }: CanaryStatus) => phase === 'Promoted' || phase === 'RolledBack'
    while (!NAMES.every((name) => over(last.get(name) ?? {}))) {
      for (const name of NAMES) {
        const status = await statusOf(name)
        last.set(name, status)
        const { phase, step, weight, message, startedAt, run } = status
        if (startedAt !== undefined) analyses.get(name)!.add(startedAt)
        const line = `${name} run ${run ?? 0} ${phase ?? '-'} ${step ?? '-'} ${weight ?? '-'} %: ${message ?? ''}`
        if (lines.get(name) !== line) console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${line}`)
        lines.set(name, line)
        // A rollback may be over before it is looked at: that of either bad version will do.
        const state = `${name === 'good' ? 'good' : 'bad'} ${phase}${phase === 'Progressing' ? ` ${step}` : ''}`
        if (KILLS.includes(state) && !killed.includes(state)) {
          console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  kill -9 at ${state}`)
          killed.push(state)
          await killServer()
        }
      }
      if (Date.now() - began > 370_000) throw new Error(`not over: ${JSON.stringify([...lines.values()])}\n${told()}`)
      await pause(30)
    }
    // It resumed where it was: one run, one analysis, each step once.
    expect(killed.toSorted()).toEqual(KILLS.toSorted())
    for (const name of NAMES) {
      expect(last.get(name)!.run, name).toBe(1)
      expect(analyses.get(name)!.size, name).toBe(1)
    }
    expect(last.get('good')!.phase).toBe('Promoted')
    expect(last.get('good')!.decisions?.map(({ what }) => what)).toEqual(['Preparing', 'Progressing', 'Step 2', 'Promoting', 'Promoted'])
    for (const name of ['tail', 'errors']) {
      const { phase, decisions } = last.get(name)!
      expect(phase, name).toBe('RolledBack')
      expect(decisions?.find(({ what }) => what === 'RollingBack')?.why).toMatch(name === 'tail' ? /budget allows: .*p[59]0/ : /budget allows: errors/)
    }
    // nginx never had another weight than those of the steps, and has none in the end.
    await pause(1_500)
    for (const name of NAMES) {
      const weights = site.weights.get(`${name}.example`)!
      expect(new Set(weights), name).toEqual(new Set(name === 'good' ? [0, 20, 50] : weights.includes(50) ? [0, 20, 50] : [0, 20]))
      expect(weights.at(-1), name).toBe(0)
    }
    const image = async (name: string) =>
      ((await open.cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, name })) as Loose).spec.template.spec.containers[0].image
    expect([await image('good'), await image('tail'), await image('errors')]).toEqual(['app:good', 'app:1', 'app:1'])
    const { items } = await open.cluster.list({ apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' }, { namespace })
    expect(items.map(({ metadata }) => metadata.name).toSorted()).toEqual(['good', 'tail'])
    const httpRoute = (await open.cluster.get({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', namespace, name: 'errors' })) as Loose
    expect(httpRoute.spec.rules).toEqual([{ backendRefs: [{ name: 'errors', port: 80 }] }])
    expect(httpRoute.metadata.annotations ?? {}).toEqual({})

    // Requests of both arms were told apart by who answered; nginx' own word agrees. Some were answered in the seconds before and after the analysis.
    const detail = await api<CanaryDetail>(`/clusters/${encodeURIComponent(clusterName)}/canaries/${namespace}/good`)
    const said = answeredBy(site.log, 'good')
    expect(detail.status.requests).toBeGreaterThan(100)
    expect(detail.status.requests).toBeLessThanOrEqual(said.canary)
    // The server that was started last never saw the analysis; the report is read anew.
    expect(detail.report).toMatchObject({ verdict: 'promote', requests: { canary: expect.any(Number) } })

    // What `kubectl get canary -w` shows is enough.
    const watched = readFileSync(seen, 'utf8')
    expect(watched).toMatch(/NAME\s+PHASE\s+STEP\s+WEIGHT\s+VERDICT\s+REQUESTS\s+EXPECTED/)
    for (const line of [/good\s+Preparing/, /good\s+Progressing\s+[12]\s+20/, /good\s+Promoting/, /good\s+Promoted/]) expect(watched).toMatch(line)
    const events = await open.cluster.list({ apiVersion: 'v1', kind: 'Event' }, { namespace, fields: 'involvedObject.kind=Canary,involvedObject.name=good' })
    // Events are told last: those of a moment at which the server was killed may be lost.
    expect((events.items as Loose[]).map(({ reason }) => reason)).toContain('Promoted')
    console.log(`weights ${JSON.stringify(Object.fromEntries(site.weights))}\n${watched}`)
  })
})
