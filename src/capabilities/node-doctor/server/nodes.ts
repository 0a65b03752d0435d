/** What the pages ask: all nodes, as the cluster and as their doctors see them, and one of them with what happened to it. */
import type { FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CodedError } from '#core/kernel/errors.ts'
import { listAll } from '#core/kube/list-all.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { atLeast } from '#core/shapes/severity.ts'
import { clusterParams, mayRead, rightsKey } from '#kits/server-kit/clusters.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import type { KnownNode, NodeDetail, NodesAnswer, RepairEntry, TimelineEntry } from '../domain/api.ts'
import type { NodeReport } from '../domain/report.ts'

export interface Held {
  report: NodeReport
  receivedAt: number
}

const NODE = { apiVersion: 'v1', kind: 'Node' }
/** Pages ask every few seconds, and the nodes of a big cluster are megabytes. */
const LISTED_MS = 15_000
const MOST_LISTS = 50
const HOUR_MS = 3_600_000

type Listed = { at: number; nodes: Promise<NodesAnswer['listed'] & { objects: readonly ListedNode[] }> }
interface ListedNode {
  name: string
  ready: KnownNode['ready']
  unschedulable: boolean
}

export function nodeRoutes(context: ServerContext, heldIn: (cluster: string) => ReadonlyMap<string, Held>, isSilent: (held: Held) => boolean): void {
  const { http, telemetry, clock, clusterOf } = context
  const lists = new Map<string, Listed>()

  /** Nodes of the cluster with the rights of who asks; that they could not be listed is said, and no error. */
  function listed(request: FastifyRequest, cluster: string): Listed['nodes'] {
    const key = `${cluster} ${rightsKey(request.identity)}`
    const kept = lists.get(key)
    if (kept && clock.now() - kept.at < LISTED_MS) return kept.nodes
    lists.delete(key)
    if (lists.size >= MOST_LISTS) lists.delete(lists.keys().next().value!)
    const nodes = (async () => {
      try {
        return { ok: true as const, objects: (await listAll(clusterOf(request, cluster), NODE)).map(listedNode) }
      } catch (error) {
        if (!(error instanceof CodedError)) throw error
        return { ok: false as const, code: error.code, objects: [] }
      }
    })()
    lists.set(key, { at: clock.now(), nodes })
    return nodes
  }

  const known = (name: string, held: Held | undefined, object: ListedNode | undefined): KnownNode => ({
    name,
    ...(held ? { reportedAt: held.receivedAt } : {}),
    silent: held !== undefined && isSilent(held),
    ready: object?.ready,
    unschedulable: object?.unschedulable ?? false,
    conditions: held?.report.conditions ?? [],
    blind: held?.report.blind ?? [],
    troubles: held?.report.troubles.length ?? 0,
    worst: held?.report.troubles.reduce<KnownNode['worst']>(
      (worst, { severity }) => (worst === undefined || atLeast(severity, worst) ? severity : worst),
      undefined,
    ),
  })

  const routes = http.withTypeProvider<ZodTypeProvider>()
  routes.get(
    '/clusters/:cluster/node-doctor/nodes',
    { schema: { summary: 'Nodes, as the cluster and their doctors see them', params: clusterParams } },
    async (request): Promise<NodesAnswer> => {
      const { cluster } = request.params
      mayRead(request, cluster, 'findings')
      const held = heldIn(cluster)
      const { objects, ...how } = await listed(request, cluster)
      const byName = new Map(objects.map((object) => [object.name, object]))
      const names = [...new Set([...held.keys(), ...byName.keys()])].sort((a, b) => a.localeCompare(b))
      return { nodes: names.map((name) => known(name, held.get(name), byName.get(name))), listed: how, ...(await trendOf(context, cluster, request.scope)) }
    },
  )
  routes.get(
    '/clusters/:cluster/node-doctor/nodes/:node',
    { schema: { summary: 'One node: troubles, conditions, what happened and what was done', params: clusterParams.extend({ node: z.string().max(253) }) } },
    async (request): Promise<NodeDetail> => {
      const { cluster, node } = request.params
      mayRead(request, cluster, 'findings')
      const held = heldIn(cluster).get(node)
      const object = (await listed(request, cluster)).objects.find(({ name }) => name === node)
      if (!held && !object) throw new CodedError('NOT_FOUND', { what: `node ${node}` })
      const params = { cluster, node }
      const [findings, plans] = await Promise.all([
        telemetry.query({
          sql: `SELECT toUnixTimestamp64Milli(ts), check_id, severity, state, key, message, evidence, toUnixTimestamp64Milli(since) FROM findings
            WHERE cluster = {cluster:String} AND kind = 'Node' AND name = {node:String} AND startsWith(check_id, 'node-doctor/') ORDER BY ts DESC LIMIT 200`,
          params,
          scope: request.scope,
        }),
        telemetry.query({
          sql: `SELECT toUnixTimestamp64Milli(ts), state, plan FROM plans
            WHERE cluster = {cluster:String} AND capability = 'node-doctor' AND has(splitByString(', ', subject), concat('Node ', {node:String})) ORDER BY ts DESC LIMIT 100`,
          params,
          scope: request.scope,
        }),
      ])
      const timeline = findings.rows.map(
        ([at, check, severity, state, key, message, evidence, since]): TimelineEntry => ({
          at: Number(at),
          reason: String(check).slice('node-doctor/'.length),
          severity: String(severity) as TimelineEntry['severity'],
          state: String(state) as TimelineEntry['state'],
          key: String(key),
          message: String(message),
          since: Number(since),
          proof: String((JSON.parse(String(evidence) || '[]') as { name: string; value: string }[]).find(({ name }) => name === 'proof')?.value ?? ''),
        }),
      )
      const repairs = plans.rows.flatMap(([at, state, plan]): RepairEntry[] => {
        const { steps } = JSON.parse(String(plan)) as { steps: { what: string; why: string; action?: { node?: string; verb?: string } }[] }
        return steps
          .filter(({ action }) => action?.node === node)
          .map(({ what, why, action }) => ({
            at: Number(at),
            state: String(state) as RepairEntry['state'],
            what,
            why,
            ...(action?.verb ? { verb: action.verb } : {}),
          }))
      })
      return { ...known(node, held, object), ...(held ? { log: held.report.log } : {}), timeline, repairs }
    },
  )
}

function listedNode({ metadata, spec, status }: KubeObject): ListedNode {
  const conditions = (status as { conditions?: { type: string; status: KnownNode['ready'] }[] } | undefined)?.conditions ?? []
  return {
    name: metadata.name,
    ready: conditions.find(({ type }) => type === 'Ready')?.status ?? 'Unknown',
    unschedulable: (spec as { unschedulable?: boolean } | undefined)?.unschedulable === true,
  }
}

/** Troubles that began in each of the last 24 hours, oldest first, by node and by kind of problem. */
async function trendOf(
  { telemetry, clock }: ServerContext,
  cluster: string,
  scope: Parameters<ServerContext['telemetry']['query']>[0]['scope'],
): Promise<Pick<NodesAnswer, 'trend' | 'kinds'>> {
  const hour = Math.floor(clock.now() / HOUR_MS)
  const { rows } = await telemetry.query({
    sql: `SELECT name, check_id, toUInt32(intDiv(toUnixTimestamp64Milli(ts), 3600000)) AS hour, count() FROM findings
      WHERE cluster = {cluster:String} AND kind = 'Node' AND state = 'open' AND startsWith(check_id, 'node-doctor/') AND toUnixTimestamp64Milli(ts) >= {from:UInt64}
      GROUP BY name, check_id, hour`,
    params: { cluster, from: (hour - 23) * HOUR_MS },
    scope,
  })
  const trend: Record<string, number[]> = {}
  const kinds: Record<string, number[]> = {}
  for (const [node, check, at, count] of rows as [string, string, number, number][]) {
    const place = Number(at) - hour + 23
    const add = (to: Record<string, number[]>, key: string) => {
      to[key] ??= Array.from({ length: 24 }, () => 0)
      to[key][place] = (to[key][place] ?? 0) + Number(count)
    }
    add(trend, node)
    add(kinds, check.slice('node-doctor/'.length))
  }
  return { trend, kinds }
}
