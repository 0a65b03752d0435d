/** Audit policies of kube-apiserver: what one records, which rules it makes blind, and one that makes none blind without need. */
import { z } from 'zod'
import type { Problem } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import type { AuditRule } from './rules/rule.ts'

const LEVELS = ['None', 'Metadata', 'Request', 'RequestResponse'] as const
type PolicyLevel = (typeof LEVELS)[number]
const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const
const texts = z.array(z.string().max(512)).max(1000).optional()

/** https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/#audit-k8s-io-v1-Policy */
const policySchema = z.object({
  apiVersion: z.string().regex(/^audit\.k8s\.io\/v1(?:beta1|alpha1)?$/, 'must be audit.k8s.io/v1'),
  kind: z.literal('Policy'),
  metadata: z.looseObject({}).optional(),
  omitStages: z.array(z.enum(STAGES)).optional(),
  omitManagedFields: z.boolean().optional(),
  rules: z
    .array(
      z.object({
        level: z.enum(LEVELS),
        users: texts,
        userGroups: texts,
        verbs: texts,
        resources: z.array(z.object({ group: z.string().optional(), resources: texts, resourceNames: texts })).optional(),
        namespaces: texts,
        nonResourceURLs: texts,
        omitStages: z.array(z.enum(STAGES)).optional(),
        omitManagedFields: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(1000),
})
export type Policy = z.output<typeof policySchema>
type PolicyRule = Policy['rules'][number]

export const readPolicy = (input: unknown): Result<Policy, readonly Problem[]> => {
  const parsed = parseInput(policySchema, input)
  return parsed.ok ? ok(parsed.value) : err(parsed.error)
}

/** API groups of the resources that rules name; those left out are of the core group. */
const GROUPS: Readonly<Record<string, string>> = {
  deployments: 'apps',
  replicasets: 'apps',
  statefulsets: 'apps',
  daemonsets: 'apps',
  jobs: 'batch',
  cronjobs: 'batch',
  ingresses: 'networking.k8s.io',
  roles: 'rbac.authorization.k8s.io',
  clusterroles: 'rbac.authorization.k8s.io',
  rolebindings: 'rbac.authorization.k8s.io',
  clusterrolebindings: 'rbac.authorization.k8s.io',
  certificatesigningrequests: 'certificates.k8s.io',
  selfsubjectaccessreviews: 'authorization.k8s.io',
  selfsubjectrulesreviews: 'authorization.k8s.io',
  selfsubjectreviews: 'authentication.k8s.io',
  apiservices: 'apiregistration.k8s.io',
  mutatingwebhookconfigurations: 'admissionregistration.k8s.io',
  validatingwebhookconfigurations: 'admissionregistration.k8s.io',
  validatingadmissionpolicies: 'admissionregistration.k8s.io',
  validatingadmissionpolicybindings: 'admissionregistration.k8s.io',
  mutatingadmissionpolicies: 'admissionregistration.k8s.io',
  mutatingadmissionpolicybindings: 'admissionregistration.k8s.io',
}
/** Stand for "any" where a rule listens to all. */
const ANY_RESOURCES = ['pods', 'secrets', 'configmaps', 'namespaces', 'deployments', 'clusterroles']
const ANY_VERBS = ['get', 'list', 'create', 'update', 'patch', 'delete']

interface Request {
  verb: string
  group: string
  resource: string
  subresource: string
}

/** Matches as the API server does (staging/src/k8s.io/apiserver/pkg/audit/policy/checker.go). */
function matchesResource({ resources = [] }: PolicyRule, { group, resource, subresource }: Request): boolean {
  const combined = subresource === '' ? resource : `${resource}/${subresource}`
  return resources.some((entry) => {
    if ((entry.group ?? '') !== group) return false
    if (!entry.resources?.length) return true
    return entry.resources.some(
      (name) =>
        name === '*' || name === combined || (subresource !== '' && name === `*/${subresource}`) || (name.endsWith('/*') && name.slice(0, -2) === resource),
    )
  })
}

export interface Sight {
  rule: AuditRule
  /** `partly`: of some users, namespaces, verbs or resources not. */
  sees: 'yes' | 'partly' | 'no'
  /** Numbers of the policy's rules that take the sight away, from 1; 0: no rule matches. */
  because: number[]
  /** What is recorded, and what is needed. */
  has: PolicyLevel
  needs: PolicyLevel
  /** Numbers of the policy's rules by which a session is seen only when it is over: they leave ResponseStarted out. */
  late: number[]
}

/** What of each rule a policy lets be seen. */
export function sightOf(policy: Policy, rules: readonly AuditRule[]): Sight[] {
  return rules
    .filter(({ planes }) => planes === undefined || planes.includes('kubernetes'))
    .map((rule) => {
      const because = new Set<number>()
      const late = new Set<number>()
      let seen = 0
      let missed = 0
      let least: PolicyLevel = 'RequestResponse'
      for (const request of requestsOf(rule)) {
        const looks = look(policy, request)
        for (const { level, stages, number, partial } of looks) {
          const enough =
            LEVELS.indexOf(level) >= LEVELS.indexOf(rule.needs) && (stages.has('ResponseComplete') || (rule.started === true && stages.has('ResponseStarted')))
          if (enough) {
            if (rule.started === true && !stages.has('ResponseStarted')) late.add(number)
            if (!partial) seen++
            continue
          }
          because.add(number)
          if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) least = level
          missed++
        }
      }
      const sees = missed === 0 ? 'yes' : seen === 0 ? 'no' : 'partly'
      return { rule, sees, because: [...because].sort((a, b) => a - b), has: missed === 0 ? rule.needs : least, needs: rule.needs, late: [...late] }
    })
}

function requestsOf(rule: AuditRule): Request[] {
  const resources = rule.resources.includes('*') ? ANY_RESOURCES : rule.resources
  return resources.flatMap((name) => {
    const [resource = '', subresource = ''] = name.split('/')
    return (rule.verbs ?? ANY_VERBS).map((verb) => ({ verb, group: GROUPS[resource] ?? '', resource, subresource }))
  })
}

/** What happens to a request: rules that match some of it (by user, namespace, name) until the first that matches all of it. */
function look(policy: Policy, request: Request) {
  const found: { level: PolicyLevel; stages: Set<string>; number: number; partial: boolean }[] = []
  for (const [i, rule] of policy.rules.entries()) {
    const everything = rule.resources === undefined && rule.nonResourceURLs === undefined
    if (!everything && !matchesResource(rule, request)) continue
    if (rule.verbs?.length && !rule.verbs.includes(request.verb)) continue
    // the control plane's own users are left out for good reason
    if (rule.users?.length && rule.users.every((user) => user.startsWith('system:'))) continue
    if (rule.userGroups?.length && rule.userGroups.every((group) => /^system:(?:nodes|serviceaccounts(?::kube-system)?)$/.test(group))) continue
    const names = rule.resources?.some((entry) => entry.resourceNames?.length && (entry.group ?? '') === request.group) ?? false
    const some = Boolean(rule.users?.length || rule.namespaces?.length || names || rule.userGroups?.some((group) => group !== 'system:authenticated'))
    const stages = new Set<string>(STAGES.filter((stage) => !policy.omitStages?.includes(stage) && !rule.omitStages?.includes(stage)))
    found.push({ level: rule.level, stages, number: i + 1, partial: some })
    if (!some) return found
  }
  return [...found, { level: 'None' as const, stages: new Set<string>(), number: 0, partial: false }]
}

/** What a server that follows `policy` records of one request; `path` is set when it names no resource. */
export function levelOf(policy: Policy, request: Request & { user: string; groups: readonly string[]; namespace: string; name: string; path?: string }) {
  const rule = policy.rules.find(
    (one) =>
      (!one.users?.length || one.users.includes(request.user)) &&
      (!one.userGroups?.length || one.userGroups.some((group) => request.groups.includes(group))) &&
      (!one.verbs?.length || one.verbs.includes(request.verb)) &&
      (one.resources === undefined && one.nonResourceURLs === undefined
        ? true
        : request.path === undefined
          ? matchesResource(one, request) && (!one.namespaces?.length || one.namespaces.includes(request.namespace)) && matchesName(one, request)
          : (one.nonResourceURLs ?? []).some((url) => (url.endsWith('*') ? request.path!.startsWith(url.slice(0, -1)) : url === request.path))),
  )
  const omitted = new Set<string>([...(policy.omitStages ?? []), ...(rule?.omitStages ?? [])])
  return { level: rule?.level ?? 'None', records: (stage: string) => rule !== undefined && rule.level !== 'None' && !omitted.has(stage) }
}

const matchesName = ({ resources = [] }: PolicyRule, { group, name }: { group: string; name: string }) =>
  resources.some((entry) => (entry.group ?? '') === group && (!entry.resourceNames?.length || entry.resourceNames.includes(name)))

/** Rules that our own policy leaves blind, because seeing would write secrets into the log. */
export const BLIND_ON_PURPOSE: ReadonlySet<string> = new Set(['token-secret-created'])

/** Reads of objects by name and bodies of changes, without what is said all day and says nothing, and without values of secrets. */
export const RECOMMENDED_POLICY: Policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  omitManagedFields: true,
  rules: [
    { level: 'None', nonResourceURLs: ['/healthz*', '/livez*', '/readyz*', '/version', '/openapi*', '/metrics'] },
    {
      level: 'None',
      users: ['system:kube-proxy', 'system:kube-scheduler', 'system:kube-controller-manager', 'system:apiserver'],
      verbs: ['get', 'list', 'watch'],
    },
    {
      level: 'None',
      userGroups: ['system:nodes'],
      verbs: ['get', 'list', 'watch'],
      resources: [{ group: '' }, { group: 'storage.k8s.io' }, { group: 'node.k8s.io' }],
    },
    { level: 'None', resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] },
    {
      level: 'None',
      verbs: ['create', 'update', 'patch', 'get', 'list', 'watch'],
      resources: [
        { group: '', resources: ['events'] },
        { group: 'events.k8s.io', resources: ['events'] },
      ],
    },
    {
      level: 'Metadata',
      resources: [
        {
          group: '',
          resources: [
            'secrets',
            'secrets/*',
            'serviceaccounts/token',
            'pods/exec',
            'pods/attach',
            'pods/portforward',
            'pods/proxy',
            'services/proxy',
            'nodes/proxy',
          ],
        },
        { group: 'authentication.k8s.io', resources: ['tokenreviews'] },
      ],
    },
    { level: 'Metadata', verbs: ['get', 'list', 'watch'] },
    { level: 'Metadata', resources: [{ group: '', resources: ['pods/status', 'nodes/status'] }], userGroups: ['system:nodes'] },
    { level: 'Request' },
  ],
}

/** Flags with which an alarm is fast and the API server never waits; sizes are in bytes. */
export const RECOMMENDED_FLAGS: readonly (readonly [flag: string, value: string, why: { en: string; 'zh-CN': string }])[] = [
  ['audit-policy-file', '/etc/kubernetes/audit/policy.yaml', { en: 'what is recorded', 'zh-CN': '记录什么' }],
  ['audit-log-path', '/var/log/kubernetes/audit.log', { en: 'for the agent to follow; the fastest way', 'zh-CN': '由 agent 跟踪，最快' }],
  ['audit-log-maxsize', '200', { en: 'MB of a file', 'zh-CN': '单个文件的 MB 数' }],
  ['audit-log-maxbackup', '4', { en: 'files kept', 'zh-CN': '保留的文件数' }],
  ['audit-webhook-config-file', '/etc/kubernetes/audit/webhook.yaml', { en: 'or instead of the file', 'zh-CN': '或代替文件' }],
  ['audit-webhook-mode', 'batch', { en: 'requests never wait for it', 'zh-CN': '请求不会等待它' }],
  ['audit-webhook-batch-max-wait', '500ms', { en: 'the default of 30s is what makes alarms late', 'zh-CN': '默认 30s 会使告警延迟' }],
  ['audit-webhook-batch-max-size', '200', { en: 'events of a batch', 'zh-CN': '每批事件数' }],
  ['audit-webhook-batch-buffer-size', '20000', { en: 'events held while we are away; then they are dropped', 'zh-CN': '不可达时缓存的事件数，超出则丢弃' }],
  ['audit-webhook-batch-throttle-qps', '50', { en: 'the default of 10 is too few for a burst', 'zh-CN': '默认 10 不足以应对突发' }],
  ['audit-webhook-truncate-enabled', 'true', { en: 'large bodies are cut and not the event lost', 'zh-CN': '截断过大的内容而不丢失事件' }],
  ['audit-webhook-truncate-max-event-size', '307200', { en: '', 'zh-CN': '' }],
]
