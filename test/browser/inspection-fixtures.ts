/** Canned answers of the inspection page: one that found much and could not read all, one that passed, one that is wrong. */
import type { FindingDetail, FindingRow, FixPreview, InspectionsAnswer, OverviewAnswer, Run } from '#capabilities/inspection/domain/api.ts'
import { SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import { MARKUP } from './workload-fixtures.ts'

const iso = (ms: number) => new Date(ms).toISOString()
const CHECKS = [
  { check: 'container-privileged', category: 'security', path: 'spec.template.spec.containers[0].securityContext.privileged', what: 'true' },
  { check: 'memory-limit-missing', category: 'limitation', path: 'spec.template.spec.containers[0].resources.limits.memory', what: '' },
  { check: 'readiness-probe-missing', category: 'stability', path: 'spec.template.spec.containers[1].readinessProbe', what: MARKUP },
  { check: 'cpu-over-requested', category: 'cost', path: 'spec.template.spec.containers[0].resources.requests.cpu', what: '4, and uses 200m' },
] as const

const severityOf = (i: number): Severity => SEVERITIES[i % SEVERITIES.length]!
function findingAt(i: number, now: number): FindingRow {
  const { check, category, path, what } = CHECKS[i % CHECKS.length]!
  return {
    fingerprint: `f${i}`,
    check,
    category,
    severity: severityOf(i),
    state: 'open',
    kind: 'Deployment',
    namespace: `team-${i % 12}`,
    name: i === 2 ? MARKUP : `app-${i}`,
    path,
    what,
    message: 'The container of this workload is not as the check wants it.',
    since: now - 3_600_000 - i,
  }
}
const countsOf = (findings: number) =>
  Object.fromEntries(
    SEVERITIES.map((severity, i) => [severity, Math.floor((findings + SEVERITIES.length - 1 - i) / SEVERITIES.length)]),
  ) as OverviewAnswer['counts']

const runs = (now: number, findings: number): Run[] =>
  [0, 1].map((i) => ({
    id: `0199aa00-0000-7000-8000-00000000000${i}`,
    inspection: 'nightly',
    why: i === 0 ? 'somebody asked for it' : 'its schedule says so',
    startedAt: now - 600_000 - i * 86_400_000,
    seconds: 12.4,
    complete: i === 1,
    failed: true,
    objects: 31_204,
    checks: 445,
    kinds: { read: 61, unread: 2 },
    usage: 604_800_000,
    unread:
      i === 1
        ? []
        : [
            { path: 'secrets', message: 'forbidden: list is not allowed here' },
            { path: `widgets.${MARKUP}`, message: MARKUP },
          ],
    counts: countsOf(findings),
    added: 3,
    gone: 8,
    suppressed: [{ check: 'host-network', object: 'DaemonSet kube-system/agent', path: '', reason: MARKUP, until: '2027-01-01' }],
  }))

const list = (now: number, findings: number): InspectionsAnswer['inspections'] => [
  {
    name: 'nightly',
    spec: { schedule: '0 3 * * *' },
    status: { phase: 'Incomplete', ...countsOf(findings), new: 3, gone: 8, lastRunAt: iso(now - 600_000), nextRunAt: iso(now + 9_000_000), unread: 2 },
  },
  { name: 'clean', spec: { schedule: '@hourly' }, status: { phase: 'Passed', ...countsOf(0), lastRunAt: iso(now - 60_000) } },
  { name: 'wrong', spec: { schedule: '61 * * * *' }, status: { phase: 'Invalid', message: `spec.schedule: ${MARKUP}` } },
]

const group = (name: string, findings: number) => ({ name, counts: countsOf(findings), message: '' })
const overview = (now: number, findings: number): OverviewAnswer => ({
  runs: findings === 0 ? [] : runs(now, findings),
  counts: countsOf(findings),
  byCategory: CHECKS.map(({ category }) => group(category, findings / 4)),
  byNamespace: Array.from({ length: 12 }, (_, i) => group(`team-${i}`, findings / 12)),
  byCheck: CHECKS.map(({ check }) => group(check, findings / 4)),
})

const preview = (): FixPreview => ({
  object: 'Deployment team-0/app-0',
  checks: ['container-privileged'],
  diff: '--- before\n+++ after\n-          privileged: true\n+          privileged: false',
  restarts: 'the 3 pods of Deployment app-0, one after the other',
  budgets: [{ name: 'app', allowed: 1 }],
})

/** @param findings open ones; 0: there is no Inspection. Undefined: the path is none of this page's. */
export function inspectionAnswers(path: string, query: URLSearchParams, now: number, findings: number): unknown {
  if (path === '/inspections') return { served: true, inspections: findings === 0 ? [] : list(now, findings) } satisfies InspectionsAnswer
  const [, name, rest] = /^\/inspections\/([\w-]+)\/(.+)$/.exec(path) ?? []
  if (name === undefined || rest === undefined) return undefined
  const open = name === 'nightly' ? findings : 0
  if (rest === 'overview') return overview(now, open)
  if (rest === 'findings') {
    const severity = query.get('severity')
    const wanted = Array.from({ length: open }, (_, i) => i).filter((i) => severity === null || severityOf(i) === severity)
    const offset = Number(query.get('offset') ?? 0)
    return { rows: wanted.slice(offset, offset + Number(query.get('limit') ?? 100)).map((i) => findingAt(i, now)), total: wanted.length }
  }
  const [, fingerprint, fix] = /^findings\/f(\d+)(\/fix)?$/.exec(rest) ?? []
  if (fingerprint === undefined) return undefined
  if (fix) return preview()
  const detail: FindingDetail = {
    ...findingAt(Number(fingerprint), now),
    aliases: ['polaris/runAsPrivileged', 'kubescape/C-0057'],
    fix: [{ path: 'spec.template.spec.containers[0].securityContext.privileged', value: false }],
  }
  return detail
}
