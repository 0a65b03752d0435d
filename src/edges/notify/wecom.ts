import type { ReceiverConfig } from '#core/alerting/receivers.ts'
import type { Notifier } from '#core/shapes/ports/notifier.ts'
import { errcode, fullWidth } from './dingtalk.ts'
import { postJson } from './http.ts'
import type { NotifierDeps } from './notifier-for.ts'
import { compose, type Dialect, render } from './render.ts'

const MARKDOWN: Dialect = { escape: fullWidth, bold: (text) => `**${text}**`, link: (text, url) => `[${fullWidth(text)}](${url})`, newline: '\n' }
// markdown.content: at most 4096 bytes of UTF-8. https://developer.work.weixin.qq.com/document/path/91770
const MOST_BYTES = 4096
/** -1: busy; 45009: more than 20 messages a minute. */
const PASSING = new Set([-1, 45009])

export function wecomNotifier(config: Extract<ReceiverConfig, { kind: 'wecom' }>, deps: NotifierDeps): Notifier {
  return {
    kind: 'wecom',
    send(notification, signal) {
      const rendered = render(notification, notification.language)
      return postJson({
        url: config.url,
        body: { msgtype: 'markdown', markdown: { content: compose(rendered, MARKDOWN, MOST_BYTES, `### ${fullWidth(rendered.title)}`) } },
        secrets: [],
        signal,
        timeoutMs: deps.timeoutMs,
        refused: (body) => errcode('WeCom', body, PASSING),
      })
    },
  }
}
