/** Endpoints and EndpointSlices of services that choose pods. */
import { sameJson } from '#core/kube/json.ts'
import { requirementsOf, selects } from '#core/kube/selectors.ts'
import type { Obj } from '../store.ts'
import { isReady } from '../subresources.ts'
import { find, listOf, type World } from '../world.ts'
import { controllerRef, discard, make, mergeInto } from './objects.ts'
import { type Controller, ownKey } from './queue.ts'

/** Where pods share one address (not on Linux), the port that a pod really listens on. */
export const PORT_ANNOTATION = 'sandbox.sallyport.io/port'

function portOf(port: Obj, pod: Obj): number | undefined {
  const real = pod.metadata.annotations?.[PORT_ANNOTATION]
  if (real !== undefined) return Number(real)
  if (typeof port.targetPort === 'number') return port.targetPort
  for (const container of pod.spec.containers ?? []) {
    const found = (container.ports ?? []).find((one: Obj) => one.name === port.targetPort)
    if (found !== undefined) return found.containerPort
  }
  return undefined
}

export function endpointsController(world: World): Controller {
  return {
    name: 'endpoints-controller',
    watches: {
      services: ownKey,
      pods: ({ entry, before }) => {
        const namespace = entry.object.metadata.namespace!
        return listOf(world, 'services', namespace)
          .filter(({ spec }) => {
            const selector = requirementsOf({ matchLabels: spec?.selector ?? {} })
            return selector.length > 0 && (selects(selector, entry.object.metadata.labels) || selects(selector, before?.object.metadata.labels))
          })
          .map((service) => `${namespace}/${service.metadata.name}`)
      },
    },
    reconcile(key) {
      const service = world.store.collection('services').get(key)?.object
      const [namespace, name] = key.split('/') as [string, string]
      const before = find(world, 'endpoints', namespace, name)
      const sliceName = `${name}-sandbox`
      const slice = find(world, 'endpointslices.discovery.k8s.io', namespace, sliceName)
      if (service === undefined || service.metadata.deletionTimestamp !== undefined) {
        if (before !== undefined) discard(world, before)
        return undefined
      }
      const selector = requirementsOf({ matchLabels: service.spec.selector ?? {} })
      if (selector.length === 0) return undefined
      const pods = listOf(world, 'pods', namespace).filter(
        (pod) => selects(selector, pod.metadata.labels) && pod.status?.podIP && pod.metadata.deletionTimestamp === undefined && pod.status.phase === 'Running',
      )
      const address = (pod: Obj) => ({
        ip: pod.status.podIP,
        nodeName: pod.spec.nodeName,
        targetRef: { kind: 'Pod', namespace, name: pod.metadata.name, uid: pod.metadata.uid },
      })
      // Pods that listen on the same ports stand together.
      const groups = new Map<string, { ports: object[]; ready: Obj[]; notReady: Obj[] }>()
      for (const pod of pods) {
        const ports = (service.spec.ports ?? []).flatMap((port: Obj) => {
          const number = portOf(port, pod)
          return number === undefined ? [] : [{ ...(port.name === undefined ? {} : { name: port.name }), port: number, protocol: port.protocol }]
        })
        const id = JSON.stringify(ports)
        const group = groups.get(id) ?? { ports, ready: [], notReady: [] }
        groups.set(id, group)
        ;(isReady(pod) ? group.ready : group.notReady).push(pod)
      }
      const subsets = [...groups.values()].map(({ ports, ready, notReady }) => ({
        ...(ready.length === 0 ? {} : { addresses: ready.map(address) }),
        ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady.map(address) }),
        ports,
      }))
      const wanted = {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { name, namespace, labels: service.metadata.labels },
        ...(subsets.length === 0 ? {} : { subsets }),
      }
      if (before === undefined) make(world, wanted as unknown as Obj)
      else if (!sameJson(before.subsets, wanted.subsets)) mergeInto(world, before, { subsets: wanted.subsets ?? null })
      const first = [...groups.values()][0]
      const endpoints = pods.map((pod) => ({
        addresses: [pod.status.podIP],
        conditions: { ready: isReady(pod), serving: isReady(pod), terminating: false },
        nodeName: pod.spec.nodeName,
        targetRef: address(pod).targetRef,
      }))
      const ports = first?.ports ?? []
      if (slice === undefined)
        make(world, {
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: {
            name: sliceName,
            namespace,
            labels: {
              ...service.metadata.labels,
              'kubernetes.io/service-name': name,
              'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
            },
            ownerReferences: [controllerRef(service)],
          },
          addressType: 'IPv4',
          endpoints,
          ports,
        } as unknown as Obj)
      else if (!sameJson(slice.endpoints, endpoints) || !sameJson(slice.ports, ports)) mergeInto(world, slice, { endpoints, ports })
      return undefined
    },
  }
}
