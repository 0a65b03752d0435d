/** Canned answers of the audit page: deeds of people, of the platform and of strangers, some with names that would be markup. */
import type { AuditStatus, EventRow, EventsAnswer, FirstSeenAnswer, SeriesAnswer, TopAnswer } from '#capabilities/audit/domain/api.ts'
import { MARKUP } from './workload-fixtures.ts'

const DEEDS: readonly Partial<EventRow>[] = [
  { user: 'lee', verb: 'get', resource: 'pods/exec', name: 'cart-7d9f', status: 101, rules: ['pod-exec'], severity: 'warning', stage: 'ResponseStarted' },
  {
    user: 'kim@example.com',
    impersonated: 'system:admin',
    verb: 'list',
    resource: 'secrets',
    namespace: 'kube-system',
    rules: ['secrets-listed'],
    severity: 'error',
  },
  {
    user: MARKUP,
    verb: 'create',
    resource: 'pods',
    name: MARKUP,
    status: 201,
    rules: ['pod-privileged', 'pod-host-network'],
    severity: 'error',
    userAgent: MARKUP,
  },
  { user: 'system:serviceaccount:shop:cart', verb: 'get', resource: 'configmaps', name: 'cart' },
  {
    user: 'lee',
    verb: 'create',
    resource: 'clusterrolebindings',
    namespace: '',
    name: 'b',
    status: 201,
    rules: ['cluster-admin-granted'],
    severity: 'critical',
  },
  { user: 'system:anonymous', verb: 'get', resource: 'pods', status: 403, decision: 'forbid', rules: ['anonymous-refused'], severity: 'advice' },
  { user: 'ci', plane: 'registry', verb: 'push', resource: 'images', namespace: '', name: 'shop/cart:1.4', status: 0, sourceIp: '198.51.100.9' },
]

const eventAt = (i: number, now: number): EventRow => ({
  at: now - 1_000 - i * 7_000,
  plane: 'kubernetes',
  id: `0a1b2c3d-0000-4000-8000-${String(i).padStart(12, '0')}`,
  stage: 'ResponseComplete',
  groups: 'dev, system:authenticated',
  impersonated: '',
  sourceIp: '192.0.2.7',
  userAgent: 'kubectl/v1.35.0',
  apiGroup: '',
  namespace: 'shop',
  name: '',
  status: 200,
  decision: 'allow',
  rules: [],
  severity: '',
  detail: JSON.stringify({ uri: '/api/v1/namespaces/shop/pods', note: MARKUP }),
  user: '',
  verb: '',
  resource: '',
  ...DEEDS[i % DEEDS.length],
})

const STEP_MS = 60_000

/** @param total events there are. Undefined: the path is none of this page's. */
export function auditAnswers(path: string, query: URLSearchParams, now: number, total: number): unknown {
  const number = (name: string, otherwise: number) => Number(query.get(name) ?? otherwise)
  const keys = (by: string) =>
    by === 'user' ? DEEDS.map(({ user }) => user!) : by === 'rules' ? DEEDS.flatMap(({ rules }) => rules ?? []) : ['shop', 'kube-system']
  switch (path) {
    case '/audit/events': {
      const [offset, limit] = [number('offset', 0), number('limit', 200)]
      const of = query
        .getAll('filter')
        .find((filter) => filter.startsWith('user:eq:'))
        ?.slice('user:eq:'.length)
      const count = Math.max(0, Math.min(limit, total - offset))
      const events = Array.from({ length: count }, (_, i) => eventAt(offset + i, now)).filter(({ user }) => of === undefined || user === of)
      return { events, more: offset + count < total, rowsRead: total, elapsedMs: 12 } satisfies EventsAnswer
    }
    case '/audit/series': {
      const from = Math.floor(number('from', now - 3_600_000) / STEP_MS) * STEP_MS
      const steps = total === 0 ? 0 : Math.min(200, Math.floor((number('to', now) - from) / STEP_MS))
      return { step: STEP_MS, points: Array.from({ length: steps }, (_, i) => [from + i * STEP_MS, 40 + (i % 7), i % 5, i % 3]) } satisfies SeriesAnswer
    }
    case '/audit/top': {
      const unique = [...new Set(keys(query.get('by') ?? ''))].slice(0, total === 0 ? 0 : number('limit', 10))
      return { rows: unique.map((key, i) => ({ key, events: 900 - i * 77, sensitive: 3, refused: 1, lastAt: now })) } satisfies TopAnswer
    }
    case '/audit/first-seen':
      return { rows: total === 0 ? [] : [{ what: 'source_ip', key: '198.51.100.9', user: 'ci', at: now - 9_000 }] } satisfies FirstSeenAnswer
    case '/audit/status':
      return {
        since: now - 86_400_000,
        accepted: total,
        rejected: {},
        dropped: 0,
        droppedAt: null,
        rejectedAt: null,
        lastAt: total === 0 ? null : now - 1_000,
        sources: [],
        waiting: { batches: 0, bytes: 0 },
        chain: total === 0 ? null : { number: 41, hash: 'ab'.repeat(32) },
      } satisfies AuditStatus
    default:
      return undefined
  }
}
