import { describe, expect, it } from 'vitest'
import { fakeClock } from '#test/fakes/clock.ts'
import { fakeStream } from '#test/fakes/terminal.ts'
import { type ProgressMode, startProgress } from './progress.ts'

function begin(mode: ProgressMode, columns?: number, total: number | 'unknown' = 100 << 20) {
  const clock = fakeClock()
  const stream = fakeStream(columns)
  const progress = startProgress(
    { clock, stream, tty: stream.isTTY, columns: columns ?? 80, unicode: true, mode },
    { label: 'Reading access.log', total: total === 'unknown' ? undefined : total, unit: 'bytes' },
  )
  return { clock, stream, progress }
}

describe('progress', () => {
  it('is a bar on a terminal, drawn at most ten times a second and wiped at the end', async () => {
    const { clock, stream, progress } = begin('auto', 80)
    for (let i = 1; i <= 1000; i++) progress.update(i << 10)
    const drawn = stream.text().split('\r').length
    expect(drawn).toBeLessThan(4)
    await clock.advance(10_000)
    progress.update(50 << 20)
    expect(stream.text().split('\r').at(-1)).toMatchInlineSnapshot(`"[2KReading access.log ░░░░░░░░░░░░ 0%  1000 KiB / 100 MiB, 100 KiB/s, ETA 16m54s"`)
    progress[Symbol.dispose]()
    expect(stream.text().endsWith('\r\u001b[2K')).toBe(true)
  })
  it('elsewhere is a line every 30 s, also when nothing moves, and one at the end', async () => {
    const { clock, stream, progress } = begin('auto')
    progress.update(10 << 20)
    await clock.advance(29_999)
    expect(stream.text()).toBe('')
    await clock.advance(30_001)
    progress.update(100 << 20)
    progress[Symbol.dispose]()
    progress[Symbol.dispose]()
    expect(stream.text()).toMatchInlineSnapshot(`
      "Reading access.log: 10 MiB / 100 MiB, 341.3 KiB/s, ETA 4m30s
      Reading access.log: 10 MiB / 100 MiB, 170.7 KiB/s, ETA 9m
      Reading access.log: 100 MiB / 100 MiB, 1.67 MiB/s, ETA 0s
      "
    `)
  })
  it('says nothing about work that was quick', async () => {
    const { clock, stream, progress } = begin('auto')
    await clock.advance(5_000)
    progress[Symbol.dispose]()
    expect(stream.text()).toBe('')
  })
  it('plain is lines on a terminal too', async () => {
    const { clock, stream, progress } = begin('plain', 80)
    await clock.advance(30_000)
    progress[Symbol.dispose]()
    expect(stream.text()).not.toContain('\r')
    expect(stream.text().split('\n').length).toBe(3)
  })
  it('json is one object a line', async () => {
    const { clock, stream, progress } = begin('json', undefined, 'unknown')
    progress.update(1 << 20, 2 << 20)
    await clock.advance(30_000)
    expect(JSON.parse(stream.text())).toEqual({
      progress: 'Reading access.log',
      done: 1048576,
      total: 2097152,
      unit: 'bytes',
      perSecond: 34953,
      elapsedMs: 30000,
      leftMs: 30000,
    })
    progress[Symbol.dispose]()
  })
  it('none is silent, and nothing goes on after the end', async () => {
    for (const mode of ['none', 'plain'] as const) {
      const { clock, stream, progress } = begin(mode, 80)
      if (mode === 'plain') progress[Symbol.dispose]()
      await clock.advance(90_000)
      expect(stream.text()).toBe('')
    }
  })
  it('shows an unknown total as what it is', () => {
    expect(begin('auto', 80, 'unknown').stream.text()).not.toContain('%')
  })
})
