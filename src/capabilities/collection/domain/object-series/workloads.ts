import { parseSchedule, runsOf } from '#core/kernel/cron.ts'
import { zoneOf } from '#core/kernel/zone.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { putOwners } from './pods.ts'
import { type Condition, type Put, putStates, seconds } from './text.ts'

type Numbers = Readonly<Record<string, number | undefined>>
const numbers = (part: unknown) => (part ?? {}) as Numbers
const conditionsOf = (part: unknown) => ((part as { conditions?: readonly Condition[] } | undefined)?.conditions ?? []) as readonly Condition[]

export function namespaceSeries({ status }: KubeObject, put: Put): void {
  const { phase } = (status ?? {}) as { phase?: string }
  for (const each of ['Active', 'Terminating']) put('kube_namespace_status_phase', phase === each, 'phase', each)
  for (const { type, status: state } of conditionsOf(status)) putStates(put, 'kube_namespace_status_condition', state, 'status', 'condition', type)
}

/** A number, or a share of `of` in per cent. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/#DeploymentSpec */
function scaled(value: number | string | undefined, of: number, round: (number: number) => number): number | undefined {
  if (value === undefined || typeof value === 'number') return value
  const percent = /^(\d+)%$/.exec(value)
  return percent ? round((Number(percent[1]) / 100) * of) : undefined
}

export function deploymentSeries({ metadata, spec: rawSpec, status: rawStatus }: KubeObject, put: Put): void {
  const spec = (rawSpec ?? {}) as {
    replicas?: number
    paused?: boolean
    strategy?: { rollingUpdate?: { maxUnavailable?: number | string; maxSurge?: number | string } }
  }
  const status = numbers(rawStatus)
  const replicas = spec.replicas ?? 1
  put('kube_deployment_status_replicas', status.replicas ?? 0)
  put('kube_deployment_status_replicas_ready', status.readyReplicas ?? 0)
  put('kube_deployment_status_replicas_available', status.availableReplicas ?? 0)
  put('kube_deployment_status_replicas_unavailable', status.unavailableReplicas ?? 0)
  put('kube_deployment_status_replicas_updated', status.updatedReplicas ?? 0)
  put('kube_deployment_status_observed_generation', status.observedGeneration ?? 0)
  for (const { type, status: state, reason } of conditionsOf(rawStatus))
    putStates(put, 'kube_deployment_status_condition', state, 'status', 'condition', type, 'reason', reason)
  put('kube_deployment_spec_replicas', replicas)
  put('kube_deployment_spec_paused', spec.paused ?? false)
  const rolling = spec.strategy?.rollingUpdate
  put('kube_deployment_spec_strategy_rollingupdate_max_unavailable', scaled(rolling?.maxUnavailable, replicas, Math.floor))
  put('kube_deployment_spec_strategy_rollingupdate_max_surge', scaled(rolling?.maxSurge, replicas, Math.ceil))
  put('kube_deployment_metadata_generation', metadata.generation)
}

export function statefulSetSeries({ metadata, spec: rawSpec, status: rawStatus }: KubeObject, put: Put): void {
  const spec = (rawSpec ?? {}) as {
    replicas?: number
    ordinals?: { start?: number }
    persistentVolumeClaimRetentionPolicy?: { whenDeleted?: string; whenScaled?: string }
  }
  const status = numbers(rawStatus)
  const { currentRevision, updateRevision } = (rawStatus ?? {}) as { currentRevision?: string; updateRevision?: string }
  put('kube_statefulset_status_replicas', status.replicas ?? 0)
  put('kube_statefulset_status_replicas_current', status.currentReplicas ?? 0)
  put('kube_statefulset_status_replicas_ready', status.readyReplicas ?? 0)
  put('kube_statefulset_status_replicas_available', status.availableReplicas ?? 0)
  put('kube_statefulset_status_replicas_updated', status.updatedReplicas ?? 0)
  put('kube_statefulset_status_observed_generation', status.observedGeneration ?? 0)
  put('kube_statefulset_replicas', spec.replicas ?? 1)
  put('kube_statefulset_ordinals_start', spec.ordinals?.start)
  put('kube_statefulset_metadata_generation', metadata.generation)
  const policy = spec.persistentVolumeClaimRetentionPolicy
  if (policy) put('kube_statefulset_persistentvolumeclaim_retention_policy', 1, 'when_deleted', policy.whenDeleted, 'when_scaled', policy.whenScaled)
  if (currentRevision) put('kube_statefulset_status_current_revision', 1, 'revision', currentRevision)
  if (updateRevision) put('kube_statefulset_status_update_revision', 1, 'revision', updateRevision)
}

export function daemonSetSeries({ metadata, status: rawStatus }: KubeObject, put: Put): void {
  const status = numbers(rawStatus)
  put('kube_daemonset_status_current_number_scheduled', status.currentNumberScheduled ?? 0)
  put('kube_daemonset_status_desired_number_scheduled', status.desiredNumberScheduled ?? 0)
  put('kube_daemonset_status_number_available', status.numberAvailable ?? 0)
  put('kube_daemonset_status_number_misscheduled', status.numberMisscheduled ?? 0)
  put('kube_daemonset_status_number_ready', status.numberReady ?? 0)
  put('kube_daemonset_status_number_unavailable', status.numberUnavailable ?? 0)
  put('kube_daemonset_status_observed_generation', status.observedGeneration ?? 0)
  put('kube_daemonset_status_updated_number_scheduled', status.updatedNumberScheduled ?? 0)
  put('kube_daemonset_metadata_generation', metadata.generation)
}

export function replicaSetSeries({ metadata, spec, status: rawStatus }: KubeObject, put: Put): void {
  const status = numbers(rawStatus)
  put('kube_replicaset_status_replicas', status.replicas ?? 0)
  put('kube_replicaset_status_fully_labeled_replicas', status.fullyLabeledReplicas ?? 0)
  put('kube_replicaset_status_ready_replicas', status.readyReplicas ?? 0)
  put('kube_replicaset_status_observed_generation', status.observedGeneration ?? 0)
  put('kube_replicaset_spec_replicas', numbers(spec).replicas ?? 1)
  put('kube_replicaset_metadata_generation', metadata.generation)
  putOwners(put, 'kube_replicaset_owner', metadata.ownerReferences)
}

const FAILURES = ['BackoffLimitExceeded', 'DeadlineExceeded', 'Evicted'] as const

export function jobSeries({ metadata, spec: rawSpec, status: rawStatus }: KubeObject, put: Put): void {
  const spec = numbers(rawSpec)
  const status = numbers(rawStatus)
  const { startTime, completionTime } = (rawStatus ?? {}) as { startTime?: string; completionTime?: string }
  put('kube_job_info', 1)
  putOwners(put, 'kube_job_owner', metadata.ownerReferences)
  put('kube_job_spec_parallelism', spec.parallelism)
  put('kube_job_spec_completions', spec.completions)
  put('kube_job_spec_active_deadline_seconds', spec.activeDeadlineSeconds)
  put('kube_job_status_active', status.active ?? 0)
  put('kube_job_status_succeeded', status.succeeded ?? 0)
  const failed = status.failed ?? 0
  const why = conditionsOf(rawStatus).find(({ type }) => type === 'Failed')?.reason
  if (failed > 0 && FAILURES.some((reason) => reason === why))
    for (const reason of FAILURES) put('kube_job_status_failed', reason === why ? failed : 0, 'reason', reason)
  else put('kube_job_status_failed', failed)
  put('kube_job_status_start_time', seconds(startTime))
  put('kube_job_status_completion_time', seconds(completionTime))
  for (const { type, status: state } of conditionsOf(rawStatus)) {
    if (type === 'Complete') putStates(put, 'kube_job_complete', state, 'condition')
    else if (type === 'Failed') putStates(put, 'kube_job_failed', state, 'condition')
    else if (type === 'Suspended') putStates(put, 'kube_job_status_suspended', state, 'condition')
  }
}

/** Two years: schedules of the 29th of February aside, every one has a next time within. */
const HORIZON_MS = 2 * 366 * 86_400_000

export function cronJobSeries({ metadata, spec: rawSpec, status: rawStatus }: KubeObject, put: Put, now: number): void {
  const spec = (rawSpec ?? {}) as {
    schedule?: string
    timeZone?: string
    concurrencyPolicy?: string
    suspend?: boolean
    startingDeadlineSeconds?: number
    successfulJobsHistoryLimit?: number
    failedJobsHistoryLimit?: number
  }
  const status = (rawStatus ?? {}) as { active?: readonly unknown[]; lastScheduleTime?: string; lastSuccessfulTime?: string }
  // The zone may stand in the schedule, as controllers of old versions took it.
  const [, inSchedule, fields] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/.exec(spec.schedule ?? '') ?? []
  put('kube_cronjob_info', 1, 'schedule', spec.schedule, 'concurrency_policy', spec.concurrencyPolicy, 'timezone', spec.timeZone ?? 'local')
  put('kube_cronjob_status_active', status.active?.length ?? 0)
  put('kube_cronjob_status_last_schedule_time', seconds(status.lastScheduleTime))
  put('kube_cronjob_status_last_successful_time', seconds(status.lastSuccessfulTime))
  put('kube_cronjob_spec_suspend', spec.suspend ?? false)
  put('kube_cronjob_spec_starting_deadline_seconds', spec.startingDeadlineSeconds)
  put('kube_cronjob_spec_successful_job_history_limit', spec.successfulJobsHistoryLimit)
  put('kube_cronjob_spec_failed_job_history_limit', spec.failedJobsHistoryLimit)
  put('kube_cronjob_metadata_resource_version', /^\d+$/.test(metadata.resourceVersion ?? '') ? Number(metadata.resourceVersion) : undefined)
  const zone = zoneOf(spec.timeZone ?? inSchedule ?? 'UTC')
  const schedule = spec.suspend ? undefined : parseSchedule(fields ?? '', [5])
  if (!zone || !schedule?.ok) return
  const last = seconds(status.lastScheduleTime ?? metadata.creationTimestamp)
  const from = Math.max(last === undefined ? now : last * 1000, now - 86_400_000)
  for (const at of runsOf(schedule.value, zone, from, now + HORIZON_MS)) {
    if (at <= from) continue
    put('kube_cronjob_next_schedule_time', Math.floor(at / 1000))
    return
  }
}

export function budgetSeries({ status: rawStatus }: KubeObject, put: Put): void {
  const status = numbers(rawStatus)
  put('kube_poddisruptionbudget_status_current_healthy', status.currentHealthy ?? 0)
  put('kube_poddisruptionbudget_status_desired_healthy', status.desiredHealthy ?? 0)
  put('kube_poddisruptionbudget_status_pod_disruptions_allowed', status.disruptionsAllowed ?? 0)
  put('kube_poddisruptionbudget_status_expected_pods', status.expectedPods ?? 0)
  put('kube_poddisruptionbudget_status_observed_generation', status.observedGeneration ?? 0)
}
