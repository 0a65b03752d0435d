/** One of many leads, by a Lease object. https://kubernetes.io/docs/concepts/architecture/leases/ and client-go's leaderelection, whose records this reads and writes. */
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'

export interface LeaseOptions {
  cluster: Cluster
  namespace: string
  name: string
  /** Of this process, different from all others'. */
  identity: string
  clock: Clock
  /** What others wait after the last sign of life. Default 15 s. */
  durationMs?: number
  /** Called when this process begins to lead and when it no longer does, whichever way it ended. */
  onChange(leading: boolean): void
}

interface LeaseSpec {
  holderIdentity?: string | null
  leaseDurationSeconds?: number
  /** With microseconds, as the API wants it. */
  acquireTime?: string
  renewTime?: string
  leaseTransitions?: number
}

const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }
const micro = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z')

/**
 * Takes part until stopped. It stops leading by itself before others may think it gone: at two thirds of the duration without a renewal. Whether another one is
 * alive is told from how long its record has not changed here, never from its clock.
 */
export function takePart({ cluster, namespace, name, identity, clock, durationMs = 15_000, onChange }: LeaseOptions): {
  leading(): boolean
  stop(): Promise<void>
} {
  const ref = { ...LEASE, namespace, name }
  const stopping = new AbortController()
  let leading = false
  let renewedAt = 0
  let seen = { record: '', at: 0 }
  const set = (next: boolean) => {
    if (next === leading) return
    leading = next
    onChange(next)
  }

  const attempt = async (): Promise<void> => {
    const began = clock.now()
    const current = await cluster.get(ref).catch((error: unknown) => {
      if (error instanceof CodedError && error.code === 'NOT_FOUND') return undefined
      throw error
    })
    const spec = (current?.spec ?? {}) as LeaseSpec
    const record = JSON.stringify([spec.holderIdentity, spec.renewTime, spec.leaseTransitions])
    if (record !== seen.record) seen = { record, at: began }
    const mine = spec.holderIdentity === identity
    const alive = Boolean(spec.holderIdentity) && seen.at + (spec.leaseDurationSeconds ?? durationMs / 1000) * 1000 > began
    if (!mine && alive) return set(false)
    const next: LeaseSpec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.round(durationMs / 1000)),
      acquireTime: mine ? spec.acquireTime : micro(began),
      renewTime: micro(began),
      leaseTransitions: mine ? (spec.leaseTransitions ?? 0) : (spec.leaseTransitions ?? -1) + 1,
    }
    // Its resourceVersion goes along: of two who try at once, one is told that the other was first.
    const object: KubeObject = current ? { ...current, spec: next } : { ...LEASE, metadata: { name, namespace }, spec: next }
    await (current ? cluster.update(object) : cluster.create(object))
    renewedAt = began
    set(true)
  }
  const stillLeads = () => leading && clock.now() < renewedAt + (durationMs * 2) / 3

  const run = async () => {
    while (!stopping.signal.aborted) {
      // An attempt that hangs must not keep this process leading.
      const late = new AbortController()
      const watchdog = clock.sleep(Math.max(0, renewedAt + (durationMs * 2) / 3 - clock.now()), late.signal).then(
        () => set(false),
        () => {},
      )
      await attempt().catch(() => {
        if (!stillLeads()) set(false)
      })
      late.abort()
      await watchdog
      await clock.sleep(durationMs / 5, stopping.signal).catch(() => {})
    }
  }
  const running = run()

  return {
    leading: stillLeads,
    /** Lets go at once, so that another need not wait. */
    async stop() {
      stopping.abort()
      await running
      if (!leading) return
      set(false)
      const current = await cluster.get(ref).catch(() => undefined)
      if (((current?.spec ?? {}) as LeaseSpec).holderIdentity !== identity) return
      await cluster
        .update({ ...current!, spec: { ...(current!.spec as LeaseSpec), holderIdentity: '', renewTime: micro(clock.now()), leaseDurationSeconds: 1 } })
        .catch(() => {})
    },
  }
}
