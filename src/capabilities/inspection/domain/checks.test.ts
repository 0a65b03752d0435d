import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { CHECKS, checksNamed, withVulnerabilities } from './catalog.ts'
import { type Cases, type Fields, MORE_CASES } from './checks.cases.ts'
import { inspect } from './inspect.ts'
import type { Item, Surroundings } from './inventory.ts'
import { checkPage } from './reports.ts'
import { vulnerabilityFile } from './vulnerabilities.ts'

const pod = (spec: Fields, container: Fields = {}): Fields => ({
  kind: 'Pod',
  metadata: { name: 'p', labels: { app: 'p' } },
  spec: { ...spec, containers: [{ name: 'c', image: 'r.example/c:1', ...container }] },
})
const secured = (securityContext: Fields): Fields => pod({}, { securityContext })
const deployment = (spec: Fields, podSpec: Fields = {}): Fields => ({
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: { replicas: 2, ...spec, template: { metadata: { labels: { app: 'd' } }, spec: { containers: [{ name: 'c', image: 'c:1' }], ...podSpec } } },
})
const budget = (spec: Fields): Fields => ({ kind: 'PodDisruptionBudget', metadata: { name: 'b' }, spec: { selector: { matchLabels: { app: 'd' } }, ...spec } })
const scaler = (spec: Fields): Fields => ({
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'h' },
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'd' }, maxReplicas: 9, ...spec },
})
const rules = (kind: string, name: string, rule: Fields): Fields => ({ kind, metadata: { name }, rules: [{ apiGroups: [''], ...rule }] })
const bind = (kind: string, roleKind: string, name: string, own = 'b'): Fields => ({ kind, metadata: { name: own }, roleRef: { kind: roleKind, name } })
const policy = (spec: Fields): Fields => ({ kind: 'NetworkPolicy', metadata: { name: 'n' }, spec: { podSelector: {}, ...spec } })
const exec = { resources: ['pods/exec'], verbs: ['create'] }
const everything = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }
const list = { resources: ['pods'], verbs: ['list'] }

const denies = (allowPrivilegeEscalation: boolean): Fields => ({ kind: 'PodSecurityPolicy', metadata: { name: 'x' }, spec: { allowPrivilegeEscalation } })

const CHECKS_KINDS = [
  'Pod',
  'ConfigMap',
  'Secret',
  'Service',
  'ServiceAccount',
  'Endpoints',
  'EndpointSlice',
  'Ingress',
  'Lease',
  'LimitRange',
  'NetworkPolicy',
  'PersistentVolumeClaim',
  'PodDisruptionBudget',
  'PodTemplate',
  'ReplicationController',
  'ResourceQuota',
  'Role',
  'RoleBinding',
  'HorizontalPodAutoscaler',
  'CSIStorageCapacity',
  'ControllerRevision',
  'Event',
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
]

/** Objects with which a check fires, and objects with which it must not. */
const CASES: Record<string, Cases> = {
  ...MORE_CASES,
  ...Object.fromEntries(
    CHECKS.flatMap(({ id }) => {
      const kind = /^default-namespace-(.*)$/.exec(id)?.[1]
      const real = kind && CHECKS_KINDS.find((one) => one.toLowerCase() === kind)
      return real ? [[id, { fires: [[{ kind: real, metadata: { name: 'x' } }]], silent: [[{ kind: real, metadata: { name: 'x', namespace: 'shop' } }]] }]] : []
    }),
  ),
  'privileged-container': {
    fires: [[secured({ privileged: true })], [{ ...pod({ initContainers: [{ name: 'i', securityContext: { privileged: true } }] }) }]],
    silent: [[secured({})], [pod({ securityContext: { privileged: true } })]],
  },
  'privilege-escalation': {
    fires: [[pod({})], [secured({ allowPrivilegeEscalation: true })], [pod({}), denies(true)], [secured({ allowPrivilegeEscalation: true }), denies(false)]],
    silent: [[secured({ allowPrivilegeEscalation: false })], [pod({}), denies(false)]],
  },
  'run-as-root': {
    fires: [
      [pod({})],
      [secured({ runAsUser: 0 })],
      [pod({ securityContext: { runAsNonRoot: true } }, { securityContext: { runAsNonRoot: false } })],
      [pod({ securityContext: { runAsNonRoot: true } }, { securityContext: { runAsUser: 0 } })],
    ],
    silent: [[secured({ runAsUser: 1000 })], [pod({ securityContext: { runAsNonRoot: true } })]],
  },
  'writable-root-filesystem': {
    fires: [[pod({})], [pod({ ephemeralContainers: [{ name: 'e' }] }, { securityContext: { readOnlyRootFilesystem: true } })]],
    silent: [[secured({ readOnlyRootFilesystem: true })]],
  },
  'dangerous-capabilities': {
    fires: [[secured({ capabilities: { add: ['CAP_SYS_ADMIN'] } })], [secured({ capabilities: { add: ['all'] } })]],
    silent: [[secured({ capabilities: { add: ['CHOWN'] } })]],
  },
  'insecure-capabilities': {
    fires: [[pod({})], [secured({ capabilities: { drop: ['ALL'], add: ['SYS_PTRACE'] } })]],
    silent: [[secured({ capabilities: { drop: ['all'], add: ['NET_BIND_SERVICE'] } })]],
  },
  'linux-hardening': {
    fires: [[pod({})], [secured({ seccompProfile: { type: 'Unconfined' } })]],
    silent: [
      [pod({ securityContext: { seccompProfile: { type: 'RuntimeDefault' } } })],
      [secured({ appArmorProfile: { type: 'RuntimeDefault' } })],
      [secured({ capabilities: { drop: ['ALL'] } })],
    ],
  },
  'proc-mount': { fires: [[secured({ procMount: 'Unmasked' })]], silent: [[secured({ procMount: 'Default' })], [pod({})]] },
  'host-port': {
    fires: [[pod({}, { ports: [{ containerPort: 1 }, { containerPort: 2, hostPort: 2 }] })]],
    silent: [[pod({}, { ports: [{ containerPort: 1 }] })]],
  },
  'windows-host-process': { fires: [[pod({ securityContext: { windowsOptions: { hostProcess: true } } })]], silent: [[pod({})]] },
  'host-pid': { fires: [[pod({ hostPID: true })]], silent: [[pod({ hostPID: false })]] },
  'host-ipc': { fires: [[pod({ hostIPC: true })]], silent: [[pod({})]] },
  'host-network': { fires: [[deployment({}, { hostNetwork: true })]], silent: [[deployment({})]] },
  'host-path': { fires: [[pod({ volumes: [{ name: 'v', hostPath: { path: '/' } }] })]], silent: [[pod({ volumes: [{ name: 'v', emptyDir: {} }] })]] },
  'service-account-token-mounted': {
    fires: [
      [pod({})],
      [pod({ serviceAccountName: 'a' }), { kind: 'ServiceAccount', metadata: { name: 'a', namespace: 'other' }, automountServiceAccountToken: false }],
    ],
    silent: [
      [pod({ automountServiceAccountToken: false })],
      [pod({ serviceAccountName: 'a' }), { kind: 'ServiceAccount', metadata: { name: 'a' }, automountServiceAccountToken: false }],
    ],
  },
  'priority-class-missing': { fires: [[pod({})]], silent: [[pod({ priorityClassName: 'x' })]] },
  'cluster-role-exec': {
    fires: [[rules('ClusterRole', 'r', exec)], [rules('ClusterRole', 'r', { resources: ['*/exec'], verbs: ['get'] })]],
    silent: [[rules('ClusterRole', 'r', list)], [rules('ClusterRole', 'system:r', exec)]],
  },
  'role-exec': { fires: [[rules('Role', 'r', exec)]], silent: [[rules('Role', 'r', { resources: ['pods/exec'], verbs: ['list'] })]] },
  'cluster-role-binding-exec': {
    fires: [[bind('ClusterRoleBinding', 'ClusterRole', 'r'), rules('ClusterRole', 'r', exec)], [bind('ClusterRoleBinding', 'ClusterRole', 'gone')]],
    silent: [[bind('ClusterRoleBinding', 'ClusterRole', 'r'), rules('ClusterRole', 'r', list)], [bind('ClusterRoleBinding', 'ClusterRole', 'r', 'system:x')]],
  },
  'role-binding-cluster-role-exec': {
    fires: [[bind('RoleBinding', 'ClusterRole', 'r'), rules('ClusterRole', 'r', exec)]],
    silent: [[bind('RoleBinding', 'Role', 'r'), rules('Role', 'r', exec)]],
  },
  'role-binding-role-exec': {
    fires: [[bind('RoleBinding', 'Role', 'r'), rules('Role', 'r', exec)]],
    silent: [[bind('RoleBinding', 'Role', 'r'), rules('Role', 'r', list)]],
  },
  'cluster-role-binding-admin': {
    fires: [
      [bind('ClusterRoleBinding', 'ClusterRole', 'cluster-admin')],
      [bind('ClusterRoleBinding', 'ClusterRole', 'r'), rules('ClusterRole', 'r', everything)],
    ],
    silent: [
      [bind('ClusterRoleBinding', 'ClusterRole', 'cluster-admin', 'cluster-admin')],
      [bind('ClusterRoleBinding', 'ClusterRole', 'r'), rules('ClusterRole', 'r', list)],
    ],
  },
  'role-binding-cluster-role-admin': {
    fires: [[bind('RoleBinding', 'ClusterRole', 'cluster-admin')]],
    silent: [[bind('RoleBinding', 'ClusterRole', 'view'), rules('ClusterRole', 'view', list)]],
  },
  'role-binding-role-admin': {
    fires: [[bind('RoleBinding', 'Role', 'r'), rules('Role', 'r', everything)]],
    silent: [[bind('RoleBinding', 'Role', 'r'), rules('Role', 'r', list)]],
  },
  'network-policy-missing': {
    fires: [
      [pod({})],
      [pod({}), policy({ policyTypes: ['Ingress', 'Egress'], ingress: [{}] })],
      [pod({}), { ...policy({ ingress: [{}], egress: [{}] }), metadata: { name: 'n', namespace: 'other' } }],
    ],
    silent: [
      [pod({}), policy({ ingress: [{}], egress: [{}] })],
      [pod({}), policy({ policyTypes: ['Ingress'], ingress: [{}] }), policy({ policyTypes: ['Egress'], egress: [{}] })],
    ],
  },
  'ingress-without-tls': {
    fires: [[{ kind: 'Ingress', metadata: { name: 'i' }, spec: {} }]],
    silent: [[{ kind: 'Ingress', metadata: { name: 'i' }, spec: { tls: [{ hosts: ['a'] }] } }]],
  },
  'credentials-in-configmap': {
    fires: [
      { DB_PASSWORD: 'x' },
      { GITHUB_TOKEN: 'x' },
      { token: 'x' },
      { DB_PWD: 'x' },
      { f: '-----BEGIN RSA PRIVATE KEY-----\nx' },
      { AWS_SESSION_TOKEN: 'x' },
      { note: 'AKIAABCDEFGHIJKLMNOP' },
    ].map((data) => [{ kind: 'ConfigMap', metadata: { name: 'm' }, data }]),
    silent: [
      { user: 'x' },
      { DB_PASSWORD: '' },
      { key: 'primary' },
      { secretName: 'db' },
      { MAX_TOKEN: '9' },
      { GOOGLE_APPLICATION_CREDENTIALS: '/var/keys/google.json' },
    ].map((data) => [{ kind: 'ConfigMap', metadata: { name: 'm' }, data }]),
  },
  'credentials-in-environment': {
    fires: [[pod({}, { env: [{ name: 'API_KEY', value: 'x' }] })]],
    silent: [
      [
        pod(
          {},
          {
            env: [
              { name: 'API_KEY', valueFrom: { secretKeyRef: {} } },
              { name: 'LEVEL', value: 'info' },
            ],
          },
        ),
      ],
    ],
  },
  'single-replica': {
    fires: [[deployment({ replicas: 1 })], [deployment({ replicas: undefined })], [deployment({}), scaler({ minReplicas: 1 })]],
    silent: [[deployment({})], [deployment({ replicas: undefined }), scaler({ minReplicas: 2 })], [deployment({ replicas: 0 })]],
  },
  'topology-spread-missing': { fires: [[deployment({})]], silent: [[deployment({}, { topologySpreadConstraints: [{}] })], [pod({})]] },
  'disruption-budget-missing': {
    fires: [[deployment({})], [deployment({}), { ...budget({}), spec: { selector: { matchLabels: { app: 'x' } } } }]],
    silent: [[deployment({}), budget({ maxUnavailable: 1 })]],
  },
  'disruption-budget-blocks-drain': {
    fires: [[budget({ maxUnavailable: 0 })], [budget({ minAvailable: '100%' })], [deployment({ replicas: 2 }), budget({ minAvailable: 2 })]],
    silent: [[deployment({ replicas: 3 }), budget({ minAvailable: 2 })], [budget({ maxUnavailable: 1 })]],
  },
  'disruption-budget-above-autoscaler': {
    fires: [[deployment({}), budget({ minAvailable: 3 }), scaler({ minReplicas: 2 })]],
    silent: [[deployment({}), budget({ minAvailable: 2 }), scaler({ minReplicas: 2 })]],
  },
  'autoscaler-cannot-scale': { fires: [[scaler({ minReplicas: 9 })]], silent: [[scaler({ minReplicas: 2 })], [scaler({})]] },
  'autoscaler-single-replica': { fires: [[scaler({ minReplicas: 1 })]], silent: [[scaler({ minReplicas: 2 })]] },
  'instance-label-mismatch': { fires: [[pod({})]], silent: [[{ ...pod({}), metadata: { name: 'p', labels: { 'app.kubernetes.io/instance': 'p' } } }]] },
  'image-tag-missing': {
    fires: ['nginx', 'nginx:latest', 'r.example:5000/nginx'].map((image) => [pod({}, { image })]),
    silent: ['nginx:1', `nginx@sha256:${'0'.repeat(64)}`, 'r.example:5000/nginx:1.2'].map((image) => [pod({}, { image })]),
  },
  'pull-policy-not-always': { fires: [[pod({})]], silent: [[pod({}, { imagePullPolicy: 'Always' })]] },
  ...Object.fromEntries(
    ['cpu', 'memory'].flatMap((resource) =>
      ['request', 'limit'].map((kind) => [
        `${resource}-${kind}-missing`,
        { fires: [[pod({})]], silent: [[pod({}, { resources: { [`${kind}s`]: { [resource]: '1' } } })]] },
      ]),
    ),
  ),
  'liveness-probe-missing': { fires: [[pod({})]], silent: [[pod({}, { livenessProbe: { exec: {} } })], [{ ...deployment({}), kind: 'Job' }]] },
  'readiness-probe-missing': { fires: [[deployment({})]], silent: [[pod({}, { readinessProbe: { exec: {} } })]] },
}

const run = (id: string, objects: Fields[], settings = {}, around: Surroundings = {}) => {
  const checks = checksNamed([id])
  if (!checks.ok) throw new Error(id)
  const items = objects.map((object) => ({ object: { apiVersion: 'v1', ...structuredClone(object) } as unknown as KubeObject, file: '', line: 0 }))
  return { items, found: inspect(items, checks.value, { settings, ...around }).findings }
}

describe('checks', () => {
  it('each has cases', () => {
    // These have a description of their own below.
    const elsewhere = ['api-deprecated', 'api-removed', 'certificate-expired', 'certificate-expiring', 'replicas-beside-autoscaler']
    expect(CHECKS.map(({ id }) => id).sort()).toEqual([...Object.keys(CASES), ...elsewhere].sort())
  })

  it.each(Object.entries(CASES))('%s', (id, { fires, silent, settings, now }) => {
    const around = now === undefined ? {} : { now }
    for (const objects of fires) expect(run(id, objects, settings, around).found, JSON.stringify(objects)).not.toEqual([])
    for (const objects of silent) expect(run(id, objects, settings, around).found, JSON.stringify(objects)).toEqual([])
  })

  it('takes newer data of vulnerabilities: an entry replaces the built-in one of its id, the others are added', () => {
    const entry = { severity: 'error', en: 'x', zh: 'x', component: 'kyverno', affected: [['1.0.0', '2.0.0']] } as const
    const all = withVulnerabilities([
      { ...entry, id: 'CVE-2022-47633', affected: [] },
      { ...entry, id: 'CVE-2031-0001' },
    ])
    const image = (tag: string) => pod({}, { image: `ghcr.io/kyverno/kyverno:${tag}` })
    const found = (tag: string) =>
      inspect([{ file: 'x', line: 1, object: { apiVersion: 'v1', ...image(tag) } } as Item], all)
        .findings.map(({ check }) => check)
        .filter((check) => check.startsWith('cve-2022-47633') || check.startsWith('cve-2031'))
    expect(found('v1.8.4')).toEqual(['cve-2031-0001'])
    expect(found('v2.0.0')).toEqual([])
    const named = checksNamed(['kubescape/CVE-2031-0001'], all)
    expect(named.ok && named.value.map(({ id }) => id)).toEqual(['cve-2031-0001'])
    expect(
      vulnerabilityFile.safeParse({
        vulnerabilities: [
          { ...entry, id: 'CVE-2031-0001' },
          { ...entry, id: 'cve-2031-0001' },
        ],
      }).success,
    ).toBe(false)
  })

  it('each has a page, in both languages, in which nothing is a tag that should be text', () => {
    const wrong = { ...CHECKS[0]!, message: { en: '<script>', 'zh-CN': '<script>' } }
    for (const language of ['en', 'zh-CN'] as const) {
      expect(checkPage(wrong, language)).not.toContain('<script>')
      for (const check of CHECKS) expect(checkPage(check, language)).toContain(`--check ${check.id}`)
    }
  })

  it('has ids of its own once, and texts in both languages', () => {
    expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length)
    for (const { id, message } of CHECKS) {
      expect(message.en, id).toMatch(/^([A-Z/]|etcd ).*\.$/)
      expect(message['zh-CN'], id).toMatch(/。$/)
    }
  })
})

const item = (object: Fields, file = ''): Item => ({ object: { apiVersion: 'v1', ...object } as unknown as KubeObject, file, line: 0 })
const found = (id: string, items: Item[], around: Surroundings) =>
  inspect(
    items,
    CHECKS.filter((check) => check.id === id),
    around,
  ).findings.length

describe('checks that need more than objects', () => {
  it('a setting of a kubelet says where it comes from', () => {
    const checks = checksNamed(['kubelet-pulls-one-by-one'])
    const config = item({ kind: 'KubeletConfiguration', metadata: { name: 'n' }, serializeImagePulls: true })
    const file = (said: string) =>
      item({ kind: 'ConfigMap', metadata: { name: 'kubelet-config', namespace: 'kube-system' }, data: { kubelet: `serializeImagePulls: ${said}\n` } })
    const what = (...items: Item[]) => (checks.ok ? inspect(items, checks.value, { now: 1 }).findings.map((one) => one.what) : [])
    expect(what(config)).toEqual(['true (/configz)'])
    expect(what(config, file('true'))[0]).toContain('as ConfigMap')
    expect(what(config, file('false'))[0]).toContain('says false')
  })

  it('says what the right size would save, at prices of the settings', () => {
    const [objects] = MORE_CASES['cpu-over-requested']!.fires
    const checks = checksNamed(['cpu-over-requested'])
    const said = (settings: Record<string, string[]>) =>
      checks.ok
        ? inspect(
            objects!.map((one) => item(one)),
            checks.value,
            { now: Date.UTC(2026, 5, 1), settings },
          ).findings.map(({ what, fix }) => [what, fix?.[0]?.value])
        : []
    // Two pods that use 0.1 of 1 core: with room for 30 % more each can do with 0.13.
    expect(said({ corePerHour: ['1'], currency: ['EUR'] })).toEqual([['c: 100m of 1 at the moment, in 2 pods; about 1270 EUR a month (1.74 cores)', '130m']])
    expect(said({})[0]![0]).toContain('about 40 USD a month')
  })

  it('replicas beside an autoscaler: in files, not in a cluster, where the autoscaler wrote them', () => {
    const objects = [deployment({}), scaler({})]
    expect(
      found(
        'replicas-beside-autoscaler',
        objects.map((one) => item(one, 'a.yaml')),
        {},
      ),
    ).toBe(1)
    expect(
      found(
        'replicas-beside-autoscaler',
        objects.map((one) => item(one)),
        {},
      ),
    ).toBe(0)
    expect(found('replicas-beside-autoscaler', [item(deployment({ replicas: undefined }), 'a.yaml'), item(scaler({}), 'a.yaml')], {})).toBe(0)
  })

  const secret = item({ kind: 'Secret', metadata: { name: 's' } })
  const DAY = 86_400_000
  const around = (left: number): Surroundings => ({
    now: 1000 * DAY,
    certificates: [{ item: secret, path: ['data', 'tls.crt'], subject: 'CN=x', notAfter: (1000 + left) * DAY }],
  })

  it('certificates: ended, about to end, fine, and silent without a clock', () => {
    expect([-1, 0, 29, 31].map((left) => found('certificate-expired', [secret], around(left)))).toEqual([1, 1, 0, 0])
    expect([-1, 0, 29, 31].map((left) => found('certificate-expiring', [secret], around(left)))).toEqual([0, 0, 1, 0])
    expect(found('certificate-expired', [secret], { certificates: around(-1).certificates! })).toBe(0)
  })

  it('API versions that are gone or going, by the file or by who wrote the object', () => {
    const apiState: Surroundings['apiState'] = ({ apiVersion }) =>
      apiVersion === 'old/v1' ? { state: 'removed', use: 'new/v1' } : apiVersion === 'going/v1' ? { state: 'deprecated' } : undefined
    const written = (apiVersion: string) => item({ kind: 'X', metadata: { name: 'x', managedFields: [{ manager: 'helm', operation: 'Apply', apiVersion }] } })
    for (const make of [(apiVersion: string) => item({ apiVersion, kind: 'X', metadata: { name: 'x' } }, 'f.yaml'), written]) {
      expect(['old/v1', 'going/v1', 'new/v1'].map((version) => found('api-removed', [make(version)], { apiState }))).toEqual([1, 0, 0])
      expect(['old/v1', 'going/v1', 'new/v1'].map((version) => found('api-deprecated', [make(version)], { apiState }))).toEqual([0, 1, 0])
    }
    expect(found('api-removed', [item({ apiVersion: 'old/v1', kind: 'X', metadata: { name: 'x' } }, 'f.yaml')], {})).toBe(0)
  })

  it('what could not be read is not missing', () => {
    const ingress = item({ kind: 'Ingress', metadata: { name: 'i' }, spec: { defaultBackend: { service: { name: 's' } } } })
    expect(found('ingress-backend-missing', [ingress], {})).toBe(1)
    expect(found('ingress-backend-missing', [ingress], { unread: new Set(['Service']) })).toBe(0)
  })

  it('pods that another object has made are judged once, by their maker', () => {
    const maker = item({ kind: 'ReplicaSet', metadata: { name: 'r', uid: 'u' }, spec: { template: { spec: { hostPID: true, containers: [] } } } })
    const made = (uid: string) => item({ kind: 'Pod', metadata: { name: 'p', ownerReferences: [{ uid }] }, spec: { hostPID: true, containers: [] } })
    expect(found('host-pid', [maker, made('u')], {})).toBe(1)
    expect(found('host-pid', [maker, made('other')], {})).toBe(2)
  })
})

describe('asking by name', () => {
  it('takes ids of other tools, whole or without the tool', () => {
    for (const name of ['host-pid', 'polaris/hostPIDSet', 'HOSTPIDSET', 'C-0038', 'kubescape/host-pid-privileges']) {
      const found = checksNamed([name])
      expect(found.ok && found.value.map(({ id }) => id), name).toContain('host-pid')
    }
  })

  it('tells all wrong names with the nearest', () => {
    expect(checksNamed(['hostPIDSt', 'polaris/hostIPC', 'host-pid'])).toMatchObject({
      ok: false,
      error: [
        { path: 'hostPIDSt', suggestion: 'hostPIDSet' },
        { path: 'polaris/hostIPC', suggestion: 'polaris/hostIPCSet' },
      ],
    })
  })
})

describe('objects that are no good objects', () => {
  it('do not make a check fail', () => {
    const odd = [null, 1, 'text', [], {}, { spec: null }, { spec: { containers: [null, 1, { ports: 'x', env: [null], securityContext: 4 }] } }]
    for (const kind of [
      'Pod',
      'Deployment',
      'CronJob',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'HorizontalPodAutoscaler',
      'ClusterRoleBinding',
      'Role',
      'ConfigMap',
      'Ingress',
    ])
      for (const fields of odd)
        expect(() => inspect([{ object: { apiVersion: 'v1', kind, ...(fields as Fields) } as unknown as KubeObject, file: '', line: 0 }], CHECKS)).not.toThrow()
  })
})
