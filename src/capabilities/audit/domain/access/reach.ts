/** What an identity may do, and as whom else it can act: impersonation, tokens, pods, secrets, escalation, the kubelet's door, certificates. */
import { grantsOf, type PolicyRule, type RbacUser, ruleAllows } from '#core/kube/rbac.ts'
import type { AccessObjects, ServiceAccountRef } from './objects.ts'

export interface Identity extends RbacUser {
  /** How it is had: from the first identity to this one. */
  via: readonly string[]
}

/** Rules that one binding gives, in one namespace or (`''`) in the whole cluster. */
export interface Power {
  identity: Identity
  namespace: string
  rules: readonly PolicyRule[]
  because: string
}

const MOST_IDENTITIES = 2_000
const SYSTEM_MASTERS = 'system:masters'
const EVERYTHING: readonly PolicyRule[] = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }]
/** What everybody who logs in may by default: ask about themselves and what there is. */
const EVERYBODYS = new Set(['system:basic-user', 'system:discovery', 'system:public-info-viewer', 'system:service-account-issuer-discovery'])

export function accountIdentity(account: ServiceAccountRef, via: readonly string[]): Identity {
  const [namespace, name] = account.split('/')
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    via,
  }
}

/** Everything the identities may do themselves; what everybody may is left out. */
export function powersOf(objects: AccessObjects, identity: Identity): Power[] {
  if (identity.groups.includes(SYSTEM_MASTERS)) return [{ identity, namespace: '', rules: EVERYTHING, because: `group ${SYSTEM_MASTERS}` }]
  const wide = [...grantsOf(objects, identity)]
  const powers: Power[] = wide.map(({ rules, because }) => ({ identity, namespace: '', rules, because }))
  for (const namespace of objects.namespaces)
    for (const { rules, because } of grantsOf(objects, identity, namespace))
      if (because.includes('RoleBinding "') && !because.includes('ClusterRoleBinding "')) powers.push({ identity, namespace, rules, because })
  return powers.filter(({ because }) => ![...EVERYBODYS].some((name) => because.includes(`ClusterRole "${name}"`)))
}

/** All identities within reach, breadth first, and what they may do. */
export function reach(objects: AccessObjects, start: readonly Identity[]): { identities: Identity[]; powers: Power[]; complete: boolean } {
  const identities: Identity[] = []
  const powers: Power[] = []
  const known = new Set<string>()
  const queue: Identity[] = []
  const add = (identity: Identity) => {
    const key = `${identity.name} ${[...identity.groups].sort().join(',')}`
    if (known.has(key)) return
    known.add(key)
    queue.push(identity)
  }
  start.forEach(add)
  for (let identity = queue.shift(); identity !== undefined && identities.length < MOST_IDENTITIES; identity = queue.shift()) {
    identities.push(identity)
    const own = powersOf(objects, identity)
    powers.push(...own)
    // whoever may do all gains nothing by acting as others
    if (own.some(({ namespace, rules }) => namespace === '' && rules.some(isEverything))) continue
    for (const next of stepsFrom(objects, identity, own)) add(next)
  }
  return { identities, powers, complete: queue.length === 0 }
}

const isEverything = ({ verbs, apiGroups, resources }: PolicyRule) => verbs.includes('*') && (apiGroups ?? []).includes('*') && (resources ?? []).includes('*')

const MAKERS: readonly [group: string, resource: string][] = [
  ['', 'pods'],
  ['', 'replicationcontrollers'],
  ['apps', 'deployments'],
  ['apps', 'daemonsets'],
  ['apps', 'statefulsets'],
  ['apps', 'replicasets'],
  ['batch', 'jobs'],
  ['batch', 'cronjobs'],
]
const RBAC = 'rbac.authorization.k8s.io'

function* stepsFrom(objects: AccessObjects, identity: Identity, powers: readonly Power[]): Generator<Identity> {
  const step = (what: string) => [...identity.via, what]
  const masters = (what: string): Identity => ({ name: 'anybody', groups: [SYSTEM_MASTERS, 'system:authenticated'], via: step(what) })
  const wide = powers.filter(({ namespace }) => namespace === '').flatMap(({ rules }) => rules)
  const rulesIn = new Map<string, readonly PolicyRule[]>()
  for (const { namespace, rules } of powers) if (namespace !== '') rulesIn.set(namespace, [...(rulesIn.get(namespace) ?? wide), ...rules])
  const may = (rules: readonly PolicyRule[], verbs: readonly string[], group: string, resource: string, name?: string) =>
    verbs.some((verb) => rules.some((rule) => ruleAllows(rule, { verb, group, resource, name })))
  const accountsIn = (namespace: string) => [...objects.serviceAccounts].filter((account) => account.startsWith(`${namespace}/`))

  for (const namespace of wide.length > 0 ? objects.namespaces : rulesIn.keys()) {
    const rules = rulesIn.get(namespace) ?? wide
    const maker = MAKERS.find(
      ([group, resource]) => may(rules, ['create'], group, resource) || (resource !== 'pods' && may(rules, ['update', 'patch'], group, resource)),
    )
    const debugs = may(rules, ['update', 'patch'], '', 'pods/ephemeralcontainers')
    for (const account of accountsIn(namespace)) {
      const name = account.slice(namespace.length + 1)
      if (maker) yield accountIdentity(account, step(`${maker[1]} of ${namespace} may run as ${account}`))
      if (may(rules, ['create'], '', 'serviceaccounts/token', name)) yield accountIdentity(account, step(`may mint tokens of ${account}`))
      if (may(rules, ['impersonate'], '', 'serviceaccounts', name)) yield accountIdentity(account, step(`may impersonate ${account}`))
    }
    for (const token of objects.tokens)
      if (token.namespace === namespace && may(rules, ['get', 'list', 'watch'], '', 'secrets', token.name))
        yield accountIdentity(token.account, step(`may read the token in secret ${namespace}/${token.name}`))
    for (const { object, account } of objects.workloads) {
      if (object.metadata.namespace !== namespace || object.kind !== 'Pod') continue
      if (debugs || may(rules, ['create', 'get'], '', 'pods/exec', object.metadata.name))
        yield accountIdentity(account, step(`may exec into pod ${namespace}/${object.metadata.name}`))
    }
    if (may(rules, ['escalate', 'bind'], RBAC, 'roles') && may(rules, ['create', 'update', 'patch'], RBAC, 'rolebindings'))
      for (const account of accountsIn(namespace)) yield accountIdentity(account, step(`may give itself any right in ${namespace}`))
  }

  if (may(wide, ['escalate', 'bind'], RBAC, 'clusterroles') && may(wide, ['create', 'update', 'patch'], RBAC, 'clusterrolebindings'))
    yield masters('may bind any role')
  else if (may(wide, ['escalate'], RBAC, 'clusterroles') && may(wide, ['update', 'patch'], RBAC, 'clusterroles')) yield masters('may widen its own role')
  if (
    may(wide, ['create'], 'certificates.k8s.io', 'certificatesigningrequests') &&
    may(wide, ['update', 'patch'], 'certificates.k8s.io', 'certificatesigningrequests/approval') &&
    may(wide, ['approve'], 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client')
  )
    yield masters('may approve its own certificates')
  if (may(wide, ['create', 'get'], '', 'nodes/proxy'))
    for (const { object, account } of objects.workloads)
      if (object.kind === 'Pod') yield accountIdentity(account, step(`may exec through a node into pod ${account.split('/')[0]}/${object.metadata.name}`))
  if (may(wide, ['create', 'update', 'patch'], 'admissionregistration.k8s.io', 'mutatingwebhookconfigurations'))
    for (const { account } of objects.workloads) yield accountIdentity(account, step('may change what others create, by a webhook'))
  yield* impersonated(objects, identity, wide, step)
}

function* impersonated(objects: AccessObjects, identity: Identity, wide: readonly PolicyRule[], step: (what: string) => string[]): Generator<Identity> {
  const allowed = (resource: string, name: string) => wide.some((rule) => ruleAllows(rule, { verb: 'impersonate', group: '', resource, name }))
  const subjects = objects.bindings.flatMap(({ subjects }) => subjects ?? [])
  const groups = new Set([SYSTEM_MASTERS, ...subjects.filter(({ kind }) => kind === 'Group').map(({ name }) => name)])
  const users = new Set(subjects.filter(({ kind }) => kind === 'User').map(({ name }) => name))
  // groups are added to a user one may act as
  const anyUser = [...users, 'system:admin'].find((name) => allowed('users', name)) ?? (allowed('users', identity.name) ? identity.name : undefined)
  for (const name of users) if (allowed('users', name)) yield { name, groups: ['system:authenticated'], via: step(`may impersonate user ${name}`) }
  if (anyUser !== undefined)
    for (const group of groups)
      if (allowed('groups', group)) yield { name: anyUser, groups: [group, 'system:authenticated'], via: step(`may impersonate group ${group}`) }
}
