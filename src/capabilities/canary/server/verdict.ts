/**
 * The verdict for tools that shift the traffic themselves, of any Canary (mode `judge` where nothing else is wanted):
 * - Flagger's webhooks: POST with its payload; 200 lets it go on, anything else counts as a failed check. https://docs.flagger.app/usage/webhooks
 * - Argo Rollouts' web metric: GET, JSON that a jsonPath picks from. https://argo-rollouts.readthedocs.io/en/stable/analysis/web/
 * - a metric of /metrics, for those who ask a Prometheus.
 */
import type { FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { Gauge, type Registry } from 'prom-client'
import { z } from 'zod'
import { clusterParams } from '#kits/server-kit/clusters.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { canaryParams, type Verdict } from '../domain/api.ts'
import { gateOf, verdictOf } from '../domain/verdict.ts'
import { type CanaryStatus, canaryResource } from '../resources/canary.ts'
import { refOfKey } from './gather.ts'

/** What Flagger sends begins with these; its releases add fields (checksum, buildId, type, failedChecks, canaryWeight …), which may not make a check fail. */
const flaggerBody = z.looseObject({ name: z.string().max(253), namespace: z.string().max(63) })
/** `harm`: goes on while no harm is proven; `promote`: only when every margin is proven. */
const gateQuery = z.object({ gate: z.enum(['harm', 'promote']).default('harm') })

export function verdictRoutes({ http, clusterOf, clock }: ServerContext): void {
  const routes = http.withTypeProvider<ZodTypeProvider>()
  const base = '/clusters/:cluster/canaries/:namespace/:name'
  const params = clusterParams.extend(canaryParams.shape)
  const read = async (request: FastifyRequest, cluster: string, namespace: string, name: string): Promise<Verdict> => {
    const { status } = await clusterOf(request, cluster).get(refOfKey(`${namespace}/${name}`))
    const known = canaryResource.status.safeParse(status ?? {})
    return verdictOf(known.success ? known.data : {}, clock.now())
  }
  routes.get(`${base}/verdict`, { schema: { summary: 'The verdict about a version, for other tools', params } }, async (request): Promise<Verdict> => {
    const { cluster, namespace, name } = request.params
    return read(request, cluster, namespace, name)
  })
  routes.post(
    `${base}/flagger`,
    { config: { access: 'user' }, schema: { summary: "The verdict as an answer to Flagger's webhook", params, querystring: gateQuery, body: flaggerBody } },
    async (request, reply) => {
      const { cluster, namespace, name } = request.params
      const verdict = await read(request, cluster, namespace, name)
      const { pass, why } = gateOf(verdict, request.query.gate)
      return reply
        .code(pass ? 200 : 412)
        .type('text/plain; charset=utf-8')
        .send(`${why}\n`)
    },
  )
}

/** `sallyport_canary_verdict{verdict="promote"} 1`: one of three is 1; of a Canary that is not judged none is there. */
export function exportVerdicts(registry: Registry): (cluster: string, key: string, status: CanaryStatus | undefined) => void {
  const labelNames = ['cluster', 'namespace', 'canary'] as const
  const verdicts = new Gauge({
    name: 'sallyport_canary_verdict',
    help: 'Is 1 for the verdict of now; nothing is told of a canary that is not judged.',
    labelNames: [...labelNames, 'verdict'],
    registers: [registry],
  })
  const requests = new Gauge({ name: 'sallyport_canary_requests', help: 'Requests to the canary that were judged.', labelNames, registers: [registry] })
  return (cluster, key, status) => {
    const [namespace = '', canary = ''] = key.split('/')
    const { verdict, known } = verdictOf(status ?? {}, 0)
    for (const one of ['promote', 'rollback', 'inconclusive'] as const) {
      if (known) verdicts.set({ cluster, namespace, canary, verdict: one }, one === verdict ? 1 : 0)
      else verdicts.remove({ cluster, namespace, canary, verdict: one })
    }
    if (known) requests.set({ cluster, namespace, canary }, status?.requests ?? 0)
    else requests.remove({ cluster, namespace, canary })
  }
}
