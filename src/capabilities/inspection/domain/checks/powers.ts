/** Who is handed a power that leads further: each binding whose role allows it. */
import type { Severity } from '#core/shapes/severity.ts'
import { type Hit, type InspectionCheck, objectCheck, podCheck } from '../check.ts'
import { at, type Inventory, type Item, isFields, listAt, nameOf, namespaceOf, ofKind, ofKindIn, type PodTemplate } from '../inventory.ts'

interface Power {
  /** With their subresource. */
  resources: readonly string[]
  verbs: readonly string[]
  groups: readonly string[]
  /** Only with rules that name no objects, or this one. */
  name?: string
}

const texts = (rule: unknown, field: string): string[] => listAt(rule, field).filter((word) => typeof word === 'string')

/** Does an RBAC rule give one of these verbs on one of these resources? https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */
function gives(rule: unknown, { resources, verbs, groups, name }: Power): boolean {
  const given = texts(rule, 'resources')
  const resource = resources.some((wanted) => {
    const [base, sub] = wanted.split('/')
    return given.includes('*') || given.includes(wanted) || (sub !== undefined && (given.includes(`${base}/*`) || given.includes(`*/${sub}`)))
  })
  const only = texts(rule, 'resourceNames')
  return (
    resource &&
    texts(rule, 'verbs').some((verb) => verb === '*' || verbs.includes(verb)) &&
    texts(rule, 'apiGroups').some((group) => group === '*' || groups.includes(group)) &&
    (name === undefined || only.length === 0 || only.includes(name))
  )
}

const BINDINGS = ['RoleBinding', 'ClusterRoleBinding'] as const

/** The role that a binding hands out, when it is among the objects. */
const roleOf = (binding: Item, inventory: Inventory): Item | undefined => {
  const reference = at(binding.object, 'roleRef')
  const kind = at(reference, 'kind')
  const roles = kind === 'Role' ? ofKindIn(inventory, kind, namespaceOf(binding)) : kind === 'ClusterRole' ? ofKind(inventory, kind) : []
  return roles.find((role) => nameOf(role) === at(reference, 'name'))
}

const whom = (subject: unknown): string => {
  const namespace = at(subject, 'namespace')
  return `${at(subject, 'kind')} ${typeof namespace === 'string' ? `${namespace}/` : ''}${at(subject, 'name')}`
}

/** Bindings that Kubernetes makes itself hand out what its parts need. */
const isOwn = (binding: Item): boolean => nameOf(binding).startsWith('system:') || nameOf(binding).startsWith('kubeadm:') || nameOf(binding) === 'cluster-admin'

function* handedOut(inventory: Inventory, allows: (rule: unknown) => boolean): Generator<Hit> {
  for (const kind of BINDINGS)
    for (const item of ofKind(inventory, kind)) {
      if (isOwn(item)) continue
      const role = roleOf(item, inventory)
      const i = role ? listAt(role.object, 'rules').findIndex(allows) : -1
      if (!role || i < 0) continue
      for (const [at, subject] of listAt(item.object, 'subjects').entries())
        yield { item, path: ['subjects', at], what: `${whom(subject)}, by ${role.object.kind} ${nameOf(role)} rules[${i}]` }
    }
}

interface PowerRule extends Power {
  id: string
  aliases: readonly string[]
  severity?: Severity
  optional?: true
  /** … may `en`. */
  en: string
  zh: string
}

const kubescape = (...names: string[]) => names.map((name) => `kubescape/${name}`)
const WORKLOADS = ['deployments', 'replicasets', 'daemonsets', 'statefulsets', 'jobs', 'cronjobs']

const POWERS: readonly PowerRule[] = [
  {
    id: 'can-exec',
    optional: true,
    aliases: kubescape('C-0002', 'exec-into-container-v1', 'exec-into-container', 'rule-can-bash-cmd-inside-container'),
    resources: ['pods/exec'],
    // exec over WebSocket is a GET.
    verbs: ['create', 'get'],
    groups: [''],
    en: 'open a shell in containers',
    zh: '在容器中打开终端',
  },
  {
    id: 'can-read-secrets',
    optional: true,
    severity: 'warning',
    aliases: [...kubescape('C-0015', 'C-0186', 'rule-can-list-get-secrets-v1', 'rule-can-list-get-secrets'), 'cis/5.1.2', 'kube-linter/access-to-secrets'],
    resources: ['secrets'],
    verbs: ['get', 'list', 'watch'],
    groups: [''],
    en: 'read Secrets',
    zh: '读取 Secret',
  },
  {
    id: 'can-delete',
    optional: true,
    severity: 'warning',
    aliases: kubescape('C-0007', 'rule-excessive-delete-rights-v1', 'rule-excessive-delete-rights'),
    resources: ['secrets', 'pods', 'services', ...WORKLOADS],
    verbs: ['delete', 'deletecollection'],
    groups: ['', 'apps', 'batch', 'extensions'],
    en: 'delete workloads, Services or Secrets',
    zh: '删除工作负载、Service 或 Secret',
  },
  {
    id: 'can-delete-events',
    severity: 'warning',
    aliases: kubescape('C-0031', 'rule-can-delete-k8s-events-v1', 'rule-can-delete-k8s-events'),
    resources: ['events'],
    verbs: ['delete', 'deletecollection'],
    groups: ['', 'events.k8s.io'],
    en: 'delete Events, and with them traces',
    zh: '删除 Event，从而抹去痕迹',
  },
  {
    id: 'can-change-coredns',
    severity: 'warning',
    aliases: kubescape('C-0037', 'rule-can-update-configmap-v1', 'rule-can-update-configmap'),
    resources: ['configmaps'],
    verbs: ['update', 'patch'],
    groups: [''],
    name: 'coredns',
    en: 'change the configuration of CoreDNS, and so where names lead',
    zh: '修改 CoreDNS 配置，从而篡改域名解析',
  },
  {
    id: 'can-impersonate',
    aliases: [...kubescape('C-0065', 'C-0191', 'rule-can-impersonate-users-groups-v1', 'rule-can-impersonate-users-groups'), 'cis/5.1.8'],
    resources: ['users', 'groups', 'serviceaccounts', 'uids', 'userextras'],
    verbs: ['impersonate'],
    groups: ['', 'authentication.k8s.io'],
    en: 'act as somebody else',
    zh: '冒充其他身份',
  },
  {
    id: 'can-bind-or-escalate',
    aliases: [...kubescape('C-0191', 'rule-can-bind-escalate'), 'cis/5.1.8'],
    resources: ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'],
    verbs: ['bind', 'escalate'],
    groups: ['rbac.authorization.k8s.io'],
    en: 'hand out rights that they do not have themselves (bind, escalate)',
    zh: '授予自身没有的权限（bind、escalate）',
  },
  {
    id: 'can-forward-ports',
    optional: true,
    severity: 'warning',
    aliases: kubescape('C-0063', 'rule-can-portforward-v1', 'rule-can-portforward'),
    resources: ['pods/portforward'],
    verbs: ['create', 'get'],
    groups: [''],
    en: 'forward ports of pods to themselves',
    zh: '将 Pod 端口转发到本地',
  },
  {
    id: 'can-create-pods',
    optional: true,
    severity: 'warning',
    aliases: [...kubescape('C-0188', 'rule-can-create-pod'), 'cis/5.1.4', 'kube-linter/access-to-create-pods'],
    resources: ['pods'],
    verbs: ['create'],
    groups: [''],
    en: 'create pods, with any volume and ServiceAccount of the namespace',
    zh: '创建 Pod，并使用命名空间内任意卷与 ServiceAccount',
  },
  {
    id: 'can-create-volumes',
    severity: 'warning',
    aliases: [...kubescape('C-0278', 'rule-can-create-pv'), 'cis/5.1.9'],
    resources: ['persistentvolumes'],
    verbs: ['create'],
    groups: [''],
    en: 'create PersistentVolumes, also of folders of nodes',
    zh: '创建 PersistentVolume（包括指向节点目录的卷）',
  },
  {
    id: 'can-reach-kubelets',
    aliases: [...kubescape('C-0279', 'rule-can-access-proxy-subresource'), 'cis/5.1.10'],
    resources: ['nodes/proxy'],
    verbs: ['get', 'create', 'update', 'patch', 'delete'],
    groups: [''],
    en: 'talk to kubelets, past audit and admission (nodes/proxy)',
    zh: '绕过审计与准入直接访问 kubelet（nodes/proxy）',
  },
  {
    id: 'can-approve-certificates',
    aliases: [...kubescape('C-0280', 'rule-can-approve-cert-signing-request'), 'cis/5.1.11'],
    resources: ['certificatesigningrequests/approval'],
    verbs: ['update', 'patch'],
    groups: ['certificates.k8s.io'],
    en: 'approve certificates for anybody',
    zh: '批准任意身份的证书',
  },
  {
    id: 'can-change-webhooks',
    aliases: [...kubescape('C-0281', 'rule-can-modify-admission-webhooks'), 'cis/5.1.12'],
    resources: ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'],
    verbs: ['create', 'update', 'patch', 'delete'],
    groups: ['admissionregistration.k8s.io'],
    en: 'change admission webhooks, and so read and change whatever is written',
    zh: '修改准入 Webhook，从而读取并篡改所有写入',
  },
  {
    id: 'can-create-tokens',
    aliases: [...kubescape('C-0282', 'rule-can-create-service-account-token'), 'cis/5.1.13'],
    resources: ['serviceaccounts/token'],
    verbs: ['create'],
    groups: [''],
    en: 'make tokens of ServiceAccounts',
    zh: '签发 ServiceAccount 令牌',
  },
]

const ALL_VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']
const isAdmin = (rule: unknown): boolean => {
  const verbs = texts(rule, 'verbs')
  return (
    texts(rule, 'resources').includes('*') &&
    texts(rule, 'apiGroups').some((group) => group === '*' || group === '') &&
    (verbs.includes('*') || ALL_VERBS.every((verb) => verbs.includes(verb)))
  )
}

/** Powers with which a workload that is broken into takes the cluster along. */
const TAKEOVER: readonly Power[] = [
  { resources: ['pods'], verbs: ['create'], groups: [''] },
  { resources: WORKLOADS, verbs: ['create', 'update', 'patch'], groups: ['apps', 'batch'] },
  { resources: ['pods/exec', 'pods/attach'], verbs: ['create', 'get'], groups: [''] },
  { resources: ['secrets'], verbs: ['get', 'list', 'watch'], groups: [''] },
  { resources: ['users', 'groups', 'serviceaccounts'], verbs: ['impersonate'], groups: ['', 'authentication.k8s.io'] },
  {
    resources: ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'],
    verbs: ['bind', 'escalate', 'create', 'update', 'patch'],
    groups: ['rbac.authorization.k8s.io'],
  },
  { resources: ['nodes/proxy'], verbs: ['get', 'create'], groups: [''] },
  { resources: ['serviceaccounts/token'], verbs: ['create'], groups: [''] },
  { resources: ['certificatesigningrequests/approval'], verbs: ['update', 'patch'], groups: ['certificates.k8s.io'] },
]
const takesOver = (rule: unknown): boolean => TAKEOVER.some((power) => gives(rule, power))

const accountOf = ({ spec }: PodTemplate): string => {
  const name = spec.serviceAccountName ?? spec.serviceAccount
  return typeof name === 'string' && name !== '' ? name : 'default'
}

/** Is a token of its ServiceAccount in the pod? */
function mountsToken(pod: PodTemplate, inventory: Inventory): boolean {
  if (typeof pod.spec.automountServiceAccountToken === 'boolean') return pod.spec.automountServiceAccountToken
  const account = ofKindIn(inventory, 'ServiceAccount', pod.namespace).find((item) => nameOf(item) === accountOf(pod))
  return account?.object.automountServiceAccountToken !== false
}

const bindingsOf = new WeakMap<Inventory, Map<string, Item[]>>()
/** Bindings of each ServiceAccount, gathered once. */
function bindingsByAccount(inventory: Inventory): Map<string, Item[]> {
  const known = bindingsOf.get(inventory)
  if (known) return known
  const found = new Map<string, Item[]>()
  for (const kind of BINDINGS)
    for (const binding of ofKind(inventory, kind))
      for (const subject of listAt(binding.object, 'subjects')) {
        if (at(subject, 'kind') !== 'ServiceAccount') continue
        const key = `${String(at(subject, 'namespace') ?? namespaceOf(binding)) || 'default'}/${at(subject, 'name')}`
        found.set(key, [...(found.get(key) ?? []), binding])
      }
  bindingsOf.set(inventory, found)
  return found
}

/** The first binding that hands the ServiceAccount of these pods a rule like that. */
function powerOf(pod: PodTemplate, inventory: Inventory, allows: (rule: unknown) => boolean): string | undefined {
  for (const binding of bindingsByAccount(inventory).get(`${pod.namespace || 'default'}/${accountOf(pod)}`) ?? []) {
    const role = roleOf(binding, inventory)
    if (role && listAt(role.object, 'rules').some(allows)) return `${binding.object.kind} ${nameOf(binding)}`
  }
  return undefined
}

const workloadPower = (
  id: string,
  aliases: readonly string[],
  severity: Severity,
  en: string,
  zh: string,
  allows: (rule: unknown) => boolean,
): InspectionCheck =>
  podCheck({ id, category: 'security', severity, aliases, message: { en, 'zh-CN': zh } }, (pod, inventory) => {
    if (!mountsToken(pod, inventory)) return undefined
    const by = powerOf(pod, inventory, allows)
    return by === undefined ? undefined : { path: [...pod.path, 'serviceAccountName'], what: `ServiceAccount ${accountOf(pod)}, ${by}` }
  })

/** What a role that is not among the objects allows is not known, so it may be something. */
function allowsSomething(binding: Item, inventory: Inventory): boolean {
  const role = roleOf(binding, inventory)
  return role === undefined || listAt(role.object, 'rules').some(isFields)
}

const EVERYBODY = new Set(['system:anonymous', 'system:unauthenticated'])
/** What everybody may read, by default: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles */
const PUBLIC = new Set(['system:public-info-viewer', 'kubeadm:bootstrap-signer-clusterinfo'])

const bindingCheck = (
  id: string,
  aliases: readonly string[],
  severity: Severity,
  en: string,
  zh: string,
  bad: (binding: Item, subject: unknown, inventory: Inventory) => boolean,
  optional?: true,
): InspectionCheck =>
  objectCheck(
    { id, category: 'security', severity, aliases, ...(optional ? { optional } : {}), message: { en, 'zh-CN': zh } },
    BINDINGS,
    (binding, inventory) =>
      listAt(binding.object, 'subjects').flatMap((subject, i) =>
        bad(binding, subject, inventory) ? [{ path: ['subjects', i], what: `${whom(subject)}: ${at(binding.object, 'roleRef', 'name')}` }] : [],
      ),
  )

export const POWER_CHECKS: readonly InspectionCheck[] = [
  ...POWERS.map(
    ({ id, aliases, severity, optional, en, zh, ...power }): InspectionCheck => ({
      id,
      category: 'security',
      severity: severity ?? 'error',
      aliases,
      ...(optional ? { optional } : {}),
      message: { en: `Whoever the binding names may ${en}.`, 'zh-CN': `该绑定所列主体可${zh}。` },
      find: (inventory) => handedOut(inventory, (rule) => gives(rule, power)),
    }),
  ),
  {
    id: 'can-do-everything',
    category: 'security',
    severity: 'error',
    aliases: [...kubescape('C-0035', 'C-0187', 'rule-list-all-cluster-admins-v1', 'rule-list-all-cluster-admins'), 'cis/5.1.3'],
    optional: true,
    message: { en: 'Whoever the binding names may do everything with everything.', 'zh-CN': '该绑定所列主体可对一切资源执行一切操作。' },
    find: (inventory) => handedOut(inventory, isAdmin),
  },
  bindingCheck(
    'bound-to-cluster-admin',
    [...kubescape('C-0185', 'cluster-admin-role'), 'cis/5.1.1', 'kube-linter/cluster-admin-role-binding'],
    'error',
    'The binding hands out cluster-admin: everything, everywhere.',
    '该绑定授予 cluster-admin：可在任何位置执行一切操作。',
    (binding) => at(binding.object, 'roleRef', 'name') === 'cluster-admin' && !isOwn(binding),
    true,
  ),
  bindingCheck(
    'anonymous-access',
    kubescape('C-0262', 'anonymous-access-enabled'),
    'critical',
    'The binding gives rights to everybody who can reach the API server, without any credentials.',
    '该绑定向任何能访问 API 服务器的匿名用户授予权限。',
    (binding, subject) =>
      EVERYBODY.has(String(at(subject, 'name'))) && !PUBLIC.has(nameOf(binding)) && !PUBLIC.has(String(at(binding.object, 'roleRef', 'name'))),
  ),
  bindingCheck(
    'authenticated-takeover',
    kubescape('C-0265', 'system-authenticated-allowed-to-take-over-cluster'),
    'critical',
    'The binding lets everybody who can log in take over the cluster.',
    '该绑定允许任何已登录用户接管集群。',
    (binding, subject, inventory) => {
      if (at(subject, 'name') !== 'system:authenticated') return false
      const role = roleOf(binding, inventory)
      return role !== undefined && listAt(role.object, 'rules').some((rule) => takesOver(rule) || isAdmin(rule))
    },
  ),
  bindingCheck(
    'default-account-bound',
    [...kubescape('C-0189', 'C-0225', 'ensure-default-service-accounts-has-only-default-roles'), 'popeye/POP-308', 'cis/5.1.5'],
    'warning',
    'The default ServiceAccount is given rights: every pod of the namespace that names no other has them.',
    'default ServiceAccount 被授予权限：命名空间内未指定账号的所有 Pod 都会拥有。',
    (_, subject) => at(subject, 'kind') === 'ServiceAccount' && at(subject, 'name') === 'default',
  ),
  bindingCheck(
    'dashboard-account-bound',
    kubescape('C-0014', 'rule-access-dashboard-subject-v1', 'rule-access-dashboard'),
    'warning',
    'Somebody other than the dashboard is given the rights of the dashboard.',
    '除 Dashboard 自身外的主体被授予了 Dashboard 的权限。',
    (binding, subject) => at(binding.object, 'roleRef', 'name') === 'kubernetes-dashboard' && at(subject, 'name') !== 'kubernetes-dashboard',
  ),
  podCheck(
    {
      id: 'dashboard-account-used',
      category: 'security',
      severity: 'warning',
      aliases: kubescape('C-0014', 'rule-access-dashboard-wl-v1', 'rule-access-dashboard'),
      message: {
        en: 'A workload that is not the dashboard runs with the rights of the dashboard.',
        'zh-CN': '非 Dashboard 的工作负载使用了 Dashboard 的账号。',
      },
    },
    (pod) =>
      accountOf(pod) === 'kubernetes-dashboard' && !nameOf(pod.item).includes('kubernetes-dashboard')
        ? { path: [...pod.path, 'serviceAccountName'] }
        : undefined,
  ),
  workloadPower(
    'workload-is-admin',
    kubescape('C-0272', 'workload-with-administrative-roles'),
    'error',
    'The pods may do everything in the cluster: who breaks into one of them has it all.',
    '这些 Pod 在集群内可执行一切操作：一旦被攻破即失守全局。',
    isAdmin,
  ),
  workloadPower(
    'workload-can-take-over',
    kubescape('C-0267', 'workload-with-cluster-takeover-roles'),
    'warning',
    'The pods have rights with which the cluster can be taken over.',
    '这些 Pod 拥有可用于接管集群的权限。',
    takesOver,
  ),
  objectCheck(
    {
      id: 'default-account-mounts-token',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: [...kubescape('C-0189', 'C-0225', 'automount-default-service-account'), 'cis/5.1.5'],
      message: {
        en: 'The default ServiceAccount hands its token to every pod of the namespace.',
        'zh-CN': 'default ServiceAccount 会把令牌挂载到命名空间内的每个 Pod。',
      },
    },
    ['ServiceAccount'],
    (item) =>
      nameOf(item) === 'default' && item.object.automountServiceAccountToken !== false
        ? { path: ['automountServiceAccountToken'], fix: [{ path: ['automountServiceAccountToken'], value: false }] }
        : undefined,
  ),
  objectCheck(
    {
      id: 'account-mounts-token',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: [...kubescape('C-0190', 'ensure-automount-service-account-is-false', 'C-0034', 'automount-service-account'), 'popeye/POP-303', 'cis/5.1.6'],
      message: { en: 'The ServiceAccount hands its token to every pod that names it.', 'zh-CN': '该 ServiceAccount 会把令牌挂载到所有使用它的 Pod。' },
    },
    ['ServiceAccount'],
    (item) =>
      item.object.automountServiceAccountToken !== false
        ? { path: ['automountServiceAccountToken'], fix: [{ path: ['automountServiceAccountToken'], value: false }] }
        : undefined,
  ),
  podCheck(
    {
      id: 'account-token-used',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: kubescape('C-0053', 'C-0261', 'access-container-service-account', 'access-container-service-account-v1', 'serviceaccount-token-mount'),
      message: {
        en: 'The pods hold a token of a ServiceAccount that has rights.',
        'zh-CN': '这些 Pod 持有被授予权限的 ServiceAccount 的令牌。',
      },
    },
    (pod, inventory) => {
      if (!mountsToken(pod, inventory)) return undefined
      const bindings = bindingsByAccount(inventory).get(`${pod.namespace || 'default'}/${accountOf(pod)}`) ?? []
      const by = bindings.find((binding) => allowsSomething(binding, inventory))
      return by && { path: [...pod.path, 'serviceAccountName'], what: `ServiceAccount ${accountOf(pod)}, ${by.object.kind} ${nameOf(by)}` }
    },
  ),
  bindingCheck(
    'account-bound',
    kubescape('C-0053', 'access-container-service-account', 'access-container-service-account-v1'),
    'advice',
    'A ServiceAccount is given rights, and with them whatever holds its token.',
    'ServiceAccount 被授予权限：持有其令牌者即拥有这些权限。',
    (binding, subject, inventory) => at(subject, 'kind') === 'ServiceAccount' && allowsSomething(binding, inventory),
    true,
  ),
]
