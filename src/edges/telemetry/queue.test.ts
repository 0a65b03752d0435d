import { appendFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Batch } from '#core/shapes/ports/telemetry.ts'
import { openQueue, writeSynced } from './queue.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sallyport-queue-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const batch = (n: number, more: Partial<Batch> = {}): Batch => ({
  id: `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`,
  table: 'access',
  rows: 1,
  native: new Uint8Array(100),
  ...more,
})
const open = (more: Partial<Parameters<typeof openQueue>[1]> = {}) => openQueue(dir, { maxBytes: 1e9, onAdd: () => {}, ...more })
const files = () => readdir(join(dir, 'queue'))

describe('queue', () => {
  it('gathers the batches of one table into a group, in order', async () => {
    const queue = await open()
    await queue.add(batch(1), 5)
    await queue.add(batch(2, { table: 'logs' }), 6)
    await queue.add(batch(3), 7)
    const group = (await queue.next(true))!
    expect(group.table).toBe('access')
    expect(group.batches.map(({ id }) => id)).toEqual([batch(1).id, batch(3).id])
    expect(queue.state()).toEqual({ batches: 3, bytes: 300, oldestAt: 5 })
    await queue.done(group)
    expect((await queue.next(true))!.table).toBe('logs')
    expect(await files()).toHaveLength(1)
    await queue.close()
  })

  it('writes a table at once after a pause, and then waits for more of it', async () => {
    const queue = await open()
    await queue.add(batch(1), 0)
    await queue.done((await queue.next(false))!)
    await queue.add(batch(2), 0)
    expect(await queue.next(false)).toBeUndefined()
    await queue.add(batch(3, { native: new Uint8Array(17 * 2 ** 20) }), 0)
    expect((await queue.next(false))!.batches).toHaveLength(1)
    await queue.close()
  })

  it('comes back after a crash with exactly the group that was begun', async () => {
    const before = await open()
    await before.add(batch(1), 0)
    await before.add(batch(2), 0)
    const begun = (await before.next(true))!
    await before.add(batch(3), 0)
    const after = await open()
    const again = (await after.next(true))!
    expect(again).toEqual(begun)
    await after.done(again)
    expect((await after.next(true))!.batches.map(({ id }) => id)).toEqual([batch(3).id])
    await Promise.all([before.close(), after.close()])
  })

  it('does not store again what a crash left behind after it was stored', async () => {
    const before = await open()
    await before.add(batch(1), 0)
    const [name] = await files()
    const bytes = await readFile(join(dir, 'queue', name!))
    await before.done((await before.next(true))!)
    await before.close()
    await writeFile(join(dir, 'queue', name!), bytes)
    await writeFile(join(dir, 'queue', 'half.native.tmp'), 'half')
    await appendFile(join(dir, 'journal'), 'begin cut-sh')
    const after = await open()
    expect(await after.next(true)).toBeUndefined()
    expect(await files()).toEqual([])
    await after.add(batch(1), 0)
    expect(await files()).toEqual([])
    await after.add(batch(2), 0)
    await after.done((await after.next(true))!)
    await after.close()
    const last = await open()
    await last.add(batch(2), 0)
    expect(await files()).toEqual([])
    await last.close()
  })

  it('tries the batches of a refused group one by one, and puts only the bad one aside', async () => {
    const queue = await open()
    for (const n of [1, 2, 3]) await queue.add(batch(n), 0)
    await queue.refuse((await queue.next(true))!, 'malformed')
    for (const n of [1, 2, 3]) {
      const group = (await queue.next(true))!
      expect(group.batches.map(({ id }) => id)).toEqual([batch(n).id])
      if (n === 2) await queue.refuse(group, 'malformed')
      else await queue.done(group)
    }
    expect(queue.refused()).toEqual({ batches: 1, bytes: 100, lastReason: 'malformed' })
    expect(queue.state()).toEqual({ batches: 0, bytes: 0 })
    expect(await readdir(join(dir, 'refused'))).toHaveLength(1)
    await queue.close()
  })

  it('puts aside a file that a power cut tore, at whatever byte, and stores the others', async () => {
    const native = Uint8Array.from({ length: 300 }, (_, i) => i)
    await fc.assert(
      fc.asyncProperty(fc.nat(300), fc.boolean(), fc.nat(2), async (at, zeros, which) => {
        await rm(dir, { recursive: true, force: true })
        const before = await open()
        for (const n of [1, 2, 3]) await before.add(batch(n, { native }), 0)
        await before.next(true)
        await before.close()
        const name = (await files()).sort()[which]!
        const torn = native.slice(0, at)
        const left = Buffer.concat([torn, new Uint8Array(zeros ? 300 - at : 0)])
        await writeFile(join(dir, 'queue', name), left)
        const broken = !left.equals(native)
        const after = await open()
        const group = (await after.next(true))!
        expect(group.batches.map(({ id }) => id)).toEqual([1, 2, 3].filter((n) => !broken || n !== which + 1).map((n) => batch(n).id))
        expect(after.refused()).toMatchObject({ batches: broken ? 1 : 0, bytes: broken ? left.length : 0 })
        await after.add(batch(which + 1, { native }), 0)
        await after.done(group)
        await after.close()
      }),
      { numRuns: 60 },
    )
  })

  it('begins with a journal that a power cut tore, at whatever byte', async () => {
    const before = await open()
    for (const n of [1, 2, 3]) await before.add(batch(n), 0)
    await before.refuse((await before.next(true))!, 'malformed')
    await before.done((await before.next(true))!)
    await before.next(true)
    await before.close()
    const journal = await readFile(join(dir, 'journal'))
    const names = await files()
    for (let at = 0; at <= journal.length; at += 7) {
      for (const tail of [0, 64]) {
        await writeFile(join(dir, 'journal'), Buffer.concat([journal.subarray(0, at), new Uint8Array(tail)]))
        const after = await open()
        const stored: string[] = []
        for (let group = await after.next(true); group; group = await after.next(true)) {
          stored.push(...group.batches.map(({ id }) => id))
          await after.refuse(group, 'not now')
          if (group.batches.length === 1) break
        }
        expect([batch(2).id, batch(3).id]).toEqual(expect.arrayContaining(stored.filter((id) => id !== batch(1).id)))
        await after.close()
        expect((await files()).length + (await readdir(join(dir, 'refused'))).length).toBe(names.length)
        for (const name of await readdir(join(dir, 'refused'))) await rename(join(dir, 'refused', name), join(dir, 'queue', name))
      }
    }
  })

  it('keeps nothing of a batch that does not fit or for which the disk has no room, and takes it later', async () => {
    const noRoom = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    let full = true
    const queue = await open({
      maxBytes: 150,
      write: async (path, bytes) => {
        await writeSynced(path, full ? bytes.subarray(0, 50) : bytes)
        if (full) throw noRoom
      },
    })
    await expect(queue.add(batch(1), 0)).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(await files()).toEqual([])
    expect(queue.state()).toEqual({ batches: 0, bytes: 0 })
    full = false
    await queue.add(batch(1), 0)
    await expect(queue.add(batch(2), 0)).rejects.toMatchObject({ code: 'QUEUE_FULL' })
    expect(await files()).toHaveLength(1)
    await queue.close()
  })
})
