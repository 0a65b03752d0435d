import type { Clock } from '#core/kernel/clock.ts'
import type { CodedError } from '#core/kernel/errors.ts'

/** Keeps a cluster that does not answer from being asked at every turn. Refusals are answers; only silence counts. */
export interface Circuit {
  /** Throws what went wrong last while nobody may ask; lets one ask now and then. */
  check(): void
  answered(): void
  failed(error: CodedError): void
  /** A pause that grows with failures, ms. */
  pause(): number
}

const FAILURES_TO_OPEN = 3
const FIRST_MS = 1_000
const LONGEST_MS = 60_000

/** `random` in [0, 1) spreads the attempts of many. */
export function createCircuit(clock: Clock, random: () => number): Circuit {
  let failures = 0
  let until = 0
  let last: CodedError | undefined
  const pause = () => Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(Math.max(0, failures - FAILURES_TO_OPEN), 10)) * (0.75 + random() / 2)
  return {
    check() {
      if (last === undefined || failures < FAILURES_TO_OPEN) return
      if (clock.now() < until) throw last
      // One may try; the others wait for what comes of it.
      until = clock.now() + pause()
    },
    answered() {
      failures = 0
      last = undefined
    },
    failed(error) {
      failures++
      last = error
      until = clock.now() + pause()
    },
    pause,
  }
}
