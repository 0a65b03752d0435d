/** Routers whose split stands in the route object itself: read, changed by pure functions, written back only when nobody else wrote in between. */
import { CodedError } from '#core/kernel/errors.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { describeRef, type KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { RouteFault, SplitRoute, TrafficRouter, TrafficSplit } from '#core/shapes/ports/traffic-router.ts'

export const OWNER = 'sallyport.io/canary'
/** On a route to which the canary's backends were added; they go with the split. */
const ADDED = 'sallyport.io/canary-added'
export const FIELD_MANAGER = 'sallyport-canary'
/** A route that is written by others at the same time is read anew this often. */
const TRIES = 4

/** Lists, records and words of objects whose kinds we have no types of. */
// biome-ignore lint/suspicious/noExplicitAny: objects of foreign kinds are read field by field
export type Loose = any

/** What differs between the kinds. All of it is pure. */
export interface Dialect {
  /** Where the list of rules stands: `['spec', 'rules']`. */
  path: readonly string[]
  /** Weights and marks as the rules say; undefined when no rule leads to stable. */
  split(rules: readonly Loose[], target: SplitRoute): TrafficSplit | undefined
  /** The rules with the split; `bare`: without the canary's backend at weight 0. Rules that do not lead to stable stay as they are. */
  withSplit(rules: readonly Loose[], target: SplitRoute, split: TrafficSplit, bare: boolean): readonly Loose[]
  /** Does a backend of the canary stand in the rules already, because the user declared it? */
  namesCanary(rules: readonly Loose[], target: SplitRoute): boolean
  /** Why it cannot be done, or undefined. */
  cannot?(split: TrafficSplit, target: SplitRoute): string | undefined
}

export function editedRouter(cluster: Cluster, dialects: Readonly<Record<string, Dialect>>): TrafficRouter {
  const dialectOf = ({ apiVersion, kind }: SplitRoute['route']) => dialects[`${apiVersion.split('/')[0]}/${kind}`]!

  async function find(target: SplitRoute): Promise<Result<{ object: KubeObject; rules: Loose[]; dialect: Dialect }, RouteFault>> {
    const { route, owner } = target
    const dialect = dialectOf(route)
    let object: KubeObject
    try {
      object = await cluster.get(route)
    } catch (error) {
      if (error instanceof CodedError && error.code === 'NOT_FOUND') return err({ reason: 'missing', message: `${describeRef(route)} is not there` })
      throw error
    }
    const other = object.metadata.annotations?.[OWNER]
    if (other !== undefined && other !== owner) return err({ reason: 'owned', message: `${describeRef(route)} is split by Canary ${other}` })
    const rules = dialect.path.reduce<Loose>((value, step) => value?.[step], object)
    if (!Array.isArray(rules) || dialect.split(rules, target) === undefined)
      return err({ reason: 'unfit', message: `${describeRef(route)} has no rule that leads to Service ${target.stable}` })
    return ok({ object, rules, dialect })
  }

  /** Only the list and our annotations are written, and only on the version that was read. */
  async function change(target: SplitRoute, split: TrafficSplit, leave: boolean): Promise<Result<void, RouteFault>> {
    for (let attempt = 1; ; attempt++) {
      const found = await find(target)
      if (!found.ok) return found
      const { object, rules, dialect } = found.value
      const why = leave ? undefined : dialect.cannot?.(split, target)
      if (why !== undefined) return err({ reason: 'unsupported', message: `${describeRef(target.route)}: ${why}` })
      const marks = object.metadata.annotations ?? {}
      const added = marks[ADDED] === 'true' || (marks[OWNER] === undefined && !dialect.namesCanary(rules, target))
      const next = dialect.withSplit(rules, target, split, leave && added)
      const annotations = leave ? { [OWNER]: null, [ADDED]: null } : { [OWNER]: target.owner, ...(added ? { [ADDED]: 'true' } : {}) }
      const marked = leave ? marks[OWNER] === undefined : marks[OWNER] === target.owner
      if (marked && JSON.stringify(next) === JSON.stringify(rules)) return ok(undefined)
      const body = dialect.path.reduceRight<Loose>((value, step) => ({ [step]: value }), next)
      try {
        const metadata = { resourceVersion: object.metadata.resourceVersion, annotations }
        await cluster.patch(target.route, 'merge', { metadata, ...body }, { fieldManager: FIELD_MANAGER })
        return ok(undefined)
      } catch (error) {
        if (!(error instanceof CodedError && error.code === 'CONFLICT') || attempt === TRIES) throw error
      }
    }
  }

  return {
    routes: Object.keys(dialects),
    async read(target) {
      const found = await find(target)
      return found.ok ? ok(found.value.dialect.split(found.value.rules, target)!) : found
    },
    write: (target, split) => change(target, split, false),
    async release(target) {
      const done = await change(target, { weight: 0 }, true)
      return !done.ok && (done.error.reason === 'missing' || done.error.reason === 'owned') ? ok(undefined) : done
    },
  }
}

/** Percent as whole parts: of 100 where that is exact, else of 1,000. */
export function partsOf(weight: number): { canary: number; total: number } {
  const total = Math.abs(weight - Math.round(weight)) < 1e-9 ? 100 : 1000
  return { canary: Math.round((weight * total) / 100), total }
}

/** The share in percent, to a tenth. */
export const percentOf = (canary: number, total: number): number => (total > 0 ? Math.round((canary / total) * 1000) / 10 : 0)

/** RE2 for a Cookie header in which `name` says `always`. */
export const cookiePattern = (name: string): string => `(^|.*;\\s*)${name.replace(/[.\\+*?()[\]{}|^$]/g, '\\$&')}=always(;.*|$)`

/** The cookie's name back from `cookiePattern`. */
export const cookieOfPattern = (pattern: string): string | undefined =>
  /^\(\^\|\.\*;\\s\*\)(.+)=always\(;\.\*\|\$\)$/.exec(pattern)?.[1]?.replace(/\\(.)/g, '$1')
