/** What the collector may do in a cluster, made from what it reads. */
import { groupVersionOf } from '#core/kube/objects.ts'
import { MONITOR_KINDS } from './monitors/read.ts'
import { OBJECT_KINDS } from './object-series/kinds.ts'

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
}
const follow = (group: string, resource: string): Rule => ({ apiGroups: [group], resources: [resource], verbs: ['list', 'watch'] })

export const COLLECTOR_RULES: readonly Rule[] = [
  ...Object.entries(OBJECT_KINDS).map(([plural, { versions }]) => follow(groupVersionOf(versions[0]!).group, plural)),
  // Roles of kubernetes_sd_configs that no states of objects are of.
  follow('', 'endpoints'),
  follow('discovery.k8s.io', 'endpointslices'),
  ...Object.entries(MONITOR_KINDS).map(([kind, { apiVersion }]) => follow(groupVersionOf(apiVersion).group, `${kind.toLowerCase()}s`)),
  // The kubelet asks the API server whether its /metrics may be read.
  { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
]
/** Of API servers. */
export const COLLECTOR_PATHS: readonly string[] = ['/metrics']

export const MONITOR_ACCESS_RULES: readonly Rule[] = [{ apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['get'] }]
