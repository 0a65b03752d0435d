import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { describeError, type Language } from '#core/kernel/errors.ts'
import type { ClusterEntry, ClusterHealth, Clusters } from '#core/shapes/ports/cluster.ts'
import { clusterParams, DEFAULT_CLUSTER, mayUse } from '#kits/server-kit/clusters.ts'
import { type ClusterSources, clusterRequest } from './cluster-sources.ts'

/** `/clusters`: which there are, how they are; more come and go. `senders` are those that only send telemetry. */
export function clusterRoutes(http: FastifyInstance, deps: { clusters: Clusters; sources: ClusterSources; senders: () => readonly string[] }): void {
  const routes = http.withTypeProvider<ZodTypeProvider>()

  routes.get(
    '/clusters',
    { config: { access: 'user' }, schema: { summary: 'Clusters that are connected, with their health, and those that something comes from' } },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      const entries = deps.clusters.list()
      const names = new Set([...entries.map(({ name }) => name), ...deps.senders()])
      if (names.size === 0) names.add(DEFAULT_CLUSTER)
      const clusters = [...names]
        .filter((name) => mayUse(request.identity, name))
        .map((id) => {
          const entry = entries.find(({ name }) => name === id)
          return entry ? { id, ...shown(entry, request.language) } : { id }
        })
      return { clusters }
    },
  )

  routes.post(
    '/clusters',
    { schema: { summary: 'Connect a cluster by a kubeconfig that carries its credentials', body: clusterRequest } },
    async (request, reply) => {
      const { context } = request.body
      request.auditDetail = { name: request.body.name, context }
      const id = await deps.sources.add(request.body)
      request.auditDetail = { name: id, context }
      const entry = deps.clusters.list().find(({ name }) => name === id)!
      reply.code(201)
      return { id, ...shown(entry, request.language) }
    },
  )

  routes.delete(
    '/clusters/:cluster',
    { schema: { summary: 'Forget a cluster that was added; its telemetry stays', params: clusterParams } },
    async (request, reply) => {
      await deps.sources.remove(request.params.cluster)
      reply.code(204)
    },
  )
}

const shown = ({ source, server, health }: ClusterEntry, language: Language) => ({ source, server, health: shownHealth(health, language) })

const shownHealth = ({ error, ...health }: ClusterHealth, language: Language) => ({
  ...health,
  ...(error === undefined ? {} : { error: describeError(error, language) }),
})
