/** Canned answers of the workloads pages: the shop's cart, one of whose pods crashes, made by the domain itself from objects. */
import { stringify } from 'yaml'
import { accessFor, accessText, rightsOfKind } from '#capabilities/workloads/domain/acts.ts'
import { type AppsAnswer, appsLineOf, type ObjectAnswer, type ObjectsAnswer } from '#capabilities/workloads/domain/api.ts'
import { appLines, groupApps, memberOf } from '#capabilities/workloads/domain/apps.ts'
import { columnsOf } from '#capabilities/workloads/domain/columns.ts'
import { conditionsOf } from '#capabilities/workloads/domain/fields.ts'
import { statusOf } from '#capabilities/workloads/domain/object-status.ts'
import { namedBy, pointingAt } from '#capabilities/workloads/domain/relations.ts'
import { rowOf, selectRows } from '#capabilities/workloads/domain/rows.ts'
import { joinHappenings, ownHappenings } from '#capabilities/workloads/domain/timeline.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { FAKE_KINDS } from '#test/fakes/cluster.ts'

const meta = (name: string, owner?: { kind: string; name: string }): KubeObject['metadata'] => ({
  name,
  namespace: 'shop',
  uid: `uid-${name}`,
  creationTimestamp: '2026-11-23T20:00:00Z',
  resourceVersion: '1',
  labels: { app: 'cart' },
  ...(owner ? { ownerReferences: [{ apiVersion: 'apps/v1', controller: true, uid: `uid-${owner.name}`, ...owner }] } : {}),
})
const podSpec = {
  nodeName: 'node-1',
  containers: [
    { name: 'main', image: 'registry.example/shop/cart:1.2.3', resources: { requests: { cpu: '100m' } }, envFrom: [{ configMapRef: { name: 'cart' } }] },
  ],
}
const podAt = (i: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: meta(`cart-6db6f76d6f-${String(i).padStart(5, '0')}`, { kind: 'ReplicaSet', name: 'cart-6db6f76d6f' }),
  spec: podSpec,
  status:
    i % 7 === 3
      ? {
          phase: 'Running',
          conditions: [{ type: 'Ready', status: 'False' }],
          containerStatuses: [
            {
              name: 'main',
              ready: false,
              restartCount: 9,
              state: { waiting: { reason: 'CrashLoopBackOff' } },
              lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: '2026-11-23T21:00:00Z' } },
            },
          ],
        }
      : {
          phase: 'Running',
          podIP: `10.0.0.${i % 250}`,
          conditions: [{ type: 'Ready', status: 'True' }],
          containerStatuses: [{ name: 'main', ready: true, restartCount: 0, state: { running: { startedAt: '2026-11-23T20:00:05Z' } } }],
        },
})
const deployment: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: meta('cart'),
  spec: { replicas: 40, template: { metadata: { labels: { app: 'cart' } }, spec: podSpec } },
  status: {
    replicas: 40,
    updatedReplicas: 40,
    readyReplicas: 34,
    availableReplicas: 34,
    conditions: [
      {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
        lastTransitionTime: '2026-11-23T21:00:00Z',
      },
    ],
  },
}
const set: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: meta('cart-6db6f76d6f', { kind: 'Deployment', name: 'cart' }),
  spec: { replicas: 40 },
  status: { readyReplicas: 34 },
}
export const MARKUP = '<img src=x onerror="document.title=1"><b>bold</b>'
/** What somebody wrote who means no good, and a megabyte of it. */
const hostile: KubeObject = {
  ...deployment,
  metadata: { ...meta('hostile'), labels: { app: MARKUP }, annotations: { note: MARKUP, long: `${MARKUP} `.repeat(22_000) } },
  status: {
    ...(deployment.status as object),
    conditions: [{ type: 'Available', status: 'False', reason: MARKUP, message: MARKUP, lastTransitionTime: '2026-11-23T21:00:00Z' }],
  },
}
const podsOf = new Map<number, KubeObject[]>()
const pods = (count: number) => {
  const found = podsOf.get(count) ?? Array.from({ length: count }, (_, i) => podAt(i))
  podsOf.set(count, found)
  return found
}

function answerOf(object: KubeObject): ObjectAnswer {
  const kind = FAKE_KINDS.find((one) => one.kind === 'Deployment')!
  const rights = rightsOfKind(kind).map((right) => [
    right,
    { allowed: right !== 'delete', needs: accessText(accessFor(right, kind, 'shop', object.metadata.name)), reason: '' },
  ])
  return {
    object,
    yaml: stringify(object),
    status: statusOf(object),
    conditions: conditionsOf(object),
    containers: [],
    rights: Object.fromEntries(rights),
  }
}

/** Undefined for a path that is none of theirs. */
export function workloadAnswers(path: string, query: URLSearchParams, count: number): unknown {
  const around = [set, ...pods(Math.min(count, 40))]
  const request = {
    search: query.get('search') ?? '',
    sort: query.get('sort') ?? 'name',
    order: query.get('order') === 'desc' ? ('desc' as const) : ('asc' as const),
  }
  const [offset, limit] = [Number(query.get('offset') ?? 0), Number(query.get('limit') ?? 100)]
  const object = '/objects/apps/v1/Deployment/shop/cart'
  const answers: Record<string, () => unknown> = {
    '/kinds': () => ({ kinds: FAKE_KINDS, unknown: [], serverVersion: 'v1.36.0' }),
    '/namespaces': () => ({ names: ['default', 'shop'], known: true }),
    '/objects': async (): Promise<ObjectsAnswer> => {
      const columns = columnsOf('', 'Pod') ?? []
      const { rows, total } = await selectRows(
        pods(count).map((pod) => rowOf(pod, columns)),
        columns,
        { ...request, most: offset + limit },
        () => undefined,
      )
      return {
        namespaced: true,
        columns: columns.map(({ read: _, ...column }) => column),
        rows: rows.slice(offset, offset + limit),
        total,
        state: 'whole',
        currentAt: 0,
        missing: [],
      }
    },
    '/apps': (): AppsAnswer => {
      const apps = count === 0 ? [] : groupApps([deployment, set].map(memberOf), pods(count).map(memberOf))
      const lines = appLines(apps, { ...request, expand: query.getAll('expand') })
      return {
        lines: lines.slice(offset, offset + limit).map(appsLineOf),
        total: lines.length,
        missing: count === 0 ? [] : [{ what: 'CronJob', code: 'FORBIDDEN', message: 'You may not list cronjobs.batch.' }],
      }
    },
    [object]: () => answerOf(deployment),
    '/objects/apps/v1/Deployment/shop/hostile': () => answerOf(hostile),
    [`${object}/relations`]: () => ({ related: [...namedBy(deployment), ...pointingAt(deployment, around)], missing: [] }),
    [`${object}/timeline`]: () => ({ ...joinHappenings(ownHappenings(deployment, around)), missing: [] }),
  }
  return answers[path]?.()
}
