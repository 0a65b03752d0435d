/** The verdict of a Canary as other tools ask for it. Pure; what is not known lets nothing pass. */
import type { CanaryStatus } from '../resources/canary.ts'
import type { Verdict } from './api.ts'

/** So long after the begin of an analysis nobody can be expected to have seen requests. */
const STARTING_MS = 3 * 60_000

export function verdictOf(status: CanaryStatus, now: number): Verdict {
  const { phase = 'Waiting', startedAt } = status
  const judged =
    phase === 'Progressing' || phase === 'Paused' || phase === 'Promoting' || phase === 'RollingBack' || phase === 'Promoted' || phase === 'RolledBack'
  const verdict = status.verdict === 'promote' || status.verdict === 'rollback' ? status.verdict : 'inconclusive'
  const evidence = status.conditions?.find(({ type }) => type === 'Evidence')
  return {
    verdict,
    known: judged && status.verdict !== undefined,
    // A split that is wrong or a metric without values is no evidence, whatever was known before.
    blind: judged && evidence?.status === 'False',
    starting: phase === 'Progressing' && startedAt !== undefined && now - startedAt < STARTING_MS,
    phase,
    version: status.version ?? '',
    requests: status.requests ?? 0,
    expected: status.expected ?? '',
    reason: status.message ?? '',
  }
}

/** May the other tool go on? Harm and what is not known say no; before the first requests can have been seen, the gate `harm` is open. */
export function gateOf({ verdict, known, blind, starting, reason, phase }: Verdict, gate: 'harm' | 'promote'): { pass: boolean; why: string } {
  const why = `${verdict} (${phase}): ${reason}`
  if (verdict === 'rollback' || phase === 'RollingBack' || phase === 'RolledBack') return { pass: false, why }
  if (gate === 'promote') return { pass: known && !blind && verdict === 'promote', why }
  return { pass: starting || (known && !blind), why }
}
