/** Namespaces: what they let in, what is kept apart in them, and what should not be in the default one. */
import { type FixEdit, type InspectionCheck, objectCheck } from '../check.ts'
import { at, type Inventory, type Item, isFields, listAt, nameOf, namespaceOf, ofKind } from '../inventory.ts'

const ENFORCE = ['metadata', 'labels', 'pod-security.kubernetes.io/enforce'] as const
const levelOf = ({ object }: Item): unknown => at(object, ...ENFORCE)

/** Does some admission webhook judge objects of namespaces? Then Pod Security admission may be its job. */
const judged = (inventory: Inventory, kinds: readonly string[]): boolean =>
  kinds.some((kind) =>
    ofKind(inventory, kind).some(({ object }) =>
      listAt(object, 'webhooks').some((webhook) => listAt(webhook, 'rules').some((rule) => at(rule, 'scope') !== 'Cluster')),
    ),
  )

const HOOKS = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration']

const podSecurity = (
  id: string,
  aliases: readonly string[],
  accepted: readonly string[] | undefined,
  level: string,
  webhooks: boolean,
  en: string,
  zh: string,
): InspectionCheck =>
  objectCheck({ id, category: 'security', severity: 'advice', optional: true, aliases, message: { en, 'zh-CN': zh } }, ['Namespace'], (item, inventory) => {
    const given = levelOf(item)
    if (accepted ? accepted.includes(String(given)) : given !== undefined && given !== '') return undefined
    if (webhooks && given === undefined && judged(inventory, HOOKS)) return undefined
    const fix: FixEdit = { path: ENFORCE, value: level }
    return { path: ENFORCE, fix: [fix], ...(typeof given === 'string' ? { what: given } : {}) }
  })

/** Kinds that belong into a namespace of their own application. The words of each list are rules of Kubescape. */
const DEFAULT_NAMESPACE: readonly (readonly [kind: string, rule: string])[] = [
  ['Pod', 'pods-in-default-namespace'],
  ['ConfigMap', 'configmap-in-default-namespace'],
  ['Secret', 'resources-secret-in-default-namespace'],
  ['Service', 'service-in-default-namespace'],
  ['ServiceAccount', 'serviceaccount-in-default-namespace'],
  ['Endpoints', 'endpoints-in-default-namespace'],
  ['EndpointSlice', 'endpointslice-in-default-namespace'],
  ['Ingress', 'ingress-in-default-namespace'],
  ['Lease', 'lease-in-default-namespace'],
  ['LimitRange', 'limitrange-in-default-namespace'],
  ['NetworkPolicy', 'networkpolicy-in-default-namespace'],
  ['PersistentVolumeClaim', 'persistentvolumeclaim-in-default-namespace'],
  ['PodDisruptionBudget', 'poddisruptionbudget-in-default-namespace'],
  ['PodTemplate', 'podtemplate-in-default-namespace'],
  ['ReplicationController', 'replicationcontroller-in-default-namespace'],
  ['ResourceQuota', 'resourcequota-in-default-namespace'],
  ['Role', 'role-in-default-namespace'],
  ['RoleBinding', 'rolebinding-in-default-namespace'],
  ['HorizontalPodAutoscaler', 'horizontalpodautoscaler-in-default-namespace'],
  ['CSIStorageCapacity', 'csistoragecapacity-in-default-namespace'],
  ['ControllerRevision', 'controllerrevision-in-default-namespace'],
  ['Event', 'resources-event-in-default-namespace'],
  ['Deployment', 'deployment-in-default-namespace'],
  ['ReplicaSet', 'replicaset-in-default-namespace'],
  ['StatefulSet', 'statefulset-in-default-namespace'],
  ['DaemonSet', 'daemonset-in-default-namespace'],
  ['Job', 'job-in-default-namespace'],
  ['CronJob', 'cronjob-in-default-namespace'],
]
/** Older rules that take several kinds together. */
const TOGETHER: Readonly<Record<string, readonly string[]>> = {
  'pods-in-default-namespace': ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'],
  'resources-notpods-in-default-namespace': ['Service', 'ConfigMap', 'Secret', 'ServiceAccount', 'Ingress', 'Role', 'RoleBinding', 'PersistentVolumeClaim'],
  'resources-rbac-in-default-namespace': ['Role', 'RoleBinding'],
  'resources-core1-in-default-namespace': ['ConfigMap', 'Endpoints', 'LimitRange', 'PersistentVolumeClaim', 'PodTemplate', 'ReplicationController'],
  'resources-core2-in-default-namespace': ['ResourceQuota', 'ServiceAccount', 'Service'],
  'resources-other1-in-default-namespace': ['ControllerRevision', 'HorizontalPodAutoscaler', 'Lease', 'EndpointSlice'],
  'resources-other2-in-default-namespace': ['Ingress', 'NetworkPolicy', 'PodDisruptionBudget', 'CSIStorageCapacity'],
}

/** What Kubernetes puts there itself. */
const isOwn = (item: Item): boolean =>
  (item.object.kind === 'ConfigMap' && nameOf(item) === 'kube-root-ca.crt') ||
  (['Service', 'Endpoints', 'EndpointSlice'].includes(item.object.kind) && nameOf(item) === 'kubernetes') ||
  (item.object.kind === 'ServiceAccount' && nameOf(item) === 'default' && item.file === '')

/** The application that the object says it belongs to, else its own name. */
function namespaceFor(item: Item): string {
  const labels = item.object.metadata.labels
  const name = [at(labels, 'app.kubernetes.io/part-of'), at(labels, 'app'), nameOf(item)].find(
    (one) => typeof one === 'string' && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(one),
  )
  return typeof name === 'string' && name !== 'default' ? name : 'app'
}

const inDefault = (kind: string, rule: string): InspectionCheck =>
  objectCheck(
    {
      id: `default-namespace-${kind.toLowerCase()}`,
      category: 'stability',
      severity: 'advice',
      optional: true,
      aliases: [
        'kubescape/C-0212',
        'kubescape/C-0061',
        `kubescape/${rule}`,
        ...Object.entries(TOGETHER).flatMap(([name, kinds]) => (kinds.includes(kind) ? [`kubescape/${name}`] : [])),
        'cis/5.7.4',
        'kube-linter/use-namespace',
      ],
      message: {
        en: `The ${kind} is in the default namespace, where nothing keeps applications apart.`,
        'zh-CN': `${kind} 位于 default 命名空间，应用之间没有隔离。`,
      },
    },
    [kind],
    (item) =>
      ['', 'default'].includes(namespaceOf(item)) && !isOwn(item)
        ? { path: ['metadata', 'namespace'], fix: [{ path: ['metadata', 'namespace'], value: namespaceFor(item), guess: true }] }
        : undefined,
  )

/** Does a policy of Cilium hold in a namespace as a whole? One for the whole cluster must take all its endpoints. */
const takesAll = (spec: unknown): boolean => {
  const selector = at(spec, 'endpointSelector')
  return (
    isFields(selector) &&
    Object.keys(isFields(selector.matchLabels) ? selector.matchLabels : {}).length === 0 &&
    listAt(selector, 'matchExpressions').length === 0
  )
}
export const ciliumSpecs = ({ object }: Item): readonly unknown[] => [...(isFields(object.spec) ? [object.spec] : []), ...listAt(object, 'specs')]

const pspCheck = (id: string, alias: readonly string[], bad: (spec: unknown) => readonly string[] | undefined, en: string, zh: string): InspectionCheck => ({
  id,
  category: 'security',
  severity: 'advice',
  optional: true,
  aliases: alias.map((name) => `kubescape/${name}`),
  message: { en, 'zh-CN': zh },
  *find(inventory) {
    // What one policy denies, a laxer one beside it allows again: pods may choose. So one strict policy is enough to pass (CIS 1.6, 5.2).
    const policies = ofKind(inventory, 'PodSecurityPolicy').map((item) => ({ item, path: bad(item.object.spec) }))
    if (policies.some(({ path }) => path === undefined)) return
    for (const { item, path } of policies) yield { item, path: ['spec', ...path!], fix: [{ path: ['spec', ...path!], value: PSP_BETTER[id] }] }
  },
})
/** What a fix sets; of the others it takes the field away. */
const PSP_BETTER: Readonly<Record<string, unknown>> = { 'psp-privilege-escalation': false, 'psp-root': 'MustRunAsNonRoot', 'psp-required-drop': ['ALL'] }
const PSP_FIELDS = [
  ['privileged', 'C-0213', 'privileged-container', 'privileged containers', '特权容器'],
  ['hostPID', 'C-0214', 'hostpid', 'processes of the node', '共享节点进程'],
  ['hostIPC', 'C-0215', 'hostipc', 'inter-process communication of the node', '共享节点进程间通信'],
  ['hostNetwork', 'C-0216', 'hostnetwork', 'the network of the node', '共享节点网络'],
] as const

export const NAMESPACE_CHECKS: readonly InspectionCheck[] = [
  podSecurity(
    'pod-security-admission-missing',
    [
      'kubescape/C-0192',
      'kubescape/pod-security-admission-applied',
      'kubescape/pod-security-admission-applied-1',
      'kubescape/pod-security-admission-applied-2',
      'cis/5.2.1',
    ],
    undefined,
    'baseline',
    true,
    'Nothing limits what pods of the namespace may do (no Pod Security level is enforced).',
    '该命名空间未强制任何 Pod 安全级别。',
  ),
  podSecurity(
    'pod-security-baseline-missing',
    [
      ...['C-0193', 'C-0194', 'C-0195', 'C-0196', 'C-0200', 'C-0202', 'C-0203', 'C-0204'].map((control) => `kubescape/${control}`),
      'kubescape/pod-security-admission-baseline-applied',
      'kubescape/pod-security-admission-baseline-applied-1',
    ],
    ['baseline', 'restricted'],
    'baseline',
    false,
    'The namespace does not enforce at least the baseline Pod Security level.',
    '该命名空间未强制 baseline 及以上的 Pod 安全级别。',
  ),
  podSecurity(
    'pod-security-restricted-missing',
    [
      ...['C-0197', 'C-0198', 'C-0199', 'C-0201'].map((control) => `kubescape/${control}`),
      'kubescape/pod-security-admission-restricted-applied',
      'kubescape/pod-security-admission-restricted-applied-1',
    ],
    ['restricted'],
    'restricted',
    false,
    'The namespace does not enforce the restricted Pod Security level.',
    '该命名空间未强制 restricted Pod 安全级别。',
  ),
  ...(['baseline', 'restricted'] as const).map((level) =>
    podSecurity(
      `pod-security-${level}-or-webhook`,
      [`kubescape/pod-security-admission-${level}-applied-2`],
      level === 'baseline' ? ['baseline', 'restricted'] : ['restricted'],
      level,
      true,
      `Neither the ${level} Pod Security level nor an admission webhook limits pods of the namespace.`,
      `该命名空间既未强制 ${level} Pod 安全级别，也没有准入 Webhook。`,
    ),
  ),
  ...DEFAULT_NAMESPACE.map(([kind, rule]) => inDefault(kind, rule)),
  objectCheck(
    {
      id: 'namespace-without-policy',
      category: 'security',
      severity: 'warning',
      optional: true,
      aliases: ['kubescape/C-0054', 'kubescape/C-0049', 'kubescape/C-0206', 'kubescape/internal-networking', 'cis/5.3.2'],
      message: {
        en: 'No network policy holds in the namespace: every pod of the cluster reaches its pods.',
        'zh-CN': '该命名空间没有网络策略：集群中任何 Pod 都可访问其中的 Pod。',
      },
    },
    ['Namespace'],
    (item, inventory) => {
      const name = nameOf(item)
      const covered =
        ['NetworkPolicy', 'CiliumNetworkPolicy'].some((kind) => ofKind(inventory, kind).some((policy) => (namespaceOf(policy) || 'default') === name)) ||
        ofKind(inventory, 'CiliumClusterwideNetworkPolicy').some((policy) => ciliumSpecs(policy).some(takesAll))
      return covered ? undefined : { path: ['metadata', 'name'] }
    },
  ),
  objectCheck(
    {
      id: 'namespaces-to-look-at',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: ['kubescape/C-0209', 'kubescape/list-all-namespaces', 'cis/5.7.1'],
      message: { en: 'Look whether this namespace separates what should be apart.', 'zh-CN': '请确认该命名空间是否实现了应有的隔离。' },
    },
    ['Namespace'],
    () => ({ path: ['metadata', 'name'] }),
  ),
  objectCheck(
    {
      id: 'namespace-without-account',
      category: 'security',
      severity: 'advice',
      optional: true,
      aliases: ['kubescape/C-0060', 'kubescape/namespace-without-service-account'],
      message: {
        en: 'The namespace has no ServiceAccount besides default: all of its pods share one identity.',
        'zh-CN': '命名空间除 default 外没有 ServiceAccount：所有 Pod 共用同一身份。',
      },
    },
    ['Namespace'],
    ({ object }, inventory) =>
      ofKind(inventory, 'ServiceAccount').some((item) => namespaceOf(item) === object.metadata.name && nameOf(item) !== 'default')
        ? undefined
        : { path: ['metadata', 'name'] },
  ),
  ...HOOKS.map((kind, i) =>
    objectCheck(
      {
        id: `${i === 0 ? 'validating' : 'mutating'}-webhooks-to-look-at`,
        category: 'security',
        severity: 'advice',
        optional: true,
        aliases: i === 0 ? ['kubescape/C-0036', 'kubescape/list-all-validating-webhooks'] : ['kubescape/C-0039', 'kubescape/list-all-mutating-webhooks'],
        message: {
          en: `Look whether this ${kind} is one that you know: it sees ${i === 0 ? '' : 'and changes '}what is written.`,
          'zh-CN': `请确认该 ${kind} 是否可信：它能看到${i === 0 ? '' : '并修改'}写入内容。`,
        },
      },
      [kind],
      () => ({ path: ['webhooks'] }),
    ),
  ),
  ...PSP_FIELDS.map(([field, control, rule, en, zh]) =>
    pspCheck(
      `psp-${rule}`,
      [control, `psp-deny-${rule}`],
      (spec) => (at(spec, field) === true ? [field] : undefined),
      `No PodSecurityPolicy denies ${en}.`,
      `没有 PodSecurityPolicy 禁止${zh}。`,
    ),
  ),
  pspCheck(
    'psp-privilege-escalation',
    ['C-0217', 'psp-deny-allowprivilegeescalation'],
    // It is allowed unless it is denied.
    (spec) => (at(spec, 'allowPrivilegeEscalation') === false ? undefined : ['allowPrivilegeEscalation']),
    'No PodSecurityPolicy denies gaining more privileges.',
    '没有 PodSecurityPolicy 禁止提升权限。',
  ),
  pspCheck(
    'psp-root',
    ['C-0218', 'psp-deny-root-container'],
    (spec) => {
      const rule = at(spec, 'runAsUser', 'rule')
      const ranges = listAt(spec, 'runAsUser', 'ranges')
      return rule === 'MustRunAsNonRoot' || (rule === 'MustRunAs' && ranges.length > 0 && ranges.every((range) => Number(at(range, 'min')) > 0))
        ? undefined
        : ['runAsUser', 'rule']
    },
    'No PodSecurityPolicy denies root.',
    '没有 PodSecurityPolicy 禁止以 root 运行。',
  ),
  pspCheck(
    'psp-allowed-capabilities',
    ['C-0219', 'psp-deny-allowed-capabilities'],
    (spec) => (listAt(spec, 'allowedCapabilities').length > 0 ? ['allowedCapabilities'] : undefined),
    'Every PodSecurityPolicy allows more capabilities.',
    '所有 PodSecurityPolicy 都允许附加能力。',
  ),
  pspCheck(
    'psp-required-drop',
    ['C-0220', 'psp-required-drop-capabilities'],
    (spec) => (listAt(spec, 'requiredDropCapabilities').some((name) => name === 'ALL' || name === 'NET_RAW') ? undefined : ['requiredDropCapabilities']),
    'No PodSecurityPolicy takes capabilities away.',
    '没有 PodSecurityPolicy 要求移除能力。',
  ),
]
