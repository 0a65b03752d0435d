/** Lines as the kubelet sends them with timestamps. Pure. */
import { moment } from './fields.ts'

/** `2026-11-23T22:00:00.123456789Z text`; a line without a moment in front keeps all of its text. */
export function splitLogLine(line: string): { at: number | null; text: string } {
  const space = line.indexOf(' ')
  const stamp = space < 0 ? line : line.slice(0, space)
  const at = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(stamp) ? moment(stamp.replace(/(\.\d{3})\d+/, '$1')) : undefined
  return at === undefined ? { at: null, text: line } : { at, text: space < 0 ? '' : line.slice(space + 1) }
}

export type LogLevel = 'error' | 'warning' | 'info' | 'debug'
const WORDS: readonly [LogLevel, RegExp][] = [
  ['error', /^(e|err|error|fatal|panic|crit|critical|alert|emerg)$/],
  ['warning', /^(w|warn|warning)$/],
  ['info', /^(i|info|notice)$/],
  ['debug', /^(d|debug|trace|verbose)$/],
]
const levelOfWord = (word: string): LogLevel | undefined => WORDS.find(([, pattern]) => pattern.test(word))?.[0]

/** The level that a line says it has: a JSON field, `level=warn`, klog's `E1123 10:00:00`, or a word in brackets or capitals near its start. */
export function levelOf(text: string): LogLevel | undefined {
  const head = text.slice(0, 300)
  const field = /"(?:level|severity|lvl)"\s*:\s*"(\w+)"/i.exec(head)?.[1] ?? /\b(?:level|severity|lvl)=("?)(\w+)\1/i.exec(head)?.[2]
  if (field) return levelOfWord(field.toLowerCase())
  const klog = /^([IWEF])\d{4} \d\d:\d\d:\d\d/.exec(head)?.[1]
  if (klog) return klog === 'F' ? 'error' : levelOfWord(klog.toLowerCase())
  const word =
    /(?:^|[\s[(])(ERROR|ERR|FATAL|PANIC|WARN(?:ING)?|INFO|DEBUG|TRACE)(?=[\]):\s]|$)/.exec(head.slice(0, 80))?.[1] ??
    /\[(error|warn(?:ing)?|info|debug|notice|crit|emerg)\]/.exec(head.slice(0, 80))?.[1]
  return word ? levelOfWord(word.toLowerCase()) : undefined
}
