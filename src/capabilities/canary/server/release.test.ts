/** The controller on a cluster in memory: each look gathers, decides and acts; time moves between looks; a server that dies leaves the rest to the next. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { RESOURCE_API } from '#core/shapes/custom-resource.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { FAKE_KINDS, fakeCluster } from '#test/fakes/cluster.ts'
import { fakeClusters } from '#test/fakes/clusters.ts'
import { createJudge } from '../domain/judge/judge.ts'
import { DEFAULT_CONFIG } from '../domain/judge/limits.ts'
import { reportOf } from '../domain/judge/report.ts'
import type { Evidence } from '../domain/release/facts.ts'
import type { HookBody, HookCall, HookOutcome } from '../domain/release/hooks.ts'
import { gateOf, verdictOf } from '../domain/verdict.ts'
import type { CanaryStatus } from '../resources/canary.ts'
import { canaryReconciler } from './reconciler.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects of tests are made field by field
type Loose = any
const KINDS = [
  ...FAKE_KINDS,
  ...[
    ['networking.k8s.io/v1', 'Ingress', 'ingresses'],
    [RESOURCE_API, 'Canary', 'canaries'],
  ].map(([apiVersion, kind, plural]) => ({
    ...FAKE_KINDS[3]!,
    apiVersion: apiVersion!,
    kind: kind!,
    plural: plural!,
    group: apiVersion!.split('/')[0]!,
    version: apiVersion!.split('/')[1]!,
  })),
]
const namespace = 'shop'
const KEY = 'shop/cart'
const T = Date.UTC(2026, 0, 5, 12)
const MINUTE = 60_000

const deployment = (name: string, image: string, replicas = 2): Loose => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace, generation: 1 },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image }] } },
  },
  status: { observedGeneration: 1, replicas, updatedReplicas: replicas, availableReplicas: replicas },
})
const pod = (app: string, i: number, labels: Record<string, string> = { app }): Loose => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `${app}-${i}`, namespace, labels },
  spec: { nodeName: `node-${i}` },
  status: { podIP: `10.0.${app.length}.${i}`, conditions: [{ type: 'Ready', status: 'True' }] },
})
const service = (name: string): Loose => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { selector: { app: name }, ports: [{ port: 80 }] },
})
const ingress: Loose = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'api', namespace },
  spec: { rules: [{ host: 'a.example', http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'cart', port: { number: 80 } } } }] } }] },
}
const spec = {
  stable: { deployment: 'cart', service: 'cart' },
  canary: { deployment: 'cart-next', service: 'cart-next' },
  routes: [{ name: 'api' }],
  steps: [
    { weight: 5, hold: '2m' },
    { weight: 20, hold: '2m' },
  ],
}
const canaryObject = (more: object = {}): Loose => ({
  apiVersion: RESOURCE_API,
  kind: 'Canary',
  metadata: { name: 'cart', namespace, uid: 'u1' },
  spec: { ...spec, ...more },
})

const evidence = (decision: 'promote' | 'rollback' | 'split' | undefined, more: object = {}): Evidence => {
  const report = reportOf(createJudge(DEFAULT_CONFIG), decision)
  return { state: 'known', decision, stepRequests: 1000, future: false, report: { ...report, requests: { stable: 9000, canary: 1000 } }, ...more }
}

function shop({ canary = canaryObject(), leave = [] as string[] } = {}) {
  const objects: KubeObject[] = [
    canary,
    ingress,
    deployment('cart', 'cart:1'),
    deployment('cart-next', 'cart:2'),
    service('cart'),
    service('cart-next'),
    ...['cart', 'cart-next'].flatMap((app) => [pod(app, 1), pod(app, 2)]),
  ].filter(({ kind, metadata }) => !leave.includes(`${kind}/${metadata.name}`))
  const cluster = fakeCluster({ objects, kinds: KINDS })
  const world = {
    cluster,
    now: T,
    says: evidence(undefined) as Evidence,
    events: [] as string[],
    /** What hooks were sent, and what they say; undefined: they never answer. */
    called: [] as HookBody[],
    answer: (_: HookBody): string | undefined => '',
    outcomes: new Map<string, HookOutcome | undefined>(),
    places: undefined as Extract<Evidence, { state: 'none' }>['places'],
    ref: (kind: string, name: string) => ({
      apiVersion: { Canary: RESOURCE_API, Ingress: 'networking.k8s.io/v1', Deployment: 'apps/v1' }[kind] ?? 'v1',
      kind,
      namespace,
      name,
    }),
    get: (kind: string, name: string): Promise<Loose> => cluster.get(world.ref(kind, name)).catch(() => undefined),
    status: async (): Promise<CanaryStatus> => (await world.get('Canary', 'cart'))?.status ?? {},
    edit: (kind: string, name: string, patch: unknown) => cluster.patch(world.ref(kind, name), 'merge', patch),
    /** What the proxy does now. */
    weight: async () => Number((await world.get('Ingress', 'api-sallyport-canary'))?.metadata.annotations['nginx.ingress.kubernetes.io/canary-weight'] ?? 0),
    /** One look; the Deployment controller is quick. */
    async look(acting: Cluster = cluster) {
      const ports = {
        cluster: acting,
        router: fakeClusters(acting).trafficRouter(acting),
        evidence: async (facts: Loose) =>
          facts.canary?.status?.phase === 'Progressing' || facts.canary?.status?.phase === 'Paused'
            ? world.says
            : ({ state: 'none', ...(world.places ? { places: world.places } : {}) } as Evidence),
        now: () => world.now,
        hooks: {
          outcomes: () => world.outcomes,
          call(_: Cluster, __: string, { id, body }: HookCall) {
            world.called.push(body)
            const said = world.answer(body)
            world.outcomes.set(id, said === undefined ? undefined : { at: world.now, ok: said === '', message: said })
          },
        },
        events: { record: async (_: unknown, { reason }: { reason: string }) => world.events.push(reason) > 0 },
        told: () => {},
      }
      const facts = await canaryReconciler.gather(KEY, ports)
      return canaryReconciler.apply(canaryReconciler.decide(facts, world.now), facts, ports)
    },
    async until(phase: CanaryStatus['phase'], looks = 60) {
      for (let i = 0; i < looks; i++) {
        await world.look()
        if ((await world.status()).phase === phase) return
        world.now += 20_000
      }
      expect(await world.status()).toMatchObject({ phase })
    },
    command: (verb: string) => world.edit('Canary', 'cart', { metadata: { annotations: { 'sallyport.io/canary-command': `${verb} ${world.now}` } } }),
  }
  return world
}
const noTrace = async (world: ReturnType<typeof shop>) => {
  expect(await world.get('Ingress', 'api-sallyport-canary')).toBeUndefined()
}

describe('a release', () => {
  it('goes step by step, waits for proof, gives stable the new template and leaves no trace', async () => {
    const world = shop()
    await world.until('Progressing')
    await world.look()
    expect([await world.weight(), (await world.status()).step]).toEqual([5, 1])
    world.now += 2 * MINUTE
    await world.look()
    await world.look()
    expect([await world.weight(), (await world.status()).step]).toEqual([20, 2])
    for (let i = 0; i < 20; i++) {
      world.now += MINUTE
      await world.look()
    }
    // No harm is no proof.
    expect([(await world.status()).phase, await world.weight()]).toEqual(['Progressing', 20])
    world.says = evidence('promote')
    await world.until('Promoted')
    expect((await world.get('Deployment', 'cart')).spec.template.spec.containers[0].image).toBe('cart:2')
    await noTrace(world)
    expect(world.events).toEqual(['Started', 'Step', 'Step', 'Promoting', 'Promoted'])
    expect((await world.status()).weights?.map(({ weight }) => weight)).toEqual([5, 20])
    await world.look()
    const count = world.cluster.writes.length
    await world.look()
    await world.look()
    expect((await world.status()).phase).toBe('Promoted')
    expect(world.cluster.writes.length).toBe(count)
  })

  it('rolls back on proven harm, tells it once, and does not try the same version again', async () => {
    const world = shop()
    await world.until('Progressing')
    world.says = evidence('rollback')
    await world.until('RolledBack')
    await noTrace(world)
    expect(world.events.filter((reason) => reason === 'Harm' || reason === 'RolledBack')).toEqual(['Harm', 'RolledBack'])
    world.says = evidence('promote')
    for (let i = 0; i < 5; i++) await world.look()
    expect((await world.status()).phase).toBe('RolledBack')
    await world.edit('Deployment', 'cart-next', { spec: { template: { spec: { containers: [{ name: 'app', image: 'cart:3' }] } } } })
    await world.until('Progressing')
    expect((await world.status()).run).toBe(2)
  })

  it('begins anew without traffic when the Deployment changes in mid-flight, and says so', async () => {
    const world = shop()
    await world.until('Progressing')
    await world.look()
    const { startedAt } = await world.status()
    await world.edit('Deployment', 'cart-next', { spec: { template: { spec: { containers: [{ name: 'app', image: 'cart:3' }] } } } })
    world.now += MINUTE
    await world.look()
    expect([(await world.status()).phase, await world.weight()]).toEqual(['Preparing', 0])
    expect((await world.status()).message).toContain('mid-flight')
    await world.until('Progressing')
    expect((await world.status()).startedAt).toBeGreaterThan(startedAt!)
  })

  it('never takes silence for success: waits, and after ten minutes gives the traffic back', async () => {
    const silences: [string, Evidence][] = [
      ['NoEvidence', { state: 'unknown', reason: 'gone' }],
      ['ClockSkew', evidence('promote', { future: true })],
      ['MetricGone', evidence(undefined, { gone: 'the metric queue has no values: HTTP 503' })],
      ['NoEvidence', evidence('promote', { report: { ...reportOf(createJudge(DEFAULT_CONFIG), 'promote') } })],
    ]
    for (const [reason, silent] of silences) {
      const world = shop()
      await world.until('Progressing')
      world.says = silent
      for (let i = 0; i < 9; i++) {
        await world.look()
        world.now += MINUTE
      }
      expect(await world.status()).toMatchObject({
        phase: 'Progressing',
        step: 1,
        conditions: expect.arrayContaining([expect.objectContaining({ type: 'Evidence', status: 'False', reason })]),
      })
      world.now += 2 * MINUTE
      await world.until('RolledBack')
      await noTrace(world)
    }
  })

  it('does not judge a split that is not what was asked', async () => {
    const world = shop()
    await world.until('Progressing')
    world.says = evidence('split')
    for (let i = 0; i < 30; i++) {
      await world.look()
      world.now += MINUTE
    }
    expect(await world.status()).toMatchObject({
      phase: 'Progressing',
      step: 1,
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'SplitWrong' })]),
    })
  })

  it('waits for enough requests of a step, and for a person', async () => {
    const world = shop({ canary: canaryObject({ steps: [{ weight: 5, hold: '1m', pause: true }, { weight: 20 }] }) })
    world.says = evidence(undefined, { stepRequests: 3 })
    await world.until('Progressing')
    world.now += 5 * MINUTE
    await world.look()
    expect((await world.status()).message).toContain('waiting for 100 requests')
    world.says = evidence('promote')
    await world.until('Paused')
    for (let i = 0; i < 5; i++) await world.look()
    expect([(await world.status()).phase, await world.weight()]).toEqual(['Paused', 5])
    await world.command('resume')
    await world.look()
    expect(await world.status()).toMatchObject({ phase: 'Progressing', step: 2 })
  })

  it('obeys abort, pause and promote once', async () => {
    const world = shop()
    await world.until('Progressing')
    await world.command('pause')
    await world.until('Paused')
    await world.command('abort')
    await world.until('RolledBack')
    await noTrace(world)
    await world.look()
    await world.command('restart')
    await world.until('Progressing')
    await world.command('promote')
    await world.until('Promoted')
    expect((await world.get('Deployment', 'cart')).spec.template.spec.containers[0].image).toBe('cart:2')
  })

  it('rolls back when the canary has no pods, is never ready, or takes too long', async () => {
    const dead = shop()
    await dead.until('Progressing')
    for (const i of [1, 2]) await dead.edit('Pod', `cart-next-${i}`, { status: { conditions: [] } })
    await dead.until('RolledBack', 3)
    const late = shop({ leave: ['Pod/cart-next-1'] })
    await late.until('Preparing')
    late.now += 11 * MINUTE
    await late.until('RolledBack', 3)
    const slow = shop()
    await slow.until('Progressing')
    slow.now += 7 * 60 * MINUTE
    await slow.until('RolledBack', 3)
    expect((await slow.status()).decisions?.at(-1)?.why).toContain('not enough evidence')
  })

  it('keeps all traffic on the canary when it is promoted by traffic', async () => {
    const world = shop({ canary: canaryObject({ promotion: 'traffic' }) })
    world.says = evidence('promote')
    await world.until('Promoted')
    expect(await world.weight()).toBe(100)
    expect((await world.get('Deployment', 'cart')).spec.template.spec.containers[0].image).toBe('cart:1')
    await world.edit('Ingress', 'api-sallyport-canary', { metadata: { annotations: { 'nginx.ingress.kubernetes.io/canary-weight': '3' } } })
    await world.look()
    expect(await world.weight()).toBe(100)
  })

  it('gives the traffic back before it is deleted', async () => {
    const world = shop()
    await world.until('Progressing')
    await world.look()
    expect((await world.get('Canary', 'cart')).metadata.finalizers).toEqual(['sallyport.io/canary'])
    await world.edit('Canary', 'cart', { metadata: { deletionTimestamp: '2026-01-05T13:00:00Z' } })
    await world.look()
    await noTrace(world)
    expect((await world.get('Canary', 'cart')).metadata.finalizers).toEqual([])
  })
})

const HOOKS = [
  { name: 'smoke', when: 'preRollout', url: 'http://hooks.test/smoke' },
  { name: 'load', when: 'step', url: 'http://hooks.test/load' },
  { name: 'ask', when: 'confirmPromotion', url: 'http://hooks.test/ask' },
  { name: 'tell', when: 'postPromotion', url: 'http://hooks.test/tell' },
  { name: 'sorry', when: 'rollback', url: 'http://hooks.test/sorry' },
]

describe('hooks', () => {
  const hooked = () => shop({ canary: canaryObject({ hooks: HOOKS }) })
  const names = (world: ReturnType<typeof shop>) => world.called.map(({ hook, step }) => `${hook}${step}`)

  it('are called once at each point, with where the release is', async () => {
    const world = hooked()
    world.says = evidence('promote')
    await world.until('Promoted')
    for (let i = 0; i < 5; i++) await world.look()
    expect(names(world)).toEqual(['smoke0', 'load1', 'load2', 'ask2', 'tell2'])
    expect(world.called[1]).toMatchObject({ when: 'step', namespace, canary: 'cart', run: 1, phase: 'Progressing' })
    expect((await world.status()).hooks?.map(({ hook, state }) => `${hook} ${state}`)).toEqual([
      'smoke passed',
      'load passed',
      'load passed',
      'ask passed',
      'tell passed',
    ])
  })

  it('hold a release without traffic until they passed, are tried again, and end it when they fail for good', async () => {
    const world = hooked()
    let fails = 2
    world.answer = ({ hook }) => (hook === 'smoke' && fails-- > 0 ? 'HTTP 500' : '')
    await world.until('Progressing')
    expect(names(world)).toEqual(['smoke0', 'smoke0', 'smoke0'])
    const broken = hooked()
    broken.answer = ({ hook }) => (hook === 'smoke' ? 'HTTP 500 no' : '')
    await broken.until('RolledBack')
    expect((await broken.status()).weights).toBeUndefined()
    expect((await broken.status()).message).toBe('The hook smoke failed: HTTP 500 no')
    await broken.look()
    await broken.look()
    expect(names(broken)).toEqual(['smoke0', 'smoke0', 'smoke0', 'sorry0'])
  })

  it('of a step: a failure rolls back, one that never answers holds the step and no rollback', async () => {
    const world = hooked()
    world.answer = ({ hook, step }) => (hook === 'load' && step === 2 ? 'HTTP 503' : '')
    await world.until('RolledBack')
    expect((await world.status()).message).toContain('The hook load failed')
    await noTrace(world)
    const hanging = hooked()
    hanging.answer = ({ hook }) => (hook === 'load' ? undefined : '')
    hanging.says = evidence('promote')
    await hanging.until('Progressing')
    for (let i = 0; i < 10; i++) {
      hanging.now += MINUTE
      await hanging.look()
    }
    expect(await hanging.status()).toMatchObject({ step: 1, message: 'Step 1: waiting for the hooks load.' })
    hanging.says = evidence('rollback')
    await hanging.until('RolledBack', 3)
  })

  it('that confirm are asked until they say yes, whatever that takes', async () => {
    const world = hooked()
    let asked = 0
    world.answer = ({ hook }) => (hook === 'ask' && asked++ < 8 ? 'HTTP 403 not yet' : '')
    world.says = evidence('promote')
    await world.until('Promoted', 80)
    expect(asked).toBe(9)
  })

  it('after the end change nothing', async () => {
    const world = hooked()
    world.answer = ({ hook }) => (hook === 'tell' ? 'HTTP 500' : '')
    world.says = evidence('promote')
    await world.until('Promoted')
    for (let i = 0; i < 10; i++) {
      world.now += MINUTE
      await world.look()
    }
    expect((await world.status()).phase).toBe('Promoted')
    expect(names(world).filter((name) => name === 'tell2')).toHaveLength(3)
    expect(world.events.filter((reason) => reason === 'HookFailed')).toHaveLength(1)
  })
})

describe('a canary in one place', () => {
  const onOneNode = async (more: object = {}) => {
    const world = shop({ canary: canaryObject(more) })
    await world.edit('Pod', 'cart-next-2', { spec: { nodeName: 'node-1' } })
    return world
  }

  it('waits for the A/A check, and goes on when it passed', async () => {
    const world = await onOneNode()
    for (let i = 0; i < 5; i++) await world.look()
    expect(await world.status()).toMatchObject({ phase: 'Preparing', message: expect.stringContaining('A/A check') })
    world.places = { state: 'open', text: 'few' }
    world.now += 30 * MINUTE
    await world.look()
    expect(await world.status()).toMatchObject({ phase: 'Preparing', message: expect.stringContaining('few') })
    world.places = { state: 'passed', text: 'A/A check passed' }
    await world.until('Progressing')
    expect((await world.status()).places).toBe('A/A check passed')
  })

  it('does not begin when places differ, and not without an answer for ever', async () => {
    const world = await onOneNode()
    world.places = { state: 'failed', text: 'A/A check failed: x' }
    await world.until('RolledBack')
    expect((await world.status()).weights).toBeUndefined()
    const silent = await onOneNode({ deadline: '1h' })
    await silent.until('Preparing')
    silent.now += 61 * MINUTE
    await silent.until('RolledBack', 3)
  })

  it('is let go when the user says so, and is not asked of two pods on two nodes', async () => {
    await (await onOneNode({ onePlace: 'allow' })).until('Progressing')
    await (await shop()).until('Progressing')
  })
})

describe('judging for another tool', () => {
  const judging = () => canaryObject({ mode: 'judge', stable: { service: 'cart' }, canary: { service: 'cart-next' }, routes: undefined, steps: undefined })
  const labeled = async (world: ReturnType<typeof shop>, hash = 'b') => {
    for (const [app, value] of Object.entries({ cart: 'a', 'cart-next': hash }))
      for (const i of [1, 2]) await world.edit('Pod', `${app}-${i}`, { metadata: { labels: { 'pod-template-hash': value } } })
  }

  it('says the verdict, and changes nothing but its status', async () => {
    const world = shop({ canary: judging() })
    await labeled(world)
    world.says = evidence(undefined)
    await world.until('Progressing')
    await world.look()
    expect(verdictOf(await world.status(), world.now)).toMatchObject({ verdict: 'inconclusive', known: true, blind: false })
    world.says = evidence('promote')
    await world.look()
    expect(gateOf(verdictOf(await world.status(), world.now), 'promote')).toMatchObject({ pass: true })
    world.says = evidence('rollback')
    await world.look()
    await world.look()
    expect(gateOf(verdictOf(await world.status(), world.now), 'harm')).toMatchObject({ pass: false })
    expect(world.events).toEqual(['Started', 'Proven', 'Harm'])
    expect(new Set(world.cluster.writes.map(({ verb, object }: Loose) => `${verb} ${object?.kind ?? ''}`)).size).toBeLessThan(3)
    await noTrace(world)
    expect((await world.get('Canary', 'cart')).metadata.finalizers ?? []).toEqual([])
    // Another version: nothing of the old verdict holds.
    await labeled(world, 'c')
    world.says = { state: 'unknown', reason: 'gone' }
    await world.look()
    expect(await world.status()).toMatchObject({ run: 2, phase: 'Progressing' })
    expect((await world.status()).verdict).toBeUndefined()
  })

  it('waits while both Services lead to one version, and lets nothing pass on silence', async () => {
    const world = shop({ canary: judging() })
    await labeled(world, 'a')
    await world.look()
    expect(await world.status()).toMatchObject({ phase: 'Waiting' })
    expect(gateOf(verdictOf(await world.status(), world.now), 'harm').pass).toBe(false)
    await labeled(world)
    world.says = { state: 'unknown', reason: 'requests cannot be read (X)' }
    await world.look()
    await world.look()
    // It begins: there cannot be any evidence yet.
    expect(gateOf(verdictOf(await world.status(), world.now), 'harm').pass).toBe(true)
    expect(gateOf(verdictOf(await world.status(), world.now), 'promote').pass).toBe(false)
    world.now += 4 * MINUTE
    await world.look()
    expect(gateOf(verdictOf(await world.status(), world.now), 'harm').pass).toBe(false)
    world.says = evidence('split')
    await world.look()
    expect(gateOf(verdictOf(await world.status(), world.now), 'harm').pass).toBe(false)
  })
})

describe('one Deployment that is cloned', () => {
  const clone = () =>
    shop({ canary: canaryObject({ canary: undefined }), leave: ['Deployment/cart-next', 'Service/cart-next', 'Pod/cart-next-1', 'Pod/cart-next-2'] })
  const ready = async (world: ReturnType<typeof shop>) => {
    const made = await world.get('Deployment', 'cart-canary')
    await world.edit('Deployment', 'cart-canary', {
      metadata: { generation: 1 },
      status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
    })
    for (const i of [1, 2]) await world.cluster.create(pod('cart-canary', i, made.spec.template.metadata.labels))
  }

  it('holds its changes, tries them in a clone of its own labels, and lets them roll out when they are proven', async () => {
    const world = clone()
    await world.until('Waiting')
    expect((await world.get('Deployment', 'cart')).spec.paused).toBe(true)
    await world.edit('Deployment', 'cart', {
      metadata: { generation: 2 },
      status: { observedGeneration: 2, updatedReplicas: 0 },
      spec: { template: { spec: { containers: [{ name: 'app', image: 'cart:2' }] } } },
    })
    await world.until('Preparing')
    const made = await world.get('Deployment', 'cart-canary')
    expect(made.spec).toMatchObject({
      replicas: 2,
      selector: { matchLabels: { app: 'cart-canary' } },
      template: { metadata: { labels: { app: 'cart-canary' } }, spec: { containers: [{ image: 'cart:2' }] } },
    })
    expect((await world.get('Service', 'cart-canary')).spec.selector).toEqual({ app: 'cart-canary' })
    await ready(world)
    world.says = evidence('promote')
    await world.until('Promoting')
    await world.look()
    expect((await world.get('Deployment', 'cart')).spec.paused).toBe(false)
    await world.look()
    expect((await world.status()).phase).toBe('Promoting')
    await world.edit('Deployment', 'cart', { status: { updatedReplicas: 2 } })
    await world.until('Promoted', 3)
    expect((await world.get('Deployment', 'cart')).spec.paused).toBe(true)
    expect(await world.get('Deployment', 'cart-canary')).toBeUndefined()
    await noTrace(world)
  })

  it('removes the clone on harm, and leaves the Deployment held', async () => {
    const world = clone()
    await world.until('Waiting')
    await world.edit('Deployment', 'cart', { status: { updatedReplicas: 0 }, spec: { template: { spec: { containers: [{ name: 'app', image: 'cart:2' }] } } } })
    await world.until('Preparing')
    await ready(world)
    await world.until('Progressing')
    world.says = evidence('rollback')
    await world.until('RolledBack')
    expect(await world.get('Deployment', 'cart-canary')).toBeUndefined()
    expect((await world.get('Deployment', 'cart')).spec.paused).toBe(true)
    await noTrace(world)
  })
})

describe('bad input', () => {
  it('says all that is wrong at once, and splits nothing', async () => {
    const world = shop({
      canary: canaryObject({ steps: [{ weight: 20 }, { weight: 10 }, { weight: 120 }, { hold: 'soon' }], typo: 1, judge: { falseRollback: 7 } }),
    })
    await world.look()
    const { phase, conditions } = await world.status()
    expect(phase).toBe('Invalid')
    const { message } = conditions!.find(({ type }) => type === 'Valid')!
    for (const part of ['spec.typo', 'spec.steps[2].weight', 'spec.steps[3].hold', 'spec.judge.falseRollback']) expect(message).toContain(part)
    await noTrace(world)
  })

  it('says that steps go backwards', async () => {
    const world = shop({ canary: canaryObject({ steps: [{ weight: 20 }, { weight: 10 }] }) })
    await world.look()
    expect((await world.status()).message).toContain('goes backwards')
  })

  it('gives the traffic back when the spec is made invalid in mid-flight', async () => {
    const world = shop()
    await world.until('Progressing')
    await world.look()
    expect(await world.weight()).toBe(5)
    await world.edit('Canary', 'cart', { spec: { steps: [{ weight: 500 }] } })
    await world.look()
    expect([(await world.status()).phase, await world.weight()]).toEqual(['Invalid', 0])
  })

  it.each([
    ['Service/cart-next', 'Service cart-next is not there'],
    ['Service/cart', 'Service cart is not there'],
    ['Deployment/cart', 'Deployment cart is not there'],
    ['Ingress/api', 'Ingress shop/api is not there'],
  ])('waits for %s', async (left, text) => {
    const world = shop({ leave: [left] })
    await world.look()
    expect(await world.status()).toMatchObject({ phase: 'Waiting', message: expect.stringContaining(text) })
    await noTrace(world)
  })

  it('rolls back when a Service goes away in mid-flight', async () => {
    const world = shop()
    await world.until('Progressing')
    await world.cluster.delete(world.ref('Service', 'cart-next'))
    await world.until('RolledBack', 4)
    await noTrace(world)
  })

  it('leaves a route of another canary alone', async () => {
    const world = shop()
    const other = {
      ...structuredClone(ingress),
      metadata: {
        name: 'theirs',
        namespace,
        annotations: { 'nginx.ingress.kubernetes.io/canary': 'true', 'sallyport.io/canary': 'shop/other', 'nginx.ingress.kubernetes.io/canary-weight': '9' },
      },
    }
    await world.cluster.create(other)
    await world.look()
    expect(await world.status()).toMatchObject({ phase: 'Waiting', message: expect.stringContaining('belongs to Canary shop/other') })
    expect((await world.get('Ingress', 'theirs')).metadata.annotations['nginx.ingress.kubernetes.io/canary-weight']).toBe('9')
  })
})

describe('a server that dies', () => {
  /** The nth write from now on is the last: it is done or not, and the server is dead. */
  const dying = (cluster: Cluster, writes: number, done: boolean): Cluster => {
    let left = writes
    const deadly =
      <Arguments extends unknown[], Answer>(write: (...rest: Arguments) => Promise<Answer>) =>
      async (...rest: Arguments): Promise<Answer> => {
        if (left < 0) throw new Error('dead')
        if (left-- > 0) return write(...rest)
        if (done) await write(...rest)
        throw new Error('dead')
      }
    return {
      ...cluster,
      create: deadly(cluster.create),
      patch: deadly(cluster.patch),
      apply: deadly(cluster.apply),
      delete: deadly(cluster.delete),
      update: deadly(cluster.update),
    }
  }

  it('between the status and the route: the weight counts from when the next server sets it', async () => {
    const world = shop()
    await world.until('Progressing')
    await world.look()
    world.now += 2 * MINUTE
    await world.look(dying(world.cluster, 0, true)).catch((error: Error) => expect(error.message).toBe('dead'))
    expect([(await world.status()).step, await world.weight()]).toEqual([2, 5])
    world.now += 90_000
    await world.look()
    expect([await world.weight(), (await world.status()).weights?.at(-1)]).toEqual([20, { at: world.now, weight: 20 }])
    const { weights } = await world.status()
    world.now += MINUTE
    await world.look()
    expect((await world.status()).weights).toEqual(weights)
  })

  it('at any write, any number of times: the same end, and the weight is always one of a step or none', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('promote' as const, 'rollback' as const),
        fc.array(fc.record({ look: fc.nat(25), writes: fc.nat(3), done: fc.boolean() }), { maxLength: 12 }),
        async (verdict, deaths) => {
          const world = shop()
          const allowed = new Set([0, 5, 20])
          for (let look = 0; look < 60; look++) {
            if ((await world.status()).step === 2) world.says = evidence(verdict)
            for (const { writes, done } of deaths.filter((death) => death.look === look)) {
              await world.look(dying(world.cluster, writes, done)).catch((error: Error) => expect(error.message).toBe('dead'))
              expect(allowed).toContain(await world.weight())
            }
            await world.look()
            expect(allowed).toContain(await world.weight())
            world.now += 45_000
          }
          expect((await world.status()).phase).toBe(verdict === 'promote' ? 'Promoted' : 'RolledBack')
          expect((await world.get('Deployment', 'cart')).spec.template.spec.containers[0].image).toBe(verdict === 'promote' ? 'cart:2' : 'cart:1')
          await noTrace(world)
        },
      ),
      { numRuns: 30 },
    )
  })
})
