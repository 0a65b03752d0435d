/** The sequential judge: promote, roll back, or not enough evidence yet. Looks at every block, as often as there are blocks; its error rates hold all the same. */
import { type Arm, addCounts, type Block, emptyCounts, type PodCounts, totalOf } from './blocks.ts'
import {
  copyOfDispersion,
  copyOfOwn,
  createDispersion,
  createOwnNoise,
  type Dispersion,
  implied,
  largest,
  noiseOf,
  type OwnNoise,
  observeOwn,
  observePods,
  ownNoiseOf,
  type PodEvents,
} from './dispersion.ts'
import { type EProcess, logEvidence, observe, processAbove, processBelow } from './e-process.ts'
import { createFailingPods, type FailingPods, forgetPast, observeFailing, withoutFailing } from './failing-pods.ts'
import { BUCKETS, beyond, bucketsFor, countFrom } from './latency-buckets.ts'
import { equalRatio, isLatency, type JudgeConfig, type Limit, MEASURES, type Measure, QUANTILES } from './limits.ts'
import { createSplit, observeSplit, type Split, splitLeaks } from './split.ts'

export type Verdict = 'promote' | 'rollback' | 'inconclusive'

/** Both arms of one measure, after the warm-up. */
export interface MeasureState extends Counted {
  readonly measure: Measure
}

/** What may be taken back. */
interface Counted {
  readonly harm: EProcess
  readonly kept: EProcess
  /** Evidence that the canary's rate stays below stable's plus the margin; used where stable has next to no events. */
  keptPlus: number
  /** Since the canary's first request; before it, of stable alone. */
  dispersion: Dispersion
  readonly own: OwnNoise
  /** Stable's ups and downs since the canary's first request; counts where pods are not known: noise between pods shows in both arms as much. */
  readonly ownOfStable: OwnNoise
  /** Events by stable's threshold, and requests that could have been one. */
  readonly events: Record<Arm, number>
  readonly requests: Record<Arm, number>
}

/** A block that may still be looked at anew, without a pod of stable that turns out to fail. */
interface Look {
  readonly block: Block
  readonly judged: boolean
  /** What was known before it; kept of every fourth. */
  readonly before: { measures: readonly Counted[]; stableLatency: Float64Array; stableTimed: number } | undefined
}

export interface JudgeState {
  readonly config: JudgeConfig
  readonly measures: readonly MeasureState[]
  readonly split: Split | undefined
  readonly failing: FailingPods
  /** The latest blocks, oldest first. */
  readonly looks: Look[]
  /** Of the stable arm up to now, older ones weigh less: its quantiles are the thresholds of the next block. */
  stableLatency: Float64Array
  stableTimed: number
  /** Everything from the canary's first request on (before it, of stable alone), for people. */
  readonly seen: Record<Arm, PodCounts>
  readonly pods: Record<Arm, Set<string>>
  /** Start of the canary's first block, ms since the epoch. */
  startedAt: number | undefined
  /** End of the last block. */
  now: number
}

/** Half of the weight of stable's latencies is gone after this many blocks (10 minutes), so that thresholds follow the load. */
const HALF_LIFE_BLOCKS = 40
const FORGET = 0.5 ** (1 / HALF_LIFE_BLOCKS)
/** Stable requests before which its quantiles are not used. */
const ENOUGH_FOR_THRESHOLDS = 200
/** So many blocks at least, and twice as many at most, are looked at anew when a pod of stable turns out to fail (1 to 2 minutes): it began within them. */
const LOOKS = 4
/** Hangs: takes so many times stable's P99. */
const STUCK = 3

export const createJudge = (config: JudgeConfig): JudgeState => ({
  config,
  measures: MEASURES.map((measure) => {
    const { budget, margin } = config.measures[measure]
    // A canary that equals stable has this ratio where the threshold is moved for it.
    const equal = equalRatio(measure, margin)
    return {
      measure,
      harm: processAbove(budget.times),
      kept: processBelow(margin.times, equal),
      keptPlus: 0,
      dispersion: createDispersion(),
      own: createOwnNoise(),
      ownOfStable: createOwnNoise(),
      events: { stable: 0, canary: 0 },
      requests: { stable: 0, canary: 0 },
    }
  }),
  split: config.expectedShare === undefined ? undefined : createSplit(config.expectedShare),
  failing: createFailingPods(),
  looks: [],
  stableLatency: new Float64Array(BUCKETS),
  stableTimed: 0,
  seen: { stable: emptyCounts(), canary: emptyCounts() },
  pods: { stable: new Set(), canary: new Set() },
  startedAt: undefined,
  now: Number.NEGATIVE_INFINITY,
})

/** One block further, in the order of time. Says when a verdict is reached; the caller stops then. */
export function judgeBlock(state: JudgeState, block: Block): Exclude<Verdict, 'inconclusive'> | 'split' | undefined {
  const { config } = state
  state.now = block.to
  const stable = totalOf(block.stable.values())
  const canary = totalOf(block.canary.values())
  if (canary.requests > 0 && state.startedAt === undefined) {
    state.startedAt = block.from
    // A pod that failed before (a restart, a node that went) is no noise of the time that is judged.
    for (const one of state.measures) one.dispersion = createDispersion()
    state.looks.length = 0
    forgetPast(state.failing)
    state.seen.stable = emptyCounts()
  }
  const { startedAt } = state
  addCounts(state.seen.stable, stable)
  if (startedAt !== undefined) {
    addCounts(state.seen.canary, canary)
    for (const pod of block.stable.keys()) state.pods.stable.add(pod)
    for (const pod of block.canary.keys()) state.pods.canary.add(pod)
  }
  const judged = startedAt !== undefined && block.from >= startedAt + config.warmUp
  if (observeFailing(state.failing, block.stable, stuckFrom(state))) lookAnew(state)
  look(state, block, judged, stable, canary)
  if (state.looks.length === 2 * LOOKS) state.looks.splice(0, LOOKS)
  if (!judged) return undefined

  if (state.split) {
    observeSplit(state.split, canary.requests, stable.requests)
    if (splitLeaks(state.split)) return 'split'
  }
  const gates = state.measures.filter(({ measure }) => config.measures[measure].gate)
  if (gates.some((one) => harmEvidence(state, one) >= harmNeeded(state, one))) return 'rollback'
  const safe = Math.log(1 / config.falsePromotion)
  if (gates.length > 0 && block.to >= startedAt + config.minSoak && gates.every((one) => keptEvidence(state, one) >= safe)) return 'promote'
  return undefined
}

/** `all`: of stable, failing pods included. */
function look(state: JudgeState, block: Block, judged: boolean, all: PodCounts, canary: PodCounts): void {
  const { measures, stableLatency, stableTimed, failing } = state
  const before = state.looks.length % LOOKS === 0 ? { measures: measures.map(copyOf), stableLatency: stableLatency.slice(), stableTimed } : undefined
  const compared = withoutFailing(failing, block.stable)
  const stable = compared === block.stable ? all : totalOf(compared.values())
  for (const one of measures) observeMeasure(state, one, compared, stable, canary, judged)
  for (let i = 0; i < BUCKETS; i++) stableLatency[i] = stableLatency[i]! * FORGET + stable.latency[i]!
  state.stableTimed = stableTimed * FORGET + stable.timed
  state.looks.push({ block, judged, before })
}

/** Takes the latest blocks back and looks at them without the pods that fail. */
function lookAnew(state: JudgeState): void {
  const looks = state.looks.splice(0)
  const before = looks[0]?.before
  if (before === undefined) return
  for (const [i, one] of state.measures.entries()) Object.assign(one, before.measures[i])
  state.stableLatency = before.stableLatency
  state.stableTimed = before.stableTimed
  for (const { block, judged } of looks) look(state, block, judged, totalOf(block.stable.values()), totalOf(block.canary.values()))
}

const copyOf = ({ harm, kept, keptPlus, dispersion, own, ownOfStable, events, requests }: MeasureState): Counted => ({
  harm: { ...harm, sums: harm.sums.slice() },
  kept: { ...kept, sums: kept.sums.slice() },
  keptPlus,
  dispersion: copyOfDispersion(dispersion),
  own: copyOfOwn(own),
  ownOfStable: copyOfOwn(ownOfStable),
  events: { ...events },
  requests: { ...requests },
})

/** Bucket of latency from which a request hangs. */
const stuckFrom = ({ stableLatency, stableTimed }: JudgeState): number =>
  stableTimed < ENOUGH_FOR_THRESHOLDS ? BUCKETS : beyond(QUANTILES.p99, stableLatency, stableTimed) + bucketsFor(STUCK)

/** Of the chance of a false rollback, by how early each measure should speak. */
const WEIGHTS: Readonly<Record<Measure, number>> = { errors: 10, rejected: 1, p50: 3, p90: 3, p99: 2, p999: 3 }

/** Evidence at which a measure's budget counts as exceeded. */
export function harmNeeded({ config }: JudgeState, { measure }: MeasureState): number {
  const all = MEASURES.reduce((sum, other) => sum + (config.measures[other].gate ? WEIGHTS[other] : 0), 0)
  return Math.log(all / WEIGHTS[measure] / config.falseRollback)
}

/** Natural logarithm of the evidence that the budget is exceeded. */
export const harmEvidence = (state: JudgeState, one: MeasureState): number => logEvidence(one.harm, varianceOf(state, one))

/** Natural logarithm of the evidence that the margin is kept. */
export function keptEvidence(state: JudgeState, one: MeasureState): number {
  const variance = varianceOf(state, one)
  return logEvidence(one.kept, variance) + one.keptPlus / variance
}

/** Errors of one session count as one proof; of more than so many, harm is the better explanation. */
const MOST_PER_SESSION = 8

/** Variance of the counts against that of a binomial with the same share: noise between pods, and that events which are no rarity vary less. */
export function varianceOf(state: JudgeState, one: MeasureState): number {
  const { events, requests } = one
  const total = requests.stable + requests.canary
  if (total === 0) return 1
  const between = noiseBetweenPods(state, one)
  const noise = between ?? 1
  // Noise of a pod multiplies its rate: a pod that has more events carries more of it. Of errors those by more requests only, not those by a higher rate: a pod of
  // stable that went down would otherwise explain any number of the canary's.
  const perPod = (arm: Arm) => (isLatency(one.measure) ? events[arm] + 0.5 : requests[arm]) / Math.max(1, state.pods[arm].size)
  const podNoise = 1 + (noise - 1) * Math.max(1, perPod('canary') / perPod('stable'))
  const own = ownNoiseOf(one.own)
  const canaryNoise = !isLatency(one.measure)
    ? Math.max(podNoise, Math.min(MOST_PER_SESSION, own))
    : between === undefined
      ? Math.max(own, ownNoiseOf(one.ownOfStable))
      : podNoise
  const rate = (events.stable + events.canary) / total
  return ((canaryNoise * requests.stable + noise * requests.canary) / total) * (1 - rate)
}

/** Variance between stable pods in multiples of chance alone; undefined when fewer than two are known. */
export function noiseBetweenPods({ measures }: JudgeState, { measure, dispersion }: MeasureState): number | undefined {
  let noise = noiseOf(dispersion)
  if (noise && isLatency(measure))
    for (const body of ['p50', 'p90'] as const) {
      const seen = measure > body ? noiseOf(measures.find((other) => other.measure === body)!.dispersion) : undefined
      if (seen) noise = implied(seen, body, noise, measure)
    }
  return noise && largest(noise)
}

function observeMeasure(
  state: JudgeState,
  one: MeasureState,
  compared: ReadonlyMap<string, PodCounts>,
  stable: PodCounts,
  canary: PodCounts,
  judged: boolean,
): void {
  const { measure } = one
  const { budget, margin } = state.config.measures[measure]
  /** `from`: buckets to start earlier. */
  let eventsOf: (counts: PodCounts, slower: number, from?: number) => number
  let requestsOf: (counts: PodCounts) => number
  if (isLatency(measure)) {
    if (state.stableTimed < ENOUGH_FOR_THRESHOLDS) return
    const threshold = beyond(QUANTILES[measure], state.stableLatency, state.stableTimed)
    // Longer than what is told apart: slower cannot be seen.
    if (threshold + bucketsFor(margin.slower) >= BUCKETS) return
    eventsOf = ({ latency, top }, slower, from = 0) => countFrom(threshold + bucketsFor(slower) - from, latency, top)
    requestsOf = ({ timed }) => timed
  } else {
    eventsOf = (counts) => counts[measure]
    requestsOf = ({ requests }) => requests
  }
  const pods: PodEvents[] = []
  for (const [pod, counts] of compared) if (requestsOf(counts) > 0) pods.push({ pod, events: eventsOf(counts, 1), requests: requestsOf(counts) })
  if (pods.length > 0) observePods(one.dispersion, pods)
  if (state.startedAt !== undefined && requestsOf(stable) > 0) observeOwn(one.ownOfStable, eventsOf(stable, 1), requestsOf(stable))
  const canaryRequests = requestsOf(canary)
  const stableRequests = requestsOf(stable)
  const stableEvents = eventsOf(stable, 1)
  if (!judged || canaryRequests === 0 || stableRequests === 0) return
  // Where the canary may be slower, requests at the quantile itself count as well: of latencies in whole milliseconds many are equal, and none may be beyond it.
  const at = margin.slower > 1 ? 1 : 0
  const withMargin = eventsOf(canary, margin.slower, at)
  // Of the two forms of a budget or margin the wider one counts, by stable's rate so far.
  const rate = (one.events.stable + 0.5) / (one.requests.stable + 1)
  const allowed = budget.plus === 0 ? 1 : Math.max(1, (1 + budget.plus / rate) / budget.times)
  // With `plus`, once stable's rate is known as finely as that. An allowance acts as so many more requests to the canary.
  if (budget.plus * one.requests.stable >= 1 || budget.plus === 0)
    observe(one.harm, eventsOf(canary, budget.slower), canaryRequests * allowed, stableEvents, stableRequests)
  const plus = marginPlus(measure, margin, rate)
  if (plus > rate * (margin.times - 1)) {
    // Poisson likelihood of stable's rate against that rate plus the margin.
    one.keptPlus += withMargin * Math.log(rate / (rate + plus)) + canaryRequests * plus
  } else observe(one.kept, withMargin, canaryRequests, at === 0 ? stableEvents : eventsOf(stable, 1, at), stableRequests)
  const canaryEvents = eventsOf(canary, 1)
  observeOwn(one.own, canaryEvents, canaryRequests)
  one.events.stable += stableEvents
  one.events.canary += canaryEvents
  one.requests.stable += stableRequests
  one.requests.canary += canaryRequests
}

/** Of a margin by difference. Where next to none of stable's requests are beyond its quantile (they are all equal), so many may be as the quantile's name says. */
export function marginPlus(measure: Measure, { times, plus, slower }: Limit, rate: number): number {
  if (!isLatency(measure) || slower > 1) return plus
  const beyondIt = 1 - QUANTILES[measure]
  return rate < beyondIt / 4 ? Math.max(plus, beyondIt * times - rate) : plus
}

/** Events of an equal canary against stable's, where it may be slower by the margin: from the shape of stable's latencies. */
export function thinningOf({ config, stableLatency, stableTimed }: JudgeState, measure: Measure): number {
  const { slower } = config.measures[measure].margin
  if (!isLatency(measure) || slower <= 1 || stableTimed < ENOUGH_FOR_THRESHOLDS) return 1
  const threshold = beyond(QUANTILES[measure], stableLatency, stableTimed) - 1
  const slow = countFrom(threshold, stableLatency)
  return slow > 0 ? countFrom(threshold + bucketsFor(slower), stableLatency) / slow : 1
}
