/** What the pages ask under `/api/v1/clusters/{cluster}` and what they are told. */
import { z } from 'zod'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Plan } from '#core/shapes/plan.ts'
import type { Right } from './acts.ts'
import type { App, AppLine, Member } from './apps.ts'
import type { Cell } from './columns.ts'
import type { Condition } from './fields.ts'
import type { ObjectStatus } from './object-status.ts'
import type { Related } from './relations.ts'
import type { Happening } from './timeline.ts'

/** Of an object, a namespace or a container: DNS names, and the few kinds whose names have `:`. */
const objectName = z.string().regex(/^[\w.:-]{1,253}$/, 'a name of at most 253 letters, digits, `-`, `.`, `:` or `_`')
const namespaceName = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and `-`, at most 63')
/** `apps/v1/Deployment`, `v1/Pod`. */
export const kindText = z.string().regex(/^([a-z0-9.-]{1,253}\/)?v[a-z0-9]{1,20}\/[A-Za-z][A-Za-z0-9]{0,62}$/, '`group/version/Kind` or `v1/Kind`')
const many = z.preprocess((value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]), z.array(z.string().max(253)).max(50))
const paging = {
  search: z.string().max(500).default(''),
  sort: z.string().max(64).default('name'),
  order: z.enum(['asc', 'desc']).default('asc'),
  limit: z.coerce.number().int().min(1).max(200).default(100),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
}

/** `labels`: a selector as in kubectl. */
export const collectionQuery = z.object({ kind: kindText, namespace: namespaceName.optional(), labels: z.string().max(1000).trim().default('') })
/** GET /objects. Unless another order is asked for, that of the cluster, in which no more is read than is shown. */
export const objectsQuery = collectionQuery.extend({ ...paging, sort: paging.sort.default('namespace') })
/** GET /apps. `expand`: uids of apps with their pods below them. */
export const appsQuery = z.object({ namespace: namespaceName.optional(), expand: many, ...paging })
export const namespaceQuery = z.object({ namespace: namespaceName.optional() })
export const objectParams = z.object({
  cluster: z.string(),
  /** `core` for the group without a name. */
  group: z.string().regex(/^[a-z0-9.-]{1,253}$/),
  version: z.string().regex(/^v[a-z0-9]{1,20}$/),
  kind: z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,62}$/),
  /** `-` for objects without one. */
  namespace: z.union([namespaceName, z.literal('-')]),
  name: objectName,
})
/** GET /logs (SSE). `pod`: one or several of the namespace. */
export const logsQuery = z.object({
  namespace: namespaceName,
  pod: many.refine((pods) => pods.length > 0 && pods.length <= 20 && pods.every((pod) => objectName.safeParse(pod).success), '1 to 20 names of pods'),
  container: objectName.optional(),
  previous: z.stringbool().default(false),
  follow: z.stringbool().default(false),
  tail: z.coerce.number().int().min(1).max(10_000).default(500),
})
export const execBody = z.object({ container: objectName.optional() }).strict()

/** Path of an object's routes below `/clusters/{cluster}`. */
export function objectPath(ref: { apiVersion: string; kind: string; namespace?: string; name: string }): string {
  const [group, version] = ref.apiVersion.includes('/') ? ref.apiVersion.split('/') : ['core', ref.apiVersion]
  return `/objects/${group}/${version}/${ref.kind}/${ref.namespace || '-'}/${encodeURIComponent(ref.name)}`
}

export interface KindsAnswer {
  kinds: { apiVersion: string; kind: string; plural: string; group: string; namespaced: boolean; preferred: boolean; shortNames: readonly string[] }[]
  /** API groups that did not answer: what they serve is unknown. */
  unknown: readonly { apiVersion: string; reason: string }[]
  serverVersion: string
}
export interface NamespacesAnswer {
  names: readonly string[]
  /** False: they may not be listed; a name can still be typed. */
  known: boolean
  reason?: string
}

/** Something that could not be read, so that what is shown is less than there is. */
export interface Missing {
  /** `Pod`, `ReplicaSet` … */
  what: string
  /** Code of the error; `reading`: it is on its way. */
  code: string
  message: string
  /** Of `reading`: objects until now, and of how many, where the cluster says. */
  progress?: { read: number; total?: number }
}

export interface ObjectsAnswer {
  namespaced: boolean
  columns: { id: string; own?: string; unit: 'text' | 'number' | 'time'; wide?: boolean }[]
  rows: { uid: string; namespace: string; name: string; created: number | null; status: ObjectStatus; cells: readonly Cell[] }[]
  /** Rows there are; while `part`, as far as the cluster says: an estimate. */
  total: number
  /** `part`: not all objects were read, for they were not needed or are on their way (then `missing` says so). */
  state: 'whole' | 'part'
  /** ms at which what is shown was last known to be current; null when it is a single reading. */
  currentAt: number | null
  missing: readonly Missing[]
}
/** SSE event `change`, at most 4 a second. */
export interface CollectionChange {
  version: number
}

export type AppRow = Omit<App, 'pods'> & { pods: { total: number; byLevel: Readonly<Record<string, number>> } | null; podNames: readonly string[] }
export type AppsLine = { app: AppRow } | { pod: Member; of: string }
export interface AppsAnswer {
  lines: readonly AppsLine[]
  total: number
  missing: readonly Missing[]
}

export interface ObjectAnswer {
  object: KubeObject
  yaml: string
  status: ObjectStatus
  conditions: readonly Condition[]
  containers: readonly string[]
  /** What can be done to the kind, and whether the asker may. */
  rights: Partial<Record<Right, { allowed: boolean; needs: string; reason: string }>>
}
export interface RelationsAnswer {
  related: readonly Related[]
  missing: readonly Missing[]
}
export interface TimelineAnswer {
  happenings: readonly Happening[]
  /** Older ones that were left out. */
  more: number
  missing: readonly Missing[]
}
/** POST {object}/{act}. */
export interface ActAnswer {
  plan: Plan
  /** The object as YAML, before and after; empty after a deletion. */
  before: string
  after: string
  done: boolean
}

/** SSE event `lines` of /logs. */
export interface LogLines {
  lines: readonly { pod: string; at: number | null; text: string }[]
  /** Lines that came faster than they could be sent. */
  dropped: number
}
/** SSE event `end`: nothing more will come. */
export interface LogEnd {
  problems: readonly { pod: string; code: string; message: string }[]
}

export const appsLineOf = (line: AppLine): AppsLine => {
  if ('pod' in line) return line
  const { pods, ...app } = line.app
  if (pods === null) return { app: { ...app, pods, podNames: [] } }
  const byLevel: Record<string, number> = {}
  for (const { status } of pods) byLevel[status.level] = (byLevel[status.level] ?? 0) + 1
  return { app: { ...app, pods: { total: pods.length, byLevel }, podNames: pods.slice(0, 20).map(({ name }) => name) } }
}
