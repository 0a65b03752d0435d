/** Services, Ingresses, gateways and routes: how they are reached, by whom, and over what; and what roles allow by themselves. */
import type { Category } from '#core/shapes/check.ts'
import type { Severity } from '#core/shapes/severity.ts'
import { type Fault, type InspectionCheck, objectCheck } from '../check.ts'
import { at, type Inventory, type Item, isFields, listAt, nameOf, namespaceOf, ofKind, ofKindIn, podsIn, selectsLabels } from '../inventory.ts'

const polaris = (...names: string[]) => names.map((name) => `polaris/${name}`)
const linter = (...names: string[]) => names.map((name) => `kube-linter/${name}`)
const popeye = (...codes: number[]) => codes.map((code) => `popeye/POP-${code}`)

const about = (id: string, severity: Severity, aliases: readonly string[], en: string, zh: string, category: Category = 'security') =>
  ({ id, category, severity, aliases, message: { en, 'zh-CN': zh } }) as const
const taste = (id: string, aliases: readonly string[], en: string, zh: string, category: Category = 'stability') =>
  ({ ...about(id, 'advice', aliases, en, zh, category), optional: true }) as const

const place = (item: Item): string => namespaceOf(item) || 'default'
const isGateway = ({ object }: Item): boolean => String(object.apiVersion).startsWith('gateway.networking.k8s.io/')

/** Does a ReferenceGrant of the namespace that is referred to let this reference in? https://gateway-api.sigs.k8s.io/api-types/referencegrant/ */
const granted = (inventory: Inventory, from: { kind: string; namespace: string }, to: { kind: string; namespace: string; name: unknown }): boolean =>
  ofKindIn(inventory, 'ReferenceGrant', to.namespace).some(
    ({ object }) =>
      listAt(object, 'spec', 'from').some((one) => at(one, 'kind') === from.kind && at(one, 'namespace') === from.namespace) &&
      listAt(object, 'spec', 'to').some((one) => at(one, 'kind') === to.kind && [undefined, to.name].includes(at(one, 'name') as string)),
  )

const listeners = (item: Item): [number, unknown][] => (isGateway(item) ? [...listAt(item.object, 'spec', 'listeners').entries()] : [])
const endsTls = (listener: unknown): boolean =>
  at(listener, 'protocol') === 'HTTPS' || (at(listener, 'protocol') === 'TLS' && (at(listener, 'tls', 'mode') ?? 'Terminate') === 'Terminate')

/** Does the route send everybody on to HTTPS, and nothing else? */
const redirects = (route: Item): boolean => {
  const rules = listAt(route.object, 'spec', 'rules')
  return (
    rules.length > 0 &&
    rules.every(
      (rule) =>
        listAt(rule, 'backendRefs').length === 0 &&
        listAt(rule, 'filters').some((filter) => at(filter, 'type') === 'RequestRedirect' && at(filter, 'requestRedirect', 'scheme') === 'https'),
    )
  )
}

const POLICIES = ['BackendTLSPolicy', 'BackendConfigPolicy']
/** Is the port of a Service one that speaks TLS, by what it says of itself? */
const speaksTls = (service: Item, port: unknown): boolean =>
  listAt(service.object, 'spec', 'ports').some(
    (one) => at(one, 'port') === port && (at(one, 'appProtocol') === 'https' || at(one, 'name') === 'https' || at(one, 'port') === 443),
  )

const backends = (route: Item): { reference: unknown; path: (string | number)[] }[] =>
  listAt(route.object, 'spec', 'rules').flatMap((rule, i) =>
    listAt(rule, 'backendRefs').map((reference, j) => ({ reference, path: ['spec', 'rules', i, 'backendRefs', j] })),
  )

const GATEWAY_CHECKS: readonly InspectionCheck[] = [
  objectCheck(
    about('gateway-without-tls', 'error', polaris('gatewayTLSMissing'), 'A listener that ends TLS has no certificate.', '终止 TLS 的监听器没有证书。'),
    ['Gateway'],
    (item) =>
      listeners(item).flatMap(([i, listener]): Fault[] =>
        endsTls(listener) && listAt(listener, 'tls', 'certificateRefs').length === 0
          ? [{ path: ['spec', 'listeners', i, 'tls', 'certificateRefs'], what: String(at(listener, 'name')) }]
          : [],
      ),
  ),
  objectCheck(
    about(
      'gateway-open-to-all-namespaces',
      'warning',
      polaris('gatewayAllowedRoutesAll'),
      'Everybody who may write a route in some namespace may take over hosts of this listener.',
      '任何命名空间的路由都可挂到该监听器。',
    ),
    ['Gateway'],
    (item) =>
      listeners(item).flatMap(([i, listener]): Fault[] => {
        const path = ['spec', 'listeners', i, 'allowedRoutes', 'namespaces', 'from']
        return at(listener, 'allowedRoutes', 'namespaces', 'from') === 'All'
          ? [{ path, what: String(at(listener, 'name')), fix: [{ path, value: 'Same', guess: true }] }]
          : []
      }),
  ),
  objectCheck(
    about(
      'gateway-takes-any-client',
      'error',
      polaris('gatewayInsecureFrontendValidation'),
      'Clients with a wrong certificate get in all the same (AllowInsecureFallback).',
      '客户端证书校验失败仍可访问（AllowInsecureFallback）。',
    ),
    ['Gateway'],
    (item) =>
      [
        ...listeners(item).map(
          ([i, listener]) => [['spec', 'listeners', i, 'tls', 'frontendValidation', 'mode'], at(listener, 'tls', 'frontendValidation', 'mode')] as const,
        ),
        ...['default', 'perPort'].flatMap((field) => {
          const path = ['spec', 'tls', 'frontend', field, ...(field === 'default' ? ['validation', 'mode'] : [])]
          return field === 'default' ? [[path, at(item.object, ...path)] as const] : []
        }),
        ...listAt(item.object, 'spec', 'tls', 'frontend', 'perPort').map(
          (one, i) => [['spec', 'tls', 'frontend', 'perPort', i, 'tls', 'validation', 'mode'], at(one, 'tls', 'validation', 'mode')] as const,
        ),
      ].flatMap(([path, mode]): Fault[] => (mode === 'AllowInsecureFallback' ? [{ path, fix: [{ path, value: 'AllowValidOnly' }] }] : [])),
  ),
  objectCheck(
    about(
      'gateway-certificate-elsewhere',
      'warning',
      polaris('gatewayCrossNamespaceCertificateRef'),
      'The certificate is in another namespace, which does not grant it: the listener does not work.',
      '证书位于其他命名空间且未授权引用：监听器不可用。',
    ),
    ['Gateway'],
    (item, inventory) =>
      listeners(item).flatMap(([i, listener]) =>
        listAt(listener, 'tls', 'certificateRefs').flatMap((reference, j): Fault[] => {
          const namespace = at(reference, 'namespace')
          return typeof namespace === 'string' &&
            namespace !== place(item) &&
            !inventory.unread.has('ReferenceGrant') &&
            !granted(inventory, { kind: 'Gateway', namespace: place(item) }, { kind: 'Secret', namespace, name: at(reference, 'name') })
            ? [{ path: ['spec', 'listeners', i, 'tls', 'certificateRefs', j, 'namespace'], what: `${namespace}/${at(reference, 'name')}` }]
            : []
        }),
      ),
  ),
  objectCheck(
    {
      ...about(
        'route-for-any-host',
        'warning',
        polaris('httpRouteWildcardOrEmptyHost'),
        'The route takes requests for every host, or for a wildcard.',
        '路由匹配所有主机或通配主机。',
      ),
      optional: true,
    },
    ['HTTPRoute'],
    ({ object }) => {
      const hosts = listAt(object, 'spec', 'hostnames')
      const i = hosts.findIndex((host) => String(host).startsWith('*'))
      return hosts.length === 0 ? { path: ['spec', 'hostnames'] } : i >= 0 ? { path: ['spec', 'hostnames', i], what: String(hosts[i]) } : undefined
    },
  ),
  objectCheck(
    about(
      'route-in-the-clear',
      'warning',
      polaris('httpRouteInsecureListener'),
      'The route answers over plain HTTP, without sending everybody on to HTTPS.',
      '路由通过明文 HTTP 提供服务且未重定向到 HTTPS。',
    ),
    ['HTTPRoute'],
    (item, inventory) => {
      if (redirects(item)) return undefined
      return listAt(item.object, 'spec', 'parentRefs').flatMap((parent, i): Fault[] => {
        const gateway = ofKind(inventory, 'Gateway').find(
          (one) => isGateway(one) && nameOf(one) === at(parent, 'name') && place(one) === String(at(parent, 'namespace') ?? place(item)),
        )
        const open = listAt(gateway?.object, 'spec', 'listeners').find(
          (listener) => at(listener, 'protocol') === 'HTTP' && [undefined, at(listener, 'name')].includes(at(parent, 'sectionName') as string),
        )
        return open ? [{ path: ['spec', 'parentRefs', i], what: `Gateway ${at(parent, 'name')}, ${at(open, 'name')}` }] : []
      })
    },
  ),
  objectCheck(
    about(
      'route-backend-elsewhere',
      'warning',
      polaris('httpRouteCrossNamespaceBackendRef'),
      'The route leads into another namespace, which does not grant it: requests are answered with 500.',
      '路由指向未授权引用的其他命名空间：请求将返回 500。',
    ),
    ['HTTPRoute'],
    (item, inventory) =>
      backends(item).flatMap(({ reference, path }): Fault[] => {
        const namespace = at(reference, 'namespace')
        const kind = String(at(reference, 'kind') ?? 'Service')
        return typeof namespace === 'string' &&
          namespace !== place(item) &&
          !inventory.unread.has('ReferenceGrant') &&
          !granted(inventory, { kind: 'HTTPRoute', namespace: place(item) }, { kind, namespace, name: at(reference, 'name') })
          ? [{ path: [...path, 'namespace'], what: `${kind} ${namespace}/${at(reference, 'name')}` }]
          : []
      }),
  ),
  objectCheck(
    about(
      'route-backend-without-policy',
      'warning',
      polaris('httpRouteBackendTLSMissing'),
      'The backend speaks TLS, and no policy says whom it has to prove to be.',
      '后端使用 TLS，但没有策略校验其身份。',
    ),
    ['HTTPRoute'],
    (item, inventory) =>
      backends(item).flatMap(({ reference, path }): Fault[] => {
        const namespace = String(at(reference, 'namespace') ?? place(item))
        const service = ofKindIn(inventory, 'Service', namespace).find((one) => nameOf(one) === at(reference, 'name'))
        if (!service || !speaksTls(service, at(reference, 'port')) || POLICIES.some((kind) => inventory.unread.has(kind))) return []
        const covered = POLICIES.some((kind) =>
          ofKindIn(inventory, kind, namespace).some(({ object }) =>
            listAt(object, 'spec', 'targetRefs').some((target) => at(target, 'kind') === 'Service' && at(target, 'name') === nameOf(service)),
          ),
        )
        return covered ? [] : [{ path, what: `Service ${namespace}/${nameOf(service)}` }]
      }),
  ),
  objectCheck(
    about(
      'backend-not-verified',
      'error',
      polaris('kgatewayBackendTLSVerificationDisabled'),
      'The certificate of the backend is not verified.',
      '未校验后端证书。',
    ),
    ['BackendConfigPolicy'],
    ({ object }) => {
      const path = ['spec', 'tls', 'insecureSkipVerify']
      return at(object, ...path) === true ? { path, fix: [{ path, value: undefined }] } : undefined
    },
  ),
]

const serviceTaste = (
  id: string,
  aliases: readonly string[],
  en: string,
  zh: string,
  bad: (spec: unknown) => readonly string[] | undefined,
  category?: Category,
) =>
  objectCheck(taste(id, aliases, en, zh, category), ['Service'], ({ object }) => {
    const path = bad(object.spec)
    return path ? { path: ['spec', ...path] } : undefined
  })

const SERVICE_CHECKS: readonly InspectionCheck[] = [
  serviceTaste(
    'service-node-port',
    [...popeye(1104), 'kube-score/service-type', ...linter('exposed-services')],
    'The Service opens a port on every node.',
    'Service 在每个节点上开放端口。',
    (spec) => (at(spec, 'type') === 'NodePort' ? ['type'] : undefined),
    'security',
  ),
  serviceTaste(
    'service-load-balancer',
    [...popeye(1103), ...linter('exposed-services')],
    'The Service has a load balancer of its own, which is paid for.',
    'Service 独占一个计费的负载均衡。',
    (spec) => (at(spec, 'type') === 'LoadBalancer' ? ['type'] : undefined),
    'cost',
  ),
  serviceTaste(
    'load-balancer-hides-clients',
    popeye(1107),
    'The load balancer hides the addresses of clients, and takes a hop more (externalTrafficPolicy: Cluster).',
    '负载均衡会隐藏客户端地址并多一跳（externalTrafficPolicy: Cluster）。',
    (spec) => (at(spec, 'type') === 'LoadBalancer' && (at(spec, 'externalTrafficPolicy') ?? 'Cluster') === 'Cluster' ? ['externalTrafficPolicy'] : undefined),
    'performance',
  ),
  serviceTaste(
    'node-port-answers-here-only',
    popeye(1108),
    'Nodes without such a pod do not answer (NodePort with externalTrafficPolicy: Local).',
    '没有对应 Pod 的节点不会应答（NodePort 且 externalTrafficPolicy: Local）。',
    (spec) => (at(spec, 'type') === 'NodePort' && at(spec, 'externalTrafficPolicy') === 'Local' ? ['externalTrafficPolicy'] : undefined),
  ),
  serviceTaste(
    'service-points-outside',
    linter('externalname-service-redirect'),
    'The Service is a name for something outside: whoever may change it leads callers elsewhere.',
    'Service 指向集群外域名：能修改者可将调用方引向别处。',
    (spec) => (at(spec, 'type') === 'ExternalName' ? ['externalName'] : undefined),
    'security',
  ),
  objectCheck(
    taste('service-target-by-number', popeye(1102), 'The Service leads to a port by its number, not by its name.', 'Service 使用端口号而非端口名。'),
    ['Service'],
    ({ object }) =>
      listAt(object, 'spec', 'ports').flatMap((port, i): Fault[] =>
        typeof (at(port, 'targetPort') ?? at(port, 'port')) === 'number' ? [{ path: ['spec', 'ports', i, 'targetPort'] }] : [],
      ),
  ),
  objectCheck(
    {
      ...about(
        'service-port-name-invalid',
        'error',
        linter('target-port'),
        'A port of the Service has a name that the API server refuses.',
        'Service 端口名无效：API 服务器会拒绝。',
        'stability',
      ),
    },
    ['Service'],
    ({ object }) =>
      listAt(object, 'spec', 'ports').flatMap((port, i): Fault[] => {
        const target = at(port, 'targetPort')
        const wrong =
          typeof target === 'string'
            ? !(/^(?=.*[a-z])[a-z0-9](-?[a-z0-9])*$/.test(target) && target.length <= 15) && !/^\d+$/.test(target)
            : typeof target === 'number' && (target < 1 || target > 65_535)
        return wrong ? [{ path: ['spec', 'ports', i, 'targetPort'], what: String(target) }] : []
      }),
  ),
  objectCheck(
    taste('ingress-port-by-number', popeye(1403), 'The Ingress leads to a port by its number, not by its name.', 'Ingress 使用端口号而非端口名。'),
    ['Ingress'],
    ({ object }) =>
      listAt(object, 'spec', 'rules').flatMap((rule, i) =>
        listAt(rule, 'http', 'paths').flatMap((entry, j): Fault[] =>
          typeof at(entry, 'backend', 'service', 'port', 'number') === 'number'
            ? [{ path: ['spec', 'rules', i, 'http', 'paths', j, 'backend', 'service', 'port', 'number'] }]
            : [],
        ),
      ),
  ),
  objectCheck(
    about('ingress-backend-empty', 'error', popeye(1404), 'A path of the Ingress leads nowhere.', 'Ingress 的路径没有后端。', 'stability'),
    ['Ingress'],
    ({ object }) =>
      listAt(object, 'spec', 'rules').flatMap((rule, i) =>
        listAt(rule, 'http', 'paths').flatMap((entry, j): Fault[] => {
          const backend = at(entry, 'backend')
          return isFields(backend) && (backend.service || backend.resource || backend.serviceName)
            ? []
            : [{ path: ['spec', 'rules', i, 'http', 'paths', j, 'backend'] }]
        }),
      ),
  ),
  objectCheck(
    about(
      'monitor-selects-nothing',
      'warning',
      linter('dangling-servicemonitor'),
      'The ServiceMonitor selects no Service: nothing is measured.',
      'ServiceMonitor 未选中任何 Service：没有采集。',
      'stability',
    ),
    ['ServiceMonitor'],
    (item, inventory) => {
      const names = listAt(item.object, 'spec', 'namespaceSelector', 'matchNames')
      const everywhere = at(item.object, 'spec', 'namespaceSelector', 'any') === true
      const services = ofKind(inventory, 'Service')
      if (inventory.unread.has('Service') || (item.file !== '' && services.length === 0)) return undefined
      const here = services.filter((one) => everywhere || (names.length > 0 ? names.includes(place(one)) : place(one) === place(item)))
      return here.some(({ object }) => selectsLabels(at(item.object, 'spec', 'selector') ?? {}, object.metadata.labels))
        ? undefined
        : { path: ['spec', 'selector'] }
    },
  ),
  objectCheck(
    taste(
      'policy-peer-matches-nobody',
      [...popeye(1201, 1202, 1208), ...linter('dangling-networkpolicypeer-podselector')],
      'A peer of the NetworkPolicy matches no pod and no namespace.',
      'NetworkPolicy 的某个对端未匹配任何 Pod 或命名空间。',
      'security',
    ),
    ['NetworkPolicy'],
    (item, inventory) =>
      (['ingress', 'egress'] as const).flatMap((direction) =>
        listAt(item.object, 'spec', direction).flatMap((rule, i) =>
          listAt(rule, direction === 'ingress' ? 'from' : 'to').flatMap((peer, j): Fault[] => {
            const [pods, spaces] = [at(peer, 'podSelector'), at(peer, 'namespaceSelector')]
            const namespaces = ofKind(inventory, 'Namespace')
              .filter(({ object }) => selectsLabels(spaces, { 'kubernetes.io/metadata.name': object.metadata.name, ...object.metadata.labels }))
              .map(nameOf)
            const within = isFields(spaces) ? namespaces : [place(item)]
            const nobody =
              (isFields(spaces) && namespaces.length === 0) ||
              (isFields(pods) && !within.some((name) => podsIn(inventory, name).some((pod) => selectsLabels(pods, pod.labels))))
            return nobody ? [{ path: ['spec', direction, i, direction === 'ingress' ? 'from' : 'to', j] }] : []
          }),
        ),
      ),
  ),
  objectCheck(
    taste('policy-for-all', popeye(1203), 'The NetworkPolicy lets everything through, or nothing.', 'NetworkPolicy 允许或拒绝所有流量。', 'security'),
    ['NetworkPolicy'],
    ({ object }) => {
      const selector = at(object, 'spec', 'podSelector')
      if (isFields(selector) && Object.keys(selector).length > 0) return undefined
      const rules = [...listAt(object, 'spec', 'ingress'), ...listAt(object, 'spec', 'egress')]
      return rules.length === 0 || rules.some((rule) => isFields(rule) && Object.keys(rule).length === 0) ? { path: ['spec'] } : undefined
    },
  ),
  objectCheck(
    taste(
      'webhook-ignores-failure',
      linter('webhook-failure-policy-ignore'),
      'When the webhook does not answer, what it should refuse is let through.',
      'Webhook 不可用时会放行本应拒绝的写入。',
      'security',
    ),
    ['ValidatingWebhookConfiguration'],
    ({ object }) =>
      listAt(object, 'webhooks').flatMap((webhook, i): Fault[] =>
        at(webhook, 'failurePolicy') === 'Ignore' ? [{ path: ['webhooks', i, 'failurePolicy'], what: String(at(webhook, 'name')) }] : [],
      ),
  ),
]

const words = (rule: unknown, field: string): string[] => listAt(rule, field).filter((word) => typeof word === 'string')
const has = (rule: unknown, field: string, ...wanted: string[]): boolean => words(rule, field).some((word) => word === '*' || wanted.includes(word))
const unnamed = (rule: unknown): boolean => listAt(rule, 'resourceNames').length === 0

/** What a rule of a role allows, whoever is bound to it. */
const ROLE_RULES: readonly (readonly [
  id: string,
  aliases: readonly string[],
  bad: (rule: unknown) => boolean,
  en: string,
  zh: string,
  kinds?: readonly string[],
])[] = [
  [
    'role-has-wildcard',
    linter('wildcard-in-rules'),
    (rule) => ['apiGroups', 'resources', 'verbs'].some((field) => words(rule, field).includes('*')),
    'The role has a wildcard: what comes later is allowed, too.',
    '角色使用了通配符：将来新增的也会被允许。',
  ],
  [
    'role-allows-everything-on-everything',
    linter('wildcard-resource-verb-combo'),
    (rule) => words(rule, 'resources').includes('*') && words(rule, 'verbs').includes('*'),
    'The role allows every verb on every resource.',
    '角色允许对所有资源执行所有操作。',
  ],
  [
    'role-binds',
    linter('bind-verb-in-role'),
    (rule) => words(rule, 'verbs').includes('bind'),
    'The role allows binding of roles that its holders do not have.',
    '角色允许绑定自身没有的角色（bind）。',
  ],
  [
    'role-escalates',
    linter('escalate-verb-in-role'),
    (rule) => words(rule, 'verbs').includes('escalate'),
    'The role allows writing of rights that its holders do not have.',
    '角色允许授予自身没有的权限（escalate）。',
  ],
  [
    'role-deletes-collections',
    linter('deletecollection-verb-in-role'),
    (rule) => words(rule, 'verbs').includes('deletecollection'),
    'The role allows deleting all objects of a kind at once.',
    '角色允许一次删除某类全部对象（deletecollection）。',
  ],
  [
    'role-impersonates-anybody',
    linter('impersonate-without-resource-names'),
    (rule) => words(rule, 'verbs').includes('impersonate') && unnamed(rule),
    'The role allows acting as anybody (impersonate without names).',
    '角色允许冒充任何人（impersonate 未限定名称）。',
  ],
  [
    'role-approves-any-signer',
    linter('approve-signers-without-resource-names'),
    (rule) => has(rule, 'resources', 'signers') && has(rule, 'verbs', 'approve') && has(rule, 'apiGroups', 'certificates.k8s.io') && unnamed(rule),
    'The role allows approving certificates of every signer.',
    '角色允许批准任意签发者的证书。',
  ],
  [
    'role-reads-all-secrets',
    linter('cluster-wide-secrets-access'),
    (rule) => has(rule, 'resources', 'secrets') && has(rule, 'verbs', 'get', 'list', 'watch') && has(rule, 'apiGroups', '') && unnamed(rule),
    'The role allows reading Secrets of the whole cluster.',
    '角色允许读取整个集群的 Secret。',
    ['ClusterRole'],
  ],
]

const ROLE_CHECKS: readonly InspectionCheck[] = [
  ...ROLE_RULES.map(([id, aliases, bad, en, zh, kinds = ['Role', 'ClusterRole']]) =>
    objectCheck({ ...about(id, 'warning', aliases, en, zh), optional: true }, kinds, (item) =>
      nameOf(item).startsWith('system:') || nameOf(item) === 'cluster-admin'
        ? []
        : listAt(item.object, 'rules').flatMap((rule, i): Fault[] => (bad(rule) ? [{ path: ['rules', i] }] : [])),
    ),
  ),
  objectCheck(
    {
      ...about(
        'role-joins-admin',
        'warning',
        linter('aggregate-to-admin-escalation'),
        'The role becomes part of admin or edit, with rights that lead to more.',
        '该角色会聚合到 admin/edit，并带来可进一步提权的权限。',
      ),
      optional: true,
    },
    ['ClusterRole'],
    ({ object }) => {
      const label = ['admin', 'edit', 'view']
        .map((role) => `rbac.authorization.k8s.io/aggregate-to-${role}`)
        .find((key) => at(object, 'metadata', 'labels', key) === 'true')
      const leads = listAt(object, 'rules').some(
        (rule) =>
          has(rule, 'verbs', 'bind', 'escalate', 'impersonate') ||
          (has(rule, 'resources', 'secrets', 'roles', 'rolebindings', 'clusterroles', 'clusterrolebindings') &&
            has(rule, 'verbs', 'create', 'update', 'patch')),
      )
      return label !== undefined && leads && !String(object.metadata?.name).startsWith('system:') ? { path: ['metadata', 'labels', label] } : undefined
    },
  ),
]

export const ROUTE_CHECKS: readonly InspectionCheck[] = [...GATEWAY_CHECKS, ...SERVICE_CHECKS, ...ROLE_CHECKS]
