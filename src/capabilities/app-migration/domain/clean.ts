/** What a running cluster writes into objects, and which objects it makes by itself: taken out of an export, rule by rule. */
import type { ApiFacts, FieldFacts } from '#core/kube/api-facts/facts.ts'
import { groupVersionOf, type KubeObject } from '#core/kube/objects.ts'
import { type Body, bodiesOf, bodyOf, containersOf, isBody, keyOf, keyOfObject, templateOf } from './parts.ts'

export interface Cleaned {
  objects: KubeObject[]
  /** What is not exported, with the rule that says why. */
  left: { object: KubeObject; rule: string }[]
}

export interface CleanOptions {
  /** Keep node ports that the cluster chose. */
  nodePorts?: boolean
  /** Keep the binding of claims to volumes. */
  volumes?: boolean
  /** The objects are the caller's no more: they are cleaned as they are, which halves the memory that many of them take. */
  consume?: boolean
}

interface ObjectRule {
  id: string
  what: string
  drops(object: KubeObject, all: ReadonlyMap<string, KubeObject>): boolean
}
interface FieldRule {
  id: string
  what: string
  clean(object: KubeObject, options: CleanOptions): void
}

const kindIs = (object: KubeObject, group: string, ...kinds: string[]): boolean =>
  groupVersionOf(object.apiVersion).group === group && kinds.includes(object.kind)
const labelsOf = (object: KubeObject): Body => bodyOf(object.metadata.labels)
const annotationsOf = (object: KubeObject): Body => bodyOf(object.metadata.annotations)

/** Objects that somebody else makes again. */
export const OBJECT_RULES: readonly ObjectRule[] = [
  {
    id: 'owned',
    what: 'objects that a controller made from another object',
    drops: ({ metadata }) => (metadata.ownerReferences ?? []).some(({ controller }) => controller === true),
  },
  {
    id: 'observed',
    what: 'what the cluster observes or coordinates: events, leases, nodes, endpoints of services with a selector, attachments, capacities',
    drops: (object, all) => {
      if (kindIs(object, '', 'Event', 'Node', 'ComponentStatus') || kindIs(object, 'events.k8s.io', 'Event') || kindIs(object, 'coordination.k8s.io', 'Lease'))
        return true
      if (kindIs(object, 'storage.k8s.io', 'CSINode', 'CSIStorageCapacity', 'VolumeAttachment') || object.apiVersion.startsWith('metrics.k8s.io/')) return true
      if (kindIs(object, 'discovery.k8s.io', 'EndpointSlice'))
        return /^endpointslice(?:mirroring)?-controller/.test(String(labelsOf(object)['endpointslice.kubernetes.io/managed-by'] ?? ''))
      if (!kindIs(object, '', 'Endpoints')) return false
      const service = all.get(keyOf({ apiVersion: 'v1', kind: 'Service', namespace: object.metadata.namespace, name: object.metadata.name }))
      return service === undefined
        ? annotationsOf(object)['endpoints.kubernetes.io/last-change-trigger-time'] !== undefined
        : isBody(bodyOf(service.spec).selector)
    },
  },
  {
    id: 'snapshots',
    what: 'snapshots of volumes: they are in the storage of the old cluster',
    drops: (object) => kindIs(object, 'snapshot.storage.k8s.io', 'VolumeSnapshot', 'VolumeSnapshotContent'),
  },
  {
    id: 'namespace-content',
    what: 'what every namespace gets: the root CA, the default service account and tokens of service accounts',
    drops: (object) =>
      (kindIs(object, '', 'ConfigMap') && object.metadata.name === 'kube-root-ca.crt') ||
      (kindIs(object, '', 'Secret') &&
        object.type === 'kubernetes.io/service-account-token' &&
        bodyOf(object.metadata.annotations)['kubernetes.io/service-account.uid'] !== undefined) ||
      (kindIs(object, '', 'ServiceAccount') &&
        object.metadata.name === 'default' &&
        bodiesOf(object.imagePullSecrets).length === 0 &&
        object.metadata.labels === undefined),
  },
  {
    id: 'built-in',
    what: 'what every cluster has: its namespaces, bootstrap roles, priority and flow settings, its own API services',
    drops: (object) =>
      (kindIs(object, '', 'Namespace') && /^(?:default|kube-system|kube-public|kube-node-lease)$/.test(object.metadata.name)) ||
      (kindIs(object, '', 'Service') && object.metadata.name === 'kubernetes' && object.metadata.namespace === 'default') ||
      labelsOf(object)['kubernetes.io/bootstrapping'] === 'rbac-defaults' ||
      (kindIs(object, 'scheduling.k8s.io', 'PriorityClass') && object.metadata.name.startsWith('system-')) ||
      (groupVersionOf(object.apiVersion).group === 'flowcontrol.apiserver.k8s.io' &&
        annotationsOf(object)['apf.kubernetes.io/autoupdate-spec'] !== undefined) ||
      labelsOf(object)['kube-aggregator.kubernetes.io/automanaged'] !== undefined,
  },
]

const RUNTIME_META = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
  'ownerReferences',
  'generateName',
] as const
const RUNTIME_ANNOTATIONS =
  /^(?:kubectl\.kubernetes\.io\/last-applied-configuration|deployment\.kubernetes\.io\/revision|deprecated\.daemonset\.template\.generation|pv\.kubernetes\.io\/(?:bind-completed|bound-by-controller|provisioned-by|migrated-to)|volume(?:\.beta)?\.kubernetes\.io\/(?:storage-provisioner|selected-node)|autoscaling\.alpha\.kubernetes\.io\/(?:conditions|current-metrics)|control-plane\.alpha\.kubernetes\.io\/leader|endpoints\.kubernetes\.io\/last-change-trigger-time|batch\.kubernetes\.io\/(?:job-tracking|cronjob-scheduled-timestamp))$/
const RUNTIME_FINALIZERS =
  /^(?:kubernetes\.io\/(?:pvc|pv)-protection|foregroundDeletion|orphan|service\.kubernetes\.io\/load-balancer-cleanup|external-provisioner\.volume\.kubernetes\.io\/finalizer|batch\.kubernetes\.io\/job-tracking|customresourcecleanup\.apiextensions\.k8s\.io)$/
const JOB_LABELS = ['controller-uid', 'batch.kubernetes.io/controller-uid', 'job-name', 'batch.kubernetes.io/job-name']

const removeAll = (body: unknown, fields: readonly string[]): void => {
  if (isBody(body)) for (const field of fields) delete body[field]
}
/** Removes a field that holds nothing any more. */
const dropEmpty = (body: Body, field: string): void => {
  const value = body[field]
  if ((isBody(value) && Object.keys(value).length === 0) || (Array.isArray(value) && value.length === 0)) delete body[field]
}

export const FIELD_RULES: readonly FieldRule[] = [
  {
    id: 'metadata',
    what: 'what the API server and controllers keep in metadata: uid, versions, times, managers, owners, their finalizers and annotations',
    clean: ({ metadata }) => {
      const body = metadata as unknown as Body
      if (metadata.name === '' || metadata.name === undefined)
        removeAll(
          body,
          RUNTIME_META.filter((field) => field !== 'generateName'),
        )
      else removeAll(body, RUNTIME_META)
      if (Array.isArray(metadata.finalizers)) metadata.finalizers = metadata.finalizers.filter((name) => !RUNTIME_FINALIZERS.test(name))
      if (isBody(body.annotations)) for (const key of Object.keys(body.annotations)) if (RUNTIME_ANNOTATIONS.test(key)) delete (body.annotations as Body)[key]
      for (const field of ['finalizers', 'annotations', 'labels']) dropEmpty(body, field)
    },
  },
  { id: 'status', what: 'status', clean: (object) => void delete object.status },
  {
    id: 'service',
    what: 'addresses and ports that the cluster chose for a Service',
    clean: (object, { nodePorts }) => {
      if (!kindIs(object, '', 'Service') || !isBody(object.spec)) return
      const spec = object.spec
      if (spec.clusterIP !== 'None') removeAll(spec, ['clusterIP', 'clusterIPs'])
      else delete spec.clusterIPs
      if (spec.ipFamilyPolicy === 'SingleStack') removeAll(spec, ['ipFamilyPolicy', 'ipFamilies'])
      if (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === true) delete spec.allocateLoadBalancerNodePorts
      if (spec.externalTrafficPolicy === 'Cluster') delete spec.externalTrafficPolicy
      for (const port of bodiesOf(spec.ports)) {
        if (!nodePorts) delete port.nodePort
        if (port.targetPort === port.port) delete port.targetPort
      }
      if (!nodePorts) delete spec.healthCheckNodePort
    },
  },
  {
    id: 'pod',
    what: 'what admission and the scheduler put into a Pod: node, token volumes, default tolerations, the number of its priority',
    clean: (object) => {
      if (!kindIs(object, '', 'Pod') || !isBody(object.spec)) return
      const spec = object.spec
      removeAll(spec, ['nodeName', 'ephemeralContainers'])
      if (spec.priorityClassName !== undefined || spec.priority === 0) delete spec.priority
      if (spec.preemptionPolicy === 'PreemptLowerPriority') delete spec.preemptionPolicy
      if (spec.enableServiceLinks === true) delete spec.enableServiceLinks
      if (spec.serviceAccountName === 'default') delete spec.serviceAccountName
      const token = (name: unknown): boolean => /^(?:kube-api-access-[a-z0-9]{5}|[a-z0-9.-]+-token-[a-z0-9]{5})$/.test(String(name))
      if (Array.isArray(spec.volumes)) spec.volumes = spec.volumes.filter((volume) => !token(bodyOf(volume).name))
      for (const container of containersOf(spec)) {
        if (!Array.isArray(container.volumeMounts)) continue
        container.volumeMounts = container.volumeMounts.filter(
          (mount) => !(token(bodyOf(mount).name) && bodyOf(mount).mountPath === '/var/run/secrets/kubernetes.io/serviceaccount'),
        )
        dropEmpty(container, 'volumeMounts')
      }
      if (Array.isArray(spec.tolerations))
        spec.tolerations = spec.tolerations.filter((toleration) => {
          const { key, operator, effect, tolerationSeconds } = bodyOf(toleration)
          return !(
            /^node\.kubernetes\.io\/(?:not-ready|unreachable)$/.test(String(key)) &&
            operator === 'Exists' &&
            effect === 'NoExecute' &&
            tolerationSeconds === 300
          )
        })
      for (const field of ['volumes', 'tolerations']) dropEmpty(spec, field)
    },
  },
  {
    id: 'template',
    what: 'old names and empty times in pod templates, pull policies that follow from the tag',
    clean: (object) => {
      const template = templateOf(object)
      if (template === undefined) return
      if (isBody(template.metadata) && template.metadata.creationTimestamp === null) delete template.metadata.creationTimestamp
      const spec = bodyOf(template.spec)
      if (spec.serviceAccount === spec.serviceAccountName || spec.serviceAccount === 'default') delete spec.serviceAccount
      for (const container of containersOf(spec)) {
        const image = String(container.image ?? '')
        const latest = !image.includes('@') && (!/:[^/]+$/.test(image) || image.endsWith(':latest'))
        if (container.imagePullPolicy === (latest ? 'Always' : 'IfNotPresent')) delete container.imagePullPolicy
      }
    },
  },
  {
    id: 'job',
    what: 'the selector and labels with a uid that the job controller made',
    clean: (object) => {
      if (!kindIs(object, 'batch', 'Job') || !isBody(object.spec) || object.spec.manualSelector === true) return
      delete object.spec.selector
      if (object.spec.manualSelector === false) delete object.spec.manualSelector
      const metadata = bodyOf(bodyOf(object.spec.template).metadata)
      for (const holder of [metadata, object.metadata as unknown as Body]) {
        removeAll(holder.labels, JOB_LABELS)
        dropEmpty(holder, 'labels')
      }
    },
  },
  {
    id: 'volume',
    what: 'which volume a claim is bound to and what that volume was filled from, and which claim a volume is bound to',
    clean: (object, { volumes }) => {
      if (kindIs(object, '', 'PersistentVolumeClaim') && !volumes && isBody(object.spec) && object.spec.volumeName !== undefined)
        removeAll(object.spec, ['volumeName', 'dataSource', 'dataSourceRef'])
      if (kindIs(object, '', 'PersistentVolume') && isBody(object.spec) && isBody(object.spec.claimRef))
        removeAll(object.spec.claimRef, ['uid', 'resourceVersion'])
      for (const template of bodiesOf(bodyOf(object.spec).volumeClaimTemplates)) {
        delete template.status
        if (isBody(template.metadata) && template.metadata.creationTimestamp === null) delete template.metadata.creationTimestamp
      }
    },
  },
  {
    id: 'token',
    what: 'tokens of the old cluster in service accounts and their secrets',
    clean: (object) => {
      if (kindIs(object, '', 'Secret') && object.type === 'kubernetes.io/service-account-token') {
        removeAll(object.data, ['token', 'ca.crt', 'namespace'])
        dropEmpty(object, 'data')
        removeAll(object.metadata.annotations, ['kubernetes.io/service-account.uid'])
      }
      if (kindIs(object, '', 'ServiceAccount') && Array.isArray(object.secrets)) {
        object.secrets = object.secrets.filter(
          (secret) => !new RegExp(`^${object.metadata.name.replace(/[.]/g, '\\.')}-(?:token|dockercfg)-[a-z0-9]{5}$`).test(String(bodyOf(secret).name)),
        )
        dropEmpty(object, 'secrets')
      }
    },
  },
  {
    id: 'namespace',
    what: 'the finalizer and the name label of a Namespace',
    clean: (object) => {
      if (!kindIs(object, '', 'Namespace')) return
      if (isBody(object.spec)) {
        delete object.spec.finalizers
        dropEmpty(object, 'spec')
      }
      removeAll(object.metadata.labels, ['kubernetes.io/metadata.name'])
      dropEmpty(object.metadata as unknown as Body, 'labels')
    },
  },
]

/** Cleans copies; the argument stays as it is. Doing it twice gives the same as once. */
export function clean(objects: readonly KubeObject[], facts: ApiFacts, options: CleanOptions = {}): Cleaned {
  const all = new Map(objects.map((object) => [keyOfObject(object), object]))
  const result: Cleaned = { objects: [], left: [] }
  for (const object of objects) {
    const rule = OBJECT_RULES.find(({ drops }) => drops({ ...object, metadata: object.metadata ?? {} }, all))
    if (rule === undefined) result.objects.push(cleanObject(object, facts, options))
    else result.left.push({ object, rule: rule.id })
  }
  return result
}

function cleanObject(object: KubeObject, facts: ApiFacts, options: CleanOptions): KubeObject {
  const copy = options.consume ? object : structuredClone(object)
  copy.metadata ??= { name: '' }
  for (const rule of FIELD_RULES) rule.clean(copy, options)
  const schema = facts.kind(copy)?.schema
  if (schema !== undefined) dropDefaults(copy, schema, facts, 0)
  return copy
}

/** Takes out what the server fills in anyway, from the inside out. True when something was taken out. */
function dropDefaults(body: Body, type: string, facts: ApiFacts, depth: number): boolean {
  let dropped = false
  if (depth > 64) return false
  for (const field of facts.type(type)?.fields.values() ?? []) {
    const value = body[field.name]
    if (value === undefined || field.name === 'metadata') continue
    const within = dropWithin(value, field, facts, depth)
    dropped ||= within
    // What stands at the top stays, also empty.
    const emptied = depth > 0 && within && isBody(value) && Object.keys(value).length === 0
    if (!field.required && (emptied || (field.default !== undefined && same(value, field.default)))) {
      delete body[field.name]
      dropped = true
    }
  }
  return dropped
}

function dropWithin(value: unknown, { value: type, list }: FieldFacts, facts: ApiFacts, depth: number): boolean {
  if (type.is === 'object' && isBody(value)) return dropDefaults(value, type.type, facts, depth + 1)
  if (type.is !== 'list' || type.of.is !== 'object' || !Array.isArray(value)) return false
  const inner = type.of.type
  // Server-side apply of old servers finds an item by its keys only where they are written down.
  const keys = list?.kind === 'map' ? list.keys : []
  let dropped = false
  for (const item of value) {
    if (!isBody(item)) continue
    dropped = dropDefaults(item, inner, facts, depth + 1) || dropped
    for (const key of keys) {
      const standard = facts.type(inner)?.fields.get(key)?.default
      if (item[key] === undefined && standard !== undefined) item[key] = standard
    }
  }
  return dropped
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
