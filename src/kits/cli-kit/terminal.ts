import { styleText } from 'node:util'
import stringWidth from 'string-width'
import type { Language } from '#core/kernel/errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>
export type ColorMode = 'auto' | 'always' | 'never'

/** `--color` decides; then NO_COLOR (https://no-color.org), FORCE_COLOR, and last whether it is a terminal that can. */
export function mayColor(mode: ColorMode, env: Environment, tty: boolean): boolean {
  if (mode !== 'auto') return mode === 'always'
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return tty && env.TERM !== 'dumb'
}

/** POSIX order: LC_ALL, then LC_MESSAGES (for language), then LANG; `--lang` before all. */
export function languageOf(option: string | undefined, env: Environment): Language {
  const wanted = option || env.LC_ALL || env.LC_MESSAGES || env.LANG || 'en'
  return /^zh\b|^zh_/i.test(wanted) ? 'zh-CN' : 'en'
}

/** False only where the locale says that the terminal has another character set. */
export function mayUnicode(env: Environment): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG
  return env.TERM !== 'linux' && (!locale || /utf-?8/i.test(locale))
}

export const TONES = { ok: 'green', warning: 'yellow', error: 'red', unknown: 'magenta', running: 'cyan', dim: 'dim', strong: 'bold' } as const
export type Tone = keyof typeof TONES

/** One of the terminal's own 16 colours, so that the user's theme wins. */
export const paint = (color: boolean, tone: Tone, text: string): string => (color ? styleText(TONES[tone], text, { validateStream: false }) : text)

const MARKS = { ok: ['✔', '+'], warning: ['⚠', '!'], error: ['✖', 'x'], unknown: ['?', '?'], running: ['…', '.'] } as const

/** Mark and word, so that no meaning is in colour alone. */
export function mark(context: { color: boolean; unicode: boolean }, status: keyof typeof MARKS, word: string): string {
  return paint(context.color, status, `${MARKS[status][context.unicode ? 0 : 1]} ${word}`)
}

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/
/** Columns of the terminal that `text` takes. */
export const widthOf = (text: string): number => (PRINTABLE_ASCII.test(text) ? text.length : stringWidth(text))

// Control characters and bidirectional overrides: what was logged by strangers must not drive the terminal.
const UNSAFE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
/** One line that is safe to print. */
export const oneLine = (text: string): string =>
  text.replace(UNSAFE, (c) => (c === '\n' || c === '\t' || c === '\r' ? ' ' : `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`))

let graphemes: Intl.Segmenter | undefined

/** The beginning of `text` in at most `width` columns, with an ellipsis when something is missing. */
export function truncate(text: string, width: number, unicode = true): string {
  if (widthOf(text) <= width) return text
  const ellipsis = unicode ? '…' : '..'
  const room = width - ellipsis.length
  graphemes ??= new Intl.Segmenter()
  let kept = ''
  let used = 0
  for (const { segment } of graphemes.segment(text)) {
    const size = widthOf(segment)
    if (used + size > room) break
    kept += segment
    used += size
  }
  return kept + ellipsis
}
