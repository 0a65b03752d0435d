import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import type { JsonObject } from '#core/kube/json.ts'
import { describeRef, groupVersionOf, type KindRef, type KubeObject, type ObjectRef, refOf } from '#core/kube/objects.ts'
import { applyStrategicPatch } from '#core/kube/patch/strategic.ts'
import { fieldsSelect, parseFieldSelector, parseLabelSelector, selects } from '#core/kube/selectors.ts'
import type {
  Access,
  Actor,
  Change,
  Cluster,
  ClusterHealth,
  Informer,
  InformerOptions,
  PageRequest,
  Selection,
  ServedKind,
} from '#core/shapes/ports/cluster.ts'
import { clientApply, shapeOfKind } from '#edges/cluster/client-apply.ts'

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']
const served = (apiVersion: string, kind: string, plural: string, namespaced = true, shortNames: readonly string[] = []): ServedKind => ({
  apiVersion,
  kind,
  ...groupVersionOf(apiVersion),
  plural,
  singular: kind.toLowerCase(),
  namespaced,
  verbs: VERBS,
  shortNames,
  categories: [],
  subresources: {},
  preferred: true,
})

export const FAKE_KINDS: readonly ServedKind[] = [
  served('v1', 'Namespace', 'namespaces', false, ['ns']),
  served('v1', 'Node', 'nodes', false, ['no']),
  served('v1', 'Pod', 'pods', true, ['po']),
  served('v1', 'Service', 'services', true, ['svc']),
  served('v1', 'ConfigMap', 'configmaps', true, ['cm']),
  served('v1', 'Event', 'events', true, ['ev']),
  served('apps/v1', 'Deployment', 'deployments', true, ['deploy']),
  served('apps/v1', 'ReplicaSet', 'replicasets', true, ['rs']),
  served('coordination.k8s.io/v1', 'Lease', 'leases'),
]

export interface FakeCluster extends Cluster {
  /** What every actor may; default: all. */
  allow(rule: (actor: Actor, access: Access) => boolean): void
  setHealth(health: Partial<ClusterHealth>): void
  /** What containers wrote, by `namespace/name`. */
  readonly containerLogs: Map<string, string>
  /** Every write that was done, dry runs left out. */
  readonly writes: { verb: string; ref: ObjectRef; actor: Actor }[]
}

export interface FakeClusterOptions {
  name?: string
  objects?: readonly KubeObject[]
  kinds?: readonly ServedKind[]
}

type Stored = { object: KubeObject; owners: Map<string, string> }
const copy = <T>(value: T): T => structuredClone(value)

/** A cluster in memory for tests of doors and reconcilers: objects, conflicts, apply with owners, watches, rights. No controllers and no schemas: see the sandbox for those. */
export function fakeCluster({ name = 'local', objects = [], kinds = FAKE_KINDS }: FakeClusterOptions = {}): FakeCluster {
  const stored = new Map<string, Stored>()
  const listeners = new Set<(change: Change<KubeObject>) => void>()
  const writes: FakeCluster['writes'] = []
  const containerLogs = new Map<string, string>()
  let version = 0
  let rule: (actor: Actor, access: Access) => boolean = () => true
  let health: ClusterHealth = { state: 'ready', since: 0, answeredAt: 0, serverVersion: 'v1.20.2', clockSkewMs: 0 }

  const keyOf = ({ apiVersion, kind, namespace = '', name: id }: ObjectRef) => `${apiVersion} ${kind} ${namespace} ${id}`
  const kindOf = ({ apiVersion, kind }: KindRef) => {
    const found = kinds.find((one) => one.apiVersion === apiVersion && one.kind === kind)
    if (!found) throw new CodedError('KIND_UNKNOWN', { cluster: name, kind: `${apiVersion} ${kind}` })
    return found
  }
  const put = (object: KubeObject, owners: Map<string, string>): KubeObject => {
    const key = keyOf(refOf(object))
    const before = stored.get(key)?.object
    const next = copy(object)
    next.metadata.resourceVersion = String(++version)
    next.metadata.uid ??= before?.metadata.uid ?? `00000000-0000-4000-8000-${String(version).padStart(12, '0')}`
    next.metadata.creationTimestamp ??= before?.metadata.creationTimestamp ?? '2026-01-05T12:00:00Z'
    stored.set(key, { object: next, owners })
    for (const listener of listeners) listener({ type: before ? 'modified' : 'added', object: copy(next), ...(before ? { before } : {}) })
    return copy(next)
  }
  for (const object of objects) put(object, new Map())

  const acting = (actor: Actor): FakeCluster => {
    const check = (verb: string, kind: ServedKind, namespace?: string, id?: string, subresource?: string) => {
      const access = { verb, group: kind.group, resource: kind.plural, subresource, namespace, name: id }
      if (!rule(actor, access)) {
        const resource = `${kind.plural}${subresource ? `/${subresource}` : ''}${kind.group ? `.${kind.group}` : ''}`
        throw new CodedError('FORBIDDEN', { verb, resource: `${resource}${namespace === undefined ? '' : ` in ${namespace}`}`, cluster: name })
      }
    }
    const find = (ref: ObjectRef): Stored => {
      const found = stored.get(keyOf(ref))
      if (!found) throw new CodedError('NOT_FOUND', { what: describeRef(ref), cluster: name })
      return found
    }
    const matches = (kind: ServedKind, select: Selection) => {
      const labels = parseLabelSelector(select.labels ?? '')
      const fields = parseFieldSelector(select.fields ?? '')
      return (object: KubeObject) =>
        object.apiVersion === kind.apiVersion &&
        object.kind === kind.kind &&
        (select.namespace === undefined || object.metadata.namespace === select.namespace) &&
        selects(labels, object.metadata.labels) &&
        fieldsSelect(fields, object)
    }
    const page = (ref: KindRef, select: PageRequest) => {
      const kind = kindOf(ref)
      check('list', kind, select.namespace)
      const all = [...stored].filter(([, { object }]) => matches(kind, select)(object)).sort(([a], [b]) => (a < b ? -1 : 1))
      const from = select.continue === undefined ? 0 : all.findIndex(([key]) => key > select.continue!)
      const rest = from < 0 ? [] : all.slice(from)
      const items = rest.slice(0, select.limit ?? rest.length)
      const more = rest.length - items.length
      return {
        items: items.map(([, { object }]) => copy(object)),
        resourceVersion: String(version),
        ...(more > 0 ? { continue: items.at(-1)![0], remaining: more } : {}),
      }
    }
    const write = (verb: string, object: KubeObject, owners: Map<string, string>, dryRun = false): KubeObject => {
      if (dryRun) return copy(object)
      writes.push({ verb, ref: refOf(object), actor })
      return put(object, owners)
    }

    const acted: FakeCluster = {
      name,
      containerLogs,
      writes,
      allow: (next) => {
        rule = next
      },
      setHealth: (next) => {
        health = { ...health, ...next }
      },
      as: acting,
      health: () => health,
      discover: async () => ({ kinds, unknown: [], serverVersion: 'v1.20.2' }),
      async get(ref) {
        check('get', kindOf(ref), ref.namespace, ref.name)
        return copy(find(ref).object)
      },
      list: async (kind, select = {}) => page(kind, select),
      async table(kind, select = {}) {
        const column = { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 }
        const { items, ...rest } = page(kind, select)
        return {
          ...rest,
          columns: [column],
          items: items.map(({ apiVersion, kind: kindName, metadata }) => ({ cells: [metadata.name], object: { apiVersion, kind: kindName, metadata } })),
        }
      },
      informer: <T = KubeObject>(ref: KindRef, options: InformerOptions<T> = {}): Informer<T> => {
        const held = new Map<string, T>()
        const own = new Set<(change: Change<T>) => void>()
        const keep = (object: KubeObject): T => {
          const { managedFields: _, ...metadata } = object.metadata
          const seen = options.managedFields ? object : { ...object, metadata }
          return options.keep ? options.keep(seen) : (seen as T)
        }
        const idOf = (namespace: string | undefined, id: string) => `${namespace ?? ''}/${id}`
        const tell = (change: Change<T>) => {
          for (const listener of own) listener(change)
        }
        let fits: (object: KubeObject) => boolean = () => false
        const follow = ({ type, object, before }: Change<KubeObject>) => {
          if (!fits(object) && !(before && fits(before))) return
          const id = idOf(object.metadata.namespace, object.metadata.name)
          const was = held.get(id)
          if (type === 'deleted' || !fits(object)) {
            held.delete(id)
            if (was !== undefined) tell({ type: 'deleted', object: was, before: was })
          } else {
            const now = keep(object)
            held.set(id, now)
            tell(was === undefined ? { type: 'added', object: now } : { type: 'modified', object: now, before: was })
          }
        }
        const synced = Promise.resolve().then(() => {
          const kind = kindOf(ref)
          fits = matches(kind, options)
          for (const object of page(ref, options).items) held.set(idOf(object.metadata.namespace, object.metadata.name), keep(object))
          listeners.add(follow)
          for (const object of held.values()) tell({ type: 'added', object })
        })
        synced.catch(() => {})
        return {
          synced,
          get: (id, namespace) => held.get(idOf(namespace, id)),
          list: (namespace) => [...held].filter(([id]) => namespace === undefined || id.startsWith(`${namespace}/`)).map(([, object]) => object),
          get size() {
            return held.size
          },
          status: () => ({ state: listeners.has(follow) ? 'following' : 'starting', relists: 0 }),
          // All are there from the first moment on.
          reach: () => synced,
          extent: () => ({ whole: listeners.has(follow), total: held.size }),
          onChange(listener) {
            own.add(listener)
            if (listeners.has(follow)) for (const object of held.values()) listener({ type: 'added', object })
            return () => void own.delete(listener)
          },
          stop: () => void listeners.delete(follow),
        }
      },
      async create(object, options = {}) {
        const named = copy(object)
        if (!named.metadata.name && named.metadata.generateName) named.metadata.name = `${named.metadata.generateName}${String(version + 1).padStart(5, '0')}`
        check('create', kindOf(named), named.metadata.namespace)
        if (stored.has(keyOf(refOf(named)))) throw new CodedError('ALREADY_EXISTS', { what: describeRef(refOf(named)), cluster: name })
        return write('create', named, new Map(), options.dryRun)
      },
      async update(object, options = {}) {
        const ref = refOf(object)
        check('update', kindOf(object), ref.namespace, ref.name, options.subresource)
        const before = find(ref)
        const { resourceVersion } = object.metadata
        if (resourceVersion !== undefined && resourceVersion !== before.object.metadata.resourceVersion)
          throw new CodedError('CONFLICT', { what: describeRef(ref), cluster: name })
        return write('update', object, before.owners, options.dryRun)
      },
      async patch(ref, type, patch, options = {}) {
        check('patch', kindOf(ref), ref.namespace, ref.name, options.subresource)
        const { object, owners } = find(ref)
        if (type === 'json') throw invalidInput([{ path: 'type', message: 'the fake knows merge patches only' }])
        const shape = type === 'strategic' ? await shapeOfKind(ref) : undefined
        const patched = shape && applyStrategicPatch(object as unknown as JsonObject, patch as JsonObject, shape)
        if (patched?.ok === false) throw invalidInput([{ path: '', message: patched.error }])
        return write('patch', (patched?.value ?? mergePatch(object, patch)) as KubeObject, owners, options.dryRun)
      },
      async apply(object, options) {
        if (options.by === 'client') return clientApply(acted, object, options)
        const ref = refOf(object)
        check('patch', kindOf(object), ref.namespace, ref.name)
        const before = stored.get(keyOf(ref))
        const owners = new Map(before?.owners)
        const wanted = leaves(object).filter(([path]) => !/^(apiVersion|kind|metadata\.(name|namespace))$/.test(path))
        const taken = wanted.filter(([path, value]) => {
          const owner = owners.get(path)
          return owner !== undefined && owner !== options.fieldManager && before && !same(at(before.object, path), value)
        })
        if (taken.length > 0 && !options.force) {
          const problems = taken.map(([path]) => ({ path, message: `is managed by ${owners.get(path)}` }))
          throw new CodedError('APPLY_CONFLICT', { what: describeRef(ref), count: taken.length, cluster: name }, { problems })
        }
        for (const [path] of wanted) owners.set(path, options.fieldManager)
        const applied = (before ? mergePatch(before.object, object) : object) as KubeObject
        const managedFields = [...new Set(owners.values())].map((manager) => ({ manager, operation: 'Apply' as const, apiVersion: object.apiVersion }))
        return write('apply', { ...applied, metadata: { ...applied.metadata, managedFields } }, owners, options.dryRun)
      },
      async delete(ref, options = {}) {
        check('delete', kindOf(ref), ref.namespace, ref.name)
        const { object } = find(ref)
        const { uid, resourceVersion } = object.metadata
        if ((options.uid ?? uid) !== uid || (options.resourceVersion ?? resourceVersion) !== resourceVersion)
          throw new CodedError('CONFLICT', { what: describeRef(ref), cluster: name })
        if (options.dryRun) return
        writes.push({ verb: 'delete', ref, actor })
        stored.delete(keyOf(ref))
        version++
        for (const listener of listeners) listener({ type: 'deleted', object: copy(object), before: object })
      },
      async *logs(pod) {
        check('get', kindOf({ apiVersion: 'v1', kind: 'Pod' }), pod.namespace, pod.name, 'log')
        find({ apiVersion: 'v1', kind: 'Pod', ...pod })
        yield new TextEncoder().encode(containerLogs.get(`${pod.namespace}/${pod.name}`) ?? '')
      },
      /** The program is `cat`: what is written comes back, and the end of input ends it with 0. */
      async exec(pod) {
        check('create', kindOf({ apiVersion: 'v1', kind: 'Pod' }), pod.namespace, pod.name, 'exec')
        find({ apiVersion: 'v1', kind: 'Pod', ...pod })
        const ended = Promise.withResolvers<number>()
        const { readable, writable } = new TransformStream<{ stream: 'stdout'; bytes: Uint8Array }>()
        const writer = writable.getWriter()
        const end = () => {
          writer.close().catch(() => {})
          ended.resolve(0)
        }
        return {
          output: readable as unknown as AsyncIterable<{ stream: 'stdout'; bytes: Uint8Array }>,
          write: (bytes) => void writer.write({ stream: 'stdout', bytes }),
          end,
          resize: () => {},
          done: ended.promise,
          close: end,
        }
      },
      may: async (access) => (rule(actor, access) ? { allowed: true, reason: '' } : { allowed: false, reason: 'the test says no' }),
      raw: async (path) => {
        throw new CodedError('NOT_FOUND', { what: path, cluster: name })
      },
    }
    return acted
  }
  return acting({ kind: 'self' })
}

type Plain = Record<string, unknown>
const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null && !Array.isArray(value)
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
const at = (value: unknown, path: string) => path.split('.').reduce<unknown>((found, step) => (found as Plain | undefined)?.[step], value)

/** RFC 7396. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlain(patch)) return copy(patch)
  const merged: Plain = isPlain(target) ? copy(target) : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = mergePatch(merged[key], value)
  }
  return merged
}

const leaves = (value: unknown, path = ''): [string, unknown][] =>
  isPlain(value) ? Object.entries(value).flatMap(([key, item]) => leaves(item, path === '' ? key : `${path}.${key}`)) : [[path, value]]
