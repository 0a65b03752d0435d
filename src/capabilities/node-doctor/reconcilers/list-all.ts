import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'

/** Every object of a kind, page by page. */
export async function listAll(cluster: Cluster, kind: { apiVersion: string; kind: string }): Promise<KubeObject[]> {
  const items: KubeObject[] = []
  let next: string | undefined
  do {
    const page = await cluster.list({ apiVersion: kind.apiVersion, kind: kind.kind }, { limit: 500, ...(next === undefined ? {} : { continue: next }) })
    items.push(...page.items)
    next = page.continue
  } while (next)
  return items
}
