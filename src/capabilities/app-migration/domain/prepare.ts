/** From objects as they were found to objects as they are to be made: clean, take what is wanted, rename, convert, order. */
import type { ApiFacts } from '#core/kube/api-facts/facts.ts'
import { describeRef, type KubeObject, refOf } from '#core/kube/objects.ts'
import { type CleanOptions, clean } from './clean.ts'
import { type Converted, convertAll, type Serves } from './convert.ts'
import { closure, graphOf, type Missing, type Waves, wavesOf } from './graph.ts'
import type { Mapping } from './mapping.ts'
import { keyOfObject } from './parts.ts'
import { type Transformed, transform } from './transform.ts'

export interface Prepared extends Waves {
  objects: KubeObject[]
  /** Not taken along, with the rule of `clean` that says why. */
  left: { object: KubeObject; rule: string }[]
  converted: readonly Converted[]
  undecided: Transformed['undecided']
  failedPatches: Transformed['failed']
  /** Needed and not among the objects: must be there on the other side. */
  missing: readonly Missing[]
}

export interface PrepareOptions extends CleanOptions {
  mapping?: Mapping
  /** Of the target; undefined: versions stay as they are. */
  minor?: number
  serves?: Serves
  /** Takes only these and what belongs to them. */
  seed?(object: KubeObject): boolean
}

export function prepare(found: readonly KubeObject[], facts: ApiFacts, options: PrepareOptions): Prepared {
  const keepPorts = options.nodePorts || (options.mapping !== undefined && options.mapping.nodePorts !== 'drop')
  const cleaned = clean(found, facts, { ...options, nodePorts: keepPorts })
  const wanted = options.seed === undefined ? cleaned.objects : closure(cleaned.objects, options.seed)
  const renamed = options.mapping === undefined ? { objects: wanted, undecided: [], failed: [] } : transform(wanted, options.mapping, facts)
  const converted =
    options.minor === undefined ? [] : convertAll(renamed.objects, { minor: options.minor, ...(options.serves ? { serves: options.serves } : {}) }, facts)
  const objects = options.minor === undefined ? renamed.objects : converted.filter(({ outcome }) => outcome !== 'gone').map(({ object }) => object)
  const graph = graphOf(objects)
  return { ...wavesOf(graph), objects, left: cleaned.left, converted, undecided: renamed.undecided, failedPatches: renamed.failed, missing: graph.missing }
}

/** Of what is prepared, only these and what must be there before them, in the same order. */
export function onlyNeeded(prepared: Prepared, isWanted: (object: KubeObject) => boolean): Prepared {
  const { objects, before } = graphOf(prepared.objects)
  const taken = new Set<string>()
  const work = [...objects].filter(([, object]) => isWanted(object)).map(([key]) => key)
  while (work.length > 0) {
    const key = work.pop()!
    if (taken.has(key)) continue
    taken.add(key)
    work.push(...(before.get(key) ?? []))
  }
  const keep = (list: readonly KubeObject[]) => list.filter((object) => taken.has(keyOfObject(object)))
  const names = new Set([...taken].map((key) => describeRef(refOf(objects.get(key)!))))
  return {
    ...prepared,
    objects: keep(prepared.objects),
    waves: prepared.waves.map(keep).filter((wave) => wave.length > 0),
    missing: prepared.missing.filter(({ by }) => names.has(by)),
  }
}
