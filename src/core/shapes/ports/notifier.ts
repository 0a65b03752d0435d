import type { Severity } from '../severity.ts'

export interface NotifiedAlert {
  status: 'firing' | 'resolved'
  severity: Severity
  labels: Readonly<Record<string, string>>
  annotations: Readonly<Record<string, string>>
  /** ms since the epoch. */
  startsAt: number
  endsAt?: number
  /** The number that made it fire; `annotations.value` is preferred in texts, because it has its unit. */
  value?: number
  /** Page that shows it. */
  link?: string
}

/** One message about a group of alerts. */
export interface Notification {
  /** Same for all messages of one group, so that receivers can thread or deduplicate. */
  groupKey: string
  receiver: string
  groupLabels: Readonly<Record<string, string>>
  alerts: readonly NotifiedAlert[]
  language: 'en' | 'zh-CN'
}

/** `retry: true` means that the same message may succeed later. */
export type Delivery = { delivered: true } | { delivered: false; retry: boolean; reason: string }

/** One way to reach people. Implementations: edges/notify. Contract suite: test/contracts/notifier.ts. */
export interface Notifier {
  kind: string
  /** Never throws for the receiver's faults; reasons carry no secret. */
  send(notification: Notification, signal?: AbortSignal): Promise<Delivery>
}
