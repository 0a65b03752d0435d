/** What the other side says to the objects: there already, equal, different, refused. Nothing is written. */
import { CodedError } from '#core/kernel/errors.ts'
import { sameJson } from '#core/kube/json.ts'
import { describeRef, groupVersionOf, type KubeObject, refOf } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { keyOfObject } from '../domain/parts.ts'

export const MANAGER = 'sallyport-migration'
export type Existing = 'skip' | 'update' | 'fail'

export interface Verdict {
  object: KubeObject
  wave: number
  /** `later`: can be asked only when what it needs is there (a namespace, a definition). */
  action: 'create' | 'update' | 'same' | 'skip' | 'later' | 'blocked'
  /** Paths that would change. */
  changes: readonly string[]
  /** Why it is blocked: code and text. */
  error?: CodedError
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
  await each(list, parallel, async ({ object, wave }, i) => {
    signal?.throwIfAborted()
    verdicts[i] = { wave, ...(await ask(cluster, object, existing, { coming, namespaces })) }
  })
  return verdicts
}

async function ask(
  cluster: Cluster,
  object: KubeObject,
  existing: Existing,
  { coming, namespaces }: { coming: ReadonlySet<string>; namespaces: ReadonlySet<string> },
): Promise<Omit<Verdict, 'wave'>> {
  const ref = refOf(object)
  let before: KubeObject | undefined
  try {
    before = await cluster.get(ref)
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
    const after =
      before === undefined
        ? await cluster.create(object, { dryRun: true, fieldManager: MANAGER })
        : await cluster.apply(object, { dryRun: true, fieldManager: MANAGER, force: true })
    if (before === undefined) return { object, action: 'create', changes: [] }
    const changes = differences(stable(before), stable(after))
    return { object, action: changes.length === 0 ? 'same' : 'update', changes }
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    if (error.code === 'NOT_FOUND' && ref.namespace !== undefined && namespaces.has(ref.namespace)) return { object, action: 'later', changes: [] }
    return { object, action: 'blocked', changes: [], error }
  }
}

/** Without what every write changes. */
function stable(object: KubeObject): unknown {
  const { managedFields: _, resourceVersion: __, generation: ___, ...metadata } = object.metadata
  return { ...object, metadata, status: undefined }
}

export function differences(a: unknown, b: unknown, path = ''): string[] {
  if (sameJson(a, b)) return []
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return [path]
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
