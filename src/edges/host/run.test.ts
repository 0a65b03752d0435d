import { describe, expect, it } from 'vitest'
import { run } from './run.ts'

describe('programs of others', () => {
  it('gives what was said, with its exit code', async () => {
    expect(await run('sh', ['-c', 'echo out; echo err >&2; exit 1'])).toEqual({
      ok: true,
      value: { code: 1, stdout: 'out\n', stderr: 'err\n', timedOut: false, cut: false },
    })
  })

  it('kills what hangs, with all that it started', async () => {
    const ran = await run('sh', ['-c', 'sleep 1234.5 & sleep 1234.5'], { timeoutMs: 200 })
    expect(ran).toMatchObject({ ok: true, value: { code: null, timedOut: true } })
    const left = await run('sh', ['-c', "grep -l '1234\\.5' /proc/[0-9]*/cmdline 2>/dev/null | grep -v self | wc -l"])
    // the shell that looks has the number in its own words
    expect(Number((left as { value: { stdout: string } }).value.stdout)).toBeLessThanOrEqual(2)
  })

  it('does not wait for what was left in the background', async () => {
    expect(await run('sh', ['-c', 'sleep 1234.5 & echo done'], { timeoutMs: 20_000 })).toMatchObject({
      ok: true,
      value: { code: 0, stdout: 'done\n', timedOut: false },
    })
  })

  it('keeps a part of megabytes, and says so', async () => {
    const ran = await run('sh', ['-c', 'head -c 5000000 /dev/zero'], { maxBytes: 1000 })
    expect(ran).toMatchObject({ ok: true, value: { code: 0, cut: true } })
    expect((ran as { value: { stdout: string } }).value.stdout).toHaveLength(1000)
  })

  it('tells what is not there from what may not be run', async () => {
    expect(await run('/nowhere/plugin', [])).toMatchObject({ ok: false, why: 'absent' })
    expect(await run('/dev/null', [])).toMatchObject({ ok: false, why: 'forbidden' })
  })
})
