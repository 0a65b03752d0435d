import { z } from 'zod'
import { nearest } from '../kernel/nearest.ts'

export const RECEIVER_KINDS = ['webhook', 'email', 'slack', 'dingtalk', 'wecom', 'feishu'] as const
export type ReceiverKind = (typeof RECEIVER_KINDS)[number]

/** Fields of the alerting section that are never shown again: chat URLs carry their token. */
export const ALERTING_SECRETS = ['receivers.*.url', 'receivers.*.token', 'receivers.*.headers.*', 'receivers.*.secret', 'receivers.*.password'] as const

const common = {
  /** What routes call it. */
  name: z.string().min(1).max(128),
  /** Of its messages. */
  language: z.enum(['en', 'zh-CN']).default('en'),
  /** Also say when it is over. */
  sendResolved: z.boolean().default(true),
}
const webUrl = z.string().max(2048).refine(isWebUrl, 'must be an http or https URL')
// What is put into a header or an SMTP command must not be able to begin another.
const oneLine = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\r\n\0]*$/, 'must be one line')
const address = oneLine(320).regex(/^(?:[^<>]*<)?[^\s<>@]+@[^\s<>@]+>?$/, 'must be an e-mail address')

function isWebUrl(text: string): boolean {
  const match = /^https?:\/\/[^\s/?#@]+(?:[/?#]\S*)?$/i.test(text)
  return match && URL.canParse(text)
}

/** Alertmanager's webhook format, version 4. */
const webhook = z.object({
  kind: z.literal('webhook'),
  ...common,
  url: webUrl,
  /** Sent as `Authorization: Bearer`. */
  token: oneLine(4096).optional(),
  headers: z
    .record(z.string().regex(/^[\w-]{1,64}$/, 'must be a header name'), oneLine(4096))
    .refine((headers) => Object.keys(headers).length <= 20, 'at most 20 headers')
    .optional(),
})

const email = z.object({
  kind: z.literal('email'),
  ...common,
  host: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[\w.:-]+$/, 'must be a host name or an address'),
  port: z.number().int().min(1).max(65535).default(587),
  /** `starttls` refuses to go on without TLS; `none` is for relays on a trusted network. */
  security: z.enum(['starttls', 'tls', 'none']).default('starttls'),
  username: oneLine(320).optional(),
  password: oneLine(1024).optional(),
  from: address,
  to: z.array(address).min(1).max(50),
})

/** Incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
const slack = z.object({ kind: z.literal('slack'), ...common, url: webUrl })

/** Custom robot: https://open.dingtalk.com/document/orgapp/custom-robot-access */
const dingtalk = z.object({
  kind: z.literal('dingtalk'),
  ...common,
  url: webUrl,
  /** Of the robot's signature, when that is its security setting. */
  secret: oneLine(256).optional(),
})

/** Group robot: https://developer.work.weixin.qq.com/document/path/91770 */
const wecom = z.object({ kind: z.literal('wecom'), ...common, url: webUrl })

/** Custom bot: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot */
const feishu = z.object({
  kind: z.literal('feishu'),
  ...common,
  url: webUrl,
  /** Of the bot's signature, when that is its security setting. */
  secret: oneLine(256).optional(),
})

export const receiverConfig = z.discriminatedUnion('kind', [webhook, email, slack, dingtalk, wecom, feishu], {
  error: (issue) => (issue.code === 'invalid_union' ? unknownKind((issue.input as { kind?: unknown } | undefined)?.kind) : undefined),
})
export type ReceiverConfig = z.output<typeof receiverConfig>

/** Why a kind is refused, with the valid ones. */
export function unknownKind(kind: unknown): string {
  const suggestion = typeof kind === 'string' ? nearest(kind, RECEIVER_KINDS) : undefined
  return `kind is one of ${RECEIVER_KINDS.join(', ')}${suggestion === undefined ? '' : `; did you mean "${suggestion}"?`}`
}
