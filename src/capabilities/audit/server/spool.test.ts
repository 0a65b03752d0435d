import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { type Body, openSpool, type SpoolDeps } from './spool.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-spool-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const clock = fakeClock(0)
const body = (n: number): Body => ({ cluster: 'c', source: 's', batch: `00000000-0000-7000-8000-00000000000${n}`, text: `text\n${n} ${'x'.repeat(100)}` })

async function open(over: Partial<SpoolDeps> = {}) {
  const taken: Body[] = []
  const lost: unknown[] = []
  const spool = await openSpool({
    folder,
    clock,
    maxBytes: 1_000,
    write: async (one) => void taken.push(one),
    onLost: (one, error) => lost.push([one.text, (error as Error).message]),
    ...over,
  })
  return { spool, taken, lost }
}
const never = () => new Promise<void>(() => {})

describe('the spool of the webhook', () => {
  it('gives everything back, oldest first, and forgets it', async () => {
    const { spool, taken } = await open()
    for (const n of [1, 2, 3]) await spool.add(body(n))
    await expect.poll(() => taken).toEqual([body(1), body(2), body(3)])
    await expect.poll(() => spool.state()).toEqual({ batches: 0, bytes: 0 })
    expect(await readdir(folder)).toEqual([])
    await spool.stop()
  })

  it('keeps what a crash left, and nothing that was not finished', async () => {
    const before = await open({ write: never })
    await before.spool.add(body(1))
    await before.spool.add(body(2))
    // no stop: the process is gone
    await writeFile(join(folder, '.half'), 'x')
    const after = await open()
    await expect.poll(() => after.taken).toEqual([body(1), body(2)])
    await after.spool.stop()
    expect(await readdir(folder)).toEqual([])
  })

  it('is bounded, and says so to who would add more', async () => {
    const { spool } = await open({ write: never })
    let kept = 0
    await expect(
      (async () => {
        for (; ; kept++) await spool.add(body(kept))
      })(),
    ).rejects.toMatchObject({ code: 'QUEUE_FULL' })
    expect(kept).toBeGreaterThan(3)
    expect(spool.state().bytes).toBeLessThanOrEqual(1_000)
    expect(await readdir(folder)).toHaveLength(kept)
  })

  it('tries again while the store is full, and gives up on what fails for another reason', async () => {
    let tries = 0
    const full = await open({
      write: async () => {
        if (++tries < 20) throw new CodedError('QUEUE_FULL', { bytes: 1 })
      },
    })
    await full.spool.add(body(1))
    await expect
      .poll(async () => {
        await clock.advance(5_000)
        return full.spool.state().batches
      })
      .toBe(0)
    expect([tries, full.lost]).toEqual([20, []])
    await full.spool.stop()

    const broken = await open({ write: () => Promise.reject(new Error('broken')) })
    await broken.spool.add(body(2))
    await broken.spool.add(body(3))
    await expect
      .poll(async () => {
        await clock.advance(5_000)
        return broken.lost
      })
      .toEqual([
        [body(2).text, 'broken'],
        [body(3).text, 'broken'],
      ])
    await broken.spool.stop()
  })

  it('tells of a file that is torn, and goes on', async () => {
    await writeFile(join(folder, body(1).batch), '{"clus')
    const { spool, taken, lost } = await open()
    await spool.add(body(2))
    await expect.poll(() => taken).toEqual([body(2)])
    expect(lost).toHaveLength(1)
    await spool.stop()
  })
})
