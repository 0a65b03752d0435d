/** Who is behind an upstream's address: pods and ReplicaSets of each cluster that sends access logs, and its namespaces. */
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Change, Cluster, Clusters, Informer } from '#core/shapes/ports/cluster.ts'

export interface Backend {
  pod: string
  /** `Kind/name` of what made the pod. */
  workload: string
}

export interface Backends {
  /** Follows a cluster from the first call on. Resolves when it is known, or after 3 s: then rows have no pod. */
  ready(cluster: string): Promise<void>
  /** Of `ip:port`. A pod that went is known for ten minutes more, unless another has its address. */
  of(cluster: string, address: string): Backend | undefined
  namespaces(cluster: string): readonly string[]
  /** Grows when the namespaces change. */
  version(cluster: string): number
  stop(): void
}

const PATIENCE_MS = 3_000
const REMEMBERED_MS = 10 * 60_000
const SWEEP_MS = 60_000
/** After it a cluster that did not let us look is asked again. */
const AGAIN_MS = 5 * 60_000

interface Held {
  metadata: { name: string; namespace: string }
  owner: { kind: string; name: string } | undefined
}
interface HeldPod extends Held {
  addresses: readonly string[]
}

function heldOf({ metadata }: KubeObject): Held {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  return { metadata: { name: metadata.name, namespace: metadata.namespace ?? '' }, owner: owner && { kind: owner.kind, name: owner.name } }
}

/** Pods on the host's network share the node's address, and those that are over have given theirs back. */
function podOf(object: KubeObject): HeldPod {
  const { hostNetwork } = (object.spec ?? {}) as { hostNetwork?: boolean }
  const { phase, podIP, podIPs } = (object.status ?? {}) as { phase?: string; podIP?: string; podIPs?: { ip: string }[] }
  const over = hostNetwork || phase === 'Succeeded' || phase === 'Failed'
  return { ...heldOf(object), addresses: over ? [] : (podIPs?.map(({ ip }) => ip) ?? (podIP === undefined ? [] : [podIP])) }
}

/** `10.0.0.1:8080` → `10.0.0.1`, `[fd00::1]:8080` → `fd00::1` */
const hostOf = (address: string): string => address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')

export function createBackends({ clusters, clock, log }: { clusters: Clusters; clock: Clock; log: Logger }): Backends {
  const followed = new Map<string, ReturnType<typeof follow>>()
  const unfollow = clusters.onChange(({ type, name }) => {
    if (type !== 'removed') return
    followed.get(name)?.stop()
    followed.delete(name)
  })

  function follow(cluster: Cluster) {
    const pods: Informer<HeldPod> = cluster.informer({ apiVersion: 'v1', kind: 'Pod' }, { keep: podOf })
    const replicaSets = cluster.informer({ apiVersion: 'apps/v1', kind: 'ReplicaSet' }, { keep: heldOf })
    const spaces = cluster.informer({ apiVersion: 'v1', kind: 'Namespace' }, { keep: ({ metadata }) => metadata.name })
    const informers = [pods, replicaSets, spaces]
    const byAddress = new Map<string, { pod: HeldPod; goneAt?: number }>()
    let sweptAt = clock.now()
    let version = 0
    spaces.onChange(({ type }) => {
      if (type !== 'modified') version++
    })
    const leave = ({ addresses, metadata }: HeldPod) => {
      for (const address of addresses) {
        const entry = byAddress.get(address)
        if (entry?.pod.metadata.name === metadata.name && entry.pod.metadata.namespace === metadata.namespace) entry.goneAt ??= clock.now()
      }
    }
    pods.onChange(({ type, object, before }: Change<HeldPod>) => {
      if (before) leave(before)
      if (type === 'deleted') leave(object)
      else for (const address of object.addresses) byAddress.set(address, { pod: object })
      if (clock.now() - sweptAt < SWEEP_MS) return
      sweptAt = clock.now()
      for (const [address, { goneAt }] of byAddress) if (goneAt !== undefined && sweptAt - goneAt > REMEMBERED_MS) byAddress.delete(address)
    })
    const since = clock.now()
    let failed = false
    const synced = Promise.all(informers.map(({ synced }) => synced)).then(
      () => {},
      (err: unknown) => {
        failed = true
        log.warn({ err, cluster: cluster.name }, 'pods cannot be followed, so requests have no pod and no workload')
      },
    )
    return {
      synced,
      stale: () => failed && clock.now() - since > AGAIN_MS,
      version: () => version,
      namespaces: () => spaces.list(),
      of(address: string): Backend | undefined {
        const pod = byAddress.get(hostOf(address))?.pod
        if (!pod) return undefined
        const { owner, metadata } = pod
        const above = owner?.kind === 'ReplicaSet' ? replicaSets.get(owner.name, metadata.namespace)?.owner : undefined
        const { kind, name } = above ?? owner ?? { kind: 'Pod', name: metadata.name }
        return { pod: metadata.name, workload: `${kind}/${name}` }
      },
      stop() {
        for (const informer of informers) informer.stop()
      },
    }
  }

  return {
    async ready(name) {
      let one = followed.get(name)
      if (one?.stale()) {
        one.stop()
        one = undefined
      }
      if (!one) {
        // Lines may come from what is no cluster of this server: a machine, a tool.
        if (!clusters.list().some((entry) => entry.name === name)) return
        one = follow(clusters.get(name))
        followed.set(name, one)
      }
      const patience = new AbortController()
      await Promise.race([one.synced, clock.sleep(PATIENCE_MS, patience.signal).catch(() => {})])
      patience.abort()
    },
    of: (name, address) => followed.get(name)?.of(address),
    namespaces: (name) => followed.get(name)?.namespaces() ?? [],
    version: (name) => followed.get(name)?.version() ?? 0,
    stop() {
      unfollow()
      for (const one of followed.values()) one.stop()
    },
  }
}
