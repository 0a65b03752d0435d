/** What one person did, from their events in any order: objects they made or changed that may still be there, tokens they got, images they pushed. */
import { type AuditEvent, effectiveUser, isAllowed, isJson, jsonAt, textAt } from '../event.ts'
import { imageName } from '../lists.ts'
import type { Named } from './certificate-request.ts'
import { credentialsOf, requestedName } from './identities.ts'

interface Made {
  by: string
  at: number
  verb: string
}

const MOST_REQUESTS = 50_000
/** What signers give when nothing else is asked for. */
const YEAR_S = 365 * 86_400
/** Objects whose makers are kept. */
const MOST_OBJECTS = 500_000

/** @param credentials ids of tokens and certificates that are theirs, under whatever user name they are used */
export function createDeeds(names: ReadonlySet<string>, credentials: ReadonlySet<string> = new Set()) {
  const groups = new Set<string>()
  const others = new Set<string>()
  /** Who made it last, and whether the person changed it since. */
  const made = new Map<string, Made>()
  const changed = new Map<string, number>()
  const minted = new Map<string, { at: number; seconds: number }>()
  const tokensRead = new Map<string, number>()
  const requested = new Set<string>()
  /** Of requests for certificates, by name: those of theirs, those that somebody approved, and certificates as they were issued. */
  const asked = new Map<string, { at: number; until: number; named: Named }>()
  const approved = new Set<string>()
  const issued = new Map<string, string>()
  const pushed = new Map<string, number>()
  const counts = new Map<string, { verb: string; resource: string; namespace: string; count: number; first: number; last: number }>()
  const isTheirs = (event: AuditEvent) =>
    names.has(event.user) || names.has(event.impersonated) || (credentials.size > 0 && credentialsOf(event).some((id) => credentials.has(id)))

  return {
    event(event: AuditEvent): void {
      const theirs = isTheirs(event)
      if (!theirs && event.user !== '') others.add(event.user)
      if (event.stage !== 'ResponseComplete' && event.stage !== '') return
      if (theirs) tally(event)
      if (!isAllowed(event)) return
      if (theirs && names.has(event.user)) for (const group of event.groups) groups.add(group)
      if (event.plane === 'registry' && theirs && event.verb === 'push') pushed.set(imageName(event.name), event.at)
      if (event.plane !== 'kubernetes') return
      const key = `${event.resource} ${event.namespace}/${event.name}`
      if (event.subresource === 'token' && event.resource === 'serviceaccounts' && theirs) {
        const seconds = secondsOf(event, 3600)
        const account = `${event.namespace}/${event.name}`
        const before = minted.get(account)
        if (!before || event.at + seconds * 1000 > before.at + before.seconds * 1000) minted.set(account, { at: event.at, seconds })
      }
      if (event.resource === 'secrets' && theirs && ['get', 'list', 'watch'].includes(event.verb))
        tokensRead.set(`${event.namespace}/${event.verb === 'get' ? event.name : '*'}`, event.at)
      if (event.resource === 'certificatesigningrequests') certificates(event, theirs)
      if (event.subresource !== '' && event.subresource !== 'scale') return
      if (event.verb === 'create') {
        const before = made.get(key)
        if (made.size < MOST_OBJECTS && (!before || before.at <= event.at))
          made.set(event.name === '' ? `${event.resource} ${event.namespace}/${nameIn(event)}` : key, {
            by: theirs ? '*' : effectiveUser(event),
            at: event.at,
            verb: 'create',
          })
      } else if ((event.verb === 'update' || event.verb === 'patch') && theirs) changed.set(key, event.at)
    },
    /**
     * Is it the person who made the object last (`made`), or changed it since somebody else did (`changed`)?
     * @param since when the object that is there was made (ms); what was done to an earlier one of its name says nothing
     */
    touched(resource: string, namespace: string, name: string, since: number): 'made' | 'changed' | undefined {
      const key = `${resource} ${namespace}/${name}`
      if (Math.max(made.get(key)?.at ?? 0, changed.get(key) ?? 0) < since) return undefined
      const maker = made.get(key)
      if (maker?.by === '*') return 'made'
      const at = changed.get(key)
      return at !== undefined && (maker === undefined || at > maker.at) ? 'changed' : undefined
    },
    groups: () => [...groups],
    /** Was the user seen doing something, other than the person? */
    isSeen: (user: string) => others.has(user),
    minted: () => minted,
    tokensRead: () => tokensRead,
    requested: () => requested,
    /** Requests of theirs for certificates that were approved: what may live on when the object is gone. */
    approvedRequests: () => [...asked].filter(([name]) => approved.has(name)).map(([name, one]) => ({ name, ...one })),
    /** Certificates that events hold, by the name of the request; base64 of PEM. */
    issued: () => issued,
    pushed: () => pushed,
    /** Everything they did, by kind of deed, most often first. */
    summary: () => [...counts.values()].sort((a, b) => b.count - a.count),
  }

  function certificates(event: AuditEvent, theirs: boolean): void {
    const name = event.name || nameIn(event)
    const certificate = textAt(jsonAt(event.request, 'status'), 'certificate', 65_536)
    if (certificate !== '' && issued.size < MOST_REQUESTS) issued.set(name, certificate)
    if (event.subresource === 'approval' && approved.size < MOST_REQUESTS) approved.add(name)
    if (!theirs || event.subresource !== '' || event.verb !== 'create') return
    requested.add(name)
    const named = requestedName(event.request)
    const seconds = secondsOf(event, YEAR_S)
    if (named && asked.size < MOST_REQUESTS) asked.set(name, { at: event.at, until: event.at + seconds * 1000, named })
  }

  function tally(event: AuditEvent): void {
    const resource = event.subresource ? `${event.resource}/${event.subresource}` : event.resource || event.plane
    const key = `${event.verb} ${resource} ${event.namespace}`
    const found = counts.get(key)
    if (found) {
      found.count++
      found.first = Math.min(found.first, event.at)
      found.last = Math.max(found.last, event.at)
    } else if (counts.size < 20_000) counts.set(key, { verb: event.verb, resource, namespace: event.namespace, count: 1, first: event.at, last: event.at })
  }
}
export type Deeds = ReturnType<typeof createDeeds>

const secondsOf = (event: AuditEvent, otherwise: number): number => {
  const { expirationSeconds } = jsonAt(event.request, 'spec')
  return typeof expirationSeconds === 'number' && expirationSeconds > 0 ? Math.min(expirationSeconds, 100 * YEAR_S) : otherwise
}
const nameIn = (event: AuditEvent): string => (isJson(event.request) ? textAt(event.request.metadata, 'name') : '')
