import { expect, it } from 'vitest'
import { lineAge } from './line-age.ts'

const NOW = Date.UTC(2026, 0, 5, 12)
/** As this machine's own zone writes it. */
const local = (ms: number) => {
  const [, month, day, , time] = /^\w+ (\w+) (\d+) (\d+) (\S+)/.exec(String(new Date(ms)))!
  return `${month} ${day!.replace(/^0/, ' ')} ${time}`
}

it.each([
  ['a journal', '{"__REALTIME_TIMESTAMP":"1767614340000000","MESSAGE":"x"}', 60_000],
  ['ISO with a zone', '2026-01-05T12:59:00.000+01:00 node shopd: x', 60_000],
  ['ISO of UTC', '2026-01-05T11:59:00,500Z node shopd: x', 59_500],
  ['syslog', `${local(NOW - 60_000)} node shopd: x`, 60_000],
  ['syslog of last year', `${local(NOW - 10 * 86_400_000)} node shopd: x`, 10 * 86_400_000],
  ['no time at all', 'shopd: x', undefined],
  ['no time that there is', '2026-13-45T99:99:99Z x', undefined],
])('%s', (_, line, age) => expect(lineAge(line, NOW)).toBe(age))
