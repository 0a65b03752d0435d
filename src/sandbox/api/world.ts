/** What all parts of the sandbox's API stand on. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '#core/kernel/clock.ts'
import type { Resolve } from '#core/kube/structural.ts'
import type { KindTable } from './kinds.ts'
import { collectionOf, type Kind } from './kinds.ts'
import { type Collection, keyOf, type Obj, type Store } from './store.ts'

export interface User {
  name: string
  uid?: string
  groups: readonly string[]
  extra?: Readonly<Record<string, readonly string[]>>
}

export interface World {
  store: Store
  kinds: KindTable
  clock: Clock
  /** Finds what a `$ref` of a built-in schema names. */
  resolve: Resolve
}

/** Letters that spell no words, as Kubernetes draws them. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
export const randomSuffix = (length = 5): string => Array.from(randomBytes(length), (byte) => LETTERS[byte % LETTERS.length]).join('')

/** RFC 3339, to the second, as metadata has it. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

export const objectsOf = (world: World, kind: Kind): Collection => world.store.collection(collectionOf(kind))

/** The stored object of a built-in kind; for controllers. */
export const find = (world: World, collection: string, namespace: string | undefined, name: string): Obj | undefined =>
  world.store.collection(collection).get(keyOf(namespace, name))?.object

export const listOf = (world: World, collection: string, namespace?: string): Obj[] =>
  world.store
    .collection(collection)
    .entries(namespace === undefined ? '' : `${namespace}/`)
    .map((entry) => entry.object)
