/** Reads what the arms of a release answered, and keeps the fold between looks; a new server folds it anew. */

import { parseDuration } from '#core/kernel/duration.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { BLOCK_MS, type Block } from '../domain/judge/blocks.ts'
import { outlookOf } from '../domain/judge/outlook.ts'
import { checkPlaces, PLACE_REQUESTS } from '../domain/judge/places.ts'
import { type Arms, blocksOf, createFold, type EvidenceRow, evidenceStatement, type Fold, foldReport, foldRows, LAG_MS } from '../domain/release/evidence.ts'
import type { Evidence, Facts, PlaceCheck } from '../domain/release/facts.ts'
import { withMetrics } from '../domain/release/metrics.ts'
import { candidateOf, isClone, splitOfStep, stableOf } from '../domain/release/spec.ts'
import { say } from '../domain/words.ts'
import type { CanaryObject, CanarySpec } from '../resources/canary.ts'
import { everyMsOf, type metricReader } from './metrics.ts'

/** Rows of so much time are counted by one query. */
const SLICE_MS = 8 * BLOCK_MS
const MOST_ROWS = 1_000_000
/** Lines dated so far ahead are taken in at most. */
const AHEAD_MS = 11 * 60_000
/** Of stable alone: for the outlook and for the A/A check. */
const BEFORE_MS = 30 * 60_000
/** It is looked at again so often. */
const OUTLOOK_MS = 5 * 60_000
const PLACES_MS = 60_000

export type EvidenceReader = (facts: Facts, now: number) => Promise<Evidence>

/** One for each cluster. */
export function evidenceReader(telemetry: Pick<Telemetry, 'query'>, cluster: Cluster, metrics: ReturnType<typeof metricReader>): EvidenceReader {
  const folds = new Map<string, { identity: string; fold: Fold }>()
  /** Runs whose report is known to this server, by key. */
  const reported = new Map<string, string>()
  const befores = new Map<string, { identity: string; at: number; evidence: Evidence }>()

  const read = async (arms: Arms, origin: number, from: number, to: number): Promise<EvidenceRow[]> => {
    const statement = evidenceStatement(arms, origin, from, to)
    const { rows } = await telemetry.query({ ...statement, scope: 'all', lane: 'rules', limits: { rows: MOST_ROWS } })
    return rows.map((row) => row.map((cell, i) => (i === 1 || i === 2 ? cell : Number(cell)))) as unknown as EvidenceRow[]
  }

  /** Before the canary has traffic. */
  async function before(facts: Facts, canary: CanaryObject, now: number): Promise<Evidence> {
    const { spec, status = {} } = canary
    const preparing = status.phase === 'Preparing'
    const identity = JSON.stringify([spec.judge, spec.steps, status.run, status.phase])
    const kept = befores.get(facts.key)
    if (kept?.identity === identity && now - kept.at < (preparing ? PLACES_MS : OUTLOOK_MS)) return kept.evidence
    const until = now - LAG_MS
    const origin = until - BEFORE_MS
    const rows = await read(armsOf(facts, canary), origin, origin, until)
    const blocks = blocksOf(
      rows.filter(([, arm]) => arm === 'stable'),
      origin,
      0,
      Math.floor(BEFORE_MS / BLOCK_MS),
    )
    const begun = blocks.slice(
      Math.max(
        0,
        blocks.findIndex(({ stable }) => stable.size > 0),
      ),
    )
    const pods = isClone(spec) ? spec.replicas : Math.max(facts.candidate?.ready ?? 0, spec.minPods)
    const evidence: Evidence = {
      state: 'none',
      ...outlookText(spec, begun, pods),
      ...(preparing ? { places: placesText(spec, begun) } : {}),
    }
    befores.set(facts.key, { identity, at: now, evidence })
    return evidence
  }

  /** Folds what there is up to `until`; rows of later blocks are read up to `ahead`. */
  async function foldUpTo(fold: Fold, { spec, status = {} }: CanaryObject, arms: Arms, until: number, ahead: number, now: number): Promise<void> {
    const { header, cookie } = spec.mode === 'judge' ? {} : splitOfStep(spec, status.step ?? 1)
    const asked = { weights: status.weights ?? [], marked: header !== undefined || cookie !== undefined || spec.sticky }
    for (;;) {
      const from = fold.origin + fold.next * BLOCK_MS
      const to = Math.min(from + SLICE_MS, until)
      const last = to >= until
      foldRows(fold, await read(arms, fold.origin, from, last ? ahead : to), to, asked, now)
      if (last) break
    }
  }

  /** Of a release that is over. */
  async function past(facts: Facts, canary: CanaryObject, now: number): Promise<Evidence> {
    const { spec, status = {} } = canary
    const { startedAt, decisions = [], run } = status
    const identity = JSON.stringify([run, startedAt])
    const end = decisions.findLast((one) => one.run === run && (one.what === 'Promoting' || one.what === 'RollingBack'))
    if (startedAt === undefined || end === undefined || reported.get(facts.key) === identity) return { state: 'none' }
    const fold = createFold(spec.judge, startedAt)
    const until = Math.min(end.at, now) - LAG_MS
    await foldUpTo(fold, canary, armsOf(facts, canary), until, until, now)
    reported.set(facts.key, identity)
    return { state: 'none', past: foldReport(fold).report }
  }

  return async (facts, now) => {
    const { canary } = facts
    const status = canary?.status
    if (!canary) {
      befores.delete(facts.key)
      folds.delete(facts.key)
      reported.delete(facts.key)
      return { state: 'none' }
    }
    try {
      if (!status?.startedAt || !(status.phase === 'Progressing' || status.phase === 'Paused')) {
        folds.delete(facts.key)
        if (status?.phase === 'Promoting' || status?.phase === 'RollingBack' || status?.phase === 'Promoted' || status?.phase === 'RolledBack')
          return await past(facts, canary, now)
        const waits = status?.phase === undefined || status.phase === 'Waiting' || status.phase === 'Preparing'
        return waits && canary.spec.mode === 'release' ? await before(facts, canary, now) : { state: 'none' }
      }
      const { spec } = canary
      const identity = JSON.stringify([status.run, status.startedAt, spec.judge])
      const held = folds.get(facts.key)
      const { fold } = held?.identity === identity ? held : { fold: createFold(spec.judge, status.startedAt) }
      folds.set(facts.key, { identity, fold })
      const arms = armsOf(facts, canary)
      const until = now - LAG_MS
      await foldUpTo(fold, canary, arms, until, now + AHEAD_MS, now)
      reported.set(facts.key, JSON.stringify([status.run, status.startedAt]))
      const judged = foldReport(fold)
      const since = (fold.judge.startedAt ?? status.startedAt) + spec.judge.warmUp
      const namespace = canary.metadata.namespace ?? ''
      const words = (arm: 'stable' | 'canary', names: { service: string; deployment: string }) => ({
        namespace,
        ...names,
        pods: podsOf(status.addresses?.[arm]),
      })
      const readings = await metrics(facts.key, {
        cluster,
        namespace,
        metrics: spec.metrics,
        stable: words('stable', stableOf(spec)),
        canary: words('canary', candidateOf(spec)),
        since,
        now: until,
      })
      const joined = withMetrics(judged, spec.metrics, readings, spec.judge, since, until, everyMsOf)
      return { state: 'known', ...joined, stepRequests: fold.stepRequests, future: fold.future }
    } catch (error) {
      if (error instanceof CodedError) return { state: 'unknown', reason: say('unreadable', { code: error.code }) }
      throw error
    }
  }
}

function armsOf(facts: Facts, { spec, metadata, status }: CanaryObject): Arms {
  const ips = (known: readonly string[] | undefined, seen: readonly string[] | undefined) => [
    ...new Set([...(known ?? []), ...(seen ?? [])].map((one) => one.slice(0, one.lastIndexOf('=')))),
  ]
  return {
    cluster: facts.cluster,
    namespace: metadata.namespace ?? '',
    stable: spec.stable.service,
    canary: candidateOf(spec).service,
    // Another tool's routes are not known: ingress-nginx, which logs stable for both, is possible.
    byService: spec.routes.length > 0 && spec.routes.every(({ kind }) => kind !== 'Ingress'),
    addresses: { stable: ips(status?.addresses?.stable, facts.stable?.addresses), canary: ips(status?.addresses?.canary, facts.candidate?.addresses) },
  }
}

const podsOf = (addresses: readonly string[] | undefined): string[] => (addresses ?? []).map((one) => one.slice(one.lastIndexOf('=') + 1)).toSorted()

function outlookText(spec: CanarySpec, blocks: readonly Block[], pods: number): { outlook?: string } {
  const steps = spec.steps.map(({ weight, hold }) => ({ share: weight / 100, hold: parseDuration(hold) ?? 0 }))
  const found = outlookOf(spec.judge, blocks, steps, pods, parseDuration(spec.deadline) ?? 0)
  if (found === undefined) return {}
  if (found.minutes === null) return { outlook: say('outlookNever', { deadline: spec.deadline, measure: found.measure ?? '' }) }
  return { outlook: say('outlookMinutes', { minutes: found.minutes }) }
}

function placesText(spec: CanarySpec, blocks: readonly Block[]): PlaceCheck {
  const found = checkPlaces(blocks, spec.judge)
  switch (found.state) {
    case 'passed':
      return { state: 'passed', text: say('aaPassed', { pods: found.pods, requests: found.requests }) }
    case 'failed':
      return { state: 'failed', text: say('aaFailed', { pod: found.pod, measures: found.measures }) }
    case 'few':
      return { state: 'open', text: say('aaFew', { seen: found.seen, min: PLACE_REQUESTS, minutes: BEFORE_MS / 60_000 }) }
    case 'onePod':
      return { state: 'open', text: say('aaOnePod') }
  }
}
