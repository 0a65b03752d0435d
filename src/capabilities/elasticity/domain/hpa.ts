/**
 * What the cluster's HorizontalPodAutoscaler (autoscaling/v2) decides: for previews, shadows and replays.
 * https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details and KEP-853 (behavior).
 */

export interface HpaSpec {
  /** Default 1. */
  minReplicas?: number
  maxReplicas: number
  behavior?: { scaleUp?: Partial<ScalingRules>; scaleDown?: Partial<ScalingRules> }
  /** The controller's flag `--horizontal-pod-autoscaler-downscale-stabilization`, seconds. Default 300. */
  downscaleStabilization?: number
  /** Controllers of that time look in one direction only, at what was recommended and changed, and shrink though one of several metrics is unreadable. Default: as they are now. */
  controller?: 'v1.20'
}

export interface ScalingRules {
  stabilizationWindowSeconds: number
  selectPolicy: 'Max' | 'Min' | 'Disabled'
  policies: readonly { type: 'Pods' | 'Percent'; value: number; periodSeconds: number }[]
  /** Relative; KEP-4951. */
  tolerance: number
}

/** One metric as it was read; `value` undefined: it could not be. */
export type Reading =
  /** External or Object: as a whole against `value`, or shared by the pods against `averageValue`. */
  | { type: 'value'; value: number | undefined; target: number }
  | { type: 'averageValue'; value: number | undefined; target: number }
  /** Resource by utilization of requests, percent. */
  | { type: 'utilization'; target: number; pods: readonly PodReading[] }
  /** Pods or Resource by average. */
  | { type: 'perPod'; target: number; pods: readonly PodReading[] }

export interface PodReading {
  /** Undefined: the pod has no sample. */
  value: number | undefined
  /** In the unit of `value`; only for utilization. A pod without one makes the metric unreadable. */
  request?: number
  /** Not yet ready, or in its first minutes: counts as 0 when growing. */
  unready?: boolean
  /** Deleted or failed: does not count. */
  gone?: boolean
}

/** What the controller remembers between two looks; a restart forgets it. */
export interface HpaState {
  recommendations: { at: number; replicas: number }[]
  ups: { at: number; change: number }[]
  downs: { at: number; change: number }[]
}

export interface HpaDecision {
  replicas: number
  /** Condition as the controller words it: `ScalingDisabled`, `TooFewReplicas`, `TooManyReplicas`, `FailedGetMetric`, `ValidMetricFound`. */
  reason: string
}

export const emptyHpaState = (): HpaState => ({ recommendations: [], ups: [], downs: [] })

const TOLERANCE = 0.1
/** Of the API's defaults, https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/ */
const UP: ScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Percent', value: 100, periodSeconds: 15 },
    { type: 'Pods', value: 4, periodSeconds: 15 },
  ],
  tolerance: TOLERANCE,
}
const DOWN: ScalingRules = {
  stabilizationWindowSeconds: 300,
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  tolerance: TOLERANCE,
}

/** `now` in seconds. `current` is what the scale subresource says; `ready` its ready pods. Changes `state`. */
export function hpaDecide(
  spec: HpaSpec,
  { current, ready, readings }: { current: number; ready: number; readings: readonly Reading[] },
  state: HpaState,
  now: number,
): HpaDecision {
  const min = spec.minReplicas ?? 1
  const { maxReplicas: max } = spec
  if (current === 0 && min !== 0) return { replicas: 0, reason: 'ScalingDisabled' }
  const old = spec.controller === 'v1.20'
  // What is there when the controller first looks counts as recommended.
  if (state.recommendations.length === 0) state.recommendations.push({ at: now, replicas: current })
  const window = spec.downscaleStabilization ?? DOWN.stabilizationWindowSeconds
  const rules = { up: { ...UP, ...spec.behavior?.scaleUp }, down: { ...DOWN, stabilizationWindowSeconds: window, ...spec.behavior?.scaleDown } }
  const settle = (replicas: number, reason: string): HpaDecision => {
    if (replicas > current) remember(state.ups, rules.up, now, replicas - current)
    if (replicas < current) remember(state.downs, rules.down, now, current - replicas)
    return { replicas, reason }
  }
  if (current > max) return settle(max, 'TooManyReplicas')
  if (current < min) return settle(min, 'TooFewReplicas')

  let wanted: number | undefined
  let unread = 0
  for (const reading of readings) {
    const proposal = propose(reading, current, ready, rules)
    if (proposal === undefined) unread++
    else wanted = Math.max(wanted ?? 0, proposal)
  }
  // What is not known must not scale in.
  if (wanted === undefined || (unread > 0 && wanted < current && !old)) return settle(current, 'FailedGetMetric')

  if (spec.behavior === undefined) {
    const stable = withoutBehavior(wanted, state, window, now)
    return settle(Math.min(max, Math.max(2 * current, 4), Math.max(min, stable)), 'ValidMetricFound')
  }
  const stable = stabilize(wanted, current, state, rules, now, old)
  const limited = limit(stable, current, state, rules, now, old)
  return settle(Math.min(max, Math.max(min, limited)), 'ValidMetricFound')
}

/** The place of an event that no policy of its direction looks at any more is taken by the next, as the controller does it. */
function remember(events: HpaState['ups'], { policies }: ScalingRules, at: number, change: number): void {
  const longest = Math.max(0, ...policies.map(({ periodSeconds }) => periodSeconds))
  const old = events.findLastIndex((event) => event.at < at - longest)
  events.splice(old < 0 ? events.length : old, 1, { at, change })
}

interface Rules {
  up: ScalingRules
  down: ScalingRules
}

const within = (ratio: number, { up, down }: Rules) => ratio >= 1 - down.tolerance && ratio <= 1 + up.tolerance

/** Replicas that one metric asks for; undefined when it could not be read. */
function propose(reading: Reading, current: number, ready: number, rules: Rules): number | undefined {
  switch (reading.type) {
    case 'value': {
      if (reading.value === undefined) return undefined
      const ratio = reading.value / reading.target
      if (current === 0) return Math.ceil(ratio)
      return within(ratio, rules) ? current : Math.ceil(ratio * ready)
    }
    case 'averageValue': {
      if (reading.value === undefined) return undefined
      if (current > 0 && within(reading.value / (reading.target * current), rules)) return current
      return Math.ceil(reading.value / reading.target)
    }
    default:
      return proposeByPods(reading, current, rules)
  }
}

/** Pods without a sample are taken as what would make the change smaller; if that turns it around, nothing changes. */
function proposeByPods({ type, target, pods }: Extract<Reading, { pods: readonly PodReading[] }>, current: number, rules: Rules): number | undefined {
  const counted = pods.filter(({ gone }) => gone !== true)
  const unready = counted.filter((pod) => pod.unready === true)
  const missing = counted.filter((pod) => pod.unready !== true && pod.value === undefined)
  const read = counted.filter((pod) => pod.unready !== true && pod.value !== undefined)
  if (read.length === 0) return undefined
  if (type === 'utilization' && counted.some(({ request }) => request === undefined || request <= 0)) return undefined
  const ratioOf = (values: readonly { value: number; request: number }[]) => {
    const used = values.reduce((sum, { value }) => sum + value, 0)
    if (type === 'perPod') return used / values.length / target
    // whole percents, as the controller reckons
    return Math.trunc((used * 100) / values.reduce((sum, { request }) => sum + request, 0)) / target
  }
  const as = (pod: PodReading, value: number) => ({ value, request: pod.request ?? 0 })
  const sampled = read.map((pod) => as(pod, pod.value!))
  const ratio = ratioOf(sampled)
  const growsUnready = unready.length > 0 && ratio > 1
  if (!growsUnready && missing.length === 0) return within(ratio, rules) ? current : Math.ceil(ratio * read.length)
  const full = (pod: PodReading) => (type === 'perPod' ? target : Math.max(1, target / 100) * pod.request!)
  const filled = [
    ...sampled,
    ...(ratio === 1 ? [] : missing.map((pod) => as(pod, ratio < 1 ? full(pod) : 0))),
    ...(growsUnready ? unready.map((pod) => as(pod, 0)) : []),
  ]
  const corrected = ratioOf(filled)
  if (within(corrected, rules) || (ratio < 1 && corrected > 1) || (ratio > 1 && corrected < 1)) return current
  const wanted = Math.ceil(corrected * filled.length)
  return (corrected < 1 && wanted > current) || (corrected > 1 && wanted < current) ? current : wanted
}

/** Without `behavior` the controller keeps to its older rules: the most that was recommended lately, and at most twice the pods or four at once. */
function withoutBehavior(wanted: number, state: HpaState, window: number, now: number): number {
  state.recommendations = state.recommendations.filter(({ at }) => at >= now - window)
  state.recommendations.push({ at: now, replicas: wanted })
  return Math.max(...state.recommendations.map(({ replicas }) => replicas))
}

/** The least that was recommended in the window of growth, the most in that of shrinking. */
function stabilize(wanted: number, current: number, state: HpaState, { up, down }: Rules, now: number, oneSided: boolean): number {
  let least = wanted
  let most = wanted
  for (const { at, replicas } of state.recommendations) {
    if (at > now - up.stabilizationWindowSeconds) least = Math.min(least, replicas)
    if (at > now - down.stabilizationWindowSeconds) most = Math.max(most, replicas)
  }
  const longest = Math.max(up.stabilizationWindowSeconds, down.stabilizationWindowSeconds)
  state.recommendations = state.recommendations.filter(({ at }) => at > now - longest)
  state.recommendations.push({ at: now, replicas: wanted })
  if (oneSided) return wanted >= current ? least : most
  return Math.min(Math.max(current, least), most)
}

function limit(wanted: number, current: number, { ups, downs }: HpaState, { up, down }: Rules, now: number, oneSided: boolean): number {
  const rules = wanted > current ? up : down
  if (wanted === current) return current
  if (rules.selectPolicy === 'Disabled') return current
  const changed = (events: HpaState['ups'], period: number) => events.reduce((sum, { at, change }) => (at > now - period ? sum + change : sum), 0)
  const limits = rules.policies.map(({ type, value, periodSeconds }) => {
    const grows = wanted > current
    const began = current - (oneSided && !grows ? 0 : changed(ups, periodSeconds)) + (oneSided && grows ? 0 : changed(downs, periodSeconds))
    if (grows) return type === 'Pods' ? began + value : Math.ceil(began * (1 + value / 100))
    return type === 'Pods' ? began - value : Math.trunc(began * (1 - value / 100))
  })
  if (wanted > current) return Math.min(wanted, Math.max(current, rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits)))
  return Math.max(wanted, Math.min(current, rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits)))
}
