/** What the controllers that make pods themselves share. */
import { createHash } from 'node:crypto'
import type { Obj } from '../store.ts'
import { listOf, type World } from '../world.ts'
import { controllerRef, isOwnedBy, make } from './objects.ts'

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

/** A name for what a template says, as part of names of objects. */
export const hashOf = (template: unknown): string =>
  Array.from(createHash('sha256').update(JSON.stringify(template)).digest().subarray(0, 10), (byte) => LETTERS[byte % LETTERS.length]).join('')

export const podsOf = (world: World, owner: Obj): Obj[] => listOf(world, 'pods', owner.metadata.namespace).filter((pod) => isOwnedBy(pod, owner))

interface PodOptions {
  /** Left out: a name is drawn. */
  name?: string
  labels?: Readonly<Record<string, string>>
  spec?: object
}

/** Makes a pod of the owner's template. */
export function makePod(world: World, owner: Obj, { name, labels, spec }: PodOptions = {}): Obj {
  const { metadata = {}, spec: template } = owner.spec.template
  return make(world, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...(name === undefined ? { generateName: `${owner.metadata.name}-` } : { name }),
      namespace: owner.metadata.namespace,
      labels: { ...metadata.labels, ...labels },
      annotations: metadata.annotations,
      ownerReferences: [controllerRef(owner)],
    },
    spec: { ...structuredClone(template), ...spec },
  } as unknown as Obj)
}
