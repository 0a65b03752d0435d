import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { CodedError } from '#core/kernel/errors.ts'
import type {} from '#kits/server-kit/http.ts'
import { clusterName } from '#kits/server-kit/ingest-tokens.ts'

export const clusterParams = z.object({ cluster: clusterName })

/** FORBIDDEN unless the reader may see something of the cluster; which rows, the engine decides by the same scope. */
export function mayRead(request: FastifyRequest, cluster: string, what: string): void {
  const { scope } = request
  if (scope !== 'all' && !scope.clusters.includes(cluster)) throw new CodedError('FORBIDDEN', { verb: 'read', resource: `${what} of ${cluster}` })
}
