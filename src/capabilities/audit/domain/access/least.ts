/** The least roles for what somebody really did, and how they differ from what is granted. */
import { type PolicyRule, ruleAllows } from '#core/kube/rbac.ts'
import { type AuditEvent, effectiveUser, isAllowed, resourceOf } from '../event.ts'
import type { AccessObjects } from './objects.ts'
import { type Identity, powersOf } from './reach.ts'

export interface Used {
  group: string
  resource: string
  verb: string
  /** '' for cluster-wide requests. */
  namespace: string
  /** '' where a request names none. */
  name: string
  path: string
}

/** Distinct allowed uses of a user; memory is bounded by what there is to do, not by how often. */
export function createUsage(user: string) {
  const uses = new Map<string, Used & { count: number }>()
  const groups = new Set<string>()
  return {
    event(event: AuditEvent): void {
      if (event.plane !== 'kubernetes' || effectiveUser(event) !== user) return
      for (const group of event.impersonated ? event.impersonatedGroups : event.groups) groups.add(group)
      if (!isAllowed(event) || event.stage === 'RequestReceived') return
      const path = event.resource === '' ? event.uri.split('?', 1)[0]! : ''
      const used = { group: event.apiGroup, resource: resourceOf(event), verb: event.verb, namespace: event.namespace, name: event.name, path }
      const key = JSON.stringify(used)
      const known = uses.get(key)
      if (known) known.count++
      else if (uses.size < 100_000) uses.set(key, { ...used, count: 1 })
    },
    uses: () => [...uses.values()],
    groups: () => [...groups],
  }
}

export interface LeastRole {
  apiVersion: 'rbac.authorization.k8s.io/v1'
  kind: 'Role' | 'ClusterRole'
  metadata: { name: string; namespace?: string }
  rules: PolicyRule[]
}

/** These verbs act on what has no name yet, or on many: RBAC cannot narrow them by name. */
const NAMELESS = new Set(['create', 'list', 'watch', 'deletecollection'])
/** More names than this are no least privilege but a list that breaks with the next object. */
const MOST_NAMES = 5

/** A role for each namespace, and one for the cluster: rules merged by equal verbs. */
export function leastRoles(name: string, uses: readonly Used[]): LeastRole[] {
  const roles: LeastRole[] = []
  for (const namespace of [...new Set(uses.map((use) => use.namespace))].sort()) {
    const here = uses.filter((use) => use.namespace === namespace)
    const rules: PolicyRule[] = []
    const byThing = Map.groupBy(
      here.filter(({ path }) => path === ''),
      ({ group, resource }) => `${group} ${resource}`,
    )
    const merged = new Map<string, { group: string; resources: Set<string>; verbs: string[]; names: string[] }>()
    for (const [key, items] of byThing) {
      const [group = '', resource = ''] = key.split(' ')
      const named = items.filter(({ verb, name }) => !NAMELESS.has(verb) && name !== '')
      const names = [...new Set(named.map((item) => item.name))].sort()
      const narrow = names.length > 0 && names.length <= MOST_NAMES
      const parts = [
        { verbs: items.filter((item) => !narrow || !named.includes(item)).map(({ verb }) => verb), names: [] as string[] },
        { verbs: narrow ? named.map(({ verb }) => verb) : [], names: narrow ? names : [] },
      ]
      for (const part of parts) {
        const verbs = [...new Set(part.verbs)].sort()
        if (verbs.length === 0) continue
        const same = `${group} ${verbs.join(',')} ${part.names.join(',')}`
        const rule = merged.get(same) ?? { group, resources: new Set<string>(), verbs, names: part.names }
        rule.resources.add(resource)
        merged.set(same, rule)
      }
    }
    for (const { group, resources, verbs, names } of merged.values())
      rules.push({ apiGroups: [group], resources: [...resources].sort(), verbs, ...(names.length > 0 ? { resourceNames: names } : {}) })
    const paths = [...new Set(here.filter(({ path }) => path !== '').map(({ path }) => path))].sort()
    if (paths.length > 0) rules.push({ nonResourceURLs: paths, verbs: [...new Set(here.filter(({ path }) => path !== '').map(({ verb }) => verb))].sort() })
    roles.push({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: namespace === '' ? 'ClusterRole' : 'Role',
      metadata: { name, ...(namespace === '' ? {} : { namespace }) },
      rules,
    })
  }
  return roles
}

export interface GrantDiff {
  /** Granted and never used, by binding. */
  unused: { because: string; namespace: string; rule: PolicyRule; verbs: readonly string[]; resources: readonly string[] }[]
  /** Used and granted nowhere that is known: a group or a role that was taken since. */
  ungranted: Used[]
}

export function diffGrants(objects: AccessObjects, identity: Identity, uses: readonly Used[]): GrantDiff {
  const powers = powersOf(objects, identity)
  const request = (use: Used) =>
    use.path !== ''
      ? { verb: use.verb, path: use.path }
      : { verb: use.verb, group: use.group, resource: use.resource, namespace: use.namespace, name: use.name || undefined }
  const unused: GrantDiff['unused'] = []
  for (const { because, namespace, rules } of powers) {
    for (const rule of rules) {
      const within = uses.filter((use) => (namespace === '' || use.namespace === namespace) && ruleAllows(rule, request(use)))
      // a wildcard of which little was used is named by what was used
      const verbs = rule.verbs.filter((verb) => !within.some((use) => verb === use.verb))
      const resources = (rule.resources ?? rule.nonResourceURLs ?? []).filter(
        (resource) => !within.some((use) => resource === use.resource || resource === use.path),
      )
      if (verbs.length > 0 || resources.length > 0) unused.push({ because, namespace, rule, verbs, resources })
    }
  }
  const ungranted = uses.filter(
    (use) => !powers.some(({ namespace, rules }) => (namespace === '' || namespace === use.namespace) && rules.some((rule) => ruleAllows(rule, request(use)))),
  )
  return { unused, ungranted }
}
