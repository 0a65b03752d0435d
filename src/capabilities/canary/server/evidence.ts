/** Reads what the arms of a release answered, and keeps the fold between looks; a new server folds it anew. */
import { CodedError } from '#core/kernel/errors.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { BLOCK_MS } from '../domain/judge/blocks.ts'
import { candidateOf, type Evidence, type Facts, splitOfStep } from '../domain/release/decide.ts'
import { type Arms, createFold, type EvidenceRow, evidenceStatement, type Fold, foldReport, foldRows, LAG_MS } from '../domain/release/evidence.ts'

/** Rows of so much time are counted by one query. */
const SLICE_MS = 8 * BLOCK_MS
const MOST_ROWS = 1_000_000
/** Lines dated so far ahead are taken in at most. */
const AHEAD_MS = 11 * 60_000

export type EvidenceReader = (facts: Facts, now: number) => Promise<Evidence>

/** One for each cluster. */
export function evidenceReader(telemetry: Pick<Telemetry, 'query'>): EvidenceReader {
  const folds = new Map<string, { identity: string; fold: Fold }>()
  return async (facts, now) => {
    const { canary } = facts
    const status = canary?.status
    if (!canary || !status?.startedAt || !(status.phase === 'Progressing' || status.phase === 'Paused')) {
      folds.delete(facts.key)
      return { state: 'none' }
    }
    const { spec } = canary
    const identity = JSON.stringify([status.run, status.startedAt, spec.judge])
    const held = folds.get(facts.key)
    const { fold } = held?.identity === identity ? held : { fold: createFold(spec.judge, status.startedAt) }
    folds.set(facts.key, { identity, fold })
    const ips = (known: readonly string[] | undefined, seen: readonly string[] | undefined) => [
      ...new Set([...(known ?? []), ...(seen ?? [])].map((one) => one.slice(0, one.lastIndexOf('=')))),
    ]
    const arms: Arms = {
      cluster: facts.cluster,
      namespace: canary.metadata.namespace ?? '',
      stable: spec.stable.service,
      canary: candidateOf(spec).service,
      byService: spec.routes.every(({ kind }) => kind !== 'Ingress'),
      addresses: { stable: ips(status.addresses?.stable, facts.stable?.addresses), canary: ips(status.addresses?.canary, facts.candidate?.addresses) },
    }
    const { header, cookie } = splitOfStep(spec, status.step ?? 1)
    const asked = { weights: status.weights ?? [], marked: header !== undefined || cookie !== undefined || spec.sticky }
    const until = now - LAG_MS
    try {
      for (;;) {
        const from = fold.origin + fold.next * BLOCK_MS
        const to = Math.min(from + SLICE_MS, until)
        const last = to >= until
        const statement = evidenceStatement(arms, fold.origin, from, last ? now + AHEAD_MS : to)
        const { rows } = await telemetry.query({ ...statement, scope: 'all', lane: 'rules', limits: { rows: MOST_ROWS } })
        foldRows(fold, rows.map((row) => row.map((cell, i) => (i === 1 || i === 2 ? cell : Number(cell)))) as unknown as EvidenceRow[], to, asked, now)
        if (last) break
      }
    } catch (error) {
      if (error instanceof CodedError) return { state: 'unknown', reason: `requests cannot be read (${error.code})` }
      throw error
    }
    return { state: 'known', ...foldReport(fold), stepRequests: fold.stepRequests, future: fold.future }
  }
}
