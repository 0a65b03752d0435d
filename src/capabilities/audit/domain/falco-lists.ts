/** The lists and macros by which Falco's users say what they allow: https://falco.org/docs/concepts/rules/ */
import type { Problem } from '#core/kernel/errors.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { isJson, type Json } from './event.ts'
import type { ListsInput } from './lists.ts'

type Target = { [K in keyof ListsInput]-?: K }[keyof ListsInput]

type NameTarget = Exclude<Target, 'activity' | 'allEvents' | 'named'>

/** Falco's names of what we have a list for. Others (of system calls, say) are no concern of audit and are passed over. */
const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  allowed_k8s_users: ['allowedUsers'],
  eks_allowed_k8s_users: ['allowedUsers'],
  allowed_namespaces: ['allowedNamespaces'],
  allowed_k8s_namespaces: ['allowedNamespaces'],
  allowed_k8s_containers: ['allowedImages'],
  trusted_pod: ['trustedImages'],
  trusted_images: ['trustedImages'],
  falco_privileged_images: ['privilegedImages'],
  falco_privileged_containers: ['privilegedImages'],
  trusted_k8s_containers: ['trustedImages'],
  falco_sensitive_mount_images: ['sensitiveMountImages'],
  falco_sensitive_mount_containers: ['sensitiveMountImages'],
  falco_hostnetwork_images: ['hostNetworkImages'],
  falco_hostpid_images: ['hostPidImages'],
  falco_hostipc_images: ['hostIpcImages'],
  k8s_audit_privileged_images: ['privilegedImages'],
  k8s_audit_sensitive_mount_images: ['sensitiveMountImages'],
  k8s_audit_hostnetwork_images: ['hostNetworkImages'],
  k8s_audit_hostpid_images: ['hostPidImages'],
  k8s_audit_hostipc_images: ['hostIpcImages'],
  allowed_kube_namespace_image_list: ['systemImages'],
  user_allowed_kube_namespace_image_list: ['systemImages'],
  allowed_kube_namespace_pods: ['systemImages'],
  k8s_image_list: ['systemImages'],
  user_trusted_image_list: ['systemImages'],
  user_known_node_port_service: ['nodePortServices'],
  known_system_sa: ['systemServiceAccounts'],
  known_sa_list: ['systemServiceAccounts'],
  user_known_sa_list: ['systemServiceAccounts'],
  trusted_sa: ['systemServiceAccounts'],
  allowed_k8s_nodes: ['allowedNodes'],
  allow_all_k8s_nodes: ['allowedNodes'],
  full_admin_k8s_users: ['adminUsers'],
  allowed_full_admin_users: ['allowedAdmins'],
  user_known_exec_pod_activities: ['execUsers'],
  user_known_pod_debug_activities: ['execUsers'],
  user_known_portforward_activities: ['execUsers'],
  kactivity: ['activity'],
  consider_activity_events: ['activity'],
  consider_all_events: ['allEvents'],
  kall: ['allEvents'],
}
const NEVER = /\b(?:k8s_audit_never_true|never_true)\b/
const ALWAYS = /\b(?:k8s_audit_always_true|always_true)\b/

/** Lists that stand beside one that has the same meaning: they add to it. */
const BESIDE: ReadonlySet<string> = new Set([
  'eks_allowed_k8s_users',
  'user_allowed_kube_namespace_image_list',
  'user_trusted_image_list',
  'k8s_image_list',
  'user_known_sa_list',
])
/** By default they only name other macros. */
const DERIVED: ReadonlySet<string> = new Set(['kactivity', 'kall'])

const appends = ({ append, override }: Json) => append === true || (isJson(override) && (override.items === 'append' || override.condition === 'append'))

/** Rules of such a file are none of ours and are left alone. A macro is understood as the names it compares with, or as always or never true. */
export function readFalcoLists(entries: readonly unknown[], before: ListsInput): Result<ListsInput, readonly Problem[]> {
  const problems: Problem[] = []
  const own: ListsInput = {}
  const plain = new Map<string, readonly string[]>()
  const beside = new Map<string, string[]>()
  let allNodes: boolean | undefined
  entries.forEach((entry, i) => {
    if (!isJson(entry)) {
      problems.push({ path: `[${i}]`, message: 'is no list, macro or rule' })
      return
    }
    const name = entry.list ?? entry.macro
    if (typeof name !== 'string') return
    const read = entry.list === undefined ? macroItems(entry.condition, plain) : listItems(entry.items, plain)
    if (read === undefined) {
      if (Object.hasOwn(TARGETS, name) && !DERIVED.has(name))
        problems.push({ path: `[${i}] ${name}`, message: 'names and comparisons with `in (…)` can be read, and this is neither' })
      return
    }
    if (Array.isArray(read)) plain.set(name, appends(entry) ? [...(plain.get(name) ?? []), ...read] : read)
    if (name === 'allow_all_k8s_nodes' && typeof read === 'boolean') allNodes = read
    else if (Object.hasOwn(TARGETS, name)) for (const target of TARGETS[name]!) take(name, target, read, appends(entry))
  })
  for (const [target, more] of beside) own[target as NameTarget] = [...(own[target as NameTarget] ?? before[target as NameTarget] ?? []), ...more]
  if (allNodes === true) own.allowedNodes = ['*']
  else if (allNodes === false) own.allowedNodes ??= (before.allowedNodes ?? []).filter((node) => node !== '*')
  return problems.length > 0 ? err(problems) : ok(own)

  function take(name: string, target: Target, read: string[] | boolean, append: boolean): void {
    if (target === 'activity' || target === 'allEvents') {
      if (typeof read === 'boolean') own[target] = read
    } else if (target === 'named') return
    // "always true" allows all, "never true" none
    else if (!Array.isArray(read)) own[target] = read ? ['*'] : []
    else if (BESIDE.has(name)) beside.set(target, [...(append ? (beside.get(target) ?? []) : []), ...read])
    else own[target] = append ? [...(own[target] ?? before[target] ?? []), ...read] : [...read]
  }
}

function listItems(items: unknown, known: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  if (!Array.isArray(items)) return undefined
  return items.slice(0, 10_000).flatMap((item) => (typeof item === 'string' || typeof item === 'number' ? (known.get(String(item)) ?? [String(item)]) : []))
}

function macroItems(condition: unknown, known: ReadonlyMap<string, readonly string[]>): string[] | boolean | undefined {
  if (typeof condition !== 'string' || condition.length > 65_536) return undefined
  const groups = [...condition.matchAll(/\b(?:in|intersects|startswith|=)\s*\(([^()]*)\)/g)].map(([, list]) => list!)
  const single = [...condition.matchAll(/(?:=|\bstartswith)\s*("[^"]*"|[\w./:@-]+)/g)].map(([whole, item]) =>
    whole.startsWith('startswith') ? `${item}*` : item!,
  )
  const items = [...groups.flatMap((list) => list.split(',')), ...single].map((item) => item.trim().replace(/^["']|["']$/g, '')).filter((item) => item !== '')
  if (items.length > 0) return listItems(items, known)
  return NEVER.test(condition) ? false : ALWAYS.test(condition) ? true : undefined
}
