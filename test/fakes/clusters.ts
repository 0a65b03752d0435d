import { CodedError } from '#core/kernel/errors.ts'
import { err } from '#core/kernel/result.ts'
import type { Cluster, Clusters } from '#core/shapes/ports/cluster.ts'
import { trafficRouter } from '#edges/routers/open.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'

/** What a door gets of the world outside: clusters, no registries, nothing to call, and reconcilers that rest; every request acts with all rights unless the cluster itself says otherwise. */
export function fakeClusters(
  ...held: readonly Cluster[]
): Pick<
  ServerContext,
  'clusters' | 'clusterOf' | 'openCluster' | 'registries' | 'reconcile' | 'aggregate' | 'aggregated' | 'reachedBy' | 'trafficRouter' | 'outbound'
> {
  const clusters: Clusters = {
    list: () => held.map((cluster) => ({ name: cluster.name, source: 'fake', server: 'https://fake.example', health: cluster.health() })),
    get(name) {
      const found = held.find((cluster) => cluster.name === name)
      if (!found) throw new CodedError('NOT_FOUND', { what: `cluster ${name}` })
      return found
    },
    onChange: () => () => {},
  }
  return {
    clusters,
    clusterOf: (_, name) => clusters.get(name),
    openCluster: () => Promise.reject(new Error('nothing to open here')),
    reconcile: () => {},
    aggregate: () => {},
    reachedBy: () => undefined,
    aggregated: () => [],
    trafficRouter,
    outbound: { send: async () => err('nothing is called here') },
    registries: () => Promise.reject(new Error('no registries here')),
  }
}
