import { describe, expect, it } from 'vitest'
import type { SplitRoute, TrafficRouter, TrafficSplit } from '#core/shapes/ports/traffic-router.ts'

export interface RouterHarness {
  router: TrafficRouter
  /** A route that leads to `cart` and to nothing of the canary yet. */
  target: SplitRoute
  /** All that is there, without what the cluster itself counts up. */
  world(): Promise<unknown>
  /** How often something was written so far. */
  writes(): number
}

/** What every router must do. `marks`: can it route marked requests? `fractions`: can it do half a percent? */
export function trafficRouterContract(name: string, make: () => Promise<RouterHarness>, { marks = true, fractions = true } = {}): void {
  const splits: TrafficSplit[] = [
    { weight: 0 },
    { weight: 10 },
    { weight: 100 },
    ...(fractions ? [{ weight: 0.5 }] : []),
    ...(marks
      ? [
          { weight: 5, header: { name: 'x-canary' } },
          { weight: 0, header: { name: 'x-user', value: 'tester' } },
          { weight: 0, header: { name: 'x-user', pattern: '^test.*$' }, cookie: { name: 'try.new' } },
          { weight: 20, cookie: { name: 'try' } },
        ]
      : []),
  ]
  describe(`TrafficRouter contract: ${name}`, () => {
    it('reads all to stable where nothing was written', async () => {
      const { router, target } = await make()
      expect(await router.read(target)).toEqual({ ok: true, value: { weight: 0 } })
    })

    it('reads what was written, from every split to every other, and writing again changes nothing', async () => {
      const { router, target, world } = await make()
      for (const split of [...splits, ...splits.toReversed()]) {
        expect(await router.write(target, split)).toEqual({ ok: true, value: undefined })
        expect(await router.read(target)).toEqual({ ok: true, value: split })
        const before = await world()
        await router.write(target, split)
        expect(await world()).toEqual(before)
      }
    })

    it('leaves no trace when released, also twice', async () => {
      const { router, target, world } = await make()
      const before = await world()
      for (const split of splits) {
        await router.write(target, split)
        expect(await router.release(target)).toMatchObject({ ok: true })
        expect(await world()).toEqual(before)
      }
      expect(await router.release(target)).toMatchObject({ ok: true })
      expect(await world()).toEqual(before)
    })

    it('is split by one owner: another is told, changes nothing and releases nothing', async () => {
      const { router, target, world } = await make()
      await router.write(target, { weight: 10 })
      const before = await world()
      const other = { ...target, owner: 'shop/other' }
      expect(await router.write(other, { weight: 90 })).toMatchObject({ ok: false, error: { reason: 'owned', message: expect.stringContaining(target.owner) } })
      await router.release(other)
      expect(await world()).toEqual(before)
    })

    it('says that a route is missing, or does not lead to stable; releasing what is gone is done', async () => {
      const { router, target, writes } = await make()
      const count = writes()
      const gone = { ...target, route: { ...target.route, name: 'gone' } }
      expect(await router.read(gone)).toMatchObject({ ok: false, error: { reason: 'missing' } })
      expect(await router.write(gone, { weight: 1 })).toMatchObject({ ok: false, error: { reason: 'missing' } })
      expect(await router.release(gone)).toMatchObject({ ok: true })
      expect(await router.write({ ...target, stable: 'elsewhere' }, { weight: 1 })).toMatchObject({ ok: false, error: { reason: 'unfit' } })
      expect(writes()).toBe(count)
    })
  })
}
