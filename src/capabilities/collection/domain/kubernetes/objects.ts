/** What discovery holds of objects: no more than a target can say. https://kubernetes.io/docs/reference/kubernetes-api/ */
import type { KubeObject, ObjectMeta } from '#core/kube/objects.ts'
import type { KubernetesDiscovery } from '../jobs.ts'

export type Role = KubernetesDiscovery['role']

export interface ContainerPort {
  name?: string
  containerPort: number
  protocol?: string
}
export interface Container {
  name: string
  image?: string
  ports?: readonly ContainerPort[]
}
export interface Kept {
  metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'uid' | 'labels' | 'annotations' | 'ownerReferences'>
}
export interface Pod extends Kept {
  spec: { nodeName?: string; containers?: readonly Container[]; initContainers?: readonly Container[] }
  status: {
    podIP?: string
    hostIP?: string
    phase?: string
    conditions?: readonly { type: string; status: string }[]
    containerStatuses?: readonly { name: string; containerID?: string }[]
    initContainerStatuses?: readonly { name: string; containerID?: string }[]
  }
}
export interface Node extends Kept {
  spec: { providerID?: string }
  status: { addresses?: readonly { type: string; address: string }[]; daemonEndpoints?: { kubeletEndpoint?: { Port?: number } } }
}
export interface Service extends Kept {
  spec: {
    type?: string
    clusterIP?: string
    externalName?: string
    loadBalancerIP?: string
    ports?: readonly { name?: string; port: number; protocol?: string }[]
  }
}
export interface TargetRef {
  kind?: string
  name?: string
  namespace?: string
}
export interface EndpointAddress {
  ip: string
  hostname?: string
  nodeName?: string
  targetRef?: TargetRef
}
export interface Endpoints extends Kept {
  subsets?: readonly {
    addresses?: readonly EndpointAddress[]
    notReadyAddresses?: readonly EndpointAddress[]
    ports?: readonly { name?: string; port: number; protocol?: string }[]
  }[]
}
export interface EndpointSlice extends Kept {
  addressType: string
  endpoints?: readonly {
    addresses: readonly string[]
    conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean }
    hostname?: string
    nodeName?: string
    zone?: string
    targetRef?: TargetRef
    /** v1beta1: `topology`. */
    topology?: Readonly<Record<string, string>>
    deprecatedTopology?: Readonly<Record<string, string>>
  }[]
  ports?: readonly { name?: string; port?: number; protocol?: string; appProtocol?: string }[]
}
export interface Ingress extends Kept {
  spec: {
    ingressClassName?: string
    tls?: readonly { hosts?: readonly string[] }[]
    rules?: readonly { host?: string; http?: { paths?: readonly { path?: string }[] } }[]
  }
}
export interface KindOf {
  Pod: Pod
  Node: Node
  Service: Service
  Endpoints: Endpoints
  EndpointSlice: EndpointSlice
  Ingress: Ingress
  Namespace: Kept
}
export type KindName = keyof KindOf

/** What is held of the part of the cluster that one job asks for. */
export interface KubernetesView {
  list<K extends KindName>(kind: K): readonly KindOf[K][]
  get<K extends KindName>(kind: K, name: string, namespace?: string): KindOf[K] | undefined
}

/** Annotations that `kubectl apply` leaves are as long as the object. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

const containers = (list: readonly Container[] | undefined) => list?.map(({ name, image, ports }) => ({ name, image, ports }))

/** For informers: the object without what no target says. */
export function keptOf(object: KubeObject): Kept {
  const { name, namespace, uid, labels, annotations: { [LAST_APPLIED]: _, ...annotations } = {}, ownerReferences } = object.metadata
  const metadata = { name, namespace, uid, labels, annotations, ownerReferences }
  const { spec = {}, status = {} } = object as unknown as { spec?: unknown; status?: unknown }
  switch (object.kind) {
    case 'Pod': {
      const { nodeName, containers: main, initContainers } = spec as Pod['spec']
      const { podIP, hostIP, phase, conditions, containerStatuses, initContainerStatuses } = status as Pod['status']
      const ids = (list: Pod['status']['containerStatuses']) => list?.map(({ name: container, containerID }) => ({ name: container, containerID }))
      const pod: Pod = {
        metadata,
        spec: { nodeName, containers: containers(main), initContainers: containers(initContainers) },
        status: {
          podIP,
          hostIP,
          phase,
          conditions: conditions?.filter(({ type }) => type === 'Ready').map(({ type, status: state }) => ({ type, status: state })),
          containerStatuses: ids(containerStatuses),
          initContainerStatuses: ids(initContainerStatuses),
        },
      }
      return pod
    }
    case 'Node': {
      const { providerID } = spec as Node['spec']
      const { addresses, daemonEndpoints } = status as Node['status']
      const node: Node = { metadata, spec: { providerID }, status: { addresses, daemonEndpoints } }
      return node
    }
    case 'Namespace':
      return { metadata }
    default: {
      const { apiVersion: _version, kind: _kind, status: _status, ...rest } = object
      return { ...rest, metadata }
    }
  }
}
