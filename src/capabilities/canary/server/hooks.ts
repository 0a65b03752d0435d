/** Calls hooks in the background, so that a release whose hook hangs can still be rolled back, and keeps what became of them until it is in the status. */
import { createHmac } from 'node:crypto'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Outbound } from '#core/shapes/ports/outbound.ts'
import type { HookCall, HookOutcome } from '../domain/release/hooks.ts'
import { readSecret } from './secret.ts'

const MOST_BYTES = 4_096
const MOST_KEPT = 1_000

export interface HookRunner {
  /** By id, of this Canary (`namespace/name`); undefined: under way. */
  outcomes(key: string): ReadonlyMap<string, HookOutcome | undefined>
  /** Does nothing when it is under way. */
  call(cluster: Cluster, namespace: string, call: HookCall): void
}

/** `sha256=HEX` of HMAC-SHA-256 over `TIMESTAMP.BODY`. */
export const signatureOf = (secret: string, timestamp: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`

export function hookRunner(outbound: Outbound, now: () => number): HookRunner {
  const calls = new Map<string, HookOutcome | undefined>()

  const make = async (cluster: Cluster, namespace: string, { id, url, timeoutMs, secret, body }: HookCall): Promise<Omit<HookOutcome, 'at'>> => {
    const text = JSON.stringify(body)
    const timestamp = String(Math.floor(now() / 1000))
    const headers: Record<string, string> = { 'content-type': 'application/json', 'idempotency-key': id }
    if (secret) {
      const read = await readSecret(cluster, namespace, secret)
      if (!read.ok) return { ok: false, message: read.error }
      headers['x-sallyport-timestamp'] = timestamp
      headers['x-sallyport-signature'] = signatureOf(read.value, timestamp, text)
    }
    const answer = await outbound.send({ method: 'POST', url, headers, body: text, timeoutMs, maxBytes: MOST_BYTES })
    if (!answer.ok) return { ok: false, message: answer.error }
    const { status, body: said } = answer.value
    return status >= 200 && status < 300
      ? { ok: true, message: '' }
      : { ok: false, message: `HTTP ${status} ${said.replace(/\p{Cc}+/gu, ' ').slice(0, 200)}`.trim() }
  }

  return {
    outcomes: (key) => new Map([...calls].filter(([id]) => id.startsWith(`${key}/`))),
    call(cluster, namespace, call) {
      if (calls.has(call.id) && calls.get(call.id) === undefined) return
      calls.delete(call.id)
      calls.set(call.id, undefined)
      for (const [id, outcome] of calls) {
        if (calls.size <= MOST_KEPT) break
        if (outcome !== undefined) calls.delete(id)
      }
      const done = (outcome: Omit<HookOutcome, 'at'>) => void calls.set(call.id, { ...outcome, at: now() })
      make(cluster, namespace, call).then(done, (error: unknown) => done({ ok: false, message: String((error as Error).message) }))
    },
  }
}
