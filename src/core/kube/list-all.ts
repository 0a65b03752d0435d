import type { Cluster } from '../shapes/ports/cluster.ts'
import type { KindRef, KubeObject } from './objects.ts'

const PAGE = 500

/** Every object of a kind, page by page; of one namespace where one is given. For what is small enough to be held. */
export async function listAll(
  cluster: Cluster,
  { apiVersion, kind }: KindRef,
  { namespace, signal }: { namespace?: string; signal?: AbortSignal } = {},
): Promise<KubeObject[]> {
  const all: KubeObject[] = []
  let next: string | undefined
  do {
    signal?.throwIfAborted()
    const page = await cluster.list(
      { apiVersion, kind },
      { limit: PAGE, ...(namespace === undefined ? {} : { namespace }), ...(next === undefined ? {} : { continue: next }) },
    )
    for (const item of page.items) all.push(item)
    next = page.continue || undefined
  } while (next !== undefined)
  return all
}
