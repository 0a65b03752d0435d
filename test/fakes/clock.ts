import type { Clock } from '#core/kernel/clock.ts'

export interface FakeClock extends Clock {
  /** Moves time, waking sleepers in order; promises that they resolve are settled before the next one wakes. */
  advance(ms: number): Promise<void>
}

/** Time that moves only when told. */
export function fakeClock(start = Date.UTC(2026, 0, 5, 12)): FakeClock {
  let now = start
  let sleepers: { at: number; wake: () => void }[] = []
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const sleeper = { at: now + ms, wake: resolve }
        sleepers.push(sleeper)
        signal?.addEventListener('abort', () => {
          sleepers = sleepers.filter((other) => other !== sleeper)
          reject(signal.reason)
        })
      }),
    async advance(ms) {
      const end = now + ms
      await settle()
      for (;;) {
        const next = sleepers.filter((sleeper) => sleeper.at <= end).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        sleepers = sleepers.filter((sleeper) => sleeper !== next)
        now = Math.max(now, next.at)
        next.wake()
        await settle()
      }
      now = end
    },
  }
}
