/** Secrets, tokens, certificates, and requests of strangers. */
import { subjectOfRequest } from '../access/certificate-request.ts'
import { type AuditEvent, actorKind, effectiveUser, isAllowed, isJson, jsonAt, listAt, textAt, textsAt } from '../event.ts'
import type { Lists } from '../lists.ts'
import { wantedObject } from '../pod-spec.ts'
import { type AuditRule, CHANGES, falco, SYSTEM_NAMESPACES } from './rule.ts'

const isSystemUser = (event: AuditEvent) => event.user.startsWith('system:')

/** Kubelets and the control plane read the secrets of the pods they run. */
const readsAsEver = (event: AuditEvent, lists: Lists) => {
  const kind = actorKind(event.user)
  return event.impersonated === '' && (kind === 'node' || kind === 'system' || lists.has('secretReaders', event.user) === true)
}

/** Names of tokens that ServiceAccounts had before 1.24, and Helm's own records. */
const isServiceAccountToken = (event: AuditEvent) => /-token-[a-z0-9]{5}$/.test(event.name)

const HEALTH = /^\/(?:healthz|livez|readyz)(?:[/?]|$)/
const DISCOVERY = /^\/(?:version|(?:api|apis|openapi)(?:\/(?:v\d\w*|[^/?]+\/?v?\w*))?)\/?(?:\?|$)/

const isAnonymous = (event: AuditEvent) => event.user === 'system:anonymous' || event.user === 'system:unauthenticated'

export const accessRules: readonly AuditRule[] = [
  {
    id: 'secret-read',
    aliases: [falco('K8s Secret Get Successfully')],
    severity: 'warning',
    title: { en: 'Secret read', 'zh-CN': '读取 Secret' },
    resources: ['secrets'],
    verbs: ['get'],
    needs: 'Metadata',
    test: (event) => event.code >= 200 && event.code < 300 && event.decision !== 'forbid',
    routine: (event, lists) => readsAsEver(event, lists) || actorKind(event.user) === 'serviceaccount',
  },
  {
    id: 'secret-read-refused',
    aliases: [falco('K8s Secret Get Unsuccessfully Tried')],
    severity: 'warning',
    title: { en: 'Secret asked for in vain', 'zh-CN': '尝试读取 Secret 未成功' },
    resources: ['secrets'],
    verbs: ['get'],
    needs: 'Metadata',
    test: (event) => event.code !== 0 && (event.code < 200 || event.code > 299),
    routine: (event, lists) => event.code === 404 || readsAsEver(event, lists),
  },
  {
    id: 'secrets-listed',
    aliases: ['elastic/Kubernetes Secrets List Across Cluster or Sensitive Namespaces', 'stratus/k8s.credential-access.dump-secrets'],
    severity: 'error',
    title: { en: 'Secrets of all or of a system namespace listed', 'zh-CN': '列出全部或系统命名空间的 Secret' },
    resources: ['secrets'],
    verbs: ['list', 'watch'],
    needs: 'Metadata',
    started: true,
    test: (event) => isAllowed(event) && event.name === '' && (event.namespace === '' || SYSTEM_NAMESPACES.has(event.namespace)),
    routine: (event, lists) => readsAsEver(event, lists) || (event.verb === 'watch' && actorKind(event.user) === 'serviceaccount'),
  },
  {
    id: 'secrets-listed-namespace',
    aliases: [],
    severity: 'warning',
    title: { en: 'Secrets of a namespace listed', 'zh-CN': '列出命名空间的 Secret' },
    resources: ['secrets'],
    verbs: ['list'],
    needs: 'Metadata',
    test: (event) => isAllowed(event) && event.namespace !== '' && !SYSTEM_NAMESPACES.has(event.namespace),
    routine: (event, lists) => readsAsEver(event, lists) || actorKind(event.user) === 'serviceaccount',
  },
  {
    id: 'secret-token-read',
    aliases: ['stratus/k8s.credential-access.steal-serviceaccount-token', 'panther/Kubernetes.ServiceAccount.Token.Theft'],
    severity: 'error',
    title: { en: 'Token of a ServiceAccount read by a person', 'zh-CN': '用户读取 ServiceAccount 令牌' },
    resources: ['secrets'],
    verbs: ['get'],
    needs: 'Metadata',
    test: (event) => isAllowed(event) && actorKind(event.user) === 'person' && isServiceAccountToken(event),
  },
  {
    id: 'token-minted',
    aliases: ['elastic/Kubernetes Service Account Token Created via TokenRequest API', 'stratus/k8s.privilege-escalation.create-token'],
    severity: 'warning',
    title: { en: 'Token of a ServiceAccount minted', 'zh-CN': '签发 ServiceAccount 令牌' },
    resources: ['serviceaccounts/token'],
    verbs: ['create'],
    needs: 'Metadata',
    test: (event) => isAllowed(event) && (event.impersonated !== '' || !['node', 'system'].includes(actorKind(event.user))),
  },
  {
    id: 'token-secret-created',
    aliases: ['stratus/k8s.persistence.create-token'],
    severity: 'error',
    title: { en: 'Secret with an unending token created', 'zh-CN': '创建永久令牌 Secret' },
    resources: ['secrets'],
    verbs: CHANGES,
    needs: 'Request',
    test: (event) =>
      isAllowed(event) &&
      !isSystemUser(event) &&
      ['kubernetes.io/service-account-token', 'bootstrap.kubernetes.io/token'].includes(textAt(wantedObject(event), 'type')),
  },
  {
    id: 'csr-created',
    aliases: ['elastic/Kubernetes CSR Created', 'panther/Kubernetes.CSR.Created', 'stratus/k8s.persistence.create-client-certificate'],
    severity: 'warning',
    title: { en: 'Client certificate asked for', 'zh-CN': '请求客户端证书' },
    resources: ['certificatesigningrequests'],
    verbs: ['create'],
    needs: 'Metadata',
    test: (event) => isAllowed(event) && actorKind(event.user) !== 'node' && !event.groups.includes('system:bootstrappers'),
  },
  {
    id: 'csr-approved',
    aliases: ['elastic/Kubernetes CSR Approved', 'stratus/k8s.persistence.create-client-certificate'],
    severity: 'error',
    title: { en: 'Client certificate approved', 'zh-CN': '批准客户端证书' },
    resources: ['certificatesigningrequests/approval'],
    verbs: CHANGES,
    needs: 'Metadata',
    test: (event) => isAllowed(event) && !isSystemUser(event),
  },
  {
    id: 'csr-privileged',
    aliases: [],
    severity: 'critical',
    title: { en: 'Certificate asked for in the name of the control plane', 'zh-CN': '以控制平面名义请求证书' },
    resources: ['certificatesigningrequests'],
    verbs: ['create'],
    needs: 'Request',
    test: (event) => isAllowed(event) && asksForMasters(textAt(jsonAt(event.request, 'spec'), 'request', 65_536)),
  },
  {
    id: 'impersonation',
    aliases: ['elastic/Kubernetes Impersonation of Privileged Identity'],
    severity: 'error',
    title: { en: 'Acted as a privileged identity', 'zh-CN': '冒用特权身份' },
    resources: ['*'],
    needs: 'Metadata',
    test: (event) =>
      event.impersonated !== '' &&
      isAllowed(event) &&
      (event.impersonated.startsWith('system:') || event.impersonatedGroups.includes('system:masters')) &&
      !isSystemUser(event),
  },
  {
    id: 'impersonation-refused',
    aliases: [],
    severity: 'warning',
    title: { en: 'Tried to act as somebody else in vain', 'zh-CN': '尝试冒用他人身份被拒绝' },
    resources: ['*'],
    needs: 'Metadata',
    test: (event) => event.impersonated !== '' && event.code === 403 && event.subresource !== 'status',
  },
  {
    id: 'anonymous-allowed',
    aliases: [falco('Anonymous Request Allowed')],
    severity: 'error',
    title: { en: 'Anonymous request allowed', 'zh-CN': '允许了匿名请求' },
    resources: ['*'],
    needs: 'Metadata',
    test: (event) => isAnonymous(event) && event.decision === 'allow' && !HEALTH.test(event.uri),
    // kubeadm lets strangers read what they need to join, and discovery is public by default
    routine: (event) => DISCOVERY.test(event.uri) || (event.resource === 'configmaps' && event.name === 'cluster-info'),
  },
  {
    id: 'anonymous-refused',
    aliases: ['elastic/Kubernetes Anonymous Request Authorized'],
    severity: 'advice',
    title: { en: 'Anonymous request refused', 'zh-CN': '拒绝匿名请求' },
    resources: ['*'],
    needs: 'Metadata',
    test: (event) => isAnonymous(event) && (event.decision === 'forbid' || event.code === 401 || event.code === 403),
  },
  {
    id: 'user-disallowed',
    aliases: [falco('Disallowed K8s User')],
    severity: 'warning',
    title: { en: 'Request of a user who is not in the list', 'zh-CN': '不在名单中的用户' },
    resources: ['*'],
    needs: 'Metadata',
    test: (event, lists) => !isSystemUser(event) && event.user !== '' && lists.has('allowedUsers', event.user) === false,
    routine: (_, lists) => !lists.isOwn('allowedUsers'),
  },
  {
    id: 'admin-account-used',
    aliases: [falco('Full K8s Administrative Access')],
    severity: 'warning',
    title: { en: 'Account used that may do everything', 'zh-CN': '使用全权管理员账户' },
    resources: ['*'],
    needs: 'Metadata',
    test: (event, lists) => !isSystemUser(event) && lists.has('adminUsers', event.user) === true && lists.has('allowedAdmins', event.user) === false,
  },
  {
    id: 'self-review',
    aliases: ['elastic/Kubernetes Suspicious Self-Subject Review'],
    severity: 'advice',
    title: { en: 'ServiceAccount or node asked what it may do', 'zh-CN': 'ServiceAccount 或节点查询自身权限' },
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'],
    verbs: ['create'],
    needs: 'Metadata',
    test: (event) => isAllowed(event) && ['serviceaccount', 'node'].includes(actorKind(effectiveUser(event))),
  },
]

/** Of a request that cannot be read, plain bytes tell. */
function asksForMasters(request: string): boolean {
  const named = subjectOfRequest(request)
  if (named) return named.organizations.includes('system:masters') || CONTROL_PLANE.has(named.commonName)
  try {
    return atob((/-----BEGIN[^-]*-----([\s\S]*?)-----END/.exec(atob(request))?.[1] ?? '').replace(/\s/g, '')).includes('system:masters')
  } catch {
    return false
  }
}
const CONTROL_PLANE = new Set(['system:admin', 'system:apiserver', 'system:kube-controller-manager', 'system:kube-scheduler', 'kubernetes-admin'])

/** Where a binding's subjects are strangers. */
export const bindsStrangers = (binding: unknown): boolean =>
  listAt(binding, 'subjects').some(
    (subject) => isJson(subject) && ['system:anonymous', 'system:unauthenticated', 'system:authenticated'].includes(textAt(subject, 'name')),
  )

export const rulesOfRole = (role: unknown) =>
  listAt(role, 'rules')
    .filter(isJson)
    .map((rule) => ({ verbs: textsAt(rule, 'verbs'), resources: textsAt(rule, 'resources'), urls: textsAt(rule, 'nonResourceURLs') }))
