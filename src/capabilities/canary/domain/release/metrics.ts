/** What PromQL says of both arms, joined with what the judge says of the requests. Pure. */
import type { CanarySpec } from '../../resources/canary.ts'
import type { Decision, Evidence, JudgeReport } from '../judge/report.ts'
import { judgeSamples, type Sample } from '../judge/samples.ts'
import { say } from '../words.ts'

export type Metric = CanarySpec['metrics'][number]
export interface ArmWords {
  namespace: string
  service: string
  deployment: string
  pods: readonly string[]
}

/** The query of one arm: `{{pods}}` becomes a pattern of their names that never matches everything. */
export function queryOf(query: string, { namespace, service, deployment, pods }: ArmWords): string {
  const words: Record<string, string> = {
    namespace,
    service,
    deployment,
    pods: pods.length === 0 ? '-' : pods.map((pod) => pod.replaceAll('.', '\\\\.')).join('|'),
  }
  return query.replace(/\{\{(namespace|service|deployment|pods)\}\}/g, (_, word: string) => words[word]!)
}

/** Values of one metric, or why there are none. */
export type Readings = { samples: readonly Sample[] } | { fault: string }

/** The newest pair may be so many times `every` old before the metric counts as gone. */
const STALE = 3

export interface WithMetrics {
  report: JudgeReport
  decision: Decision
  /** Why a metric that decides has no values now. */
  gone?: string
}

/** `since`: end of the warm-up. All metrics together have a chance of a false rollback of their own, as large as that of the requests. */
export function withMetrics(
  judged: { report: JudgeReport; decision: Decision },
  metrics: readonly Metric[],
  readings: ReadonlyMap<string, Readings>,
  levels: { falseRollback: number; falsePromotion: number },
  since: number,
  now: number,
  everyMs: (metric: Metric) => number,
): WithMetrics {
  if (metrics.length === 0) return judged
  const gates = metrics.filter(({ gate }) => gate).length
  const harmNeeded = Math.log(Math.max(1, gates) / levels.falseRollback)
  const keptNeeded = Math.log(1 / levels.falsePromotion)
  const evidence: Evidence[] = []
  let gone: string | undefined
  for (const metric of metrics) {
    const reading = readings.get(metric.name) ?? { fault: 'it was not asked for' }
    const samples = 'samples' in reading ? reading.samples : []
    const { harm, kept, stable, canary } = judgeSamples(samples, metric)
    const finding = !metric.gate ? 'shown' : harm >= harmNeeded ? 'exceeded' : kept >= keptNeeded ? 'kept' : 'open'
    evidence.push({
      measure: metric.name,
      unit: 'number',
      stable,
      canary,
      finding,
      harm: { evidence: harm, needed: harmNeeded },
      keeps: { evidence: kept, needed: keptNeeded },
    })
    const last = samples.findLast((one) => one.stable !== null && one.canary !== null)?.at ?? since
    const why = 'fault' in reading ? reading.fault : now - last > STALE * everyMs(metric) ? 'no value of both arms' : undefined
    if (metric.gate && why !== undefined) gone ??= say('metricGone', { name: metric.name, why })
  }
  const exceeded = evidence.filter(({ finding }) => finding === 'exceeded').map(({ measure }) => measure)
  const open = evidence.filter(({ finding }) => finding === 'open').map(({ measure }) => measure)
  let { report, decision } = judged
  if (exceeded.length > 0 && decision !== 'rollback') {
    decision = 'rollback'
    report = { ...report, verdict: 'rollback', reason: say('worse', { measures: exceeded.join(', ') }) }
  } else if (decision === 'promote' && (open.length > 0 || gone !== undefined)) {
    decision = undefined
    report = { ...report, verdict: 'inconclusive', reason: gone ?? say('open', { measures: open.join(', ') }) }
  }
  return { report: { ...report, evidence: [...report.evidence, ...evidence] }, decision, ...(gone === undefined ? {} : { gone }) }
}
