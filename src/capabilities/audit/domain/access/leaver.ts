/** What somebody who left still can do, what they left behind, and in which order to take it away. */
import type { KubeObject } from '#core/kube/objects.ts'
import { isSubject, type Subject } from '#core/kube/rbac.ts'
import type { Plan, Step } from '#core/shapes/plan.ts'
import { textAt } from '../event.ts'
import { imageName } from '../lists.ts'
import { instantMs, rfc3339 } from '../time.ts'
import type { Deeds } from './deeds.ts'
import type { Mapping } from './identities.ts'
import { type AccessObjects, type Binding, indexObjects, pluralOf, type ServiceAccountRef } from './objects.ts'
import { accountIdentity, type Identity, type Power, reach } from './reach.ts'

/** A client certificate that the cluster issued, read from a CSR's status. */
export interface Certificate {
  csr: string
  requestedBy: string
  serial: string
  commonName: string
  organizations: readonly string[]
  /** ms since the epoch. */
  notAfter: number
}

export type LeftKind =
  | 'login'
  | 'certificate'
  | 'pending-csr'
  | 'user-binding'
  | 'group-binding'
  | 'service-account'
  | 'token-minted'
  | 'token-secret'
  | 'token-read'
  | 'bootstrap-token'
  | 'ghost-binding'
  | 'binding-made'
  | 'role-made'
  | 'workload'
  | 'cronjob'
  | 'webhook'
  | 'apiservice'
  | 'identity-map'
  | 'image'

export interface Left {
  kind: LeftKind
  /** `ClusterRoleBinding ops-admin`. */
  object: string
  why: string
  /** For a person to decide: nothing is taken away by the plan. */
  review: boolean
}

export interface LeaverFacts {
  names: ReadonlySet<string>
  /** Groups that are known besides those of the events. */
  groups: readonly string[]
  objects: AccessObjects
  deeds: Deeds
  certificates: readonly Certificate[]
  /** How their names were found. */
  mappings?: readonly Mapping[]
  /** No certificate of before is good any more. */
  rotated?: boolean
  now: number
}

export interface LeaverReport {
  name: string
  aliases: string[]
  groups: string[]
  /** Other names and credentials of theirs, with the evidence; of those that are not `used` nothing is in this report. */
  mappings: readonly Mapping[]
  did: ReturnType<Deeds['summary']>
  left: Left[]
  certificates: (Certificate & { live: boolean })[]
  /** As whom they can act, with the way there. */
  identities: { user: string; groups: readonly string[]; via: readonly string[] }[]
  /** What they still can do. */
  can: { user: string; namespace: string; because: string; verbs: readonly string[]; resources: readonly string[] }[]
  plan: Plan
  /** What is still reachable when every step was done, by evaluation of the objects as they are then. Empty is the proof. */
  after: LeaverReport['can']
  /** False: more identities than are followed. */
  complete: boolean
}

export type Action =
  | { type: 'disable-login'; names: readonly string[] }
  | { type: 'delete'; kind: string; namespace: string; name: string }
  | { type: 'recreate-account'; account: ServiceAccountRef }
  | { type: 'remove-subjects'; kind: string; namespace: string; name: string; subjects: readonly Subject[] }
  | { type: 'rotate-ca'; serials: readonly string[] }

interface Found {
  left: Left[]
  start: Identity[]
  steps: { order: number; action: Action; what: string; why: string; reversible: boolean }[]
}

export function leaverReport(facts: LeaverFacts): LeaverReport {
  const { names, objects, now } = facts
  const [name = '', ...aliases] = names
  const groups = groupsOf(facts)
  const found = look(facts, groups)
  const before = reach(objects, found.start)
  const ordered = uniqueSteps(found.steps)
  let after = afterwards(facts, groups, ordered)
  const live = facts.certificates.filter((certificate) => isTheirs(certificate, facts) && certificate.notAfter > now)
  // certificates cannot be revoked: when taking the rights away does not do, only a new authority does
  const gone = found.left.filter(({ kind, object }) => kind === 'certificate' && object.startsWith('certificate of CSR ')).map(({ object }) => object)
  const held = [...live.map(({ serial }) => `certificate ${serial}`), ...gone]
  if (held.length > 0 && after.powers.length > 0) {
    ordered.push({
      order: 9,
      action: { type: 'rotate-ca', serials: live.map(({ serial }) => serial) },
      what: `replace the certificate authority of the cluster's clients (${held.join(', ')})`,
      why: 'Kubernetes cannot revoke a certificate, and its organizations have rights that others need. Until then: move the colleagues to a new group, or deny the name in an authorization webhook.',
      reversible: false,
    })
    after = afterwards(facts, groups, ordered)
  }
  const steps: Step[] = ordered.map(({ action, what, why, reversible }) => ({ what, why, evidence: [], reversible, action: { ...action } }))
  const plan: Plan = {
    id: `leaver-${name}-${now}`,
    by: 'audit leaver',
    cluster: '',
    subject: `User ${name}`,
    decidedAt: now,
    steps,
    ...(steps.length === 0 ? { idle: 'nothing was found' } : {}),
  }
  return {
    name,
    aliases,
    groups,
    mappings: facts.mappings ?? [],
    did: facts.deeds.summary(),
    left: found.left,
    certificates: facts.certificates
      .filter((certificate) => isTheirs(certificate, facts))
      .map((certificate) => ({ ...certificate, live: certificate.notAfter > now })),
    identities: before.identities.map(({ name: user, groups: of, via }) => ({ user, groups: of, via })),
    can: canDo(before.powers),
    plan,
    after: canDo(after.powers),
    complete: before.complete && after.complete,
  }
}

const groupsOf = ({ groups, deeds }: LeaverFacts) => [...new Set([...groups, ...deeds.groups()])].filter((group) => group !== 'system:authenticated')

const isTheirs = ({ commonName, requestedBy, csr }: Certificate, { names, deeds }: LeaverFacts) =>
  names.has(commonName) || names.has(requestedBy) || deeds.requested().has(csr)

const canDo = (powers: readonly Power[]): LeaverReport['can'] =>
  powers.flatMap(({ identity, namespace, because, rules }) =>
    rules.map(({ verbs, resources, nonResourceURLs }) => ({ user: identity.name, namespace, because, verbs, resources: resources ?? nonResourceURLs ?? [] })),
  )

function look(facts: LeaverFacts, groups: readonly string[]): Found {
  const { names, objects, deeds, certificates, now } = facts
  const found: Found = { left: [], start: [], steps: [] }
  const left = (kind: LeftKind, object: string, why: string, review = false) => found.left.push({ kind, object, why, review })
  const step = (order: number, action: Action, what: string, why: string, reversible = true) => found.steps.push({ order, action, what, why, reversible })
  const remove = (object: KubeObject, order: number, why: string) =>
    step(order, { type: 'delete', kind: object.kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name }, `delete ${titleOf(object)}`, why)
  const accounts = new Map<ServiceAccountRef, string>()

  left('login', [...names].join(', '), 'the name may still log in (identity provider, token file)')
  step(
    1,
    { type: 'disable-login', names: [...names] },
    `disable the login of ${[...names].join(', ')}`,
    'at the identity provider and in the token file; Kubernetes has no users of its own',
  )
  for (const name of names) found.start.push({ name, groups: [...groups, 'system:authenticated'], via: [`logs in as ${name}`] })

  for (const certificate of certificates) {
    if (!isTheirs(certificate, facts) || certificate.notAfter <= now) continue
    left(
      'certificate',
      `certificate ${certificate.serial}`,
      `CN=${certificate.commonName} O=${certificate.organizations.join(',')}, from CSR ${certificate.csr}; cannot be revoked`,
    )
    found.start.push({
      name: certificate.commonName,
      groups: [...certificate.organizations, 'system:authenticated'],
      via: [`certificate ${certificate.serial}`],
    })
  }
  const issued = new Set(certificates.map(({ csr }) => csr))
  // an object of a request is gone within a day, its certificate is not
  for (const { name, at, until, named } of deeds.approvedRequests()) {
    if (issued.has(name) || until <= now || facts.rotated === true) continue
    const orgs = named.organizations.join(',')
    left(
      'certificate',
      `certificate of CSR ${name}`,
      `CN=${named.commonName} O=${orgs}, asked for ${rfc3339(at)} and approved; may live until ${rfc3339(until)}; cannot be revoked`,
    )
    found.start.push({ name: named.commonName, groups: [...named.organizations, 'system:authenticated'], via: [`certificate of CSR ${name}`] })
  }
  const loginNames = new Set([...names, ...found.start.map(({ name }) => name)])
  for (const object of objects.all) {
    const { kind, metadata } = object
    const namespace = metadata.namespace ?? ''
    const touched = deeds.touched(pluralOf(kind), namespace, metadata.name, madeAt(object))
    switch (kind) {
      case 'CertificateSigningRequest':
        if ((touched === 'made' || names.has(textAt(object.spec, 'username'))) && !issued.has(metadata.name)) {
          left('pending-csr', titleOf(object), 'a certificate may still be approved')
          remove(object, 2, 'so that nobody approves it')
        }
        break
      case 'ServiceAccount':
        if (touched === 'made') {
          left('service-account', titleOf(object), 'made by them; whoever has its token goes on')
          accounts.set(`${namespace}/${metadata.name}`, 'ServiceAccount that they made')
        }
        break
      case 'Secret':
        secretLeft(object, touched, found, left, accounts, remove)
        break
      case 'ClusterRoleBinding':
      case 'RoleBinding':
        found.start.push(...bindingLeft(object, touched, facts, loginNames, groups, left, step))
        break
      case 'ClusterRole':
      case 'Role':
        if (touched !== undefined) left('role-made', titleOf(object), `${touched} by them`, true)
        break
      case 'MutatingWebhookConfiguration':
      case 'ValidatingWebhookConfiguration':
        if (touched !== undefined) {
          left('webhook', titleOf(object), `${touched} by them; sees and may change what others create`)
          remove(object, 3, 'sees and may change what others create')
        }
        break
      case 'APIService':
        if (touched !== undefined) {
          left('apiservice', titleOf(object), `${touched} by them; gets the requests of others`)
          remove(object, 3, 'gets the requests of others, with their identity')
        }
        break
      case 'ConfigMap':
        if (
          namespace === 'kube-system' &&
          ['aws-auth', 'ack-auth'].includes(metadata.name) &&
          [...names].some((name) => JSON.stringify(object.data ?? {}).includes(name))
        )
          left('identity-map', titleOf(object), 'maps a cloud identity of theirs to a user', true)
    }
  }
  for (const [account, { at, seconds }] of deeds.minted()) {
    const object = objects.find('serviceaccounts', ...splitAccount(account as ServiceAccountRef))
    // tokens end with the account: one that was made since has others
    if (at + seconds * 1000 <= now || !object || at < madeAt(object)) continue
    left('token-minted', `ServiceAccount ${account}`, `they minted a token that is good for ${seconds} s`)
    accounts.set(account as ServiceAccountRef, 'they minted a token of it')
  }
  for (const token of objects.tokens) {
    const read = deeds.tokensRead()
    const secret = objects.find('secrets', token.namespace, token.name)
    const readAt = Math.max(...[`${token.namespace}/${token.name}`, `${token.namespace}/*`, '/*'].map((key) => read.get(key) ?? -1))
    if (readAt < (secret ? madeAt(secret) : 0)) continue
    left('token-read', `Secret ${token.namespace}/${token.name}`, `they read the token of ${token.account}`)
    accounts.set(token.account, 'they read a token of it')
  }
  for (const workload of objects.workloads) {
    const { object, resource, namespace, account, images } = workload
    const touched = deeds.touched(resource, namespace, object.metadata.name, madeAt(object))
    if (touched !== undefined && !object.metadata.ownerReferences?.some(({ controller }) => controller)) {
      left(object.kind === 'CronJob' ? 'cronjob' : 'workload', titleOf(object), `${touched} by them, runs as ${account}`, touched === 'changed')
      if (touched === 'made') {
        remove(object, 5, 'runs what they wrote; or hand it over to somebody who reads it')
        found.start.push(accountIdentity(account, [`${titleOf(object)} runs their code as ${account}`]))
      }
    }
    for (const image of images) if (deeds.pushed().has(imageName(image))) left('image', `${image} in ${titleOf(object)}`, 'they pushed the image', true)
  }
  for (const [account, why] of accounts) {
    found.start.push(accountIdentity(account, [`token of ${account}: ${why}`]))
    const there = objects.find('serviceaccounts', ...splitAccount(account))
    const own = there && deeds.touched('serviceaccounts', ...splitAccount(account), madeAt(there)) === 'made' ? there : undefined
    const used = objects.workloads.some(
      (workload) =>
        workload.account === account && deeds.touched(workload.resource, workload.namespace, workload.object.metadata.name, madeAt(workload.object)) !== 'made',
    )
    if (own && !used) {
      remove(own, 2, `${why}; nothing of others runs as it`)
      continue
    }
    step(
      2,
      { type: 'recreate-account', account },
      `delete and create ServiceAccount ${account} again`,
      `${why}; tokens are bound to its uid, so that all of them end`,
      false,
    )
  }
  return found
}

function secretLeft(
  object: KubeObject,
  touched: 'made' | 'changed' | undefined,
  found: Found,
  left: (kind: LeftKind, object: string, why: string) => void,
  accounts: Map<ServiceAccountRef, string>,
  remove: (object: KubeObject, order: number, why: string) => void,
): void {
  if (touched === undefined) return
  const { namespace = '', name, annotations } = object.metadata
  if (object.type === 'kubernetes.io/service-account-token') {
    left('token-secret', titleOf(object), 'they made it; its token never ends')
    accounts.set(`${namespace}/${annotations?.['kubernetes.io/service-account.name'] ?? ''}`, 'they made a secret with its token')
    remove(object, 2, 'its token never ends')
  } else if (object.type === 'bootstrap.kubernetes.io/token') {
    left('bootstrap-token', titleOf(object), 'they made it; machines join with it')
    const id = name.replace(/^bootstrap-token-/, '')
    found.start.push({ name: `system:bootstrap:${id}`, groups: ['system:bootstrappers', 'system:authenticated'], via: [`bootstrap token ${id}`] })
    remove(object, 2, 'machines join with it')
  }
}

function bindingLeft(
  object: KubeObject,
  touched: 'made' | 'changed' | undefined,
  { deeds, objects }: LeaverFacts,
  loginNames: ReadonlySet<string>,
  groups: readonly string[],
  left: (kind: LeftKind, object: string, why: string, review?: boolean) => void,
  step: (order: number, action: Action, what: string, why: string) => void,
): Identity[] {
  const binding = objects.bindings.find((one) => one.object === object) as Binding
  const { namespace = '', name } = object.metadata
  const subjects = binding.subjects ?? []
  const theirs = subjects.filter((subject) => [...loginNames].some((user) => isSubject(subject, { name: user, groups: [] })))
  // a name that never did anything, bound by who left, is a name to come back with
  const ghosts =
    touched === 'made'
      ? subjects.filter((subject) => subject.kind === 'User' && !theirs.includes(subject) && !subject.name.startsWith('system:') && !deeds.isSeen(subject.name))
      : []
  const away = [...theirs, ...ghosts]
  if (theirs.length > 0) left('user-binding', titleOf(object), `gives ${binding.roleRef.name} to ${theirs.map((subject) => subject.name).join(', ')}`)
  if (ghosts.length > 0)
    left('ghost-binding', titleOf(object), `they gave ${binding.roleRef.name} to ${ghosts.map((subject) => subject.name).join(', ')}, who was never seen`)
  const mine = subjects.filter((subject) => subject.kind === 'Group' && groups.includes(subject.name))
  if (mine.length > 0)
    left(
      'group-binding',
      titleOf(object),
      `gives ${binding.roleRef.name} to group ${mine.map((subject) => subject.name).join(', ')}; ends with the login, and for certificates with the authority`,
      true,
    )
  if (touched !== undefined && away.length < subjects.length && mine.length === 0)
    left(
      'binding-made',
      titleOf(object),
      `${touched} by them, for ${subjects
        .filter((subject) => !away.includes(subject))
        .map((subject) => `${subject.kind} ${subject.name}`)
        .join(', ')}`,
      true,
    )
  if (away.length === 0) return []
  const whole = away.length === subjects.length
  step(
    4,
    whole ? { type: 'delete', kind: object.kind, namespace, name } : { type: 'remove-subjects', kind: object.kind, namespace, name, subjects: away },
    whole ? `delete ${titleOf(object)}` : `take ${away.map((subject) => subject.name).join(', ')} out of ${titleOf(object)}`,
    `gives ${binding.roleRef.name}`,
  )
  return ghosts.map(({ name: user }) => ({
    name: user,
    groups: ['system:authenticated'],
    via: [`${titleOf(object)} was made for ${user}, who was never seen`],
  }))
}

const splitAccount = (account: ServiceAccountRef): [namespace: string, name: string] => account.split('/') as [string, string]

/** ms since the epoch, whole seconds, rounded down; not known: 0. */
const madeAt = ({ metadata }: KubeObject): number => instantMs(metadata.creationTimestamp) || 0

const titleOf = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`

function uniqueSteps(steps: Found['steps']): Found['steps'] {
  const seen = new Set<string>()
  return steps
    .filter(({ action }) => {
      const key = JSON.stringify(action)
      if (seen.has(key)) return false
      seen.add(key)
      return true
    })
    .sort((a, b) => a.order - b.order)
}

/** What is within reach now, when their login is disabled and nothing else was done: after the plan was carried out, the proof. */
export function reachWithoutLogin(facts: LeaverFacts): { can: LeaverReport['can']; complete: boolean } {
  const groups = groupsOf(facts)
  const login = look(facts, groups).steps.filter(({ action }) => action.type === 'disable-login')
  const { powers, complete } = afterwards(facts, groups, login)
  return { can: canDo(powers), complete }
}

/** The same look at the cluster as it is when the steps are done. */
function afterwards(facts: LeaverFacts, groups: readonly string[], steps: Found['steps']) {
  const actions = steps.map(({ action }) => action)
  const objects = indexObjects(applyActions(facts.objects.all, actions))
  const rotated = actions.some(({ type }) => type === 'rotate-ca')
  const disabled = actions.some(({ type }) => type === 'disable-login')
  const fresh = new Set(actions.flatMap((action) => (action.type === 'recreate-account' ? [accountIdentity(action.account, []).name] : [])))
  const start = look({ ...facts, objects, rotated, certificates: rotated ? [] : facts.certificates }, groups).start.filter(
    ({ name, via }) => !(disabled && via[0]!.startsWith('logs in as ')) && !(fresh.has(name) && via[0]!.startsWith('token of ')),
  )
  return reach(objects, start)
}

/** Pure: the objects as the steps leave them. */
export function applyActions(all: readonly KubeObject[], actions: readonly Action[]): KubeObject[] {
  const is = (object: KubeObject, action: { kind: string; namespace: string; name: string }) =>
    object.kind === action.kind && object.metadata.name === action.name && (object.metadata.namespace ?? '') === action.namespace
  return all.flatMap((object) => {
    let now: KubeObject | undefined = object
    for (const action of actions) {
      if (now === undefined) break
      if (action.type === 'delete' && is(now, action)) now = undefined
      else if (action.type === 'recreate-account' && isTokenOf(now, action.account)) now = undefined
      else if (action.type === 'remove-subjects' && is(now, action)) {
        const gone = new Set(action.subjects.map((subject) => JSON.stringify(subject)))
        now = { ...now, subjects: (now.subjects as Subject[]).filter((subject) => !gone.has(JSON.stringify(subject))) }
      }
    }
    return now === undefined ? [] : [now]
  })
}

const isTokenOf = (object: KubeObject, account: ServiceAccountRef) =>
  object.kind === 'Secret' &&
  object.type === 'kubernetes.io/service-account-token' &&
  `${object.metadata.namespace}/${object.metadata.annotations?.['kubernetes.io/service-account.name']}` === account
