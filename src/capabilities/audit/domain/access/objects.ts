/** Objects of a cluster, indexed by what the questions about access ask. */
import type { KubeObject } from '#core/kube/objects.ts'
import type { PolicyRule, RbacBinding, RbacObjects, RbacRole, Subject } from '#core/kube/rbac.ts'
import { isJson, type Json, jsonAt, listAt, textAt } from '../event.ts'
import { WORKLOADS } from '../pod-spec.ts'

export type ServiceAccountRef = `${string}/${string}`

export interface AccessObjects extends RbacObjects {
  all: readonly KubeObject[]
  namespaces: readonly string[]
  serviceAccounts: ReadonlySet<ServiceAccountRef>
  /** Of the pods that run and of the templates from which they are made. */
  workloads: readonly Workload[]
  /** Secrets that hold tokens. */
  tokens: readonly { namespace: string; name: string; account: ServiceAccountRef }[]
  bindings: readonly Binding[]
  find(resource: string, namespace: string, name: string): KubeObject | undefined
}

export interface Workload {
  object: KubeObject
  resource: string
  namespace: string
  account: ServiceAccountRef
  images: readonly string[]
}
export interface Binding extends RbacBinding {
  object: KubeObject
  kind: 'ClusterRoleBinding' | 'RoleBinding'
}

/** Plurals of the kinds that are asked about; of others the lower-case kind with an s. */
const PLURALS: Readonly<Record<string, string>> = {
  Ingress: 'ingresses',
  NetworkPolicy: 'networkpolicies',
  ValidatingAdmissionPolicy: 'validatingadmissionpolicies',
}
export const pluralOf = (kind: string): string => PLURALS[kind] ?? `${kind.toLowerCase()}s`

const TEMPLATE: Readonly<Record<string, readonly string[]>> = { Pod: ['spec'], CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'] }

export function indexObjects(all: readonly KubeObject[]): AccessObjects {
  const roles = new Map<string, RbacRole>()
  const byName = new Map<string, KubeObject>()
  const bindings: Binding[] = []
  const byNamespace = new Map<string, Binding[]>()
  const accounts = new Set<ServiceAccountRef>()
  const namespaces = new Set<string>(['default', 'kube-system'])
  const workloads: Workload[] = []
  const tokens: AccessObjects['tokens'][number][] = []
  for (const object of all) {
    const { kind, metadata } = object
    const namespace = metadata.namespace ?? ''
    const resource = pluralOf(kind)
    byName.set(`${resource} ${namespace}/${metadata.name}`, object)
    if (namespace !== '') namespaces.add(namespace)
    if (kind === 'Namespace') namespaces.add(metadata.name)
    else if (kind === 'ServiceAccount') accounts.add(`${namespace}/${metadata.name}`)
    else if (kind === 'ClusterRole' || kind === 'Role')
      roles.set(`${namespace}/${metadata.name}`, { metadata, rules: object.rules as PolicyRule[] | undefined })
    else if (kind === 'ClusterRoleBinding' || kind === 'RoleBinding') {
      const binding: Binding = { object, kind, metadata, subjects: object.subjects as Subject[] | undefined, roleRef: object.roleRef as RbacBinding['roleRef'] }
      bindings.push(binding)
      if (kind === 'RoleBinding') byNamespace.set(namespace, [...(byNamespace.get(namespace) ?? []), binding])
    } else if (kind === 'Secret' && object.type === 'kubernetes.io/service-account-token') {
      const account = metadata.annotations?.['kubernetes.io/service-account.name']
      if (account !== undefined) tokens.push({ namespace, name: metadata.name, account: `${namespace}/${account}` })
    } else if (WORKLOADS.includes(resource)) {
      const spec = (TEMPLATE[kind] ?? ['spec', 'template', 'spec']).reduce<Json>(jsonAt, object)
      const images = ['containers', 'initContainers'].flatMap((list) =>
        listAt(spec, list)
          .filter(isJson)
          .map((one) => textAt(one, 'image', 512)),
      )
      workloads.push({ object, resource, namespace, account: `${namespace}/${textAt(spec, 'serviceAccountName') || 'default'}`, images })
    }
  }
  // every namespace has this one
  for (const namespace of namespaces) accounts.add(`${namespace}/default`)
  const cluster = bindings.filter(({ kind }) => kind === 'ClusterRoleBinding')
  return {
    all,
    namespaces: [...namespaces],
    serviceAccounts: accounts,
    workloads,
    tokens,
    bindings,
    find: (resource, namespace, name) => byName.get(`${resource} ${namespace}/${name}`),
    clusterRole: (name) => roles.get(`/${name}`),
    role: (namespace, name) => roles.get(`${namespace}/${name}`),
    clusterRoleBindings: () => cluster,
    roleBindings: (namespace) => byNamespace.get(namespace) ?? [],
  }
}
