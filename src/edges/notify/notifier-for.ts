import { type ReceiverConfig, type ReceiverKind, unknownKind } from '#core/alerting/receivers.ts'
import type { Clock } from '#core/kernel/clock.ts'
import { invalidInput } from '#core/kernel/errors.ts'
import type { Notifier } from '#core/shapes/ports/notifier.ts'
import { dingtalkNotifier } from './dingtalk.ts'
import { emailNotifier } from './email.ts'
import { feishuNotifier } from './feishu.ts'
import { slackNotifier } from './slack.ts'
import { webhookNotifier } from './webhook.ts'
import { wecomNotifier } from './wecom.ts'

export interface NotifierDeps {
  clock: Clock
  /** Where people reach this server. */
  externalUrl: string
  /** For one attempt. */
  timeoutMs: number
}

type Makers = { [Kind in ReceiverKind]: (config: Extract<ReceiverConfig, { kind: Kind }>, deps: NotifierDeps) => Notifier }

/** Every way to reach people. */
const NOTIFIERS: Makers = {
  webhook: webhookNotifier,
  email: emailNotifier,
  slack: slackNotifier,
  dingtalk: dingtalkNotifier,
  wecom: wecomNotifier,
  feishu: feishuNotifier,
}

/** The notifier of a receiver. @throws INVALID_INPUT with the valid kinds for any other kind */
export function notifierFor(config: ReceiverConfig, deps: { clock: Clock; externalUrl: string; timeoutMs?: number }): Notifier {
  const make = Object.hasOwn(NOTIFIERS, config.kind) ? (NOTIFIERS[config.kind] as (config: ReceiverConfig, deps: NotifierDeps) => Notifier) : undefined
  if (!make) throw invalidInput([{ path: 'kind', message: unknownKind(config.kind) }])
  return make(config, { timeoutMs: 10_000, ...deps })
}
