/** What is special to a kind when it is written: what is filled in, what must hold, what may never change. */
import { isJsonObject, type Json, sameJson } from '#core/kube/json.ts'
import { type LabelSelector, requirementsOf, selects } from '#core/kube/selectors.ts'
import { type FieldProblem, type Schema, validate, withDefaults } from '#core/kube/structural.ts'
import { crdProblems, prepareCrd } from './crds.ts'
import type { Kind, ServedVersion } from './kinds.ts'
import { defaultJob, defaultPod, defaultWorkload, qosOf } from './pod-defaults.ts'
import { prepareService } from './services.ts'
import type { Obj } from './store.ts'
import { timestamp, type World } from './world.ts'
import type { Target, WriteContext } from './writes.ts'

export interface Strategy {
  /** `metadata.generation` counts changes of what is wanted. */
  hasGeneration?: boolean
  keepStatusOnCreate?: boolean
  keepStatusOnUpdate?: boolean
  /** Fills in and completes; may change `object`, which is the caller's own. */
  prepare?(world: World, object: Obj, old: Obj | undefined, context: WriteContext, subresource?: string): Obj
  problems?(object: Obj, old: Obj | undefined): FieldProblem[]
}

const immutable = (field: string, value: unknown): FieldProblem => ({ type: 'Invalid', field, value, message: 'field is immutable' })

const workload: Strategy = {
  hasGeneration: true,
  prepare(_, object) {
    defaultWorkload(object)
    return object
  },
  problems(object, old) {
    const problems: FieldProblem[] = []
    const selector = object.spec?.selector as LabelSelector | undefined
    const labels = object.spec?.template?.metadata?.labels
    if (selector === undefined || requirementsOf(selector).length === 0)
      problems.push({ type: 'Invalid', field: 'spec.selector', value: selector ?? {}, message: 'empty selector is invalid for deployment' })
    else if (!selects(requirementsOf(selector), labels))
      problems.push({ type: 'Invalid', field: 'spec.template.metadata.labels', value: labels ?? {}, message: '`selector` does not match template `labels`' })
    if (old !== undefined && !sameJson(old.spec.selector, object.spec.selector)) problems.push(immutable('spec.selector', object.spec.selector))
    if (Number(object.spec?.replicas ?? 0) < 0)
      problems.push({ type: 'Invalid', field: 'spec.replicas', value: object.spec.replicas, message: 'must be greater than or equal to 0' })
    return [...problems, ...podProblems(object.spec?.template?.spec, 'spec.template.spec')]
  },
}

function podProblems(spec: Obj | undefined, path: string): FieldProblem[] {
  const containers = spec?.containers
  if (!Array.isArray(containers) || containers.length === 0) return [{ type: 'Required', field: `${path}.containers`, message: '' }]
  const problems: FieldProblem[] = []
  const names = new Set<string>()
  for (const [i, container] of containers.entries()) {
    const at = `${path}.containers[${i}]`
    if (!container.name) problems.push({ type: 'Required', field: `${at}.name`, message: '' })
    else if (names.has(container.name)) problems.push({ type: 'Duplicate', field: `${at}.name`, value: container.name, message: '' })
    names.add(container.name)
    if (!container.image) problems.push({ type: 'Required', field: `${at}.image`, message: '' })
  }
  return problems
}

/** What may change in a pod that exists. */
const podFrame = (spec: Obj): unknown => ({
  ...spec,
  containers: spec.containers?.map(({ image: _, ...rest }: Obj) => rest),
  initContainers: spec.initContainers?.map(({ image: _, ...rest }: Obj) => rest),
  activeDeadlineSeconds: undefined,
  tolerations: undefined,
  terminationGracePeriodSeconds: undefined,
  nodeName: undefined,
})

const frozenWhenImmutable = (object: Obj, old: Obj | undefined): FieldProblem[] => {
  if (old?.immutable !== true) return []
  const problems: FieldProblem[] = []
  if (object.immutable !== true) problems.push({ type: 'Forbidden', field: 'immutable', message: 'field is immutable when `immutable` is set' })
  for (const field of ['data', 'binaryData'])
    if (!sameJson(object[field], old[field])) problems.push({ type: 'Forbidden', field, message: 'field is immutable when `immutable` is set' })
  return problems
}

const webhookConfiguration: Strategy = {
  hasGeneration: true,
  prepare(_, object) {
    for (const webhook of object.webhooks ?? []) {
      webhook.failurePolicy ??= 'Fail'
      webhook.matchPolicy ??= 'Equivalent'
      webhook.timeoutSeconds ??= 10
      webhook.namespaceSelector ??= {}
      webhook.objectSelector ??= {}
      if (object.kind === 'MutatingWebhookConfiguration') webhook.reinvocationPolicy ??= 'Never'
      for (const rule of webhook.rules ?? []) rule.scope ??= '*'
      if (webhook.clientConfig?.service !== undefined) webhook.clientConfig.service.port ??= 443
    }
    return object
  },
  problems: (object) =>
    (object.webhooks ?? []).flatMap((webhook: Obj, i: number): FieldProblem[] => {
      const { url, service } = webhook.clientConfig ?? {}
      const at = `webhooks[${i}]`
      if ((url === undefined) === (service === undefined))
        return [{ type: 'Required', field: `${at}.clientConfig`, message: 'exactly one of url or service is required' }]
      if (url !== undefined && URL.parse(String(url))?.protocol !== 'https:')
        return [{ type: 'Invalid', field: `${at}.clientConfig.url`, value: url, message: "'https' is the only allowed URL scheme" }]
      return webhook.sideEffects === 'None' || webhook.sideEffects === 'NoneOnDryRun'
        ? []
        : [{ type: 'NotSupported', field: `${at}.sideEffects`, value: webhook.sideEffects, message: 'supported values: "None", "NoneOnDryRun"' }]
    }),
}

const STRATEGIES: Record<string, Strategy> = {
  Namespace: {
    keepStatusOnUpdate: false,
    prepare(_, object, old, __, subresource) {
      object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name }
      if (old === undefined) return { ...object, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }
      return subresource === 'finalize' ? { ...object, status: old.status } : { ...object, spec: old.spec }
    },
  },
  Node: {
    prepare(_, object, old) {
      object.spec = { ...object.spec }
      if (old === undefined) object.status ??= {}
      return object
    },
    keepStatusOnCreate: true,
  },
  Pod: {
    prepare(_, object, old, __, subresource) {
      object.spec ??= {}
      defaultPod(object.spec)
      if (old === undefined) object.status = { phase: 'Pending', qosClass: qosOf(object.spec) }
      else if (subresource === 'status') object.status = { qosClass: old.status?.qosClass, ...object.status }
      return object
    },
    problems(object, old) {
      const problems = podProblems(object.spec, 'spec')
      if (old !== undefined && !sameJson(podFrame(old.spec), podFrame(object.spec)))
        problems.push({
          type: 'Forbidden',
          field: 'spec',
          message:
            'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
        })
      return problems
    },
  },
  Deployment: workload,
  ReplicaSet: workload,
  StatefulSet: workload,
  DaemonSet: workload,
  Job: {
    hasGeneration: true,
    prepare(_, object, old) {
      defaultJob(object, old)
      return object
    },
    problems: (object) => podProblems(object.spec?.template?.spec, 'spec.template.spec'),
  },
  CronJob: { hasGeneration: true },
  PodDisruptionBudget: { hasGeneration: true },
  Ingress: { hasGeneration: true },
  NetworkPolicy: { hasGeneration: true },
  EndpointSlice: { hasGeneration: true },
  Service: { prepare: (world, object, old) => prepareService(world, object, old) },
  Secret: {
    prepare(_, object) {
      object.type ??= 'Opaque'
      if (isJsonObject(object.stringData)) {
        object.data = { ...object.data }
        for (const [key, value] of Object.entries(object.stringData)) object.data[key] = Buffer.from(String(value)).toString('base64')
        delete object.stringData
      }
      return object
    },
    problems(object, old) {
      const changed = old !== undefined && old.type !== object.type ? [immutable('type', object.type)] : []
      const keys = Object.entries(object.data ?? {}).filter(([, value]) => typeof value !== 'string' || !/^[A-Za-z0-9+/\s]*={0,2}$/.test(value))
      return [
        ...changed,
        ...keys.map(([key, value]): FieldProblem => ({ type: 'Invalid', field: `data[${key}]`, value, message: 'illegal base64 data' })),
        ...frozenWhenImmutable(object, old),
      ]
    },
  },
  ConfigMap: {
    problems(object, old) {
      const problems: FieldProblem[] = []
      for (const key of Object.keys(object.data ?? {}))
        if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key))
          problems.push({
            type: 'Invalid',
            field: `data[${key}]`,
            value: key,
            message: "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
          })
      return [...problems, ...frozenWhenImmutable(object, old)]
    },
  },
  Event: {
    prepare(world, object) {
      object.lastTimestamp ??= object.eventTime ?? timestamp(world.clock.now())
      return object
    },
  },
  Lease: {
    problems(object) {
      const problems: FieldProblem[] = []
      for (const field of ['leaseDurationSeconds'])
        if (object.spec?.[field] !== undefined && object.spec[field] <= 0)
          problems.push({ type: 'Invalid', field: `spec.${field}`, value: object.spec[field], message: 'must be greater than 0' })
      if (object.spec?.leaseTransitions !== undefined && object.spec.leaseTransitions < 0)
        problems.push({ type: 'Invalid', field: 'spec.leaseTransitions', value: object.spec.leaseTransitions, message: 'must be greater than or equal to 0' })
      return problems
    },
  },
  MutatingWebhookConfiguration: webhookConfiguration,
  ValidatingWebhookConfiguration: webhookConfiguration,
  CustomResourceDefinition: { hasGeneration: true, prepare: (world, object, old) => prepareCrd(world, object, old), problems: crdProblems },
  RoleBinding: { problems: (object, old) => (old !== undefined && !sameJson(old.roleRef, object.roleRef) ? [immutable('roleRef', object.roleRef)] : []) },
  ClusterRoleBinding: {
    problems: (object, old) => (old !== undefined && !sameJson(old.roleRef, object.roleRef) ? [immutable('roleRef', object.roleRef)] : []),
  },
}

const custom: Strategy = {
  hasGeneration: true,
  prepare(world, object) {
    const kind = world.kinds.byKind(object.apiVersion.slice(0, object.apiVersion.indexOf('/')), object.kind)
    const version = kind?.versions.find((one) => object.apiVersion.endsWith(`/${one.name}`))
    return withDefaults(object as unknown as Json, version?.schema, world.resolve) as unknown as Obj
  },
}
const plain: Strategy = {}

export const strategyOf = (kind: Kind): Strategy => (kind.crd !== undefined ? custom : Object.hasOwn(STRATEGIES, kind.kind) ? STRATEGIES[kind.kind]! : plain)

export function validateObject(world: World, target: Target, object: Obj, old: Obj | undefined): FieldProblem[] {
  const { kind, version } = target
  const { metadata: _, apiVersion: __, kind: ___, ...rest } = object
  const problems = kind.crd === undefined ? [] : validate(rest as Json, withoutMetadata(version.schema as Schema | undefined), world.resolve)
  return [...problems, ...(strategyOf(kind).problems?.(object, old) ?? [])]
}

/** Values of a built-in kind that have the wrong type: such an object cannot even be read. */
export function typeProblems(world: World, version: ServedVersion, object: Obj): string[] {
  const { metadata: _, ...rest } = object
  return validate(rest as Json, withoutMetadata(version.schema as Schema | undefined), world.resolve)
    .filter((problem) => problem.type === 'TypeInvalid')
    .map((problem) => `${problem.field}: ${problem.message}`)
}

const withoutMetadata = (schema: Schema | undefined): Schema | undefined =>
  schema?.required === undefined ? schema : { ...schema, required: schema.required.filter((name) => !['metadata', 'kind', 'apiVersion'].includes(name)) }

/** The parts that every object of a kind has from the start: a writer does not become their owner by filling them. */
export function frameOf(kind: Kind, object: Obj): Obj {
  const frame: Obj = { apiVersion: object.apiVersion, kind: object.kind, metadata: { name: object.metadata.name } }
  if (kind.crd !== undefined) return frame
  const parts = [
    'spec',
    'status',
    'spec.strategy',
    'spec.updateStrategy',
    'spec.template',
    'spec.template.metadata',
    'spec.template.spec',
    'spec.jobTemplate',
    'spec.jobTemplate.spec',
    'involvedObject',
    'source',
    'reportingComponent',
    'status.loadBalancer',
    'status.nodeInfo',
    'status.daemonEndpoints',
  ]
  for (const part of parts) {
    const steps = part.split('.')
    let from: unknown = object
    for (const step of steps) from = isJsonObject(from) ? from[step] : undefined
    if (!isJsonObject(from)) continue
    let at: Obj = frame
    for (const step of steps) {
      at[step] ??= {}
      at = at[step]
    }
  }
  return frame
}
