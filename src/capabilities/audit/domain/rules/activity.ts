/** Ordinary creations and deletions, for those who want each of them reported; and every event, for those who want even that. */
import { type AuditEvent, isAllowed } from '../event.ts'
import type { Lists } from '../lists.ts'
import { type AuditRule, falco } from './rule.ts'

type Only = (event: AuditEvent) => boolean

const byPeople: Only = (event) => !event.user.startsWith('system:')
const secretsOfPeople: Only = (event) => event.namespace !== 'kube-system' && byPeople(event)

const ROLE = 'Role/Clusterrole'
const BINDING = ['Role/Clusterrolebinding', 'Role/Clusterrole Binding']

/** One kind a row: names in the spellings of Falco's versions, of which older ones have one rule for two kinds; and who is left out. */
const KINDS: readonly { id: string; falco: readonly string[]; zh: string; en: string; resource: string; created?: Only; deleted?: Only }[] = [
  { id: 'deployment', falco: ['Deployment'], en: 'Deployment', zh: 'Deployment', resource: 'deployments' },
  { id: 'service', falco: ['Service'], en: 'Service', zh: 'Service', resource: 'services' },
  { id: 'configmap', falco: ['ConfigMap'], en: 'ConfigMap', zh: 'ConfigMap', resource: 'configmaps' },
  { id: 'namespace', falco: ['Namespace'], en: 'Namespace', zh: '命名空间', resource: 'namespaces', deleted: byPeople },
  { id: 'serviceaccount', falco: ['Serviceaccount'], en: 'ServiceAccount', zh: 'ServiceAccount', resource: 'serviceaccounts' },
  { id: 'role', falco: ['Role', ROLE], en: 'Role', zh: '角色', resource: 'roles' },
  { id: 'clusterrole', falco: ['ClusterRole', ROLE], en: 'ClusterRole', zh: '集群角色', resource: 'clusterroles' },
  { id: 'binding', falco: ['RoleBinding', ...BINDING], en: 'RoleBinding', zh: '角色绑定', resource: 'rolebindings' },
  { id: 'cluster-binding', falco: ['ClusterRoleBinding', ...BINDING], en: 'ClusterRoleBinding', zh: '集群角色绑定', resource: 'clusterrolebindings' },
  { id: 'secret', falco: ['Secret'], en: 'Secret', zh: 'Secret', resource: 'secrets', created: secretsOfPeople, deleted: secretsOfPeople },
]

const rowsOf = (kind: (typeof KINDS)[number]): AuditRule[] =>
  (['created', 'deleted'] as const).map((what) => ({
    id: `${kind.id}-${what}`,
    aliases: kind.falco.map((name) => falco(`K8s ${name} ${what === 'created' ? 'Created' : 'Deleted'}`)),
    severity: 'advice',
    title: { en: `${kind.en} ${what}`, 'zh-CN': `${what === 'created' ? '创建' : '删除'} ${kind.zh}` },
    resources: [kind.resource],
    verbs: [what === 'created' ? 'create' : 'delete'],
    needs: 'Metadata',
    test: (event: AuditEvent, lists: Lists) => lists.activity && event.code >= 200 && event.code < 300 && isAllowed(event) && (kind[what]?.(event) ?? true),
  }))

export const activityRules: readonly AuditRule[] = [
  ...KINDS.flatMap(rowsOf),
  {
    id: 'event',
    aliases: [falco('All K8s Audit Events')],
    severity: 'advice',
    title: { en: 'Any event', 'zh-CN': '任意事件' },
    resources: ['*'],
    needs: 'Metadata',
    test: (_, lists) => lists.allEvents,
  },
]
