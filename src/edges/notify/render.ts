import { formatDuration } from '#core/kernel/duration.ts'
import type { Language } from '#core/kernel/errors.ts'
import type { Notification, NotifiedAlert } from '#core/shapes/ports/notifier.ts'
import { atLeast, type Severity } from '#core/shapes/severity.ts'

const WORDS = {
  en: {
    severity: { advice: 'Advice', warning: 'Warning', error: 'Error', critical: 'Critical' },
    resolved: 'Resolved',
    counts: (firing: number, over: number) => ` (${[firing > 0 ? `${firing} firing` : '', over > 0 ? `${over} resolved` : ''].filter(Boolean).join(', ')})`,
    value: 'Value',
    since: 'Since',
    ended: 'Ended',
    after: (duration: string) => ` (after ${duration})`,
    labels: 'Labels',
    open: 'Open in Sallyport',
    more: (n: number) => `… and ${n} more`,
    colon: ': ',
    alert: 'Alert',
  },
  'zh-CN': {
    severity: { advice: '建议', warning: '警告', error: '错误', critical: '严重' },
    resolved: '已恢复',
    counts: (firing: number, over: number) => `（${[firing > 0 ? `${firing} 条触发` : '', over > 0 ? `${over} 条恢复` : ''].filter(Boolean).join('，')}）`,
    value: '当前值',
    since: '开始于',
    ended: '结束于',
    after: (duration: string) => `（持续 ${duration}）`,
    labels: '标签',
    open: '在 Sallyport 中打开',
    more: (n: number) => `…… 另有 ${n} 条`,
    colon: '：',
    alert: '告警',
  },
} as const
const MARKS: Record<Severity | 'resolved', string> = { advice: 'ℹ', warning: '⚠', error: '✖', critical: '‼', resolved: '✔' }

/** A message in words, free of any markup; each line is one line. */
export interface Rendered {
  /** What the whole is: the worst severity that fires, or resolved. */
  tone: Severity | 'resolved'
  title: string
  alerts: readonly RenderedAlert[]
  /** Says that `n` alerts are left out. */
  more(n: number): string
}

export interface RenderedAlert {
  /** Mark, word and name. */
  heading: string
  /** What is wrong, in the rule's own words. */
  text: readonly string[]
  facts: readonly { name: string; text: string }[]
  link?: { text: string; url: string }
  colon: string
}

/** What people read about a group, in their language. Times are UTC. */
export function render(notification: Notification, language: Language): Rendered {
  const words = WORDS[language]
  const firing = notification.alerts.filter(({ status }) => status === 'firing')
  const tone = firing.reduce<Severity | 'resolved'>((worst, { severity }) => (worst === 'resolved' || atLeast(severity, worst) ? severity : worst), 'resolved')
  const names = [...new Set(notification.alerts.map(nameOf))]
  const subject = Object.entries(notification.groupLabels)
    .filter(([name]) => name !== 'alertname' && name !== 'severity')
    .map(([, value]) => value)
    .filter(Boolean)
  const about = [names.length === 1 ? names[0]! : words.alert, ...subject].map((part) => clip(part, 80)).join(' · ')
  return {
    tone,
    title: clip(
      `${MARKS[tone]} ${wordOf(tone, language)}${words.colon}${about}${words.counts(firing.length, notification.alerts.length - firing.length)}`,
      256,
    ),
    alerts: notification.alerts.map((alert) => renderAlert(alert, language)),
    more: words.more,
  }
}

function renderAlert(alert: NotifiedAlert, language: Language): RenderedAlert {
  const words = WORDS[language]
  const over = alert.status === 'resolved'
  const tone = over ? 'resolved' : alert.severity
  const { summary, description, message, value } = alert.annotations
  const facts: { name: string; text: string }[] = []
  const shown = value ?? (alert.value !== undefined && Number.isFinite(alert.value) ? String(Number(alert.value.toPrecision(6))) : undefined)
  if (shown !== undefined && !over) facts.push({ name: words.value, text: clip(shown, 120) })
  facts.push({ name: words.since, text: utc(alert.startsAt) })
  if (alert.endsAt !== undefined) {
    const lasted = formatDuration(Math.max(0, Math.round((alert.endsAt - alert.startsAt) / 1000) * 1000))
    facts.push({ name: words.ended, text: `${utc(alert.endsAt)}${words.after(lasted)}` })
  }
  const labels = Object.entries(alert.labels)
    .filter(([name, text]) => name !== 'alertname' && name !== 'severity' && text !== '')
    .map(([name, text]) => `${name}=${text}`)
  if (labels.length > 0) facts.push({ name: words.labels, text: clip(labels.join(', '), 500) })
  const url = alert.link === undefined ? undefined : webLink(alert.link)
  return {
    heading: clip(`${MARKS[tone]} ${wordOf(tone, language)}${words.colon}${nameOf(alert)}`, 200),
    text: [summary, description ?? message].filter((text) => text !== undefined && text !== '').map((text) => clip(text!, 500)),
    facts,
    link: url === undefined ? undefined : { text: words.open, url },
    colon: words.colon,
  }
}

const nameOf = (alert: NotifiedAlert) => alert.labels.alertname ?? '?'
const wordOf = (tone: Severity | 'resolved', language: Language) => (tone === 'resolved' ? WORDS[language].resolved : WORDS[language].severity[tone])
const utc = (ms: number) => (Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC` : '?')

// Control characters, line ends and bidirectional overrides: label values come from strangers' requests.
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu
/** One clean line of at most `most` letters. */
const clip = (text: string, most: number) => {
  // Twice as many: a letter may be two code units, and a hostile label may be a megabyte.
  const points = [
    ...text
      .slice(0, most * 2 + 1)
      .replace(UNSAFE, ' ')
      .trim(),
  ]
  return points.length > most || text.length > most * 2 + 1 ? `${points.slice(0, most - 1).join('')}…` : points.join('')
}

/** An http link that no chat's link syntax can be broken out of; undefined for anything else. */
function webLink(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  return /^https?:$/.test(url.protocol) && url.href.length <= 1500
    ? url.href.replace(/[()<>|[\]"'`*_\\]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    : undefined
}

/** How a chat writes what it calls markdown. */
export interface Dialect {
  escape(text: string): string
  bold(text: string): string
  link(text: string, url: string): string
  /** Between lines of one paragraph. */
  newline: string
}

export const utf8Bytes = (text: string): number => Buffer.byteLength(text)

/**
 * The alerts as text of at most `mostBytes` (UTF-8), in a chat's dialect; whole alerts are left out from the end and counted.
 * An alert that would not fit by itself loses its longest lines, so that at least one is always named.
 */
export function compose(rendered: Rendered, dialect: Dialect, mostBytes: number, head = ''): string {
  const room = mostBytes - utf8Bytes(`${head}\n\n\n\n${dialect.escape(rendered.more(rendered.alerts.length))}`)
  const blocks = rendered.alerts.map((alert) => {
    const lines = [dialect.bold(dialect.escape(alert.heading)), ...alert.text.map(dialect.escape)]
    for (const { name, text } of alert.facts) lines.push(`${dialect.escape(name)}${alert.colon}${dialect.escape(text)}`)
    if (alert.link) lines.push(dialect.link(alert.link.text, alert.link.url))
    while (lines.length > 1 && utf8Bytes(lines.join(dialect.newline)) > room) lines.splice(longestAfterFirst(lines), 1)
    return lines.join(dialect.newline)
  })
  return fitBlocks(head === '' ? blocks : [head, ...blocks], (n) => dialect.escape(rendered.more(n)), mostBytes)
}

const longestAfterFirst = (lines: readonly string[]) =>
  lines.reduce((longest, line, i) => (i > 0 && (longest === 0 || line.length > lines[longest]!.length) ? i : longest), 0)

/** The blocks, an empty line between them, as many as fit; then how many were left out. */
export function fitBlocks(blocks: readonly string[], more: (n: number) => string, mostBytes: number): string {
  let text = ''
  for (const [i, block] of blocks.entries()) {
    const longer = text === '' ? block : `${text}\n\n${block}`
    const left = blocks.length - i - 1
    if (utf8Bytes(longer) + (left > 0 ? utf8Bytes(`\n\n${more(left)}`) : 0) > mostBytes) {
      const note = more(left + 1)
      return text === '' ? note : `${text}\n\n${note}`
    }
    text = longer
  }
  return text
}
