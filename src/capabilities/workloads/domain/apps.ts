/** Apps: pods under the owner on top of them. Pure. */
import type { KindRef, KubeObject, OwnerReference } from '#core/kube/objects.ts'
import { type LabelSelector, printLabelSelector, requirementsOf } from '#core/kube/selectors.ts'
import { imagesOf, restartsOf } from './columns.ts'
import { count, moment, specOf, statusFieldsOf, text } from './fields.ts'
import { is, type ObjectStatus, severityOf, statusOf } from './object-status.ts'

/** What is held of a workload or a pod. */
export interface Member extends KindRef {
  uid: string
  namespace: string
  name: string
  owner?: OwnerReference
  created: number | null
  status: ObjectStatus
  images: readonly string[]
  /** Pods that there should be; undefined where the kind does not say. */
  desired?: number
  restarts: number
  node: string
  /** Which pods are the workload's, as kubectl writes it. */
  selector?: string
}

/** Kinds that own pods, and pods. */
export const APP_KINDS: readonly KindRef[] = [
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  { apiVersion: 'batch/v1', kind: 'Job' },
  { apiVersion: 'batch/v1', kind: 'CronJob' },
  { apiVersion: 'v1', kind: 'Pod' },
]

export function memberOf(object: KubeObject): Member {
  const owner = (object.metadata.ownerReferences ?? []).find(({ controller }) => controller)
  const desired = desiredOf(object)
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    uid: object.metadata.uid ?? '',
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    ...(owner ? { owner } : {}),
    created: moment(object.metadata.creationTimestamp) ?? null,
    status: statusOf(object),
    images: imagesOf(object),
    ...(desired === undefined ? {} : { desired }),
    restarts: object.kind === 'Pod' ? restartsOf(object) : 0,
    node: text(specOf(object).nodeName),
    ...selectorFor(object),
  }
}

/** Of kinds that select their pods by labels; CronJobs do not. */
function selectorFor(object: KubeObject): { selector?: string } {
  const selector = specOf(object).selector as LabelSelector | undefined
  if (object.kind === 'Pod' || selector === undefined) return {}
  return { selector: printLabelSelector(requirementsOf(selector)) }
}

function desiredOf(object: KubeObject): number | undefined {
  if (object.kind === 'DaemonSet') return count(statusFieldsOf(object).desiredNumberScheduled)
  return ['Deployment', 'StatefulSet', 'ReplicaSet'].includes(object.kind) ? (count(specOf(object).replicas) ?? 1) : undefined
}

export interface App extends KindRef {
  uid: string
  namespace: string
  name: string
  created: number | null
  status: ObjectStatus
  images: readonly string[]
  /** Null: the kind does not say. */
  desired: number | null
  /** By status; null while pods are not known. */
  pods: readonly Member[] | null
  /** Can its pods be found by labels? */
  selector: string | null
  restarts: number | null
}

/**
 * @param workloads owners of pods, at every level @param pods undefined: not known. A pod whose owner is not among the workloads stands under that owner as
 * the reference names it (a kind that is not read, or one that may not be); a pod without an owner is an app of its own. Sets of replicas that are at zero
 * under an owner are its history and not shown.
 */
export function groupApps(workloads: readonly Member[], pods: readonly Member[] | undefined): readonly App[] {
  const byUid = new Map(workloads.map((one) => [one.uid, one]))
  const rootOf = (member: Member): Member => {
    let at = member
    // Owners cannot form a ring, but what an API says need not be so.
    for (let depth = 0; depth < 8; depth++) {
      const { owner } = at
      if (!owner) return at
      const above = byUid.get(owner.uid)
      if (!above) return missingOwner(owner, at)
      at = above
    }
    return at
  }
  const apps = new Map<string, { root: Member; pods: Member[]; known: boolean }>()
  const add = (root: Member, known: boolean) => {
    const found = apps.get(root.uid) ?? { root, pods: [], known }
    apps.set(root.uid, found)
    return found
  }
  for (const one of workloads) if (one.owner === undefined) add(one, true)
  for (const one of workloads) if (one.owner !== undefined && !byUid.has(one.owner.uid) && one.desired !== 0) add(rootOf(one), false)
  for (const pod of pods ?? []) {
    const root = rootOf(pod)
    add(root, byUid.has(root.uid) || root === pod).pods.push(pod)
  }
  return [...apps.values()].map(({ root, pods: mine, known }) => appOf(root, pods === undefined ? undefined : mine, known))
}

const missingOwner = (owner: OwnerReference, below: Member): Member => ({
  apiVersion: owner.apiVersion,
  kind: owner.kind,
  uid: owner.uid,
  namespace: below.namespace,
  name: owner.name,
  created: null,
  status: is('unknown', { key: 'notRead', values: { what: owner.kind } }),
  images: below.images,
  restarts: 0,
  node: '',
})

const worstFirst = (pods: readonly Member[]) => [...pods].sort((a, b) => severityOf(b.status) - severityOf(a.status) || (a.name < b.name ? -1 : 1))

function appOf(root: Member, pods: readonly Member[] | undefined, known: boolean): App {
  const worst = (pods ?? []).reduce<Member | undefined>(
    (bad, pod) => (bad === undefined || severityOf(pod.status) > severityOf(bad.status) ? pod : bad),
    undefined,
  )
  return {
    apiVersion: root.apiVersion,
    kind: root.kind,
    uid: root.uid,
    namespace: root.namespace,
    name: root.name,
    created: root.created,
    status: appStatus(root.status, worst?.status, known),
    images: root.images,
    desired: root.desired ?? null,
    selector: root.selector ?? null,
    pods: pods === undefined ? null : worstFirst(pods),
    restarts: pods === undefined ? null : pods.reduce((sum, pod) => sum + pod.restarts, 0),
  }
}

/** The owner's word; the pods' reason where it says more, and their word where the owner is not known. A failed pod of old does not make a ready app bad. */
function appStatus(own: ObjectStatus, worst: ObjectStatus | undefined, known: boolean): ObjectStatus {
  if (worst === undefined) return own
  if (!known) return worst
  if (own.level === 'ok' || own.level === 'none') return own
  const { level, word } = severityOf(worst) > severityOf(own) ? worst : own
  return severityOf(worst) >= severityOf(own) || worst.level === 'warning' ? { ...(worst.reason === undefined ? own : worst), level, word } : own
}

export interface AppsRequest {
  search: string
  sort: string
  order: 'asc' | 'desc'
  /** Uids of apps whose pods are shown below them. */
  expand: readonly string[]
}

/** A line of the list: an app, or one of its pods below it. */
export type AppLine = { app: App } | { pod: Member; of: string }

const SORTS: Readonly<Record<string, (app: App) => string | number>> = {
  status: (app) => severityOf(app.status),
  name: (app) => app.name,
  namespace: (app) => `${app.namespace}\0${app.name}`,
  kind: (app) => app.kind,
  pods: (app) => app.pods?.length ?? -1,
  restarts: (app) => app.restarts ?? -1,
  created: (app) => app.created ?? 0,
}

/** @param opened pods of apps that are opened, where those of the apps are not known */
export function appLines(apps: readonly App[], { search, sort, order, expand }: AppsRequest, opened: readonly Member[] = []): readonly AppLine[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word.replace('!', '') !== '')
  const found = apps.filter((app) => {
    if (words.length === 0) return true
    const text = [
      app.namespace,
      app.name,
      app.kind,
      app.status.word,
      app.status.reason ?? '',
      ...app.images,
      ...(app.pods ?? []).flatMap((pod) => [pod.name, pod.node]),
    ]
      .join('\n')
      .toLowerCase()
    return words.every((word) => (word.startsWith('!') ? !text.includes(word.slice(1)) : text.includes(word)))
  })
  const read = SORTS[sort] ?? SORTS.name!
  const sign = order === 'asc' ? 1 : -1
  const name = (app: App) => `${app.name}\0${app.namespace}`
  found.sort((a, b) => {
    const [x, y] = [read(a), read(b)]
    return (x < y ? -sign : x > y ? sign : 0) || (name(a) < name(b) ? -1 : 1)
  })
  const open = new Set(expand)
  const podsOf = (app: App) => app.pods ?? worstFirst(opened.filter(({ owner }) => owner?.uid === app.uid))
  return found.flatMap((app): AppLine[] => (open.has(app.uid) ? [{ app }, ...podsOf(app).map((pod) => ({ pod, of: app.uid }))] : [{ app }]))
}
