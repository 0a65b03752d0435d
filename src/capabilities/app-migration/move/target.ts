/** What the other side says to the objects: there already, equal, different, refused. Nothing is written. */
import { CodedError } from '#core/kernel/errors.ts'
import { sameJson } from '#core/kube/json.ts'
import { describeRef, groupVersionOf, type KubeObject, type ObjectRef, refOf } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { keyOfObject } from '../domain/parts.ts'

export const MANAGER = 'sallyport-migration'
export type Existing = 'skip' | 'update' | 'fail'

export interface FieldChange {
  path: string
  /** Left out of Secrets, and where there is none. */
  from?: unknown
  to?: unknown
}

export interface Verdict {
  object: KubeObject
  wave: number
  /** `later`: can be asked only when what it needs is there (a namespace, a definition). */
  action: 'create' | 'update' | 'same' | 'skip' | 'later' | 'blocked'
  /** Fields that would change. */
  changes: readonly FieldChange[]
  /** Why it is blocked: code and text. */
  error?: CodedError
  /** The controller that owns what is there. */
  owner?: string
  /** Other managers of the fields that would change. */
  managers?: readonly string[]
  /** Fields that the target does not keep: it does not know them. */
  dropped?: readonly string[]
}

/** Asks for every object by a dry run (with the rights of the one who asks), some at a time. Order is that of the waves. */
export async function judge(
  cluster: Cluster,
  waves: readonly (readonly KubeObject[])[],
  existing: Existing,
  parallel = 16,
  signal?: AbortSignal,
): Promise<Verdict[]> {
  const coming = new Set(waves.flat().map(keyOfObject))
  const namespaces = new Set(
    waves
      .flat()
      .filter(({ kind, apiVersion }) => kind === 'Namespace' && apiVersion === 'v1')
      .map(({ metadata }) => metadata.name),
  )
  const list = waves.flatMap((objects, wave) => objects.map((object) => ({ object, wave })))
  const verdicts: Verdict[] = []
  const there = await lookUp(
    cluster,
    list.map(({ object }) => object),
    parallel,
    signal,
  )
  await each(list, parallel, async ({ object, wave }, i) => {
    signal?.throwIfAborted()
    verdicts[i] = { wave, ...(await ask(cluster, object, existing, { coming, namespaces, there })) }
  })
  return verdicts
}

/** What is there of the objects. Many of a kind are read by lists, which is one call instead of hundreds. */
async function lookUp(
  cluster: Cluster,
  objects: readonly KubeObject[],
  parallel: number,
  signal?: AbortSignal,
): Promise<(ref: ObjectRef) => Promise<KubeObject>> {
  const many = Map.groupBy(objects, ({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.namespace ?? ''}`)
  const listed = new Map<string, Map<string, KubeObject>>()
  await each(
    [...many].filter(([, group]) => group.length >= WORTH_A_LIST),
    parallel,
    async ([key, group]) => {
      const wanted = new Set(group.map(({ metadata }) => metadata.name))
      const found = new Map<string, KubeObject>()
      let next: string | undefined
      try {
        do {
          signal?.throwIfAborted()
          const page = await cluster.list(group[0]!, {
            limit: PAGE,
            ...(group[0]!.metadata.namespace === undefined ? {} : { namespace: group[0]!.metadata.namespace }),
            ...(next === undefined ? {} : { continue: next }),
          })
          for (const item of page.items) if (wanted.has(item.metadata.name)) found.set(item.metadata.name, item)
          next = page.continue
        } while (next !== undefined)
        listed.set(key, found)
      } catch (error) {
        // What may not be listed, or is too much to list, is asked one by one.
        if (!(error instanceof CodedError)) throw error
      }
    },
  )
  return async (ref) => {
    const found = listed.get(`${ref.apiVersion} ${ref.kind} ${ref.namespace ?? ''}`)
    if (found === undefined) return cluster.get(ref)
    const object = found.get(ref.name)
    if (object === undefined) throw new CodedError('NOT_FOUND', { what: describeRef(ref), cluster: cluster.name })
    return object
  }
}
const WORTH_A_LIST = 100
const PAGE = 500

interface Known {
  coming: ReadonlySet<string>
  namespaces: ReadonlySet<string>
  there(ref: ObjectRef): Promise<KubeObject>
}

async function ask(cluster: Cluster, object: KubeObject, existing: Existing, { coming, namespaces, there }: Known): Promise<Omit<Verdict, 'wave'>> {
  const ref = refOf(object)
  let before: KubeObject | undefined
  try {
    before = await there(ref)
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    const { group } = groupVersionOf(object.apiVersion)
    // A kind that is not served yet, but whose definition comes along.
    if (
      error.code === 'KIND_UNKNOWN' &&
      [...coming].some((key) => key.startsWith('apiextensions.k8s.io CustomResourceDefinition /') && key.endsWith(`.${group}`))
    )
      return { object, action: 'later', changes: [] }
    if (error.code !== 'NOT_FOUND') return { object, action: 'blocked', changes: [], error }
  }
  if (before !== undefined && existing === 'skip') return { object, action: 'skip', changes: [] }
  if (before !== undefined && existing === 'fail')
    return {
      object,
      action: 'blocked',
      changes: [],
      error: new CodedError('ALREADY_EXISTS', { what: describeRef(ref), name: ref.name, kind: ref.kind, cluster: cluster.name }),
    }
  try {
    if (before === undefined) {
      const after = await cluster.create(object, { dryRun: true, fieldManager: MANAGER })
      return { object, action: 'create', changes: [], dropped: absent(object, after) }
    }
    const after = await cluster.apply(object, { dryRun: true, fieldManager: MANAGER, force: true })
    const all = differences(stable(before), stable(after))
    // What Secrets hold is never shown.
    const changes = object.kind === 'Secret' ? all.map(({ path }) => ({ path })) : all
    const owner = (before.metadata.ownerReferences ?? []).find(({ controller }) => controller === true)
    return {
      object,
      action: changes.length === 0 ? 'same' : 'update',
      changes,
      dropped: absent(object, after),
      ...(owner === undefined ? {} : { owner: describeRef({ ...owner, namespace: ref.namespace }) }),
      managers:
        changes.length === 0
          ? []
          : managersOf(
              before,
              changes.map(({ path }) => path),
            ),
    }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    if (error.code === 'NOT_FOUND' && ref.namespace !== undefined && namespaces.has(ref.namespace)) return elsewhere(cluster, object)
    return { object, action: 'blocked', changes: [], error }
  }
}

const PROBE = { namespace: 'default', name: 'sallyport-plan-probe' }

/**
 * A namespace that is yet to come cannot be asked. Whether the object itself is well formed for the target can: by a dry run under another name in a namespace that
 * is there. Only refusals of the object count; rights and quotas of that namespace are not those of the new one.
 */
async function elsewhere(cluster: Cluster, object: KubeObject): Promise<Omit<Verdict, 'wave'>> {
  try {
    const after = await cluster.create({ ...object, metadata: { ...object.metadata, ...PROBE } }, { dryRun: true, fieldManager: MANAGER })
    return { object, action: 'create', changes: [], dropped: absent(object, after) }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    if (error.code === 'OBJECT_REJECTED') return { object, action: 'blocked', changes: [], error }
    return { object, action: 'later', changes: [] }
  }
}

/** Fields that were sent and did not come back. Values may be written otherwise (`1000m`, `1`), names may not. */
export function absent(sent: unknown, answer: unknown, path = ''): string[] {
  if (typeof sent !== 'object' || sent === null) return []
  if (typeof answer !== 'object' || answer === null) return Object.keys(sent).length > 0 ? [path] : []
  return Object.entries(sent).flatMap(([key, value]) => {
    const at = Array.isArray(sent) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`
    // Written as `data` by the server; empty values are not kept.
    if (at === 'stringData' || at === 'status' || isEmpty(value)) return []
    const kept = (answer as Record<string, unknown>)[key]
    return kept === undefined ? [at] : absent(value, kept, at)
  })
}
const isEmpty = (value: unknown): boolean =>
  value === null || value === undefined || value === '' || value === false || value === 0 || (typeof value === 'object' && Object.values(value).every(isEmpty))

/** Managers other than ours that have written fields which would change; `kubectl` and the like are people, who moved on. */
function managersOf({ metadata }: KubeObject, changes: readonly string[]): string[] {
  const tops = new Set(
    changes
      .map((path) =>
        path
          .split(/[.[]/)
          .slice(0, 2)
          .map((step) => `f:${step}`),
      )
      .map(String),
  )
  const holds = (fields: Record<string, unknown> | undefined): boolean =>
    [...tops].some((top) => top.split(',').reduce<unknown>((body, step) => (body as Record<string, unknown> | undefined)?.[step], fields) !== undefined)
  return [
    ...new Set(
      (metadata.managedFields ?? [])
        .filter(
          ({ manager, subresource, fieldsV1 }) =>
            manager !== MANAGER && subresource === undefined && !/^(?:kubectl|sallyport|node|curl)/.test(manager) && holds(fieldsV1),
        )
        .map(({ manager }) => manager),
    ),
  ]
}

/** Without what every write changes. */
function stable(object: KubeObject): unknown {
  const { managedFields: _, resourceVersion: __, generation: ___, ...metadata } = object.metadata
  return { ...object, metadata, status: undefined }
}

export function differences(a: unknown, b: unknown, path = ''): FieldChange[] {
  if (sameJson(a, b)) return []
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b))
    return [{ path, ...(a === undefined ? {} : { from: a }), ...(b === undefined ? {} : { to: b }) }]
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) =>
    differences(left[key], right[key], Array.isArray(a) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`),
  )
}

/** Runs over a list with at most so many at once; the first error ends it. */
export async function each<T>(list: readonly T[], parallel: number, work: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0
  let failed = false
  const one = async (): Promise<void> => {
    while (next < list.length && !failed) {
      const index = next++
      try {
        await work(list[index]!, index)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const runs = await Promise.allSettled(Array.from({ length: Math.min(parallel, list.length) }, one))
  const broken = runs.find((run) => run.status === 'rejected')
  if (broken) throw broken.reason
}
