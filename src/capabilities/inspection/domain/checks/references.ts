/** What objects refer to and is not there, and what selects nothing. */
import { type Fault, type InspectionCheck, objectCheck, podCheck } from '../check.ts'
import {
  at,
  type Inventory,
  type Item,
  isFields,
  listAt,
  nameOf,
  namespaceOf,
  ofKind,
  ofKindIn,
  type Path,
  type PodTemplate,
  podsIn,
  selectsLabels,
  takes,
} from '../inventory.ts'

const kubescape = (...names: string[]) => names.map((name) => `kubescape/${name}`)

/** Is it among the objects? A kind that could not be read is not missing. */
const exists = (inventory: Inventory, kind: string, name: unknown, namespace: string): boolean =>
  inventory.unread.has(kind) || ofKindIn(inventory, kind, namespace).some((item) => nameOf(item) === name)

function* ingressBackends(object: Item['object']): Generator<{ name: unknown; port: unknown; path: Path }> {
  const one = (backend: unknown, path: Path) => {
    const service = at(backend, 'service')
    // extensions/v1beta1 and networking.k8s.io/v1beta1 had the name in the backend itself.
    if (isFields(service)) return { name: service.name, port: at(service, 'port', 'number') ?? at(service, 'port', 'name'), path: [...path, 'service', 'name'] }
    return typeof at(backend, 'serviceName') === 'string'
      ? { name: at(backend, 'serviceName'), port: at(backend, 'servicePort'), path: [...path, 'serviceName'] }
      : undefined
  }
  for (const field of ['defaultBackend', 'backend']) {
    const found = one(at(object, 'spec', field), ['spec', field])
    if (found) yield found
  }
  for (const [i, rule] of listAt(object, 'spec', 'rules').entries())
    for (const [j, entry] of listAt(rule, 'http', 'paths').entries()) {
      const found = one(at(entry, 'backend'), ['spec', 'rules', i, 'http', 'paths', j, 'backend'])
      if (found) yield found
    }
}

const ROUTES = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute', 'UDPRoute']
const SCALABLE = new Set(['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'])

/** Where the selector of a workload stands, and its pod template. */
function selectorFault(item: Item): Fault | undefined {
  const base: Path = item.object.kind === 'CronJob' ? ['spec', 'jobTemplate', 'spec'] : ['spec']
  const spec = at(item.object, ...base)
  const selector = at(spec, 'selector')
  if (!isFields(selector)) return undefined
  const labels = at(spec, 'template', 'metadata', 'labels')
  const plain = item.object.kind === 'ReplicationController'
  const wanted = plain ? { matchLabels: selector } : selector
  if (selectsLabels(wanted, isFields(labels) ? (labels as Record<string, string>) : {})) return undefined
  const part = plain
    ? []
    : [isFields(selector.matchLabels) && !selectsLabels({ matchLabels: selector.matchLabels }, labels) ? 'matchLabels' : 'matchExpressions']
  return { path: [...base, 'selector', ...part] }
}

const podsOf = (service: Item, inventory: Inventory): PodTemplate[] => {
  const selector = at(service.object, 'spec', 'selector')
  return isFields(selector) && Object.keys(selector).length > 0
    ? podsIn(inventory, namespaceOf(service)).filter((pod) => selectsLabels({ matchLabels: selector }, pod.labels))
    : []
}

const twice = (names: readonly unknown[]): number[] => names.flatMap((name, i) => (typeof name === 'string' && names.indexOf(name) < i ? [i] : []))

/** Fields that some object of a pod spec names: [kind, name, optional, path]. */
function* namedBy({ spec, path, containers }: PodTemplate): Generator<{ kind: string; name: unknown; path: Path }> {
  for (const [i, volume] of listAt(spec, 'volumes').entries()) {
    const sources = [volume, ...listAt(volume, 'projected', 'sources')]
    for (const source of sources) {
      for (const [field, kind, key] of [
        ['secret', 'Secret', source === volume ? 'secretName' : 'name'],
        ['configMap', 'ConfigMap', 'name'],
        ['persistentVolumeClaim', 'PersistentVolumeClaim', 'claimName'],
      ] as const)
        if (isFields(at(source, field)) && at(source, field, 'optional') !== true)
          yield { kind, name: at(source, field, key), path: [...path, 'volumes', i, ...(source === volume ? [field, key] : ['projected'])] }
    }
  }
  for (const container of containers) {
    for (const [i, from] of listAt(container.spec, 'envFrom').entries())
      for (const [field, kind] of [
        ['secretRef', 'Secret'],
        ['configMapRef', 'ConfigMap'],
      ] as const)
        if (isFields(at(from, field)) && at(from, field, 'optional') !== true)
          yield { kind, name: at(from, field, 'name'), path: [...container.path, 'envFrom', i, field, 'name'] }
    for (const [i, variable] of listAt(container.spec, 'env').entries())
      for (const [field, kind] of [
        ['secretKeyRef', 'Secret'],
        ['configMapKeyRef', 'ConfigMap'],
      ] as const) {
        const reference = at(variable, 'valueFrom', field)
        if (isFields(reference) && reference.optional !== true)
          yield { kind, name: reference.name, path: [...container.path, 'env', i, 'valueFrom', field, 'name'] }
      }
  }
}

export const REFERENCE_CHECKS: readonly InspectionCheck[] = [
  objectCheck(
    {
      id: 'ingress-backend-missing',
      category: 'stability',
      severity: 'error',
      aliases: [...kubescape('C-0298', 'dangling-ingress-backend'), 'popeye/POP-1401', 'kube-linter/dangling-ingress', 'kube-score/ingress-targets-service'],
      message: { en: 'The Ingress leads to a Service that is not among the objects.', 'zh-CN': 'Ingress 指向不存在的 Service。' },
    },
    ['Ingress'],
    (item, inventory) =>
      [...ingressBackends(item.object)].flatMap(({ name, path }) =>
        typeof name === 'string' && !exists(inventory, 'Service', name, namespaceOf(item)) ? [{ path, what: name }] : [],
      ),
  ),
  objectCheck(
    {
      id: 'ingress-port-missing',
      category: 'stability',
      severity: 'error',
      aliases: ['popeye/POP-1402'],
      message: { en: 'The Ingress leads to a port that the Service does not have.', 'zh-CN': 'Ingress 指向 Service 上不存在的端口。' },
    },
    ['Ingress'],
    (item, inventory) =>
      [...ingressBackends(item.object)].flatMap(({ name, port, path }) => {
        const service = ofKindIn(inventory, 'Service', namespaceOf(item)).find((one) => nameOf(one) === name)
        if (!service || port === undefined) return []
        const has = listAt(service.object, 'spec', 'ports').some((one) => at(one, 'port') === port || at(one, 'name') === port)
        return has ? [] : [{ path, what: `${name}: ${port}` }]
      }),
  ),
  objectCheck(
    {
      id: 'route-backend-missing',
      category: 'stability',
      severity: 'error',
      aliases: kubescape('C-0302', 'dangling-gateway-backend'),
      message: { en: 'The route leads to a Service that is not among the objects.', 'zh-CN': '路由指向不存在的 Service。' },
    },
    ROUTES,
    (item, inventory) =>
      listAt(item.object, 'spec', 'rules').flatMap((rule, i) =>
        listAt(rule, 'backendRefs').flatMap((reference, j) => {
          if (!['', undefined].includes(at(reference, 'group') as string) || !['Service', undefined].includes(at(reference, 'kind') as string)) return []
          const [name, namespace] = [at(reference, 'name'), at(reference, 'namespace') ?? namespaceOf(item)]
          return typeof name === 'string' && !exists(inventory, 'Service', name, String(namespace))
            ? [{ path: ['spec', 'rules', i, 'backendRefs', j, 'name'], what: name }]
            : []
        }),
      ),
  ),
  objectCheck(
    {
      id: 'scale-target-missing',
      category: 'stability',
      severity: 'error',
      aliases: [
        ...kubescape('C-0300', 'hpa-has-target'),
        'popeye/POP-600',
        'popeye/POP-601',
        'kube-linter/dangling-horizontalpodautoscaler',
        'kube-score/horizontalpodautoscaler-has-target',
      ],
      message: { en: 'The autoscaler scales something that is not among the objects.', 'zh-CN': '自动伸缩的目标不存在。' },
    },
    ['HorizontalPodAutoscaler'],
    (item, inventory) => {
      const [kind, name] = [at(item.object, 'spec', 'scaleTargetRef', 'kind'), at(item.object, 'spec', 'scaleTargetRef', 'name')]
      return typeof kind === 'string' && SCALABLE.has(kind) && !exists(inventory, kind, name, namespaceOf(item))
        ? { path: ['spec', 'scaleTargetRef', 'name'], what: `${kind} ${name}` }
        : undefined
    },
  ),
  objectCheck(
    {
      id: 'service-selects-nothing',
      category: 'stability',
      severity: 'warning',
      aliases: [...kubescape('C-0293', 'service-with-no-pods'), 'popeye/POP-1100', 'kube-linter/dangling-service', 'kube-score/service-targets-pod'],
      message: { en: 'The Service selects no pods: nobody answers.', 'zh-CN': 'Service 未选中任何 Pod：请求无人应答。' },
    },
    ['Service'],
    (item, inventory) => {
      const selector = at(item.object, 'spec', 'selector')
      if (!isFields(selector) || Object.keys(selector).length === 0 || at(item.object, 'spec', 'type') === 'ExternalName') return undefined
      return podsOf(item, inventory).length > 0 || inventory.unread.has('Pod') ? undefined : { path: ['spec', 'selector'] }
    },
  ),
  objectCheck(
    {
      id: 'service-port-missing',
      category: 'stability',
      severity: 'error',
      aliases: ['popeye/POP-1106', 'kube-linter/invalid-target-ports'],
      message: { en: 'The Service leads to a named port that none of its pods has.', 'zh-CN': 'Service 指向的命名端口在其 Pod 中不存在。' },
    },
    ['Service'],
    (item, inventory) => {
      const pods = podsOf(item, inventory)
      if (pods.length === 0) return undefined
      const names = new Set(pods.flatMap((pod) => pod.containers.flatMap(({ spec }) => listAt(spec, 'ports').map((port) => at(port, 'name')))))
      return listAt(item.object, 'spec', 'ports').flatMap((port, i) => {
        const target = at(port, 'targetPort')
        return typeof target === 'string' && !/^\d+$/.test(target) && !names.has(target) ? [{ path: ['spec', 'ports', i, 'targetPort'], what: target }] : []
      })
    },
  ),
  objectCheck(
    {
      id: 'network-policy-selects-nothing',
      category: 'security',
      severity: 'warning',
      aliases: [
        ...kubescape('C-0299', 'dangling-networkpolicy'),
        'popeye/POP-1200',
        'kube-linter/dangling-networkpolicy',
        'kube-score/networkpolicy-targets-pod',
      ],
      message: { en: 'The NetworkPolicy selects no pods: it protects nothing.', 'zh-CN': 'NetworkPolicy 未选中任何 Pod：未起到保护作用。' },
    },
    ['NetworkPolicy'],
    (item, inventory) => {
      const selector = at(item.object, 'spec', 'podSelector')
      const empty =
        !isFields(selector) ||
        (Object.keys(isFields(selector.matchLabels) ? selector.matchLabels : {}).length === 0 && listAt(selector, 'matchExpressions').length === 0)
      if (empty || inventory.unread.has('Pod')) return undefined
      return podsIn(inventory, namespaceOf(item)).some((pod) => selectsLabels(selector, pod.labels)) ? undefined : { path: ['spec', 'podSelector'] }
    },
  ),
  objectCheck(
    {
      id: 'disruption-budget-selects-nothing',
      category: 'stability',
      severity: 'advice',
      aliases: ['popeye/POP-900'],
      message: { en: 'The PodDisruptionBudget selects no pods.', 'zh-CN': 'PodDisruptionBudget 未选中任何 Pod。' },
    },
    ['PodDisruptionBudget'],
    (item, inventory) =>
      inventory.unread.has('Pod') || podsIn(inventory, namespaceOf(item)).some((pod) => takes(at(item.object, 'spec', 'selector'), namespaceOf(item), pod))
        ? undefined
        : { path: ['spec', 'selector'] },
  ),
  podCheck(
    {
      id: 'service-account-missing',
      category: 'stability',
      severity: 'error',
      aliases: [...kubescape('C-0307', 'non-existent-service-account'), 'popeye/POP-307', 'popeye/POP-507', 'kube-linter/non-existent-service-account'],
      message: {
        en: 'The pods name a ServiceAccount that is not among the objects: they are not created.',
        'zh-CN': 'Pod 引用了不存在的 ServiceAccount：将无法创建。',
      },
    },
    (pod, inventory) => {
      const field = pod.spec.serviceAccountName === undefined ? 'serviceAccount' : 'serviceAccountName'
      const name = pod.spec[field]
      return typeof name === 'string' && name !== '' && name !== 'default' && !exists(inventory, 'ServiceAccount', name, pod.namespace)
        ? { path: [...pod.path, field], what: name }
        : undefined
    },
  ),
  podCheck(
    {
      id: 'service-account-field-old',
      category: 'stability',
      severity: 'advice',
      aliases: [...kubescape('C-0294', 'deprecated-service-account-field'), 'kube-linter/deprecated-service-account-field'],
      message: { en: 'The field serviceAccount is an old name of serviceAccountName.', 'zh-CN': '字段 serviceAccount 已弃用，应使用 serviceAccountName。' },
    },
    ({ item, spec, path }) =>
      // The API server fills in the old field, so that only one that stands alone is somebody's own.
      typeof spec.serviceAccount === 'string' && (spec.serviceAccountName === undefined || spec.serviceAccountName !== spec.serviceAccount || item.file !== '')
        ? {
            path: [...path, 'serviceAccount'],
            what: spec.serviceAccount,
            fix: [
              ...(spec.serviceAccountName === undefined ? [{ path: [...path, 'serviceAccountName'], value: spec.serviceAccount }] : []),
              { path: [...path, 'serviceAccount'], value: undefined },
            ],
          }
        : undefined,
  ),
  podCheck(
    {
      id: 'reference-missing',
      category: 'stability',
      severity: 'error',
      aliases: ['popeye/POP-304', 'popeye/POP-407'],
      message: {
        en: 'The pods need a Secret, ConfigMap or volume claim that is not among the objects: they do not start.',
        'zh-CN': 'Pod 需要的 Secret、ConfigMap 或存储卷声明不存在：将无法启动。',
      },
    },
    (pod, inventory) =>
      // A chart or folder without any object of the kind has it made elsewhere.
      [...namedBy(pod)].flatMap(({ kind, name, path }) =>
        typeof name === 'string' && (pod.item.file === '' || ofKind(inventory, kind).length > 0) && !exists(inventory, kind, name, pod.namespace)
          ? [{ path, what: `${kind} ${name}` }]
          : [],
      ),
  ),
  objectCheck(
    {
      id: 'selector-mismatch',
      category: 'stability',
      severity: 'critical',
      aliases: [
        ...kubescape('C-0296', 'mismatching-selector'),
        'popeye/POP-508',
        'kube-linter/mismatching-selector',
        'kube-score/deployment-pod-selector-labels-match-template-metadata-labels',
        'kube-score/statefulset-pod-selector-labels-match-template-metadata-labels',
      ],
      message: { en: 'The selector does not take the pods that the object itself makes.', 'zh-CN': '选择器未匹配其自身 Pod 模板的标签。' },
    },
    ['Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet', 'ReplicationController', 'Job', 'CronJob'],
    selectorFault,
  ),
  {
    id: 'environment-twice',
    category: 'stability',
    severity: 'warning',
    aliases: [...kubescape('C-0295', 'duplicate-env-var'), 'kube-linter/duplicate-env-var', 'kube-score/environment-variable-key-duplication'],
    message: { en: 'An environment variable stands twice: only the last one counts.', 'zh-CN': '环境变量重复定义：仅最后一个生效。' },
    *find({ pods }) {
      for (const pod of pods)
        for (const container of pod.containers)
          for (const i of twice(listAt(container.spec, 'env').map((variable) => at(variable, 'name')))) {
            const name = at(container.spec, 'env', i, 'name')
            const unused = listAt(container.spec, 'env').findLastIndex((variable, j) => j < i && at(variable, 'name') === name)
            yield {
              item: pod.item,
              path: [...container.path, 'env', i, 'name'],
              what: `${container.name}: ${name}`,
              fix: [{ path: [...container.path, 'env', unused], value: undefined }],
            }
          }
    },
  },
  objectCheck(
    {
      id: 'role-missing',
      category: 'security',
      severity: 'warning',
      aliases: ['popeye/POP-1300'],
      message: {
        en: 'The binding refers to a role that is not among the objects: who makes such a role gives these subjects its rights.',
        'zh-CN': '绑定引用了不存在的角色：任何人创建同名角色即可授权这些主体。',
      },
    },
    ['RoleBinding', 'ClusterRoleBinding'],
    (item, inventory) => {
      const [kind, name] = [at(item.object, 'roleRef', 'kind'), at(item.object, 'roleRef', 'name')]
      if ((kind !== 'Role' && kind !== 'ClusterRole') || inventory.unread.has(kind)) return undefined
      // Files need not bring the roles that every cluster has.
      if (
        kind === 'ClusterRole' &&
        item.file !== '' &&
        (['cluster-admin', 'admin', 'edit', 'view'].includes(String(name)) || String(name).startsWith('system:'))
      )
        return undefined
      const roles = kind === 'Role' ? ofKindIn(inventory, kind, namespaceOf(item)) : ofKind(inventory, kind)
      const found = roles.some((role) => nameOf(role) === name)
      return found ? undefined : { path: ['roleRef', 'name'], what: `${kind} ${name}` }
    },
  ),
  objectCheck(
    {
      id: 'webhook-service-missing',
      category: 'stability',
      severity: 'error',
      aliases: [],
      message: {
        en: 'The webhook calls a Service that is not among the objects; where its failure policy is Fail, writes are refused.',
        'zh-CN': 'Webhook 调用的 Service 不存在；若失败策略为 Fail，写入将被拒绝。',
      },
    },
    ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'],
    (item, inventory) =>
      item.file !== '' && ofKind(inventory, 'Service').length === 0
        ? undefined
        : listAt(item.object, 'webhooks').flatMap((webhook, i) => {
            const service = at(webhook, 'clientConfig', 'service')
            return isFields(service) && !exists(inventory, 'Service', service.name, String(service.namespace ?? ''))
              ? [{ path: ['webhooks', i, 'clientConfig', 'service'], what: `${service.namespace}/${service.name}` }]
              : []
          }),
  ),
]
