/** Role-based access control, as kube-apiserver decides it: https://kubernetes.io/docs/reference/access-authn-authz/rbac/ */

export interface PolicyRule {
  verbs: readonly string[]
  apiGroups?: readonly string[]
  resources?: readonly string[]
  resourceNames?: readonly string[]
  nonResourceURLs?: readonly string[]
}
export interface Subject {
  kind: string
  name: string
  namespace?: string
  apiGroup?: string
}
interface Named {
  metadata: { name: string; namespace?: string }
}
export interface RbacRole extends Named {
  rules?: readonly PolicyRule[] | null
}
export interface RbacBinding extends Named {
  subjects?: readonly Subject[] | null
  roleRef: { kind: string; name: string }
}

/** All that decides. Lists may be lazy: they are gone through once for each question. */
export interface RbacObjects {
  clusterRole(name: string): RbacRole | undefined
  role(namespace: string, name: string): RbacRole | undefined
  clusterRoleBindings(): Iterable<RbacBinding>
  roleBindings(namespace: string): Iterable<RbacBinding>
}

export interface RbacUser {
  name: string
  groups: readonly string[]
}

/** What somebody wants to do: with a resource, or with a path that is none. */
export type RbacRequest =
  | { verb: string; group: string /** Plural; with a subresource `pods/log`. */; resource: string; namespace?: string; name?: string }
  | { verb: string; path: string }

export interface RbacDecision {
  allowed: boolean
  /** Which binding allows it; empty when none does. */
  reason: string
}

const SERVICE_ACCOUNT = 'system:serviceaccount:'

export function isSubject({ kind, name, namespace }: Subject, user: RbacUser, bindingNamespace?: string): boolean {
  if (kind === 'User') return user.name === name
  if (kind === 'Group') return user.groups.includes(name)
  if (kind === 'ServiceAccount') return user.name === `${SERVICE_ACCOUNT}${namespace ?? bindingNamespace ?? ''}:${name}`
  return false
}

const has = (list: readonly string[] | undefined, value: string) => list !== undefined && (list.includes(value) || list.includes('*'))

export function ruleAllows(rule: PolicyRule, request: RbacRequest): boolean {
  if (!has(rule.verbs, request.verb)) return false
  if ('path' in request)
    return (rule.nonResourceURLs ?? []).some((url) => url === '*' || url === request.path || (url.endsWith('*') && request.path.startsWith(url.slice(0, -1))))
  if (!has(rule.apiGroups, request.group)) return false
  const slash = request.resource.indexOf('/')
  const anyResource = slash < 0 ? false : (rule.resources ?? []).includes(`*${request.resource.slice(slash)}`)
  if (!has(rule.resources, request.resource) && !anyResource) return false
  const names = rule.resourceNames ?? []
  return names.length === 0 || (request.name !== undefined && names.includes(request.name))
}

interface Granted {
  rules: readonly PolicyRule[]
  because: string
}

/** Every set of rules that a user has in a namespace (or, without one, in the whole cluster). */
export function* grantsOf(objects: RbacObjects, user: RbacUser, namespace?: string): Generator<Granted> {
  for (const binding of objects.clusterRoleBindings()) {
    const subject = binding.subjects?.find((one) => isSubject(one, user))
    if (subject === undefined) continue
    const rules = objects.clusterRole(binding.roleRef.name)?.rules
    if (rules)
      yield {
        rules,
        because: `RBAC: allowed by ClusterRoleBinding "${binding.metadata.name}" of ClusterRole "${binding.roleRef.name}" to ${subject.kind} "${subject.name}"`,
      }
  }
  if (namespace === undefined || namespace === '') return
  for (const binding of objects.roleBindings(namespace)) {
    const subject = binding.subjects?.find((one) => isSubject(one, user, namespace))
    if (subject === undefined) continue
    const { kind, name } = binding.roleRef
    const rules = (kind === 'ClusterRole' ? objects.clusterRole(name) : objects.role(namespace, name))?.rules
    if (rules)
      yield { rules, because: `RBAC: allowed by RoleBinding "${binding.metadata.name}/${namespace}" of ${kind} "${name}" to ${subject.kind} "${subject.name}"` }
  }
}

export function authorize(objects: RbacObjects, user: RbacUser, request: RbacRequest): RbacDecision {
  // As kube-apiserver: this group is above all rules.
  if (user.groups.includes('system:masters')) return { allowed: true, reason: '' }
  for (const { rules, because } of grantsOf(objects, user, 'path' in request ? undefined : request.namespace))
    if (rules.some((rule) => ruleAllows(rule, request))) return { allowed: true, reason: because }
  return { allowed: false, reason: '' }
}
