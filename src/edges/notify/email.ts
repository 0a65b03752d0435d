import { createHash } from 'node:crypto'
import type { ReceiverConfig } from '#core/alerting/receivers.ts'
import type { Delivery, Notification, Notifier } from '#core/shapes/ports/notifier.ts'
import type { NotifierDeps } from './notifier-for.ts'
import { compose, type Dialect, fitBlocks, type Rendered, render, utf8Bytes } from './render.ts'

const MOST_BYTES = 200_000
const PLAIN: Dialect = { escape: (text) => text, bold: (text) => text, link: (text, url) => `${text}: ${url}`, newline: '\n' }
const COLORS = { advice: '#1c7ed6', warning: '#b35c00', error: '#c92a2a', critical: '#a61e4d', resolved: '#2b8a3e' } as const

type EmailConfig = Extract<ReceiverConfig, { kind: 'email' }>

/** SMTP. Text and HTML; messages about one group share a thread. */
export function emailNotifier(config: EmailConfig, deps: NotifierDeps): Notifier {
  return {
    kind: 'email',
    async send(notification, signal) {
      const { createTransport } = await import('nodemailer')
      const transport = createTransport({
        host: config.host,
        port: config.port,
        secure: config.security === 'tls',
        requireTLS: config.security === 'starttls',
        ignoreTLS: config.security === 'none',
        auth: config.username === undefined ? undefined : { user: config.username, pass: config.password ?? '' },
        connectionTimeout: deps.timeoutMs,
        greetingTimeout: deps.timeoutMs,
        socketTimeout: deps.timeoutMs,
        dnsTimeout: deps.timeoutMs,
        disableFileAccess: true,
        disableUrlAccess: true,
      })
      // Its own limits are per step; this one is for the whole.
      const over = AbortSignal.any([AbortSignal.timeout(deps.timeoutMs * 2), ...(signal ? [signal] : [])])
      const stopped = new Promise<never>((_, reject) => {
        over.addEventListener('abort', () => reject(Object.assign(new Error('not done in time'), { code: 'ETIMEDOUT' })), { once: true })
      })
      stopped.catch(() => {})
      try {
        over.throwIfAborted()
        await Promise.race([transport.sendMail(mail(config, notification)), stopped])
        return { delivered: true }
      } catch (error) {
        return classify(error, config)
      } finally {
        transport.close()
      }
    },
  }
}

/** 4xx and network faults pass (RFC 5321, section 4.2.1); 5xx, a refused login or missing TLS do not. */
function classify(error: unknown, config: EmailConfig): Delivery {
  const { code = '', responseCode, message = String(error) } = error as { code?: string; responseCode?: number; message?: string }
  const retry = responseCode === undefined ? !['EAUTH', 'ETLS', 'EENVELOPE', 'EMESSAGE', 'ENOAUTH', 'EOAUTH2'].includes(code) : responseCode < 500
  let reason = `${code} ${message}`.trim()
  for (const secret of [config.password, config.username]) {
    if (!secret) continue
    for (const form of [secret, Buffer.from(secret).toString('base64')]) reason = reason.replaceAll(form, '***')
  }
  return { delivered: false, retry, reason: reason.replace(/\p{Cc}+/gu, ' ').slice(0, 200) }
}

function mail(config: EmailConfig, notification: Notification) {
  const rendered = render(notification, notification.language)
  const thread = `<${createHash('sha256').update(notification.groupKey).digest('hex').slice(0, 32)}@sallyport>`
  return {
    from: config.from,
    to: config.to,
    subject: rendered.title,
    text: compose(rendered, PLAIN, MOST_BYTES),
    html: html(rendered, notification.language),
    references: thread,
    inReplyTo: thread,
    headers: { 'Auto-Submitted': 'auto-generated' },
  }
}

const escaped = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)

function html(rendered: Rendered, language: string): string {
  const blocks = rendered.alerts.map((alert) => {
    const facts = alert.facts.map(
      ({ name, text }) =>
        `<tr><td style="padding:2px 16px 2px 0;color:#555;vertical-align:top">${escaped(name)}</td><td style="padding:2px 0;word-break:break-word">${escaped(text)}</td></tr>`,
    )
    const link = alert.link ? `<p style="margin:8px 0 0"><a href="${escaped(alert.link.url)}">${escaped(alert.link.text)}</a></p>` : ''
    const text = alert.text.map((line) => `<p style="margin:4px 0">${escaped(line)}</p>`).join('')
    return `<div style="margin:0 0 24px"><p style="margin:0 0 4px;font-weight:600">${escaped(alert.heading)}</p>${text}<table style="border-collapse:collapse;font-size:13px">${facts.join('')}</table>${link}</div>`
  })
  const head = `<!doctype html><html lang="${language}"><meta charset="utf-8"><body style="font-family:system-ui,sans-serif;color:#222;line-height:1.5"><h1 style="font-size:18px;color:${COLORS[rendered.tone]}">${escaped(rendered.title)}</h1>`
  return `${head}${fitBlocks(blocks, (n) => `<p>${escaped(rendered.more(n))}</p>`, MOST_BYTES - utf8Bytes(head))}</body></html>`
}
