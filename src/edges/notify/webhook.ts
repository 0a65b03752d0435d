import { fingerprint } from '#core/alerting/fingerprint.ts'
import type { ReceiverConfig } from '#core/alerting/receivers.ts'
import type { Notification, NotifiedAlert, Notifier } from '#core/shapes/ports/notifier.ts'
import { postJson } from './http.ts'
import type { NotifierDeps } from './notifier-for.ts'
import { utf8Bytes } from './render.ts'

const MOST_BYTES = 1024 * 1024

/** Alertmanager's webhook JSON, version 4: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export function webhookNotifier(config: Extract<ReceiverConfig, { kind: 'webhook' }>, deps: NotifierDeps): Notifier {
  return {
    kind: 'webhook',
    send: (notification, signal) =>
      postJson({
        url: config.url,
        body: webhookBody(notification, deps.externalUrl),
        headers: { ...config.headers, ...(config.token === undefined ? {} : { authorization: `Bearer ${config.token}` }) },
        secrets: [config.token ?? '', ...Object.values(config.headers ?? {})],
        signal,
        timeoutMs: deps.timeoutMs,
      }),
  }
}

export function webhookBody(notification: Notification, externalUrl: string) {
  const alerts: ReturnType<typeof webhookAlert>[] = []
  let bytes = 0
  for (const alert of notification.alerts) {
    const described = webhookAlert(alert)
    bytes += utf8Bytes(JSON.stringify(described))
    if (bytes > MOST_BYTES) break
    alerts.push(described)
  }
  return {
    version: '4',
    groupKey: notification.groupKey,
    truncatedAlerts: notification.alerts.length - alerts.length,
    status: notification.alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    receiver: notification.receiver,
    groupLabels: notification.groupLabels,
    commonLabels: common(notification.alerts.map(({ labels }) => labels)),
    commonAnnotations: common(notification.alerts.map(({ annotations }) => annotations)),
    externalURL: externalUrl,
    alerts,
  }
}

function webhookAlert(alert: NotifiedAlert) {
  return {
    status: alert.status,
    labels: alert.labels,
    annotations: alert.annotations,
    startsAt: new Date(alert.startsAt).toISOString(),
    // Go's zero time says "not yet".
    endsAt: alert.endsAt === undefined ? '0001-01-01T00:00:00Z' : new Date(alert.endsAt).toISOString(),
    generatorURL: alert.link ?? '',
    fingerprint: fingerprint(alert.labels),
  }
}

function common(all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...others] = all
  return Object.fromEntries(Object.entries(first).filter(([name, value]) => others.every((other) => other[name] === value)))
}
