/** The kinds that the sandbox serves: a list of built-in ones, and those that CustomResourceDefinitions add. */
import type { ApiFacts, KindFacts } from '#core/kube/api-facts/facts.ts'
import { type SchemaNode, type Shape, shapeOf } from '#core/kube/shape.ts'
import type { Resolve } from '#core/kube/structural.ts'
import type { Obj } from './store.ts'

export interface PrinterColumn {
  name: string
  type: string
  format?: string
  description?: string
  jsonPath: string
  priority?: number
}

export interface ServedVersion {
  name: string
  schema?: SchemaNode
  /** Made of `schema` when first asked for. */
  shape(): Shape
  columns?: readonly PrinterColumn[]
  /** Name of the schema of a built-in kind. */
  type?: string
  subresources: ReadonlyMap<string, KindFacts['subresources'][string]>
  scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string }
  selectableFields?: readonly string[]
  deprecationWarning?: string
}

export interface Kind {
  group: string
  kind: string
  listKind: string
  plural: string
  singular: string
  shortNames: readonly string[]
  categories: readonly string[]
  namespaced: boolean
  verbs: readonly string[]
  /** Served versions, the preferred one first. */
  versions: readonly ServedVersion[]
  /** The version in which objects are stored. */
  storage: string
  /** The definition, for kinds that are not built in. */
  crd?: Obj
  /** No object of it is stored: SubjectAccessReview and the like. */
  virtual?: boolean
}

/** The name of the collection of a kind. */
export const collectionOf = (kind: { group: string; plural: string }): string => (kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`)

/** What the sandbox serves of the built-in API: one version of each kind, as nothing converts between shapes. */
const BUILT_IN = `
v1 Pod Service ReplicationController Namespace Node ConfigMap Secret ServiceAccount Endpoints Event LimitRange ResourceQuota PersistentVolume PersistentVolumeClaim
apps/v1 Deployment ReplicaSet StatefulSet DaemonSet ControllerRevision
batch/v1 Job CronJob
autoscaling/v2 HorizontalPodAutoscaler
policy/v1 PodDisruptionBudget
networking.k8s.io/v1 Ingress IngressClass NetworkPolicy
discovery.k8s.io/v1 EndpointSlice
coordination.k8s.io/v1 Lease
rbac.authorization.k8s.io/v1 Role RoleBinding ClusterRole ClusterRoleBinding
storage.k8s.io/v1 StorageClass CSIDriver
scheduling.k8s.io/v1 PriorityClass
certificates.k8s.io/v1 CertificateSigningRequest
apiextensions.k8s.io/v1 CustomResourceDefinition
apiregistration.k8s.io/v1 APIService
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration ValidatingWebhookConfiguration
authentication.k8s.io/v1 TokenReview SelfSubjectReview
authorization.k8s.io/v1 SubjectAccessReview SelfSubjectAccessReview LocalSubjectAccessReview SelfSubjectRulesReview
`

export function builtInKinds(facts: ApiFacts, resolve: Resolve): Kind[] {
  return BUILT_IN.trim()
    .split('\n')
    .flatMap((line) => {
      const [apiVersion, ...kinds] = line.split(' ') as [string, ...string[]]
      return kinds.map((name): Kind => {
        const known = facts.kind({ apiVersion, kind: name })
        if (known === undefined) throw new Error(`the API facts know no ${name} of ${apiVersion}`)
        const { group, version, kind, plural, singular, shortNames, categories, namespaced, verbs, subresources } = known
        const schema = resolve(known.schema)
        let shape: Shape | undefined
        return {
          group,
          kind,
          listKind: `${kind}List`,
          plural,
          singular,
          shortNames,
          categories,
          namespaced,
          verbs,
          storage: version,
          virtual: !verbs.includes('get'),
          versions: [
            {
              name: version,
              schema,
              type: known.schema,
              shape: () => {
                shape ??= shapeOf(schema, resolve)
                return shape
              },
              subresources: new Map(Object.entries(subresources)),
            },
          ],
        }
      })
    })
}

export interface KindTable {
  all(): Kind[]
  find(group: string, version: string, plural: string): { kind: Kind; version: ServedVersion } | undefined
  byKind(group: string, kind: string): Kind | undefined
  /** Adds or replaces. */
  set(kind: Kind): void
  remove(group: string, plural: string): void
  /** Grows with each change: discovery and OpenAPI are made anew. */
  generation(): number
}

export function createKindTable(first: readonly Kind[]): KindTable {
  const kinds = new Map(first.map((kind) => [collectionOf(kind), kind]))
  let generation = 0
  return {
    all: () => [...kinds.values()],
    find(group, version, plural) {
      const kind = kinds.get(collectionOf({ group, plural }))
      const served = kind?.versions.find((one) => one.name === version)
      return kind === undefined || served === undefined ? undefined : { kind, version: served }
    },
    byKind: (group, name) => [...kinds.values()].find((kind) => kind.group === group && kind.kind === name),
    set(kind) {
      kinds.set(collectionOf(kind), kind)
      generation++
    },
    remove(group, plural) {
      kinds.delete(collectionOf({ group, plural }))
      generation++
    },
    generation: () => generation,
  }
}
