/**
 * A pod of stable that is down (or hangs) says nothing about stable's version: its errors would make any canary look good, and the noise that it is would keep a
 * good one open for as long as it fails. So it is set aside while it fails, and for some time after, because flapping pods fail again.
 * Only few may be: where pods of stable fail by turns, failing is what its pods do, and is counted as noise.
 */
import type { PodCounts } from './blocks.ts'
import { countFrom } from './latency-buckets.ts'

export interface FailingPods {
  /** Of each stable pod: bad requests and all, old ones weigh less. */
  readonly counts: Map<string, Counts>
  /** Set aside, and the block at which each comes back. */
  readonly aside: Map<string, number>
  /** Pods that were set aside at any time, and their requests that are not compared with. */
  readonly ever: Map<string, number>
  /** Too many failed: none is set aside any more. */
  many: boolean
  blocks: number
}

interface Counts {
  bad: number
  requests: number
}

/** Half of what was counted is forgotten after two minutes of 15 s blocks. */
const FORGET = 0.5 ** (1 / 8)
/** Comes back after this many blocks (5 minutes) without failing. */
const REST_BLOCKS = 20
/** Bad requests beyond what the other pods have: more than a session of errors, or two. */
const SURPLUS = 20
/** Of the pod's requests, and against the share of the other pods. */
const SHARE = 0.1
const TIMES = 5
/** Pods that are told apart. */
const MOST_PODS = 1_000

export const createFailingPods = (): FailingPods => ({ counts: new Map(), aside: new Map(), ever: new Map(), many: false, blocks: 0 })

/** The canary begins: of what was before, only what fails now counts. */
export function forgetPast(failing: FailingPods): void {
  const { aside, ever } = failing
  ever.clear()
  for (const pod of aside.keys()) ever.set(pod, 0)
  failing.many = false
}

/** One block of stable. `stuckFrom`: bucket of latency from which a request hangs. Says whether a pod was set aside just now. */
export function observeFailing(failing: FailingPods, stable: ReadonlyMap<string, PodCounts>, stuckFrom: number): boolean {
  const { counts, aside, ever } = failing
  failing.blocks++
  for (const one of counts.values()) {
    one.bad *= FORGET
    one.requests *= FORGET
  }
  const now = new Map<string, Counts>()
  for (const [pod, { errors, requests, latency, top }] of stable) {
    // An error that hung is counted once at most per request.
    const bad = Math.min(requests, errors + countFrom(stuckFrom, latency, top))
    now.set(pod, { bad, requests })
    const sum = counts.get(pod)
    if (sum) {
      sum.bad += bad
      sum.requests += requests
    } else if (counts.size < MOST_PODS) counts.set(pod, { bad, requests })
  }
  if (failing.many) return false
  let fresh = false
  for (const pod of failingOf(now).concat(failingOf(counts))) {
    if (!aside.has(pod)) fresh = true
    aside.set(pod, failing.blocks + REST_BLOCKS)
    if (!ever.has(pod)) ever.set(pod, 0)
  }
  for (const [pod, until] of aside) if (until <= failing.blocks) aside.delete(pod)
  if (ever.size > Math.max(1, counts.size >> 2)) {
    failing.many = true
    aside.clear()
  }
  for (const pod of aside.keys()) ever.set(pod, ever.get(pod)! + (stable.get(pod)?.requests ?? 0))
  return fresh && !failing.many
}

/** Pods that are much worse than all the others together. */
function failingOf(pods: ReadonlyMap<string, Counts>): string[] {
  let all = 0
  let allBad = 0
  for (const { bad, requests } of pods.values()) {
    all += requests
    allBad += bad
  }
  return [...pods].flatMap(([pod, { bad, requests }]) => {
    const others = all - requests
    if (others <= 0) return []
    const rate = (allBad - bad + 1) / (others + 1)
    return bad - requests * rate >= SURPLUS && bad >= requests * Math.max(SHARE, TIMES * rate) ? [pod] : []
  })
}

/** The pods that are compared with. */
export function withoutFailing<V>({ aside }: FailingPods, stable: ReadonlyMap<string, V>): ReadonlyMap<string, V> {
  if (aside.size === 0) return stable
  const left = new Map([...stable].filter(([pod]) => !aside.has(pod)))
  // Nobody else answers: then that is what stable does.
  return left.size > 0 ? left : stable
}
