/**
 * Calls of other programs at fixed points of a release. Pure: which are to be called now, and whether the release may go on.
 * A call is made at least once: a server that died while calling calls again, with the same id. An outcome is kept in the status.
 */
import { parseDuration } from '#core/kernel/duration.ts'
import type { CanarySpec, CanaryStatus } from '../../resources/canary.ts'

export type HookPoint = CanarySpec['hooks'][number]['when']

/** Everything that the call needs. */
export interface HookCall {
  id: string
  url: string
  timeoutMs: number
  secret?: { name: string; key: string }
  body: HookBody
}
/** What is sent, as JSON. */
export interface HookBody {
  hook: string
  when: HookPoint
  namespace: string
  canary: string
  run: number
  step: number
  weight: number
  phase: string
  version: string
  verdict: string
  requests: number
  message: string
}
export interface HookOutcome {
  /** ms since the epoch. */
  at: number
  ok: boolean
  /** Of a failure. */
  message: string
}

/** While it does not confirm, it is asked again so often. */
const CONFIRM_MS = 30_000
const MOST_KEPT = 60
/** Pause before a further try: 2 s, 4 s, 8 s … */
const pauseOf = (attempts: number) => Math.min(60_000, 1_000 * 2 ** attempts)

type Kept = NonNullable<CanaryStatus['hooks']>[number]

export interface HookState {
  /** Of those that are not over. */
  waiting: readonly string[]
  /** The first that failed for good. */
  failed?: { hook: string; why: string }
  calls: readonly HookCall[]
  /** For the status. */
  kept: readonly Kept[]
  /** Became final in this look. */
  ended: readonly { hook: string; ok: boolean; why: string }[]
}

/** The hooks of one point; `about` is what their bodies say of the release. */
export function hooksAt(
  when: HookPoint,
  spec: Pick<CanarySpec, 'hooks'>,
  status: CanaryStatus,
  outcomes: ReadonlyMap<string, HookOutcome | undefined>,
  about: Pick<HookBody, 'namespace' | 'canary'>,
  now: number,
): HookState {
  const waiting: string[] = []
  const calls: HookCall[] = []
  const ended: { hook: string; ok: boolean; why: string }[] = []
  let failed: HookState['failed']
  let kept: readonly Kept[] = status.hooks ?? []
  for (const hook of spec.hooks.filter((one) => one.when === when)) {
    const id = `${about.namespace}/${about.canary}/${status.run ?? 0}/${when}/${status.step ?? 0}/${hook.name}`
    let entry: Kept = kept.find((one) => one.id === id) ?? { id, hook: hook.name, at: 0, attempts: 0, state: 'open' }
    const outcome = outcomes.get(id)
    if (entry.state === 'open' && outcome && outcome.at > entry.at) {
      const attempts = entry.attempts + 1
      const final = outcome.ok || (when !== 'confirmPromotion' && attempts > hook.retries)
      const state = outcome.ok ? 'passed' : final ? 'failed' : 'open'
      entry = { id, hook: hook.name, at: outcome.at, attempts, state, ...(outcome.ok ? {} : { message: outcome.message.slice(0, 300) }) }
      kept = [...kept.filter((one) => one.id !== id), entry].slice(-MOST_KEPT)
      if (final) ended.push({ hook: hook.name, ok: outcome.ok, why: entry.message ?? '' })
    }
    if (entry.state === 'failed') failed ??= { hook: hook.name, why: entry.message ?? '' }
    if (entry.state !== 'open') continue
    waiting.push(hook.name)
    const underWay = outcomes.has(id) && outcome === undefined
    const due = entry.attempts === 0 || now >= entry.at + (when === 'confirmPromotion' ? CONFIRM_MS : pauseOf(entry.attempts))
    if (underWay || !due) continue
    calls.push({
      id,
      url: hook.url,
      timeoutMs: parseDuration(hook.timeout) ?? 10_000,
      ...(hook.secretRef ? { secret: hook.secretRef } : {}),
      body: {
        hook: hook.name,
        when,
        ...about,
        run: status.run ?? 0,
        step: status.step ?? 0,
        weight: status.weight ?? 0,
        phase: status.phase ?? 'Waiting',
        version: status.version ?? '',
        verdict: status.verdict ?? '',
        requests: status.requests ?? 0,
        message: status.message ?? '',
      },
    })
  }
  return { waiting, calls, kept, ended, ...(failed ? { failed } : {}) }
}
