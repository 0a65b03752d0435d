/** PromQL over this server's own metrics, for what judges by any Prometheus. */
import { CodedError, describeError } from '#core/kernel/errors.ts'
import { err, ok } from '#core/kernel/result.ts'
import { labelsObject } from '#core/promql/labels.ts'
import { timeAt } from '#core/promql/value.ts'
import type { MetricSource } from '#core/shapes/ports/metric-source.ts'
import type { Metrics } from '#core/shapes/ports/metrics.ts'

/** With all of a cluster's metrics in view: for reconcilers, never to answer what a user asked. Histograms have no points. */
export const ownMetricSource = (metrics: Pick<Metrics, 'query'>, cluster: string): MetricSource => ({
  async range({ promql, from, to, step }) {
    try {
      const { value, grid } = await metrics.query({ view: { cluster, namespaces: 'all' }, text: promql, start: from, end: to, step, lane: 'rules' })
      if (value.type === 'string' || value.type === 'matrix') return err('the expression is no instant vector')
      const series = value.type === 'scalar' ? [{ labels: undefined, kind: new Uint8Array(grid.n).fill(1), values: value.values }] : value.series
      return ok(
        series.map(({ labels, kind, values }) => {
          const steps = Array.from(kind.keys()).filter((i) => kind[i] === 1)
          return { labels: labels ? labelsObject(labels) : {}, points: steps.map((i) => [timeAt(grid, i), values[i]!] as const) }
        }),
      )
    } catch (error) {
      if (error instanceof CodedError) return err(describeError(error, 'en').message)
      throw error
    }
  },
})
