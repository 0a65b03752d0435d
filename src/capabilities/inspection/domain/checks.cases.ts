/** For tests: objects with which a check fires, and objects with which it must not. */
import { CLUSTER_CASES, USAGE_CASES } from './checks.cases.cluster.ts'
import { LINTER_CASES, ROUTE_CASES } from './checks.cases.linters.ts'

export type Fields = Record<string, unknown>
export interface Cases {
  fires: Fields[][]
  silent: Fields[][]
  /** Lists that the check goes by. */
  settings?: Record<string, string[]>
  /** Of a cluster: what time it is, and no files. */
  now?: number
}

const meta = (name: string, more: Fields = {}): Fields => ({ name, namespace: 'shop', ...more })
const pod = (spec: Fields, container: Fields = {}, more: Fields = {}): Fields => ({
  kind: 'Pod',
  metadata: meta('p', { labels: { app: 'p' }, ...more }),
  spec: { containers: [{ name: 'c', image: 'nginx:1', ...container }], ...spec },
})
const inContainer = (securityContext: Fields): Fields => pod({}, { securityContext })
const inPod = (securityContext: Fields): Fields => pod({ securityContext })
const named = (kind: string, name: string, more: Fields = {}, namespace = 'shop'): Fields => ({ kind, metadata: { name, namespace }, ...more })
const service = (spec: Fields, name = 's'): Fields => named('Service', name, { spec: { selector: { app: 'p' }, ...spec } })
const ingress = (name: string, more: Fields = {}): Fields =>
  named('Ingress', 'i', { spec: { defaultBackend: { service: { name, port: { number: 80 } } } }, ...more })
const binding = (role: string, subjects: Fields[], kind = 'ClusterRole'): Fields => ({
  kind: 'ClusterRoleBinding',
  metadata: { name: 'b' },
  roleRef: { kind, name: role },
  subjects,
})
const jane = { kind: 'User', name: 'jane' }
const account = { kind: 'ServiceAccount', name: 'a', namespace: 'shop' }
const role = (rule: Fields, name = 'r'): Fields => ({ kind: 'ClusterRole', metadata: { name }, rules: [{ apiGroups: ['*'], ...rule }] })
const power = (resources: string[], verbs: string[], group = ''): Cases => ({
  fires: [
    [role({ resources, verbs, apiGroups: [group] }), binding('r', [jane])],
    [role({ resources: ['*'], verbs: ['*'] }), binding('r', [jane])],
  ],
  silent: [
    [role({ resources, verbs: ['nothing'] }), binding('r', [jane])],
    [role({ resources, verbs, apiGroups: ['other.example'] }), binding('r', [jane])],
    [role({ resources, verbs }), binding('r', [])],
    [binding('r', [jane])],
  ],
})
const namespace = (labels: Fields = {}): Fields => ({ kind: 'Namespace', metadata: { name: 'shop', labels } })
const enforce = (level: string) => namespace({ 'pod-security.kubernetes.io/enforce': level })
const webhooks = (scope: string): Fields => ({ kind: 'MutatingWebhookConfiguration', metadata: { name: 'w' }, webhooks: [{ rules: [{ scope }] }] })
const volumes = (volume: Fields, mount: Fields = {}): Fields =>
  pod({ volumes: [{ name: 'v', ...volume }] }, { volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] })
const hostPath = (path: string, mount: Fields = {}) => volumes({ hostPath: { path } }, mount)
const psp = (spec: Fields): Fields => ({ kind: 'PodSecurityPolicy', metadata: { name: 'x' }, spec })
const limits = (which: string, resources: Fields): Fields => pod({}, { resources: { [which]: resources } })
const node = (info: Fields): Fields => ({ kind: 'Node', metadata: { name: 'n' }, status: { nodeInfo: info } })
const image = (text: string): Fields => pod({}, { image: text })
const sandbox = (spec: Fields, text = 'nginx'): Fields => ({
  kind: 'SandboxTemplate',
  metadata: meta('t'),
  spec: { podTemplate: { spec: { containers: [{ name: 'c', image: text }], ...spec } } },
})
const boxed = (limits: Fields): Fields => sandbox({ containers: [{ name: 'c', image: 'nginx:1', resources: { limits } }] })
const template = (spec: Fields): Fields => ({ kind: 'SandboxTemplate', metadata: meta('t'), spec })
const pool = (cpu: string): Fields => ({ kind: 'WorkerPool', metadata: meta('w'), spec: { template: { resources: { limits: { cpu } } } } })
const masters = (name: string): Fields => ({
  kind: 'ClusterRoleBinding',
  metadata: { name },
  subjects: [{ kind: 'Group', name: 'system:masters' }],
  roleRef: { kind: 'ClusterRole', name: 'view' },
})
const digest = `nginx@sha256:${'0'.repeat(64)}`
const either = (fires: Fields, silent: Fields): Cases => ({ fires: [[fires]], silent: [[silent]] })
const running = (program: string, flags: string[], args = false): Fields =>
  named(
    'Pod',
    program,
    { spec: { containers: [{ name: 'c', ...(args ? { command: [`/usr/bin/${program}`], args: flags } : { command: [program, ...flags] }) }] } },
    'kube-system',
  )

const POWER_CASES: Record<string, Cases> = {
  'can-exec': power(['pods/exec'], ['create']),
  'can-read-secrets': power(['secrets'], ['list']),
  'can-delete': power(['deployments'], ['delete'], 'apps'),
  'can-delete-events': power(['events'], ['deletecollection']),
  'can-change-coredns': power(['configmaps'], ['patch']),
  'can-impersonate': power(['groups'], ['impersonate']),
  'can-bind-or-escalate': power(['roles'], ['escalate'], 'rbac.authorization.k8s.io'),
  'can-forward-ports': power(['pods/portforward'], ['create']),
  'can-create-pods': power(['pods'], ['create']),
  'can-create-volumes': power(['persistentvolumes'], ['create']),
  'can-reach-kubelets': power(['nodes/proxy'], ['get']),
  'can-approve-certificates': power(['certificatesigningrequests/approval'], ['update'], 'certificates.k8s.io'),
  'can-change-webhooks': power(['mutatingwebhookconfigurations'], ['patch'], 'admissionregistration.k8s.io'),
  'can-create-tokens': power(['serviceaccounts/token'], ['create']),
  'can-do-everything': {
    fires: [[role({ resources: ['*'], verbs: ['*'] }), binding('r', [jane])]],
    silent: [[role({ resources: ['*'], verbs: ['get'] }), binding('r', [jane])]],
  },
  'bound-to-cluster-admin': either(binding('cluster-admin', [jane]), binding('view', [jane])),
  'anonymous-access': {
    fires: [[binding('view', [{ kind: 'User', name: 'system:anonymous' }])]],
    silent: [[binding('view', [jane])], [binding('system:public-info-viewer', [{ kind: 'Group', name: 'system:unauthenticated' }])]],
  },
  'authenticated-takeover': {
    fires: [[role({ resources: ['secrets'], verbs: ['get'] }), binding('r', [{ kind: 'Group', name: 'system:authenticated' }])]],
    silent: [
      [role({ resources: ['nodes'], verbs: ['get'] }), binding('r', [{ kind: 'Group', name: 'system:authenticated' }])],
      [role({ resources: ['secrets'], verbs: ['get'] }), binding('r', [jane])],
    ],
  },
  'default-account-bound': either(binding('view', [{ ...account, name: 'default' }]), binding('view', [account])),
  'dashboard-account-bound': either(
    binding('kubernetes-dashboard', [account]),
    binding('kubernetes-dashboard', [{ ...account, name: 'kubernetes-dashboard' }]),
  ),
  'dashboard-account-used': either(pod({ serviceAccountName: 'kubernetes-dashboard' }), pod({ serviceAccountName: 'a' })),
  'workload-is-admin': {
    fires: [[pod({ serviceAccountName: 'a' }), role({ resources: ['*'], verbs: ['*'] }), binding('r', [account])]],
    silent: [
      [pod({ serviceAccountName: 'a', automountServiceAccountToken: false }), role({ resources: ['*'], verbs: ['*'] }), binding('r', [account])],
      [pod({ serviceAccountName: 'a' }), role({ resources: ['*'], verbs: ['get'] }), binding('r', [account])],
    ],
  },
  'workload-can-take-over': {
    fires: [[pod({ serviceAccountName: 'a' }), role({ resources: ['secrets'], verbs: ['list'] }), binding('r', [account])]],
    silent: [[pod({ serviceAccountName: 'a' }), role({ resources: ['nodes'], verbs: ['list'] }), binding('r', [account])], [pod({})]],
  },
  'default-account-mounts-token': either(named('ServiceAccount', 'default'), named('ServiceAccount', 'default', { automountServiceAccountToken: false })),
  'account-mounts-token': either(named('ServiceAccount', 'a'), named('ServiceAccount', 'a', { automountServiceAccountToken: false })),
  'account-token-used': {
    fires: [
      [pod({ serviceAccountName: 'a' }), role({ resources: ['nodes'], verbs: ['get'] }), binding('r', [account])],
      [pod({ serviceAccountName: 'a' }), binding('elsewhere', [account])],
    ],
    silent: [[pod({ serviceAccountName: 'a' })], [pod({ serviceAccountName: 'a', automountServiceAccountToken: false }), binding('elsewhere', [account])]],
  },
  'account-bound': {
    fires: [[role({ resources: ['nodes'], verbs: ['get'] }), binding('r', [account])], [binding('elsewhere', [account])]],
    silent: [
      [role({ resources: ['nodes'], verbs: ['get'] }), binding('r', [jane])],
      [{ kind: 'ClusterRole', metadata: { name: 'r' } }, binding('r', [account])],
    ],
  },
}

const NAMESPACE_CASES: Record<string, Cases> = {
  'pod-security-admission-missing': {
    fires: [[namespace()], [namespace(), webhooks('Cluster')]],
    silent: [[enforce('privileged')], [namespace(), webhooks('*')]],
  },
  'pod-security-baseline-missing': { fires: [[enforce('privileged')], [namespace(), webhooks('*')]], silent: [[enforce('baseline')], [enforce('restricted')]] },
  'pod-security-restricted-missing': either(enforce('baseline'), enforce('restricted')),
  'pod-security-baseline-or-webhook': { fires: [[namespace()]], silent: [[enforce('baseline')], [namespace(), webhooks('*')]] },
  'pod-security-restricted-or-webhook': { fires: [[enforce('baseline'), webhooks('*')]], silent: [[enforce('restricted')]] },
  'namespace-without-policy': {
    fires: [[namespace()], [namespace(), named('NetworkPolicy', 'n', {}, 'other')]],
    silent: [[namespace(), named('NetworkPolicy', 'n')]],
  },
  'namespaces-to-look-at': { fires: [[namespace()]], silent: [[pod({})]] },
  'validating-webhooks-to-look-at': { fires: [[{ ...webhooks('*'), kind: 'ValidatingWebhookConfiguration' }]], silent: [[webhooks('*')]] },
  'mutating-webhooks-to-look-at': { fires: [[webhooks('*')]], silent: [[pod({})]] },
  'psp-privileged-container': { fires: [[psp({ privileged: true })]], silent: [[psp({})], [psp({ privileged: true }), psp({})], []] },
  'psp-hostpid': either(psp({ hostPID: true }), psp({})),
  'psp-hostipc': either(psp({ hostIPC: true }), psp({})),
  'psp-hostnetwork': either(psp({ hostNetwork: true }), psp({})),
  'psp-privilege-escalation': either(psp({}), psp({ allowPrivilegeEscalation: false })),
  'psp-root': either(psp({ runAsUser: { rule: 'RunAsAny' } }), psp({ runAsUser: { rule: 'MustRunAs', ranges: [{ min: 1, max: 9 }] } })),
  'psp-allowed-capabilities': either(psp({ allowedCapabilities: ['*'] }), psp({ allowedCapabilities: [] })),
  'psp-required-drop': either(psp({}), psp({ requiredDropCapabilities: ['ALL'] })),
}

const route = (name: string, more: Fields = {}): Fields => named('HTTPRoute', 'r', { spec: { rules: [{ backendRefs: [{ name, ...more }] }] } })
const deployment = (selector: Fields): Fields =>
  named('Deployment', 'd', { spec: { selector, template: { metadata: { labels: { app: 'p' } }, spec: { containers: [] } } } })
const REFERENCE_CASES: Record<string, Cases> = {
  'ingress-backend-missing': { fires: [[ingress('s')], [ingress('s'), named('Service', 's', {}, 'other')]], silent: [[ingress('s'), service({})]] },
  'ingress-port-missing': {
    fires: [[ingress('s'), service({ ports: [{ port: 81 }] })]],
    silent: [[ingress('s'), service({ ports: [{ port: 80 }] })], [ingress('s')]],
  },
  'route-backend-missing': {
    fires: [[route('s')], [route('s', { namespace: 'other' }), service({})]],
    silent: [[route('s'), service({})], [route('x', { kind: 'Other', group: 'g' })]],
  },
  'scale-target-missing': {
    fires: [[named('HorizontalPodAutoscaler', 'h', { spec: { scaleTargetRef: { kind: 'Deployment', name: 'd' } } })]],
    silent: [
      [named('HorizontalPodAutoscaler', 'h', { spec: { scaleTargetRef: { kind: 'Deployment', name: 'd' } } }), deployment({})],
      [named('HorizontalPodAutoscaler', 'h', { spec: { scaleTargetRef: { kind: 'Rollout', name: 'd' } } })],
    ],
  },
  'service-selects-nothing': {
    fires: [[service({})], [service({ selector: { app: 'x' } }), pod({})]],
    silent: [[service({}), pod({})], [service({ selector: {} })], [service({ type: 'ExternalName' })]],
  },
  'service-port-missing': {
    fires: [[service({ ports: [{ targetPort: 'web' }] }), pod({})]],
    silent: [
      [service({ ports: [{ targetPort: 'web' }] }), pod({}, { ports: [{ name: 'web' }] })],
      [service({ ports: [{ targetPort: 80 }] }), pod({})],
    ],
  },
  'network-policy-selects-nothing': {
    fires: [[named('NetworkPolicy', 'n', { spec: { podSelector: { matchLabels: { app: 'x' } } } }), pod({})]],
    silent: [
      [named('NetworkPolicy', 'n', { spec: { podSelector: { matchLabels: { app: 'p' } } } }), pod({})],
      [named('NetworkPolicy', 'n', { spec: { podSelector: {} } })],
    ],
  },
  'disruption-budget-selects-nothing': {
    fires: [[named('PodDisruptionBudget', 'b', { spec: { selector: { matchLabels: { app: 'x' } } } }), pod({})]],
    silent: [[named('PodDisruptionBudget', 'b', { spec: { selector: { matchLabels: { app: 'p' } } } }), pod({})]],
  },
  'service-account-missing': {
    fires: [[pod({ serviceAccountName: 'a' })]],
    silent: [[pod({ serviceAccountName: 'a' }), named('ServiceAccount', 'a')], [pod({})]],
  },
  'service-account-field-old': either(pod({ serviceAccount: 'a' }), pod({ serviceAccountName: 'a' })),
  'reference-missing': {
    fires: [[volumes({ secret: { secretName: 'x' } })], [pod({}, { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'x', key: 'k' } } }] })]],
    silent: [[volumes({ secret: { secretName: 'x' } }), named('Secret', 'x')], [volumes({ secret: { secretName: 'x', optional: true } })]],
  },
  'selector-mismatch': either(deployment({ matchLabels: { app: 'x' } }), deployment({ matchLabels: { app: 'p' } })),
  'environment-twice': either(pod({}, { env: [{ name: 'A' }, { name: 'A' }] }), pod({}, { env: [{ name: 'A' }, { name: 'B' }] })),
  'role-missing': { fires: [[binding('r', [jane])]], silent: [[binding('r', [jane]), role({})]] },
  'webhook-service-missing': {
    fires: [
      [
        { kind: 'ValidatingWebhookConfiguration', metadata: { name: 'w' }, webhooks: [{ clientConfig: { service: { name: 's', namespace: 'gone' } } }] },
        service({}),
      ],
    ],
    silent: [
      [
        { kind: 'ValidatingWebhookConfiguration', metadata: { name: 'w' }, webhooks: [{ clientConfig: { service: { name: 's', namespace: 'shop' } } }] },
        service({}),
      ],
    ],
  },
}

const CONTEXT_CASES: Record<string, Cases> = {
  'run-as-root-user-or-group': {
    fires: [[pod({})], [inContainer({ runAsNonRoot: true })], [inContainer({ runAsUser: 0, runAsGroup: 5 })]],
    silent: [[inContainer({ runAsUser: 5, runAsGroup: 5 })], [inPod({ runAsNonRoot: true, runAsGroup: 5 })]],
  },
  unconfined: either(inContainer({ capabilities: { drop: ['ALL'] } }), inPod({ seccompProfile: { type: 'RuntimeDefault' } })),
  'seccomp-missing': either(pod({}), inContainer({ seccompProfile: { type: 'Localhost' } })),
  'seccomp-not-default': either(inContainer({ seccompProfile: { type: 'Localhost' } }), inContainer({ seccompProfile: { type: 'RuntimeDefault' } })),
  'selinux-missing': either(pod({}), inPod({ seLinuxOptions: { level: 's0' } })),
  'capabilities-not-dropped': either(pod({}), inContainer({ capabilities: { drop: ['NET_RAW'] } })),
  'capabilities-listed': either(inContainer({ capabilities: { add: ['SYS_PTRACE'] } }), inContainer({ capabilities: { add: ['CHOWN'] } })),
  'privileged-or-admin': {
    fires: [[inContainer({ privileged: true })], [inContainer({ capabilities: { add: ['SYS_ADMIN'] } })]],
    silent: [[inContainer({ privileged: false })]],
  },
  'proc-mount-not-stated': either(pod({}), inContainer({ procMount: 'Default' })),
  'fs-group-missing': either(pod({}), inPod({ fsGroup: 5 })),
  'fs-group-policy-missing': either(pod({}), inPod({ fsGroupChangePolicy: 'OnRootMismatch' })),
  'supplemental-groups-of-root': either(inPod({ supplementalGroups: [5, 0] }), inPod({ supplementalGroups: [5] })),
  'unsafe-sysctls': either(
    inPod({ sysctls: [{ name: 'net.core.somaxconn', value: '1' }] }),
    inPod({ sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] }),
  ),
  'windows-user-missing': {
    fires: [[pod({ os: { name: 'windows' } })]],
    silent: [[pod({})], [pod({ os: { name: 'windows' }, securityContext: { windowsOptions: { runAsUserName: 'x' } } })]],
  },
  'volume-types': either(volumes({ nfs: {} }), volumes({ emptyDir: {} })),
}

const gateway = { ...named('Gateway', 'g', { spec: { selector: { istio: 'in' } } }), apiVersion: 'networking.istio.io/v1' }
const virtual = (host: string, gateways: string[]): Fields =>
  named('VirtualService', 'v', { spec: { gateways, http: [{ route: [{ destination: { host } }] }] } })
const edge = (type: string): Fields => named('Service', 'in', { metadata: { name: 'in', namespace: 'istio-system', labels: { istio: 'in' } }, spec: { type } })
const controller = (tag: string): Fields => image(`registry.k8s.io/ingress-nginx/controller:${tag}`)
const snippets = (allowed: string): Fields => named('ConfigMap', 'c', { data: { 'allow-snippet-annotations': allowed } })

const EXPOSURE_CASES: Record<string, Cases> = {
  'no-policy-at-all': { fires: [[pod({})]], silent: [[pod({}), named('NetworkPolicy', 'n', { spec: { podSelector: {} } })]] },
  'reachable-by-service': {
    fires: [
      [pod({}), service({ type: 'NodePort' })],
      [pod({}), service({}), ingress('s')],
    ],
    silent: [
      [pod({}), service({})],
      [pod({}), service({ type: 'NodePort', selector: { app: 'x' } })],
    ],
  },
  'reachable-by-gateway': { fires: [[pod({}), service({}), route('s')]], silent: [[pod({}), service({}), route('x')]] },
  'reachable-by-istio': {
    fires: [
      [pod({}), service({}), virtual('s.shop.svc', ['shop/g']), gateway],
      [pod({}), service({}), virtual('s', ['g']), gateway, edge('LoadBalancer')],
    ],
    silent: [
      [pod({}), service({}), virtual('x', ['g']), gateway],
      [pod({}), service({}), virtual('s', ['mesh']), gateway],
      [pod({}), service({}), virtual('s', ['other/g']), gateway],
      [pod({}), service({}), virtual('s', ['g']), gateway, edge('ClusterIP')],
    ],
  },
  'sensitive-interface-exposed': {
    fires: [[image('jenkins/jenkins:lts'), service({ type: 'NodePort' })]],
    silent: [
      [image('jenkins/jenkins:lts'), service({})],
      [image('nginx'), service({ type: 'NodePort' })],
    ],
  },
  'dashboard-exposed': {
    fires: [[pod({}, {}, { name: 'kubernetes-dashboard' }), service({ type: 'NodePort' })]],
    silent: [[pod({}, {}, { name: 'kubernetes-dashboard' }), service({})]],
  },
  'unauthenticated-service': {
    fires: [[pod({}), service({}), named('ServiceScanResult', 's', { spec: { ports: [{ authenticated: false }] } })]],
    silent: [[pod({}), service({}), named('ServiceScanResult', 's', { spec: { ports: [{ authenticated: true }] } })]],
  },
  'credentials-mounted': {
    fires: [[hostPath('/etc/kubernetes/pki')], [hostPath('/etc/')], [hostPath('/')], [hostPath('/home/ops/.aws')]],
    silent: [[hostPath('/data')], [hostPath('/etc/ssl')], [hostPath('/etc/kube')]],
  },
  'runtime-socket-mounted': either(hostPath('/var/run/docker.sock'), hostPath('/var/run/app.sock')),
  'sensitive-host-path': either(hostPath('/etc/'), hostPath('/etc/app')),
  'host-path-writable': either(hostPath('/data'), hostPath('/data', { readOnly: true })),
  'sub-path-mounted': {
    fires: [[volumes({ emptyDir: {} }, { subPath: 'a' })], [volumes({ emptyDir: {} }, { subPathExpr: '$(A)' }), node({ kubeletVersion: 'v1.20.10' })]],
    silent: [[volumes({ emptyDir: {} })], [volumes({ emptyDir: {} }, { subPath: 'a' }), node({ kubeletVersion: 'v1.22.2' })]],
  },
  'configmap-mounted': {
    fires: [[volumes({ configMap: { name: 'x' } }), named('ConfigMap', 'x')]],
    silent: [[volumes({ configMap: { name: 'x' } })], [pod({}), named('ConfigMap', 'x')]],
  },
  'volume-claim-mounted': {
    fires: [[volumes({ persistentVolumeClaim: { claimName: 'x' } }), named('PersistentVolumeClaim', 'x')]],
    silent: [[pod({}), named('PersistentVolumeClaim', 'x')]],
  },
  'secret-mounted': {
    fires: [[volumes({ secret: { secretName: 'x' } }), named('Secret', 'x')]],
    silent: [[volumes({ secret: { secretName: 'x' } }), named('Secret', 'x', {}, 'other')]],
  },
  'ingress-snippet': either({ ...ingress('s'), metadata: meta('i', { annotations: { 'nginx.ingress.kubernetes.io/server-snippet': 'x' } }) }, ingress('s')),
  'load-balancer-without-tls': either(service({ type: 'LoadBalancer' }), service({})),
  'service-external-address': either(service({ externalIPs: ['192.0.2.1'] }), service({})),
}

const HYGIENE_CASES: Record<string, Cases> = {
  'image-not-pinned': {
    fires: [[image('nginx:1')], [image('nginx@sha256:abc')], [image(digest.replaceAll('0', 'A'))], [image('exempt.example/team-b/x:1')]],
    silent: [[image(digest)], [image(`nginx:1@sha512:${'0'.repeat(128)}`)], [image('exempt.example/team/x:1')]],
    settings: { imageDigestExemptRepositories: ['exempt.example/team'] },
  },
  'image-version-missing': { fires: [[image('nginx:latest')], [image('nginx:stable')], [image('nginx')]], silent: [[image('nginx:1')], [image(digest)]] },
  'latest-not-pulled': {
    fires: [[pod({}, { image: 'nginx', imagePullPolicy: 'IfNotPresent' })], [pod({}, { image: 'nginx:alpine', imagePullPolicy: 'Never' })]],
    silent: [
      [pod({}, { image: 'nginx', imagePullPolicy: 'Always' })],
      [pod({}, { image: 'nginx:1-alpine', imagePullPolicy: 'IfNotPresent' })],
      [image('nginx')],
    ],
  },
  'image-registry-retired': either(image('k8s.gcr.io/pause:3'), image('registry.k8s.io/pause:3')),
  'image-registry-unknown': { fires: [[image('nginx')]], silent: [[pod({ containers: [] })]] },
  'image-registry-untrusted': { ...either(image('bad.example/nginx:1'), image('nginx:1')), settings: { untrustedRegistries: ['bad.example'] } },
  'sandbox-cpu-ceiling': {
    fires: [[sandbox({})], [boxed({ cpu: '3' })]],
    silent: [[boxed({ cpu: '2000m' })], [pod({})]],
    settings: { cpu_limit_max: ['2'] },
  },
  'sandbox-memory-ceiling': {
    fires: [[sandbox({})], [boxed({ memory: '2Gi' })]],
    silent: [[boxed({ memory: '1Gi' })]],
    settings: { memory_limit_max: ['1Gi'] },
  },
  'sandbox-image-tag': {
    fires: [[sandbox({}, 'nginx')], [sandbox({}, 'nginx:latest')], [sandbox({}, 'nginx:stable')]],
    silent: [[sandbox({}, 'nginx:1.27')], [sandbox({}, digest)], [image('nginx')]],
    settings: { floatingImageTags: ['stable'] },
  },
  'sandbox-image-registry': either(sandbox({}), pod({})),
  'sandbox-runtime': either(sandbox({ runtimeClassName: 'runc' }), sandbox({ runtimeClassName: 'gvisor' })),
  'sandbox-token': {
    fires: [[sandbox({ automountServiceAccountToken: true })], [{ ...sandbox({}), kind: 'Sandbox' }]],
    silent: [[sandbox({})], [{ ...sandbox({ automountServiceAccountToken: false }), kind: 'Sandbox' }], [pod({})]],
  },
  'sandbox-limits': either(sandbox({}), sandbox({ containers: [{ name: 'c', image: digest, resources: { limits: { cpu: '1', memory: '1Gi' } } }] })),
  'sandbox-image-not-pinned': {
    fires: [[sandbox({})], [{ kind: 'WorkerPool', metadata: meta('w'), spec: { workerImage: 'a.example/w:1' } }]],
    silent: [[sandbox({}, digest)], [{ kind: 'WorkerPool', metadata: meta('w'), spec: { workerImage: digest } }], [pod({})]],
  },
  'sandbox-image-elsewhere': {
    fires: [[sandbox({}, 'other.example/x:1')]],
    silent: [[sandbox({}, 'nginx')], [sandbox({}, 'docker.io/library/nginx')]],
    settings: { imageRepositoryAllowList: ['docker.io'] },
  },
  'sandbox-network-unmanaged': either(template({ networkPolicyManagement: 'Unmanaged' }), template({})),
  'sandbox-egress-open': {
    fires: [
      [template({})],
      [template({ networkPolicy: { egress: [{}] } })],
      [template({ networkPolicy: { egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] } })],
    ],
    silent: [[template({ networkPolicy: { egress: [] } })], [template({ networkPolicy: { egress: [{ to: [{ ipBlock: { cidr: '10.1.2.0/24' } }] }] } })]],
  },
  'sandbox-egress-not-strict': {
    fires: [[template({ networkPolicy: { egress: [{}] } })], [template({})]],
    silent: [[template({ networkPolicy: { egress: [] } })]],
    settings: { agentSandboxEgressMode: ['strict'] },
  },
  'sandbox-claim-overrides': either(template({ envVarsInjectionPolicy: 'Overrides' }), template({ envVarsInjectionPolicy: 'Allowed' })),
  'worker-pool-ceiling': {
    fires: [[pool('4')], [{ kind: 'WorkerPool', metadata: meta('w'), spec: {} }]],
    silent: [[pool('2')]],
    settings: { cpu_limit_max: ['2'] },
  },
  'load-balancer-beside-tls': {
    fires: [
      [named('Service', 's', { spec: { type: 'LoadBalancer' } })],
      [
        named('Service', 's', { spec: { type: 'LoadBalancer' } }),
        named('Ingress', 'i', { spec: { rules: [{ http: { paths: [{ backend: { service: { name: 's' } } }] } }] } }),
      ],
    ],
    silent: [
      [named('Service', 's', { spec: { type: 'ClusterIP' } })],
      [
        named('Service', 's', { spec: { type: 'LoadBalancer' } }),
        named('Ingress', 'i', { spec: { tls: [{ secretName: 't' }], rules: [{ http: { paths: [{ backend: { service: { name: 's' } } }] } }] } }),
      ],
    ],
  },
  'namespace-without-account': {
    fires: [[{ kind: 'Namespace', metadata: { name: 'shop' } }, named('ServiceAccount', 'default')]],
    silent: [[{ kind: 'Namespace', metadata: { name: 'shop' } }, named('ServiceAccount', 'web')]],
  },
  'tiller-reachable': either(
    named('Deployment', 'tiller-deploy', { spec: { template: { spec: { containers: [{ name: 't', image: 'gcr.io/kubernetes-helm/tiller:v2.9.1' }] } } } }),
    named('Deployment', 'tiles', { spec: { template: { spec: { containers: [{ name: 't', image: 'tiles/tillers:1' }] } } } }),
  ),
  'masters-group-bound': either(masters('everybody'), masters('cluster-admin')),
  'labels-missing': {
    fires: [[pod({}, {}, { labels: { x: 'y' } })]],
    silent: [[pod({})], [named('Deployment', 'd', { spec: { template: { metadata: { labels: { app: 'd' } }, spec: {} } } })]],
  },
  'common-labels-missing': either(pod({}), pod({}, {}, { labels: { 'app.kubernetes.io/name': 'p' } })),
  'naked-pod': either(pod({}), pod({}, {}, { ownerReferences: [{ kind: 'ReplicaSet' }] })),
  'cron-job-to-look-at': either(named('CronJob', 'c'), named('Job', 'j')),
  'not-rolling': either(named('Deployment', 'd', { spec: { strategy: { type: 'Recreate' } } }), named('Deployment', 'd', { spec: {} })),
  'sudo-at-start': {
    fires: [
      [pod({}, { command: ['/bin/sh', '-c', 'sudo run'] })],
      [pod({}, { command: ['sudo'], args: ['run'] })],
      [pod({}, { command: ['/usr/bin/sudo', 'run'] })],
    ],
    silent: [[pod({}, { command: ['/bin/pseudo'] })], [pod({}, { args: ['--group=sudoers'] })]],
  },
  'ssh-server': {
    fires: [
      [pod({}), service({ ports: [{ port: 22 }] })],
      [pod({}), service({ ports: [{ port: 80, targetPort: 2222 }] })],
    ],
    silent: [[pod({}), service({ ports: [{ port: 80 }] })], [pod({}, { ports: [{ containerPort: 22 }] })]],
  },
  'ssh-in-container': {
    fires: [[pod({}, { ports: [{ containerPort: 22 }] })], [pod({}, { command: ['/usr/sbin/sshd'] })]],
    silent: [[pod({}, { ports: [{ containerPort: 22, protocol: 'UDP' }] })], [pod({}), service({ ports: [{ port: 22 }] })]],
  },
  'name-like-a-system-part': either(pod({}, {}, { name: 'coredns-x' }), pod({}, {}, { name: 'coredns-x', namespace: 'kube-system' })),
  'sidecar-injected': either(pod({}, { name: 'x-sidecar' }), pod({})),
  'limits-missing': either(pod({}), limits('limits', { cpu: 1, memory: '1Gi' })),
  'memory-not-bounded': either(pod({}), pod({}, { resources: { limits: { memory: '1Gi' }, requests: { memory: '1Gi' } } })),
  'cpu-not-bounded': either(pod({}), pod({}, { resources: { limits: { cpu: 1 }, requests: { cpu: 1 } } })),
  ...Object.fromEntries(
    ['cpu', 'memory'].flatMap((name) =>
      ['request', 'limit'].map((which) => [`${name}-${which}-settings`, either(pod({}), limits(`${which}s`, { [name]: 1 }))]),
    ),
  ),
  'liveness-probe-anywhere': either(pod({}), pod({}, { livenessProbe: { exec: {} } })),
  'readiness-probe-anywhere': either(pod({}), pod({}, { readinessProbe: { exec: {} } })),
}

const WORD_CASES: Record<string, Cases> = {
  'secret-words-in-environment': {
    fires: [[pod({}, { env: [{ name: 'DB_PASSWORD', value: 'x' }] })], [pod({}, { envFrom: [{ secretRef: { name: 's' } }] })]],
    silent: [[pod({}, { env: [{ name: 'TOKEN_FILE', value: '/var/run/token' }] })], [pod({}, { envFrom: [{ configMapRef: { name: 's' } }] })]],
  },
  'secret-in-environment': either(
    pod({}, { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] }),
    pod({}, { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 's', key: 'k' } } }] }),
  ),
  'secret-words-in-configmap': {
    fires: [
      { data: { password: 'x' } },
      { data: { file: '-----BEGIN RSA PRIVATE KEY-----' } },
      { data: { file: btoa('-----BEGIN RSA PRIVATE KEY-----') } },
      { binaryData: { file: btoa('Authorization: Bearer abc.def') } },
    ].map((fields) => [named('ConfigMap', 'm', fields)]),
    silent: [{ data: { color: 'red' } }, { data: { file: btoa('nothing that anybody hides') } }, { binaryData: { icon: btoa('\u0000\u0001PRIVATE KEY') } }].map(
      (fields) => [named('ConfigMap', 'm', fields)],
    ),
  },
}

const COMPONENT_CASES: Record<string, Cases> = {
  'cve-2022-3172': {
    fires: [[named('APIService', 'v', { spec: { service: { name: 's' } } }), named('APIServerInfo', 'v', { data: { gitVersion: 'v1.22.11' } })]],
    silent: [[named('APIService', 'v', { spec: { service: { name: 's' } } }), named('APIServerInfo', 'v', { data: { gitVersion: 'v1.25.1' } })]],
  },
  'cve-2022-3294': either(image('registry.k8s.io/kube-apiserver:v1.24.7'), image('registry.k8s.io/kube-apiserver:v1.24.8')),
  'cve-2023-2728': either(image('kube-apiserver:v1.27.2'), image('kube-apiserver:v1.27.3')),
  'cve-2024-3177': either(image('kube-apiserver:v1.29.3'), image('kube-apiserver:v1.30.0')),
  'cve-2024-10220': either(node({ kubeletVersion: 'v1.30.2' }), node({ kubeletVersion: 'v1.30.3' })),
  'cve-2025-0426': either(node({ kubeletVersion: 'v1.32.1' }), node({ kubeletVersion: 'v1.32.2' })),
  'ingress-nginx-snippets': {
    fires: [[controller('v1.0.0'), snippets('false')], [controller('v1.8.1')], [controller('v1.11.0'), snippets('true')]],
    silent: [[controller('v1.8.1'), snippets('false')], [controller('v1.11.0')], [image('nginx:1.0.0')]],
  },
  'cve-2023-3676': either(node({ kubeletVersion: 'v1.27.4', operatingSystem: 'windows' }), node({ kubeletVersion: 'v1.27.5', operatingSystem: 'windows' })),
  'cve-2023-3955': either(node({ kubeletVersion: 'v1.28.0', operatingSystem: 'windows' }), node({ kubeletVersion: 'v1.28.0', operatingSystem: 'linux' })),
  'cve-2023-5528': either(node({ kubeletVersion: 'v1.28.3', operatingSystem: 'windows' }), node({ kubeletVersion: 'v1.28.3', operatingSystem: 'linux' })),
  'cve-2022-23648': either(node({ containerRuntimeVersion: 'containerd://1.5.9' }), node({ containerRuntimeVersion: 'docker://1.5.9' })),
  'cve-2024-40635': either(node({ containerRuntimeVersion: 'containerd://1.7.26' }), node({ containerRuntimeVersion: 'containerd://2.0.4' })),
  'cve-2022-0185': either(node({ kernelVersion: '5.13.0-39-generic' }), node({ kernelVersion: '6.1.0' })),
  'cve-2025-1974': either(image('registry.k8s.io/ingress-nginx/controller:v1.11.4'), image('registry.k8s.io/ingress-nginx/controller:v1.12.1')),
  'cve-2023-5044': either(image('registry.k8s.io/ingress-nginx/controller:v1.8.2'), image('nginx:1.8.2')),
  'cve-2023-32082': either(image('registry.k8s.io/etcd:3.5.8-0'), image('registry.k8s.io/etcd:3.5.9-0')),
  'cve-2025-47950': either(image('registry.k8s.io/coredns/coredns:v1.11.1'), image('registry.k8s.io/coredns/coredns:v1.12.2')),
  'cve-2022-24348': either(image('quay.io/argoproj/argocd:v2.2.3'), image('quay.io/argoproj/argocd:v2.2.4')),
  'cve-2022-39328': either(image('grafana/grafana:9.2.3'), image('grafana/grafana:9.1.0')),
  'cve-2022-47633': either(image('ghcr.io/kyverno/kyverno:v1.8.4'), image('ghcr.io/kyverno/kyverno:v1.8.5')),
  'cve-2025-14847': {
    fires: [[image('mongo:8.0.16')], [image('docker.io/bitnami/mongodb:7.0.14-debian-12')], [image('mongo:4.2')]],
    silent: [[image('mongo:8.0.17')], [image('mongo:latest')], [image('mongo-express:1.0.2')]],
  },
  'cve-2022-0492': either(pod({}), inContainer({ seccompProfile: { type: 'RuntimeDefault' } })),
  'kubernetes-old': either(node({ kubeletVersion: 'v1.20.1' }), node({ kubeletVersion: 'v1.99.0' })),
  'ingress-nginx-retired': either(image('registry.k8s.io/ingress-nginx/controller:v1.12.1'), image('nginx')),
  'storage-not-encrypted': either(
    { kind: 'StorageClass', metadata: { name: 's' } },
    { kind: 'StorageClass', metadata: { name: 's' }, parameters: { encrypted: 'true' } },
  ),
  'volume-not-encrypted': {
    fires: [[{ kind: 'PersistentVolume', metadata: { name: 'v' }, spec: { storageClassName: 's' } }]],
    silent: [
      [
        { kind: 'PersistentVolume', metadata: { name: 'v' }, spec: { storageClassName: 's' } },
        { kind: 'StorageClass', metadata: { name: 's' }, parameters: { encrypted: 'true' } },
      ],
    ],
  },
}

/** A flag of a control plane program, wrong and right. Flags that are not there are wrong where `missing` says so. */
const flag = (program: string, wrong: string[] | undefined, right: string[]): Cases => ({
  fires: [...(wrong ? [wrong] : [[]])].flatMap((flags) => [[running(program, flags)], [running(program, flags, true)]]),
  silent: [[running(program, right)], [running(program, right, true)], [running('other', wrong ?? [])]],
})
const api = (right: string[], wrong?: string[]) => flag('kube-apiserver', wrong, right)
const manager = (right: string[], wrong?: string[]) => flag('kube-controller-manager', wrong, right)
const CONTROL_PLANE_CASES: Record<string, Cases> = {
  'apiserver-anonymous': api(['--anonymous-auth=false'], ['--anonymous-auth=true']),
  'apiserver-token-file': {
    fires: [[running('kube-apiserver', ['--token-auth-file=/x'])], [running('kube-apiserver', ['--tls-cert-file=/c --token-auth-file=/x'])]],
    silent: [[running('kube-apiserver', [])], [running('kube-apiserver', ['--tls-cert-file=/token-auth-file'])]],
  },
  'apiserver-external-ips-plugin': api([], ['--enable-admission-plugins=DenyServiceExternalIPs']),
  'apiserver-external-ips-allowed': api(['--enable-admission-plugins=A,DenyServiceExternalIPs'], ['--enable-admission-plugins=A']),
  'apiserver-long-tokens': api(['--service-account-extend-token-expiration=false'], ['--service-account-extend-token-expiration=true']),
  'apiserver-kubelet-client-certificate': api(['--kubelet-client-certificate=/c', '--kubelet-client-key=/k']),
  'apiserver-kubelet-authority': api(['--kubelet-certificate-authority=/c']),
  'apiserver-allows-all': api(['--authorization-mode=RBAC'], ['--authorization-mode=RBAC,AlwaysAllow']),
  'apiserver-node-authorization': api(['--authorization-mode=Node,RBAC'], ['--authorization-mode=RBAC']),
  'apiserver-rbac': {
    fires: [[running('kube-apiserver', ['--authorization-mode=Node'])], [running('kube-apiserver', [])]],
    silent: [
      [running('kube-apiserver', ['--authorization-mode=Node,RBAC'])],
      [running('kube-apiserver', ['--authorization-mode=Node', '--authorization-mode=RBAC'])],
    ],
  },
  'apiserver-plugin-eventratelimit': api(['--enable-admission-plugins=A,EventRateLimit']),
  'apiserver-plugin-alwayspullimages': api(['--enable-admission-plugins=AlwaysPullImages']),
  'apiserver-plugin-noderestriction': api(['--enable-admission-plugins=NodeRestriction'], ['--enable-admission-plugins=A']),
  'apiserver-plugin-securitycontextdeny': api(['--enable-admission-plugins=PodSecurityPolicy']),
  'apiserver-plugin-podsecuritypolicy': api(['--enable-admission-plugins=PodSecurityPolicy']),
  'apiserver-plugin-alwaysadmit': api([], ['--enable-admission-plugins=A,AlwaysAdmit']),
  'apiserver-plugin-serviceaccount': api([], ['--disable-admission-plugins=ServiceAccount']),
  'apiserver-plugin-namespacelifecycle': api([], ['--disable-admission-plugins=NamespaceLifecycle']),
  'apiserver-secure-port': {
    fires: [[running('kube-apiserver', ['--secure-port=0'])], [running('kube-apiserver', ['--secure-port=0', '--secure-port=6443'])]],
    silent: [[running('kube-apiserver', ['--secure-port=6443'])], [running('kube-apiserver', [])]],
  },
  'apiserver-insecure-port': api([], ['--insecure-port=8080']),
  'apiserver-profiling': api(['--profiling=false'], ['--profiling']),
  'apiserver-audit-log': api(['--audit-log-path=-']),
  'apiserver-audit-policy': api(['--audit-policy-file=/x']),
  'apiserver-audit-log-maxage': api(['--audit-log-maxage=30'], ['--audit-log-maxage=29']),
  'apiserver-audit-log-maxbackup': api(['--audit-log-maxbackup=10']),
  'apiserver-audit-log-maxsize': api(['--audit-log-maxsize=100']),
  'apiserver-request-timeout': api([], ['--request-timeout=300s']),
  'apiserver-service-account-lookup': api([], ['--service-account-lookup=false']),
  'apiserver-service-account-key': api(['--service-account-key-file=/x']),
  'apiserver-etcd-certificate': api(['--etcd-certfile=/c', '--etcd-keyfile=/k'], ['--etcd-certfile=/c']),
  'apiserver-tls-certificate': api(['--tls-cert-file=/c', '--tls-private-key-file=/k']),
  'apiserver-client-authority': api(['--client-ca-file=/c']),
  'apiserver-etcd-authority': api(['--etcd-cafile=/c']),
  'apiserver-encryption': api(['--encryption-provider-config=/c']),
  'apiserver-ciphers': api(['--tls-cipher-suites=TLS_AES_128_GCM_SHA256'], ['--tls-cipher-suites=TLS_RSA_WITH_RC4_128_SHA']),
  'controller-manager-pod-gc': { fires: [[running('kube-controller-manager', [])]], silent: [[running('kube-apiserver', [])]] },
  'controller-manager-profiling': manager(['--profiling=false']),
  'controller-manager-own-credentials': manager(['--use-service-account-credentials=true']),
  'controller-manager-signing-key': manager(['--service-account-private-key-file=/k']),
  'controller-manager-root-authority': manager(['--root-ca-file=/c']),
  'controller-manager-rotate-kubelet-certificates': manager(
    ['--feature-gates=A=true,RotateKubeletServerCertificate=true'],
    ['--feature-gates=RotateKubeletServerCertificate=false'],
  ),
  'controller-manager-address': manager(['--bind-address=127.0.0.1'], ['--bind-address=0.0.0.0']),
  'scheduler-profiling': flag('kube-scheduler', undefined, ['--profiling=false']),
  'scheduler-address': flag('kube-scheduler', undefined, ['--bind-address=127.0.0.1']),
  'etcd-certificate': flag('etcd', undefined, ['--cert-file=/c', '--key-file=/k']),
  'etcd-client-certificates': flag('etcd', ['--client-cert-auth=false'], ['--client-cert-auth']),
  'etcd-self-signed': flag('etcd', ['--auto-tls=true'], []),
  'etcd-peer-certificate': flag('etcd', undefined, ['--peer-cert-file=/c', '--peer-key-file=/k']),
  'etcd-peer-client-certificates': flag('etcd', undefined, ['--peer-client-cert-auth=true']),
  'etcd-peer-self-signed': flag('etcd', ['--peer-auto-tls'], ['--peer-auto-tls=false']),
  'etcd-shared-authority': {
    fires: [[running('etcd', ['--trusted-ca-file=/c']), running('kube-apiserver', ['--client-ca-file=/c'])]],
    silent: [[running('etcd', ['--trusted-ca-file=/e']), running('kube-apiserver', ['--client-ca-file=/c'])]],
  },
  'secrets-encrypted-by-nothing': either(
    { kind: 'EncryptionConfiguration', metadata: { name: 'e' }, resources: [{ providers: [{ identity: {} }] }] },
    { kind: 'EncryptionConfiguration', metadata: { name: 'e' }, resources: [{ providers: [{ aescbc: {} }, { identity: {} }] }] },
  ),
}

const NOW = 1_800_000_000_000
const OLD = '2026-01-01T00:00:00Z'
const inCluster = (kind: string, fires: Fields, silent: Fields, more: Fields[] = []): Cases => {
  const object = (fields: Fields): Fields => ({ kind, metadata: { name: 'x', namespace: 'shop', creationTimestamp: OLD }, ...fields })
  return { fires: [[object(fires), ...more]], silent: [[object(silent), ...more]], now: NOW }
}
const container = (status: Fields): Fields => ({ status: { phase: 'Running', containerStatuses: [{ name: 'c', restartCount: 9, ...status }] } })
const nodeIs = (type: string, status: string): Fields => ({ status: { conditions: [{ type, status }] } })
const kubelet = (wrong: Fields, right: Fields): Cases =>
  either({ kind: 'KubeletConfiguration', metadata: { name: 'n' }, ...wrong }, { kind: 'KubeletConfiguration', metadata: { name: 'n' }, ...right })
const LIVE_CASES: Record<string, Cases> = {
  'pod-crash-loop': inCluster('Pod', container({ state: { waiting: { reason: 'CrashLoopBackOff' } } }), container({ state: { running: {} } })),
  'pod-out-of-memory': inCluster(
    'Pod',
    container({ lastState: { terminated: { reason: 'OOMKilled' } } }),
    container({ lastState: { terminated: { reason: 'Completed' } } }),
  ),
  'pod-image-unavailable': inCluster(
    'Pod',
    container({ state: { waiting: { reason: 'ImagePullBackOff' } } }),
    container({ state: { waiting: { reason: 'ContainerCreating' } } }),
  ),
  'pod-cannot-start': inCluster(
    'Pod',
    container({ state: { waiting: { reason: 'CreateContainerConfigError' } } }),
    container({ state: { waiting: { reason: 'PodInitializing' } } }),
  ),
  'pod-pending': inCluster(
    'Pod',
    { status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', lastTransitionTime: OLD }] } },
    { status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: OLD }] } },
  ),
  'pod-evicted': inCluster('Pod', { status: { phase: 'Failed', reason: 'Evicted' } }, { status: { phase: 'Failed', reason: 'Other' } }),
  'pod-not-ready': inCluster('Pod', container({ ready: false, state: { running: {} } }), container({ ready: true, state: { running: {} } })),
  'deployment-unavailable': inCluster(
    'Deployment',
    { spec: { replicas: 2 }, status: { availableReplicas: 1 } },
    { spec: { replicas: 2 }, status: { availableReplicas: 2 } },
  ),
  'node-not-ready': inCluster('Node', nodeIs('Ready', 'Unknown'), nodeIs('Ready', 'True')),
  ...Object.fromEntries(
    ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable'].map((type) => [
      `node-${type.toLowerCase()}`,
      inCluster('Node', nodeIs(type, 'True'), nodeIs(type, 'False')),
    ]),
  ),
  'node-cordoned': inCluster('Node', { spec: { unschedulable: true } }, { spec: {} }),
  'version-skew': {
    ...inCluster('Node', { status: { nodeInfo: { kubeletVersion: 'v1.26.0' } } }, { status: { nodeInfo: { kubeletVersion: 'v1.27.9' } } }),
    settings: { serverVersion: ['v1.30.1'] },
  },
  'quota-nearly-hit': inCluster(
    'ResourceQuota',
    { status: { hard: { pods: '10' }, used: { pods: '9' } } },
    { status: { hard: { pods: '10' }, used: { pods: '8' } } },
  ),
  'volume-released': inCluster('PersistentVolume', { status: { phase: 'Released' } }, { status: { phase: 'Bound' } }),
  'volume-claim-pending': inCluster('PersistentVolumeClaim', { status: { phase: 'Pending' } }, { status: { phase: 'Bound' } }),
  'volume-claim-unused': {
    fires: [[{ kind: 'PersistentVolumeClaim', metadata: { name: 'x', namespace: 'shop', creationTimestamp: OLD } }]],
    silent: [
      [
        { kind: 'PersistentVolumeClaim', metadata: { name: 'x', namespace: 'shop', creationTimestamp: OLD } },
        pod({ volumes: [{ persistentVolumeClaim: { claimName: 'x' } }] }),
      ],
    ],
    now: NOW,
  },
  'service-without-endpoints': {
    ...inCluster('Service', { spec: { selector: { app: 'p' } } }, { spec: {} }, [named('Endpoints', 'x', { subsets: [] })]),
  },
  'load-balancer-pending': inCluster(
    'Service',
    { spec: { type: 'LoadBalancer' } },
    { spec: { type: 'LoadBalancer' }, status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } },
  ),
  'namespace-stuck': {
    fires: [[{ kind: 'Namespace', metadata: { name: 'x', deletionTimestamp: OLD } }]],
    silent: [[{ kind: 'Namespace', metadata: { name: 'x' } }]],
    now: NOW,
  },
  'api-service-down': inCluster(
    'APIService',
    { spec: { service: {} }, ...nodeIs('Available', 'False') },
    { spec: { service: {} }, ...nodeIs('Available', 'True') },
  ),
  'cron-job-suspended': inCluster('CronJob', { spec: { suspend: true } }, { spec: { suspend: false } }),
  'kubelet-anonymous': kubelet({ authentication: { anonymous: { enabled: true } } }, { authentication: { anonymous: { enabled: false } } }),
  'kubelet-allows-all': kubelet({ authorization: { mode: 'AlwaysAllow' } }, { authorization: { mode: 'Webhook' } }),
  'kubelet-read-only-port': kubelet({ readOnlyPort: 10255 }, { readOnlyPort: 0 }),
  'kubelet-idle-streams': kubelet({ streamingConnectionIdleTimeout: '0s' }, { streamingConnectionIdleTimeout: '4h0m0s' }),
  'kubelet-no-iptables': kubelet({ makeIPTablesUtilChains: false }, {}),
  'kubelet-no-rotation': kubelet({ rotateCertificates: false }, { rotateCertificates: true }),
  'kubelet-any-client': kubelet({ authentication: {} }, { authentication: { x509: { clientCAFile: '/ca.crt' } } }),
  'kubelet-server-certificate': kubelet({}, { serverTLSBootstrap: true }),
  'kubelet-weak-ciphers': kubelet({ tlsCipherSuites: ['TLS_RSA_WITH_AES_128_CBC_SHA'] }, { tlsCipherSuites: ['TLS_AES_128_GCM_SHA256'] }),
  'kubelet-changes-kernel': kubelet({}, { protectKernelDefaults: true }),
  'kubelet-drops-events': kubelet({ eventRecordQPS: 1 }, { eventRecordQPS: 50 }),
  'kubelet-unlimited-processes': kubelet({ podPidsLimit: -1 }, { podPidsLimit: 4096 }),
  'kubelet-seccomp-off': kubelet({}, { seccompDefault: true }),
  'kubelet-nothing-reserved': kubelet({}, { systemReserved: { memory: '1Gi' } }),
  'kubelet-pulls-one-by-one': kubelet({ serializeImagePulls: true }, { serializeImagePulls: false }),
  'kubelet-never-evicts': kubelet({ evictionHard: { 'memory.available': '0%' } }, { evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '10%' } }),
  'kubelet-cleans-late': kubelet({ imageGCHighThresholdPercent: 100 }, { imageGCHighThresholdPercent: 85 }),
  'kubelet-logs-grow': kubelet({ containerLogMaxSize: '1Gi' }, { containerLogMaxSize: '10Mi' }),
  'kubelet-swap-allowed': kubelet({ failSwapOn: false }, {}),
}

export const MORE_CASES: Record<string, Cases> = {
  ...LIVE_CASES,
  ...POWER_CASES,
  ...NAMESPACE_CASES,
  ...REFERENCE_CASES,
  ...CONTEXT_CASES,
  ...EXPOSURE_CASES,
  ...HYGIENE_CASES,
  ...WORD_CASES,
  ...COMPONENT_CASES,
  ...CLUSTER_CASES,
  ...USAGE_CASES,
  ...LINTER_CASES,
  ...ROUTE_CASES,
  ...CONTROL_PLANE_CASES,
}
