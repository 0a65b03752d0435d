import type { KubeObject } from '#core/kube/objects.ts'
import { amount } from './resources.ts'
import { type Condition, type Put, putStates } from './text.ts'

interface Value {
  value?: string | number
  averageValue?: string | number
  averageUtilization?: number
}
/** Of `spec.metrics` with `target`, of `status.currentMetrics` with `current`; by its `type` in lower case. */
interface Metric {
  type: string
  resource?: { name: string; target?: Value; current?: Value }
  containerResource?: { name: string; target?: Value; current?: Value }
  pods?: { metric: { name: string }; target?: Value; current?: Value }
  object?: { metric: { name: string }; target?: Value; current?: Value }
  external?: { metric: { name: string }; target?: Value; current?: Value }
}

function putMetrics(put: Put, name: string, metrics: readonly Metric[] | undefined): void {
  for (const metric of metrics ?? []) {
    const of = metric.resource ?? metric.containerResource ?? metric.pods ?? metric.object ?? metric.external
    if (!of) continue
    const value = of.target ?? of.current ?? {}
    const metricName = 'metric' in of ? of.metric.name : of.name
    const one = (type: string, number: number | undefined) => put(name, number, 'metric_name', metricName, 'metric_target_type', type)
    one('value', amount(value.value))
    one('average', amount(value.averageValue))
    one('utilization', value.averageUtilization)
  }
}

export function autoscalerSeries({ metadata, spec: rawSpec, status: rawStatus }: KubeObject, put: Put): void {
  const spec = (rawSpec ?? {}) as {
    scaleTargetRef?: { apiVersion?: string; kind?: string; name?: string }
    minReplicas?: number
    maxReplicas?: number
    metrics?: readonly Metric[]
  }
  const status = (rawStatus ?? {}) as {
    currentReplicas?: number
    desiredReplicas?: number
    currentMetrics?: readonly Metric[] | null
    conditions?: readonly Condition[]
  }
  const { apiVersion, kind, name } = spec.scaleTargetRef ?? {}
  put('kube_horizontalpodautoscaler_info', 1, 'scaletargetref_api_version', apiVersion, 'scaletargetref_kind', kind, 'scaletargetref_name', name)
  put('kube_horizontalpodautoscaler_metadata_generation', metadata.generation ?? 0)
  put('kube_horizontalpodautoscaler_spec_max_replicas', spec.maxReplicas)
  put('kube_horizontalpodautoscaler_spec_min_replicas', spec.minReplicas ?? 1)
  putMetrics(put, 'kube_horizontalpodautoscaler_spec_target_metric', spec.metrics)
  putMetrics(put, 'kube_horizontalpodautoscaler_status_target_metric', status.currentMetrics ?? [])
  for (const { type, status: state } of status.conditions ?? [])
    putStates(put, 'kube_horizontalpodautoscaler_status_condition', state, 'status', 'condition', type)
  put('kube_horizontalpodautoscaler_status_current_replicas', status.currentReplicas ?? 0)
  put('kube_horizontalpodautoscaler_status_desired_replicas', status.desiredReplicas ?? 0)
}
