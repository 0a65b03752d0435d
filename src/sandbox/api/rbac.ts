/** Who may do what in the sandbox: stored roles and bindings, decided by core/kube/rbac. */
import { authorize, type RbacBinding, type RbacDecision, type RbacObjects, type RbacRequest, type RbacRole } from '#core/kube/rbac.ts'
import type { Obj } from './store.ts'
import { find, listOf, type User, type World } from './world.ts'

const GROUP = 'rbac.authorization.k8s.io'

export const rbacObjects = (world: World): RbacObjects => ({
  clusterRole: (name) => find(world, `clusterroles.${GROUP}`, undefined, name) as RbacRole | undefined,
  role: (namespace, name) => find(world, `roles.${GROUP}`, namespace, name) as RbacRole | undefined,
  clusterRoleBindings: () => listOf(world, `clusterrolebindings.${GROUP}`) as unknown as RbacBinding[],
  roleBindings: (namespace) => listOf(world, `rolebindings.${GROUP}`, namespace) as unknown as RbacBinding[],
})

export const mayDo = (world: World, user: User, request: RbacRequest): RbacDecision => authorize(rbacObjects(world), user, request)

const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update']
const ALL = [...READ, ...WRITE]
const WORKLOADS = ['daemonsets', 'deployments', 'deployments/scale', 'replicasets', 'replicasets/scale', 'statefulsets', 'statefulsets/scale']
const CORE = [
  'configmaps',
  'endpoints',
  'events',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'replicationcontrollers/scale',
  'serviceaccounts',
  'services',
]
const STATUS = [
  'limitranges',
  'namespaces',
  'namespaces/status',
  'pods/log',
  'pods/status',
  'replicationcontrollers/status',
  'resourcequotas',
  'resourcequotas/status',
  'services/status',
]

const namespaced = (verbs: readonly string[], secrets: boolean) => [
  { apiGroups: [''], resources: CORE, verbs },
  ...(secrets ? [{ apiGroups: [''], resources: ['secrets', 'pods/exec', 'pods/portforward', 'pods/attach', 'pods/proxy', 'pods/eviction'], verbs }] : []),
  { apiGroups: [''], resources: STATUS, verbs: READ },
  { apiGroups: ['apps'], resources: WORKLOADS, verbs },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs },
  { apiGroups: ['batch'], resources: ['cronjobs', 'jobs'], verbs },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
]

const role = (name: string, rules: readonly unknown[]): Obj =>
  ({ apiVersion: `${GROUP}/v1`, kind: 'ClusterRole', metadata: { name, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }, rules }) as unknown as Obj
const binding = (name: string, groups: readonly string[]): Obj =>
  ({
    apiVersion: `${GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name, labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } },
    roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name },
    subjects: groups.map((group) => ({ apiGroup: GROUP, kind: 'Group', name: group })),
  }) as unknown as Obj

/** Roles and bindings that every cluster has from the start. */
export const FIRST_ROLES: readonly Obj[] = [
  role('cluster-admin', [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ]),
  role('admin', [
    ...namespaced(ALL, true),
    { apiGroups: [GROUP], resources: ['roles', 'rolebindings'], verbs: ALL },
    { apiGroups: ['authorization.k8s.io'], resources: ['localsubjectaccessreviews'], verbs: ['create'] },
  ]),
  role('edit', namespaced(ALL, true)),
  role('view', namespaced(READ, false)),
  role('system:discovery', [
    {
      nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz', '/version', '/version/'],
      verbs: ['get'],
    },
  ]),
  role('system:public-info-viewer', [{ nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'], verbs: ['get'] }]),
  role('system:basic-user', [
    { apiGroups: ['authorization.k8s.io'], resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], verbs: ['create'] },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ]),
  binding('cluster-admin', ['system:masters']),
  binding('system:discovery', ['system:authenticated']),
  binding('system:public-info-viewer', ['system:authenticated', 'system:unauthenticated']),
  binding('system:basic-user', ['system:authenticated']),
]
