/** Create, replace, patch, apply: the same rules for every kind; what is special to a kind is in `strategies.ts`. */
import { randomUUID } from 'node:crypto'
import { applyConfig, fieldsAfterUpdate, type Writer } from '#core/kube/apply/managed-fields.ts'
import { isJsonObject, type Json, type JsonObject, sameJson } from '#core/kube/json.ts'
import { apiVersionOf } from '#core/kube/objects.ts'
import { applyJsonPatch, parseJsonPatch } from '#core/kube/patch/json-patch.ts'
import { applyMergePatch } from '#core/kube/patch/merge-patch.ts'
import { applyStrategicPatch } from '#core/kube/patch/strategic.ts'
import { prune } from '#core/kube/structural.ts'
import type { Kind, ServedVersion } from './kinds.ts'
import { metadataProblems, nameProblems } from './metadata.ts'
import { alreadyExists, badRequest, conflict, forbidden, invalid, methodNotAllowed, modified, notFound, StatusError, unsupportedMediaType } from './status.ts'
import { type Entry, keyOf, type Obj } from './store.ts'
import { frameOf, strategyOf, typeProblems, validateObject } from './strategies.ts'
import { objectsOf, randomSuffix, timestamp, type User, type World } from './world.ts'

export interface Target {
  kind: Kind
  version: ServedVersion
  namespace?: string
  name: string
  subresource?: string
}

export interface WriteContext {
  user: User
  manager: string
  dryRun: boolean
  fieldValidation: 'Strict' | 'Warn' | 'Ignore'
  /** For the Warning header. */
  warnings: string[]
  /** What admission wants to be changed in what is written. */
  mutate?(object: Obj): Obj
}

export const SYSTEM: WriteContext = {
  user: { name: 'system:kube-controller-manager', groups: ['system:masters'] },
  manager: 'kube-controller-manager',
  dryRun: false,
  fieldValidation: 'Ignore',
  warnings: [],
}

export type PatchKind = 'json' | 'merge' | 'strategic'

const apiVersion = (target: Target) => apiVersionOf(target.kind.group, target.version.name)
const stored = (target: Target, object: Obj): Obj => {
  const wanted = apiVersionOf(target.kind.group, target.kind.storage)
  return object.apiVersion === wanted ? object : { ...object, apiVersion: wanted }
}
/** In the version that was asked for. Kinds with several versions differ in their name only (conversion strategy None). */
export const inVersion = (target: Pick<Target, 'kind' | 'version'>, object: Obj): Obj => {
  const wanted = apiVersionOf(target.kind.group, target.version.name)
  return object.apiVersion === wanted ? object : { ...object, apiVersion: wanted }
}

/** Checks what says what an object is, and drops or refuses fields that its kind does not have. */
function readBody(world: World, target: Target, body: unknown, context: WriteContext): Obj {
  const { kind, version } = target
  if (!isJsonObject(body)) throw badRequest('the object provided is unrecognized (must be of type Object)')
  // In built-in kinds a null is a field that is not there.
  const given = kind.crd === undefined ? (withoutNulls(body) as JsonObject) : { ...body }
  if (kind.crd === undefined) {
    given.apiVersion ??= apiVersion(target)
    given.kind ??= kind.kind
  }
  if (typeof given.kind !== 'string' || given.kind === '') throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(body).slice(0, 200)}'`)
  if (typeof given.apiVersion !== 'string' || given.apiVersion === '')
    throw badRequest(`Object 'apiVersion' is missing in '${JSON.stringify(body).slice(0, 200)}'`)
  if (given.apiVersion !== apiVersion(target))
    throw badRequest(`the API version in the data (${given.apiVersion}) does not match the expected API version (${apiVersion(target)})`)
  if (given.kind !== kind.kind)
    throw badRequest(`${given.kind} in version "${version.name}" cannot be handled as a ${kind.kind}: converting (${given.kind}) to (${kind.kind})`)
  const metadata = given.metadata ?? {}
  if (!isJsonObject(metadata)) throw badRequest(`${kind.kind} in version "${version.name}" cannot be handled as a ${kind.kind}: metadata is no object`)
  const problems = metadataProblems(metadata)
  if (problems.length > 0) throw badRequest(`${kind.kind} in version "${version.name}" cannot be handled as a ${kind.kind}: ${problems.join('; ')}`)
  const unknown: string[] = []
  const pruned = prune(given as Json, version.schema, world.resolve, unknown, '', true) as unknown as Obj
  if (unknown.length > 0) {
    const words = unknown.slice(0, 20).map((path) => `unknown field "${path}"`)
    if (context.fieldValidation === 'Strict')
      throw badRequest(`${kind.kind} in version "${version.name}" cannot be handled as a ${kind.kind}: strict decoding error: ${words.join(', ')}`)
    if (context.fieldValidation === 'Warn') context.warnings.push(...words)
  }
  pruned.metadata = { ...(metadata as object) } as Obj['metadata']
  for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const)
    if (pruned.metadata[field] !== undefined && Object.keys(pruned.metadata[field]).length === 0) delete pruned.metadata[field]
  const wrong = kind.crd === undefined ? typeProblems(world, version, pruned) : []
  if (wrong.length > 0) throw badRequest(`${kind.kind} in version "${version.name}" cannot be handled as a ${kind.kind}: ${wrong.join('; ')}`)
  return pruned
}

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (!isJsonObject(value)) return value
  const kept: JsonObject = {}
  for (const [key, item] of Object.entries(value)) if (item !== null && item !== undefined) kept[key] = withoutNulls(item)
  return kept
}

function inNamespace(target: Target, object: Obj): void {
  if (!target.kind.namespaced) {
    if (object.metadata.namespace !== undefined && object.metadata.namespace !== '') throw badRequest('namespace is not allowed on this type')
    delete object.metadata.namespace
    return
  }
  if (object.metadata.namespace !== undefined && object.metadata.namespace !== '' && object.metadata.namespace !== target.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  object.metadata.namespace = target.namespace
}

function namespaceIsOpen(world: World, target: Target, name: string): void {
  if (!target.kind.namespaced || target.namespace === undefined) return
  const namespace = world.store.collection('namespaces').get(target.namespace)?.object
  if (namespace === undefined) throw notFound({ group: '', plural: 'namespaces' }, target.namespace)
  if (namespace.metadata.deletionTimestamp !== undefined)
    throw forbidden(target.kind, name, `unable to create new content in namespace ${target.namespace} because it is being terminated`, [
      { reason: 'NamespaceTerminating', message: `namespace ${target.namespace} is being terminated`, field: 'metadata.namespace' },
    ])
}

const writer = (world: World, target: Target, context: WriteContext): Writer => ({
  manager: context.manager,
  subresource: target.subresource,
  time: timestamp(world.clock.now()),
  ignore: target.subresource === 'status' ? [['f:spec']] : target.version.subresources.has('status') ? [['f:status']] : [],
})

export function create(world: World, target: Omit<Target, 'name'>, body: unknown, context: WriteContext): Obj {
  const at = { ...target, name: '' }
  return createObject(world, at, readBody(world, at, body, context), context)
}

function createObject(world: World, target: Target, object: Obj, context: WriteContext, managed?: Obj['metadata']['managedFields']): Obj {
  const { kind } = target
  inNamespace(target, object)
  const metadata = object.metadata
  if (metadata.resourceVersion !== undefined && metadata.resourceVersion !== '') throw badRequest('resourceVersion should not be set on objects to be created')
  if ((metadata.name ?? '') === '') {
    if ((metadata.generateName ?? '') === '')
      throw invalid(kind, '', [{ type: 'Required', field: 'metadata.name', message: 'name or generateName is required' }])
    metadata.name = metadata.generateName!.slice(0, 58) + randomSuffix()
  }
  const collection = objectsOf(world, kind)
  const key = keyOf(target.namespace, metadata.name)
  namespaceIsOpen(world, target, metadata.name)
  const now = timestamp(world.clock.now())
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete (metadata as { selfLink?: string }).selfLink
  const strategy = strategyOf(kind)
  object.metadata = { ...metadata, uid: randomUUID(), creationTimestamp: now, managedFields: undefined }
  delete object.metadata.generation
  if (target.version.subresources.has('status') && strategy.keepStatusOnCreate !== true) delete object.status
  if (kind.crd !== undefined || strategy.hasGeneration === true) object.metadata.generation = 1
  let ready = strategy.prepare?.(world, object, undefined, context) ?? object
  if (context.mutate !== undefined) {
    const mutated = context.mutate(ready)
    ready = strategy.prepare?.(world, mutated, undefined, context) ?? mutated
  }
  const problems = [...nameProblems(kind, ready.metadata), ...validateObject(world, target, ready, undefined)]
  if (problems.length > 0) throw invalid(kind, metadata.name, problems)
  if (collection.get(key) !== undefined) throw alreadyExists(kind, metadata.name)
  const managedFields = managed ?? fieldsAfterUpdate(frameOf(kind, ready), ready, target.version.shape(), writer(world, target, context))
  ready.metadata = { ...ready.metadata, managedFields }
  if (context.dryRun) return ready
  const kept = stored(target, ready)
  return inVersion(target, collection.put(key, (revision) => ({ ...kept, metadata: { ...kept.metadata, resourceVersion: String(revision) } })).object)
}

export function current(world: World, target: Target): Entry {
  const entry = objectsOf(world, target.kind).get(keyOf(target.namespace, target.name))
  if (entry === undefined) throw notFound(target.kind, target.name)
  return entry
}

/** Replaces the object, or its status. */
export function update(world: World, target: Target, body: unknown, context: WriteContext): Obj {
  const next = readBody(world, target, body, context)
  inNamespace(target, next)
  if (next.metadata.name === undefined || next.metadata.name === '')
    throw invalid(target.kind, '', [{ type: 'Required', field: 'metadata.name', message: 'name must be provided' }])
  if (next.metadata.name !== target.name) throw badRequest(`the name of the object (${next.metadata.name}) does not match the name on the URL (${target.name})`)
  return replace(world, target, current(world, target).object, next, context)
}

function replace(world: World, target: Target, before: Obj, next: Obj, context: WriteContext, managed?: Obj['metadata']['managedFields']): Obj {
  const { kind } = target
  const name = target.name
  const given = next.metadata
  if ((given.resourceVersion ?? '') === '') {
    if (kind.crd !== undefined && managed === undefined)
      throw invalid(kind, name, [{ type: 'Invalid', field: 'metadata.resourceVersion', value: 0, message: 'must be specified for an update' }])
  } else if (given.resourceVersion !== before.metadata.resourceVersion) throw modified(kind, name)
  if ((given.uid ?? '') !== '' && given.uid !== before.metadata.uid)
    throw conflict(kind, name, `Precondition failed: UID in precondition: ${given.uid}, UID in object meta: ${before.metadata.uid}`)
  const { uid, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds, generation, generateName } = before.metadata
  const strategy = strategyOf(kind)
  const old = inVersion(target, before)
  let object: Obj = { ...next }
  object.metadata = {
    ...given,
    uid,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
    generation,
    resourceVersion: before.metadata.resourceVersion,
  }
  if (given.generateName === undefined && generateName !== undefined) object.metadata.generateName = generateName
  delete (object.metadata as { selfLink?: string }).selfLink
  if (target.subresource === 'status')
    object = { ...old, metadata: { ...old.metadata, ...(kind.crd === undefined ? { annotations: given.annotations } : {}) }, status: object.status }
  else if (target.version.subresources.has('status') && strategy.keepStatusOnUpdate !== true) {
    if (old.status === undefined) delete object.status
    else object.status = old.status
  }
  if (deletionTimestamp !== undefined) {
    const added = (object.metadata.finalizers ?? []).filter((one) => !(before.metadata.finalizers ?? []).includes(one))
    if (added.length > 0)
      throw invalid(kind, name, [
        {
          type: 'Forbidden',
          field: 'metadata.finalizers',
          message: `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
        },
      ])
  }
  object = strategy.prepare?.(world, object, old, context, target.subresource) ?? object
  if (context.mutate !== undefined) {
    const mutated = context.mutate(object)
    object = strategy.prepare?.(world, mutated, old, context, target.subresource) ?? mutated
  }
  if ((kind.crd !== undefined || strategy.hasGeneration === true) && target.subresource !== 'status' && !sameJson(desired(object), desired(old)))
    object.metadata = { ...object.metadata, generation: (generation ?? 0) + 1 }
  const problems = [...nameProblems(kind, object.metadata), ...validateObject(world, target, object, old)]
  if (problems.length > 0) throw invalid(kind, name, problems)
  const reset =
    Array.isArray(given.managedFields) &&
    (given.managedFields.length === 0 || (given.managedFields.length === 1 && Object.keys(given.managedFields[0]!).length === 0))
  const fields = managed ?? (reset ? [] : fieldsAfterUpdate(old, object, target.version.shape(), writer(world, target, context)))
  object.metadata = { ...object.metadata, managedFields: fields.length === 0 ? undefined : fields }
  // What changes nothing is not written; times of managed fields alone are no change.
  if (sameJson(withoutTimes(object), withoutTimes(old))) return old
  if (context.dryRun) return object
  return inVersion(target, commit(world, target, object))
}

/** What counts for `metadata.generation`. */
const desired = ({ metadata: _m, status: _s, ...rest }: Obj) => rest
const withoutTimes = (object: Obj) => ({
  ...object,
  metadata: { ...object.metadata, managedFields: object.metadata.managedFields?.map(({ time: _, ...entry }) => entry) },
})

/** Stores, or takes away what was waiting for its last finalizer. */
function commit(world: World, target: Target, object: Obj): Obj {
  const collection = objectsOf(world, target.kind)
  const key = keyOf(target.namespace, target.name)
  const kept = stored(target, object)
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = kept.metadata
  const gone =
    deletionTimestamp !== undefined &&
    finalizers.length === 0 &&
    deletionGracePeriodSeconds === 0 &&
    (target.kind.kind !== 'Namespace' || (kept.spec?.finalizers ?? []).length === 0)
  if (gone) return collection.remove(key, (_, revision) => ({ ...kept, metadata: { ...kept.metadata, resourceVersion: String(revision) } }))!.object
  return collection.put(key, (revision) => ({ ...kept, metadata: { ...kept.metadata, resourceVersion: String(revision) } })).object
}

/** Applies a patch to what is stored. */
export function patch(world: World, target: Target, type: PatchKind, body: unknown, context: WriteContext): Obj {
  const before = current(world, target).object
  const next = patched(target, inVersion(target, before), type, body)
  const read = readBody(world, target, next, context)
  inNamespace(target, read)
  if (read.metadata.name !== target.name) throw badRequest(`the name of the object (${read.metadata.name}) does not match the name on the URL (${target.name})`)
  read.metadata.resourceVersion ??= before.metadata.resourceVersion
  return replace(world, target, before, read, context)
}

export function patched(target: Pick<Target, 'kind' | 'version'>, before: Obj, type: PatchKind, body: unknown): unknown {
  if (type === 'json') {
    const steps = parseJsonPatch(body)
    if (!steps.ok) throw badRequest(steps.error)
    const result = applyJsonPatch(before as unknown as Json, steps.value)
    if (!result.ok) throw new StatusError(422, 'Invalid', `the server rejected our request due to an error in our request: ${result.error}`, {})
    return result.value
  }
  if (!isJsonObject(body)) throw badRequest('a patch is a JSON object')
  if (type === 'merge') return applyMergePatch(before as unknown as Json, body)
  if (target.kind.crd !== undefined) throw unsupportedMediaType('application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml')
  const result = applyStrategicPatch(before as unknown as JsonObject, body, target.version.shape())
  if (!result.ok) throw badRequest(result.error)
  return result.value
}

/** Server-side apply. Says whether it made the object. */
export function apply(world: World, target: Target, body: unknown, context: WriteContext, force: boolean): { object: Obj; created: boolean } {
  const config = readBody(world, target, body, context)
  inNamespace(target, config)
  if (isJsonObject(body) && isJsonObject(body.metadata) && body.metadata.managedFields !== undefined && (body.metadata.managedFields as Json[] | null)?.length)
    throw badRequest('metadata.managedFields must be nil')
  if ((config.metadata.name ?? '') === '') config.metadata.name = target.name
  if (config.metadata.name !== target.name)
    throw badRequest(`the name of the object (${config.metadata.name}) does not match the name on the URL (${target.name})`)
  const entry = objectsOf(world, target.kind).get(keyOf(target.namespace, target.name))
  if (entry === undefined && target.subresource !== undefined) throw notFound(target.kind, target.name)
  if (entry === undefined && (config.metadata.uid ?? '') !== '')
    throw conflict(target.kind, target.name, `uid mismatch: the provided object specified uid ${config.metadata.uid}, and no existing object was found`)
  const before = entry === undefined ? undefined : inVersion(target, entry.object)
  if (before !== undefined && (config.metadata.resourceVersion ?? '') !== '' && config.metadata.resourceVersion !== before.metadata.resourceVersion)
    throw modified(target.kind, target.name)
  const applied = applyConfig(before, config, target.version.shape(), { ...writer(world, target, context), force })
  if (!applied.ok) throw applyConflict(applied.error)
  const object = applied.value as Obj
  const { managedFields } = object.metadata
  object.metadata = { ...object.metadata, managedFields: undefined }
  if (before === undefined) return { object: createObject(world, target, object, context, managedFields), created: true }
  if (target.subresource !== undefined && target.subresource !== 'status') throw methodNotAllowed()
  return { object: replace(world, target, entry!.object, object, context, managedFields ?? []), created: false }
}

function applyConflict(
  conflicts: readonly { manager: string; operation: string; apiVersion: string; subresource?: string; time?: string; fields: readonly string[] }[],
): StatusError {
  const named = conflicts.map((one) => {
    const sub = one.subresource === undefined ? '' : ` with subresource "${one.subresource}"`
    const using = one.operation === 'Update' ? ` using ${one.apiVersion}${one.time === undefined ? '' : ` at ${one.time}`}` : ''
    return { who: `${JSON.stringify(one.manager)}${sub}${using}`, fields: one.fields }
  })
  const causes = named.flatMap(({ who, fields }) => fields.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${who}`, field })))
  const text =
    causes.length === 1
      ? `conflict with ${named[0]!.who}: ${causes[0]!.field}`
      : named.map(({ who, fields }) => `conflicts with ${who}:\n${fields.map((field) => `- ${field}`).join('\n')}`).join('\n')
  return new StatusError(409, 'Conflict', `Apply failed with ${causes.length} conflict${causes.length === 1 ? '' : 's'}: ${text}`, { causes })
}
