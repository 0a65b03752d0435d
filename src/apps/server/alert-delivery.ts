import type { AlertingConfig } from '#core/alerting/config.ts'
import type { Outgoing } from '#core/alerting/types.ts'
import type { Clock } from '#core/kernel/clock.ts'
import type { Delivery, Notifier } from '#core/shapes/ports/notifier.ts'

export type MakeNotifier = (receiver: AlertingConfig['receivers'][number]) => Notifier

/** Pauses between tries, ms: within the groupInterval that routes have by default; what fails longer is said again by the next message of its group. */
const PAUSES = [2_000, 5_000, 15_000, 60_000]

export interface Deliveries {
  /** Tries until the receiver takes it, refuses it for good, or a newer message of the same group is there; then nothing comes of it: undefined. */
  deliver(outgoing: Outgoing, config: AlertingConfig): Promise<{ delivery: Delivery; attempts: number } | undefined>
  /** Gives up all that is under way. */
  stop(): void
}

export function createDeliveries(clock: Clock, make: MakeNotifier): Deliveries {
  const underWay = new Map<string, AbortController>()

  return {
    async deliver({ notification }, config) {
      const receiver = config.receivers.find(({ name }) => name === notification.receiver)
      if (!receiver) return undefined
      const key = JSON.stringify([notification.groupKey, notification.receiver])
      underWay.get(key)?.abort(new Error('a newer message is there'))
      const superseded = new AbortController()
      underWay.set(key, superseded)
      try {
        const notifier = make(receiver)
        for (let attempts = 1; ; attempts++) {
          const delivery = await notifier.send(notification, superseded.signal)
          if (superseded.signal.aborted) return undefined
          const pause = PAUSES[attempts - 1]
          if (delivery.delivered || !delivery.retry || pause === undefined) return { delivery, attempts }
          await clock.sleep(pause, superseded.signal)
        }
      } catch (error) {
        if (superseded.signal.aborted) return undefined
        throw error
      } finally {
        if (underWay.get(key) === superseded) underWay.delete(key)
      }
    },
    stop() {
      for (const controller of underWay.values()) controller.abort(new Error('the server stops'))
    },
  }
}
