import { err } from '#core/kernel/result.ts'
import { describeRef } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { TrafficRouter } from '#core/shapes/ports/traffic-router.ts'
import { editedRouter } from './edited-route.ts'
import { httpRoute } from './gateway-api.ts'
import { ingressNginxRouter } from './ingress-nginx.ts'
import { virtualService } from './istio.ts'
import { traefik } from './traefik.ts'

/** Every router that we know, behind one that asks the one for the kind of the route. */
export function trafficRouter(cluster: Cluster): TrafficRouter {
  const routers = [
    ingressNginxRouter(cluster),
    editedRouter(cluster, { 'gateway.networking.k8s.io/HTTPRoute': httpRoute, 'networking.istio.io/VirtualService': virtualService, ...traefik }),
  ]
  const routes = routers.flatMap((router) => router.routes)
  const asked = <T>(route: Parameters<TrafficRouter['read']>[0]['route'], use: (router: TrafficRouter) => Promise<T>) => {
    const kind = `${route.apiVersion.split('/')[0]}/${route.kind}`
    const router = routers.find((one) => one.routes.includes(kind))
    if (router) return use(router)
    return Promise.resolve(err({ reason: 'unsupported' as const, message: `${describeRef(route)}: routes can be ${routes.join(', ')}` }))
  }
  return {
    routes,
    read: (target) => asked(target.route, (router) => router.read(target)),
    write: (target, split) => asked(target.route, (router) => router.write(target, split)),
    release: (target) => asked(target.route, (router) => router.release(target)),
  }
}
