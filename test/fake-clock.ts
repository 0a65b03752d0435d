import type { Clock } from '#core/kernel/clock.ts'

/** A clock that stands still until it is moved; sleepers whose time has come wake in order. */
export function fakeClock(start = Date.UTC(2026, 0, 15, 12)): Clock & { advance(ms: number): Promise<void> } {
  let now = start
  let sleepers: { at: number; wake: () => void }[] = []
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const sleeper = { at: now + ms, wake: resolve }
        sleepers.push(sleeper)
        signal?.addEventListener(
          'abort',
          () => {
            sleepers = sleepers.filter((other) => other !== sleeper)
            reject(signal.reason)
          },
          { once: true },
        )
      }),
    async advance(ms) {
      const end = now + ms
      for (;;) {
        const next = sleepers.filter((sleeper) => sleeper.at <= end).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        now = Math.max(now, next.at)
        sleepers = sleepers.filter((sleeper) => sleeper !== next)
        next.wake()
        // What a sleeper does when it wakes may make it sleep again before `end`.
        await new Promise(setImmediate)
      }
      now = end
      await new Promise(setImmediate)
    },
  }
}
