/** Runs the pods that the API puts on the site's nodes, and tells the API how they are. */
import { createServer } from 'node:net'
import { PORT_ANNOTATION } from '../api/controllers/endpoints.ts'
import { discard, ensure, mergeInto, report, setStatus, withCondition } from '../api/controllers/objects.ts'
import { StatusError } from '../api/status.ts'
import type { Obj } from '../api/store.ts'
import { find, listOf, timestamp, type World } from '../api/world.ts'
import { nodeObject } from './manifests.ts'
import { type Pod, serviceOfImage } from './shop.ts'

/** What the kubelet asks of a node's process. */
export interface NodeProcess {
  start(pod: Pod, address: string, port: number): void
  stop(uid: string): void
}

/** Where a pod runs. */
export interface Place {
  node: string
  address: string
  /** The port of this machine on which it listens. */
  port: number
  /** ms since the epoch. */
  startedAt: number
}

interface Running extends Place {
  state: 'starting' | 'running' | 'stopping' | 'failed'
}

/** Capacity in CPUs of a node that is a process: a number for the scheduler, nothing holds a pod to it. */
const CPUS = 4
const HEARTBEAT = 2_000
/** On which every pod listens, as its manifest says. */
export const POD_PORT = 8080

export async function createKubelet(world: World, version: string) {
  const range = await reserveRange()
  const ownAddresses = range !== undefined
  /** Taken by a program that is not ours. */
  const foreign = new Set<string>()
  const nodes = new Map<string, { index: number; process: NodeProcess }>()
  const running = new Map<string, Running>()
  const restarts = new Map<string, number>()
  const waiting = new Set<string>()
  let scheduled = false

  const byUid = (uid: string): Obj | undefined => listOf(world, 'pods').find((pod) => pod.metadata.uid === uid)
  const freeAddress = (index: number): string => {
    if (range === undefined) return '127.0.0.1'
    const taken = new Set([...running.values()].map((one) => one.address))
    for (let n = 1; n < 255; n++) {
      const address = `${range.prefix}.${index + 1}.${n}`
      if (!taken.has(address) && !foreign.has(address)) return address
    }
    throw new Error('no address is left for a pod')
  }

  const tell = (pod: Obj, phase: string, container: object, ready: boolean, more: object = {}) => {
    const now = timestamp(world.clock.now())
    let conditions: object[] | undefined = pod.status?.conditions
    for (const type of ['Initialized', 'ContainersReady', 'Ready'])
      conditions = withCondition(
        conditions as Obj[],
        { type, status: type === 'Initialized' || ready ? 'True' : 'False', ...(ready || type === 'Initialized' ? {} : { reason: 'ContainersNotReady' }) },
        now,
      )
    const [first] = pod.spec.containers
    const status = {
      ...pod.status,
      phase,
      hostIP: '127.0.0.1',
      startTime: pod.status?.startTime ?? now,
      conditions,
      ...more,
      containerStatuses: [
        {
          name: first.name,
          image: first.image,
          imageID: '',
          ready,
          started: ready,
          restartCount: restarts.get(pod.metadata.uid!) ?? 0,
          state: container,
          lastState: {},
        },
      ],
    }
    setStatus(world, pod, status, 'kubelet')
  }

  const start = (pod: Obj, node: string) => {
    const uid = pod.metadata.uid!
    const { index, process } = nodes.get(node)!
    const image = String(pod.spec.containers[0]?.image ?? '')
    const service = serviceOfImage(image)
    if (service === undefined) {
      if (running.get(uid)?.state === 'failed') return
      running.set(uid, { node, address: '', port: 0, state: 'failed', startedAt: 0 })
      const message = `Back-off pulling image "${image}": the sandbox runs only the images of its shop (registry.example.com/shop/…)`
      tell(pod, 'Pending', { waiting: { reason: 'ImagePullBackOff', message } }, false)
      report(world, pod, 'Warning', 'Failed', message, 'kubelet')
      return
    }
    const address = freeAddress(index)
    const before = pod.status?.containerStatuses?.[0]
    if (before?.started === true || before?.state?.running !== undefined) restarts.set(uid, (before.restartCount ?? 0) + 1)
    running.set(uid, { node, address, port: 0, state: 'starting', startedAt: 0 })
    report(world, pod, 'Normal', 'Pulled', `Container image "${image}" already present on machine`, 'kubelet')
    process.start(
      { uid, name: pod.metadata.name, service, arm: pod.metadata.labels?.arm === 'canary' ? 'canary' : 'primary' },
      address,
      ownAddresses ? POD_PORT : 0,
    )
  }

  const sync = (key: string) => {
    const pod = world.store.collection('pods').get(key)?.object
    const node = pod?.spec.nodeName
    if (pod === undefined || !node) return
    const uid = pod.metadata.uid!
    const one = running.get(uid)
    if (!nodes.has(node)) return
    if (pod.metadata.deletionTimestamp !== undefined) {
      if (one === undefined || one.state === 'failed') {
        running.delete(uid)
        discard(world, pod, { gracePeriodSeconds: 0 })
      } else if (one.state !== 'stopping') {
        one.state = 'stopping'
        report(world, pod, 'Normal', 'Killing', `Stopping container ${pod.spec.containers[0].name}`, 'kubelet')
        nodes.get(node)!.process.stop(uid)
      }
    } else if (one === undefined) start(pod, node)
    else if (one.state === 'failed' && serviceOfImage(String(pod.spec.containers[0]?.image ?? '')) !== undefined) {
      running.delete(uid)
      start(pod, node)
    } else if (one.state === 'running') tellRunning(pod, one)
  }

  const tellRunning = (pod: Obj, one: Running) => {
    if (!ownAddresses && pod.metadata.annotations?.[PORT_ANNOTATION] !== String(one.port)) {
      mergeInto(world, pod, { metadata: { annotations: { [PORT_ANNOTATION]: String(one.port) } } }, 'kubelet')
      return
    }
    const ready = { running: { startedAt: timestamp(one.startedAt) } }
    tell(pod, 'Running', ready, true, { podIP: one.address, podIPs: [{ ip: one.address }] })
  }

  const soon = (key: string) => {
    waiting.add(key)
    if (scheduled) return
    scheduled = true
    setImmediate(() => {
      scheduled = false
      for (const one of [...waiting]) {
        waiting.delete(one)
        try {
          sync(one)
        } catch (error) {
          if (!(error instanceof StatusError)) process.stderr.write(`sandbox: kubelet ${one}: ${(error as Error).stack}\n`)
          setTimeout(() => soon(one), 500).unref()
        }
      }
    })
  }
  const unfollow = world.store.collection('pods').follow(({ type, entry }) => {
    const uid = entry.object.metadata.uid!
    const one = running.get(uid)
    if (type !== 'DELETED') return soon(entry.key)
    // Taken away without its node being asked.
    if (one !== undefined && one.state !== 'stopping' && one.state !== 'failed') nodes.get(one.node)?.process.stop(uid)
    running.delete(uid)
    restarts.delete(uid)
  })

  const beat = (name: string) => {
    const at = new Date(world.clock.now()).toISOString().replace('Z', '000Z')
    const lease = find(world, 'leases.coordination.k8s.io', 'kube-node-lease', name)
    const spec = { holderIdentity: name, leaseDurationSeconds: 10, renewTime: at }
    if (lease === undefined)
      ensure(
        world,
        { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'kube-node-lease' }, spec } as unknown as Obj,
        'kubelet',
      )
    else mergeInto(world, lease, { spec }, 'kubelet')
    const node = find(world, 'nodes', undefined, name)
    if (node === undefined || node.status?.conditions?.some((one: Obj) => one.type === 'Ready' && one.status === 'True')) return
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'the process of this node answers' }
    setStatus(world, node, { ...node.status, conditions: withCondition(node.status?.conditions, ready, timestamp(world.clock.now())) }, 'kubelet')
  }
  const beating = setInterval(() => {
    for (const name of nodes.keys()) beat(name)
  }, HEARTBEAT)

  return {
    /** Pods that run on a node, for the control API. */
    podsOf: (node: string) =>
      [...running].flatMap(([uid, one]) =>
        one.node === node && one.state === 'running' ? [{ name: byUid(uid)?.metadata.name ?? uid, node, address: one.address, port: one.port }] : [],
      ),
    nodeOf: (uid: string) => running.get(uid)?.node,
    /** Where a pod runs; undefined when it does not. */
    place(uid: string): Place | undefined {
      const one = running.get(uid)
      return one?.state === 'running' ? one : undefined
    },
    nodeUp(name: string, index: number, process: NodeProcess) {
      nodes.set(name, { index, process })
      const object = nodeObject(name, CPUS)
      object.status.nodeInfo = {
        kubeletVersion: `${version}+sallyport-sandbox`,
        osImage: 'a process of the Sallyport sandbox',
        kernelVersion: '',
        containerRuntimeVersion: `node://${globalThis.process.versions.node}`,
        operatingSystem: 'linux',
        architecture: 'amd64',
      }
      ensure(world, object, 'kubelet')
      beat(name)
      for (const pod of listOf(world, 'pods')) if (pod.spec.nodeName === name) soon(`${pod.metadata.namespace}/${pod.metadata.name}`)
    },
    nodeDown(name: string) {
      nodes.delete(name)
      for (const [uid, one] of running) if (one.node === name) running.delete(uid)
    },
    started(uid: string, port: number) {
      const one = running.get(uid)
      const pod = byUid(uid)
      if (one === undefined || pod === undefined) return
      if (one.state === 'starting') Object.assign(one, { state: 'running', port, startedAt: world.clock.now() })
      report(world, pod, 'Normal', 'Started', `Started container ${pod.spec.containers[0].name}`, 'kubelet')
      soon(`${pod.metadata.namespace}/${pod.metadata.name}`)
    },
    failed(uid: string, reason: string) {
      const pod = byUid(uid)
      if (reason.includes('EADDRINUSE')) foreign.add(running.get(uid)?.address ?? '')
      running.delete(uid)
      if (pod === undefined) return
      report(world, pod, 'Warning', 'Failed', `Error: ${reason}`, 'kubelet')
      setTimeout(() => soon(`${pod.metadata.namespace}/${pod.metadata.name}`), 2_000).unref()
    },
    stopped(uid: string) {
      const pod = byUid(uid)
      running.delete(uid)
      if (pod?.metadata.deletionTimestamp !== undefined) discard(world, pod, { gracePeriodSeconds: 0 })
    },
    stop() {
      unfollow()
      clearInterval(beating)
      range?.release()
    },
  }
}

/**
 * Addresses of this site's pods, `127.20`, or the next when another demo on this machine has that: held by listening on one of them.
 * Linux has the whole of 127.0.0.0/8; macOS only 127.0.0.1, where pods differ by port: undefined.
 */
async function reserveRange(): Promise<{ prefix: string; release(): void } | undefined> {
  for (let n = 20; n < 120; n++) {
    const server = createServer((socket) => socket.destroy())
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve)
      server.listen(POD_PORT, `127.${n}.0.1`, () => resolve(undefined))
    })
    if (error === undefined) return { prefix: `127.${n}`, release: () => server.close() }
    if (error.code !== 'EADDRINUSE') return undefined
  }
  return undefined
}
