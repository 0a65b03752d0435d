import { expect, it } from 'vitest'
import { killAndCheck } from '#test/soak/kill.ts'

it('loses and doubles nothing when the server and the engine are killed while they take batches', async () => {
  const points: string[] = []
  expect(await killAndCheck(3, 42, (line) => points.push(line))).toEqual([])
  expect(points.at(-1)).toMatch(/[1-9]\d* batches acknowledged/)
}, 180_000)
