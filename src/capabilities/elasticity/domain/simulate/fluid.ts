/**
 * Replays a trace of requests against a policy, second by second: pods answer up to their safe load, what is too much waits, new pods take their time.
 * A fluid model: what it leaves out is said in the capability's README.
 */

export interface World {
  /** Requests per second, one value each second. */
  load: Float64Array
  /** Requests per second that one ready pod answers within its objective. */
  podRps: number
  /** From the decision to ready, seconds. */
  podStart: number
  /** Seconds at the beginning that teach but do not count. */
  unscored: number
  min: number
  max: number
  /** Waiting longer than this is a violation, seconds. Default 0.25. */
  objective?: number
  /** Keeps how many pods were wanted, every so many seconds. */
  sample?: number
}

/** What a policy may see: nothing of the future. */
export interface View {
  /** Seconds since the beginning of the trace. */
  now: number
  /** Pods that are wanted, whether they are ready or not. */
  replicas: number
  ready: number
  podRps: number
  podStart: number
  min: number
  max: number
  /** Requests in seconds [from, to), both at most `now`. */
  requests(from: number, to: number): number
}

export interface Policy {
  name: string
  /** Looks every so many seconds. */
  every: number
  /** Pods that it wants from now on. */
  decide(view: View): number
}

export interface Outcome {
  name: string
  /** Minutes in which requests waited too long, by the second. */
  violation_minutes: number
  replica_hours: number
  scale_changes: number
  /** The worst minutes, worst first. */
  worst: readonly { second: number; violation_seconds: number; load: number; capacity: number; longest_wait: number }[]
  /** At every `sample` seconds from the begin of the trace. */
  pods?: number[]
}

const WORST = 10

/** Deterministic. */
export function simulate(world: World, policy: Policy): Outcome {
  const { load, podRps, podStart, unscored, min, max, objective = 0.25, sample } = world
  const seconds = load.length
  const before = new Float64Array(seconds + 1)
  for (let t = 0; t < seconds; t++) before[t + 1] = before[t]! + load[t]!

  let replicas = Math.min(max, Math.max(min, Math.ceil(load[0]! / podRps)))
  let ready = replicas
  /** Pods that start, by the second at which they are ready. */
  const starting: { at: number; count: number }[] = []
  let first = 0
  const minutes = Math.ceil(seconds / 60)
  const bad = new Uint8Array(minutes)
  const wait = new Float32Array(minutes)
  const capacity = new Float32Array(minutes)
  let queue = 0
  let podSeconds = 0
  let violations = 0
  let changes = 0
  const pods: number[] = []
  let now = 0
  const view: View = {
    now: 0,
    replicas,
    ready,
    podRps,
    podStart,
    min,
    max,
    requests(from, to) {
      if (to > now) throw new RangeError('a policy must not see the future')
      return before[Math.max(0, to)]! - before[Math.max(0, from)]!
    },
  }

  for (now = 0; now < seconds; now++) {
    while (first < starting.length && starting[first]!.at <= now) ready += starting[first++]!.count
    if (now % policy.every === 0) {
      Object.assign(view, { now, replicas, ready })
      const wanted = Math.min(max, Math.max(min, Math.ceil(policy.decide(view))))
      if (wanted > replicas) starting.push({ at: now + podStart, count: wanted - replicas })
      let surplus = replicas - wanted
      // What is not ready yet goes first, as ReplicaSets do it; the newest before the older.
      while (surplus > 0 && starting.length > first) {
        const newest = starting.at(-1)!
        const gone = Math.min(surplus, newest.count)
        newest.count -= gone
        surplus -= gone
        if (newest.count === 0) starting.pop()
      }
      if (surplus > 0) ready -= surplus
      if (wanted !== replicas && now >= unscored) changes++
      replicas = wanted
    }
    if (sample !== undefined && now % sample === 0) pods.push(replicas)
    const served = ready * podRps
    queue = Math.max(0, queue + load[now]! - served)
    const waited = served === 0 ? (queue > 0 ? Number.POSITIVE_INFINITY : 0) : queue / served
    if (now < unscored) continue
    podSeconds += replicas
    const minute = Math.floor(now / 60)
    capacity[minute] = served
    if (waited > wait[minute]!) wait[minute] = waited
    if (waited > objective) {
      violations++
      bad[minute]!++
    }
  }

  const worst = Array.from({ length: minutes }, (_, minute) => minute)
    .filter((minute) => bad[minute]! > 0)
    .sort((a, b) => bad[b]! - bad[a]! || wait[b]! - wait[a]!)
    .slice(0, WORST)
    .map((minute) => ({
      second: minute * 60,
      violation_seconds: bad[minute]!,
      load: Math.max(...load.subarray(minute * 60, minute * 60 + 60)),
      capacity: capacity[minute]!,
      longest_wait: wait[minute]!,
    }))
  return {
    name: policy.name,
    violation_minutes: violations / 60,
    replica_hours: podSeconds / 3_600,
    scale_changes: changes,
    worst,
    ...(sample === undefined ? {} : { pods }),
  }
}

/** Values of equal periods, as a load for each second: straight lines between the middles of the periods. */
export function perSecond(counts: Float64Array, period: number): Float64Array {
  const load = new Float64Array(counts.length * period)
  const half = period / 2
  for (let t = 0; t < load.length; t++) {
    const at = (t + 0.5 - half) / period
    const low = Math.max(0, Math.min(counts.length - 1, Math.floor(at)))
    const high = Math.min(counts.length - 1, low + 1)
    const part = Math.min(1, Math.max(0, at - low))
    load[t] = (counts[low]! * (1 - part) + counts[high]! * part) / period
  }
  return load
}
