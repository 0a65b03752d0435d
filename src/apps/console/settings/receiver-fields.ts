/** What each kind of receiver asks for, in order. Mirrors core/alerting/receivers.ts, which checks it. */
import { RECEIVER_KINDS, type ReceiverConfig, type ReceiverKind } from '#core/alerting/receivers.ts'

export interface Field {
  name: string
  type: 'text' | 'secret' | 'number' | 'list' | 'choice'
  required?: boolean
  choices?: readonly string[]
  initial?: string | number
  example?: string
}

const url = (example: string): Field => ({ name: 'url', type: 'secret', required: true, example })

export const FIELDS: Readonly<Record<ReceiverKind, readonly Field[]>> = {
  webhook: [url('https://hooks.example.com/alerts'), { name: 'token', type: 'secret' }],
  email: [
    { name: 'host', type: 'text', required: true, example: 'smtp.example.com' },
    { name: 'port', type: 'number', initial: 587 },
    { name: 'security', type: 'choice', choices: ['starttls', 'tls', 'none'], initial: 'starttls' },
    { name: 'username', type: 'text' },
    { name: 'password', type: 'secret' },
    { name: 'from', type: 'text', required: true, example: 'sallyport@example.com' },
    { name: 'to', type: 'list', required: true, example: 'oncall@example.com' },
  ],
  slack: [url('https://hooks.slack.com/services/…')],
  dingtalk: [url('https://oapi.dingtalk.com/robot/send?access_token=…'), { name: 'secret', type: 'secret' }],
  wecom: [url('https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…')],
  feishu: [url('https://open.feishu.cn/open-apis/bot/v2/hook/…'), { name: 'secret', type: 'secret' }],
}

export const KINDS = RECEIVER_KINDS

/** A receiver as it is sent: empty optional fields are left out, so that what is stored is kept. */
export function receiverOf(kind: ReceiverKind, values: Readonly<Record<string, unknown>>): ReceiverConfig {
  const made: Record<string, unknown> = { kind, name: values.name, language: values.language ?? 'en', sendResolved: values.sendResolved ?? true }
  for (const field of FIELDS[kind]) {
    const value = values[field.name] ?? field.initial
    if (value === undefined || value === '') continue
    made[field.name] = field.type === 'list' ? listOf(value) : field.type === 'number' ? Number(value) : value
  }
  return made as ReceiverConfig
}

/** Comma, semicolon or white space between the parts. */
export const listOf = (value: unknown): string[] =>
  (Array.isArray(value) ? value.map(String) : String(value).split(/[\s,;，；]+/)).filter((part) => part !== '')
