/** What the API server fills into pods and what makes pods: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/ */
import type { Obj } from './store.ts'

// biome-ignore lint/suspicious/noExplicitAny: parts of objects, read and written by name
type Fields = Record<string, any>

function defaultContainer(container: Fields): void {
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  const tag = /:([\w][\w.-]*)$/.exec(String(container.image ?? ''))?.[1]
  container.imagePullPolicy ??= !String(container.image ?? '').includes('@') && (tag === undefined || tag === 'latest') ? 'Always' : 'IfNotPresent'
  container.resources ??= {}
  if (container.resources.limits !== undefined) container.resources.requests = { ...container.resources.limits, ...container.resources.requests }
  for (const port of container.ports ?? []) port.protocol ??= 'TCP'
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name]
    if (probe === undefined) continue
    probe.timeoutSeconds ??= 1
    probe.periodSeconds ??= 10
    probe.successThreshold ??= 1
    probe.failureThreshold ??= 3
    if (probe.httpGet !== undefined) {
      probe.httpGet.scheme ??= 'HTTP'
      probe.httpGet.path ??= '/'
    }
  }
}

export function defaultPod(spec: Fields): void {
  spec.restartPolicy ??= 'Always'
  spec.terminationGracePeriodSeconds ??= 30
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.securityContext ??= {}
  spec.schedulerName ??= 'default-scheduler'
  if (spec.serviceAccountName !== undefined) spec.serviceAccount ??= spec.serviceAccountName
  for (const list of ['containers', 'initContainers']) if (Array.isArray(spec[list])) for (const container of spec[list]) defaultContainer(container)
  for (const volume of Array.isArray(spec.volumes) ? spec.volumes : []) {
    const source = volume.configMap ?? volume.secret
    if (source !== undefined) source.defaultMode ??= 420
  }
}

export function defaultWorkload(object: Obj): void {
  object.spec ??= {}
  const spec = object.spec
  if (object.kind !== 'DaemonSet') spec.replicas ??= 1
  if (spec.template !== undefined) {
    spec.template.spec ??= {}
    defaultPod(spec.template.spec)
  }
  if (object.kind === 'Deployment') {
    spec.strategy ??= {}
    spec.strategy.type ??= 'RollingUpdate'
    if (spec.strategy.type === 'RollingUpdate') spec.strategy.rollingUpdate = { maxUnavailable: '25%', maxSurge: '25%', ...spec.strategy.rollingUpdate }
    spec.revisionHistoryLimit ??= 10
    spec.progressDeadlineSeconds ??= 600
  }
  if (object.kind === 'StatefulSet' || object.kind === 'DaemonSet') {
    spec.revisionHistoryLimit ??= 10
    spec.updateStrategy ??= {}
    spec.updateStrategy.type ??= 'RollingUpdate'
  }
  if (object.kind === 'StatefulSet') spec.podManagementPolicy ??= 'OrderedReady'
}

/** Its pods are chosen by its uid, unless it says otherwise. */
export function defaultJob(object: Obj, old: Obj | undefined): void {
  object.spec ??= {}
  const { spec } = object
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= 6
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.template ??= {}
  spec.template.spec ??= {}
  defaultPod(spec.template.spec)
  if (spec.manualSelector || old !== undefined) return
  const uid = object.metadata.uid!
  const labels = { 'batch.kubernetes.io/controller-uid': uid, 'batch.kubernetes.io/job-name': object.metadata.name }
  spec.selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } }
  spec.template.metadata = { ...spec.template.metadata, labels: { ...spec.template.metadata?.labels, ...labels } }
}

/** https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ */
export function qosOf(spec: Fields): string {
  const containers: Fields[] = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  const both = containers.flatMap(({ resources }) => [resources?.requests, resources?.limits])
  if (both.every((one) => one === undefined || Object.keys(one).length === 0)) return 'BestEffort'
  const guaranteed = containers.every(({ resources }) =>
    ['cpu', 'memory'].every(
      (name) => resources?.limits?.[name] !== undefined && resources.limits[name] === (resources.requests?.[name] ?? resources.limits[name]),
    ),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}
