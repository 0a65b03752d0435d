/** Events as `kubectl describe` shows them. https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'

export interface EventRecorder {
  /** Says something about an object; the same again within ten minutes counts up instead. Never rejects: an event is a courtesy. Returns whether it was stored. */
  record(about: KubeObject, event: { type: 'Normal' | 'Warning'; reason: string; message: string }): Promise<boolean>
}

const AGAIN_MS = 10 * 60_000
const MOST_KEPT = 5_000
/** The API takes 1,024 characters. */
const MOST_MESSAGE = 1_000

/** `component` is who says it. */
export function eventRecorder(cluster: Cluster, component: string, clock: Clock): EventRecorder {
  const told = new Map<string, { event: KubeObject; until: number }>()
  return {
    async record(about, { type, reason, message }) {
      const { metadata } = about
      const key = JSON.stringify([metadata.uid, metadata.name, metadata.namespace, type, reason, message])
      const now = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`
      const before = told.get(key)
      told.delete(key)
      for (const oldest of told.keys()) {
        if (told.size < MOST_KEPT) break
        told.delete(oldest)
      }
      try {
        if (before && before.until > clock.now()) {
          const count = Number(before.event.count) + 1
          const { apiVersion, kind } = before.event
          const ref = { apiVersion, kind, namespace: before.event.metadata.namespace!, name: before.event.metadata.name }
          const event = await cluster.patch(ref, 'merge', { count, lastTimestamp: now })
          told.set(key, { event, until: clock.now() + AGAIN_MS })
          return true
        }
        const event = await cluster.create({
          apiVersion: 'v1',
          kind: 'Event',
          // What has no namespace has its events in default, as everybody's.
          metadata: { name: '', generateName: `${metadata.name.slice(0, 200)}.`, namespace: metadata.namespace ?? 'default' },
          involvedObject: {
            apiVersion: about.apiVersion,
            kind: about.kind,
            name: metadata.name,
            namespace: metadata.namespace,
            uid: metadata.uid,
            resourceVersion: metadata.resourceVersion,
          },
          type,
          reason,
          message: message.slice(0, MOST_MESSAGE),
          source: { component },
          firstTimestamp: now,
          lastTimestamp: now,
          count: 1,
        })
        told.set(key, { event, until: clock.now() + AGAIN_MS })
        return true
      } catch (error) {
        if (error instanceof CodedError) return false
        throw error
      }
    },
  }
}
