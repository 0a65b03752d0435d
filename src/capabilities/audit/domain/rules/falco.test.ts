/**
 * What users of Falco's k8s_audit rules expect, by meaning: events as a kube-apiserver writes them, lists as Falco's files have them, and the names that fire.
 * Where a case must be quiet, ordinary creations and deletions are not reported, and then nothing at all may fire.
 */
import { describe, expect, it } from 'vitest'
import { createDocumentReader } from '../documents.ts'
import { createEngine } from '../engine.ts'
import { createLists, readLists } from '../lists.ts'

type Raw = Record<string, unknown>

const ADMIN = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }
const CONTROLLER = { username: 'system:kube-controller-manager', groups: ['system:authenticated'] }

/** `VERB RESOURCE[/SUBRESOURCE] [NAMESPACE/]NAME` as an event of the API server. */
function raw(what: string, requestObject?: object, more: Raw = {}): Raw {
  const [verb = '', resource = '', target = ''] = what.split(' ')
  const [plural, subresource] = resource.split('/')
  const [name, namespace] = target.split('/').reverse()
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'RequestResponse',
    auditID: `${what} ${JSON.stringify(requestObject)}`.slice(0, 200),
    stage: 'ResponseComplete',
    requestURI: `/api/v1/${namespace ? `namespaces/${namespace}/` : ''}${resource}/${name}`,
    verb,
    user: ADMIN,
    sourceIPs: ['192.168.99.1'],
    userAgent: 'kubectl/v1.29.1 (linux/amd64) kubernetes/abcdef0',
    objectRef: { resource: plural, ...(subresource ? { subresource } : {}), ...(namespace ? { namespace } : {}), name, apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: verb === 'create' ? 201 : 200 },
    ...(requestObject ? { requestObject } : {}),
    requestReceivedTimestamp: '2026-11-20T10:00:00.000001Z',
    stageTimestamp: '2026-11-20T10:00:00.010001Z',
    annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
    ...more,
  }
}

const pod = (spec: object, target = 'default/web', more: Raw = {}) =>
  raw(
    `create pods ${target}`,
    { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'web' }, spec: { containers: [{ name: 'web', image: 'nginx' }], ...spec } },
    more,
  )
const second = (more: object) => ({
  containers: [
    { name: 'a', image: 'nginx' },
    { name: 'b', image: 'nginx', ...more },
  ],
})
const mount = (path: string) => ({ volumes: [{ name: 'v', hostPath: { path, type: '' } }] })
const configMap = (data: object) => raw('create configmaps default/c', { kind: 'ConfigMap', metadata: { name: 'c' }, data })
const clusterRole = (rule: object) =>
  raw('create clusterroles r', { kind: 'ClusterRole', metadata: { name: 'r' }, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], ...rule }] })
const grant = (kind: string, role: string) =>
  raw(`create ${kind} ${kind === 'rolebindings' ? 'shop/b' : 'b'}`, { roleRef: { kind: 'ClusterRole', name: role }, subjects: [{ kind: 'User', name: 'x' }] })
const refused = { responseStatus: { code: 403 }, annotations: { 'authorization.k8s.io/decision': 'forbid' } }
const connect = (verb: string, sub: string, code = 101) =>
  raw(`${verb} pods/${sub} default/web`, undefined, { stage: 'ResponseStarted', responseStatus: { code } })

const QUIET = { macro: 'consider_activity_events', condition: '(k8s_audit_never_true)' }
const always = (macro: string) => ({ macro, condition: '(k8s_audit_always_true)' })
const list = (name: string, ...items: string[]) => ({ list: name, items })
const images = (macro: string, ...names: string[]) => ({ macro, condition: `(ka.req.pod.containers.image.repository in (${names.join(', ')}))` })

/** Name of the rule, the event, and lists beside what is shipped. */
const FIRES: readonly [rule: string, event: Raw, ...lists: object[]][] = [
  ['Disallowed K8s User', raw('list pods default/', undefined, { user: { username: 'some-user', groups: ['system:authenticated'] } })],
  ['Disallowed K8s User', raw('list pods default/'), list('allowed_k8s_users', 'somebody-else')],
  ['Create Disallowed Pod', pod({}), images('allowed_k8s_containers', 'httpd')],
  ['Create Disallowed Pod', pod({}), list('allowed_k8s_containers', 'httpd')],
  ['Create Privileged Pod', pod({ containers: [{ name: 'w', image: 'nginx', securityContext: { privileged: true } }] })],
  ['Create Privileged Pod', pod(second({ securityContext: { privileged: true } }))],
  ['Create Privileged Pod', pod({ initContainers: [{ name: 'i', image: 'busybox', securityContext: { privileged: true } }] })],
  ['Create Privileged Pod', pod(second({ securityContext: { privileged: true }, image: 'evil' })), images('trusted_pod', 'nginx')],
  ['Create Sensitive Mount Pod', pod(mount('/etc'))],
  ['Create Sensitive Mount Pod', pod(mount('/var/run/docker.sock'))],
  [
    'Create Sensitive Mount Pod',
    pod({
      volumes: [
        { name: 'a', emptyDir: {} },
        { name: 'b', hostPath: { path: '/proc' } },
      ],
    }),
  ],
  ['Create HostNetwork Pod', pod({ hostNetwork: true })],
  ['Create HostPid Pod', pod({ hostPID: true })],
  ['Create HostIPC Pod', pod({ hostIPC: true })],
  ['Create NodePort Service', raw('create services default/s', { spec: { type: 'NodePort', ports: [{ port: 80 }] } })],
  ['Create/Modify Configmap With Private Credentials', configMap({ 'access.properties': 'aws_access_key_id = MY-ID\naws_secret_access_key = MY-KEY\n' })],
  ['Create/Modify Configmap With Private Credentials', configMap({ 'aws-s3-access-key-id': 'x' })],
  ['Create/Modify Configmap With Private Credentials', configMap({ 'db.ini': 'user=app\npassword=hunter2' })],
  ['Create/Modify Configmap With Private Credentials', raw('patch configmaps default/c', { data: { note: 'the passphrase: abc' } })],
  ['Create/Modify Configmap With Private Credentials', raw('update configmaps default/c', { data: { Password: 'x' } })],
  [
    'Anonymous Request Allowed',
    raw('create namespaces foo', { metadata: { name: 'foo' } }, { user: { username: 'system:anonymous', groups: ['system:unauthenticated'] } }),
  ],
  ['Attach/Exec Pod', connect('create', 'exec')],
  ['Attach/Exec Pod', connect('get', 'exec')],
  ['Attach/Exec Pod', connect('create', 'attach')],
  ['Attach/Exec Pod', connect('get', 'attach')],
  ['Attach/Exec Pod', raw('get nodes/proxy n1', undefined, { requestURI: '/api/v1/nodes/n1/proxy/exec/default/web/web?command=id', stage: 'ResponseStarted' })],
  ['port-forward', connect('create', 'portforward')],
  ['port-forward', connect('get', 'portforward')],
  ['EphemeralContainers Created', raw('patch pods/ephemeralcontainers default/web', { spec: { ephemeralContainers: [{ name: 'd', image: 'busybox' }] } })],
  ['EphemeralContainers Created', raw('update pods/ephemeralcontainers default/web', { spec: { ephemeralContainers: [{ name: 'd', image: 'busybox' }] } })],
  ['Create Disallowed Namespace', raw('create namespaces foo', { metadata: { name: 'foo' } })],
  ['Pod Created in Kube Namespace', pod({}, 'kube-system/web')],
  ['Pod Created in Kube Namespace', pod({}, 'kube-public/web')],
  ['Service Account Created in Kube Namespace', raw('create serviceaccounts kube-system/mine', { metadata: { name: 'mine' } })],
  ['Service Account Created in Kube Namespace', raw('create serviceaccounts kube-public/mine', { metadata: { name: 'mine' } })],
  ['System ClusterRole Modified/Deleted', raw('patch clusterroles system:node-problem-detector', { rules: [] })],
  ['System ClusterRole Modified/Deleted', raw('delete clusterroles system:kube-aggregator')],
  ['Attach to cluster-admin Role', grant('clusterrolebindings', 'cluster-admin')],
  ['Attach to cluster-admin Role', grant('rolebindings', 'cluster-admin')],
  ['ClusterRole With Wildcard Created', clusterRole({ resources: ['*'] })],
  ['ClusterRole With Wildcard Created', clusterRole({ verbs: ['*'] })],
  ['ClusterRole With Write Privileges Created', clusterRole({ verbs: ['get', 'deletecollection'] })],
  ['ClusterRole With Pod Exec Created', clusterRole({ resources: ['pods/exec'] })],
  ['K8s Secret Get Successfully', raw('get secrets default/s')],
  ['K8s Secret Get Unsuccessfully Tried', raw('get secrets default/s', undefined, refused)],
  ['Full K8s Administrative Access', raw('list pods default/'), { macro: 'allowed_full_admin_users', condition: '(ka.user.name in (somebody))' }],
  ['Ingress Object without TLS Certificate Created', raw('create ingresses default/i', { spec: { rules: [{ host: 'a' }] } })],
  ['Untrusted Node Successfully Joined the Cluster', raw('create nodes evil'), { macro: 'allow_all_k8s_nodes', condition: '(k8s_audit_never_true)' }],
  [
    'Untrusted Node Unsuccessfully Tried to Join the Cluster',
    raw('create nodes evil', undefined, refused),
    { macro: 'allow_all_k8s_nodes', condition: '(k8s_audit_never_true)' },
    list('allowed_k8s_nodes', 'n1'),
  ],
  ['All K8s Audit Events', raw('list pods default/'), always('consider_all_events')],
  ...(
    [
      ['Deployment', 'deployments default/d'],
      ['Service', 'services default/s'],
      ['ConfigMap', 'configmaps default/c'],
      ['Namespace', 'namespaces foo'],
      ['Serviceaccount', 'serviceaccounts default/a'],
      ['Role', 'roles default/r'],
      ['Role/Clusterrole', 'roles default/r'],
      ['ClusterRole', 'clusterroles r'],
      ['Role/Clusterrole', 'clusterroles r'],
      ['RoleBinding', 'rolebindings default/b'],
      ['Role/Clusterrolebinding', 'rolebindings default/b'],
      ['ClusterRoleBinding', 'clusterrolebindings b'],
      ['Role/Clusterrolebinding', 'clusterrolebindings b'],
      ['Secret', 'secrets default/s'],
    ] as const
  ).flatMap(([kind, target]): [string, Raw][] => [
    [`K8s ${kind} Created`, raw(`create ${target}`, { metadata: { name: 'x' } })],
    [`K8s ${kind} Deleted`, raw(`delete ${target}`)],
  ]),
]

const SOME_USER = { user: { username: 'some-user', groups: ['system:authenticated'] } }

/** What looks like the rule beside it, and with these lists is nothing at all. */
const NOTHING: readonly [what: string, event: Raw, ...lists: object[]][] = [
  [
    'a user of the list makes a namespace of the list',
    raw('create namespaces foo', {}, SOME_USER),
    list('allowed_k8s_users', 'some-user'),
    list('allowed_namespaces', 'foo'),
  ],
  ['a user added to the shipped list', raw('list pods default/', undefined, SOME_USER), { ...list('allowed_k8s_users', 'some-user'), append: true }],
  ['an allowed image', pod({}), images('allowed_k8s_containers', 'nginx')],
  ['a privileged pod of a trusted image', pod({ containers: [{ image: 'nginx', securityContext: { privileged: true } }] }), images('trusted_pod', 'nginx')],
  [
    'a privileged pod of an image for that',
    pod({ containers: [{ image: 'nginx', securityContext: { privileged: true } }] }),
    list('falco_privileged_images', 'nginx'),
  ],
  ['privileged: false', pod(second({ securityContext: { privileged: false } }))],
  ['an ordinary pod', pod({})],
  ['an ordinary pod, trusted', pod({}), images('trusted_pod', 'nginx')],
  ['an ordinary folder', pod(mount('/opt/data'))],
  ['an ordinary folder, trusted', pod(mount('/opt/data')), images('trusted_pod', 'nginx')],
  ['a sensitive folder, trusted', pod(mount('/etc')), images('trusted_pod', 'nginx')],
  ['a sensitive folder of an image for that', pod(mount('/etc')), list('falco_sensitive_mount_images', 'nginx')],
  ['hostNetwork: false', pod({ hostNetwork: false })],
  ['hostNetwork, trusted', pod({ hostNetwork: true }), images('trusted_pod', 'nginx')],
  ['hostNetwork of an image for that', pod({ hostNetwork: true }), list('falco_hostnetwork_images', 'nginx')],
  ['hostPID of an image for that', pod({ hostPID: true }), list('falco_hostpid_images', 'nginx')],
  ['hostIPC of an image for that', pod({ hostIPC: true }), list('falco_hostipc_images', 'nginx')],
  ['hostPID refused by admission', pod({ hostPID: true }, 'default/web', { responseStatus: { code: 422 } })],
  ['a ClusterIP service', raw('create services default/s', { spec: { type: 'ClusterIP' } })],
  [
    'a service that may be open',
    raw('create services default/edge', { spec: { type: 'NodePort' } }),
    { macro: 'user_known_node_port_service', condition: '(ka.target.name in (edge))' },
  ],
  ['a ConfigMap of colors', configMap({ 'ui.properties': 'color.good=purple\ncolor.bad=yellow\nallow.textmode=true\n' })],
  ['a stranger who is refused', raw('create namespaces foo', {}, { user: { username: 'system:serviceaccount:a:b' }, ...refused })],
  ['a health check of a stranger', raw('get  ', undefined, { user: { username: 'system:anonymous' }, requestURI: '/healthz', objectRef: undefined })],
  ['exec before it began', { ...connect('create', 'exec'), stage: 'RequestReceived' }],
  ['the log of a pod', raw('get pods/log default/web')],
  ['a pod of the system', pod({ containers: [{ image: 'k8s.gcr.io/kube-proxy:v1.13' }] }, 'kube-system/kube-proxy', { user: CONTROLLER })],
  ['an account of the system', raw('create serviceaccounts kube-system/deployment-controller', {}, { user: CONTROLLER })],
  ['an account that the user knows', raw('create serviceaccounts kube-system/mine', {}), list('user_known_sa_list', 'mine')],
  ['the role of coredns', raw('patch clusterroles system:coredns', { rules: [] })],
  ['a role of people', raw('delete clusterroles mine')],
  ['a binding of view', grant('clusterrolebindings', 'view')],
  ['a role that reads', clusterRole({})],
  ['a secret that a controller makes', raw('create secrets default/t', { type: 'kubernetes.io/service-account-token' }, { user: CONTROLLER })],
  ['a secret of the system', raw('create secrets kube-system/s', { type: 'Opaque' })],
  ['secrets that cannot be made', raw('create secrets default/s', { type: 'Opaque' }, { responseStatus: { code: 409 } })],
  [
    'an account for administration that may be used',
    raw('list pods default/'),
    { macro: 'allowed_full_admin_users', condition: '(ka.user.name in (kubernetes-admin))' },
  ],
  ['an ingress with TLS', raw('create ingresses default/i', { spec: { tls: [{ hosts: ['a'], secretName: 's' }] } })],
  ['a node of the list', raw('create nodes n1'), { macro: 'allow_all_k8s_nodes', condition: '(k8s_audit_never_true)' }, list('allowed_k8s_nodes', 'n1')],
  ['any node', raw('create nodes n9'), always('allow_all_k8s_nodes')],
  ['creations and deletions that nobody wants reported', raw('delete deployments default/d')],
]

function fired(event: Raw, lists: readonly object[]): string[] {
  const read = readLists(lists)
  if (!read.ok) throw new Error(JSON.stringify(read.error))
  const engine = createEngine(createLists(read.value))
  const names: string[] = []
  const reader = createDocumentReader({
    event: (one) => {
      for (const { rule } of engine.judge(one)) names.push(...(rule.aliases.length > 0 ? rule.aliases : [rule.id]))
    },
    reject: (reason) => expect.fail(reason),
  })
  reader.push(JSON.stringify(event))
  reader.end()
  return names
}

describe("rules of Falco's set", () => {
  it.each(FIRES)('%s', (rule, event, ...lists) => {
    expect(fired(event, lists)).toContain(`falco/${rule}`)
  })

  it.each(NOTHING)('nothing fires for %s', (_, event, ...lists) => {
    expect(fired(event, [QUIET, ...lists])).toEqual([])
  })
})
