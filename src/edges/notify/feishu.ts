import { createHmac } from 'node:crypto'
import type { ReceiverConfig } from '#core/alerting/receivers.ts'
import type { Notifier } from '#core/shapes/ports/notifier.ts'
import { parseAnswer, postJson } from './http.ts'
import type { NotifierDeps } from './notifier-for.ts'
import { compose, type Dialect, render } from './render.ts'

/** Its markdown takes HTML entities for its own signs: https://open.feishu.cn/document/common-capabilities/message-card/message-cards-content/using-markdown-tags */
const escaped = (text: string) => text.replace(/[&<>~*[\]()#`_!\\|]/g, (c) => `&#${c.charCodeAt(0)};`)
const MARKDOWN: Dialect = { escape: escaped, bold: (text) => `**${text}**`, link: (text, url) => `[${escaped(text)}](${url})`, newline: '\n' }
// The request may have 20 KB in all.
const MOST_BYTES = 15_000
/** 9499: too many requests; 11232: rate of the bot. */
const PASSING = new Set([9499, 11232])
const TEMPLATES = { advice: 'blue', warning: 'orange', error: 'red', critical: 'carmine', resolved: 'green' } as const

export function feishuNotifier(config: Extract<ReceiverConfig, { kind: 'feishu' }>, deps: NotifierDeps): Notifier {
  return {
    kind: 'feishu',
    send(notification, signal) {
      const rendered = render(notification, notification.language)
      return postJson({
        url: config.url,
        body: {
          ...(config.secret === undefined ? {} : signature(config.secret, deps.clock.now())),
          msg_type: 'interactive',
          card: {
            config: { wide_screen_mode: true },
            header: { title: { tag: 'plain_text', content: rendered.title }, template: TEMPLATES[rendered.tone] },
            elements: [{ tag: 'markdown', content: compose(rendered, MARKDOWN, MOST_BYTES) }],
          },
        },
        secrets: [config.secret ?? ''],
        signal,
        timeoutMs: deps.timeoutMs,
        refused: feishuRefusal,
      })
    },
  }
}

/** HMAC-SHA256 of nothing under "timestamp LF secret", seconds: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot */
export function signature(secret: string, now: number): { timestamp: string; sign: string } {
  const timestamp = String(Math.floor(now / 1000))
  return { timestamp, sign: createHmac('sha256', `${timestamp}\n${secret}`).update('').digest('base64') }
}

function feishuRefusal(body: string): { retry: boolean; reason: string } | undefined {
  const answer = parseAnswer(body)
  const code = answer?.code ?? answer?.StatusCode
  if (code === 0) return undefined
  if (typeof code !== 'number') return { retry: false, reason: `Feishu did not answer as documented: ${body}` }
  return { retry: PASSING.has(code), reason: `Feishu refused it: ${code} ${String(answer?.msg ?? answer?.StatusMessage ?? '')}` }
}
