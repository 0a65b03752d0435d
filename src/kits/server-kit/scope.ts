import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Grant, Scope } from '#core/shapes/ports/telemetry.ts'
import { SIGNALS, type Signal } from '#core/telemetry/table.ts'
import type { Identity } from './auth.ts'

/** The virtual resources on which a cluster's RBAC says who may read telemetry, one for each signal; the verb is `get`. */
export const TELEMETRY_GROUP = 'telemetry.sallyport.io'

/** With more namespaces than these, only rights in all of them count: asking for each would take too long. */
const MOST_NAMESPACES = 5_000

/** Who reads without being asked about a cluster: the administrator all, everybody else nothing. An ingest token writes and reads nothing. */
export const baseScope = (identity: Identity | undefined): Scope => (identity?.kind === 'user' && identity.rights.kind === 'admin' ? 'all' : [])

/** The one place that decides what telemetry of a cluster may be read, by asking that cluster as the reader. What cannot be asked is not granted. */
export async function clusterScope(cluster: Cluster, namespaces: readonly string[]): Promise<Scope> {
  const may = async (resource: Signal, namespace?: string) => (await cluster.may({ verb: 'get', group: TELEMETRY_GROUP, resource, namespace })).allowed
  const grants = await Promise.all(
    SIGNALS.map(async (signal): Promise<Grant | undefined> => {
      if (await may(signal)) return { cluster: cluster.name, signals: [signal] }
      if (namespaces.length > MOST_NAMESPACES) return undefined
      const answers = await Promise.all(namespaces.map((namespace) => may(signal, namespace)))
      const granted = namespaces.filter((_, i) => answers[i])
      return granted.length === 0 ? undefined : { cluster: cluster.name, signals: [signal], namespaces: granted }
    }),
  )
  return grants.filter((grant) => grant !== undefined)
}

/** The namespaces of a cluster that a scope lets see of a signal. */
export function namespacesIn(scope: Scope, cluster: string, signal: Signal): readonly string[] | 'all' {
  if (scope === 'all') return 'all'
  const grants = scope.filter((grant) => grant.cluster === cluster && (grant.signals === undefined || grant.signals.includes(signal)))
  if (grants.some(({ namespaces }) => namespaces === undefined)) return 'all'
  return [...new Set(grants.flatMap(({ namespaces }) => namespaces ?? []))]
}
