/** Between the versions of built-in kinds, offline, both ways. The door of this folder. */
import type { ApiFacts, KindFacts } from '../api-facts/facts.ts'
import type { KindRef, KubeObject } from '../objects.ts'
import { AUTOSCALING } from './autoscaling.ts'
import { DEFINITIONS } from './definitions.ts'
import { DEVICES } from './devices.ts'
import type { ConversionNote, Family } from './family.ts'
import { NETWORK } from './network.ts'
import { POLICY } from './policy.ts'
import { WORKLOADS } from './workloads.ts'

export type { ConversionNote } from './family.ts'

const FAMILIES: readonly Family[] = [...WORKLOADS, ...AUTOSCALING, ...NETWORK, ...POLICY, ...DEVICES, ...DEFINITIONS]
const byKind = new Map<string, readonly Family[]>()
for (const family of FAMILIES) for (const kind of family.kinds) byKind.set(kind, [...(byKind.get(kind) ?? []), family])

function familyOf({ apiVersion, kind }: KindRef): Family | undefined {
  return byKind.get(kind)?.find((family) => family.hub === apiVersion || family.versions[apiVersion] !== undefined)
}

/** All versions that objects of this kind can be written in, the hub first; only its own when it has no others. */
export function versionsOf(ref: KindRef): readonly string[] {
  const family = familyOf(ref)
  return family ? [family.hub, ...Object.keys(family.versions)] : [ref.apiVersion]
}

export interface Conversion {
  object: KubeObject
  notes: readonly ConversionNote[]
}

/** The object in another version of its kind; undefined when there is no way. The argument is left as it is. */
export function convertObject(object: KubeObject, apiVersion: string): Conversion | undefined {
  if (object.apiVersion === apiVersion) return { object, notes: [] }
  const family = familyOf(object)
  if (family === undefined || (apiVersion !== family.hub && family.versions[apiVersion] === undefined)) return undefined
  const notes: ConversionNote[] = []
  const note = (kind: ConversionNote['kind'], path: string, reason: string): void => {
    notes.push({ kind, path, reason })
  }
  const copy = structuredClone(object)
  family.versions[object.apiVersion]?.up?.(copy, note)
  family.versions[apiVersion]?.down?.(copy, note)
  // First, as people write it.
  return { object: { ...copy, apiVersion }, notes }
}

/** Bodies of calls are no resources, so that the facts have no life of theirs: first and last minor that take them. */
const CALLS: Readonly<Record<string, readonly [since: number, until?: number]>> = {
  'policy/v1 Eviction': [22],
  'policy/v1beta1 Eviction': [5, 24],
  'autoscaling/v1 Scale': [0],
  'apps/v1beta2 Scale': [8, 15],
  'apps/v1beta1 Scale': [6, 15],
  'extensions/v1beta1 Scale': [1, 15],
  'apps/v1beta1 DeploymentRollback': [6, 15],
  'extensions/v1beta1 DeploymentRollback': [1, 15],
  'apidiscovery.k8s.io/v2 APIGroupDiscovery': [30],
  'apidiscovery.k8s.io/v2beta1 APIGroupDiscovery': [26, 34],
  'admission.k8s.io/v1 AdmissionReview': [16],
  'admission.k8s.io/v1beta1 AdmissionReview': [9],
}
type Life = Pick<KindFacts, 'apiVersion' | 'since' | 'until' | 'deprecated'>
function lifeOf(facts: ApiFacts, { apiVersion, kind }: KindRef): Life | undefined {
  const known = facts.kind({ apiVersion, kind })
  if (known !== undefined) return known
  const [since, until] = CALLS[`${apiVersion} ${kind}`] ?? []
  return since === undefined ? undefined : { apiVersion, since, ...(until === undefined ? {} : { until }) }
}

export type Target = { apiVersion: string; because: 'served' | 'replaced' } | { apiVersion?: undefined; because: 'unknown' | 'gone' }

/**
 * The version to write an object in for a cluster of that minor: its own while it is served and not deprecated, else the most stable one that is served.
 * `unknown`: no built-in kind. `gone`: that minor serves none.
 */
export function targetVersion(facts: ApiFacts, ref: KindRef, minor: number): Target {
  const lives = versionsOf(ref).flatMap((apiVersion) => lifeOf(facts, { apiVersion, kind: ref.kind }) ?? [])
  if (lives.length === 0) return { because: 'unknown' }
  const served = lives.filter(({ since, until }) => since <= minor && (until === undefined || minor <= until))
  const own = served.find(({ apiVersion }) => apiVersion === ref.apiVersion)
  if (own !== undefined && (own.deprecated === undefined || own.deprecated > minor)) return { apiVersion: own.apiVersion, because: 'served' }
  const best = served.find(({ deprecated }) => deprecated === undefined || deprecated > minor) ?? served[0]
  if (best === undefined) return { because: 'gone' }
  return { apiVersion: best.apiVersion, because: best === own ? 'served' : 'replaced' }
}
