import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isError } from '#core/kernel/errors.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { notification, pushedIn } from '../domain/notification.ts'
import type { SyncRow } from '../domain/sync.ts'
import { listSyncs, wantSync, wantSyncsOf } from './sync.ts'

/** What docker's registry calls its reports. */
const EVENTS = 'application/vnd.docker.distribution.events.v1+json'
const LARGEST_REPORT = 4 << 20

const inCluster = z.object({ cluster: z.string().max(63) })
const one = inCluster.extend({ namespace: z.string().max(63), name: z.string().max(253) })

/** ImageSyncs of a cluster, and what makes them run at once. */
export function syncRoutes({ http, clock, clusters, clusterOf }: ServerContext): void {
  http.addContentTypeParser(EVENTS, { parseAs: 'string', bodyLimit: LARGEST_REPORT }, http.getDefaultJsonParser('error', 'error'))
  const routes = http.withTypeProvider<ZodTypeProvider>()
  const base = '/clusters/:cluster/image-syncs'

  routes.get(
    base,
    { schema: { summary: 'ImageSyncs that you may see', params: inCluster } },
    async (request): Promise<{ syncs: SyncRow[]; served: boolean }> => {
      try {
        const objects = await listSyncs(clusterOf(request, request.params.cluster))
        return {
          served: true,
          syncs: objects.map(({ metadata, spec, status }) => {
            const { schedule, suspend } = (spec ?? {}) as { schedule?: string; suspend?: boolean }
            return {
              namespace: metadata.namespace ?? '',
              name: metadata.name,
              ...(schedule === undefined ? {} : { schedule }),
              suspend: suspend === true,
              status: (status ?? {}) as SyncRow['status'],
            }
          }),
        }
      } catch (error) {
        if (isError(error, 'KIND_UNKNOWN')) return { served: false, syncs: [] }
        throw error
      }
    },
  )
  routes.post(`${base}/:namespace/:name/run`, { schema: { summary: 'Run an ImageSync now', params: one } }, async (request, reply) => {
    const { cluster, namespace, name } = request.params
    await wantSync(clusterOf(request, cluster), namespace, name, clock.now())
    return reply.code(202).send({})
  })
  routes.post(
    `${base}/notifications`,
    {
      bodyLimit: LARGEST_REPORT,
      schema: { summary: 'For registries: something was pushed. Runs the ImageSyncs that copy from there', params: inCluster, body: notification },
    },
    async (request, reply) => {
      // Who reports needs to be known here, but no right to write to ImageSyncs.
      const { name } = clusterOf(request, request.params.cluster)
      const syncs = await wantSyncsOf(clusters.get(name), pushedIn(request.body), clock.now())
      request.auditDetail = { syncs }
      return reply.code(202).send({ syncs: syncs.length })
    },
  )
}
