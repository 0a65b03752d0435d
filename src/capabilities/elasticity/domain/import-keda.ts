/**
 * ScaledObjects (keda.sh/v1alpha1) as what the cluster's own HorizontalPodAutoscaler and our schedules read, with all that is other then.
 * Fields and defaults: https://keda.sh/docs/latest/reference/scaledobject-spec/ and the pages of the scalers cron, prometheus, cpu, memory.
 */
import { z } from 'zod'
import type { Problem } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import { parseQuantity } from '#core/kernel/quantity.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { CRON_API, PROMQL_ANNOTATION } from './foreign.ts'
import { promqlProblem } from './promql.ts'
import { jobsOf } from './schedules.ts'

export interface Difference {
  /** `ScaledObject shop/web`. */
  object: string
  path: string
  /** `fixed`: better on purpose; `differs`: acts otherwise; `left out`: does nothing here. */
  kind: 'fixed' | 'differs' | 'left out'
  message: string
}
export interface Imported {
  objects: KubeObject[]
  differences: Difference[]
  problems: Problem[]
}

const text = z.string().max(10_000)
const count = z.int().min(0).max(100_000)
const spec = z.looseObject({
  scaleTargetRef: z.looseObject({ apiVersion: text.default('apps/v1'), kind: text.default('Deployment'), name: z.string().min(1).max(253) }),
  minReplicaCount: count.default(0),
  maxReplicaCount: count.default(100),
  idleReplicaCount: count.optional(),
  triggers: z
    .array(z.looseObject({ type: z.string(), name: text.optional(), metadata: z.record(z.string(), z.unknown()).default({}), metricType: text.optional() }))
    .min(1)
    .max(100),
  advanced: z
    .looseObject({
      horizontalPodAutoscalerConfig: z.looseObject({ name: text.optional(), behavior: z.record(z.string(), z.unknown()).optional() }).optional(),
    })
    .optional(),
})
type Spec = z.output<typeof spec>
type Trigger = Spec['triggers'][number]

const positive = (what: unknown): number | undefined => {
  const value = typeof what === 'string' && what.trim() !== '' ? parseQuantity(what.trim()) : undefined
  return value !== undefined && value > 0 ? value : undefined
}

/** What becomes of one ScaledObject; with problems there are no objects. */
export function importScaledObject(object: KubeObject): Imported {
  const read = parseInput(spec, object.spec ?? {})
  if (!read.ok) return { objects: [], differences: [], problems: read.error.map((one) => ({ ...one, path: one.path === '' ? 'spec' : `spec.${one.path}` })) }
  const { scaleTargetRef: target, minReplicaCount: min, maxReplicaCount: max, triggers, advanced } = read.value
  const { name, namespace } = object.metadata
  const about = `ScaledObject ${namespace ?? 'default'}/${name}`
  const differences: Difference[] = []
  const problems: Problem[] = []
  const say = (path: string, kind: Difference['kind'], message: string) => void differences.push({ object: about, path, kind, message })
  if (min > max) problems.push({ path: 'spec.minReplicaCount', message: `must not be above maxReplicaCount, ${max}` })

  const metrics: object[] = []
  const annotations: Record<string, string> = {}
  for (const [i, trigger] of triggers.entries()) {
    const path = `spec.triggers[${i}]`
    if (trigger.type === 'cpu' || trigger.type === 'memory') metrics.push(...resourceMetric(trigger, path, problems, say))
    else if (trigger.type === 'prometheus') {
      const metric = `keda-${i}-${name}`.slice(0, 200)
      metrics.push(...promqlMetric(trigger, metric, path, problems, say))
      annotations[`${PROMQL_ANNOTATION}${metric}`] = String(trigger.metadata.query ?? '')
    } else if (trigger.type !== 'cron') say(path, 'left out', `triggers of type ${trigger.type} have no source here`)
  }
  const schedules = jobsOf(object)
  problems.push(...schedules.problems)
  if (problems.length > 0) return { objects: [], differences: [], problems }

  const objects: KubeObject[] = []
  const hpaName = advanced?.horizontalPodAutoscalerConfig?.name ?? `keda-hpa-${name}`
  const metadata = (of: string) => ({ name: of, ...(namespace === undefined ? {} : { namespace }) })
  if (metrics.length > 0) {
    if (min === 0) say('spec.minReplicaCount', 'differs', 'an HPA keeps at least one pod: there is no scaling to zero')
    const behavior = advanced?.horizontalPodAutoscalerConfig?.behavior
    objects.push({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { ...metadata(hpaName), ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
      spec: {
        scaleTargetRef: { apiVersion: target.apiVersion, kind: target.kind, name: target.name },
        minReplicas: Math.max(1, min),
        maxReplicas: Math.max(1, max),
        metrics,
        ...(behavior === undefined ? {} : { behavior }),
      },
    })
  }
  const zones = [...new Set(schedules.jobs.map(({ timezone }) => timezone))]
  for (const [i, zone] of zones.entries()) {
    const jobs = triggers.flatMap((trigger, at) => {
      const { timezone, start, end, desiredReplicas } = trigger.metadata as Record<string, string>
      if (trigger.type !== 'cron' || timezone !== zone) return []
      const called = trigger.name ?? `trigger-${at}`
      return [
        { name: `${called}-start`, schedule: `0 ${start}`, targetSize: Number(desiredReplicas) },
        { name: `${called}-end`, schedule: `0 ${end}`, targetSize: metrics.length > 0 ? Math.max(1, min) : min },
      ]
    })
    objects.push({
      apiVersion: CRON_API,
      kind: 'CronHorizontalPodAutoscaler',
      metadata: metadata(i === 0 ? name : `${name}-${i + 1}`),
      spec: {
        scaleTargetRef:
          metrics.length > 0
            ? { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', name: hpaName }
            : { apiVersion: target.apiVersion, kind: target.kind, name: target.name },
        ...(zone === undefined ? {} : { timezone: zone }),
        jobs,
      },
    })
  }
  if (zones.length > 0) {
    say('spec.triggers', 'fixed', 'on days on which summer time begins or ends no window is lost: a time that is skipped runs right after the gap')
    if (schedules.jobs.length > 2) say('spec.triggers', 'differs', 'where windows overlap, the last that began or ended holds; KEDA takes the highest')
    if (metrics.length > 0)
      say(
        'spec.triggers',
        'differs',
        'a window raises the floor only when fewer pods are there as it begins: with more, the HPA may go below it before the window ends',
      )
    else if (max < 100_000 && schedules.jobs.some(({ targetSize = 0 }) => targetSize > max))
      say('spec.maxReplicaCount', 'differs', `a window asks for more than ${max}: it gets what it asks for`)
  }
  others(object.spec as Record<string, unknown>, metrics.length > 0, say)
  return { objects, differences, problems }
}

type Say = (path: string, kind: Difference['kind'], message: string) => void

function resourceMetric({ type, metadata, metricType }: Trigger, path: string, problems: Problem[], say: Say): object[] {
  const kind = metricType ?? metadata.type
  if (metricType === undefined && metadata.type !== undefined) say(`${path}.metadata.type`, 'fixed', 'is read as metricType, which took its place')
  const value = positive(metadata.value)
  if (kind !== 'Utilization' && kind !== 'AverageValue') problems.push({ path: `${path}.metricType`, message: 'must be Utilization or AverageValue' })
  if (value === undefined) problems.push({ path: `${path}.metadata.value`, message: 'must be a quantity above 0 in quotes' })
  const target =
    kind === 'Utilization' ? { type: kind, averageUtilization: Math.round(value ?? 0) } : { type: 'AverageValue', averageValue: String(metadata.value) }
  return metadata.containerName === undefined
    ? [{ type: 'Resource', resource: { name: type, target } }]
    : [{ type: 'ContainerResource', containerResource: { name: type, container: metadata.containerName, target } }]
}

function promqlMetric({ metadata, metricType, ...trigger }: Trigger, metric: string, path: string, problems: Problem[], say: Say): object[] {
  const { query, threshold, ignoreNullValues, serverAddress, activationThreshold } = metadata
  if (typeof query !== 'string' || query.trim() === '') problems.push({ path: `${path}.metadata.query`, message: 'is required' })
  else {
    const wrong = promqlProblem(query)
    if (wrong !== undefined) problems.push({ path: `${path}.metadata.query`, message: wrong })
  }
  if (positive(threshold) === undefined) problems.push({ path: `${path}.metadata.threshold`, message: 'must be a number above 0 in quotes' })
  if (metricType !== undefined && metricType !== 'AverageValue' && metricType !== 'Value')
    problems.push({ path: `${path}.metricType`, message: 'must be AverageValue or Value' })
  say(`${path}.metadata.query`, 'differs', 'is asked of the metrics that Sallyport keeps, and sees only series with the label namespace of this namespace')
  if (serverAddress !== undefined)
    say(`${path}.metadata.serverAddress`, 'left out', `${String(serverAddress)} is not asked: let it remote-write to Sallyport, or let Sallyport scrape`)
  if (ignoreNullValues !== 'false') say(`${path}.metadata.ignoreNullValues`, 'fixed', 'an answer that is empty or no number is not 0: the HPA holds')
  if (activationThreshold !== undefined) say(`${path}.metadata.activationThreshold`, 'left out', 'there is no scaling to zero that it would begin')
  if (trigger.authenticationRef !== undefined) say(`${path}.authenticationRef`, 'left out', 'no Prometheus is asked over the network')
  const amount = String(threshold)
  return [
    {
      type: 'External',
      external: {
        metric: { name: metric },
        target: metricType === 'Value' ? { type: 'Value', value: amount } : { type: 'AverageValue', averageValue: amount },
      },
    },
  ]
}

/** Fields of the object itself that mean something else here, or nothing. */
function others(fields: Record<string, unknown>, hpa: boolean, say: Say): void {
  const advanced = (fields.advanced ?? {}) as Record<string, unknown>
  if (fields.pollingInterval !== undefined) say('spec.pollingInterval', 'left out', hpa ? 'the HPA asks every 15 seconds' : 'schedules act on time')
  if (fields.cooldownPeriod !== undefined) say('spec.cooldownPeriod', 'left out', 'it is of scaling to zero; the HPA has behavior.scaleDown')
  if (fields.idleReplicaCount !== undefined) say('spec.idleReplicaCount', 'left out', 'there is no idle state')
  if (fields.fallback !== undefined) say('spec.fallback', 'fixed', 'a source that fails holds what there is, always; no number has to be given')
  if (advanced.scalingModifiers !== undefined)
    say('spec.advanced.scalingModifiers', 'left out', 'triggers are not combined by a formula: write it as one PromQL')
  if (advanced.restoreToOriginalReplicaCount !== undefined)
    say('spec.advanced.restoreToOriginalReplicaCount', 'left out', 'what is there when it is deleted stays')
}
