/** The list of apps: pods and what owns them, held while somebody looks. */
import type { z } from 'zod'
import { CodedError } from '#core/kernel/errors.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { type AppsAnswer, appsLineOf, type appsQuery, type Missing } from '../domain/api.ts'
import { APP_KINDS, appLines, groupApps, type Member, memberOf } from '../domain/apps.ts'
import type { Collection, Collections } from './collections.ts'

/** Workloads are few; pods may take longer and are said to be on their way. */
const PATIENCE_MS = 400

export function createApps(collections: Collections, sleep: (ms: number) => Promise<void>) {
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
    const kinds = await kindsOf(cluster)
    return kinds.map(({ apiVersion, kind }) => ({
      kind,
      collection: collections.hold(JSON.stringify([cluster.name, user, 'app', apiVersion, kind, namespace]), () =>
        cluster.informer({ apiVersion, kind }, { namespace, keep: (object) => memberOf({ ...object, apiVersion, kind }) }),
      ),
    }))
  }

  async function list(cluster: Cluster, user: string, query: z.output<typeof appsQuery>): Promise<AppsAnswer> {
    const held = await hold(cluster, user, query.namespace)
    const settle = ({ collection }: { collection: Collection<Member> }) => collection.informer.synced.catch(() => {})
    await Promise.race([Promise.all(held.map(settle)), sleep(PATIENCE_MS)])
    const missing = held.flatMap(({ kind, collection }) => missingOf(kind, collection))
    const workloads = held.filter(({ kind }) => kind !== 'Pod').flatMap(({ collection }) => (collection.whole ? collection.informer.list() : []))
    const pods = held.find(({ kind }) => kind === 'Pod')?.collection
    const lines = appLines(groupApps(workloads, pods?.whole ? pods.informer.list() : undefined), query)
    return { lines: lines.slice(query.offset, query.offset + query.limit).map(appsLineOf), total: lines.length, missing }
  }

  return { hold, list }
}

function missingOf(kind: string, { whole, failure, informer }: Collection<Member>): readonly Missing[] {
  const error = failure ?? informer.status().error
  if (error instanceof CodedError) return [{ what: kind, code: error.code, message: error.message }]
  if (failure !== undefined) throw failure
  return whole ? [] : [{ what: kind, code: 'reading', message: '' }]
}
