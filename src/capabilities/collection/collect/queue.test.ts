import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { uncompressSync } from 'snappy'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createSamplesWriter, encodePage, encodePagesSection, readSamples, readSections } from '#core/telemetry/metric-batch.ts'
import { writePage, writeRequests } from '../domain/remote-write.ts'
import { snappyCompress } from '../domain/snappy.ts'
import { zstd } from './collector.ts'
import { openQueue, type Queue } from './queue.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'collect-queue-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (mostBytes = 64 << 20): Queue => openQueue({ folder, mostBytes, outputs: ['a', 'b'], now: () => 1 })
const idOf = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`
const pageId = new Uint8Array(16).fill(9)
const section = (value: number) => {
  const writer = createSamplesWriter()
  writer.block(
    pageId,
    1000,
    0,
    1,
    { tags: Uint8Array.of(0), values: Float64Array.of(value), times: new Float64Array(1), timed: false, histograms: new Map() },
    [],
  )
  return writer.take(zstd)
}
const add = (queue: Queue, n: number) => {
  void queue.segment
  queue.addSamples(idOf(n), 1, section(n))
}
const drained = (queue: Queue, output: string): string[] => {
  const ids: string[] = []
  for (let batch = queue.next(output); batch; batch = queue.next(output)) {
    ids.push(batch.id)
    queue.done(output, batch)
  }
  return ids
}

describe('the queue', () => {
  test('each output gets each batch once and in order, over restarts', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('add', 'a', 'b', 'restart'), { maxLength: 40 }), (steps) => {
        rmSync(folder, { recursive: true, force: true })
        let queue = open()
        const got: Record<string, string[]> = { a: [], b: [] }
        let n = 0
        for (const step of steps) {
          if (step === 'add') add(queue, ++n)
          else if (step === 'restart') {
            queue.close()
            queue = open()
          } else {
            const batch = queue.next(step)
            if (batch) {
              got[step]!.push(batch.id)
              queue.done(step, batch)
            }
          }
        }
        for (const output of ['a', 'b']) got[output]!.push(...drained(queue, output))
        const all = Array.from({ length: n }, (_, i) => idOf(i + 1))
        expect(got).toEqual({ a: all, b: all })
        queue.close()
      }),
      { numRuns: 60 },
    )
  })

  test('a torn end is cut, what was synced before it is there', () => {
    let queue = open()
    for (let i = 1; i <= 5; i++) add(queue, i)
    queue.close()
    const path = join(folder, readdirSync(folder).find((name) => name.endsWith('.seg'))!)
    truncateSync(path, statSync(path).size - 3)
    queue = open()
    add(queue, 6)
    expect(drained(queue, 'a')).toEqual([1, 2, 3, 4, 6].map(idOf))
    queue.close()
  })

  test('pages are found in the segment of their samples', () => {
    let queue = open()
    void queue.segment
    queue.addPages(encodePagesSection([{ id: pageId, bytes: encodePage({ families: [], shared: [], series: [{ text: 'x', family: -1 }] }) }], zstd))
    add(queue, 1)
    queue.close()
    queue = open()
    const batch = queue.next('a')!
    expect(queue.pages(batch.segment, new Set(['09'.repeat(16)]))).toHaveLength(1)
    expect(queue.pages(batch.segment, new Set(['08'.repeat(16)]))).toHaveLength(0)
    queue.close()
  })

  test('never above the cap: the oldest goes, and is counted', () => {
    const queue = open(8 << 20)
    for (let i = 1; i <= 20; i++) {
      void queue.segment
      queue.addSamples(idOf(i), 7, new Uint8Array(900_000))
      expect(queue.bytes).toBeLessThanOrEqual(8 << 20)
    }
    expect(queue.dropped).toBeGreaterThan(0)
    expect(queue.dropped + drained(queue, 'a').length * 7).toBe(140)
    queue.close()
  })
})

test('snappy is read by others', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.nat(400))), (parts) => {
      const bytes = Buffer.from(parts.map(([text, times]) => text.repeat(times)).join(''))
      expect(Buffer.compare(uncompressSync(Buffer.from(snappyCompress(bytes))) as Buffer, bytes)).toBe(0)
    }),
  )
  const long = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `label_${i % 977}="${(i * 7919) % 10_007}"`).join(','))
  expect(Buffer.compare(uncompressSync(Buffer.from(snappyCompress(long))) as Buffer, long)).toBe(0)
})

test('remote write is cut into messages of a size', () => {
  const page = encodePage({ families: [], shared: [['job', 'j']], series: [{ text: 'x{job="",a="1"}', family: -1 }] })
  const blocks = [1, 2, 3].flatMap((n) => readSamples(readSections(section(n), false)[0]!, zstd))
  const one = [...writeRequests(blocks, () => writePage(page, '1.0'), '1.0', 2, { exemplars: false, histograms: false })]
  expect(one.map(({ samples }) => samples)).toEqual([2, 1])
  expect(Buffer.from(one[1]!.bytes).toString('hex')).toBe(
    '0a220a0d0a085f5f6e616d655f5f1201780a060a01611201311209090000000000000840'.replace('1209', '120c').replace('0a22', '0a25') + '10e807',
  )
})
