/**
 * What is publicly known of the built-in Kubernetes API, of every minor version from 1.16 and of kinds that were removed: the door of this folder.
 * Made by `node deploy/api-facts.ts` from published OpenAPI documents; see README.md here. Versions are minors: 36 is Kubernetes 1.36.
 */
import type { KindRef } from '../objects.ts'

/** A version of a kind: Deployment of apps/v1 is one, Deployment of extensions/v1beta1 another. */
export interface KindFacts extends KindRef {
  group: string
  version: string
  plural: string
  singular: string
  namespaced: boolean
  verbs: readonly string[]
  shortNames: readonly string[]
  categories: readonly string[]
  /** `status`, `scale`, `log` …; `kind` where the body is another kind (Scale, Eviction, Binding …). */
  subresources: Readonly<Record<string, { verbs: readonly string[]; kind?: KindRef }>>
  /** Name of its type, see `type`. */
  schema: string
  /** First and last minor that serve it when nothing is configured or that can be made to (alpha); `until` is undefined while it is served. */
  since: number
  until?: number
  /** Minor from which the server warns. */
  deprecated?: number
  /** What to use instead; of the same kind unless it says otherwise. Undefined when there is nothing (PodSecurityPolicy). */
  replacedBy?: KindRef
}

/** What a value may be. `any` is preserved as it is (x-kubernetes-preserve-unknown-fields). */
export type ValueType =
  | { is: 'string'; format?: 'byte' | 'date-time' | 'quantity' }
  | { is: 'boolean' | 'any' | 'int-or-string' }
  | { is: 'integer'; format: 'int32' | 'int64' }
  | { is: 'number' }
  | { is: 'list'; of: ValueType }
  /** An object with any keys. */
  | { is: 'map'; of: ValueType }
  | { is: 'object'; type: string }

export interface FieldFacts {
  name: string
  value: ValueType
  required: boolean
  /** Of lists, for server-side apply (x-kubernetes-list-type, -map-keys); left out: atomic. */
  list?: { kind: 'set' } | { kind: 'map'; keys: readonly string[] }
  /** An object that server-side apply replaces whole (x-kubernetes-map-type). */
  atomic?: true
  /** For strategic merge patches; left out: lists are replaced and objects are merged. */
  patch?: { merge: boolean; key?: string; retainKeys: boolean }
  /** What the server fills in, where that is a constant. */
  default?: unknown
  /** All values the server takes, where they are a closed list. */
  values?: readonly string[]
}

export interface TypeFacts {
  name: string
  fields: ReadonlyMap<string, FieldFacts>
}

export interface ApiFacts {
  /** The newest minor that is known whole. */
  newest: number
  /** Every version of every kind, removed ones too; groups in order of name, versions newest first. */
  kinds: readonly KindFacts[]
  kind(ref: KindRef): KindFacts | undefined
  /** What a cluster of that minor serves, most preferred version of each group first. */
  served(minor: number): readonly KindFacts[]
  /** Undefined for a name that is none. */
  type(name: string): TypeFacts | undefined
}

let loaded: Promise<ApiFacts> | undefined
/** Reads the facts on first use: some 150 KiB of text that nothing pays for before. */
export const loadApiFacts = (): Promise<ApiFacts> => (loaded ??= import('./load.ts').then(({ readFacts }) => readFacts()))
