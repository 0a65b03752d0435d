/** Lists of objects of any kind. */
import { setImmediate } from 'node:timers/promises'
import type { z } from 'zod'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { parseLabelSelector } from '#core/kube/selectors.ts'
import type { Cluster, ServedKind } from '#core/shapes/ports/cluster.ts'
import type { collectionQuery, ObjectsAnswer, objectsQuery } from '../domain/api.ts'
import { columnsOf, crdColumns, type ObjectColumn } from '../domain/columns.ts'
import { type ObjectRow, rowOf, selectRows, type Turn } from '../domain/rows.ts'
import { type Collection, type Collections, derive } from './collections.ts'
import { onlyFirst, type Unread, unread } from './missing.ts'

/** `apps/v1/Deployment` as the cluster serves it. */
export async function servedKind(cluster: Cluster, kind: string): Promise<ServedKind> {
  const slash = kind.lastIndexOf('/')
  const wanted = { apiVersion: kind.slice(0, slash), kind: kind.slice(slash + 1) }
  const find = async (fresh: boolean) =>
    (await cluster.discover({ fresh })).kinds.find((one) => one.apiVersion === wanted.apiVersion && one.kind === wanted.kind)
  const found = (await find(false)) ?? (await find(true))
  if (!found) throw new CodedError('KIND_UNKNOWN', { cluster: cluster.name, kind: `${wanted.apiVersion} ${wanted.kind}` })
  return found
}

/** Columns of the kind, and what could not be found out about them. */
async function columnsFor(cluster: Cluster, kind: ServedKind): Promise<readonly ObjectColumn[]> {
  const built = columnsOf(kind.group, kind.kind)
  if (built || !kind.group.includes('.')) return built ?? []
  try {
    const crd = await cluster.get({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name: `${kind.plural}.${kind.group}` })
    return crdColumns(crd, kind.version)
  } catch (error) {
    // Without the right to read the CRD, or for a kind of an aggregated API, there are the columns that all have.
    if (error instanceof CodedError) return []
    throw error
  }
}

/** At most this long at a stretch, ms, so that others are answered meanwhile. */
const STRETCH_MS = 5
function turns(): Turn {
  let until = performance.now() + STRETCH_MS
  return () => {
    if (performance.now() < until) return undefined
    return setImmediate().then(() => {
      until = performance.now() + STRETCH_MS
    })
  }
}

interface View {
  kind: ServedKind
  columns: readonly ObjectColumn[]
  /** Undefined: the kind cannot be watched. */
  held?: () => Collection<ObjectRow>
}

/** What a list begins with; further rows are read when somebody looks at them. */
const FIRST_ROWS = 100
/** So long somebody waits for all before what was read so far is shown. */
const PATIENCE_MS = 400
const SORTED_TOGETHER = 400
/** Longest list of a kind that cannot be watched. */
const MOST_UNWATCHED = 2_000

export function createObjects(collections: Collections, sleep: (ms: number) => Promise<void>) {
  async function view(cluster: Cluster, user: string, query: z.output<typeof collectionQuery>): Promise<View> {
    const kind = await servedKind(cluster, query.kind)
    if (!kind.verbs.includes('list')) throw invalidInput([{ path: 'kind', message: `${kind.kind} cannot be listed` }])
    const namespace = kind.namespaced ? query.namespace : undefined
    const columns = await columnsFor(cluster, kind)
    if (!kind.verbs.includes('watch')) return { kind, columns }
    // A selector is the cluster's work: what it leaves out is not read.
    const key = JSON.stringify([cluster.name, user, query.kind, namespace, query.labels])
    const labels = query.labels === '' ? {} : { labels: query.labels }
    const start = () => cluster.informer(kind, { namespace, ...labels, keep: (object) => rowOf(object, columns), onDemand: FIRST_ROWS })
    return { kind, columns, held: () => collections.hold(key, start) }
  }

  async function list(cluster: Cluster, user: string, query: z.output<typeof objectsQuery>): Promise<ObjectsAnswer> {
    const { kind, columns, held } = await view(cluster, user, query)
    const namespace = kind.namespaced ? query.namespace : undefined
    const labels = parseLabelSelector(query.labels)
    const about = { namespaced: kind.namespaced, columns: columns.map(({ read: _, ...column }) => column) }
    const answer = (rows: readonly ObjectRow[], rest: Pick<ObjectsAnswer, 'total' | 'state' | 'currentAt' | 'missing'>): ObjectsAnswer => ({
      ...about,
      rows: rows.map(({ labels: _, ...row }) => row),
      ...rest,
    })
    if (!held) {
      const { rows, more } = await readAll(cluster, kind, namespace, columns)
      const found = await selectRows(rows, columns, { ...query, labels, most: query.offset + query.limit }, turns())
      const missing = more ? [onlyFirst(kind.kind, MOST_UNWATCHED)] : []
      return answer(found.rows.slice(query.offset), { total: found.total, state: 'whole', currentAt: null, missing })
    }
    // Shared by the tabs of one person; whose right to list may have ended since.
    const { allowed, reason } = await cluster.may({ verb: 'list', group: kind.group, resource: kind.plural, ...(namespace === undefined ? {} : { namespace }) })
    if (!allowed) {
      const where = namespace === undefined ? '' : ` in ${namespace}`
      throw new CodedError('FORBIDDEN', {
        verb: 'list',
        resource: `${kind.plural}${kind.group ? `.${kind.group}` : ''}${where}`,
        cluster: cluster.name,
        reason,
      })
    }
    const collection = held()
    const { informer } = collection
    // In the cluster's own order no more is read than is shown. No API server sorts or searches by anything else: then all are read, and what there is until then is shown.
    const ownOrder = query.order === 'asc' && (query.sort === 'namespace' || (query.sort === 'name' && (namespace !== undefined || !kind.namespaced)))
    const asShown = ownOrder && query.search.trim() === ''
    if (asShown) await informer.reach(query.offset + query.limit)
    else await Promise.race([informer.reach(Number.POSITIVE_INFINITY), Promise.all([informer.reach(1), sleep(PATIENCE_MS)])])
    // Neighboring pages share what was sorted.
    const most = Math.ceil((query.offset + query.limit) / SORTED_TOGETHER) * SORTED_TOGETHER
    const order = JSON.stringify([query.search, query.sort, query.order, most])
    const found = await derive(collection, order, () => selectRows(informer.list(), columns, { ...query, labels: undefined, most }, turns()))
    const { currentAt = null, error } = informer.status()
    const { whole, total } = informer.extent()
    const missing: Unread[] = error ? [unread(kind.kind, error)] : []
    if (!whole && !asShown) missing.push({ what: kind.kind, code: 'reading', message: '', progress: { read: informer.size, total } })
    return answer(found.rows.slice(query.offset, query.offset + query.limit), {
      total: whole || !asShown ? found.total : (total ?? found.total + query.limit),
      state: whole ? 'whole' : 'part',
      currentAt,
      missing,
    })
  }

  return { view, list }
}

async function readAll(cluster: Cluster, kind: ServedKind, namespace: string | undefined, columns: readonly ObjectColumn[]) {
  const { objects, more } = await readSome(cluster, kind, namespace, MOST_UNWATCHED)
  return { rows: objects.map((object) => rowOf(object, columns)), more }
}

const PAGE = 500
/** Up to `most` objects of a kind; `more` when there are others. */
export async function readSome(cluster: Cluster, kind: { apiVersion: string; kind: string }, namespace: string | undefined, most: number) {
  const objects: KubeObject[] = []
  let next: string | undefined
  do {
    const page = await cluster.list(kind, { namespace, limit: Math.min(PAGE, most - objects.length), ...(next === undefined ? {} : { continue: next }) })
    for (const item of page.items) objects.push({ ...item, apiVersion: item.apiVersion ?? kind.apiVersion, kind: item.kind ?? kind.kind })
    next = page.continue
  } while (next !== undefined && objects.length < most)
  return { objects, more: next !== undefined }
}
