/**
 * `npm run bench -- elasticity [TRACE]`: the planner beside the HPA, KEDA and an oracle on fortnights of a real trace (requests per minute), the second week scored.
 * The world is that of the study: 99.9 % of the minutes of a fortnight need at most 100 pods of 100 requests/s; fluid queues; 0.25 s of waiting is a violation.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Policy, perSecond, simulate } from '#capabilities/elasticity/domain/simulate/fluid.ts'
import { hpaPolicy, kedaPolicy, oraclePolicy, plannerPolicy } from '#capabilities/elasticity/domain/simulate/policies.ts'
import { createTraceReader, cut, fillGaps, rateAt } from '#capabilities/elasticity/domain/simulate/trace.ts'

const DAY = 86_400_000
const path = process.argv[2] ?? join(process.env.SALLYPORT_CASES ?? '../shared/cases', 'traffic/worldcup98.csv')
const reader = createTraceReader(Date.parse)
for (const line of readFileSync(path, 'utf8').split('\n')) reader.line(line)
const read = reader.end()
if ('problems' in read) throw new Error(JSON.stringify(read.problems.slice(0, 5)))

console.log('| fortnight from | pod start | policy | violation minutes | replica-hours | of the oracle | changes | CPU s |\n|---|---|---|---|---|---|---|---|')
for (const from of ['1998-06-20', '1998-06-06', '1998-07-04', '1998-05-16']) {
  const begin = Date.parse(from)
  const fortnight = cut(read.trace, begin, begin + 14 * DAY)
  const peak = rateAt(fortnight, 0.999)
  const load = perSecond(
    fillGaps(fortnight).counts.map((count) => (count * 10_000) / peak),
    fortnight.period,
  )
  for (const podStart of [45, 120]) {
    const world = { load, podRps: 100, podStart, unscored: 7 * 86_400, min: 1, max: 1_000 }
    const policies: Policy[] = [
      oraclePolicy(load),
      plannerPolicy(0.965),
      ...[0.7, 0.8, 0.85, 0.9].map((target) => hpaPolicy({ target, window: 120, scrape: 30, name: `HPA ${target * 100} %, rate[2m], scrape 30 s` })),
      hpaPolicy({ target: 0.85, window: 60, scrape: 15, name: 'HPA 85 %, rate[1m], scrape 15 s' }),
      kedaPolicy(0.7),
    ]
    let best = Number.NaN
    for (const policy of policies) {
      const before = process.cpuUsage()
      const { name, violation_minutes, replica_hours, scale_changes } = simulate(world, policy)
      const { user, system } = process.cpuUsage(before)
      if (Number.isNaN(best)) best = replica_hours
      console.log(
        `| ${from} | ${podStart} s | ${name} | ${violation_minutes.toFixed(1)} | ${replica_hours.toFixed(0)} | ${(replica_hours / best).toFixed(2)} | ${scale_changes} | ${((user + system) / 1e6).toFixed(1)} |`,
      )
    }
  }
}
