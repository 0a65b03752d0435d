/** One person under several names: which names are theirs, by what evidence, and how sure that is. Pure; events and objects in any order. */
import type { KubeObject } from '#core/kube/objects.ts'
import { type AuditEvent, isAllowed, jsonAt, NO_JSON, textAt, textsAt } from '../event.ts'
import { rfc3339 } from '../time.ts'
import { type Named, subjectOfRequest } from './certificate-request.ts'

/** Certain: somebody who knows says so (the API server, a cloud's own record, you). Likely: it follows from what was seen. Possible: names look alike; for you to confirm. */
export const CONFIDENCES = ['certain', 'likely', 'possible'] as const
export type Confidence = (typeof CONFIDENCES)[number]

export type MappingKind = 'given' | 'denied' | 'cloud' | 'uid' | 'claim' | 'email' | 'certificate' | 'service-account' | 'token' | 'impersonation' | 'name'

export interface Mapping {
  name: string
  kind: MappingKind
  confidence: Confidence
  /** `person`: another name of theirs. `credential`: somebody they can act as; what else is done under that name is not theirs. */
  as: 'person' | 'credential'
  /** Its events count as theirs. */
  used: boolean
  evidence: string
}

export interface Person {
  names: ReadonlySet<string>
  /** Ids of tokens and certificates that were issued to them: who uses one is them, whatever the user name. */
  credentials: ReadonlySet<string>
  mappings: readonly Mapping[]
}

/** What authenticators say of a user beside the name, as it stands in `user.extra`. */
const CLOUD_KEYS = ['arn', 'canonicalArn', 'principalId', 'oid', 'upn', 'email']
/** https://kubernetes.io/docs/reference/labels-annotations-taints/ */
const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id'
const ISSUED_ID = 'authentication.kubernetes.io/issued-credential-id'
const EMAIL = /^[^\s@:#/]+@[^\s@/]+\.[^\s@/]+$/
const MOST = 200_000
/** More names than this under one id are no person. */
const SHARED = 3

interface Link {
  from: string
  to: string
  kind: MappingKind
  confidence: Confidence
  evidence: string
}

/** `oidc:lee@example.com`, `https://issuer.example.com#lee@example.com` and `lee@example.com` without what was put before it. */
export const plainName = (name: string): string =>
  name.startsWith('system:') || name.startsWith('arn:') ? name : name.slice(Math.max(name.lastIndexOf('#'), name.lastIndexOf(':')) + 1)

/** The ids of a credential that a request was made with. */
export const credentialsOf = (event: AuditEvent): readonly string[] => (event.extra === NO_JSON ? [] : textsAt(event.extra, CREDENTIAL_ID, 4))

const isPersonal = (name: string) => name !== '' && !name.startsWith('system:')
/** Ids of AWS roles: everybody who takes the role has them. */
const isRole = (id: string) => /^arn:aws[\w-]*:iam::\d*:role\/|(?:^|:)AROA[A-Z0-9]+$/.test(id)
/** A session of a role; its name is chosen by whoever takes the role. */
const isSession = (name: string) => /^arn:aws[\w-]*:sts::/.test(name)
const last = (name: string) => name.slice(name.lastIndexOf('/') + 1)
const seen = (event: AuditEvent) => `${rfc3339(event.at)}, event ${event.id}`

export function createIdentities() {
  const links = new Map<string, Link>()
  /** Names that did something, with their planes. */
  const users = new Map<string, Set<string>>()
  const byUid = new Map<string, Set<string>>()
  /** Of the names under which somebody was seen, the ids that their authenticator gave them. */
  const idsOf = new Map<string, Map<string, string>>()
  /** Session of a role → who took it. */
  const assumed = new Map<string, Map<string, string>>()
  const made: { by: readonly string[]; kind: MappingKind; name: string; evidence: string; credential?: string }[] = []

  function link(from: string, to: string, kind: MappingKind, confidence: Confidence, evidence: string): void {
    const key = `${from}\n${to}`
    if (from === to || links.has(key) || links.size > MOST || !isPersonal(from) || !isPersonal(to)) return
    links.set(key, { from, to, kind, confidence, evidence })
    links.set(`${to}\n${from}`, { from: to, to: from, kind, confidence, evidence })
  }

  function event(event: AuditEvent): void {
    const { user, impersonated } = event
    if (user !== '' && users.size < MOST) users.set(user, (users.get(user) ?? new Set()).add(event.plane))
    if (event.uid !== '' && !isRole(event.uid) && isPersonal(user) && byUid.size < MOST) byUid.set(event.uid, (byUid.get(event.uid) ?? new Set()).add(user))
    if (event.extra !== NO_JSON && isPersonal(user)) claims(event)
    if (event.plane === 'cloud') cloud(event)
    if (event.stage !== 'ResponseComplete' && event.stage !== '') return
    if (!isAllowed(event) || event.plane !== 'kubernetes') return
    const by = impersonated === '' ? [user] : [user, impersonated]
    if (impersonated !== '' && made.length < MOST)
      made.push({ by: [user], kind: 'impersonation', name: impersonated, evidence: `acted as ${impersonated}: ${seen(event)}` })
    if (event.verb !== 'create' || made.length > MOST) return
    if (event.resource === 'serviceaccounts' && event.subresource === 'token') {
      const account = `system:serviceaccount:${event.namespace}:${event.name}`
      const credential = textAt(event.annotations, ISSUED_ID)
      made.push({ by, kind: 'token', name: account, evidence: `minted a token of it: ${seen(event)}`, ...(credential === '' ? {} : { credential }) })
    } else if (event.subresource === '' && event.resource === 'serviceaccounts') {
      const name = event.name || textAt(jsonAt(event.request, 'metadata'), 'name')
      made.push({ by, kind: 'service-account', name: `system:serviceaccount:${event.namespace}:${name}`, evidence: `made it: ${seen(event)}` })
    } else if (event.subresource === '' && event.resource === 'certificatesigningrequests') {
      const named = requestedName(event.request)
      if (named) made.push({ by, kind: 'certificate', name: named.commonName, evidence: `asked for a certificate ${describe(named)}: ${seen(event)}` })
    }
  }

  /** What the API server's authenticator says of the user beside the name. */
  function claims(event: AuditEvent): void {
    for (const [key, values] of Object.entries(event.extra).slice(0, 40)) {
      const isId = CLOUD_KEYS.includes(key)
      for (const value of textsAt({ values }, 'values', 10)) {
        if (isRole(value) || (!isId && !EMAIL.test(value))) continue
        const known = idsOf.get(event.user) ?? new Map<string, string>()
        if (known.size < 50) known.set(value, `${key} of user ${event.user}, as the API server authenticated it: ${seen(event)}`)
        if (idsOf.size < MOST) idsOf.set(event.user, known)
      }
    }
  }

  /** Names that stand in one record of a cloud are of one principal; who assumes a role is who then acts in it. */
  function cloud(event: AuditEvent): void {
    for (const key of ['userName', 'principalId', 'email']) {
      const other = textAt(event.detail, key)
      if (other !== '') link(event.user, other, 'cloud', 'certain', `${key} of ${event.user} in the cloud's own record: ${seen(event)}`)
    }
    if (!/^AssumeRole/.test(event.verb) || !isAllowed(event) || !event.user.startsWith('arn:')) return
    const session = textAt(event.detail, 'session', 512)
    if (session === '' || assumed.size > MOST) return
    assumed.set(session, (assumed.get(session) ?? new Map()).set(event.user, `${event.verb} by ${event.user}: ${seen(event)}`))
  }

  return {
    event,
    object(object: KubeObject): void {
      const { kind, metadata } = object
      if (kind === 'CertificateSigningRequest') {
        const named = requestedName(object)
        const by = textAt(object.spec, 'username', 512)
        if (named && by !== '')
          made.push({ by: [by], kind: 'certificate', name: named.commonName, evidence: `asked for a certificate ${describe(named)}: CSR ${metadata.name}` })
      } else if (kind === 'ConfigMap' && metadata.namespace === 'kube-system' && metadata.name === 'aws-auth') {
        // rows of `mapUsers`, YAML whose two keys stand in either order
        for (const row of textAt(object.data, 'mapUsers', 1 << 20).split(/^\s*-\s+/m)) {
          const arn = /userarn:\s*["']?([^\s"']+)/.exec(row)?.[1]
          const name = /username:\s*["']?([^\s"']+)/.exec(row)?.[1]
          if (arn !== undefined && name !== undefined) link(arn, name, 'cloud', 'certain', 'mapUsers of ConfigMap kube-system/aws-auth')
        }
      }
    },
    /** @param given names that you know are theirs; `denied`: names that are not. Both win over everything that was found. */
    resolve(given: readonly string[], denied: readonly string[] = []): Person {
      const all = allLinks()
      const names = new Set(given)
      const refused = new Set(denied)
      const mappings: Mapping[] = [
        ...given.slice(1).map((name) => ({ name, ...YOU, used: true })),
        ...denied.map((name) => ({ name, ...YOU, kind: 'denied' as const, used: false })),
      ]
      const told = new Set([...given, ...denied])
      for (const name of names) {
        for (const { to, kind, confidence, evidence } of all.get(name) ?? []) {
          if (names.has(to) || refused.has(to)) continue
          if (confidence !== 'possible') {
            names.add(to)
            // what looked merely alike from another side may be certain from this one
            const before = mappings.findIndex((mapping) => mapping.name === to)
            if (before >= 0) mappings.splice(before, 1)
          } else if (told.has(to)) continue
          told.add(to)
          mappings.push({ name: to, kind, confidence, as: 'person', used: confidence !== 'possible', evidence })
        }
      }
      const credentials = new Set<string>()
      const known = new Set<string>()
      for (const { by, kind, name, evidence, credential } of made) {
        if (!by.some((one) => names.has(one)) || names.has(name)) continue
        if (credential !== undefined) credentials.add(credential)
        if (known.has(`${kind} ${name}`)) continue
        known.add(`${kind} ${name}`)
        mappings.push({ name, kind, confidence: 'certain', as: 'credential', used: false, evidence })
      }
      return { names, credentials, mappings }
    },
  }

  /** By name, with those that come from what several events say together. */
  function allLinks(): Map<string, Link[]> {
    for (const [uid, names] of byUid) {
      const [first, ...others] = names
      for (const other of others) link(first!, other, 'uid', names.size > SHARED ? 'possible' : 'likely', `the same uid ${uid}`)
    }
    for (const [session, callers] of assumed)
      for (const [caller, evidence] of callers) link(caller, session, 'cloud', callers.size > 1 ? 'possible' : 'certain', evidence)
    const usersOf = new Map<string, number>()
    for (const ids of idsOf.values()) for (const id of ids.keys()) usersOf.set(id, (usersOf.get(id) ?? 0) + 1)
    for (const [user, ids] of idsOf) {
      const all = [...ids.keys()]
      // a name under which several principals come is no person
      const several = [all.filter((id) => id.startsWith('arn:')).map(last), all.filter((id) => EMAIL.test(id))].some((same) => new Set(same).size > 1)
      for (const [id, evidence] of ids) {
        const shared = several || usersOf.get(id)! > SHARED
        link(user, id, EMAIL.test(id) ? 'claim' : 'cloud', shared ? 'possible' : 'certain', shared ? `${evidence}; shared with others` : evidence)
      }
    }
    alike()
    const all = new Map<string, Link[]>()
    for (const one of links.values()) all.set(one.from, [...(all.get(one.from) ?? []), one])
    // what is sure comes first: a name is told of once
    for (const list of all.values()) list.sort((a, b) => CONFIDENCES.indexOf(a.confidence) - CONFIDENCES.indexOf(b.confidence))
    return all
  }

  /** Names that differ by an issuer's prefix, or by what follows the at sign. */
  function alike(): void {
    const everybody = new Set([...users.keys(), ...[...links.values()].map(({ to }) => to)].filter(isPersonal))
    const byEmail = new Map<string, string>()
    const byLocal = new Map<string, string[]>()
    for (const name of everybody) {
      const own = last(plainName(name))
      if (EMAIL.test(own)) {
        const email = own.toLowerCase()
        const before = byEmail.get(email)
        if (before === undefined) byEmail.set(email, name)
        else link(before, name, 'email', isSession(name) || isSession(before) ? 'possible' : 'likely', `the same e-mail address ${email}`)
      }
      const local = own.split('@')[0]!.toLowerCase()
      if (local.length >= 2) byLocal.set(local, [...(byLocal.get(local) ?? []), name])
    }
    for (const [local, names] of byLocal)
      for (const name of names.slice(1, 50)) for (const other of names.slice(0, 50)) link(name, other, 'name', 'possible', `both are called ${local}`)
  }
}

const YOU = { kind: 'given', confidence: 'certain', as: 'person', evidence: 'said by you' } as const

const describe = ({ commonName, organizations }: Named) => `CN=${commonName}${organizations.map((one) => ` O=${one}`).join('')}`

/** Whom a CertificateSigningRequest names; of the object, or of the body of an event. */
export function requestedName(csr: unknown): Named | undefined {
  const named = subjectOfRequest(textAt(jsonAt(csr, 'spec'), 'request', 65_536))
  return named && named.commonName !== '' ? named : undefined
}
