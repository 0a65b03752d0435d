/** What an object has to do with: above it, below it, what it uses and what leads to it. Pure; the door says what could be read. */
import type { KindRef, KubeObject, ObjectRef } from '#core/kube/objects.ts'
import { refOf } from '#core/kube/objects.ts'
import { selects } from '#core/kube/selectors.ts'
import { podSpecOf, record, records, specOf, text } from './fields.ts'
import { type ObjectStatus, statusOf } from './object-status.ts'

export const RELATIONS = ['owner', 'owns', 'selects', 'selectedBy', 'uses', 'runsOn', 'routedBy'] as const
export type Relation = (typeof RELATIONS)[number]

export interface Related extends ObjectRef {
  relation: Relation
  /** Steps away: an owner's owner is 2. */
  distance: number
  /** Undefined: only named, not read. */
  status?: ObjectStatus
  uid?: string
  /** Of what stands between, where it is more than a step away. */
  via?: string
}

const toward = (relation: Relation, object: KubeObject, distance = 1): Related => ({
  relation,
  distance,
  ...refOf(object),
  status: statusOf(object),
  ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
})
const named = (relation: Relation, ref: ObjectRef): Related => ({ relation, distance: 1, ...ref })

/** What the object's own text names: nothing has to be read for it. */
export function namedBy(object: KubeObject): readonly Related[] {
  const { namespace } = object.metadata
  const within = (kind: string, name: string, apiVersion = 'v1'): ObjectRef => ({ apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name })
  const spec = podSpecOf(object)
  const found: Related[] = (object.metadata.ownerReferences ?? []).map(({ apiVersion, kind, name, uid }) => ({
    ...named('owner', within(kind, name, apiVersion)),
    uid,
  }))
  const uses = (kind: string, name: unknown) => {
    if (text(name) !== '') found.push(named('uses', within(kind, text(name))))
  }
  for (const volume of records(spec.volumes)) {
    uses('ConfigMap', record(volume.configMap).name)
    uses('Secret', record(volume.secret).secretName)
    uses('PersistentVolumeClaim', record(volume.persistentVolumeClaim).claimName)
    for (const source of records(record(volume.projected).sources)) {
      uses('ConfigMap', record(source.configMap).name)
      uses('Secret', record(source.secret).name)
    }
  }
  for (const container of [...records(spec.initContainers), ...records(spec.containers)]) {
    for (const from of records(container.envFrom)) {
      uses('ConfigMap', record(from.configMapRef).name)
      uses('Secret', record(from.secretRef).name)
    }
    for (const { valueFrom } of records(container.env)) {
      uses('ConfigMap', record(record(valueFrom).configMapKeyRef).name)
      uses('Secret', record(record(valueFrom).secretKeyRef).name)
    }
  }
  for (const { name } of records(spec.imagePullSecrets)) uses('Secret', name)
  uses('ServiceAccount', spec.serviceAccountName)
  if (object.kind === 'Pod' && text(spec.nodeName) !== '') found.push(named('runsOn', { apiVersion: 'v1', kind: 'Node', name: text(spec.nodeName) }))
  for (const backend of backendsOf(object)) found.push(named('selects', within('Service', backend)))
  const target = record(specOf(object).scaleTargetRef)
  if (text(target.name) !== '') found.push(named('selects', within(text(target.kind), text(target.name), text(target.apiVersion) || 'apps/v1')))
  return unique(found)
}

/** Services that an Ingress leads to. */
function backendsOf(object: KubeObject): readonly string[] {
  if (object.kind !== 'Ingress') return []
  const service = (backend: unknown) => text(record(record(backend).service).name) || text(record(backend).serviceName)
  const spec = specOf(object)
  return [spec.defaultBackend, ...records(spec.rules).flatMap(({ http }) => records(record(http).paths).map(({ backend }) => backend))]
    .map(service)
    .filter(Boolean)
}

/** Kinds to read in the object's namespace to find what points at it. */
export function kindsAround(object: KubeObject): readonly KindRef[] {
  const pods = { apiVersion: 'v1', kind: 'Pod' }
  const services = { apiVersion: 'v1', kind: 'Service' }
  const owned: Readonly<Record<string, readonly KindRef[]>> = {
    Deployment: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet' }, pods, services],
    ReplicaSet: [pods, services],
    StatefulSet: [pods, services],
    DaemonSet: [pods, services],
    Job: [pods],
    CronJob: [{ apiVersion: 'batch/v1', kind: 'Job' }, pods],
    Pod: [services],
    Service: [pods, { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' }],
    PersistentVolumeClaim: [pods],
    ConfigMap: [pods],
    Secret: [pods],
    ServiceAccount: [pods],
  }
  return object.metadata.namespace === undefined ? [] : (owned[object.kind] ?? [pods])
}

/** What points at the object, among what was read around it. */
export function pointingAt(object: KubeObject, around: readonly KubeObject[]): readonly Related[] {
  const found: Related[] = []
  let level = new Set([object.metadata.uid])
  for (let distance = 1; distance <= 3 && level.size > 0; distance++) {
    const below = around.filter(({ metadata }) => (metadata.ownerReferences ?? []).some(({ uid }) => level.has(uid)))
    for (const one of below) {
      const via = distance === 1 ? undefined : one.metadata.ownerReferences?.find(({ uid }) => level.has(uid))?.uid
      found.push({ ...toward('owns', one, distance), ...(via === undefined ? {} : { via }) })
    }
    level = new Set(below.map(({ metadata }) => metadata.uid))
  }
  const labels = object.kind === 'Pod' ? object.metadata.labels : (record(record(record(specOf(object).template).metadata).labels) as Record<string, string>)
  for (const one of around) {
    if (one.kind === 'Service') {
      if (labels !== undefined && chosenBy(one, labels)) found.push(toward('selectedBy', one))
    } else if (one.kind === 'Ingress') {
      if (backendsOf(one).includes(object.metadata.name)) found.push(toward('routedBy', one))
    } else if (one.kind === 'Pod') {
      if (object.kind === 'Service' && chosenBy(object, one.metadata.labels ?? {})) found.push(toward('selects', one))
      else if (['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'ServiceAccount'].includes(object.kind)) {
        if (namedBy(one).some(({ relation, kind, name }) => relation === 'uses' && kind === object.kind && name === object.metadata.name))
          found.push({ ...toward('owns', one), relation: 'selectedBy' })
      }
    }
  }
  return unique(found)
}

/** Does the service's selector take these labels? One without a selector takes none. */
function chosenBy(service: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  const selector = Object.entries(record(specOf(service).selector))
  return (
    selector.length > 0 &&
    selects(
      selector.map(([key, value]) => ({ key, operator: 'in' as const, values: [String(value)] })),
      labels,
    )
  )
}

function unique(found: readonly Related[]): readonly Related[] {
  const seen = new Set<string>()
  return found.filter(({ relation, kind, namespace, name }) => {
    const key = `${relation} ${kind} ${namespace ?? ''} ${name}`
    return !seen.has(key) && seen.add(key)
  })
}
