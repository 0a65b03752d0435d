import { afterAll, describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS } from '#core/promql/plan.ts'
import { createThreads } from './threads.ts'

const threads = createThreads()
afterAll(() => threads.close())
const never = new AbortController().signal
const query = (text: string, n = 10) => ({ text, range: { start: 0, end: (n - 1) * 1000, step: 1000 }, settings: DEFAULT_SETTINGS, parts: [] })
/** Computes for minutes: ten thousand times a hundred thousand values in order. */
const ENDLESS = query('quantile_over_time(0.5, vector(1)[99000s:1s])', 10_000)

describe('threads for PromQL', () => {
  it('answer, and say what is wrong with a code', async () => {
    const { value } = await threads.evaluate(query('vector(time())', 3), 'interactive', never)
    expect(value.type === 'vector' && [...value.series[0]!.values]).toEqual([0, 1, 2])
    await expect(threads.evaluate(query('vector(1'), 'interactive', never)).rejects.toMatchObject({ code: 'PROMQL_INVALID' })
    await expect(threads.evaluate(query('vector(1)', 20_000), 'interactive', never)).rejects.toMatchObject({
      code: 'PROMQL_LIMIT',
      details: { what: 'steps' },
    })
  })

  it('leave the loop free, end what takes too long, and go on; rules do not wait for dashboards', async () => {
    const late = new AbortController()
    const stuck = [1, 2, 3].map(() => expect(threads.evaluate(ENDLESS, 'interactive', late.signal)).rejects.toThrow('too late'))
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    await threads.evaluate(query('vector(1)'), 'rules', never)
    while (ticks < 20) await new Promise((resolve) => setTimeout(resolve, 5))
    clearInterval(timer)
    late.abort(new Error('too late'))
    await Promise.all(stuck)
    const { value } = await threads.evaluate(query('vector(2)'), 'interactive', never)
    expect(value.type === 'vector' && value.series[0]!.values[0]).toBe(2)
  })
})
