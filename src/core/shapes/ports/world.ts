/** Ports onto the world outside; their contract suites come with the first implementation. */
import type { KubeObject, ObjectRef } from '../../kube/objects.ts'

/** Machines of a cloud or of a rack. */
export interface MachineProvider {
  name: string
  list(pool: string): Promise<readonly { id: string; node?: string; state: string }[]>
  create(pool: string, count: number): Promise<readonly string[]>
  release(ids: readonly string[]): Promise<void>
}

/** Pods that run elsewhere than on a node. */
export interface PodProvider {
  name: string
  create(pod: KubeObject): Promise<void>
  remove(ref: ObjectRef): Promise<void>
  list(): Promise<readonly KubeObject[]>
}
