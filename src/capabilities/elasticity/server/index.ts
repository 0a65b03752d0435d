import type { KubeObject } from '#core/kube/objects.ts'
import type { AggregatedRequest } from '#kits/server-kit/aggregation.ts'
import type { ServerDoor } from '#kits/server-kit/door.ts'
import { createIngressMetrics } from '../domain/ingress-metrics.ts'
import { servicesOfIngress } from '../domain/routes.ts'
import { metricsApis } from './metrics-apis.ts'

const INGRESS = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' }

export const door: ServerDoor = {
  id: 'elasticity',
  async start(context) {
    const { clock, live } = context
    const read = createIngressMetrics(live)
    const servicesOf = async ({ cluster, namespace = '', name = '' }: AggregatedRequest): Promise<readonly string[]> =>
      servicesOfIngress((await cluster.get({ ...INGRESS, namespace, name })) as KubeObject)
    for (const api of metricsApis(read, clock.now, servicesOf)) context.aggregate(api)
    return { async stop() {} }
  },
}
