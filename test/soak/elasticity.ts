/**
 * Schedules and the HPA's rules at full size: 10,000 random (schedule, zone) pairs over every IANA zone, each over a year that is looked at now and then, with restarts
 * and a clock that jumps by up to ten minutes; 10^6 random states of HPAs, decided twice; 1,000 runs in which the numbers go wrong.
 *   node test/soak/elasticity.ts [PAIRS] [STATES] [SEED]
 */
import { dueRuns, type JobMemory, type NamedJob } from '#capabilities/elasticity/domain/time/cron-hpa.ts'
import { parseSchedule, runsOf } from '#core/kernel/cron.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { zoneOf } from '#core/kernel/zone.ts'
import { compareWithPlain } from '#test/builders/hpa-states.ts'
import { runFaults } from '#test/builders/metric-faults.ts'

const pairs = Number(process.argv[2] ?? 10_000)
const states = Number(process.argv[3] ?? 1_000_000)
const seed = Number(process.argv[4] ?? 1)
const random = seededRandom(seed)
const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
const of = <T>(values: readonly T[]): T => values[between(0, values.length - 1)]!
const ZONES = Intl.supportedValuesOf('timeZone')
const HOUR = 3_600_000
const YEAR = 366 * 24 * HOUR
const BEGIN = Date.parse('2026-01-01T00:00:00Z')

const hours = () => of(['*', '*/3', '0-6', `${between(0, 23)}`, `${between(0, 3)}`, `${between(0, 11)},${between(12, 23)}`])
const schedule = () =>
  of([
    () => `${between(0, 59)} ${hours()} * * *`,
    () => `${between(0, 59)} ${between(0, 59)} ${hours()} * * ${of(['*', '1-5', 'SUN', '6'])}`,
    () => `${between(0, 59)} ${hours()} ${between(1, 28)} * *`,
    () => `*/${of([15, 20, 30])} ${of(['0', '1', '2', '3'])} * ${between(1, 12)} *`,
    () => `@every ${between(1, 40)}h`,
    () => `@date 2026-${String(between(1, 12)).padStart(2, '0')}-${String(between(1, 28)).padStart(2, '0')} ${String(between(0, 23)).padStart(2, '0')}:30:00`,
  ])()

let [runs, restarts, jumps, missed, doubled] = [0, 0, 0, 0, 0]
const began = process.cpuUsage()
for (let pair = 0; pair < pairs; pair++) {
  const name = ZONES[pair % ZONES.length]!
  const zone = zoneOf(name)!
  const written = schedule()
  const parsed = parseSchedule(written)
  if (!parsed.ok) throw new Error(`${written}: ${parsed.error.join()}`)
  const job: NamedJob = { object: 'x', job: 'j', schedule: parsed.value, written, exclude: [], once: false, targetSize: 3 }
  let memory: JobMemory[] = []
  const seen = new Map<number, number>()
  let highest = BEGIN
  for (let real = BEGIN; real < BEGIN + YEAR; real += random() < 0.7 ? between(1, 90) * 60_000 + between(0, 59_999) : between(1, 96) * HOUR) {
    const jumped = random() < 0.05
    if (jumped) jumps++
    const clock = real + (jumped ? between(-600, 600) * 1_000 : 0)
    highest = Math.max(highest, clock)
    const due = dueRuns([job], memory, zone, clock, BEGIN)
    for (const { at } of due.entries) seen.set(at, (seen.get(at) ?? 0) + 1)
    // A restart knows what is in the object's status, and nothing else.
    const restart = random() < 0.02
    if (restart) restarts++
    memory = restart ? (JSON.parse(JSON.stringify(due.memory)) as JobMemory[]) : due.memory
  }
  for (const at of runsOf(parsed.value, zone, BEGIN, highest, { since: BEGIN })) {
    runs++
    const times = seen.get(at) ?? 0
    if (times === 0) missed++
    seen.delete(at)
    if (times > 1) doubled++
  }
  doubled += seen.size
  if (missed + doubled > 0) throw new Error(`${written} in ${name}: ${missed} missed, ${doubled} doubled or of no schedule`)
}
const { user } = process.cpuUsage(began)
console.log(
  `${pairs} pairs in ${ZONES.length} zones over a year: ${runs} runs, ${restarts} restarts, ${jumps} jumps of the clock: ${missed} missed, ${doubled} doubled; ${(user / 1e6).toFixed(0)} CPU-seconds`,
)
const different = compareWithPlain(states, seed)
console.log(
  `${states} states of HPAs: ${different.length} decided otherwise by the second reading${different.length > 0 ? `\n${JSON.stringify(different, null, 1)}` : ''}`,
)
const faults = await runFaults(1_000, seed)
console.log(`1000 runs with wrong numbers: ${faults.length} with fewer pods than are needed\n${faults.join('\n')}`)
process.exit(different.length + faults.length > 0 ? 1 : 0)
