/**
 * The HorizontalPodAutoscaler written down a second time, as its documentation tells it and one step after the other, to compare with.
 * Times are whole seconds. It keeps every recommendation forever, and looks at all of them each time.
 */
export interface PlainRules {
  window: number
  select: 'Max' | 'Min' | 'Disabled'
  policies: { type: 'Pods' | 'Percent'; value: number; period: number }[]
}
export interface PlainMetric {
  type: 'value' | 'averageValue'
  target: number
  value: number | null
}

/** Replicas after each look. `rules` null: the object has no behavior. */
export function plainHpa(min: number, max: number, rules: { up: PlainRules; down: PlainRules } | null, window = 300) {
  const recommended: [second: number, replicas: number][] = []
  const grown: [second: number, by: number][] = []
  const shrunk: [second: number, by: number][] = []

  function answerAt(second: number, current: number, ready: number, metrics: PlainMetric[]): number {
    if (current === 0) return 0
    if (recommended.length === 0) recommended.push([second, current])
    if (current > max) return max
    if (current < min) return min
    let desired = -1
    let invalid = 0
    for (const metric of metrics) {
      if (metric.value === null) {
        invalid += 1
        continue
      }
      let proposal: number
      if (metric.type === 'value') {
        const ratio = metric.value / metric.target
        if (ratio >= 0.9 && ratio <= 1.1) proposal = current
        else proposal = Math.ceil(ratio * ready)
      } else {
        const ratio = metric.value / (metric.target * current)
        if (ratio >= 0.9 && ratio <= 1.1) proposal = current
        else proposal = Math.ceil(metric.value / metric.target)
      }
      if (proposal > desired) desired = proposal
    }
    if (invalid === metrics.length) return current
    if (invalid > 0 && desired < current) return current
    recommended.push([second, desired])

    if (rules === null) {
      for (const [when, replicas] of recommended) if (when >= second - window && replicas > desired) desired = replicas
      const ceiling = Math.min(max, Math.max(2 * current, 4))
      if (desired < min) desired = min
      if (desired > ceiling) desired = ceiling
      return desired
    }

    const { up, down } = rules
    let lowest = desired
    let highest = desired
    for (const [when, replicas] of recommended) {
      if (when > second - up.window && replicas < lowest) lowest = replicas
      if (when > second - down.window && replicas > highest) highest = replicas
    }
    let steady = current
    if (steady < lowest) steady = lowest
    if (steady > highest) steady = highest

    if (steady > current) {
      if (up.select === 'Disabled') return within(current)
      let limit = up.select === 'Max' ? -1 : 1_000_000_000
      for (const policy of up.policies) {
        const start = startOf(policy.period, second, current)
        const allowed = policy.type === 'Pods' ? start + policy.value : Math.ceil(start * (1 + policy.value / 100))
        limit = up.select === 'Max' ? Math.max(limit, allowed) : Math.min(limit, allowed)
      }
      if (limit < current) limit = current
      return within(Math.min(steady, limit))
    }
    if (steady < current) {
      if (down.select === 'Disabled') return within(current)
      let limit = down.select === 'Max' ? 1_000_000_000 : -1_000_000_000
      for (const policy of down.policies) {
        const start = startOf(policy.period, second, current)
        const allowed = policy.type === 'Pods' ? start - policy.value : Math.trunc(start * (1 - policy.value / 100))
        limit = down.select === 'Max' ? Math.min(limit, allowed) : Math.max(limit, allowed)
      }
      if (limit > current) limit = current
      return within(Math.max(steady, limit))
    }
    return within(current)
  }

  function startOf(period: number, second: number, current: number): number {
    let start = current
    for (const [when, by] of grown) if (when > second - period) start -= by
    for (const [when, by] of shrunk) if (when > second - period) start += by
    return start
  }

  // Nothing is thrown away before something takes its place.
  function store(events: [second: number, by: number][], policies: PlainRules['policies'], second: number, by: number): void {
    let longest = 0
    for (const policy of policies) if (policy.period > longest) longest = policy.period
    let place = events.length
    for (let i = 0; i < events.length; i++) if (events[i]![0] < second - longest) place = i
    events[place] = [second, by]
  }

  function within(replicas: number): number {
    return Math.max(min, Math.min(max, replicas))
  }

  return (second: number, current: number, ready: number, metrics: PlainMetric[]): number => {
    const answer = answerAt(second, current, ready, metrics)
    if (answer > current) store(grown, rules === null ? [] : rules.up.policies, second, answer - current)
    if (answer < current) store(shrunk, rules === null ? [] : rules.down.policies, second, current - answer)
    return answer
  }
}
