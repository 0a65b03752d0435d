/** Who people are and what they may read, as their clusters say: TokenReview and access reviews. */
import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { Clusters, Informer } from '#core/shapes/ports/cluster.ts'
import type { Scope } from '#core/shapes/ports/telemetry.ts'
import type { Identity } from '#kits/server-kit/auth.ts'
import { actorOf, mayUse } from '#kits/server-kit/clusters.ts'
import type { People } from '#kits/server-kit/http.ts'
import { baseScope, clusterScope } from '#kits/server-kit/scope.ts'

export interface ServerPeople extends People {
  /** The name that a cluster knows a token by; undefined when it does not. Rejects with what kept the cluster from saying. */
  review(cluster: string, token: string): Promise<string | undefined>
  stop(): void
}

const KNOWN_MS = 60_000
const UNKNOWN_MS = 10_000
const MOST_KEPT = 10_000
const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace' }

export function createPeople({ clusters, clock, log }: { clusters: Clusters; clock: Clock; log: Logger }): ServerPeople {
  const reviews = new Map<string, { until: number; user: Promise<string | undefined> }>()
  const namespaces = new Map<string, Informer<string>>()

  const unfollow = clusters.onChange(({ type, name }) => {
    if (type !== 'removed') return
    namespaces.get(name)?.stop()
    namespaces.delete(name)
  })

  /** Names of the namespaces, with the server's rights. Empty when they cannot be known: then only rights in all of them count. */
  const namespacesOf = async (name: string): Promise<readonly string[]> => {
    let informer = namespaces.get(name)
    if (!informer || informer.status().state === 'stopped') {
      informer = clusters.get(name).informer(NAMESPACE, { keep: ({ metadata }) => metadata.name })
      namespaces.set(name, informer)
    }
    try {
      await informer.synced
      return informer.list()
    } catch (err) {
      log.warn({ err, cluster: name }, 'namespaces cannot be listed, so rights in single namespaces do not count')
      informer.stop()
      return []
    }
  }

  const review = (name: string, token: string): Promise<string | undefined> => {
    const key = createHash('sha256').update(`${name}\n${token}`).digest('base64')
    const found = reviews.get(key)
    if (found && found.until > clock.now()) return found.user
    for (const old of reviews.keys()) {
      if (reviews.size < MOST_KEPT) break
      reviews.delete(old)
    }
    const user = clusters
      .get(name)
      .create({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: { name: '' }, spec: { token } })
      .then(({ status }) => {
        const { authenticated, user: known } = (status ?? {}) as { authenticated?: boolean; user?: { username?: string } }
        return authenticated === true && known?.username ? known.username : undefined
      })
    const entry = { until: clock.now() + UNKNOWN_MS, user }
    reviews.set(key, entry)
    user.then(
      (who) => {
        if (who !== undefined) entry.until = clock.now() + KNOWN_MS
      },
      () => reviews.delete(key),
    )
    return user
  }

  return {
    review,

    async bearer(token, wanted): Promise<Identity | undefined> {
      const names = clusters
        .list()
        .filter(({ name, health }) => (wanted === undefined || name === wanted) && health.state === 'ready')
        .map(({ name }) => name)
      for (const cluster of names) {
        const user = await review(cluster, token).catch((err: unknown) => {
          log.warn({ err, cluster }, 'a token cannot be looked at')
          return undefined
        })
        if (user !== undefined) return { kind: 'user', user, via: 'bearer', rights: { kind: 'token', cluster, actor: { kind: 'token', token } } }
      }
      return undefined
    },

    async scope(identity, name): Promise<Scope> {
      const base = baseScope(identity)
      if (base === 'all' || !mayUse(identity, name)) return base
      try {
        return await clusterScope(clusters.get(name).as(actorOf(identity, name)), await namespacesOf(name))
      } catch (error) {
        if (error instanceof CodedError && error.code === 'NOT_FOUND') return []
        throw error
      }
    },

    stop() {
      unfollow()
      for (const informer of namespaces.values()) informer.stop()
    },
  }
}
