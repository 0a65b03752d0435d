/** What the evidence says, as the status tells it; and all that is done where another tool shifts the traffic. Pure. */
import type { CanaryObject } from '../../resources/canary.ts'
import { say } from '../words.ts'
import type { Draft } from './draft.ts'
import type { CanaryPlan, Evidence, Facts } from './facts.ts'
import { candidateOf } from './spec.ts'
import { timeText } from './time.ts'

const LOOK_MS = 15_000

/** `blind`: why nothing can be told now. */
export function takeEvidence(evidence: Evidence, { status, now, condition }: Draft): { blind: string | undefined; leaking: boolean; skewed: boolean } {
  if (evidence.state === 'known') {
    const { report } = evidence
    status.verdict = evidence.decision ?? report.verdict
    status.requests = report.requests.canary
    const minutes = report.forecast?.moreMinutes
    // Left out rather than empty: API servers of 1.20 that are built with a new Go refuse empty strings.
    if (minutes === undefined || minutes === null) delete status.expected
    else status.expected = timeText(now + minutes * 60_000)
  }
  const sees = evidence.state === 'known' && evidence.report.requests.canary > 0
  const skewed = evidence.state === 'known' && evidence.future
  const gone = evidence.state === 'known' ? evidence.gone : undefined
  const leaking = evidence.state === 'known' && evidence.decision === 'split'
  const blind = evidence.state === 'unknown' ? evidence.reason : !sees ? say('noRequests') : skewed ? say('skew') : gone
  if (blind === undefined) delete status.blindSince
  else status.blindSince ??= now
  const reason = blind !== undefined ? (skewed ? 'ClockSkew' : gone === undefined ? 'NoEvidence' : 'MetricGone') : leaking ? 'SplitWrong' : 'Seen'
  condition('Evidence', blind === undefined && !leaking, reason, blind ?? (leaking && evidence.state === 'known' ? evidence.report.reason : say('seen')))
  return { blind, leaking, skewed }
}

/** Nothing is changed but the status: who asks for the verdict acts on it. */
export function judgeOnly({ services, stable, candidate, evidence }: Facts, { spec }: CanaryObject, draft: Draft): CanaryPlan {
  const { status, now, plan, condition, enter } = draft
  const gone = [
    ...(services.stable ? [] : [say('goneService', { name: spec.stable.service })]),
    ...(services.canary ? [] : [say('goneService', { name: candidateOf(spec).service })]),
  ]
  condition('Ready', gone.length === 0, gone.length === 0 ? 'Found' : 'Missing', gone.length === 0 ? say('allFound') : gone.join('; '))
  if (gone.length > 0 || candidate === undefined || stable === undefined || candidate.ready === 0 || candidate.version === stable.version) {
    enter('Waiting', gone.length > 0 ? 'Missing' : 'Waiting', gone.length > 0 ? gone.join('; ') : say('judgeNothing'), gone.length > 0)
    return plan(LOOK_MS)
  }
  const begins = status.phase !== 'Progressing' || status.version !== candidate.version
  if (begins) {
    for (const key of ['verdict', 'requests', 'expected', 'blindSince', 'addresses'] as const) delete status[key]
    status.run = (status.run ?? 0) + 1
    status.version = candidate.version
    status.startedAt = now
    delete (status as { phase?: unknown }).phase
    enter('Progressing', 'Started', say('tried', { version: candidate.version, why: say('newVersion') }))
  }
  status.addresses = { stable: joined(status.addresses?.stable, stable.addresses), canary: joined(status.addresses?.canary, candidate.addresses) }
  // What is known is of the version before.
  if (begins) return plan(LOOK_MS)
  const { verdict } = status
  const { blind } = takeEvidence(evidence, draft)
  const why = evidence.state === 'known' && blind === undefined ? evidence.report.reason : (blind ?? '')
  status.message = say('judging', { why })
  if (status.verdict !== verdict && (status.verdict === 'promote' || status.verdict === 'rollback')) {
    draft.tell(status.verdict === 'rollback' ? 'Warning' : 'Normal', status.verdict === 'rollback' ? 'Harm' : 'Proven', why)
    draft.decided(status.verdict, why)
  }
  return plan(LOOK_MS)
}

const MOST_ADDRESSES = 500
/** Old ones stay, so that what pods answered that are gone is still theirs. */
export const joined = (known: readonly string[] = [], seen: readonly string[]): string[] => [...new Set([...known, ...seen])].slice(-MOST_ADDRESSES)
