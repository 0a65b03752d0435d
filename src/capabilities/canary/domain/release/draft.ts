/** A plan in the making: the next status, the changes to the world, and what is told. */
import type { Step } from '#core/shapes/plan.ts'
import type { CanaryStatus } from '../../resources/canary.ts'
import { evidenceLine } from '../judge/report.ts'
import { say } from '../words.ts'
import type { Action, CanaryPlan, Facts } from './facts.ts'
import { type HookPoint, type HookState, hooksAt } from './hooks.ts'
import { timeText } from './time.ts'

export type Phase = NonNullable<CanaryStatus['phase']>

const RUNNING: readonly (Phase | undefined)[] = ['Preparing', 'Progressing', 'Paused', 'Promoting', 'RollingBack']
export const isRunning = (phase: CanaryStatus['phase']): boolean => RUNNING.includes(phase)

const MOST_DECISIONS = 100
const MOST_TEXT = 1000

export interface Draft {
  readonly status: CanaryStatus
  readonly steps: Step[]
  readonly now: number
  /** `again`: look again after so many ms; `worldFirst`: the world is changed before the status. */
  plan(again?: number, worldFirst?: boolean): CanaryPlan
  act(what: string, why: string, action: Action): void
  condition(type: string, yes: boolean, reason: string, message: string): void
  tell(type: 'Normal' | 'Warning', reason: string, message: string): void
  decided(what: string, why: string): void
  enter(phase: Phase, reason: string, message: string, warning?: boolean): void
  /** Calls the hooks of this point that are due, and keeps what became of those that were called. */
  hooks(when: HookPoint): HookState
}

export function createDraft(facts: Facts, now: number): Draft {
  const { canary } = facts
  const before: CanaryStatus = canary?.status ?? {}
  const status: CanaryStatus = { ...before }
  const steps: Step[] = []
  const events: { type: 'Normal' | 'Warning'; reason: string; message: string }[] = []
  const draft: Draft = {
    status,
    steps,
    now,
    plan: (again, worldFirst = false) => ({
      id: `${facts.key}@${now}`,
      by: 'canary',
      cluster: facts.cluster,
      subject: `Canary ${facts.key}`,
      decidedAt: now,
      steps,
      ...(steps.length === 0 ? { idle: status.message ?? '' } : {}),
      status,
      events,
      worldFirst,
      ...(again === undefined ? {} : { again }),
    }),
    act: (what, why, action) =>
      void steps.push({
        what,
        why,
        reversible: action.do !== 'template',
        evidence: [
          { name: 'phase', value: before.phase ?? 'new', at: now, source: 'Canary' },
          ...(status.verdict === undefined ? [] : [{ name: 'verdict', value: status.verdict, at: now, source: 'access rows' }]),
          ...(status.requests === undefined ? [] : [{ name: 'canary requests', value: status.requests, at: now, source: 'access rows' }]),
        ],
        action: { ...action },
      }),
    condition(type, yes, reason, message) {
      const old = (status.conditions ?? []).find((one) => one.type === type)
      const value = yes ? 'True' : 'False'
      const lastTransitionTime = old?.status === value ? old.lastTransitionTime : timeText(now)
      const next = { type, status: value, reason, message: message.slice(0, MOST_TEXT), lastTransitionTime }
      status.conditions = [...(status.conditions ?? []).filter((one) => one.type !== type), next]
    },
    tell: (type, reason, message) => void events.push({ type, reason, message }),
    decided(what, why) {
      const known = facts.evidence.state === 'known' ? { evidence: evidenceLine(facts.evidence.report).slice(0, MOST_TEXT) } : {}
      const decision = { at: now, run: status.run ?? 0, what, why: why.slice(0, MOST_TEXT), ...known }
      status.decisions = [...(status.decisions ?? []), decision].slice(-MOST_DECISIONS)
    },
    enter(phase, reason, message, warning = false) {
      if (status.phase !== phase) {
        status.since = now
        draft.tell(warning ? 'Warning' : 'Normal', reason, message)
        draft.decided(phase, message)
      }
      status.phase = phase
      status.message = message.slice(0, MOST_TEXT)
      draft.condition('Progressing', isRunning(phase), reason, message)
    },
    hooks(when) {
      const { spec, metadata } = canary!
      const state = hooksAt(when, spec, status, facts.calls, { namespace: metadata.namespace ?? '', canary: metadata.name }, now)
      if (state.kept.length > 0) status.hooks = [...state.kept]
      for (const call of state.calls) draft.act(`call the hook ${call.body.hook}`, `it is to be called at ${when}`, { do: 'call', call })
      for (const { hook, ok, why } of state.ended)
        if (!ok) draft.tell('Warning', 'HookFailed', say(when === 'rollback' || when === 'postPromotion' ? 'hookFailedAfter' : 'hookFailed', { hook, why }))
      return state
    },
  }
  return draft
}
