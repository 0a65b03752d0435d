/** Services: addresses inside the cluster and defaults. Nothing routes to these addresses; the sandbox's ingress and pods use endpoints. */
import { badRequest } from './status.ts'
import type { Obj } from './store.ts'
import { listOf, type World } from './world.ts'

/** 10.96.0.0/16, as most clusters have it. */
function freeAddress(world: World): string {
  const taken = new Set(listOf(world, 'services').map((service) => service.spec?.clusterIP))
  for (let n = 10; n < 65_000; n++) {
    const address = `10.96.${n >> 8}.${n & 255}`
    if (!taken.has(address)) return address
  }
  throw badRequest('no address is left for a service')
}

export function prepareService(world: World, object: Obj, old: Obj | undefined): Obj {
  object.spec ??= {}
  const { spec } = object
  spec.type ??= 'ClusterIP'
  spec.sessionAffinity ??= 'None'
  for (const port of spec.ports ?? []) {
    port.protocol ??= 'TCP'
    port.targetPort ??= port.port
  }
  if (old === undefined) object.status = { loadBalancer: {} }
  if (spec.type === 'ExternalName') return object
  spec.clusterIP = old?.spec.clusterIP ?? (spec.clusterIP === '' || spec.clusterIP === undefined ? freeAddress(world) : spec.clusterIP)
  spec.clusterIPs ??= [spec.clusterIP]
  spec.ipFamilies ??= ['IPv4']
  spec.ipFamilyPolicy ??= 'SingleStack'
  spec.internalTrafficPolicy ??= 'Cluster'
  return object
}
