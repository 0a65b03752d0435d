/** Ordinary creations and deletions, for those who want each of them reported; and every event, for those who want even that. */
import { type AuditEvent, isAllowed } from '../event.ts'
import type { Lists } from '../lists.ts'
import { type AuditRule, falco } from './rule.ts'

type Only = (event: AuditEvent) => boolean

const byPeople: Only = (event) => !event.user.startsWith('system:')
const secretsOfPeople: Only = (event) => event.namespace !== 'kube-system' && byPeople(event)

/** What it is called, in Falco's spelling, and who is left out. */
const KINDS: readonly { id: string; falco: string; zh: string; en: string; resources: readonly string[]; created?: Only; deleted?: Only }[] = [
  { id: 'deployment', falco: 'Deployment', en: 'Deployment', zh: 'Deployment', resources: ['deployments'] },
  { id: 'service', falco: 'Service', en: 'Service', zh: 'Service', resources: ['services'] },
  { id: 'configmap', falco: 'ConfigMap', en: 'ConfigMap', zh: 'ConfigMap', resources: ['configmaps'] },
  { id: 'namespace', falco: 'Namespace', en: 'Namespace', zh: '命名空间', resources: ['namespaces'], deleted: byPeople },
  { id: 'serviceaccount', falco: 'Serviceaccount', en: 'ServiceAccount', zh: 'ServiceAccount', resources: ['serviceaccounts'] },
  { id: 'role', falco: 'Role/Clusterrole', en: 'Role', zh: '角色', resources: ['roles', 'clusterroles'] },
  { id: 'binding', falco: 'Role/Clusterrolebinding', en: 'Role binding', zh: '角色绑定', resources: ['rolebindings', 'clusterrolebindings'] },
  { id: 'secret', falco: 'Secret', en: 'Secret', zh: 'Secret', resources: ['secrets'], created: secretsOfPeople, deleted: secretsOfPeople },
]

const rowsOf = (kind: (typeof KINDS)[number]): AuditRule[] =>
  (['created', 'deleted'] as const).map((what) => ({
    id: `${kind.id}-${what}`,
    aliases: aliasesOf(kind, what),
    severity: 'advice',
    title: { en: `${kind.en} ${what}`, 'zh-CN': `${what === 'created' ? '创建' : '删除'} ${kind.zh}` },
    resources: kind.resources,
    verbs: [what === 'created' ? 'create' : 'delete'],
    needs: 'Metadata',
    test: (event: AuditEvent, lists: Lists) => lists.activity && event.code >= 200 && event.code < 300 && isAllowed(event) && (kind[what]?.(event) ?? true),
  }))

/** Falco spells the rules of bindings in two ways, by version. */
const aliasesOf = (kind: (typeof KINDS)[number], what: string): string[] => {
  const verb = what === 'created' ? 'Created' : 'Deleted'
  const names = kind.id === 'binding' ? [kind.falco, 'Role/Clusterrole Binding'] : [kind.falco]
  return names.map((name) => falco(`K8s ${name} ${verb}`))
}

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
