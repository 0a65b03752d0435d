import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { CodedError } from '#core/kernel/errors.ts'
import type { Actor, Cluster, Clusters } from '#core/shapes/ports/cluster.ts'
import type { Signal } from '#core/telemetry/table.ts'
import type { Identity } from './auth.ts'
import type {} from './http.ts'
import { namespacesIn, TELEMETRY_GROUP } from './scope.ts'

/** Of the machine or cluster that the server itself is for, and of the demo. */
export const DEFAULT_CLUSTER = 'local'

/** Names of clusters: DNS labels, as they stand in URLs. */
export const clusterName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and `-`, at most 63')

/** Of routes below `/clusters/:cluster`. */
export const clusterParams = z.object({ cluster: clusterName })

/** FORBIDDEN unless the reader may see something of the cluster; which rows, the engine decides by the same scope. */
export function mayRead(request: FastifyRequest, cluster: string, signal: Signal): void {
  const visible = namespacesIn(request.scope, cluster, signal)
  if (visible !== 'all' && visible.length === 0)
    throw new CodedError('FORBIDDEN', { verb: 'get', resource: `${signal}.${TELEMETRY_GROUP} of cluster ${cluster}` })
}

/** Has somebody anything to do with a cluster? */
export function mayUse(identity: Identity | undefined, cluster: string): boolean {
  if (identity?.kind !== 'user') return false
  return identity.rights.kind !== 'token' || identity.rights.cluster === cluster
}

/** Whose rights a request has in a cluster. */
export function actorOf(identity: Identity | undefined, cluster: string): Actor {
  if (identity?.kind !== 'user' || !mayUse(identity, cluster)) throw new CodedError('FORBIDDEN', { verb: 'use', resource: `cluster ${cluster}` })
  return identity.rights.kind === 'admin' ? { kind: 'self' } : identity.rights.actor
}

/** Tells apart whose rights something was read with, for what is kept between requests. Names do not: two clusters may each have an `admin`. */
export function rightsKey(identity: Identity | undefined): string {
  if (identity?.kind !== 'user') return ''
  return identity.rights.kind === 'admin' ? 'admin' : createHash('sha256').update(JSON.stringify(identity.rights)).digest('base64')
}

/** A cluster with the rights of who asks; see `ServerContext.clusterOf`. */
export const clusterOfRequest =
  (clusters: Clusters) =>
  (request: FastifyRequest, name: string): Cluster =>
    clusters.get(name).as(actorOf(request.identity, name))
