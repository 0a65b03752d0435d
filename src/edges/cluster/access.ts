import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, describeError } from '#core/kernel/errors.ts'
import type { Access } from '#core/shapes/ports/cluster.ts'

interface Answer {
  allowed: boolean
  reason: string
}

const LIFE_MS = 30_000
const MOST = 50_000

/** Keeps answers about rights for half a minute; who asks at the same time asks once. What could not be asked is not kept and not allowed. */
export function createAccessReviews(clock: Clock): (actor: string, access: Access, ask: () => Promise<Answer>) => Promise<Answer> {
  const kept = new Map<string, { until: number; answer: Promise<Answer> }>()
  return async (actor, access, ask) => {
    const { verb, group, resource, subresource, namespace, name } = access
    const key = JSON.stringify([actor, verb, group, resource, subresource, namespace, name])
    const now = clock.now()
    const found = kept.get(key)
    if (found && found.until > now) return found.answer
    kept.delete(key)
    if (kept.size >= MOST) for (const [old, { until }] of kept) if (until <= now || kept.size >= MOST) kept.delete(old)
    const answer = ask().catch((error: unknown): Answer => {
      kept.delete(key)
      if (!(error instanceof CodedError)) throw error
      return { allowed: false, reason: describeError(error, 'en').message }
    })
    kept.set(key, { until: now + LIFE_MS, answer })
    return answer
  }
}
