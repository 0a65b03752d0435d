/** Who is given what: roles, bindings, ServiceAccounts. */
import { type AuditEvent, isAllowed, isJson, textAt } from '../event.ts'
import type { Lists } from '../lists.ts'
import { wantedObject } from '../pod-spec.ts'
import { bindsStrangers, rulesOfRole } from './access.ts'
import { type AuditRule, CHANGES, DELETIONS, falco, SYSTEM_NAMESPACES } from './rule.ts'

const ROLES = ['roles', 'clusterroles']
const BINDINGS = ['rolebindings', 'clusterrolebindings']

const grants = (what: (rule: ReturnType<typeof rulesOfRole>[number]) => boolean) => (event: AuditEvent) =>
  isAllowed(event) && rulesOfRole(wantedObject(event)).some(what)

const WRITING = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])
const ESCALATING = new Set(['escalate', 'bind', 'impersonate'])

/** The API server writes the roles it is delivered with at every start, aggregation keeps others in step. */
const isReconciling = (event: AuditEvent) =>
  event.impersonated === '' && (event.user === 'system:apiserver' || event.user === 'system:serviceaccount:kube-system:clusterrole-aggregation-controller')

const role = (
  id: string,
  aliases: readonly string[],
  severity: AuditRule['severity'],
  en: string,
  zh: string,
  verbs: readonly string[],
  what: Parameters<typeof grants>[0],
): AuditRule => ({
  id,
  aliases,
  severity,
  title: { en, 'zh-CN': zh },
  resources: ROLES,
  verbs,
  needs: 'Request',
  test: grants(what),
  routine: isReconciling,
})

/** Resources as roles write them, also with a wildcard on one side of the slash. */
const reaches = (resources: readonly string[], ...wanted: string[]) => resources.some((resource) => wanted.includes(resource))

export const grantRules: readonly AuditRule[] = [
  {
    id: 'cluster-admin-granted',
    aliases: [falco('Attach to cluster-admin Role'), 'stratus/k8s.persistence.create-admin-clusterrole'],
    severity: 'error',
    title: { en: 'cluster-admin granted', 'zh-CN': '授予 cluster-admin' },
    resources: BINDINGS,
    verbs: CHANGES,
    needs: 'Request',
    test: (event) => isAllowed(event) && textAt(wantedObject(event).roleRef, 'name') === 'cluster-admin',
    routine: isReconciling,
  },
  {
    id: 'strangers-bound',
    aliases: [],
    severity: 'critical',
    title: { en: 'Role given to everybody', 'zh-CN': '将角色授予所有人' },
    resources: BINDINGS,
    verbs: CHANGES,
    needs: 'Request',
    test: (event) => isAllowed(event) && bindsStrangers(wantedObject(event)),
    routine: isReconciling,
  },
  role(
    'role-wildcard',
    [falco('ClusterRole With Wildcard Created')],
    'warning',
    'Role with a wildcard created',
    '创建含通配符的角色',
    ['create'],
    ({ verbs, resources }) => verbs.includes('*') || resources.includes('*'),
  ),
  role(
    'role-write',
    [falco('ClusterRole With Write Privileges Created')],
    'advice',
    'Role that may write created',
    '创建具有写权限的角色',
    ['create'],
    ({ verbs }) => verbs.some((verb) => WRITING.has(verb)),
  ),
  role(
    'role-pod-exec',
    [falco('ClusterRole With Pod Exec Created')],
    'warning',
    'Role that may exec created',
    '创建可 exec 的角色',
    ['create'],
    ({ resources }) => reaches(resources, 'pods/exec', 'pods/attach', 'pods/*', '*/exec'),
  ),
  role(
    'role-node-proxy',
    ['panther/Kubernetes.Role.Nodes.Proxy', 'stratus/k8s.privilege-escalation.nodes-proxy'],
    'error',
    'Role that reaches kubelets through nodes/proxy',
    '角色可通过 nodes/proxy 访问 kubelet',
    CHANGES,
    ({ resources }) => reaches(resources, 'nodes/proxy', 'nodes/*', '*/proxy'),
  ),
  role('role-escalation', [], 'error', 'Role that may escalate, bind or impersonate', '角色可提权、绑定或冒用身份', CHANGES, ({ verbs }) =>
    verbs.some((verb) => ESCALATING.has(verb)),
  ),
  role(
    'role-widened',
    [],
    'warning',
    'Role changed to hold a wildcard',
    '角色被改为包含通配符',
    ['update', 'patch'],
    ({ verbs, resources }) => verbs.includes('*') || resources.includes('*'),
  ),
  {
    id: 'system-role-changed',
    aliases: [falco('System ClusterRole Modified/Deleted')],
    severity: 'error',
    title: { en: 'Role of the system changed or deleted', 'zh-CN': '系统角色被修改或删除' },
    resources: ROLES,
    verbs: [...CHANGES, ...DELETIONS],
    needs: 'Metadata',
    test: (event) => isAllowed(event) && event.name.startsWith('system:') && !CHANGED_AT_INSTALL.has(event.name),
    routine: (event) => isReconciling(event) || DELIVERED.has(event.name),
  },
  {
    id: 'system-binding-changed',
    aliases: [],
    severity: 'error',
    title: { en: 'Binding of the system changed or deleted', 'zh-CN': '系统绑定被修改或删除' },
    resources: BINDINGS,
    verbs: [...CHANGES, ...DELETIONS],
    needs: 'Metadata',
    test: (event) => isAllowed(event) && event.name.startsWith('system:') && !CHANGED_AT_INSTALL.has(event.name),
    routine: (event) => isReconciling(event) || DELIVERED.has(event.name),
  },
  {
    id: 'system-serviceaccount',
    aliases: [falco('Service Account Created in Kube Namespace')],
    severity: 'warning',
    title: { en: 'ServiceAccount created in a namespace of the system', 'zh-CN': '在系统命名空间中创建 ServiceAccount' },
    resources: ['serviceaccounts'],
    verbs: ['create'],
    needs: 'Metadata',
    test: (event: AuditEvent, lists: Lists) =>
      isAllowed(event) && SYSTEM_NAMESPACES.has(event.namespace) && lists.has('systemServiceAccounts', nameOf(event)) !== true,
  },
]

/** Roles with a system name that installers write as a matter of course. */
const CHANGED_AT_INSTALL = new Set(['system:coredns', 'system:managed-certificate-controller'])
/** Add-ons that are installed after the cluster, under a system name. */
const DELIVERED = new Set(['system:metrics-server', 'system:aggregated-metrics-reader'])

const nameOf = (event: AuditEvent) => event.name || (isJson(event.request) ? textAt(event.request.metadata, 'name') : '')
