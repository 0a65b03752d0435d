/** Lists in pages and watches, as https://kubernetes.io/docs/reference/using-api/api-concepts/ has them. */
import { CodedError } from '#core/kernel/errors.ts'
import { apiVersionOf } from '#core/kube/objects.ts'
import { type FieldRequirement, fieldsSelect, parseFieldSelector, parseLabelSelector, type Requirement, selects } from '#core/kube/selectors.ts'
import { collectionOf, type Kind, type ServedVersion } from './kinds.ts'
import { badRequest, expired, invalid, StatusError } from './status.ts'
import { type Entry, type Obj, type StoreEvent, textOf } from './store.ts'
import { objectsOf, type World } from './world.ts'
import { inVersion } from './writes.ts'

export interface Selected {
  kind: Kind
  version: ServedVersion
  namespace?: string
  matches(object: Obj): boolean
  /** Is anything left out? */
  selective: boolean
}

const EVERYWHERE = new Set(['metadata.name', 'metadata.namespace'])
/** Fields of built-in kinds that can be selected by. */
const FIELDS: Record<string, readonly string[]> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  events: [
    ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map((field) => `involvedObject.${field}`),
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  secrets: ['type'],
  namespaces: ['status.phase'],
  nodes: ['spec.unschedulable'],
  services: ['spec.clusterIP', 'spec.type'],
  replicationcontrollers: ['status.replicas'],
  'replicasets.apps': ['status.replicas'],
  'jobs.batch': ['status.successful'],
  'certificatesigningrequests.certificates.k8s.io': ['spec.signerName'],
}

/** Booleans and numbers that are left out count as their empty value, as field selectors have it. */
const EMPTY: Record<string, string> = { 'spec.unschedulable': 'false', 'spec.hostNetwork': 'false', 'status.replicas': '0', 'status.successful': '0' }

export function selection(kind: Kind, version: ServedVersion, namespace: string | undefined, query: URLSearchParams, name?: string): Selected {
  let labels: readonly Requirement[]
  let fields: readonly FieldRequirement[]
  try {
    labels = parseLabelSelector(query.get('labelSelector') ?? '')
    fields = parseFieldSelector(query.get('fieldSelector') ?? '')
  } catch (error) {
    if (error instanceof CodedError) throw badRequest(`unable to parse the selector: ${error.problems.map((problem) => problem.message).join('; ')}`)
    throw error
  }
  const allowed = kind.crd === undefined ? (FIELDS[collectionOf(kind)] ?? []) : (version.selectableFields ?? [])
  for (const { path } of fields)
    if (!EVERYWHERE.has(path) && !allowed.includes(path))
      throw badRequest(
        allowed.length === 0
          ? `"${path}" is not a known field selector: only "metadata.name", "metadata.namespace"`
          : `Unable to find "${apiVersionOf(kind.group, version.name)}, Resource=${kind.plural}" that match label selector "${query.get('labelSelector') ?? ''}", field selector "${query.get('fieldSelector') ?? ''}": field label not supported: ${path}`,
      )
  const plain = fields.filter(({ path }) => EMPTY[path] === undefined && path !== 'source')
  const special = fields.filter(({ path }) => EMPTY[path] !== undefined || path === 'source')
  return {
    kind,
    version,
    namespace,
    selective: labels.length > 0 || fields.length > 0 || name !== undefined,
    matches: (object) =>
      (name === undefined || object.metadata.name === name) &&
      selects(labels, object.metadata.labels) &&
      fieldsSelect(plain, object) &&
      special.every(({ path, equal, value }) => {
        const found = path === 'source' ? object.source?.component : path.split('.').reduce((at, step) => at?.[step], object)
        return (String(found ?? EMPTY[path] ?? '') === value) === equal
      }),
  }
}

export interface PageOfEntries {
  entries: readonly Entry[]
  revision: number
  continue?: string
  remaining?: number
}

const MAX_REVISION = /^\d{1,15}$/
function readRevision(text: string | null): number | undefined {
  if (text === null || text === '') return undefined
  if (!MAX_REVISION.test(text)) throw badRequest(`resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`)
  return Number(text)
}

/** In a token: of what is there when it is used. */
const LATEST = -1
const encodeToken = (revision: number, after: string) =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: `${after}\u0000` })).toString('base64url')
function decodeToken(token: string): { revision: number; after: string } {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { v: string; rv: number; start: string }
    if (v === 'meta.k8s.io/v1' && Number.isSafeInteger(rv) && typeof start === 'string' && start.endsWith('\u0000'))
      return { revision: rv, after: start.slice(0, -1) }
  } catch {}
  throw badRequest('continue key is not valid: illegal base64 data or not what the server made')
}

export function list(world: World, selected: Selected, query: URLSearchParams): PageOfEntries {
  const collection = objectsOf(world, selected.kind)
  const prefix = selected.namespace === undefined ? '' : `${selected.namespace}/`
  const limit = Number(query.get('limit') ?? 0)
  if (!Number.isInteger(limit) || limit < 0) throw badRequest('limit is a whole number that is not negative')
  const token = query.get('continue') ?? ''
  const wanted = readRevision(query.get('resourceVersion'))
  const match = query.get('resourceVersionMatch') ?? undefined
  const bad = (field: string, message: string) => invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [{ type: 'Forbidden', field, message }])
  if (match !== undefined) {
    if (token !== '') throw bad('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided')
    if (wanted === undefined) throw bad('resourceVersionMatch', 'resourceVersionMatch is forbidden unless resourceVersion is provided')
    if (match !== 'Exact' && match !== 'NotOlderThan')
      throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
        { type: 'NotSupported', field: 'resourceVersionMatch', value: match, message: 'supported values: "Exact", "NotOlderThan", ""' },
      ])
    if (match === 'Exact' && wanted === 0) throw bad('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
  }
  if (token !== '' && wanted !== undefined && wanted !== 0) throw badRequest('specifying resource version is not allowed when using continue')

  let revision = world.store.revision()
  let after: string | undefined
  if (token !== '') {
    const from = decodeToken(token)
    after = from.after
    if (from.revision !== LATEST) revision = from.revision
  } else if (wanted !== undefined && (match === 'Exact' || (match === undefined && limit > 0 && wanted > 0))) revision = wanted
  else if (wanted !== undefined && wanted > revision)
    throw new StatusError(504, 'Timeout', `Too large resource version: ${wanted}, current: ${revision}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    })
  const all = revision === world.store.revision() ? collection.entries(prefix) : collection.entriesAt(revision, prefix)
  if (all === undefined) {
    if (token === '') throw expired(`The resourceVersion for the provided list is too old.`)
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      encodeToken(LATEST, after!),
    )
  }
  const found: Entry[] = []
  let i = after === undefined ? 0 : all.findIndex((entry) => entry.key > after!)
  if (i < 0) i = all.length
  let more = false
  for (; i < all.length; i++) {
    if (selected.selective && !selected.matches(all[i]!.object)) continue
    if (limit > 0 && found.length === limit) {
      more = true
      break
    }
    found.push(all[i]!)
  }
  return {
    entries: found,
    revision,
    ...(more ? { continue: encodeToken(revision, found.at(-1)!.key), ...(selected.selective ? {} : { remaining: all.length - i }) } : {}),
  }
}

/** The object as text in the version that was asked for. */
export const textIn = (selected: Pick<Selected, 'kind' | 'version'>, entry: Entry): string =>
  selected.version.name === selected.kind.storage ? textOf(entry) : JSON.stringify(inVersion(selected, entry.object))

export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  entry: Entry
}

/** What a change is for somebody who sees only what is selected. */
export function seenBy(selected: Selected, event: StoreEvent): WatchEvent | undefined {
  if (selected.namespace !== undefined && event.entry.object.metadata.namespace !== selected.namespace) return undefined
  if (!selected.selective) return event
  const was = event.before !== undefined && selected.matches(event.before.object)
  const is = event.type !== 'DELETED' && selected.matches(event.entry.object)
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', entry: event.entry }
  if (!was) return undefined
  // Its last state that was selected, with the revision at which it left.
  const object =
    event.type === 'DELETED'
      ? event.entry.object
      : { ...event.before!.object, metadata: { ...event.before!.object.metadata, resourceVersion: String(event.revision) } }
  return { type: 'DELETED', entry: event.type === 'DELETED' ? event.entry : { key: event.entry.key, revision: event.revision, object } }
}

export interface Watch {
  /** What happened before the watch began to follow. */
  initial: readonly WatchEvent[]
  /** Revision up to which `initial` goes. */
  revision: number
  /** After `initial` a bookmark says that it is whole. */
  announceEnd: boolean
  follow(listener: (event: WatchEvent) => void): () => void
}

/** Throws 410 when the revision is too old. */
export function watch(world: World, selected: Selected, query: URLSearchParams): Watch {
  const collection = objectsOf(world, selected.kind)
  const revision = readRevision(query.get('resourceVersion'))
  const sendInitial = query.get('sendInitialEvents')
  if (sendInitial !== null && query.get('resourceVersionMatch') !== 'NotOlderThan')
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
      { type: 'Forbidden', field: 'resourceVersionMatch', message: 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan' },
    ])
  const now = world.store.revision()
  let initial: WatchEvent[]
  if (sendInitial === 'true' || (sendInitial === null && (revision === undefined || revision === 0)))
    initial = collection
      .entries(selected.namespace === undefined ? '' : `${selected.namespace}/`)
      .filter((entry) => !selected.selective || selected.matches(entry.object))
      .map((entry) => ({ type: 'ADDED', entry }))
  else if (sendInitial === 'false' && (revision === undefined || revision === 0)) initial = []
  else {
    const since = collection.since(revision!)
    if (since === undefined) throw expired(`too old resource version: ${revision} (${now})`)
    initial = since.flatMap((event) => seenBy(selected, event) ?? [])
  }
  return {
    initial,
    revision: now,
    announceEnd: sendInitial === 'true' && query.get('allowWatchBookmarks') === 'true',
    follow: (listener) =>
      collection.follow((event) => {
        const seen = seenBy(selected, event)
        if (seen !== undefined) listener(seen)
      }),
  }
}
