/** The list of apps: pods and what owns them, held while somebody looks. */
import type { z } from 'zod'
import { CodedError } from '#core/kernel/errors.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { type AppsAnswer, appsLineOf, type appsQuery } from '../domain/api.ts'
import { APP_KINDS, appLines, groupApps, type Member, memberOf } from '../domain/apps.ts'
import type { Collection, Collections } from './collections.ts'
import { type Unread, unread } from './missing.ts'

/** Workloads are few; pods may take longer and are said to be on their way. */
const PATIENCE_MS = 400
/** More pods than this are not read: numbers are the owners' own then, and pods are read below apps that are opened. */
const MOST_PODS = 3_000
const POD = { apiVersion: 'v1', kind: 'Pod' }
const MOST_OF_APP = 200
const COUNTED_MS = 30_000

export function createApps(collections: Collections, clock: { now(): number }, sleep: (ms: number) => Promise<void>) {
  const counts = new Map<string, { at: number; count: number }>()
  /** How many pods there are, without reading them; 0 where nobody can say. */
  async function countPods(cluster: Cluster, user: string, namespace: string | undefined): Promise<number> {
    const key = JSON.stringify([cluster.name, user, namespace])
    const known = counts.get(key)
    if (known && clock.now() - known.at < COUNTED_MS) return known.count
    const count = await cluster.list(POD, { namespace, limit: 1 }).then(
      ({ items, remaining = 0 }) => items.length + remaining,
      // The informer says why.
      () => 0,
    )
    for (const [old, { at }] of counts) if (clock.now() - at >= COUNTED_MS) counts.delete(old)
    counts.set(key, { at: clock.now(), count })
    return count
  }

  /** Kinds that the cluster serves, in the version it has: CronJob is in batch/v1beta1 before 1.21. */
  async function kindsOf(cluster: Cluster) {
    const { kinds } = await cluster.discover()
    return APP_KINDS.flatMap((wanted) => {
      const group = wanted.apiVersion.split('/')[0]
      const same = kinds.filter((one) => one.kind === wanted.kind && one.group === (wanted.apiVersion.includes('/') ? group : ''))
      const served = same.find((one) => one.apiVersion === wanted.apiVersion) ?? same.find((one) => one.preferred) ?? same[0]
      return served ? [served] : []
    })
  }

  async function hold(cluster: Cluster, user: string, namespace: string | undefined) {
    const [kinds, pods] = await Promise.all([kindsOf(cluster), countPods(cluster, user, namespace)])
    const held = kinds
      .filter(({ kind }) => kind !== 'Pod' || pods <= MOST_PODS)
      .map(({ apiVersion, kind }) => ({
        kind,
        collection: collections.hold(JSON.stringify([cluster.name, user, 'app', apiVersion, kind, namespace]), () =>
          cluster.informer({ apiVersion, kind }, { namespace, keep: (object) => memberOf({ ...object, apiVersion, kind }) }),
        ),
      }))
    return { held, tooMany: pods > MOST_PODS ? pods : 0 }
  }

  /** Pods of the apps that are opened, where not all pods are held. */
  async function podsOf(cluster: Cluster, user: string, workloads: readonly Member[], uids: readonly string[]): Promise<readonly Member[]> {
    const opened = workloads.filter(({ uid, selector }) => uids.includes(uid) && selector !== undefined)
    const read = await Promise.all(
      opened.map(async ({ namespace, selector, uid, ...app }) => {
        const { informer } = collections.hold(JSON.stringify([cluster.name, user, 'pods', namespace, selector]), () =>
          cluster.informer(POD, { namespace, labels: selector ?? '', keep: memberOf, onDemand: MOST_OF_APP }),
        )
        await informer.reach(MOST_OF_APP)
        const owner = { apiVersion: app.apiVersion, kind: app.kind, name: app.name, uid }
        return informer.list().map((pod): Member => ({ ...pod, owner }))
      }),
    )
    return read.flat()
  }

  async function list(cluster: Cluster, user: string, query: z.output<typeof appsQuery>): Promise<AppsAnswer> {
    const { held, tooMany } = await hold(cluster, user, query.namespace)
    const settle = ({ collection }: { collection: Collection<Member> }) => collection.informer.synced.catch(() => {})
    await Promise.race([Promise.all(held.map(settle)), sleep(PATIENCE_MS)])
    const missing = held.flatMap(({ kind, collection }) => missingOf(kind, collection))
    if (tooMany > 0) missing.push({ what: 'Pod', code: 'many', message: String(tooMany) })
    const workloads = held.filter(({ kind }) => kind !== 'Pod').flatMap(({ collection }) => (collection.whole ? collection.informer.list() : []))
    const pods = held.find(({ kind }) => kind === 'Pod')?.collection
    const opened = tooMany > 0 ? await podsOf(cluster, user, workloads, query.expand) : []
    const lines = appLines(groupApps(workloads, pods?.whole ? pods.informer.list() : undefined), query, opened)
    return { lines: lines.slice(query.offset, query.offset + query.limit).map(appsLineOf), total: lines.length, missing }
  }

  return { hold, list }
}

function missingOf(kind: string, { whole, failure, informer }: Collection<Member>): readonly Unread[] {
  const error = failure ?? informer.status().error
  if (error instanceof CodedError) return [unread(kind, error)]
  if (failure !== undefined) throw failure
  return whole ? [] : [{ what: kind, code: 'reading', message: '' }]
}
