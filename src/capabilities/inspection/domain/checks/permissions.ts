/** What roles allow, and whom bindings hand them to. */
import { type Fault, type InspectionCheck, objectCheck } from '../check.ts'
import { at, type Inventory, type Item, listAt, nameOf, namespaceOf, ofKind, ofKindIn } from '../inventory.ts'

/** Roles and bindings that Kubernetes and managed clusters make themselves: what they allow is theirs to decide. */
const BUILT_IN = new Set(['cluster-admin', 'kubeadm:cluster-admins', 'gce:podsecuritypolicy:calico-sa'])
const isBuiltIn = (name: string): boolean => name.startsWith('system:') || BUILT_IN.has(name)
/** Roles for people that every cluster has. */
const USER_FACING = new Set(['admin', 'edit', 'view'])

const words = (rule: unknown, field: string): string[] => listAt(rule, field).filter((word) => typeof word === 'string')
const grants = (rule: unknown, field: string, word: string): boolean => words(rule, field).some((given) => given === '*' || given === word)
const grantsResource = (rule: unknown, resource: string): boolean => {
  const sub = resource.split('/')[1]
  return words(rule, 'resources').some((given) => given === '*' || given === resource || (sub !== undefined && given === `*/${sub}`))
}

/** exec is a POST (create) or, over WebSocket, a GET. */
const opensShell = (rule: unknown): boolean =>
  grants(rule, 'apiGroups', '') &&
  (grantsResource(rule, 'pods/exec') || grantsResource(rule, 'pods/attach')) &&
  (grants(rule, 'verbs', 'create') || grants(rule, 'verbs', 'get'))
const allowsAll = (rule: unknown): boolean => (['apiGroups', 'resources', 'verbs'] as const).every((field) => words(rule, field).includes('*'))

function rulesFault(object: Item['object'], bad: (rule: unknown) => boolean): Fault | undefined {
  const i = listAt(object, 'rules').findIndex(bad)
  return i < 0 ? undefined : { path: ['rules', i] }
}

/** The role that a binding refers to; `missing` when it is not among the objects: what it allows is not known. */
function roleOf(binding: Item, inventory: Inventory): Item | 'missing' {
  const [kind, name] = [at(binding.object, 'roleRef', 'kind'), at(binding.object, 'roleRef', 'name')]
  if (typeof kind !== 'string') return 'missing'
  const roles = kind === 'Role' ? ofKindIn(inventory, kind, namespaceOf(binding)) : ofKind(inventory, kind)
  return roles.find((role) => nameOf(role) === name) ?? 'missing'
}

function bindingFault(binding: Item, inventory: Inventory, roleKind: string, bad: (rule: unknown) => boolean, name?: string): Fault | undefined {
  if (at(binding.object, 'roleRef', 'kind') !== roleKind || isBuiltIn(nameOf(binding))) return undefined
  const fault = { path: ['roleRef'], what: `${roleKind} ${at(binding.object, 'roleRef', 'name')}` }
  if (name !== undefined && at(binding.object, 'roleRef', 'name') === name) return fault
  const role = roleOf(binding, inventory)
  if (role === 'missing') return { ...fault, what: `${fault.what} is not among the objects, so what it allows is not known` }
  return listAt(role.object, 'rules').some(bad) ? fault : undefined
}

const SHELL = { en: 'may open a shell in any pod of its scope (pods/exec, pods/attach)', zh: '可在其范围内任意 Pod 中打开终端（pods/exec、pods/attach）' }
const ADMIN = { en: 'may do everything', zh: '可执行一切操作' }

const role = (id: string, alias: string, kind: string): InspectionCheck =>
  objectCheck(
    {
      id,
      category: 'security',
      severity: 'error',
      aliases: [`polaris/${alias}`],
      message: { en: `The ${kind} ${SHELL.en}.`, 'zh-CN': `该 ${kind} ${SHELL.zh}。` },
    },
    [kind],
    (item) => (isBuiltIn(nameOf(item)) || USER_FACING.has(nameOf(item)) ? undefined : rulesFault(item.object, opensShell)),
  )

const binding = (
  id: string,
  alias: string,
  kind: string,
  roleKind: string,
  about: typeof SHELL,
  bad: (rule: unknown) => boolean,
  name?: string,
): InspectionCheck =>
  objectCheck(
    {
      id,
      category: 'security',
      severity: 'error',
      aliases: [`polaris/${alias}`],
      message: { en: `Whoever the ${kind} names ${about.en}.`, 'zh-CN': `该 ${kind} 所列主体${about.zh}。` },
    },
    [kind],
    (item, inventory) => bindingFault(item, inventory, roleKind, bad, name),
  )

export const PERMISSION_CHECKS: readonly InspectionCheck[] = [
  role('cluster-role-exec', 'clusterrolePodExecAttach', 'ClusterRole'),
  role('role-exec', 'rolePodExecAttach', 'Role'),
  binding('cluster-role-binding-exec', 'clusterrolebindingPodExecAttach', 'ClusterRoleBinding', 'ClusterRole', SHELL, opensShell),
  binding('role-binding-cluster-role-exec', 'rolebindingClusterRolePodExecAttach', 'RoleBinding', 'ClusterRole', SHELL, opensShell),
  binding('role-binding-role-exec', 'rolebindingRolePodExecAttach', 'RoleBinding', 'Role', SHELL, opensShell),
  binding('cluster-role-binding-admin', 'clusterrolebindingClusterAdmin', 'ClusterRoleBinding', 'ClusterRole', ADMIN, allowsAll, 'cluster-admin'),
  binding('role-binding-cluster-role-admin', 'rolebindingClusterAdminClusterRole', 'RoleBinding', 'ClusterRole', ADMIN, allowsAll, 'cluster-admin'),
  binding('role-binding-role-admin', 'rolebindingClusterAdminRole', 'RoleBinding', 'Role', ADMIN, allowsAll),
]
