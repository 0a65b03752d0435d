/** `sallyport inspect` on a real cluster: planted faults are all found, and a clean namespace yields nothing. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { DOORS } from '#apps/cli/doors.ts'
import { runCli } from '#apps/cli/program.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { fakeStream } from '#test/fakes/terminal.ts'
import { describeCluster } from '#test/real.ts'

type Fields = Record<string, unknown>
const [planted, clean] = ['planted', 'clean'].map((name) => `inspect-${name}-${randomUUID().slice(0, 8)}`) as [string, string]
const object = (apiVersion: string, kind: string, name: string, fields: Fields, namespace = planted, labels?: Record<string, string>): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace, ...(labels ? { labels } : {}) },
  ...fields,
})
const deployment = (name: string, pod: Fields, namespace = planted, spec: Fields = {}, labels: Record<string, string> = {}): KubeObject =>
  object(
    'apps/v1',
    'Deployment',
    name,
    { spec: { replicas: 0, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: pod }, ...spec } },
    namespace,
    labels,
  )

const FAULTS: readonly (readonly [check: string, object: KubeObject])[] = [
  ['privileged-container', deployment('privileged', { containers: [{ name: 'c', image: 'x:1', securityContext: { privileged: true } }] })],
  ['host-pid', deployment('hostpid', { hostPID: true, containers: [{ name: 'c', image: 'x:1' }] })],
  [
    'runtime-socket-mounted',
    deployment('socket', { volumes: [{ name: 'v', hostPath: { path: '/var/run/docker.sock' } }], containers: [{ name: 'c', image: 'x:1' }] }),
  ],
  ['image-tag-missing', deployment('latest', { containers: [{ name: 'c', image: 'x' }] })],
  ['service-account-missing', deployment('no-account', { serviceAccountName: 'gone', containers: [{ name: 'c', image: 'x:1' }] })],
  ['reference-missing', deployment('no-secret', { volumes: [{ name: 'v', secret: { secretName: 'gone' } }], containers: [{ name: 'c', image: 'x:1' }] })],
  [
    'environment-twice',
    deployment('twice', {
      containers: [
        {
          name: 'c',
          image: 'x:1',
          env: [
            { name: 'A', value: '1' },
            { name: 'A', value: '2' },
          ],
        },
      ],
    }),
  ],
  ['service-selects-nothing', object('v1', 'Service', 'nobody', { spec: { selector: { app: 'gone' }, ports: [{ port: 80 }] } })],
  [
    'ingress-backend-missing',
    object('networking.k8s.io/v1', 'Ingress', 'dangling', { spec: { defaultBackend: { service: { name: 'gone', port: { number: 80 } } } } }),
  ],
  [
    'scale-target-missing',
    object('autoscaling/v1', 'HorizontalPodAutoscaler', 'dangling', {
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'gone' }, maxReplicas: 3 },
    }),
  ],
  ['network-policy-selects-nothing', object('networking.k8s.io/v1', 'NetworkPolicy', 'nobody', { spec: { podSelector: { matchLabels: { app: 'gone' } } } })],
  ['credentials-in-configmap', object('v1', 'ConfigMap', 'credentials', { data: { DB_PASSWORD: 'hunter2' } })],
  ['can-reach-kubelets', object('rbac.authorization.k8s.io/v1', 'Role', 'proxy', { rules: [{ apiGroups: [''], resources: ['nodes/proxy'], verbs: ['get'] }] })],
  [
    'default-account-bound',
    object('rbac.authorization.k8s.io/v1', 'RoleBinding', 'proxy', {
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: planted }],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'proxy' },
    }),
  ],
  ['budgets-overlap', deployment('two-budgets', { containers: [{ name: 'c', image: 'x:1' }] })],
  ...['a', 'b'].map(
    (name) =>
      [
        'disruption-budget-blocks-drain',
        object('policy/v1beta1', 'PodDisruptionBudget', `budget-${name}`, { spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'two-budgets' } } } }),
      ] as const,
  ),
  [
    'config-key-missing',
    deployment('no-key', {
      containers: [{ name: 'c', image: 'x:1', env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'credentials', key: 'gone' } } }] }],
    }),
  ],
  ['pull-secret-missing', deployment('no-pull-secret', { imagePullSecrets: [{ name: 'gone' }], containers: [{ name: 'c', image: 'x:1' }] })],
  ['probe-names-no-port', deployment('no-port', { containers: [{ name: 'c', image: 'x:1', livenessProbe: { httpGet: { path: '/', port: 'gone' } } }] })],
  ['ingress-nginx-snippets', deployment('old-controller', { containers: [{ name: 'c', image: 'registry.k8s.io/ingress-nginx/controller:v1.8.1' }] })],
  [
    'ingress-class-missing',
    object('networking.k8s.io/v1', 'Ingress', 'no-class', {
      spec: { ingressClassName: 'gone', defaultBackend: { service: { name: 'nobody', port: { number: 80 } } } },
    }),
  ],
  // The controller of quotas counts what is there.
  ['quota-nearly-hit', object('v1', 'ResourceQuota', 'full', { spec: { hard: { 'count/resourcequotas': '1' } } })],
]

const guarded = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
}
const probe = { tcpSocket: { port: 8080 } }
const amounts = { cpu: '10m', memory: '16Mi' }
const CLEAN: readonly KubeObject[] = [
  deployment(
    'tidy',
    {
      automountServiceAccountToken: false,
      priorityClassName: 'system-cluster-critical',
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { app: 'tidy' } } },
      ],
      containers: [
        {
          name: 'c',
          image: 'x:1',
          imagePullPolicy: 'Always',
          securityContext: guarded,
          livenessProbe: probe,
          readinessProbe: { ...probe, periodSeconds: 5 },
          resources: { requests: amounts, limits: amounts },
        },
      ],
    },
    clean,
    {},
    { 'app.kubernetes.io/instance': 'tidy' },
  ),
  object('v1', 'Service', 'tidy', { spec: { selector: { app: 'tidy' }, ports: [{ port: 80 }] } }, clean),
  object('policy/v1beta1', 'PodDisruptionBudget', 'tidy', { spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'tidy' } } } }, clean),
  object(
    'networking.k8s.io/v1',
    'NetworkPolicy',
    'tidy',
    { spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: [{}], egress: [{}] } },
    clean,
  ),
]

describeCluster('inspect on a real cluster', (kubeconfig) => {
  let opened: { cluster: Cluster; close(): Promise<void> }
  const namespaces = [planted, clean]

  beforeAll(async () => {
    const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select(undefined)
    opened = openCluster({ name: access.context, access, clock: systemClock })
    for (const name of namespaces) await opened.cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    for (const one of [...FAULTS.map(([, fault]) => fault), ...CLEAN]) await opened.cluster.create(one)
    await vi.waitFor(async () => {
      const quota = await opened.cluster.get({ apiVersion: 'v1', kind: 'ResourceQuota', namespace: planted, name: 'full' })
      expect(quota.status).toMatchObject({ used: { 'count/resourcequotas': '1' } })
    }, 50_000)
  }, 60_000)
  afterAll(async () => {
    for (const name of namespaces) await opened.cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name }).catch(() => undefined)
    await opened.close()
  })

  async function inspect(...words: string[]) {
    const [stdout, stderr] = [fakeStream(200), fakeStream(200)]
    const none = () => Promise.reject(new Error('none is needed here'))
    const exit = await runCli(
      ['inspect', '-o', 'json', ...words],
      {
        env: { HOME: '/nowhere' },
        stdout,
        stderr,
        clock: systemClock,
        signal: new AbortController().signal,
        registries: none,
        cluster: async () => opened.cluster,
        host: none,
      },
      DOORS,
    )
    return {
      exit,
      report: JSON.parse(stdout.text()) as { complete: boolean; kinds: { read: number; unread: number }; findings: { check: string; object: string }[] },
    }
  }

  it('finds every planted fault', async () => {
    const { report } = await inspect('-n', planted)
    const found = new Set(report.findings.map(({ check, object: name }) => `${check} ${name}`))
    const wanted = FAULTS.map(([check, { kind, metadata }]) => `${check} ${check === 'can-reach-kubelets' ? 'RoleBinding' : kind} ${planted}/${metadata.name}`)
    expect(wanted.filter((one) => !found.has(one))).toEqual([])
    expect(report.kinds.read).toBeGreaterThan(20)
  }, 60_000)

  it('says nothing about a clean namespace', async () => {
    const { report } = await inspect('-n', clean)
    // The only policy/v1beta1 that this server knows is one that newer servers do not.
    expect(report.findings.filter(({ check }) => !check.startsWith('api-'))).toEqual([])
  }, 60_000)
})
