/**
 * HorizontalPodAutoscaler: v2 ↔ v2beta2 (same fields), v2beta1 (flat metrics), v1 (CPU only; the rest in annotations, as the API server keeps it).
 * https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/horizontal-pod-autoscaler-v2/
 */
import type { KubeObject } from '../objects.ts'
import { annotate, annotation, type Body, bodies, bodyOf, type Family, isBody, listOf, type Note, type Step } from './family.ts'

const METRICS = 'autoscaling.alpha.kubernetes.io/metrics'
const CURRENT = 'autoscaling.alpha.kubernetes.io/current-metrics'
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions'
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior'

/** Fields without value are left out, as in JSON of the API. */
const compact = (body: Body): Body => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))

const SOURCES = ['resource', 'containerResource', 'pods', 'object', 'external'] as const
type Source = (typeof SOURCES)[number]

/** v2 source → the flat one of v2beta1 and of the annotations. */
function flatten(source: Source, body: Body, current: boolean): Body {
  const of = bodyOf(current ? body.current : body.target)
  const metric = bodyOf(body.metric)
  const [utilization, average, value] = current
    ? ['currentAverageUtilization', 'currentAverageValue', 'currentValue']
    : ['targetAverageUtilization', 'targetAverageValue', 'targetValue']
  switch (source) {
    case 'resource':
    case 'containerResource':
      return compact({
        name: body.name,
        container: body.container,
        [utilization]: of.averageUtilization,
        // The status of v2beta1 always has the value.
        [average]: of.averageValue ?? (current ? '0' : undefined),
      })
    case 'pods':
      return compact({ metricName: metric.name, selector: metric.selector, [average]: of.averageValue ?? '0' })
    case 'object':
      return compact({
        target: body.describedObject,
        metricName: metric.name,
        selector: metric.selector,
        [value]: of.value ?? '0',
        averageValue: of.averageValue,
      })
    case 'external':
      return compact({ metricName: metric.name, metricSelector: metric.selector, [value]: of.value ?? (current ? '0' : undefined), [average]: of.averageValue })
  }
}

/** What `flatten` cannot hold, by field of the target. */
const HELD: Record<Source, readonly string[]> = {
  resource: ['averageUtilization', 'averageValue'],
  containerResource: ['averageUtilization', 'averageValue'],
  pods: ['averageValue'],
  object: ['value', 'averageValue'],
  external: ['value', 'averageValue'],
}

function unflatten(source: Source, body: Body, current: boolean): Body {
  const [utilization, average, value] = current
    ? [body.currentAverageUtilization, body.currentAverageValue, body.currentValue]
    : [body.targetAverageUtilization, body.targetAverageValue, body.targetValue]
  const of = (parts: Body): Body => {
    const set = compact(parts)
    return current ? { current: set } : { target: { ...set, type: typeOf(set) } }
  }
  const metric = (selector: unknown): Body => compact({ name: body.metricName, selector })
  switch (source) {
    case 'resource':
    case 'containerResource':
      return compact({
        name: body.name,
        container: body.container,
        ...of({ averageUtilization: utilization, averageValue: current && utilization !== undefined && isZero(average) ? undefined : average }),
      })
    case 'pods':
      return { metric: metric(body.selector), ...of({ averageValue: average }) }
    // A flat metric always has a value: 0 beside another one stands for none.
    case 'object': {
      const placeholder = body.averageValue !== undefined && isZero(value)
      return { describedObject: body.target, metric: metric(body.selector), ...of({ value: placeholder ? undefined : value, averageValue: body.averageValue }) }
    }
    case 'external': {
      const placeholder = current && average !== undefined && isZero(value)
      return { metric: metric(body.metricSelector), ...of({ value: placeholder ? undefined : value, averageValue: average }) }
    }
  }
}

const isZero = (quantity: unknown): boolean => quantity === '0' || quantity === 0
const typeOf = (target: Body): string =>
  target.averageUtilization !== undefined ? 'Utilization' : target.averageValue !== undefined ? 'AverageValue' : 'Value'

function metricDown(metric: Body, path: string, current: boolean, note: Note): Body {
  const flat: Body = { ...metric }
  for (const source of SOURCES) {
    const body = metric[source]
    if (!isBody(body)) continue
    const of = bodyOf(current ? body.current : body.target)
    const at = `${path}.${source}.${current ? 'current' : 'target'}`
    for (const field of ['value', 'averageValue', 'averageUtilization'])
      if (of[field] !== undefined && !HELD[source].includes(field)) note('lost', `${at}.${field}`, 'the older metric has no field for it')
    flat[source] = flatten(source, body, current)
    const back = bodyOf(unflatten(source, bodyOf(flat[source]), current)[current ? 'current' : 'target'])
    for (const field of HELD[source])
      if (of[field] !== undefined && back[field] === undefined) note('lost', `${at}.${field}`, 'the older metric reads 0 as none')
      else if (of[field] === undefined && back[field] !== undefined) note('kept', `${at}.${field}`, 'the older metric always has a value')
    if (!current && of.type !== undefined && back.type !== of.type)
      note('lost', `${at}.type`, `the older metric says it by the field that is set (${String(back.type)})`)
  }
  return flat
}

function metricUp(metric: Body, current: boolean): Body {
  const full: Body = { ...metric }
  for (const source of SOURCES) if (isBody(metric[source])) full[source] = unflatten(source, metric[source], current)
  return full
}

const mapMetrics = (body: unknown, field: string, map: (metric: Body, path: string) => Body, path: string): void => {
  if (isBody(body) && Array.isArray(body[field])) body[field] = bodies(body[field], `${path}.${field}`).map(([metric, at]) => map(metric, at))
}

const behaviorDown: Step = (object) => {
  const spec = object.spec
  if (!isBody(spec) || spec.behavior === undefined) return
  annotate(object, BEHAVIOR, JSON.stringify(spec.behavior))
  delete spec.behavior
}
const behaviorUp: Step = (object, note) => {
  const behavior = readAnnotation(object, BEHAVIOR, note)
  if (isBody(behavior)) object.spec = { ...bodyOf(object.spec), behavior }
}

/** Takes an annotation with JSON; what cannot be read stays where it is. */
function readAnnotation(object: KubeObject, key: string, note: Note): unknown {
  const text = annotation(object, key)
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    annotate(object, key, undefined)
    return value
  } catch {
    note('lost', `metadata.annotations["${key}"]`, 'is no JSON and has no effect in autoscaling/v2')
    return undefined
  }
}

const v2beta1Down: Step = (object, note) => {
  behaviorDown(object, note)
  mapMetrics(object.spec, 'metrics', (metric, path) => metricDown(metric, path, false, note), 'spec')
  mapMetrics(object.status, 'currentMetrics', (metric, path) => metricDown(metric, path, true, note), 'status')
}
const v2beta1Up: Step = (object, note) => {
  behaviorUp(object, note)
  mapMetrics(object.spec, 'metrics', (metric) => metricUp(metric, false), 'spec')
  mapMetrics(object.status, 'currentMetrics', (metric) => metricUp(metric, true), 'status')
}

const isCpu = (metric: unknown, of: 'target' | 'current'): boolean => {
  const { type, resource } = bodyOf(metric)
  const values = bodyOf(bodyOf(resource)[of])
  return (
    type === 'Resource' && bodyOf(resource).name === 'cpu' && values.averageUtilization !== undefined && (of === 'current' || values.averageValue === undefined)
  )
}

const v1Down: Step = (object, note) => {
  behaviorDown(object, note)
  const spec = object.spec
  if (isBody(spec) && Array.isArray(spec.metrics)) {
    const metrics = spec.metrics
    delete spec.metrics
    // The API server reads the field last.
    const cpu = metrics.findLastIndex((metric) => isCpu(metric, 'target'))
    if (cpu >= 0) spec.targetCPUUtilizationPercentage = bodyOf(bodyOf(bodyOf(metrics[cpu]).resource).target).averageUtilization
    const rest = bodies(metrics, 'spec.metrics').filter(([metric]) => metric !== metrics[cpu])
    if (rest.length > 0) annotate(object, METRICS, JSON.stringify(rest.map(([metric, path]) => metricDown(metric, path, false, note))))
    if (cpu >= 0 && cpu !== metrics.length - 1) note('changed', `spec.metrics[${cpu}]`, 'comes last when it is read again; the order has no meaning')
  }
  const status = object.status
  if (!isBody(status)) return
  if (Array.isArray(status.conditions)) {
    annotate(object, CONDITIONS, JSON.stringify(status.conditions))
    delete status.conditions
  }
  if (!Array.isArray(status.currentMetrics)) return
  const metrics = status.currentMetrics
  delete status.currentMetrics
  const cpu = metrics.findIndex((metric) => isCpu(metric, 'current'))
  if (cpu >= 0) status.currentCPUUtilizationPercentage = bodyOf(bodyOf(bodyOf(metrics[cpu]).resource).current).averageUtilization
  const onlyUtilization = cpu >= 0 && bodyOf(bodyOf(bodyOf(metrics[cpu]).resource).current).averageValue === undefined
  const rest = bodies(metrics, 'status.currentMetrics').filter(([metric]) => !(onlyUtilization && metric === metrics[cpu]))
  if (rest.length > 0) annotate(object, CURRENT, JSON.stringify(rest.map(([metric, path]) => metricDown(metric, path, true, note))))
}

const v1Up: Step = (object, note) => {
  behaviorUp(object, note)
  const spec = object.spec
  if (isBody(spec)) {
    const metrics = listOf(readAnnotation(object, METRICS, note)).map((metric) => metricUp(bodyOf(metric), false))
    const cpu = spec.targetCPUUtilizationPercentage
    delete spec.targetCPUUtilizationPercentage
    if (cpu !== undefined && cpu !== null)
      metrics.push({ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpu } } })
    if (metrics.length > 0) spec.metrics = metrics
  }
  const conditions = readAnnotation(object, CONDITIONS, note)
  const current = listOf(readAnnotation(object, CURRENT, note)).map((metric) => metricUp(bodyOf(metric), true))
  if (!isBody(object.status) && !Array.isArray(conditions) && current.length === 0) return
  const status = bodyOf(object.status)
  object.status = status
  if (Array.isArray(conditions)) status.conditions = conditions
  const cpu = status.currentCPUUtilizationPercentage
  delete status.currentCPUUtilizationPercentage
  if (cpu !== undefined && cpu !== null && !current.some((metric) => isCpu(metric, 'current')))
    current.push({ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: cpu } } })
  if (current.length > 0) status.currentMetrics = current
}

export const AUTOSCALING: readonly Family[] = [
  {
    kinds: ['HorizontalPodAutoscaler'],
    hub: 'autoscaling/v2',
    versions: { 'autoscaling/v2beta2': {}, 'autoscaling/v2beta1': { up: v2beta1Up, down: v2beta1Down }, 'autoscaling/v1': { up: v1Up, down: v1Down } },
  },
]
