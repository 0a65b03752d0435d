import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import type { Registry, Upload } from '#core/shapes/ports/registry.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { PIECE, transferBlob } from './transfer.ts'
import { causeOf, type World } from './world.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`
const SIZE = 6 * PIECE

/** A run whose source holds back what comes from `hold` on till it is let go, and what the target and the journal came to have. */
function started(hold: number) {
  const stop = new AbortController()
  const held = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  const kept: number[] = []
  const appended: number[] = []
  const part = new Uint8Array(PIECE / 4)
  const source = {
    name: 'source',
    async *blob(_: string, __: unknown, from = 0, signal = stop.signal) {
      for (let at = from; at < SIZE; at += part.length) {
        if (at === hold) {
          reached.resolve()
          const gone = Promise.withResolvers<void>()
          signal.addEventListener('abort', () => gone.resolve())
          await Promise.race([held.promise, gone.promise])
        }
        signal.throwIfAborted()
        yield part
      }
    },
  } as Partial<Registry> as Registry
  const target = {
    name: 'target',
    beginUpload: async (repository: string) => ({ repository, digest: DIGEST, session: 's', offset: 0 }),
    async appendUpload(upload: Upload, body: AsyncIterable<Uint8Array>, size: number) {
      let got = 0
      for await (const bytes of body) got += bytes.length
      appended.push(got)
      expect(got).toBe(size)
      return { ...upload, offset: upload.offset + got }
    },
    cancelUpload: async () => {},
  } as Partial<Registry> as Registry
  const world = {
    clock: fakeClock(0),
    signal: stop.signal,
    journal: { find: () => undefined, keep: (_: string, { offset }: Upload) => void kept.push(offset / PIECE), drop: () => {} },
  } as unknown as World
  const moving = transferBlob(
    { source, sourceRepository: 'a', target, repository: 'b', blob: { digest: DIGEST, size: SIZE }, mountFrom: 'b', progress: () => {} },
    world,
  )
  return { stop, held, reached, kept, appended, moving }
}

it('ends the pieces that are under way in one request when all is to stop, also those not read yet', async () => {
  const { stop, held, reached, kept, appended, moving } = started(2 * PIECE)
  // The first piece went alone, and quickly: the second and the third go together, and the third is not read yet.
  await reached.promise
  await expect.poll(() => kept).toEqual([0, 1])
  stop.abort(new Error('killed'))
  held.resolve()
  expect(causeOf(await moving.catch((error) => error))).toEqual(new Error('killed'))
  expect(appended).toEqual([PIECE, 2 * PIECE])
  expect(kept).toEqual([0, 1, 3])
})

it('does not wait for a slow source when all is to stop and nothing is under way', async () => {
  const { stop, reached, kept, appended, moving } = started(0)
  await reached.promise
  stop.abort(new Error('killed'))
  expect(causeOf(await moving.catch((error) => error))).toEqual(new Error('killed'))
  expect(appended).toEqual([])
  expect(kept).toEqual([0])
})

it('only says the end of a layer that had arrived whole when the process and the place were killed', async () => {
  const finished: unknown[] = []
  const upload = { repository: 'b', digest: DIGEST, session: 's', offset: 5 * PIECE }
  const untouched = () => expect.unreachable()
  const target = {
    name: 'target',
    uploadState: async () => ({ ...upload, offset: SIZE }),
    finishUpload: async (_: Upload, body: unknown) => void finished.push(body),
    beginUpload: untouched,
    appendUpload: untouched,
    cancelUpload: untouched,
  } as Partial<Registry> as Registry
  const source = { blob: (_: string, __: unknown, from: number) => (from < SIZE ? expect.unreachable() : Readable.from([])) } as Partial<Registry> as Registry
  const world = {
    clock: fakeClock(0),
    signal: new AbortController().signal,
    journal: { find: () => upload, keep: untouched, drop: () => {} },
  } as unknown as World
  const sent = await transferBlob(
    { source, sourceRepository: 'a', target, repository: 'b', blob: { digest: DIGEST, size: SIZE }, mountFrom: 'b', progress: () => {} },
    world,
  )
  expect({ sent, finished }).toEqual({ sent: 0, finished: [undefined] })
})

it('takes a session that is gone for the layer that it became, where the layer is there', async () => {
  const dropped: string[] = []
  const upload = { repository: 'b', digest: DIGEST, session: 's', offset: 5 * PIECE }
  const target = { name: 'target', uploadState: async () => undefined, hasBlob: async () => true } as Partial<Registry> as Registry
  const journal = { find: () => upload, drop: (...key: string[]) => void dropped.push(...key) }
  const world = { clock: fakeClock(0), signal: new AbortController().signal, journal } as unknown as World
  const blob = { digest: DIGEST, size: SIZE }
  expect(await transferBlob({ source: target, sourceRepository: 'a', target, repository: 'b', blob, mountFrom: 'b', progress: () => {} }, world)).toBe(
    'present',
  )
  expect(dropped).toEqual(['target', 'b', DIGEST])
})
