/**
 * `npm run bench -- canary [R] [SEED] [study|drawn|noise|broken|rest] [ID,…]`: error rates and speed of the canary judge on streams with a known truth, with judges in the manner of Kayenta and Flagger beside.
 * Parts: the study's own parameters, parameters drawn at random, noise that a judge must not take for harm, pods of stable that fail meanwhile. Prints a table in Markdown.
 */
import { createJudge, judgeBlock } from '#capabilities/canary/domain/judge/judge.ts'
import { DEFAULT_CONFIG } from '#capabilities/canary/domain/judge/limits.ts'
import { outlookOf } from '#capabilities/canary/domain/judge/outlook.ts'
import { createSplit, observeSplit, splitLeaks } from '#capabilities/canary/domain/judge/split.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { flagger, kayentaOnce, kayentaRepeated, minutesOf, type PeerVerdict } from './canary/peers.ts'
import { BROKEN_STABLE, gaussian, PILOT, randomWorld, run, SCENARIOS, type Scenario, type World } from './canary/worlds.ts'

const RUNS = Number(process.argv[2] ?? 1000)
/** Peers see every minute of a run; that costs more than our judge, so they get fewer. */
const PEER_RUNS = Math.min(RUNS, 100)
const SEED = Number(process.argv[3] ?? 20_261_123)
const PART = process.argv[4]
const ONLY = process.argv[5]?.split(',')

interface Count {
  promote: number
  rollback: number
  inconclusive: number
  minutes: number[]
}

const empty = (): Count => ({ promote: 0, rollback: 0, inconclusive: 0, minutes: [] })

function tally(count: Count, { verdict, minute }: PeerVerdict): void {
  count[verdict]++
  if (verdict !== 'inconclusive') count.minutes.push(minute)
}

function ours(scenario: Scenario, world: World, seed: number): PeerVerdict {
  const judge = createJudge(DEFAULT_CONFIG)
  let verdict: ReturnType<typeof judgeBlock>
  for (const block of run(scenario, world, seed)) {
    verdict = judgeBlock(judge, block)
    if (verdict !== undefined) break
  }
  return { verdict: verdict === 'promote' || verdict === 'rollback' ? verdict : 'inconclusive', minute: judge.now / 60_000 }
}

/** Share in percent with its exact interval of 95 % (Clopper-Pearson, by bisection of the binomial). */
function rate(hits: number, runs: number): string {
  const atMost = (p: number, most: number) => {
    let term = runs * Math.log1p(-p)
    let sum = 0
    for (let k = 0; k <= most; k++) {
      sum += Math.exp(term)
      term += Math.log((runs - k) / (k + 1)) + Math.log(p) - Math.log1p(-p)
    }
    return sum
  }
  /** The rate at which so few are as unlikely as `chance`. */
  const where = (most: number, chance: number) => {
    let [low, high] = [1e-12, 1 - 1e-12]
    for (let i = 0; i < 60; i++) {
      const mid = (low + high) / 2
      if (atMost(mid, most) > chance) low = mid
      else high = mid
    }
    return low
  }
  const from = hits === 0 ? 0 : where(hits - 1, 0.975)
  const to = hits === runs ? 1 : where(hits, 0.025)
  return `${((100 * hits) / runs).toFixed(1)} (${(100 * from).toFixed(1)} to ${(100 * to).toFixed(1)})`
}

const median = (values: number[]): string => (values.length === 0 ? '-' : values.sort((a, b) => a - b)[values.length >> 1]!.toFixed(1))
const wrong = (scenario: Scenario, count: Count) => (scenario.good ? count.rollback : count.promote)
const cell = (scenario: Scenario, count: Count, runs: number) => `${((100 * wrong(scenario, count)) / runs).toFixed(0)} (${median(count.minutes)})`

function table(title: string, worlds: () => World, scenarios: readonly Scenario[], runs: number, peers: boolean): void {
  console.log(`\n### ${title}: ${runs} runs each${peers ? `, peers ${PEER_RUNS}` : ''}\n`)
  console.log(`| id | stream | wrong % (95 %) | promoted % | rolled back % | open % | median min |${peers ? ' K60 | K10 | Kp | F99 | Favg |' : ''}`)
  console.log(`|---|---|---|---|---|---|---|${peers ? '---|---|---|---|---|' : ''}`)
  for (const scenario of scenarios.filter(({ id }) => ONLY?.includes(id) ?? true)) {
    const count = empty()
    for (let i = 0; i < runs; i++) tally(count, ours(scenario, worlds(), SEED + i * 7919))
    let line = `| ${scenario.id} | ${scenario.title} (${scenario.good ? 'good' : 'bad'}) | ${rate(wrong(scenario, count), runs)} | ${((100 * count.promote) / runs).toFixed(1)} | ${((100 * count.rollback) / runs).toFixed(1)} | ${((100 * count.inconclusive) / runs).toFixed(1)} | ${median(count.minutes)} |`
    if (peers) {
      const counts = [empty(), empty(), empty(), empty(), empty()]
      for (let i = 0; i < PEER_RUNS; i++) {
        const minutes = minutesOf([...run(scenario, worlds(), SEED + i * 7919)])
        tally(counts[0]!, kayentaOnce(minutes, 60))
        tally(counts[1]!, kayentaOnce(minutes, 10))
        tally(counts[2]!, kayentaRepeated(minutes))
        tally(counts[3]!, flagger(minutes, 'p99'))
        tally(counts[4]!, flagger(minutes, 'mean'))
      }
      for (const peer of counts) line += ` ${cell(scenario, peer, PEER_RUNS)} |`
    }
    console.log(line)
  }
}

const part = (name: string, of: () => void) => {
  if (PART === undefined || PART === name) of()
}
part('study', () => table('Parameters of the study (100 rps, 10 %)', () => PILOT, SCENARIOS, RUNS, true))
const drawn = seededRandom(SEED)
part('drawn', () =>
  table('Parameters drawn at random (10 to 500 rps, 5 to 30 %, errors 0 to 2 %, sigma 0.3 to 1)', () => randomWorld(drawn), SCENARIOS, RUNS, false),
)

const identical = SCENARIOS[0]!
const stress: Scenario[] = []
for (const noise of [0.05, 0.15, 0.3])
  for (const keeps of [0, 0.4, 0.8]) stress.push({ ...identical, id: `sd ${noise} ρ ${keeps}`, title: 'noise', world: { noise, keeps } })
for (const errorRate of [0.002, 0.01])
  stress.push({ ...identical, id: `sessions ${errorRate}`, title: '20 % of errors in sessions', world: { sessions: 0.2, errorRate } })
part('noise', () => table('Noise that is no harm', () => PILOT, stress, RUNS, false))

part('broken', () => {
  table('Pods of stable that fail (100 rps, 10 %)', () => PILOT, BROKEN_STABLE, RUNS, false)
  table('Pods of stable that fail, parameters drawn at random', () => randomWorld(drawn), BROKEN_STABLE, RUNS, false)
})

/** What is said before the start, from half an hour of stable alone, against what a run of the same world then takes; nothing is said of runs beyond an hour. */
function outlook(runs: number): string {
  const random = seededRandom(SEED + 2)
  let told = 0
  let near = 0
  const ratios: number[] = []
  for (let i = 0; i < runs; i++) {
    const world = randomWorld(random)
    const before = [...run(identical, world, SEED + i)].slice(0, 120).map((block) => ({
      ...block,
      stable: new Map([...block.stable, ...block.canary]),
      canary: new Map(),
    }))
    const said = outlookOf(DEFAULT_CONFIG, before, [{ share: world.share, hold: 300_000 }], world.canaryPods, 60 * 60_000)?.minutes
    const { verdict, minute } = ours(identical, world, SEED + i * 7919)
    if (verdict !== 'promote' && (said === null || said === undefined)) continue
    told++
    const ratio = verdict === 'promote' && said ? said / minute : verdict === 'promote' ? 60 / minute : (said ?? 60) / 60
    ratios.push(ratio)
    if (ratio <= 1.5 && ratio >= 1 / 1.5) near++
  }
  ratios.sort((a, b) => a - b)
  const at = (q: number) => ratios[Math.floor(q * (ratios.length - 1))]!.toFixed(2)
  return `outlook before the start: within ×1.5 of what it took in ${((100 * near) / told).toFixed(1)} % of ${told} runs (said/took: P10 ${at(0.1)}, median ${at(0.5)}, P90 ${at(0.9)}); ${runs - told} of ${runs} were rightly said to take more than an hour`
}
part('rest', () => console.log(`\n${outlook(Math.ceil(RUNS / 2))}`))

/** The split: 100 rps, asked 10 %, got 8 % or what was asked; minutes of 15 s steps for an hour. */
function split(realized: number, runs: number): { alarms: number; minutes: number[] } {
  const random = seededRandom(SEED + 1)
  const gauss = gaussian(random)
  const minutes: number[] = []
  for (let i = 0; i < runs; i++) {
    const state = createSplit(0.1)
    for (let step = 1; step <= 240; step++) {
      const requests = Math.round(1500 + Math.sqrt(1500) * gauss())
      const canary = Math.round(requests * realized + Math.sqrt(requests * realized * (1 - realized)) * gauss())
      observeSplit(state, canary, requests - canary)
      if (splitLeaks(state)) {
        minutes.push(step / 4)
        break
      }
    }
  }
  return { alarms: minutes.length, minutes }
}
part('rest', () => {
  const right = split(0.1, RUNS * 10)
  const leaked = split(0.08, RUNS)
  console.log(
    `\nsplit 10 % asked: false alarms ${rate(right.alarms, RUNS * 10)} % of ${RUNS * 10} hours; 8 % realized found in ${leaked.alarms} of ${RUNS}, median ${median(leaked.minutes)} min, last ${leaked.minutes.at(-1)} min`,
  )
})
