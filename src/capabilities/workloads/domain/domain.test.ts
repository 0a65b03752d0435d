import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { parseLabelSelector } from '#core/kube/selectors.ts'
import { appLines, groupApps, type Member, memberOf } from './apps.ts'
import { columnsOf, crdColumns } from './columns.ts'
import { parseJsonPath, readJsonPath } from './json-path.ts'
import { levelOf, splitLogLine } from './log-line.ts'
import { statusOf } from './object-status.ts'
import { namedBy, pointingAt } from './relations.ts'
import { type ObjectRow, rowOf, selectRows } from './rows.ts'
import { eventHappenings, joinHappenings, ownHappenings } from './timeline.ts'

const object = (
  apiVersion: string,
  kind: string,
  name: string,
  rest: Record<string, unknown> = {},
  metadata: Partial<KubeObject['metadata']> = {},
): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop', uid: `uid-${kind}-${name}`, creationTimestamp: '2026-05-06T12:00:00Z', ...metadata },
  ...rest,
})
const ownedBy = (owner: KubeObject): Partial<KubeObject['metadata']> => ({
  ownerReferences: [{ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid ?? '', controller: true }],
})
const pod = (name: string, status: Record<string, unknown>, metadata: Partial<KubeObject['metadata']> = {}) =>
  object('v1', 'Pod', name, { spec: { containers: [{ name: 'main', image: 'shop/cart:1' }] }, status }, metadata)
const running = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [{ name: 'main', ready: true, restartCount: 2, state: { running: {} } }],
}
const crashing = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'False' }],
  containerStatuses: [
    {
      name: 'main',
      ready: false,
      restartCount: 7,
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
      lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
    },
  ],
}
const deployment = (spec: Record<string, unknown>, status?: Record<string, unknown>, metadata: Partial<KubeObject['metadata']> = {}) =>
  object('apps/v1', 'Deployment', 'cart', { spec, ...(status ? { status } : {}) }, metadata)

describe('status in one word with the reason', () => {
  it.each([
    ['a pod that runs', pod('a', running), 'running', undefined],
    ['one that crashes: why it ended', pod('a', crashing), 'failing', 'CrashLoopBackOff: OOMKilled (exit code 137)'],
    [
      'an image that cannot be pulled',
      pod('a', { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } }] }),
      'failing',
      'ImagePullBackOff: no such image',
    ],
    [
      'one that is being made',
      pod('a', { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'ContainerCreating' } } }] }),
      'pending',
      'ContainerCreating',
    ],
    [
      'one that fits nowhere',
      pod('a', { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' }] }),
      'notReady',
      'Unschedulable: 0/3 nodes',
    ],
    ['a pod without any status', pod('a', {}), 'unknown', 'no phase'],
    ['running without a Ready condition is not ok', pod('a', { phase: 'Running' }), 'unknown', 'no Ready condition'],
    ['one that is done', pod('a', { phase: 'Succeeded' }), 'completed', undefined],
    ['one that goes', pod('a', running, { deletionTimestamp: '2026-05-06T12:00:00Z' }), 'terminating', undefined],
    ['a deployment that is whole', deployment({ replicas: 3 }, { replicas: 3, updatedReplicas: 3, availableReplicas: 3 }), 'ready', '3 of 3 available'],
    ['one with a hole', deployment({ replicas: 3 }, { replicas: 3, updatedReplicas: 3, availableReplicas: 2 }), 'degraded', '2 of 3 available'],
    ['one with nothing', deployment({ replicas: 3 }, { replicas: 3, updatedReplicas: 3 }), 'failing', '0 of 3 available'],
    ['one that rolls', deployment({ replicas: 3 }, { replicas: 4, updatedReplicas: 1, availableReplicas: 3 }), 'progressing', '1 of 3 updated'],
    [
      'one that is stuck',
      deployment({ replicas: 3 }, { conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out' }] }),
      'failed',
      'ProgressDeadlineExceeded: timed out',
    ],
    ['one at zero', deployment({ replicas: 0 }, {}), 'scaledDown', undefined],
    ['one that no controller has seen', deployment({ replicas: 1 }), 'unknown', 'no status yet'],
    [
      'one whose change is not taken up',
      deployment({ replicas: 1 }, { observedGeneration: 1, availableReplicas: 1, updatedReplicas: 1 }, { generation: 2 }),
      'progressing',
      'the latest change is not taken up yet',
    ],
    [
      'a node that does not answer',
      object('v1', 'Node', 'n', { status: { conditions: [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }] } }),
      'unknown',
      'NodeStatusUnknown',
    ],
    [
      'a node short of memory',
      object('v1', 'Node', 'n', {
        status: {
          conditions: [
            { type: 'Ready', status: 'True' },
            { type: 'MemoryPressure', status: 'True' },
          ],
        },
      }),
      'degraded',
      'MemoryPressure',
    ],
    [
      'a custom object that is not ready',
      object('x.example/v1', 'Widget', 'w', { status: { conditions: [{ type: 'Ready', status: 'False', reason: 'Quota' }] } }),
      'notReady',
      'Ready=False: Quota',
    ],
    [
      'a custom object that does not say',
      object('x.example/v1', 'Widget', 'w', { status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }),
      'unknown',
      'Ready=Unknown',
    ],
    ['a kind without health', object('v1', 'ConfigMap', 'c', { data: {} }), 'none', undefined],
  ])('%s', (_, given, word, reason) => {
    const { word: said, reason: why } = statusOf(given)
    expect([said, why]).toEqual([word, reason])
  })

  it('takes anything for an object and never calls it ok for want of knowledge', () => {
    const kinds = fc.constantFrom(['v1', 'Pod'], ['v1', 'Node'], ['apps/v1', 'Deployment'], ['apps/v1', 'DaemonSet'], ['batch/v1', 'Job'], ['x/v1', 'Any'])
    fc.assert(
      fc.property(kinds, fc.anything({ maxDepth: 4 }), fc.anything({ maxDepth: 4 }), ([apiVersion, kind], spec, status) => {
        const given = object(apiVersion as string, kind as string, 'x', { spec, status })
        rowOf(given, columnsOf('', kind as string) ?? [])
        return typeof statusOf(given).word === 'string'
      }),
    )
    for (const kind of ['Pod', 'Node']) expect(statusOf(object('v1', kind, 'x')).level).toBe('unknown')
  })
})

describe('apps', () => {
  const cart = deployment({ replicas: 2 }, { replicas: 2, updatedReplicas: 2, availableReplicas: 1 })
  const set = object('apps/v1', 'ReplicaSet', 'cart-1', { spec: { replicas: 2 }, status: { readyReplicas: 1 } }, ownedBy(cart))
  const old = object('apps/v1', 'ReplicaSet', 'cart-0', { spec: { replicas: 0 }, status: {} }, ownedBy(cart))
  const pods = [pod('cart-1-a', running, ownedBy(set)), pod('cart-1-b', crashing, ownedBy(set))].map(memberOf)
  const workloads = [cart, set, old].map(memberOf)

  it('stand under the topmost owner, with the reason of the worst pod', () => {
    const apps = groupApps(workloads, pods)
    expect(apps).toMatchObject([
      { kind: 'Deployment', name: 'cart', desired: 2, restarts: 9, status: { word: 'failing', reason: 'CrashLoopBackOff: OOMKilled (exit code 137)' } },
    ])
    expect(apps[0]?.pods?.map(({ name }) => name)).toEqual(['cart-1-b', 'cart-1-a'])
  })
  it('without pods say what the owner says, and no number of pods', () => {
    expect(groupApps(workloads, undefined)).toMatchObject([
      { name: 'cart', pods: null, restarts: null, status: { word: 'degraded', reason: '1 of 2 available' } },
    ])
  })
  it('whose owner was not read stand under its name, with the state of their pods', () => {
    expect(groupApps([], pods)).toMatchObject([{ kind: 'ReplicaSet', name: 'cart-1', status: { word: 'failing' } }])
    const rollout = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'r', uid: 'u', controller: true }
    const below = memberOf(object('apps/v1', 'ReplicaSet', 'r-1', { spec: { replicas: 1 }, status: { readyReplicas: 1 } }, { ownerReferences: [rollout] }))
    expect(groupApps([below], [])).toMatchObject([{ kind: 'Rollout', name: 'r', status: { word: 'unknown' } }])
  })
  it('a ready owner is not made bad by a failed pod of old', () => {
    const fine = memberOf(deployment({ replicas: 1 }, { replicas: 1, updatedReplicas: 1, availableReplicas: 1 }))
    const evicted = {
      ...memberOf(pod('x', { phase: 'Failed', reason: 'Evicted' })),
      owner: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', uid: fine.uid },
    }
    expect(groupApps([fine], [evicted])[0]?.status.word).toBe('ready')
  })
  it('every pod is in one app, whatever owns what, rings too', () => {
    const arbitrary = fc.array(fc.record({ uid: fc.nat(12), owner: fc.option(fc.nat(12)) }), { maxLength: 25 })
    fc.assert(
      fc.property(arbitrary, arbitrary, (owners, below) => {
        const member = (kind: string, { uid, owner }: { uid: number; owner: number | null }, i: number): Member => ({
          ...memberOf(object('v1', kind, `${kind}-${i}`)),
          uid: kind === 'Pod' ? `pod-${i}` : String(uid),
          ...(owner === null ? {} : { owner: { apiVersion: 'v1', kind: 'Owner', name: `o${owner}`, uid: String(owner) } }),
        })
        const all = below.map((one, i) => member('Pod', one, i))
        const apps = groupApps(
          owners.map((one, i) => member('Owner', one, i)),
          all,
        )
        expect(apps.reduce((sum, app) => sum + (app.pods?.length ?? 0), 0)).toBe(all.length)
      }),
    )
  })
  it('lines are searched through pods, and opened apps have theirs below', () => {
    const apps = groupApps([...workloads, memberOf(object('apps/v1', 'StatefulSet', 'db', { spec: { replicas: 1 }, status: { readyReplicas: 1 } }))], pods)
    const ask = (search: string, expand: string[] = []) =>
      appLines(apps, { search, sort: 'status', order: 'desc', expand }).map((line) => ('pod' in line ? line.pod.name : line.app.name))
    expect(ask('')).toEqual(['cart', 'db'])
    expect(ask('cart-1-b')).toEqual(['cart'])
    expect(ask('!cart')).toEqual(['db'])
    expect(ask('', ['uid-Deployment-cart'])).toEqual(['cart', 'cart-1-b', 'cart-1-a', 'db'])
  })
})

describe('rows', () => {
  const columns = columnsOf('', 'Pod') ?? []
  const rows = [
    rowOf(pod('b', running, { labels: { app: 'cart' } }), columns),
    rowOf(pod('a', crashing, { labels: { app: 'db' } }), columns),
    rowOf(pod('c', {}, { namespace: 'other' }), columns),
  ]
  const names = async (request: Partial<Parameters<typeof selectRows>[2]>) =>
    (await selectRows(rows, columns, { search: '', sort: 'name', order: 'asc', most: 10, ...request }, () => undefined)).rows.map(({ name }) => name)
  it('are searched, chosen by label and sorted, what is missing last', async () => {
    expect(await names({})).toEqual(['a', 'b', 'c'])
    expect(await names({ sort: 'namespace' })).toEqual(['c', 'a', 'b'])
    expect(await names({ sort: 'status', order: 'desc' })).toEqual(['a', 'c', 'b'])
    expect(await names({ sort: 'restarts', order: 'desc' })).toEqual(['a', 'b', 'c'])
    expect(await names({ search: 'oomkilled' })).toEqual(['a'])
    expect(await names({ search: '!app=' })).toEqual(['c'])
    expect(await names({ labels: parseLabelSelector('app in (cart)') })).toEqual(['b'])
  })
  it('are in the same order however many there are, and others have their turn meanwhile', async () => {
    const many = Array.from({ length: 3_001 }, (_, i) =>
      rowOf(pod(`p-${(i * 7919) % 3_001}`, i % 3 === 0 ? crashing : running, { namespace: `n-${i % 7}` }), columns),
    )
    let turns = 0
    const turn = () => {
      turns++
      return Promise.resolve()
    }
    const request = { search: 'p- !p-7', sort: 'restarts', order: 'desc' } as const
    const restarts = columns.findIndex(({ id }) => id === 'restarts')
    const wanted = many
      .filter(({ name }) => !name.startsWith('p-7'))
      .sort(
        (a, b) =>
          Number(b.cells[restarts]) - Number(a.cells[restarts]) || (a.namespace < b.namespace ? -1 : a.namespace > b.namespace ? 1 : a.name < b.name ? -1 : 1),
      )
    const texts = (rows: readonly ObjectRow[]) => rows.map(({ namespace, name }) => `${namespace}/${name}`)
    for (const most of [1, 100, 700, 2_000, 5_000]) {
      const { rows: first, total } = await selectRows(many, columns, { ...request, most }, turn)
      expect([total, texts(first)]).toEqual([wanted.length, texts(wanted.slice(0, most))])
    }
    expect(turns).toBeGreaterThan(30)
  })
})

describe('printer columns', () => {
  it('read the paths that CRDs use, and leave out what they cannot', () => {
    const value = {
      spec: { size: 3, 'a.b': 'x' },
      status: {
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'Other', status: 'False' },
        ],
        list: ['p', 'q'],
      },
    }
    const read = (path: string) => {
      const steps = parseJsonPath(path)
      return steps && readJsonPath(steps, value)
    }
    expect(read('.spec.size')).toEqual([3])
    expect(read('{.status.list[1]}')).toEqual(['q'])
    expect(read('.status.list[*]')).toEqual(['p', 'q'])
    expect(read('.status.conditions[?(@.type=="Ready")].status')).toEqual(['True'])
    expect(read('.spec.a\\.b')).toEqual(['x'])
    expect(read('.spec.constructor')).toEqual([])
    expect(read('.spec[0:2]')).toBeUndefined()
    fc.assert(fc.property(fc.string(), (path) => void parseJsonPath(path)))
  })
  it('come with their names, types and order, without the age that all have', () => {
    const crd = object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'w', {
      spec: {
        versions: [
          {
            name: 'v1',
            additionalPrinterColumns: [
              { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
              { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
              { name: 'Next', type: 'date', jsonPath: '.status.next', priority: 1 },
            ],
          },
        ],
      },
    })
    const columns = crdColumns(crd, 'v1')
    expect(columns.map(({ own, unit, wide }) => [own, unit, wide])).toEqual([
      ['Size', 'number', false],
      ['Next', 'time', true],
    ])
    expect(columns.map((column) => column.read(object('x/v1', 'W', 'w', { spec: { size: 3 }, status: { next: 'soon' } })))).toEqual([3, null])
  })
})

describe('relations', () => {
  const cart = deployment({
    template: {
      metadata: { labels: { app: 'cart' } },
      spec: {
        serviceAccountName: 'cart',
        containers: [{ envFrom: [{ configMapRef: { name: 'conf' } }], env: [{ valueFrom: { secretKeyRef: { name: 'key' } } }] }],
      },
    },
  })
  const set = object('apps/v1', 'ReplicaSet', 'cart-1', {}, ownedBy(cart))
  const mine = pod('cart-1-a', running, { ...ownedBy(set), labels: { app: 'cart' } })
  const service = object('v1', 'Service', 'cart', { spec: { selector: { app: 'cart' } } })
  it('names what a template uses, and finds what owns, is owned and leads here', () => {
    expect(namedBy(cart).map(({ relation, kind, name }) => `${relation} ${kind} ${name}`)).toEqual([
      'uses ConfigMap conf',
      'uses Secret key',
      'uses ServiceAccount cart',
    ])
    const around = [set, mine, service, object('v1', 'Service', 'headless', { spec: {} }), pod('stranger', running)]
    expect(pointingAt(cart, around).map(({ relation, name, distance }) => [relation, name, distance])).toEqual([
      ['owns', 'cart-1', 1],
      ['owns', 'cart-1-a', 2],
      ['selectedBy', 'cart', 1],
    ])
    expect(pointingAt(service, [mine, pod('stranger', running)]).map(({ name }) => name)).toEqual(['cart-1-a'])
  })
})

describe('timeline', () => {
  it('joins events, conditions and containers of the object and what it owns, newest first', () => {
    const mine = pod('a', {
      ...crashing,
      containerStatuses: [{ name: 'main', lastState: { terminated: { exitCode: 3, reason: 'Error', finishedAt: '2026-05-06T12:05:00Z' } } }],
    })
    const event = object('v1', 'Event', 'e', {
      involvedObject: { kind: 'Pod', name: 'a', uid: mine.metadata.uid },
      reason: 'BackOff',
      type: 'Warning',
      message: 'again',
      count: 4,
      lastTimestamp: '2026-05-06T12:06:00Z',
    })
    const foreign = object('v1', 'Event', 'f', { involvedObject: { uid: 'other' }, lastTimestamp: '2026-05-06T12:07:00Z' })
    const { happenings } = joinHappenings(eventHappenings(mine, [event, foreign], new Set([mine.metadata.uid ?? ''])), ownHappenings(mine, []))
    expect(happenings.map(({ title, level, times }) => [title, level, times])).toEqual([
      ['BackOff', 'warning', 4],
      ['Container ended', 'error', undefined],
      ['Created', 'info', undefined],
    ])
  })
})

describe('log lines', () => {
  it('are cut at their moment, and say their level where they do', () => {
    expect(splitLogLine('2026-11-23T22:00:00.123456789Z hello world')).toEqual({ at: Date.UTC(2026, 10, 23, 22, 0, 0, 123), text: 'hello world' })
    expect(splitLogLine('no moment here')).toEqual({ at: null, text: 'no moment here' })
    expect(
      ['level=error msg=x', '{"level":"warn"}', 'E1123 10:00:00.0 x', '2026/05/06 [error] 7#7: x', 'INFO start', 'the error was handled', 'plain'].map(levelOf),
    ).toEqual(['error', 'warning', 'error', 'error', 'info', undefined, undefined])
  })
})
