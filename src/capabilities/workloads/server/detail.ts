/** One object: how it is, what it has to do with, what happened to it, and what the asker may do to it. */
import { stringify } from 'yaml'
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject, ObjectRef } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Scope, Telemetry } from '#core/shapes/ports/telemetry.ts'
import { accessFor, accessText, containersOf, forReading, rightsOfKind } from '../domain/acts.ts'
import { type ObjectAnswer, objectPath, type RelationsAnswer, type TimelineAnswer } from '../domain/api.ts'
import { conditionsOf } from '../domain/fields.ts'
import { statusOf } from '../domain/object-status.ts'
import { kindsAround, namedBy, pointingAt, type Related } from '../domain/relations.ts'
import { eventHappenings, type Happening, joinHappenings, ownHappenings } from '../domain/timeline.ts'
import { attempt, onlyFirst, type Unread } from './missing.ts'
import { readSome, servedKind } from './objects.ts'

/** As people read it; long lines stay whole. */
export const yamlOf = (object: KubeObject): string => stringify(forReading(object), { lineWidth: 0, aliasDuplicateObjects: false })

export async function readObject(cluster: Cluster, ref: ObjectRef): Promise<ObjectAnswer> {
  const [object, kind] = await Promise.all([cluster.get(ref), servedKind(cluster, `${ref.apiVersion}/${ref.kind}`)])
  const rights = await Promise.all(
    rightsOfKind(kind).map(async (right) => {
      const access = accessFor(right, kind, ref.namespace, ref.name)
      // A server that cannot say is not one that says yes.
      const { allowed, reason } = await cluster.may(access).catch((error: unknown) => ({ allowed: false, reason: error instanceof Error ? error.message : '' }))
      return [right, { allowed, needs: accessText(access), reason }] as const
    }),
  )
  return {
    object: forReading(object),
    yaml: yamlOf(object),
    status: statusOf(object),
    conditions: conditionsOf(object),
    containers: object.kind === 'Pod' ? containersOf(object) : [],
    rights: Object.fromEntries(rights),
  }
}

const MOST_AROUND = 1_000

/** What stands around an object in its namespace, as far as it may be read. */
async function readAround(cluster: Cluster, object: KubeObject): Promise<{ around: KubeObject[]; missing: Unread[] }> {
  const { kinds } = await cluster.discover()
  const around: KubeObject[] = []
  const missing: Unread[] = []
  await Promise.all(
    kindsAround(object).map(async (wanted) => {
      const same = kinds.filter(({ kind, group }) => kind === wanted.kind && group === (wanted.apiVersion.includes('/') ? wanted.apiVersion.split('/')[0] : ''))
      const served = same.find(({ apiVersion }) => apiVersion === wanted.apiVersion) ?? same[0]
      if (!served) return
      const read = await attempt(wanted.kind, readSome(cluster, served, object.metadata.namespace, MOST_AROUND))
      if ('missing' in read) missing.push(read.missing)
      else {
        around.push(...read.value.objects)
        if (read.value.more) missing.push(onlyFirst(wanted.kind, MOST_AROUND))
      }
    }),
  )
  return { around, missing }
}

const MOST_OWNERS = 5

/** Owners of owners, as far up as they may be read. */
async function ownersOf(cluster: Cluster, object: KubeObject): Promise<{ related: Related[]; missing: Unread[] }> {
  const related: Related[] = []
  const missing: Unread[] = []
  let at = object
  for (let distance = 1; distance <= MOST_OWNERS; distance++) {
    const owner = (at.metadata.ownerReferences ?? []).find(({ controller }) => controller)
    if (!owner) break
    const { apiVersion, kind, name, uid } = owner
    // Owners that have no namespace (a Node of its pods) are found without one.
    const kindServed = (await cluster.discover()).kinds.find((one) => one.apiVersion === apiVersion && one.kind === kind)
    const ref: ObjectRef = { apiVersion, kind, name, ...(kindServed?.namespaced === false ? {} : { namespace: object.metadata.namespace }) }
    const read = await attempt(`${kind} ${name}`, cluster.get(ref))
    if ('missing' in read) {
      related.push({ relation: 'owner', distance, ...ref, uid })
      missing.push(read.missing)
      break
    }
    related.push({ relation: 'owner', distance, ...ref, uid, status: statusOf(read.value) })
    at = read.value
  }
  return { related, missing }
}

export async function readRelations(cluster: Cluster, ref: ObjectRef): Promise<RelationsAnswer> {
  const object = await cluster.get(ref)
  const [owners, { around, missing }] = await Promise.all([ownersOf(cluster, object), readAround(cluster, object)])
  const seen = new Set(owners.related.map(({ uid }) => uid))
  const named = namedBy(object).filter(({ relation, uid }) => relation !== 'owner' || !seen.has(uid))
  return { related: [...owners.related, ...named, ...pointingAt(object, around)], missing: [...owners.missing, ...missing] }
}

const MOST_EVENTS = 2_000

export async function readTimeline(
  cluster: Cluster,
  ref: ObjectRef,
  { telemetry, scope }: { telemetry: Pick<Telemetry, 'query'>; scope: Scope },
): Promise<TimelineAnswer> {
  const object = await cluster.get(ref)
  const [{ around, missing }, events, kept] = await Promise.all([
    readAround(cluster, object),
    attempt('Event', readSome(cluster, { apiVersion: 'v1', kind: 'Event' }, ref.namespace, MOST_EVENTS)),
    attempt('audit, findings', keptHappenings(cluster.name, object, telemetry, scope)),
  ])
  const owned = ownedBy(object, around)
  const uids = new Set([object, ...owned].flatMap(({ metadata }) => metadata.uid ?? []))
  if ('missing' in events) missing.push(events.missing)
  else if (events.value.more) missing.push(onlyFirst('Event', MOST_EVENTS))
  if ('missing' in kept) missing.push(kept.missing)
  const { happenings, more } = joinHappenings(
    'value' in events ? eventHappenings(object, events.value.objects, uids) : [],
    ownHappenings(object, owned),
    'value' in kept ? kept.value : [],
  )
  return { happenings, more, missing }
}

function ownedBy(object: KubeObject, around: readonly KubeObject[]): readonly KubeObject[] {
  const uids = new Set(pointingAt(object, around).flatMap(({ relation, uid }) => (relation === 'owns' ? (uid ?? []) : [])))
  return around.filter(({ metadata }) => metadata.uid !== undefined && uids.has(metadata.uid))
}

/** What this server remembers of the object: what people did to it, and what was found. */
async function keptHappenings(cluster: string, object: KubeObject, telemetry: Pick<Telemetry, 'query'>, scope: Scope): Promise<readonly Happening[]> {
  const { namespace = '', name, uid = '' } = object.metadata
  const path = decodeURIComponent(objectPath({ apiVersion: object.apiVersion, kind: object.kind, namespace, name })).replace(/^\/objects\//, '')
  const [audit, findings] = await Promise.all([
    telemetry.query({
      sql: `SELECT toUnixTimestamp64Milli(ts), user, verb, resource, status, detail FROM audit
        WHERE cluster = {cluster:String} AND plane = 'sallyport' AND name = {path:String} ORDER BY ts DESC LIMIT 100`,
      params: { cluster, path },
      scope,
    }),
    telemetry.query({
      sql: `SELECT toUnixTimestamp64Milli(ts), check_id, severity, state, message FROM findings
        WHERE cluster = {cluster:String} AND uid = {uid:String} AND uid != '' ORDER BY ts DESC LIMIT 100`,
      params: { cluster, uid },
      scope,
    }),
  ])
  return [
    ...audit.rows.flatMap(([at, user, , resource, status, detail]): Happening[] => {
      const said = String(detail)
      // Previews change nothing.
      if (said.includes('"dryRun":true')) return []
      const failed = Number(status) >= 400
      return [
        {
          at: Number(at),
          source: 'audit',
          level: failed ? 'warning' : 'info',
          about: '',
          title: String(resource).split('/').at(-1) ?? '',
          text: `${said.slice(0, 300)}${failed ? ` (HTTP ${String(status)})` : ''}`,
          by: String(user),
        },
      ]
    }),
    ...findings.rows.map(
      ([at, check, severity, state, message]): Happening => ({
        at: Number(at),
        source: 'finding',
        level: state === 'cleared' ? 'ok' : severity === 'error' || severity === 'critical' ? 'error' : 'warning',
        about: '',
        title: `${String(check)} ${String(state)}`,
        text: String(message),
      }),
    ),
  ]
}

/** The object of a route's path. */
export function refOfParams(params: { group: string; version: string; kind: string; namespace: string; name: string }): ObjectRef {
  const { group, version, kind, namespace, name } = params
  if (name === '.' || name === '..') throw new CodedError('NOT_FOUND', { what: `${kind} ${name}` })
  return { apiVersion: group === 'core' ? version : `${group}/${version}`, kind, name, ...(namespace === '-' ? {} : { namespace }) }
}
