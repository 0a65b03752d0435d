/** Repair on a real API server, from the reports of agents to the Node objects: dry run, taint, cordon, drain within a budget, a hook, undo, and a person who wins. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { nameFor } from '#apps/server/cluster-sources.ts'
import { type RunningServer, startServer } from '#apps/server/main.ts'
import { MARK, TAINT } from '#capabilities/node-doctor/domain/repair/plan.ts'
import type { NodeReport } from '#capabilities/node-doctor/domain/report.ts'
import { repairPolicy } from '#capabilities/node-doctor/resources/repair-policy.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { definitionOf, RESOURCE_API } from '#core/shapes/custom-resource.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { describeCluster } from '#test/real.ts'
import { until } from './until.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects are read field by field
type Loose = any

describeCluster('repair of nodes', (kubeconfig) => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-repair-'))
  const NAME = `repair-${process.pid}`
  const NODES = [1, 2, 3].map((i) => `${NAME}-${i}`)
  const [ILL] = NODES as [string]
  const POLICY = { apiVersion: RESOURCE_API, kind: repairPolicy.kind, name: NAME }
  const node = (name: string) => ({ apiVersion: 'v1', kind: 'Node', name })
  const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', namespace: NAME, name })
  const asked: object[] = []
  const hooks = createServer((request, response) => {
    let body = ''
    request.on('data', (bytes) => {
      body += bytes
    })
    request.on('end', () => {
      asked.push(JSON.parse(body))
      response.end()
    })
  })
  let GUARD: { apiVersion: string; kind: string }
  let server: RunningServer
  let admin: ReturnType<typeof openCluster>
  let stop = false
  let telling: Promise<void>
  let illSince: number | undefined
  let wellSince = Date.now() - 60_000
  let send: (reports: NodeReport[]) => Promise<void>

  const get = async (name: string): Promise<Loose> => admin.cluster.get(node(name))
  const policy = async (): Promise<Loose> => admin.cluster.get(POLICY)
  const gone = (name: string) =>
    admin.cluster.get(pod(name)).then(
      () => false,
      () => true,
    )
  const reportOf = (name: string): NodeReport => {
    const ill = name === ILL && illSince !== undefined
    return {
      version: 1,
      node: name,
      at: Date.now(),
      startedAt: Date.now() - 600_000,
      bootId: 'a',
      conditions: [
        {
          type: 'FDPressure',
          status: ill ? 'True' : 'False',
          reason: ill ? 'SystemOpenFiles' : 'IsHealthy',
          message: ill ? '97 of 100 open files' : 'looked again: 9 of 100 open files',
          since: ill ? illSince! : wellSince,
          severity: 'error',
        },
      ],
      troubles: [],
      changes: [],
      blind: [],
      absent: [],
      log: { lines: 0, dropped: 0, lostChanges: 0 },
    }
  }
  /** What kubelets and agents do: nodes whose Ready is old are taken for lost. */
  const beat = async () => {
    const at = new Date().toISOString().replace(/\.\d+/, '')
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: '', lastHeartbeatTime: at, lastTransitionTime: at }
    for (const name of NODES) await admin.cluster.patch(node(name), 'strategic', { status: { conditions: [ready] } }, { subresource: 'status' })
    await send(NODES.map(reportOf))
  }
  const person = (name: string, spec: object) => admin.cluster.patch(node(name), 'merge', { spec })

  beforeAll(async () => {
    await new Promise<void>((resolve) => hooks.listen(0, '127.0.0.1', resolve))
    const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select()
    admin = openCluster({ name: 'real', access, clock: systemClock })
    const { cluster } = admin
    await cluster.create(definitionOf(repairPolicy)).catch(() => {})
    await cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAME } })
    const { metadata: owner } = await cluster.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owner', namespace: NAME } })
    for (const name of NODES) await cluster.create({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'sallyport-test': NAME } } })
    for (const name of ['free', 'guarded']) {
      await cluster.create({
        ...pod(name),
        metadata: {
          name,
          namespace: NAME,
          labels: { app: name },
          // whose pods they are makes no difference, only that somebody starts them anew
          ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.uid!, controller: true }],
        },
        spec: { nodeName: ILL, terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, containers: [{ name: 'c', image: 'i' }] },
      } as Loose)
      await cluster.patch(pod(name), 'merge', { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } }, { subresource: 'status' })
    }
    const budgets = (await cluster.discover()).kinds.find(({ kind }) => kind === 'PodDisruptionBudget')!
    GUARD = { apiVersion: budgets.apiVersion, kind: 'PodDisruptionBudget' }
    await cluster.create({
      ...GUARD,
      metadata: { name: 'guard', namespace: NAME },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'guarded' } } },
    })
    server = await startServer({
      data: join(folder, 'server'),
      port: 0,
      listen: '127.0.0.1',
      host: [],
      kubeconfig: [{ file: kubeconfig }],
      log: pino({ level: 'error' }),
    })
    const { token } = await server.tokens.issue({ name: 'doctor', cluster: nameFor(access.context), signals: ['findings'] })
    send = async (reports) => {
      const answer = await fetch(`${server.url}/api/v1/ingest/lines`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/octet-stream',
          'sallyport-batch': uuidv7(Date.now(), crypto.getRandomValues(new Uint8Array(10))),
          'sallyport-source': 'node-doctor',
          'sallyport-format': 'node',
        },
        body: reports.map((report) => JSON.stringify(report)).join('\n'),
      })
      expect(await answer.json()).toMatchObject({ accepted: reports.length })
    }
    await beat()
    telling = (async () => {
      while (!stop) {
        await systemClock.sleep(3_000)
        if (!stop) await beat().catch(() => {})
      }
    })()
  }, 60_000)
  afterAll(async () => {
    stop = true
    await telling
    const { cluster } = admin
    const remove = (ref: Loose) => cluster.delete(ref).catch(() => {})
    await remove(POLICY)
    for (const name of NODES) await remove(node(name))
    await remove({ apiVersion: 'v1', kind: 'Namespace', name: NAME })
    await server?.close()
    await admin.close()
    hooks.close()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  it('says first, then acts step by step, and puts back what it took', { timeout: 170_000 }, async () => {
    const { port } = hooks.address() as AddressInfo
    await admin.cluster.create({
      ...POLICY,
      metadata: { name: NAME },
      spec: {
        nodeLabels: { 'sallyport-test': NAME },
        problems: [{ condition: 'FDPressure', after: '1s', actions: ['taint', 'cordon', 'drain', 'restartService'] }],
        budget: { maxUnavailable: '1', perHour: 5 },
        storm: '2',
        undoAfter: '2s',
        hooks: { restartService: `http://127.0.0.1:${port}/` },
      },
    } as Loose)
    illSince = Date.now() - 30_000
    await until(async () => (await policy()).status?.proposed?.[0]?.includes(`taint Node ${ILL}`), 60)
    const before = await get(ILL)
    expect([before.spec.taints?.some(({ key }: Loose) => key === TAINT) ?? false, before.metadata.annotations?.[MARK], await gone('free')]).toEqual([
      false,
      undefined,
      false,
    ])

    await admin.cluster.patch(POLICY, 'merge', { spec: { dryRun: false } })
    await until(async () => (await get(ILL)).spec.taints?.some(({ key }: Loose) => key === TAINT), 30)
    await until(async () => (await get(ILL)).spec.unschedulable === true, 30)
    await until(() => gone('free'), 40)
    await until(() => asked.length > 0, 40)
    expect(asked).toMatchObject([{ action: 'restartService', node: ILL }])
    expect(await gone('guarded')).toBe(false)
    expect(JSON.parse((await get(ILL)).metadata.annotations[MARK])).toMatchObject({
      policy: NAME,
      condition: 'FDPressure',
      did: ['taint', 'cordon', 'drain', 'restartService'],
    })
    for (const name of NODES.slice(1)) expect((await get(name)).spec.unschedulable ?? false).toBe(false)

    illSince = undefined
    wellSince = Date.now()
    await until(async () => (await get(ILL)).metadata.annotations?.[MARK] === undefined, 60)
    const after = await get(ILL)
    expect([after.spec.unschedulable ?? false, after.spec.taints?.some(({ key }: Loose) => key === TAINT) ?? false]).toEqual([false, false])
  })

  it('asks to reboot and then to replace, but not under a pod that may not leave', { timeout: 170_000 }, async () => {
    const { port } = hooks.address() as AddressInfo
    const hook = `http://127.0.0.1:${port}/`
    asked.length = 0
    await person(ILL, { providerID: 'shop://i-7' })
    await admin.cluster.patch(POLICY, 'merge', {
      spec: { problems: [{ condition: 'FDPressure', after: '1s', actions: ['cordon', 'drain', 'reboot', 'replace'] }], hooks: { reboot: hook, replace: hook } },
    })
    illSince = Date.now() - 30_000
    const did = async () => (JSON.parse((await get(ILL)).metadata.annotations?.[MARK] ?? '{}') as Loose).did
    await until(async () => (await did())?.includes('drain'), 60)
    // it is looked at every 15 s
    await systemClock.sleep(17_000)
    expect([asked, await did()]).toEqual([[], ['cordon', 'drain']])
    // nothing guards it any more: it leaves, and nobody is left on the node
    await admin.cluster.delete({ ...GUARD, name: 'guard', namespace: NAME })
    await until(() => gone('guarded'), 60)
    await until(async () => asked.length >= 2, 60)
    expect(asked).toMatchObject([
      { action: 'reboot', node: ILL, providerID: 'shop://i-7', reason: expect.stringContaining('FDPressure') },
      { action: 'replace', node: ILL, providerID: 'shop://i-7' },
    ])
    illSince = undefined
    wellSince = Date.now()
    await until(async () => (await get(ILL)).metadata.annotations?.[MARK] === undefined, 60)
    // it was looked at several times since, and asked once each
    expect(asked).toHaveLength(2)
    expect((await get(ILL)).spec.unschedulable ?? false).toBe(false)
  })

  it('a person who puts a node back is not contradicted while the trouble lasts', { timeout: 120_000 }, async () => {
    await admin.cluster.patch(POLICY, 'merge', { spec: { problems: [{ condition: 'FDPressure', after: '1s', actions: ['cordon'] }] } })
    illSince = Date.now() - 30_000
    await until(async () => (await get(ILL)).spec.unschedulable === true, 60)
    await person(ILL, { unschedulable: null })
    const marked = async () => JSON.parse((await get(ILL)).metadata.annotations?.[MARK] ?? '{}')
    await until(async () => (await marked()).yielded === true, 40)
    // it is looked at every 15 s
    await systemClock.sleep(17_000)
    expect((await get(ILL)).spec.unschedulable ?? false).toBe(false)
    illSince = undefined
    wellSince = Date.now()
    await until(async () => (await get(ILL)).metadata.annotations?.[MARK] === undefined, 60)
  })
})
