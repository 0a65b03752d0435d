/** What containers used over days, asked of whoever keeps the series of kubelets (cAdvisor's names, as `sallyport collect` and Prometheus bring them). */
import { ok, type Result } from '#core/kernel/result.ts'
import type { MetricSource } from '#core/shapes/ports/metric-source.ts'
import type { PodUse, Usage } from '../domain/inventory.ts'

export const DAY = 86_400_000
/** A point is the average (CPU) or the most (memory) of that long, ms. */
const STEP = 1_800_000
export const USAGE_WINDOW = 7 * DAY

const question = (resource: 'cpu' | 'memory', namespace: string | undefined): string => {
  const which = `{container!="",container!="POD"${namespace === undefined ? '' : `,namespace=${JSON.stringify(namespace)}`}}[${STEP / 1000}s]`
  return resource === 'cpu'
    ? `sum by (namespace, pod, container) (rate(container_cpu_usage_seconds_total${which}))`
    : `max by (namespace, pod, container) (max_over_time(container_memory_working_set_bytes${which}))`
}

/** Nearest rank. */
const percentile = (values: number[], share: number): number => values.sort((a, b) => a - b)[Math.ceil(share * values.length) - 1]!

/** A day at a time, so that no question is a big one. Undefined: nobody measures containers. @param from ms since the epoch */
export async function usageOf(source: MetricSource, from: number, to: number, namespace?: string): Promise<Result<Usage | undefined, string>> {
  const found = new Map<string, { place: string; pod: string; cpu: number[]; memory: number[] }>()
  let [first, last] = [Number.POSITIVE_INFINITY, 0]
  for (const resource of ['cpu', 'memory'] as const)
    for (let begin = from + STEP; begin <= to; begin += DAY) {
      const answer = await source.range({ promql: question(resource, namespace), from: begin, to: Math.min(begin + DAY - STEP, to), step: STEP })
      if (!answer.ok) return answer
      for (const { labels, points } of answer.value) {
        const { namespace: own = '', pod = '', container = '' } = labels
        const key = `${own}/${container}/${pod}`
        const entry = found.get(key) ?? { place: `${own}/${container}`, pod, cpu: [], memory: [] }
        found.set(key, entry)
        for (const [at, value] of points) {
          if (!Number.isFinite(value)) continue
          entry[resource].push(value)
          first = Math.min(first, at - STEP)
          last = Math.max(last, at)
        }
      }
    }
  if (last === 0) return ok(undefined)
  const byContainer = new Map<string, PodUse[]>()
  for (const { place, pod, cpu, memory } of found.values()) {
    const use: PodUse = {
      pod,
      ...(cpu.length > 0 ? { cpu: percentile(cpu, 0.95) } : {}),
      ...(memory.length > 0 ? { memory: percentile(memory, 1) } : {}),
    }
    byContainer.set(place, [...(byContainer.get(place) ?? []), use])
  }
  return ok({ span: last - first, byContainer })
}
