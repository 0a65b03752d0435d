/** What one workload needs for the traffic of now and until a new pod is ready: the planner, made quick for steps and slow to shrink. */
import { createPlanner } from './planner/planner.ts'
import type { Traffic } from './traffic-history.ts'
import { say } from './words.ts'

export interface ForecastOptions {
  quantile: number
  loadPerPod: number
  /** From 0 to 1, other for each workload: forecasts begin to count one after the other, not thousands in one second. Default 0. */
  turn?: number
  /** Seconds. */
  podStart: number
  /** Pods that were needed so many seconds ago are kept. */
  keep: number
  /** ms since the epoch: since when it is looked at. */
  since: number
}

export type Forecast = (
  traffic: Traffic,
  found: { replicas: number; ready: number },
  now: number,
  /** Requests that reach it for each at the entry; default 1. */
  calls?: number,
) => { replicas: number; why: string; partial: boolean /** Requests per second of the entry, at most until a new pod is ready. */; ahead?: number } | undefined

const EVERY = 2
/** Errors of the last hour make the margin: a day of them would take 350 kB a workload. */
const REMEMBER = 3_600
/** Traffic of the last so many seconds tells a step, if it is more than chance. */
const STEP = 2
const CHANCE = 3
/** A step grows by a little more than was counted, so that chance leaves nothing short. */
const STEP_MARGIN = 1.08
/** So much more at once than in the half minute before is another traffic: what was learned before says nothing of it, and must not be drawn out into the future. */
const JUMP = 1.5
const JUMP_BEFORE = 30
/** Of what is needed, while too little was seen to forecast. */
const MARGIN = 1.15

/** Forecasts count from so many seconds on, and over so many more. */
const BEGIN = 1_000
const TURNS = 600

/** Kept at least, seconds: until then it is known whether a sender is only late. */
const LEAST_KEEP = 45

/** Undefined: the traffic is not known. Remembers; to be asked about once a second. */
export function createForecast({ quantile, loadPerPod, podStart, keep: asked, since, turn = 0 }: ForecastOptions): Forecast {
  const keep = Math.max(asked, LEAST_KEEP)
  const begin = () => createPlanner({ every: EVERY, quantile, remember: REMEMBER, queues: false })
  let plan = begin()
  let last: { at: number; replicas: number; why: string; ahead?: number } | undefined
  /** Highest first, of the last `keep` seconds. */
  let needs: { at: number; pods: number }[] = []
  const round = (rate: number) => rate.toFixed(rate < 10 ? 1 : 0)

  return (traffic, { replicas, ready }, now, calls = 1) => {
    if (!traffic.known) return undefined
    const podRps = loadPerPod / calls
    const seconds = traffic.now
    const recent = Math.min(STEP, seconds)
    const counted = recent <= 0 ? 0 : traffic.requests(seconds - recent, seconds)
    const surely = Math.max(0, counted - CHANCE * Math.sqrt(counted)) / Math.max(1, recent)
    if (seconds > JUMP_BEFORE + STEP && surely * JUMP_BEFORE > JUMP * traffic.requests(seconds - STEP - JUMP_BEFORE, seconds - STEP)) plan = begin()
    if (last === undefined || seconds >= last.at + EVERY) {
      const made = plan({ now: seconds, replicas, ready, podRps, podStart, min: 1, max: 1_000_000, requests: traffic.requests })
      const span = Math.min(30, seconds)
      const rate = span <= 0 ? 0 : traffic.requests(seconds - span, seconds) / span
      last =
        made.learning || seconds < BEGIN + turn * TURNS
          ? {
              at: seconds,
              replicas: Math.max(1, Math.ceil((rate * MARGIN) / podRps)),
              why: say('learning', { rate: round(rate) }),
            }
          : { at: seconds, replicas: made.replicas, why: made.why, ...(made.ahead === undefined ? {} : { ahead: made.ahead }) }
    }
    let { replicas: pods, why } = last
    const rest = { partial: traffic.partial, ...(last.ahead === undefined ? {} : { ahead: last.ahead }) }
    const sure = Math.ceil(surely / podRps)
    if (sure > pods)
      [pods, why] = [Math.ceil((counted * STEP_MARGIN) / recent / podRps), say('step', { rate: round(counted / recent), seconds: recent, pod: round(podRps) })]
    const at = now / 1_000
    needs = needs.filter((need) => need.at > at - keep)
    while (needs.length > 0 && needs.at(-1)!.pods <= pods) needs.pop()
    needs.push({ at, pods })
    const highest = needs[0]!.pods
    if (highest > pods && pods < replicas) {
      const kept = Math.min(replicas, highest)
      return {
        replicas: kept,
        why: say('kept', { pods: kept, minutes: Math.round(keep / 60), now: pods, why }),
        ...rest,
      }
    }
    if (pods < replicas && now < since + keep * 1_000)
      return {
        replicas,
        why: say('watched', { pods: replicas, seconds: Math.round((now - since) / 1_000), now: pods, why }),
        ...rest,
      }
    return { replicas: pods, why, ...rest }
  }
}
