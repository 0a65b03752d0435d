/** Objects for another cluster: each in a version that it serves. */
import type { ApiFacts } from '#core/kube/api-facts/facts.ts'
import { type ConversionNote, convertObject, targetVersion, versionsOf } from '#core/kube/convert/convert.ts'
import { groupVersionOf, type KindRef, type KubeObject } from '#core/kube/objects.ts'
import { UNKNOWN_FIELD, validateObject } from '#core/kube/validate.ts'

export interface Converted {
  object: KubeObject
  /** apiVersion before. */
  from: string
  /**
   * `kept`: as it was. `converted`. `gone`: the target serves no version of the kind. `unknown`: no built-in kind, left as it is.
   * `no-way`: versions exist, but nothing is known of how to write one as the other.
   */
  outcome: 'kept' | 'converted' | 'gone' | 'unknown' | 'no-way'
  notes: readonly ConversionNote[]
}

/** Does the target serve this version of the kind? Undefined: it could not be found out. */
export type Serves = (ref: KindRef) => boolean | undefined

/** `newest`: the newest version known of each kind; objects of the core group stay. `serves` is believed before what is known of the minor. */
export type ConvertTo = { apiVersion: string } | { minor: number; serves?: Serves } | 'newest'

export function convertAll(objects: readonly KubeObject[], to: ConvertTo, facts: ApiFacts): Converted[] {
  return objects.map((object) => {
    if (to === 'newest') return convertNewest(object, facts)
    return 'apiVersion' in to ? convertTo(object, to.apiVersion, facts) : convertFor(object, to.minor, facts, to.serves)
  })
}

function convertTo(object: KubeObject, apiVersion: string, facts: ApiFacts): Converted {
  const from = object.apiVersion
  if (from === apiVersion) return { object, from, outcome: 'kept', notes: [] }
  const converted = convertObject(object, apiVersion)
  if (converted === undefined) return { object, from, outcome: 'no-way', notes: [] }
  return { object: converted.object, from, outcome: 'converted', notes: [...converted.notes, ...unheld(object, converted.object, facts)] }
}

/** Fields that the version of before knows and the one of now does not. They stay in the text, so that the way back has them; a server drops them. */
function unheld(before: KubeObject, after: KubeObject, facts: ApiFacts): ConversionNote[] {
  const unknown = (object: KubeObject) => (validateObject(object, facts) ?? []).filter(({ message }) => message === UNKNOWN_FIELD).map(({ path }) => path)
  const paths = unknown(after)
  if (paths.length === 0) return []
  const always = new Set(unknown(before))
  return paths.filter((path) => !always.has(path)).map((path) => ({ kind: 'lost', path, reason: `${after.apiVersion} has no such field: a server drops it` }))
}

function convertNewest(object: KubeObject, facts: ApiFacts): Converted {
  const versions = versionsOf(object)
  const hub = groupVersionOf(object.apiVersion).group === '' ? object.apiVersion : versions[0]!
  // A kind that is no longer served anywhere has versions, but nobody takes them.
  const life = facts.kind({ apiVersion: hub, kind: object.kind })
  if (life?.until !== undefined) return { object, from: object.apiVersion, outcome: 'gone', notes: [] }
  if (life === undefined && versions.length === 1) return { object, from: object.apiVersion, outcome: 'unknown', notes: [] }
  return finish(object, hub, facts.newest, facts)
}

function convertFor(object: KubeObject, minor: number, facts: ApiFacts, serves?: Serves): Converted {
  const from = object.apiVersion
  const target = targetVersion(facts, object, minor)
  const wanted = target.apiVersion ?? from
  if (serves?.({ apiVersion: wanted, kind: object.kind }) === false) {
    const other = versionsOf(object).find((apiVersion) => serves({ apiVersion, kind: object.kind }) === true)
    if (other !== undefined) return finish(object, other, minor, facts, serves)
  }
  if (target.apiVersion === undefined) return { object, from, outcome: target.because, notes: [] }
  return finish(object, target.apiVersion, minor, facts, serves)
}

function finish(object: KubeObject, apiVersion: string, minor: number, facts: ApiFacts, serves?: Serves): Converted {
  const from = object.apiVersion
  const converted = convertObject(object, apiVersion)
  if (converted === undefined) return { object, from, outcome: 'no-way', notes: [] }
  const notes = [...converted.notes, ...(from === apiVersion ? [] : unheld(object, converted.object, facts))]
  const referring = moveReferences(converted.object, minor, facts, notes, serves)
  return { object: referring, from, outcome: from === apiVersion && referring === object ? 'kept' : 'converted', notes }
}

/** What an object scales or measures is named with its version: a removed one would find nothing. */
function moveReferences(object: KubeObject, minor: number, facts: ApiFacts, notes: ConversionNote[], serves?: Serves): KubeObject {
  if (object.kind !== 'HorizontalPodAutoscaler') return object
  const spec = (object.spec ?? {}) as { scaleTargetRef?: Partial<KindRef> }
  const { apiVersion, kind } = spec.scaleTargetRef ?? {}
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return object
  const target = targetVersion(facts, { apiVersion, kind }, minor).apiVersion
  if (target === undefined || target === apiVersion || serves?.({ apiVersion: target, kind }) === false) return object
  notes.push({ kind: 'changed', path: 'spec.scaleTargetRef.apiVersion', reason: `${apiVersion} is not served there: ${target}` })
  return { ...object, spec: { ...spec, scaleTargetRef: { ...spec.scaleTargetRef, apiVersion: target } } }
}

/** Versions that an object of this kind could be asked for in. */
export const choices = (ref: KindRef): readonly string[] => versionsOf(ref)
