import { createHmac } from 'node:crypto'
import type { ReceiverConfig } from '#core/alerting/receivers.ts'
import type { Notifier } from '#core/shapes/ports/notifier.ts'
import { parseAnswer, postJson } from './http.ts'
import type { NotifierDeps } from './notifier-for.ts'
import { compose, type Dialect, render } from './render.ts'

// Its markdown knows no escapes, so what could begin a link, an image or a tag is replaced by its full-width twin.
const TWINS: Record<string, string> = { '<': '＜', '>': '＞', '[': '［', ']': '］', '*': '＊', '#': '＃', '`': '｀', _: '＿' }
export const fullWidth = (text: string): string => text.replace(/[<>[\]*#`_]/g, (c) => TWINS[c]!)
const MARKDOWN: Dialect = { escape: fullWidth, bold: (text) => `**${text}**`, link: (text, url) => `[${fullWidth(text)}](${url})`, newline: '  \n' }
// The limit is 20,000 bytes for the whole message.
const MOST_BYTES = 18_000
/** -1: busy; 130101: more than 20 messages a minute. https://open.dingtalk.com/document/orgapp/custom-robot-access */
const PASSING = new Set([-1, 130101])

export function dingtalkNotifier(config: Extract<ReceiverConfig, { kind: 'dingtalk' }>, deps: NotifierDeps): Notifier {
  return {
    kind: 'dingtalk',
    send(notification, signal) {
      const rendered = render(notification, notification.language)
      const title = fullWidth(rendered.title)
      return postJson({
        url: config.secret === undefined ? config.url : signedUrl(config.url, config.secret, deps.clock.now()),
        body: { msgtype: 'markdown', markdown: { title, text: compose(rendered, MARKDOWN, MOST_BYTES, `### ${title}`) } },
        secrets: [config.url, config.secret ?? ''],
        signal,
        timeoutMs: deps.timeoutMs,
        refused: (body) => errcode('DingTalk', body, PASSING),
      })
    },
  }
}

/** HMAC-SHA256 of "timestamp LF secret" under the secret, in the query: https://open.dingtalk.com/document/robots/customize-robot-security-settings */
export function signedUrl(url: string, secret: string, now: number): string {
  const signed = new URL(url)
  signed.searchParams.set('timestamp', String(now))
  signed.searchParams.set('sign', createHmac('sha256', secret).update(`${now}\n${secret}`).digest('base64'))
  return signed.href
}

/** DingTalk and WeCom answer 200 with `errcode`; only 0 is success. */
export function errcode(who: string, body: string, passing: ReadonlySet<number>): { retry: boolean; reason: string } | undefined {
  const answer = parseAnswer(body)
  if (answer?.errcode === 0) return undefined
  if (typeof answer?.errcode !== 'number') return { retry: false, reason: `${who} did not answer as documented: ${body}` }
  return { retry: passing.has(answer.errcode), reason: `${who} refused it: ${answer.errcode} ${String(answer.errmsg ?? '')}` }
}
