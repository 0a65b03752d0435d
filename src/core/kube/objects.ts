/** Objects of the Kubernetes API as they travel; fields of single kinds are read where they are needed. https://kubernetes.io/docs/reference/using-api/api-concepts/ */

/** `apiVersion` is `v1` or `group/version`. */
export interface KindRef {
  apiVersion: string
  kind: string
}

export interface ObjectRef extends KindRef {
  namespace?: string
  name: string
}

export interface OwnerReference extends KindRef {
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface ObjectMeta {
  name: string
  generateName?: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  /** RFC 3339. */
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
  managedFields?: ManagedFields[]
}

export interface ManagedFields {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  time?: string
  subresource?: string
  fieldsType?: string
  fieldsV1?: Record<string, unknown>
}

export interface KubeObject extends KindRef {
  metadata: ObjectMeta
  [field: string]: unknown
}

/** `apps/v1` → `{ group: 'apps', version: 'v1' }`; the core group is ''. */
export function groupVersionOf(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? { group: '', version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) }
}

export const refOf = (object: KubeObject): ObjectRef => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  ...(object.metadata.namespace === undefined ? {} : { namespace: object.metadata.namespace }),
  name: object.metadata.name,
})

/** For people: `Deployment shop/cart`. */
export const describeRef = ({ kind, namespace, name }: Omit<ObjectRef, 'apiVersion'>): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`

/** The `apiVersion` of a group and version. */
export const apiVersionOf = (group: string, version: string): string => (group === '' ? version : `${group}/${version}`)
