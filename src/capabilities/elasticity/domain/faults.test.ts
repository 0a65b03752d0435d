import { expect, it } from 'vitest'
import { runFaults } from '#test/builders/metric-faults.ts'

it('numbers that are absent, no numbers, frozen, ten times too high, partial or skewed shrink nothing', async () => {
  expect(await runFaults(180, 11)).toEqual([])
})
