/** What a cluster holds of an app, read with the rights of who asks. */
import { CodedError } from '#core/kernel/errors.ts'
import { type ApiFacts, loadApiFacts } from '#core/kube/api-facts/facts.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { parseLabelSelector, selects } from '#core/kube/selectors.ts'
import type { Cluster, ServedKind } from '#core/shapes/ports/cluster.ts'
import type { Serves } from '../domain/convert.ts'
import { each } from './target.ts'

export interface Found {
  objects: KubeObject[]
  /** What of it is wanted; what it needs comes along. Undefined: all. */
  seed?: (object: KubeObject) => boolean
  /** Kinds that could not be seen, with the reason: the export may lack them. */
  unseen: { kind: string; reason: string }[]
  /** `v1.20.2`, of a cluster. */
  sourceVersion?: string
}

/** What is to be moved; what it needs comes along. */
export interface Wanted {
  namespaces?: readonly string[]
  selector?: string
  kinds?: readonly string[]
  /** `Deployment/cart` */
  apps?: readonly string[]
}

/** Undefined: all. Throws USAGE, INVALID_INPUT for a selector that is none. */
export function seedOf({ namespaces, selector, kinds, apps }: Wanted): Found['seed'] | undefined {
  if (namespaces === undefined && selector === undefined && kinds === undefined && apps === undefined) return undefined
  const labels = selector === undefined ? undefined : parseLabelSelector(selector)
  const wanted = kinds?.map((kind) => kind.trim().toLowerCase())
  const named = apps?.map((text) => text.toLowerCase())
  for (const text of apps ?? []) if (!/^[^/]+\/[^/]+$/.test(text)) throw new CodedError('USAGE', { reason: `--app takes KIND/NAME, not "${text}"` })
  return ({ kind, metadata }) =>
    (namespaces === undefined || namespaces.includes(metadata.namespace ?? '')) &&
    (labels === undefined || selects(labels, metadata.labels)) &&
    (wanted === undefined || wanted.includes(kind.toLowerCase())) &&
    (named === undefined || named.includes(`${kind}/${metadata.name}`.toLowerCase()))
}

const PAGE = 500

/** `serves`: what the target has. */
export async function readCluster(
  cluster: Cluster,
  namespaces: readonly string[],
  { signal, serves, onRead }: { signal?: AbortSignal; serves?: Serves; onRead?(done: number, total: number): void },
): Promise<Pick<Found, 'objects' | 'unseen' | 'sourceVersion'>> {
  const { kinds, unknown, serverVersion } = await cluster.discover()
  const readable = preferred(
    kinds.filter(({ verbs, kind }) => verbs.includes('list') && verbs.includes('get') && kind !== 'Event' && kind !== 'ComponentStatus'),
    await loadApiFacts(),
    serves,
  )
  const asks = readable.flatMap((kind): { kind: ServedKind; namespace: string | undefined }[] =>
    kind.namespaced && namespaces.length > 0 ? namespaces.map((namespace) => ({ kind, namespace })) : [{ kind, namespace: undefined }],
  )
  const objects: KubeObject[] = []
  const unseen: Found['unseen'] = unknown.map(({ apiVersion, reason }) => ({ kind: apiVersion, reason }))
  let done = 0
  await each(asks, 8, async ({ kind, namespace }) => {
    try {
      let next: string | undefined
      do {
        signal?.throwIfAborted()
        const page = await cluster.list(kind, {
          limit: PAGE,
          ...(namespace === undefined ? {} : { namespace }),
          ...(next === undefined ? {} : { continue: next }),
        })
        objects.push(...page.items.map((item) => ({ ...item, apiVersion: kind.apiVersion, kind: kind.kind })))
        next = page.continue
      } while (next !== undefined)
    } catch (error) {
      if (!(error instanceof CodedError) || !['FORBIDDEN', 'KIND_UNKNOWN', 'NOT_FOUND'].includes(error.code)) throw error
      unseen.push({ kind: kind.kind, reason: error.code })
    }
    onRead?.(++done, asks.length)
  })
  return { objects, unseen, sourceVersion: serverVersion }
}

/**
 * One version of each kind of a group; core events and endpoints also live in other groups, where they stand once.
 * Custom kinds are read in a version that the target serves, where the source has it: the definition's own conversion is the source's then.
 */
export function preferred(kinds: readonly ServedKind[], facts: ApiFacts, serves?: Serves): ServedKind[] {
  const best = new Map<string, ServedKind>()
  for (const kind of kinds) {
    // Served in two groups by old servers: the newer group has it whole.
    const group = kind.group === 'extensions' ? (kind.kind === 'Ingress' || kind.kind === 'NetworkPolicy' ? 'networking.k8s.io' : 'apps') : kind.group
    const key = `${group} ${kind.kind}`
    const before = best.get(key)
    if (before === undefined || before.group === 'extensions' || (kind.preferred && kind.group !== 'extensions')) best.set(key, kind)
  }
  if (serves === undefined) return [...best.values()]
  return [...best.values()].map((kind) =>
    facts.kind(kind) !== undefined || serves(kind) !== false
      ? kind
      : (kinds.find((other) => other.group === kind.group && other.kind === kind.kind && serves(other) === true) ?? kind),
  )
}
