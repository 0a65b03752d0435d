/** Objects for another cluster: each in a version that it serves. */
import type { ApiFacts } from '#core/kube/api-facts/facts.ts'
import { type ConversionNote, convertObject, targetVersion, versionsOf } from '#core/kube/convert/convert.ts'
import { groupVersionOf, type KindRef, type KubeObject } from '#core/kube/objects.ts'

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

/** `newest`: the newest version known of each kind; objects of the core group stay. */
export type ConvertTo = { apiVersion: string } | { minor: number } | 'newest'

export function convertAll(objects: readonly KubeObject[], to: ConvertTo, facts: ApiFacts): Converted[] {
  return objects.map((object) => {
    if (to === 'newest') return convertNewest(object, facts)
    return 'apiVersion' in to ? convertTo(object, to.apiVersion) : convertFor(object, to.minor, facts)
  })
}

function convertTo(object: KubeObject, apiVersion: string): Converted {
  const from = object.apiVersion
  if (from === apiVersion) return { object, from, outcome: 'kept', notes: [] }
  const converted = convertObject(object, apiVersion)
  return converted ? { ...converted, from, outcome: 'converted' } : { object, from, outcome: 'no-way', notes: [] }
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

function convertFor(object: KubeObject, minor: number, facts: ApiFacts): Converted {
  const from = object.apiVersion
  const target = targetVersion(facts, object, minor)
  if (target.apiVersion === undefined) return { object, from, outcome: target.because, notes: [] }
  return finish(object, target.apiVersion, minor, facts)
}

function finish(object: KubeObject, apiVersion: string, minor: number, facts: ApiFacts): Converted {
  const from = object.apiVersion
  const converted = convertObject(object, apiVersion)
  if (converted === undefined) return { object, from, outcome: 'no-way', notes: [] }
  const notes = [...converted.notes]
  const referring = moveReferences(converted.object, minor, facts, notes)
  return { object: referring, from, outcome: from === apiVersion && referring === object ? 'kept' : 'converted', notes }
}

/** What an object scales or measures is named with its version: a removed one would find nothing. */
function moveReferences(object: KubeObject, minor: number, facts: ApiFacts, notes: ConversionNote[]): KubeObject {
  if (object.kind !== 'HorizontalPodAutoscaler') return object
  const spec = (object.spec ?? {}) as { scaleTargetRef?: Partial<KindRef> }
  const { apiVersion, kind } = spec.scaleTargetRef ?? {}
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return object
  const target = targetVersion(facts, { apiVersion, kind }, minor).apiVersion
  if (target === undefined || target === apiVersion) return object
  notes.push({ kind: 'changed', path: 'spec.scaleTargetRef.apiVersion', reason: `${apiVersion} is not served there: ${target}` })
  return { ...object, spec: { ...spec, scaleTargetRef: { ...spec.scaleTargetRef, apiVersion: target } } }
}

/** Versions that an object of this kind could be asked for in. */
export const choices = (ref: KindRef): readonly string[] => versionsOf(ref)
