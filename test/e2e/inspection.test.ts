/** An Inspection from end to end: the sandbox's API, the server with its engine, and what people get to see. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningServer, startServer } from '#apps/server/main.ts'
import { addInspect } from '#capabilities/inspection/cli/inspect.ts'
import type { FindingRow, FixPreview, OverviewAnswer } from '#capabilities/inspection/domain/api.ts'
import { INSPECTION, inspectionResource } from '#capabilities/inspection/resources/inspection.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { definitionOf } from '#core/shapes/custom-resource.ts'
import { type OpenCluster, openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { noPods } from '#sandbox/api/pod-runtime.ts'
import { type SandboxApi, startSandboxApi } from '#sandbox/api/start.ts'
import { runCommand } from '#test/fakes/command.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects of tests are made field by field
type Loose = any

let folder: string
let api: SandboxApi
let open: OpenCluster
let server: RunningServer
let token: string

const deployment = (name: string, container: object = {}): Loose => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop' },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'registry.example/app:1.0', ...container }] } },
  },
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-inspection-'))
  api = await startSandboxApi({ folder: join(folder, 'api'), clock: systemClock, runtime: noPods })
  open = openCluster({ name: 'direct', access: await parseKubeconfig(await readKubeconfigFile(api.kubeconfig)).select(), clock: systemClock })
  await open.cluster.create(definitionOf(inspectionResource))
  await open.cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
  await open.cluster.create(deployment('cart', { securityContext: { privileged: true } }))
  server = await startServer({
    data: join(folder, 'data'),
    port: 0,
    listen: '127.0.0.1',
    host: [],
    clusterListen: { host: '127.0.0.1', port: 0 },
    clusterAddress: '127.0.0.1',
    kubeconfig: [{ file: api.kubeconfig }],
    log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
    capabilities: [() => import('#capabilities/inspection/server/index.ts').then(({ door }) => door)],
    consoleFolder: folder,
  } as Loose)
  token = (await readFile(join(folder, 'data', 'cli-token'), 'utf8')).trim()
}, 120_000)
afterAll(async () => {
  await server?.close()
  await open?.close()
  await api?.close()
  await rm(folder, { recursive: true, force: true })
})

const inspections = '/api/v1/clusters/demo/inspections'
const call = (path: string, method = 'GET', body?: unknown) =>
  fetch(`${server.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
const get = async <T>(path: string): Promise<T> => {
  const answer = await call(path)
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as T
}
const until = async <T>(look: () => Promise<T>, holds: (value: T) => boolean): Promise<T> => {
  for (;;) {
    const value = await look()
    if (holds(value)) return value
    await systemClock.sleep(50)
  }
}
const statusOf = async (name: string): Promise<Record<string, unknown>> =>
  ((await open.cluster.get({ ...INSPECTION, name })) as KubeObject & { status?: Record<string, unknown> }).status ?? {}
const ended = (name: string, after?: unknown) =>
  until(
    () => statusOf(name),
    ({ phase, lastRun }) => phase !== undefined && phase !== 'Running' && lastRun !== undefined && lastRun !== after,
  )
/** What was written is there to be read a moment later. */
const found = (name: string, query: string, holds: (answer: { rows: FindingRow[]; total: number }) => boolean) => until(() => findings(name, query), holds)
const findings = (name: string, query = '') => get<{ rows: FindingRow[]; total: number }>(`${inspections}/${name}/findings?limit=1000${query}`)
const checksIn = (rows: readonly FindingRow[], object: string) => rows.filter(({ name }) => name === object).map(({ check }) => check)

describe('an Inspection', () => {
  it('runs, says what it found, and what is new the next time', async () => {
    await open.cluster.create({ ...INSPECTION, metadata: { name: 'daily' }, spec: { schedule: '0 3 * * *', namespaces: ['shop'], watch: false } } as KubeObject)
    const first = await ended('daily')
    expect(first).toMatchObject({ observedGeneration: 1 })
    expect(first.nextRunAt).toMatch(/T03:00:00\.000Z$/)
    const { rows } = await found('daily', '', ({ total }) => total > 0)
    expect(checksIn(rows, 'cart')).toContain('privileged-container')
    expect(rows.find(({ check }) => check === 'privileged-container')).toMatchObject({
      kind: 'Deployment',
      namespace: 'shop',
      path: 'spec.template.spec.containers[0].securityContext.privileged',
      category: 'security',
    })
    const overview = await until(
      () => get<OverviewAnswer>(`${inspections}/daily/overview`),
      ({ runs }) => runs.length === 1,
    )
    expect(overview.byNamespace.map(({ name }) => name)).toEqual(['shop'])
    expect(overview.counts.critical + overview.counts.error + overview.counts.warning + overview.counts.advice).toBe(rows.length)

    await open.cluster.create(deployment('pay', { image: 'pay:latest' }))
    await open.cluster.patch({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'cart' }, 'strategic', {
      spec: { template: { spec: { containers: [{ name: 'main', securityContext: { privileged: null } }] } } },
    })
    expect((await call(`${inspections}/daily/run`, 'POST')).status).toBe(202)
    const second = await ended('daily', first.lastRun)
    expect(second).toMatchObject({ gone: expect.any(Number), new: expect.any(Number) })
    const [before] = overview.runs
    const began = await found('daily', `&since=${before!.startedAt}`, ({ total }) => total > 0)
    expect(new Set(began.rows.map(({ name }) => name))).toEqual(new Set(['pay', ...(began.rows.some(({ name }) => name === 'cart') ? ['cart'] : [])]))
    expect(began.total).toBe(second.new)
    const gone = await findings('daily', `&since=${before!.startedAt}&state=cleared`)
    expect(checksIn(gone.rows, 'cart')).toContain('privileged-container')
    expect(gone.total).toBe(second.gone)
    // As it was then.
    expect(checksIn((await findings('daily', `&at=${before!.startedAt}`)).rows, 'cart')).toContain('privileged-container')
  }, 60_000)

  it('tells of one finding with its fix, gives reports, and is suppressed for a while', async () => {
    expect((await findings('daily', '&category=security')).rows.every(({ category }) => category === 'security')).toBe(true)
    const all = await findings('daily')
    const fixable = all.rows.find(({ check, name }) => name === 'pay' && check === 'privilege-escalation') ?? all.rows.find(({ name }) => name === 'pay')!
    const detail = await get<{ aliases: string[]; fix: unknown[] }>(`${inspections}/daily/findings/${fixable.fingerprint}`)
    expect(detail.aliases.length).toBeGreaterThan(0)
    const preview = await get<FixPreview>(`${inspections}/daily/findings/${fixable.fingerprint}/fix`)
    expect(preview.object).toBe('Deployment shop/pay')
    for (const [format, holds] of [
      ['html', '<!doctype html>'],
      ['markdown', '# Inspection'],
      ['sarif', '"sallyport inspect"'],
      ['junit', '<testsuite'],
      ['json', '"findings"'],
      ['ndjson', '"check"'],
    ] as const) {
      const text = await (await call(`${inspections}/daily/report?format=${format}`)).text()
      expect(text).toContain(holds)
    }
    const { lastRun } = await statusOf('daily')
    const answer = await call(`${inspections}/daily/suppressions`, 'POST', {
      check: fixable.check,
      object: 'Deployment shop/pay',
      reason: 'known, ticket 4711',
      until: '2999-01-01',
    })
    expect(answer.status).toBe(201)
    await ended('daily', lastRun)
    await found('daily', '', ({ rows: open }) => !checksIn(open, 'pay').includes(fixable.check))
    expect(
      (
        await until(
          () => get<OverviewAnswer>(`${inspections}/daily/overview`),
          ({ runs }) => runs.length === 3,
        )
      ).runs[0]!.suppressed,
    ).toMatchObject([{ check: fixable.check, reason: 'known, ticket 4711' }])
  }, 60_000)

  it('says what is wrong with it', async () => {
    await open.cluster.create({ ...INSPECTION, metadata: { name: 'odd' }, spec: { checks: ['hostPIDSett'], watch: false } } as KubeObject)
    const { message } = await until(
      () => statusOf('odd'),
      ({ phase }) => phase === 'Invalid',
    )
    expect(message).toContain('hostPIDSett')
  }, 30_000)

  it('runs checks of the user, and says when one cannot be answered', async () => {
    const userChecks = [
      {
        id: 'owner',
        title: 'Nobody is named as owner.',
        kinds: ['Deployment'],
        expression: "has(object.metadata.labels) && 'owner' in object.metadata.labels",
      },
      { id: 'broken', title: 'never', kinds: ['Deployment'], expression: "object.metadata.labels['team'] == 'x'" },
    ]
    await open.cluster.create({
      ...INSPECTION,
      metadata: { name: 'own' },
      spec: { checks: ['host-pid'], userChecks, namespaces: ['shop'], watch: false },
    } as KubeObject)
    expect(await ended('own')).toMatchObject({ phase: 'Incomplete', unread: 2 })
    expect((await found('own', '', ({ total }) => total > 1)).rows.map(({ check, name }) => `${check} ${name}`).sort()).toEqual([
      'user/owner cart',
      'user/owner pay',
    ])
  }, 30_000)
})

describe('between runs', () => {
  it('what changes is looked at again, with what depends on it', async () => {
    await open.cluster.create({
      ...INSPECTION,
      metadata: { name: 'live' },
      spec: { checks: ['privileged-container', 'reference-missing'], namespaces: ['shop'] },
    } as KubeObject)
    await ended('live')
    const { lastRun } = await statusOf('live')
    await open.cluster.create(deployment('late', { securityContext: { privileged: true }, envFrom: [{ configMapRef: { name: 'late' } }] }))
    await found('live', '', ({ rows }) => checksIn(rows, 'late').length === 2)
    // The Deployment itself does not change, only what it names.
    await open.cluster.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'late', namespace: 'shop' }, data: {} } as KubeObject)
    await found('live', '', ({ rows }) => checksIn(rows, 'late').length === 1)
    await open.cluster.delete({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'late' })
    await found('live', '', ({ rows }) => checksIn(rows, 'late').length === 0)
    expect((await statusOf('live')).lastRun).toBe(lastRun)
    // What was found between two runs is new at the second.
    await open.cluster.create(deployment('later', { securityContext: { privileged: true } }))
    await found('live', '', ({ rows }) => checksIn(rows, 'later').length === 1)
    expect((await call(`${inspections}/live/run`, 'POST')).status).toBe(202)
    expect(await ended('live', lastRun)).toMatchObject({ new: 1, gone: 0 })
    await open.cluster.delete({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'later' })
  }, 60_000)
})

describe('admission', () => {
  const CONFIG = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', name: 'sallyport-inspection' }
  const config = () => open.cluster.get(CONFIG) as Promise<Loose>

  it('refuses what an Inspection wants refused, and only what is new', async () => {
    await open.cluster.create(deployment('old', { securityContext: { privileged: true } }))
    const spec = {
      checks: ['privileged-container', 'image-version-missing'],
      namespaces: ['shop'],
      failOn: 'error',
      admission: { mode: 'Deny', failurePolicy: 'Fail' },
    }
    await open.cluster.create({ ...INSPECTION, metadata: { name: 'gate' }, spec } as KubeObject)
    const made = await until(
      () => config().catch(() => undefined),
      (one) => one?.webhooks?.length === 1,
    )
    expect(made.webhooks[0]).toMatchObject({ name: 'gate.inspection.sallyport.io', failurePolicy: 'Fail', sideEffects: 'None' })
    await ended('gate')
    await expect(open.cluster.create(deployment('bad', { securityContext: { privileged: true } }))).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await open.cluster.create(deployment('good'))
    // A finding that was there before keeps nobody from changing something else.
    await open.cluster.patch({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'old' }, 'merge', { metadata: { labels: { a: 'b' } } })
    // Elsewhere it is not asked.
    await open.cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'free' } })
    const free = deployment('bad', { securityContext: { privileged: true } })
    await open.cluster.create({ ...free, metadata: { name: 'bad', namespace: 'free' } })
  }, 60_000)

  it('is asked by nobody who does not know its path, and not where people are', async () => {
    const { url } = (await config()).webhooks[0].clientConfig
    const path = new URL(url).pathname
    const body = { request: { uid: '1', kind: { group: '', version: 'v1', kind: 'Pod' }, operation: 'CREATE', object: {} } }
    expect((await call(path, 'POST', body)).status).toBe(404)
  }, 30_000)

  it('goes when the Inspection goes', async () => {
    await open.cluster.delete({ ...INSPECTION, name: 'gate' })
    await until(
      () => config().catch(() => undefined),
      (one) => one === undefined,
    )
    await open.cluster.create(deployment('bad', { securityContext: { privileged: true } }))
  }, 30_000)
})

describe('fixes in a cluster', () => {
  const inspect = (...args: string[]) => runCommand(addInspect, ['inspect', '-n', 'shop', ...args], { cluster: async () => open.cluster, clock: systemClock })
  const cart = () => open.cluster.get({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'cart' }) as Promise<Loose>
  const privileged = async () => (await cart()).spec.template.spec.containers[0].securityContext?.privileged
  const set = (spec: object) => open.cluster.patch({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'cart' }, 'strategic', { spec })
  const container = { name: 'main', securityContext: { privileged: true } }

  it('are shown, applied, and taken back by the undo file', async () => {
    await set({ replicas: 0, template: { spec: { containers: [container] } } })
    const dry = await inspect('--check', 'privileged-container', '--fix', '--dry-run')
    expect(dry.text).toContain('--- Deployment shop/cart')
    expect(dry.text).toMatch(/-\s+privileged: true/)
    expect(dry.text).toContain('# 0 pods restart')
    expect(dry.text).toContain('PDB headroom: no budget')
    expect(await privileged()).toBe(true)

    const undo = join(folder, 'undo.json')
    const done = await inspect('--check', 'privileged-container', '--fix', '--undo-file', undo)
    expect(done.exit).toBe(0)
    expect(await privileged()).not.toBe(true)
    expect((await inspect('--undo', undo)).exit).toBe(0)
    expect(await privileged()).toBe(true)
  }, 60_000)

  it('of which pods do not come up are taken back by themselves', async () => {
    await set({ replicas: 1, template: { spec: { containers: [container] } } })
    const run = await inspect('--check', 'privileged-container', '--fix', '--timeout', '2s', '--undo-file', join(folder, 'undo-2.json'))
    expect(run.exit).toBe(6)
    expect(run.notes.join('\n')).toMatch(/taken back: its rollout took too long/)
    expect(await privileged()).toBe(true)
  }, 60_000)

  it('do not undo what somebody has changed since', async () => {
    await set({ replicas: 0 })
    const undo = join(folder, 'undo-3.json')
    await inspect('--check', 'privileged-container', '--fix', '--undo-file', undo)
    await set({ template: { spec: { containers: [{ name: 'main', securityContext: { privileged: null, runAsNonRoot: true } }] } } })
    await set({ template: { spec: { containers: [{ name: 'main', securityContext: { privileged: true } }] } } })
    const back = await inspect('--undo', undo)
    expect(back.exit).toBe(6)
    expect((await cart()).spec.template.spec.containers[0].securityContext).toMatchObject({ privileged: true, runAsNonRoot: true })
  }, 60_000)
})
