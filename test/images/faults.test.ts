/** A part of `npm run soak -- image-faults`. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { FAULTS, type Fault } from '#bench/proxy.ts'
import type { RegistryProcess } from '#test/builders/docker-registry.ts'
import { describeReal } from '#test/real.ts'
import { copyThrough, faultySource } from '#test/soak/image-faults.ts'

describeReal('images copy through faults', ['docker-registry'], () => {
  let source: RegistryProcess
  beforeAll(async () => {
    source = await faultySource()
  })
  afterAll(() => source?.[Symbol.asyncDispose]())

  it.each<[Fault, 'source' | 'target']>([
    ['truncated', 'source'],
    ['corrupted', 'source'],
    ['corrupted-upload', 'target'],
    ['reset-midway', 'target'],
    ['expired-token', 'target'],
    ['no-chunks', 'target'],
    ['relative-location', 'target'],
    ['no-digest-header', 'source'],
  ])('%s at the %s: one request in seven, and all is copied', async (fault, side) => {
    const { hits, ...rest } = await copyThrough(source, [fault], side, 7, 0.15)
    expect(rest).toEqual({ exit: 0, copied: 7, failed: [], wrong: [] })
    expect(hits[fault]).toBeGreaterThan(0)
  })

  it('everything at once: success or an error that says side and place, and nothing wrong is kept', async () => {
    const [first, second] = await Promise.all([copyThrough(source, FAULTS, 'source', 3, 0.12), copyThrough(source, FAULTS, 'target', 4, 0.12)])
    expect([first.wrong, second.wrong]).toEqual([[], []])
  })
})
