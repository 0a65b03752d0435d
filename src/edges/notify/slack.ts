import type { ReceiverConfig } from '#core/alerting/receivers.ts'
import type { Notifier } from '#core/shapes/ports/notifier.ts'
import { postJson } from './http.ts'
import type { NotifierDeps } from './notifier-for.ts'
import { compose, type Dialect, render } from './render.ts'

/** Slack escapes these three and nothing else: https://docs.slack.dev/messaging/formatting-message-text#escaping */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const MRKDWN: Dialect = { escape: escaped, bold: (text) => `*${text.replaceAll('*', '∗')}*`, link: (text, url) => `<${url}|${escaped(text)}>`, newline: '\n' }
// Longer texts are cut by Slack without a word.
const MOST_BYTES = 4000

export function slackNotifier(config: Extract<ReceiverConfig, { kind: 'slack' }>, deps: NotifierDeps): Notifier {
  return {
    kind: 'slack',
    send(notification, signal) {
      const rendered = render(notification, notification.language)
      return postJson({
        url: config.url,
        body: { text: compose(rendered, MRKDWN, MOST_BYTES, MRKDWN.bold(escaped(rendered.title))), unfurl_links: false, unfurl_media: false },
        secrets: [],
        signal,
        timeoutMs: deps.timeoutMs,
        refused: (body) => (body.trim() === 'ok' ? undefined : { retry: false, reason: `Slack answered: ${body}` }),
      })
    },
  }
}
