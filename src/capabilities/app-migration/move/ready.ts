/** Is an object ready for those that need it? */
import type { KubeObject } from '#core/kube/objects.ts'
import { bodiesOf, bodyOf } from '../domain/parts.ts'

const condition = (status: Record<string, unknown>, type: string): unknown => bodiesOf(status.conditions).find((one) => one.type === type)?.status

/** Kinds with a gate; others are ready as soon as they are there. A claim is not waited for: it may bind only when a pod uses it. */
const GATES: Readonly<Record<string, (object: KubeObject) => boolean>> = {
  Namespace: ({ status }) => (bodyOf(status).phase ?? 'Active') === 'Active',
  CustomResourceDefinition: ({ status }) => condition(bodyOf(status), 'Established') === 'True',
  APIService: ({ status }) => condition(bodyOf(status), 'Available') === 'True',
  Deployment: ({ metadata, spec, status }) => {
    const { observedGeneration = 0, updatedReplicas = 0, availableReplicas = 0 } = bodyOf(status) as Record<string, number>
    const wanted = (bodyOf(spec).replicas as number | undefined) ?? 1
    return observedGeneration >= (metadata.generation ?? 0) && updatedReplicas >= wanted && availableReplicas >= wanted
  },
  StatefulSet: ({ metadata, spec, status }) => {
    const { observedGeneration = 0, readyReplicas = 0 } = bodyOf(status) as Record<string, number>
    return observedGeneration >= (metadata.generation ?? 0) && readyReplicas >= ((bodyOf(spec).replicas as number | undefined) ?? 1)
  },
  DaemonSet: ({ metadata, status }) => {
    const { observedGeneration = 0, numberAvailable = 0, desiredNumberScheduled = 0 } = bodyOf(status) as Record<string, number>
    return observedGeneration >= (metadata.generation ?? 0) && numberAvailable >= desiredNumberScheduled
  },
}

export const hasGate = ({ kind }: KubeObject): boolean => GATES[kind] !== undefined
export const isReady = (object: KubeObject): boolean => GATES[object.kind]?.(object) ?? true
