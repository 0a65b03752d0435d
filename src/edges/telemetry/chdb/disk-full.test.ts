import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isError } from '#core/kernel/errors.ts'
import { accessBatch, accessRow } from '#test/builders/access-rows.ts'
import { describeReal, program } from '#test/real.ts'
import { openTelemetry } from './open.ts'

const clock = { now: () => Date.UTC(2026, 10, 23, 12), sleep: (ms: number, signal?: AbortSignal) => pause(ms, undefined, { signal }) }
const mounts = process.getuid?.() === 0 && program('mount') !== undefined
const real = mounts
  ? describeReal
  : (title: string, _: readonly string[], body: () => void) => describe.skip(`${title} (needs root, to mount a small disk)`, body)

real('a disk that is really full', ['mount', 'umount'], () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'sallyport-full-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128m', 'tmpfs', dir])
  })
  afterAll(async () => {
    execFileSync('umount', ['-l', dir])
    await rm(dir, { recursive: true, force: true })
  })

  /** Rows that do not compress. */
  const batch = (rows: number) =>
    accessBatch(Array.from({ length: rows }, (_, i) => accessRow({ ts: clock.now() - i, path: `/${randomBytes(400).toString('hex')}` })))

  it('is refused to senders while the engine still has room, and loses nothing when others fill it to the last byte', async () => {
    const store = await openTelemetry({ dir, clock })
    // Less than is written here would be the budget of so small a disk: what is over it goes when the store is opened again.
    await store.configure('access', { budgetBytes: 2 ** 30 })
    const sql = 'SELECT count(), (SELECT sum(requests) FROM access_1m), (SELECT sum(requests) FROM access_1h) FROM access'
    const drained = () => expect.poll(async () => (await store.status()).queue.batches, { timeout: 30_000 }).toBe(0)
    let taken = 0
    const add = async (): Promise<boolean> => {
      const next = batch(1000)
      try {
        await store.append(next)
        taken += next.rows
        return true
      } catch (error) {
        if (!isError(error, 'DISK_FULL')) throw error
        return false
      }
    }
    try {
      let refused = 0
      for (let i = 0; i < 200 && refused < 3; i++) if (!(await add())) refused++
      expect(refused).toBe(3)
      await drained()
      expect((await store.query({ sql, scope: 'all' })).rows[0]).toEqual([taken, taken, taken])

      await add()
      const ballast = join(dir, 'ballast')
      expect(spawnSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=64k'], { stdio: 'ignore' }).status).toBe(1)
      expect(await add()).toBe(false)
      await pause(2500)
      expect((await store.status()).engine.state).toBe('ready')
      await rm(ballast)
      await drained()
      expect((await store.query({ sql, scope: 'all' })).rows[0]).toEqual([taken, taken, taken])
      expect((await store.status()).refused.batches).toBe(0)
    } finally {
      await store.close()
    }
    const again = await openTelemetry({ dir, clock })
    try {
      expect((await again.query({ sql, scope: 'all' })).rows[0]).toEqual([taken, taken, taken])
    } finally {
      await again.close()
    }
  }, 90_000)
})
