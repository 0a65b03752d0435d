/**
 * One Kubernetes cluster (1.20 and later). Implementations: edges/cluster; fake: test/fakes/cluster.ts; contract suite: test/contracts/cluster.ts.
 *
 * Every failure is a CodedError whose details name the cluster: FORBIDDEN (verb, resource), NOT_FOUND, KIND_UNKNOWN, ALREADY_EXISTS, CONFLICT, APPLY_CONFLICT,
 * OBJECT_REJECTED (problems by field), LIST_EXPIRED (410), CLUSTER_BUSY (429), CLUSTER_FAILED (5xx), CLUSTER_UNAUTHORIZED, CREDENTIALS_EXPIRED,
 * CREDENTIALS_FAILED, CLUSTER_CERTIFICATE, CLUSTER_UNREACHABLE, CLUSTER_REMOVED, TIMED_OUT, TOO_LARGE.
 */
import type { CodedError } from '../../kernel/errors.ts'
import type { KindRef, KubeObject, ObjectRef } from '../../kube/objects.ts'

/** A kind that the cluster serves. */
export interface ServedKind extends KindRef {
  group: string
  version: string
  /** Name in URLs and RBAC rules. */
  plural: string
  singular: string
  namespaced: boolean
  verbs: readonly string[]
  shortNames: readonly string[]
  categories: readonly string[]
  /** `status`, `scale`, `log` … with their verbs. */
  subresources: Readonly<Record<string, readonly string[]>>
  /** Is this the version of its group that the cluster prefers? */
  preferred: boolean
}

export interface Discovery {
  /** Every served version of every kind. */
  kinds: readonly ServedKind[]
  /** Group versions that could not be asked (an aggregated API that is down): their kinds are unknown, not absent. */
  unknown: readonly { apiVersion: string; reason: string }[]
  /** Of the API server, e.g. `v1.20.2`. */
  serverVersion: string
}

export interface Selection {
  /** Left out: all namespaces, or a kind without namespaces. */
  namespace?: string
  /** As in kubectl: `app=cart,tier!=db`. */
  labels?: string
  fields?: string
}

export interface PageRequest extends Selection {
  /** At most this many of a page; left out, what the server gives. */
  limit?: number
  /** From the page before. After some minutes it is LIST_EXPIRED. */
  continue?: string
}

export interface Page<T> {
  items: readonly T[]
  resourceVersion: string
  continue?: string
  /** Items after this page, where the server says. */
  remaining?: number
}

/** The server's own table of a kind: what `kubectl get` prints. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
export interface ServerTable extends Page<TableRow> {
  columns: readonly { name: string; type: string; format: string; description: string /** 0 is always shown, more only when wide. */; priority: number }[]
}
export interface TableRow {
  cells: readonly unknown[]
  /** Kind and metadata only. */
  object: KubeObject
}

export type ChangeType = 'added' | 'modified' | 'deleted'
export interface Change<T> {
  type: ChangeType
  object: T
  /** As it was known before; undefined for `added`. */
  before?: T
}

/** Holds a kind in memory and follows it. Changes that happened while the connection was cut are told once, as the difference. */
export interface Informer<T> {
  /** Resolves when the first list is whole. Rejects when it cannot be (FORBIDDEN, KIND_UNKNOWN); other failures are tried again. */
  readonly synced: Promise<void>
  /** Undefined before the first list is whole; nothing may be concluded from absence then. */
  get(name: string, namespace?: string): T | undefined
  list(namespace?: string): readonly T[]
  readonly size: number
  status(): InformerStatus
  /** Resolves when the first `count` objects in the server's order (of `namespace/name`) are held, or all; rejects when they cannot be read. */
  reach(count: number): Promise<void>
  /** Are all held? How many there are, where the server says: an estimate until they are. */
  extent(): { whole: boolean; total?: number }
  /** What is there comes as `added`, then each change once. Returns how to stop. */
  onChange(listener: (change: Change<T>) => void): () => void
  stop(): void
}
export interface InformerStatus {
  state: 'starting' | 'following' | 'behind' | 'stopped'
  /** ms since the epoch at which what is held was last known to be whole and current. */
  currentAt?: number
  error?: CodedError
  /** How often the list was read anew. */
  relists: number
}

export interface InformerOptions<T> extends Selection {
  /** What to hold of an object, so that memory is bounded by what is used; it must keep `metadata` names. Default: all but `managedFields`. */
  keep?(object: KubeObject): T
  /** Does `keep` read `metadata.managedFields`? They are often half of an object, and left out before it is parsed unless it does. */
  managedFields?: boolean
  /**
   * Reads so many at first, and more only when they are reached for; changes of all are followed, so that what is held is current and whole up to the last of it.
   * Left out: all are read at once.
   */
  onDemand?: number
}

/** Who wrote what: server-side apply and audit read it. */
export interface WriteOptions {
  /** Validated and answered as if done, but not stored. */
  dryRun?: boolean
  fieldManager?: string
}

export type PatchType = 'json' | 'merge' | 'strategic'

export interface DeleteOptions {
  dryRun?: boolean
  gracePeriodSeconds?: number
  propagation?: 'Foreground' | 'Background' | 'Orphan'
  /** CONFLICT unless the object is still this one. */
  uid?: string
  resourceVersion?: string
}

export interface LogOptions {
  container?: string
  follow?: boolean
  previous?: boolean
  timestamps?: boolean
  tailLines?: number
  sinceSeconds?: number
  limitBytes?: number
  signal?: AbortSignal
}

export interface ExecOptions {
  container?: string
  command: readonly string[]
  stdin?: boolean
  tty?: boolean
  signal?: AbortSignal
}
export interface ExecSession {
  /** What the program writes; one stream with `tty`. Ends when the program does. */
  output: AsyncIterable<{ stream: 'stdout' | 'stderr'; bytes: Uint8Array }>
  write(bytes: Uint8Array): void
  /** End of standard input. */
  end(): void
  resize(columns: number, rows: number): void
  /** Exit code, once the program has ended; rejects when it could not be run. */
  readonly done: Promise<number>
  close(): void
}

/** What somebody would do, as RBAC sees it. */
export interface Access {
  verb: string
  group: string
  /** Plural. */
  resource: string
  subresource?: string
  namespace?: string
  name?: string
}

/** Whose rights count. `self`: the credentials that the cluster was configured with. */
export type Actor =
  | { kind: 'self' }
  /** By impersonation: the configured credentials need the verb `impersonate`. */
  | { kind: 'impersonated'; user: string; groups: readonly string[]; uid?: string; extra?: Readonly<Record<string, readonly string[]>> }
  /** By the person's own bearer token. */
  | { kind: 'token'; token: string }

export interface ClusterHealth {
  state: 'starting' | 'ready' | 'failing' | 'removed'
  /** ms since the epoch of the last answer, whatever it said. */
  answeredAt?: number
  /** Since when it has been in this state, ms since the epoch. */
  since: number
  error?: CodedError
  serverVersion?: string
  /** Its clock minus ours, ms; from the Date header, so to the second. */
  clockSkewMs?: number
}

export interface Cluster {
  readonly name: string
  /** The same cluster with the rights of somebody else. */
  as(actor: Actor): Cluster
  health(): ClusterHealth

  /** Kept for some minutes; `fresh` asks anew (a kind that is not known does so by itself). */
  discover(options?: { fresh?: boolean }): Promise<Discovery>
  get(ref: ObjectRef): Promise<KubeObject>
  list(kind: KindRef, select?: PageRequest): Promise<Page<KubeObject>>
  table(kind: KindRef, select?: PageRequest): Promise<ServerTable>
  /** One for each caller; it is stopped with the cluster. */
  informer<T = KubeObject>(kind: KindRef, options?: InformerOptions<T>): Informer<T>

  /** `under`: a request about another object, such as an Eviction or a TokenRequest. */
  create(object: KubeObject, options?: WriteOptions & { under?: { ref: ObjectRef; subresource: string } }): Promise<KubeObject>
  /** Replaces. With `metadata.resourceVersion` only that version, else CONFLICT. */
  update(object: KubeObject, options?: WriteOptions & { subresource?: string }): Promise<KubeObject>
  patch(ref: ObjectRef, type: PatchType, patch: unknown, options?: WriteOptions & { subresource?: string }): Promise<KubeObject>
  /**
   * Server-side apply: fields of other managers are an APPLY_CONFLICT that names them, unless forced. `by: 'client'` compares three ways as `kubectl apply` does by
   * itself, with its annotation and without managers; also where a server does not know server-side apply.
   */
  apply(
    object: KubeObject,
    options: WriteOptions & { fieldManager: string; force?: boolean; subresource?: string; by?: 'server' | 'client' },
  ): Promise<KubeObject>
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<void>

  /** Bytes as the container wrote them. */
  logs(pod: { namespace: string; name: string }, options?: LogOptions): AsyncIterable<Uint8Array>
  exec(pod: { namespace: string; name: string }, options: ExecOptions): Promise<ExecSession>
  /** May the actor? Kept for seconds. `unknown` is never `true`: the reason says why it could not be found out. */
  may(access: Access): Promise<{ allowed: boolean; reason: string }>
  /** A path that is no object: `/openapi/v3`, `/readyz`, a subresource. Text of at most 32 MiB. */
  raw(path: string, options?: { accept?: string; signal?: AbortSignal }): Promise<string>
}

/** The clusters that the server knows; they come and go while it runs. */
export interface Clusters {
  /** In order of name; `local` first. */
  list(): readonly ClusterEntry[]
  /** With the configured credentials. NOT_FOUND for a name that is not there. */
  get(name: string): Cluster
  /** Returns how to stop. */
  onChange(listener: (change: { type: 'added' | 'removed' | 'health'; name: string }) => void): () => void
}
export interface ClusterEntry {
  name: string
  /** Where it comes from: `kubeconfig`, `in-cluster`, `sandbox`, `added`. */
  source: string
  server: string
  health: ClusterHealth
}
