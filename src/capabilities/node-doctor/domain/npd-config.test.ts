import { describe, expect, it } from 'vitest'
import { createDiagnosis } from './diagnose.ts'
import { lineSeconds } from './line.ts'
import { readNpdConfig } from './npd-config.ts'

const monitor = (more: object) => ({ plugin: 'kmsg', logPath: '/dev/kmsg', source: 'shop-monitor', conditions: [], ...more })
const rule = (pattern: string, more: object = {}) => ({ type: 'temporary', reason: 'Found', pattern, ...more })

/** The custom problems that a configuration finds in lines. */
function found(config: object, lines: readonly string[]) {
  const rules = readNpdConfig(config)
  if (!rules.ok) throw new Error(JSON.stringify(rules.error))
  const diagnosis = createDiagnosis('en', rules.value.apply)
  for (const line of lines) diagnosis.line(line)
  return diagnosis.finish().problems.filter(({ kind }) => kind === 'custom')
}

describe("node-problem-detector's configurations", () => {
  it('fire on a line of theirs, with the reason written there', () => {
    const config = monitor({ rules: [rule('shop-disk \\w+ is (slow|gone)\\.', { type: 'permanent', condition: 'ShopDisk', reason: 'ShopDiskGone' })] })
    expect(found(config, ['[  1.0] shop-disk sda is gone.', '[  2.0] shop-disk sda is fine.'])).toMatchObject([
      { reason: 'ShopDiskGone', title: 'shop-disk sda is gone.', severity: 'error', firstLine: 1 },
    ])
  })
  it('match only what ends the newest line, and lines before it when the pattern spans them', () => {
    expect(found(monitor({ rules: [rule('disk gone')] }), ['disk gone for good'])).toEqual([])
    const spanning = monitor({ bufferSize: 2, rules: [rule('first\\nsecond')] })
    expect(found(spanning, ['first', 'second'])).toHaveLength(1)
    expect(found(spanning, ['first', 'between', 'second'])).toEqual([])
  })
  it('hear only their own source, and skip what they are told to', () => {
    const config = monitor({ plugin: 'journald', pluginConfig: { source: 'shopd' }, rules: [rule('broken')] })
    expect(found(config, ['Nov 23 20:00:00 n shopd[3]: broken', 'Nov 23 20:00:01 n otherd[4]: broken'])).toMatchObject([{ count: 1, firstLine: 1 }])
    const file = monitor({
      plugin: 'filelog',
      pluginConfig: { timestamp: '^time="(\\S*)"', message: 'msg="([^"]*)"' },
      skipList: ['audit'],
      rules: [rule('broken')],
    })
    expect(found(file, ['time="x" msg="it is broken" n=1', 'time="x" msg="audit broken"'])).toMatchObject([{ count: 1, firstLine: 1 }])
  })
  it('count within the time that they name, less what is reverted', () => {
    const args = ['--journald-source=systemd', '--lookback=20m', '--count=3', '--pattern=Started shopd.', '--revert-pattern=Stopping shopd.']
    const config = monitor({ plugin: 'custom', rules: [{ type: 'permanent', reason: 'FrequentRestart', path: '/bin/log-counter', args }] })
    const line = (minute: number, what: string) => `Nov 23 20:${String(minute).padStart(2, '0')}:00 n systemd[1]: ${what}`
    const starts = (...minutes: number[]) => minutes.map((minute) => line(minute, 'Started shopd.'))
    expect(found(config, starts(1, 2, 3))).toMatchObject([{ reason: 'FrequentRestart', firstLine: 3 }])
    expect(found(config, starts(1, 2))).toEqual([])
    expect(found(config, starts(1, 15, 30))).toEqual([])
    expect(found(config, [...starts(1, 2), line(3, 'Stopping shopd.'), ...starts(4)])).toEqual([])
  })
  it('say which rules need more than lines, and all that is wrong at once', () => {
    const script = readNpdConfig(monitor({ plugin: 'custom', rules: [{ type: 'temporary', reason: 'NtpDown', path: './check_ntp.sh' }] }))
    expect(script.ok && script.value.notApplied).toEqual(['NtpDown'])
    const wrong = readNpdConfig(monitor({ plugin: 'kmesg', rules: [{ type: 'often', reason: 'x', pattern: 'y' }] }))
    expect(!wrong.ok && wrong.error.map(({ path, suggestion }) => [path, suggestion])).toEqual([
      ['plugin', 'kmsg'],
      ['rules[0].type', undefined],
    ])
    const patterns = readNpdConfig(monitor({ rules: [rule('(open'), { type: 'temporary', reason: 'none' }] }))
    expect(!patterns.ok && patterns.error.map(({ path }) => path)).toEqual(['rules[0].pattern', 'rules[1].pattern'])
  })
})

describe('times of lines', () => {
  it('differ by what passed, over the ends of months and years', () => {
    const between = (a: string, b: string) => lineSeconds(b)! - lineSeconds(a)!
    expect(between('Nov 30 23:59:59 n a: b', 'Dec  1 00:00:01 n a: b')).toBe(2)
    expect(between('2023-12-31T23:59:59Z n a: b', '2024-01-01T00:00:00Z n a: b')).toBe(1)
    expect(between('2024-02-28T00:00:00Z', '2024-03-01T00:00:00Z')).toBe(2 * 86400)
    expect(between('[   10.5] a', '[   12.0] b')).toBe(1.5)
    expect(lineSeconds('no time')).toBeUndefined()
  })
})
