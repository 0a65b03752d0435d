/** How fast one host may be asked: additive increase, multiplicative decrease, and pauses that the host asked for. */
import type { Clock } from '../kernel/clock.ts'

export interface Pace {
  /** Resolves when a request may begin. Rejects with the signal's reason when aborted. */
  enter(signal?: AbortSignal): Promise<Turn>
  /** Requests that may be under way at once now. */
  limit(): number
}

export interface Turn {
  /** To be called once. `slow`: the host said that it was too much; `pauseMs`: nothing is begun for so long. */
  leave(verdict: 'ok' | 'slow', pauseMs?: number): void
}

export interface PaceOptions {
  clock: Clock
  /** At once, at most; it begins with this, because most hosts take it and those that do not say so. */
  most: number
  /** A second, at most. */
  perSecond?: number
}

/** A burst of refusals is one event: the limit is halved once for all that were under way together. */
export function createPace({ clock, most, perSecond }: PaceOptions): Pace {
  let limit = most
  let active = 0
  let begun = 0
  let halvedAt = 0
  let notBefore = 0
  let waking = false
  const queue: { start(): void; gone: boolean }[] = []
  let head = 0

  const pump = () => {
    while (head < queue.length && active < Math.max(1, Math.floor(limit))) {
      const now = clock.now()
      if (now < notBefore) {
        wake(notBefore - now)
        break
      }
      const next = queue[head++]!
      if (next.gone) continue
      if (perSecond !== undefined) notBefore = Math.max(now, notBefore) + 1000 / perSecond
      active++
      next.start()
    }
    if (head > 1024 && head * 2 > queue.length) {
      queue.splice(0, head)
      head = 0
    }
  }
  const wake = (ms: number) => {
    if (waking) return
    waking = true
    clock.sleep(Math.ceil(ms)).then(() => {
      waking = false
      pump()
    }, pump)
  }
  const turn = (): Turn => {
    const number = ++begun
    let left = false
    return {
      leave(verdict, pauseMs = 0) {
        if (left) return
        left = true
        active--
        if (verdict === 'ok') limit = Math.min(most, limit + 1 / limit)
        else if (number > halvedAt) {
          limit = Math.max(1, limit / 2)
          halvedAt = begun
        }
        if (pauseMs > 0) notBefore = Math.max(notBefore, clock.now() + pauseMs)
        pump()
      },
    }
  }
  return {
    limit: () => Math.max(1, Math.floor(limit)),
    enter(signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const entry = {
          gone: false,
          start: () => {
            signal?.removeEventListener('abort', abort)
            resolve(turn())
          },
        }
        const abort = () => {
          entry.gone = true
          reject(signal!.reason)
        }
        signal?.addEventListener('abort', abort, { once: true })
        queue.push(entry)
        pump()
      })
    },
  }
}

/** Waits so that no more than `bytesPerSecond` pass, over all that share it; at most half a second's worth is saved up. */
export function createThrottle(clock: Clock, bytesPerSecond: number): (bytes: number, signal?: AbortSignal) => Promise<void> {
  let free = clock.now()
  return async (bytes, signal) => {
    const now = clock.now()
    free = Math.max(free, now - 500) + (bytes * 1000) / bytesPerSecond
    if (free > now) await clock.sleep(free - now, signal)
  }
}

/**
 * How long a host asks to wait, in ms: `Retry-After` (RFC 9110, section 10.2.3), else `RateLimit-Reset` when nothing remains
 * (draft-ietf-httpapi-ratelimit-headers; `X-RateLimit-Reset` may be a time of day in seconds). Undefined: it does not say.
 */
export function askedPause(headers: Readonly<Record<string, string | string[] | undefined>>, now: number): number | undefined {
  const one = (name: string) => {
    const value = headers[name]
    return (Array.isArray(value) ? value[0] : value)?.trim()
  }
  const after = one('retry-after')
  if (after) {
    const pause = /^\d+$/.test(after) ? Number(after) * 1000 : parseHttpDate(after) - now
    if (Number.isFinite(pause)) return Math.max(0, pause)
  }
  const remaining = one('ratelimit-remaining') ?? one('x-ratelimit-remaining')
  if (remaining === undefined || !/^0\b/.test(remaining)) return undefined
  const reset = Number(one('ratelimit-reset') ?? one('x-ratelimit-reset'))
  if (!Number.isFinite(reset)) return undefined
  return Math.max(0, reset > 1e9 ? reset * 1000 - now : reset * 1000)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** ms since the epoch of an IMF-fixdate (`Sun, 06 Nov 1994 08:49:37 GMT`), else NaN. */
function parseHttpDate(text: string): number {
  const found = /^\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/.exec(text)
  const month = MONTHS.indexOf(found?.[2] ?? '')
  if (!found || month < 0) return Number.NaN
  const [, day, , year, hour, minute, second] = found.map(Number)
  return daysBefore(year!, month, day!) * 86_400_000 + (hour! * 3600 + minute! * 60 + second!) * 1000
}

/** Days from 1970-01-01 (civil calendar; H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
function daysBefore(year: number, month: number, day: number): number {
  const y = month < 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * ((month + 10) % 12) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}
