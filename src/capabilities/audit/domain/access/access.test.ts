import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { type AuditEvent, emptyEvent } from '../event.ts'
import { createDeeds } from './deeds.ts'
import { createUsage, diffGrants, leastRoles } from './least.ts'
import { type Certificate, type LeftKind, leaverReport } from './leaver.ts'
import { leaverHtml } from './leaver-html.ts'
import { leaverChinese } from './leaver-words.ts'
import { indexObjects } from './objects.ts'
import { reach } from './reach.ts'

const NOW = 1_795_000_000_000
const RBAC = 'rbac.authorization.k8s.io/v1'
const object = (apiVersion: string, kind: string, name: string, namespace?: string, more: object = {}): KubeObject => ({
  apiVersion,
  kind,
  ...more,
  metadata: { name, ...(namespace ? { namespace } : {}), ...((more as { metadata?: object }).metadata ?? {}) },
})
const clusterRole = (name: string, ...rules: object[]) => object(RBAC, 'ClusterRole', name, undefined, { rules })
const role = (namespace: string, name: string, ...rules: object[]) => object(RBAC, 'Role', name, namespace, { rules })
const bind = (name: string, roleName: string, ...subjects: object[]) =>
  object(RBAC, 'ClusterRoleBinding', name, undefined, { roleRef: { kind: 'ClusterRole', name: roleName }, subjects })
const bindIn = (namespace: string, name: string, roleName: string, ...subjects: object[]) =>
  object(RBAC, 'RoleBinding', name, namespace, { roleRef: { kind: 'Role', name: roleName }, subjects })
const user = (name: string) => ({ kind: 'User', name })
const group = (name: string) => ({ kind: 'Group', name })
const account = (namespace: string, name: string) => ({ kind: 'ServiceAccount', namespace, name })
const rule = (verbs: string[], resources: string[], apiGroups = ['']) => ({ verbs, resources, apiGroups })
const pod = (namespace: string, name: string, serviceAccountName = 'default', image = 'app') =>
  object('v1', 'Pod', name, namespace, { spec: { serviceAccountName, containers: [{ image }] } })

const EVERYBODY = [
  clusterRole('system:basic-user', rule(['create'], ['selfsubjectaccessreviews'], ['authorization.k8s.io'])),
  bind('system:basic-user', 'system:basic-user', group('system:authenticated')),
]
const ADMIN = clusterRole('cluster-admin', rule(['*'], ['*'], ['*']))

let count = 0
const did = (by: string, verb: string, resource: string, namespace: string, name: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  ...emptyEvent('kubernetes'),
  id: `e-${++count}`,
  at: NOW - 1_000_000 + count,
  stage: 'ResponseComplete',
  user: by,
  groups: ['system:authenticated'],
  verb,
  resource,
  namespace,
  name,
  code: 200,
  decision: 'allow',
  ...more,
})
const deedsOf = (names: string[], events: AuditEvent[]) => {
  const deeds = createDeeds(new Set(names))
  events.forEach(deeds.event)
  return deeds
}
const report = (objects: KubeObject[], events: AuditEvent[], certificates: Certificate[] = [], names = ['lee']) =>
  leaverReport({ names: new Set(names), groups: [], objects: indexObjects([...EVERYBODY, ...objects]), deeds: deedsOf(names, events), certificates, now: NOW })
const kinds = (one: ReturnType<typeof report>) => one.left.map(({ kind }) => kind)

const certificate = (over: Partial<Certificate> = {}): Certificate => ({
  csr: 'c',
  requestedBy: 'lee',
  serial: '0A',
  commonName: 'lee',
  organizations: [],
  notAfter: NOW + 86_400_000,
  ...over,
})
const POWER = [clusterRole('ops', rule(['get', 'delete'], ['pods']))]
const token = (name: string, of: string, type = 'kubernetes.io/service-account-token') =>
  object('v1', 'Secret', name, 'shop', { type, metadata: { annotations: { 'kubernetes.io/service-account.name': of } } })

/** Each way to stay, and the same thing in the hands of somebody else. */
const PLANTED: Record<
  Exclude<LeftKind, 'login'>,
  { objects: KubeObject[]; events: (by: string) => AuditEvent[]; certificates?: Certificate[]; control?: KubeObject[] }
> = {
  certificate: { objects: POWER, events: () => [], certificates: [certificate()] },
  'pending-csr': {
    objects: [object('certificates.k8s.io/v1', 'CertificateSigningRequest', 'mine', undefined, { spec: {} })],
    events: (by) => [did(by, 'create', 'certificatesigningrequests', '', 'mine')],
  },
  'user-binding': { objects: [...POWER, bind('b', 'ops', user('lee'))], events: () => [], control: [...POWER, bind('b', 'ops', user('kim'))] },
  'group-binding': { objects: [...POWER, bind('b', 'ops', group('dev'))], events: (by) => [did(by, 'get', 'pods', 'shop', 'p', { groups: ['dev'] })] },
  'service-account': {
    objects: [...POWER, object('v1', 'ServiceAccount', 'helper', 'shop'), bind('b', 'ops', account('shop', 'helper'))],
    events: (by) => [did(by, 'create', 'serviceaccounts', 'shop', 'helper')],
  },
  'token-minted': {
    objects: [...POWER, object('v1', 'ServiceAccount', 'ci', 'shop'), bind('b', 'ops', account('shop', 'ci'))],
    events: (by) => [did(by, 'create', 'serviceaccounts', 'shop', 'ci', { subresource: 'token', request: { spec: { expirationSeconds: 31_536_000 } } })],
  },
  'token-secret': {
    objects: [...POWER, bind('b', 'ops', account('shop', 'ci')), token('forever', 'ci')],
    events: (by) => [did(by, 'create', 'secrets', 'shop', 'forever')],
  },
  'token-read': {
    objects: [...POWER, bind('b', 'ops', account('shop', 'ci')), token('ci-token-abcde', 'ci')],
    events: (by) => [did(by, 'list', 'secrets', 'shop', '')],
  },
  'bootstrap-token': {
    objects: [
      object('v1', 'Secret', 'bootstrap-token-abc', 'kube-system', { type: 'bootstrap.kubernetes.io/token' }),
      ...POWER,
      bind('b', 'ops', group('system:bootstrappers')),
    ],
    events: (by) => [did(by, 'create', 'secrets', 'kube-system', 'bootstrap-token-abc')],
  },
  'ghost-binding': { objects: [ADMIN, bind('b', 'cluster-admin', user('breakglass'))], events: (by) => [did(by, 'create', 'clusterrolebindings', '', 'b')] },
  'binding-made': { objects: [...POWER, bind('b', 'ops', group('team'))], events: (by) => [did(by, 'create', 'clusterrolebindings', '', 'b')] },
  'role-made': { objects: [clusterRole('mine', rule(['get'], ['pods']))], events: (by) => [did(by, 'patch', 'clusterroles', '', 'mine')] },
  workload: {
    objects: [
      ...POWER,
      bindIn('shop', 'b', 'r', account('shop', 'runner')),
      role('shop', 'r', rule(['get'], ['secrets'])),
      object('apps/v1', 'Deployment', 'd', 'shop', { spec: { template: { spec: { serviceAccountName: 'runner', containers: [{ image: 'x' }] } } } }),
    ],
    events: (by) => [did(by, 'create', 'deployments', 'shop', 'd')],
  },
  cronjob: {
    objects: [object('batch/v1', 'CronJob', 'nightly', 'shop', { spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: 'x' }] } } } } } })],
    events: (by) => [did(by, 'create', 'cronjobs', 'shop', 'nightly')],
  },
  webhook: {
    objects: [object('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 'w')],
    events: (by) => [did(by, 'create', 'mutatingwebhookconfigurations', '', 'w')],
  },
  apiservice: { objects: [object('apiregistration.k8s.io/v1', 'APIService', 'v1.x')], events: (by) => [did(by, 'create', 'apiservices', '', 'v1.x')] },
  'identity-map': {
    objects: [object('v1', 'ConfigMap', 'aws-auth', 'kube-system', { data: { mapUsers: '- username: lee' } })],
    events: () => [],
    control: [object('v1', 'ConfigMap', 'aws-auth', 'kube-system', { data: { mapUsers: '- username: kim' } })],
  },
  image: {
    objects: [pod('shop', 'p', 'default', 'registry.example.com/tools/agent:1')],
    events: (by) => [{ ...did(by, 'push', 'repositories', '', 'registry.example.com/tools/agent:1'), plane: 'registry' }],
  },
}

describe('what somebody left', () => {
  it.each(Object.entries(PLANTED))('%s is found, and is not when it is somebody else’s', (kind, { objects, events, certificates, control }) => {
    const found = report(objects, events('lee'), certificates)
    expect(kinds(found)).toContain(kind)
    expect(found.after).toEqual([])
    const others = (certificates ?? []).map((one) => ({ ...one, commonName: 'kim', requestedBy: 'kim' }))
    const clean = report(control ?? objects, [...events('kim'), did('breakglass', 'get', 'pods', 'shop', 'p')], others)
    expect(kinds(clean)).toEqual(['login'])
    expect(clean.can).toEqual([])
  })

  it('all together leave nothing reachable after the plan', () => {
    const all = Object.values(PLANTED)
    const found = report(
      all.flatMap(({ objects }) => objects),
      all.flatMap(({ events }) => events('lee')),
      all.flatMap(({ certificates = [] }) => certificates),
    )
    expect(new Set(kinds(found)).size).toBeGreaterThanOrEqual(15)
    expect(found.can.length).toBeGreaterThan(0)
    expect(found.after).toEqual([])
    expect(found.plan.steps[0]!.what).toContain('disable the login')
  })

  it('is told in Chinese too, every sentence of it', () => {
    const all = Object.values(PLANTED)
    const reports = [
      report(
        all.flatMap(({ objects }) => objects),
        all.flatMap(({ events }) => events('lee')),
        all.flatMap(({ certificates = [] }) => certificates),
      ),
      report([...POWER, bind('b', 'ops', group('dev'))], [], [certificate({ organizations: ['dev'] })]),
    ]
    const texts = reports.flatMap(({ left, plan, identities }) => [
      ...left.map(({ why }) => why),
      ...plan.steps.flatMap(({ what, why }) => [what, why]),
      ...identities.flatMap(({ via }) => via),
    ])
    const stayed = new Set(texts.flatMap((text) => leaverChinese(text).split('；')).filter((text) => !/[\u4e00-\u9fff]/.test(text)))
    expect([...stayed]).toEqual([])
    expect(leaverHtml(reports[0]!, 'zh-CN')).toContain('停用 lee 的登录')
  })

  it('asks for a new authority only when a live certificate has rights that others need', () => {
    const objects = [...POWER, bind('b', 'ops', group('dev'))]
    const live = report(objects, [], [certificate({ organizations: ['dev'] })])
    expect(live.plan.steps.at(-1)!.action.type).toBe('rotate-ca')
    expect(live.after).toEqual([])
    const expired = report(objects, [], [certificate({ organizations: ['dev'], notAfter: NOW - 1 })])
    expect(expired.plan.steps.map(({ action }) => action.type)).not.toContain('rotate-ca')
    expect(report([...POWER, bind('b', 'ops', user('lee'))], [], [certificate()]).plan.steps.map(({ action }) => action.type)).not.toContain('rotate-ca')
  })

  it('keeps others’ subjects in a binding', () => {
    const { plan } = report([...POWER, bind('b', 'ops', user('lee'), user('kim'))], [])
    expect(plan.steps.map(({ action }) => action)).toContainEqual(expect.objectContaining({ type: 'remove-subjects', name: 'b', subjects: [user('lee')] }))
  })

  it('renders nothing of a cluster as markup', () => {
    const html = leaverHtml(
      report([...POWER, bind('<script>alert(1)</script>', 'ops', user('<img src=x>'))], [did('<img src=x>', 'get', 'pods', '"><b>', 'x')], [], ['<img src=x>']),
      'en',
    )
    expect(html).not.toMatch(/<script>|<img|<b>x/)
    expect(html).toContain('&lt;img src=x&gt;')
    expect(html).toContain('<th>Because</th>')
  })
})

describe('reach', () => {
  const lee = { name: 'lee', groups: ['system:authenticated'], via: ['lee'] }
  const target = [
    clusterRole('gold', rule(['get'], ['secrets'])),
    bind('gold', 'gold', account('shop', 'boss')),
    object('v1', 'ServiceAccount', 'boss', 'shop'),
    pod('shop', 'boss-pod', 'boss'),
    token('boss-token', 'boss'),
    ADMIN,
  ]
  const reached = (...rules: object[]) =>
    reach(indexObjects([...target, clusterRole('r', ...rules), bind('b', 'r', user('lee'))]), [lee]).identities.flatMap(({ name, groups }) => [name, ...groups])
  const boss = 'system:serviceaccount:shop:boss'

  it.each([
    ['pods', [rule(['create'], ['pods'])]],
    ['templates', [rule(['patch'], ['deployments'], ['apps'])]],
    ['tokens', [rule(['create'], ['serviceaccounts/token'])]],
    ['secrets', [rule(['list'], ['secrets'])]],
    ['exec by WebSocket', [rule(['get'], ['pods/exec'])]],
    ['debug containers', [rule(['patch'], ['pods/ephemeralcontainers'])]],
    ['the kubelet', [rule(['get'], ['nodes/proxy'])]],
    ['impersonation', [rule(['impersonate'], ['serviceaccounts'])]],
    ['a webhook', [rule(['create'], ['mutatingwebhookconfigurations'], ['admissionregistration.k8s.io'])]],
  ])('goes through %s', (_, rules) => {
    expect(reached(...rules)).toContain(boss)
  })

  it.each([
    ['bind', [rule(['bind'], ['clusterroles'], ['rbac.authorization.k8s.io']), rule(['create'], ['clusterrolebindings'], ['rbac.authorization.k8s.io'])]],
    ['escalate', [rule(['escalate', 'patch'], ['clusterroles'], ['rbac.authorization.k8s.io'])]],
    [
      'certificates',
      [
        rule(['create'], ['certificatesigningrequests'], ['certificates.k8s.io']),
        rule(['update'], ['certificatesigningrequests/approval'], ['certificates.k8s.io']),
        rule(['approve'], ['signers'], ['certificates.k8s.io']),
      ],
    ],
    ['impersonating a group', [rule(['impersonate'], ['users', 'groups'])]],
  ])('goes to everything by %s', (_, rules) => {
    expect(reached(...rules)).toContain('system:masters')
  })

  it.each([
    ['reading pods', [rule(['get', 'list'], ['pods'])]],
    ['one half of a way', [rule(['bind'], ['clusterroles'], ['rbac.authorization.k8s.io'])]],
    ['another secret', [{ ...rule(['get'], ['secrets']), resourceNames: ['other'] }]],
  ])('does not go anywhere by %s', (_, rules) => {
    expect(reached(...rules)).toEqual(['lee', 'system:authenticated'])
  })
})

describe('least roles', () => {
  const usage = createUsage('lee')
  const events = [
    did('lee', 'get', 'pods', 'shop', 'a'),
    did('lee', 'get', 'pods', 'shop', 'a'),
    did('lee', 'list', 'pods', 'shop', ''),
    did('lee', 'create', 'pods', 'shop', 'new'),
    did('lee', 'delete', 'secrets', 'shop', 's', { code: 403, decision: 'forbid' }),
    did('lee', 'get', 'nodes', '', 'n1'),
    did('kim', 'delete', 'pods', 'shop', 'a'),
    did('lee', 'get', '', '', '', { uri: '/version?x=1' }),
  ]
  events.forEach(usage.event)

  it('hold what was used and allowed, by name where RBAC can', () => {
    expect(leastRoles('lee', usage.uses())).toEqual([
      expect.objectContaining({
        kind: 'ClusterRole',
        rules: [
          { apiGroups: [''], resources: ['nodes'], verbs: ['get'], resourceNames: ['n1'] },
          { nonResourceURLs: ['/version'], verbs: ['get'] },
        ],
      }),
      expect.objectContaining({
        kind: 'Role',
        metadata: { name: 'lee', namespace: 'shop' },
        rules: [
          { apiGroups: [''], resources: ['pods'], verbs: ['create', 'list'] },
          { apiGroups: [''], resources: ['pods'], verbs: ['get'], resourceNames: ['a'] },
        ],
      }),
    ])
  })

  it('differ from what is granted', () => {
    const objects = indexObjects([clusterRole('r', rule(['get', 'list', 'create', 'delete'], ['pods', 'secrets'])), bind('b', 'r', user('lee'))])
    const { unused, ungranted } = diffGrants(objects, { name: 'lee', groups: usage.groups(), via: [] }, usage.uses())
    expect(unused.map(({ verbs, resources }) => [verbs, resources])).toEqual([[['delete'], ['secrets']]])
    expect(ungranted.map(({ resource, path }) => resource || path)).toEqual(['nodes', '/version'])
  })
})
