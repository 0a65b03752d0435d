/** How many pods a service should have, from its traffic and what it may become until a new pod is ready; with one sentence that says why. */
import { say } from '../words.ts'
import { createGrowth, type Requests } from './growth.ts'

export interface PlannerOptions {
  /** Seconds between two decisions. */
  every: number
  /** Of the highest rate until a new pod is ready, 0 to 1. */
  quantile: number
  /** Seconds of errors to remember; default a day. */
  remember?: number
  /** Adds what waits where nothing is lost, as in a replay. Where it is not known what waits and what was given up, false. Default true. */
  queues?: boolean
}

export interface PlannerFacts {
  /** Seconds; only differences matter. */
  now: number
  replicas: number
  ready: number
  /** Requests per second that a ready pod answers within its objective. */
  podRps: number
  /** From the decision to ready, seconds. */
  podStart: number
  min: number
  max: number
  /** Undefined: the traffic is not known (stale or incomplete), which is never zero. */
  requests: Requests | undefined
}

export interface Decision {
  replicas: number
  why: string
  /** Requests per second that are expected at most until a new pod is ready. */
  ahead?: number
  /** Too little was seen to look ahead or to shrink. */
  learning?: true
}

/** What must be worked off was let in within so many seconds. */
const DRAIN = 20
/** Growing brings a little more, so that the next rise need not. */
const EXTRA = 0.06
/** Pods are kept that were needed in the last so many seconds. */
const KEEP = 60
/** Shrinking waits until so much stood idle: pods × minutes, as a part of the pods there are. A change costs as much. */
const IDLE = 0.5

/** A planner remembers its forecasts and what stood idle. Unknown traffic holds what is there. */
export function createPlanner({ every, quantile, remember, queues = true }: PlannerOptions): (facts: PlannerFacts) => Decision {
  let growth: ReturnType<typeof createGrowth> | undefined
  /** Needs of the last seconds, the highest first. */
  let needs: { at: number; pods: number }[] = []
  let idle = 0
  let backlog = 0
  let served = 0

  return ({ now, replicas, ready, podRps, podStart, min, max, requests }) => {
    const hold = (why: string): Decision => ({ replicas: Math.min(max, Math.max(min, replicas)), why })
    if (requests === undefined) return hold(say('holds', { pods: replicas, why: say('unknown') }))
    growth ??= createGrowth({ every, quantile, least: podRps / 20, ...(remember === undefined ? {} : { remember }) })
    const seen = growth(now, podStart + every, requests)
    if (seen === undefined) {
      const needed = Math.ceil(requests(Math.max(0, now - 10), now) / Math.min(10, Math.max(1, now)) / podRps)
      return needed > replicas
        ? { replicas: Math.min(max, needed), why: say('nowOnly', { pods: needed }), learning: true }
        : { ...hold(say('tooLittle')), learning: true }
    }
    const { level, expected, atMost } = seen
    backlog = Math.max(0, backlog + requests(now - every, now) - served * podRps * every)
    served = ready
    // What waits, and what will until new pods help.
    const waiting = queues ? backlog + Math.max(0, level * Math.sqrt(Math.max(1, expected)) - ready * podRps) * (podStart + every) : 0
    const ahead = level * atMost
    const need = ahead + (waiting > 1 ? waiting / DRAIN : 0)
    const pods = Math.min(max, Math.max(min, Math.ceil(need / podRps)))

    needs = needs.filter(({ at }) => at > now - KEEP)
    while (needs.length > 0 && needs.at(-1)!.pods <= pods) needs.pop()
    needs.push({ at: now, pods })
    const highest = needs[0]!.pods
    const round = (rate: number) => rate.toFixed(rate < 10 ? 1 : 0)
    if (pods > replicas) {
      idle = 0
      const wanted = Math.min(max, Math.ceil((need * (1 + EXTRA)) / podRps))
      return {
        replicas: Math.max(pods, wanted),
        ahead,
        why: say(waiting > 1 ? 'growsQueue' : 'grows', {
          rate: round(level),
          ahead: round(ahead),
          start: podStart,
          waiting: round(waiting),
          pod: round(podRps),
        }),
      }
    }
    if (highest >= replicas) {
      idle = 0
      return { ...hold(say('right', { rate: round(level), ahead: round(ahead), start: podStart, pods: replicas })), ahead }
    }
    idle += (((replicas - highest) / replicas) * every) / 60
    if (idle < IDLE) return { ...hold(say('idle', { idle: replicas - highest, pods: replicas })), ahead }
    idle = 0
    return {
      replicas: Math.max(min, highest),
      ahead,
      why: say('shrinks', { rate: round(level), ahead: round(ahead), start: podStart, pods: highest, idle: replicas - highest }),
    }
  }
}
