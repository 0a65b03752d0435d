/** Canned answers of the releases page: a release under way, one that was rolled back, and one that is not valid; their evidence is judged from streams of requests. */
import type { CanaryDetail, CanaryList, CanaryRow } from '#capabilities/canary/domain/api.ts'
import { createJudge, judgeBlock } from '#capabilities/canary/domain/judge/judge.ts'
import { DEFAULT_CONFIG } from '#capabilities/canary/domain/judge/limits.ts'
import { evidenceLine, type JudgeReport, reportOf } from '#capabilities/canary/domain/judge/report.ts'
import { say } from '#capabilities/canary/domain/words.ts'
import { PILOT, run, SCENARIOS } from '../../bench/canary/worlds.ts'
import type { Mode } from './canned-answers.ts'

const MINUTE = 60_000

function judged(id: string, minutes: number): JudgeReport {
  const judge = createJudge({ ...DEFAULT_CONFIG, expectedShare: 0.1 })
  const decisions = [...run(SCENARIOS.find((one) => one.id === id)!, PILOT, 3)].slice(0, minutes * 4).map((block) => judgeBlock(judge, block))
  const report = reportOf(judge, decisions.includes('rollback') ? 'rollback' : undefined)
  const queue = { value: 12, low: 9, high: 15, n: 40 }
  const proof = { evidence: 2, needed: 3 }
  return {
    ...report,
    evidence: [...report.evidence, { measure: 'queue-length', unit: 'number', stable: queue, canary: queue, finding: 'open', harm: proof, keeps: proof }],
  }
}

function rows(now: number): (CanaryRow & { report: JudgeReport | null })[] {
  const begin = now - 12 * MINUTE
  const under = judged('S0', 12)
  const bad = judged('S5', 6)
  const row = (name: string, status: CanaryRow['status'], report: JudgeReport | null) => ({ namespace: 'shop', name, status, report })
  return [
    row(
      'cart',
      {
        phase: 'Progressing',
        message: say('step', { step: 2, all: 3, weight: 10, why: under.reason }),
        run: 3,
        version: 'dcade163dd',
        step: 2,
        startedAt: begin,
        since: begin,
        stepSince: now - 5 * MINUTE,
        weight: 10,
        verdict: 'inconclusive',
        requests: under.requests.canary,
        expected: new Date(now + 9 * MINUTE).toISOString(),
        places: say('aaPassed', { pods: 4, requests: 48_210 }),
        weights: [
          { at: begin, weight: 5 },
          { at: now - 5 * MINUTE, weight: 10 },
        ],
        hooks: [
          { id: '1', hook: 'smoke', at: begin, attempts: 1, state: 'passed', message: '' },
          { id: '2', hook: 'load', at: now - 4 * MINUTE, attempts: 2, state: 'open', message: 'HTTP 503 busy' },
        ],
        decisions: [
          { at: begin - MINUTE, run: 3, what: 'Preparing', why: say('tried', { version: 'dcade163dd', why: say('newVersion') }) },
          { at: begin, run: 3, what: 'Progressing', why: say('step', { step: 1, all: 3, weight: 5, why: say('ready') }) },
          { at: now - 5 * MINUTE, run: 3, what: 'Step 2', why: say('noHarm'), evidence: evidenceLine(under) },
        ],
        conditions: [
          {
            type: 'Evidence',
            status: 'False',
            reason: 'MetricGone',
            message: say('metricGone', { name: 'queue-length', why: 'HTTP 503' }),
            lastTransitionTime: '',
          },
        ],
      },
      under,
    ),
    row(
      'orders',
      {
        phase: 'RolledBack',
        message: bad.reason,
        run: 1,
        version: '63cb04bdef',
        step: 1,
        startedAt: now - 90 * MINUTE,
        since: now - 84 * MINUTE,
        weight: 0,
        verdict: 'rollback',
        requests: bad.requests.canary,
        expected: '',
        weights: [{ at: now - 90 * MINUTE, weight: 10 }],
        decisions: [
          { at: now - 90 * MINUTE, run: 1, what: 'Progressing', why: say('step', { step: 1, all: 2, weight: 10, why: say('ready') }) },
          { at: now - 84 * MINUTE, run: 1, what: 'RollingBack', why: bad.reason },
          { at: now - 84 * MINUTE, run: 1, what: 'RolledBack', why: bad.reason },
        ],
      },
      bad,
    ),
    row('search', { phase: 'Invalid', message: 'spec.steps[1].weight: goes backwards: step 1 has 20', weight: 0 }, null),
    row('pay', { phase: 'Waiting', message: say('nothingNewOutlook', { outlook: say('outlookMinutes', { minutes: 38 }) }), weight: 0 }, null),
  ]
}

/** For paths below `/clusters/{cluster}`; undefined: not a path of releases. */
export function releaseAnswers(path: string, now: number, mode: Mode): CanaryList | CanaryDetail | undefined {
  const found = /^\/canaries(?:\/shop\/(\w+))?$/.exec(path)
  if (!found) return undefined
  const few = mode === 'empty' ? [] : rows(now)
  const all = mode === 'huge' ? Array.from({ length: 1_000 }, (_, i) => ({ ...few[i % few.length]!, name: `${few[i % few.length]!.name}-${i}` })) : few
  if (found[1] === undefined) return { canaries: all.map(({ report: _, ...row }) => row), installed: true, more: mode === 'huge' }
  const row = all.find(({ name }) => name === found[1])
  const steps = [{ weight: 5 }, { weight: 10 }, { weight: 30 }]
  return row && { ...row, spec: { steps } as CanaryDetail['spec'], problems: [], mayAct: true }
}
