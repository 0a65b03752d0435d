import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for a fact, not for a time; throws after `seconds` with what it last met. */
export async function until(fact: () => Promise<boolean> | boolean, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1_000
  let last: unknown
  while (Date.now() < end) {
    try {
      if (await fact()) return
    } catch (error) {
      last = error
    }
    await sleep(100)
  }
  throw new Error(`it did not come to pass within ${seconds} s`, { cause: last })
}
