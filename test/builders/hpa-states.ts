/** Random lives of HPAs, decided twice: by `hpaDecide` and by the plain reading of its rules. */
import { emptyHpaState, type HpaSpec, hpaDecide, type ScalingRules } from '#capabilities/elasticity/domain/hpa.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { type PlainMetric, type PlainRules, plainHpa } from './plain-hpa.ts'

const LIFE = 40

/** The first states of `count` in which the two differ. */
export function compareWithPlain(count: number, seed: number): unknown[] {
  const random = seededRandom(seed)
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
  const of = <T>(...values: T[]): T => values[between(0, values.length - 1)]!
  const rulesOf = (): PlainRules => ({
    window: of(0, 0, 30, 300, between(1, 600)),
    select: of('Max', 'Max', 'Min', 'Disabled'),
    policies: Array.from({ length: between(1, 3) }, () => ({
      type: of('Pods' as const, 'Percent' as const),
      value: of(1, 4, 50, 100, between(1, 300)),
      period: between(1, 180),
    })),
  })
  const asSpec = ({ window, select, policies }: PlainRules): Partial<ScalingRules> => ({
    stabilizationWindowSeconds: window,
    selectPolicy: select,
    policies: policies.map(({ type, value, period }) => ({ type, value, periodSeconds: period })),
  })
  const different: unknown[] = []
  for (let done = 0; done < count && different.length < 3; ) {
    const min = between(1, 10)
    const max = min + between(0, 120)
    const rules = random() < 0.3 ? null : { up: rulesOf(), down: rulesOf() }
    const window = of(0, 60, 300)
    const look = plainHpa(min, max, rules, window)
    const spec: HpaSpec = {
      minReplicas: min,
      maxReplicas: max,
      downscaleStabilization: window,
      ...(rules === null ? {} : { behavior: { scaleUp: asSpec(rules.up), scaleDown: asSpec(rules.down) } }),
    }
    const state = emptyHpaState()
    const targets = Array.from({ length: between(1, 3) }, () => ({ type: of('value' as const, 'averageValue' as const), target: between(1, 200) }))
    let current = between(0, max + 5)
    let now = 1_000
    for (let step = 0; step < LIFE && done < count; step++, done++) {
      now += of(15, 15, 15, between(1, 60))
      // Now and then somebody else scales.
      if (random() < 0.03) current = between(0, max + 5)
      const ready = between(Math.floor(current / 2), current)
      const metrics: PlainMetric[] = targets.map(({ type, target }) => ({
        type,
        target,
        value:
          random() < 0.05
            ? null
            : type === 'value'
              ? target * 2 * random()
              : random() < 0.3
                ? target * current * (0.85 + 0.3 * random())
                : target * max * 1.2 * random(),
      }))
      const plain = look(now, current, ready, metrics)
      const readings = metrics.map(({ type, target, value }) => ({ type, target, value: value ?? undefined }))
      const { replicas } = hpaDecide(spec, { current, ready, readings }, state, now)
      if (replicas !== plain) {
        different.push({ spec, now, current, ready, metrics, plain, replicas })
        break
      }
      current = replicas
    }
  }
  return different
}
