import { CodedError } from '#core/kernel/errors.ts'
import type { Cluster, ClusterEntry, Clusters } from '#core/shapes/ports/cluster.ts'
import { DEFAULT_CLUSTER } from '#kits/server-kit/clusters.ts'

type Listener = Parameters<Clusters['onChange']>[0]

export interface ClusterSet extends Clusters {
  /** A cluster of the same name is a CONFLICT; `close` is called once, when it is removed. */
  add(cluster: Cluster, about: { source: string; server: string; close(): Promise<void> }): void
  remove(name: string): Promise<void>
  /** Says that a cluster's health is another. */
  changed(name: string): void
}

/** The clusters of this server. */
export function createClusters(): ClusterSet {
  const held = new Map<string, { cluster: Cluster; source: string; server: string; close(): Promise<void> }>()
  const listeners = new Set<Listener>()
  const tell: Listener = (change) => {
    for (const listener of listeners) listener(change)
  }
  const find = (name: string) => {
    const found = held.get(name)
    if (!found) throw new CodedError('NOT_FOUND', { what: `cluster ${name}` })
    return found
  }
  const rank = (name: string) => (name === DEFAULT_CLUSTER ? '' : name)

  return {
    list: () =>
      [...held]
        .sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1))
        .map(([name, { cluster, source, server }]): ClusterEntry => ({ name, source, server, health: cluster.health() })),
    get: (name) => find(name).cluster,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    add(cluster, about) {
      if (held.has(cluster.name)) throw new CodedError('ALREADY_EXISTS', { what: `Cluster ${cluster.name}` })
      held.set(cluster.name, { cluster, ...about })
      tell({ type: 'added', name: cluster.name })
    },
    async remove(name) {
      const { close } = find(name)
      held.delete(name)
      tell({ type: 'removed', name })
      await close()
    },
    changed(name) {
      if (held.has(name)) tell({ type: 'health', name })
    },
  }
}
