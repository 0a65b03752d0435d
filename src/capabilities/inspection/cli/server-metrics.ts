/** Metrics that a server of ours keeps, asked as the user. */
import { CodedError } from '#core/kernel/errors.ts'
import { err, ok } from '#core/kernel/result.ts'
import type { MetricSource } from '#core/shapes/ports/metric-source.ts'
import type { ApiClient } from '#kits/cli-kit/door.ts'

interface Answer {
  data: { resultType: string; result: { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] }[] }
}

export const serverMetrics = (api: Pick<ApiClient, 'get'>, cluster: string): MetricSource => ({
  async range({ promql, from, to, step }) {
    try {
      const { data } = await api.get<Answer>(`/clusters/${encodeURIComponent(cluster)}/metrics/query`, { query: promql, start: from, end: to, step })
      if (data.resultType !== 'matrix' && data.resultType !== 'vector') return err('the expression is no instant vector')
      return ok(
        data.result.map(({ metric, value, values }) => ({
          labels: metric,
          points: (values ?? (value ? [value] : [])).map(([seconds, text]) => [seconds * 1000, Number(text)] as const),
        })),
      )
    } catch (error) {
      if (error instanceof CodedError) return err(error.message)
      throw error
    }
  },
})
