/** The port `Cluster` over HTTP. https://kubernetes.io/docs/reference/using-api/api-concepts/ */
import { createHash } from 'node:crypto'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { describeRef, type KindRef, type KubeObject, refOf } from '#core/kube/objects.ts'
import type { Access, Actor, Cluster, ClusterHealth, Page, PageRequest, Selection, ServedKind, ServerTable, WriteOptions } from '#core/shapes/ports/cluster.ts'
import { createAccessReviews } from './access.ts'
import { clientApply } from './client-apply.ts'
import { createDiscovery } from './discovery.ts'
import { openExec } from './exec.ts'
import type { Purpose } from './failures.ts'
import { startInformer } from './informer.ts'
import type { ClusterAccess } from './kubeconfig.ts'
import { withoutManagedFields } from './managed-fields.ts'
import { type Call, createTransport } from './transport.ts'

export interface OpenOptions {
  name: string
  access: ClusterAccess
  clock: Clock
  random?: () => number
  /** Told when its state or error is another. */
  onHealth?: (health: ClusterHealth) => void
  /** Asks now and then whether it is still there, also when nobody else does. */
  heartbeat?: boolean
}

export interface OpenCluster {
  cluster: Cluster
  /** Ends requests, watches and informers, with CLUSTER_REMOVED. */
  close(): Promise<void>
}

const HEARTBEAT_MS = 15_000
const WATCH_GRACE_MS = 15_000
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json'
const PATCH_TYPES = { json: 'application/json-patch+json', merge: 'application/merge-patch+json', strategic: 'application/strategic-merge-patch+json' } as const

/** A cluster to work with. Nothing is asked of it yet. */
export function openCluster({ name, access, clock, random = Math.random, onHealth, heartbeat = false }: OpenOptions): OpenCluster {
  let serverVersion: string | undefined
  const healthOf = (health: ClusterHealth): ClusterHealth => (serverVersion === undefined ? health : { ...health, serverVersion })
  const transport = createTransport({ name, access, clock, random, onHealth: (health) => onHealth?.(healthOf(health)) })
  const self: Actor = { kind: 'self' }
  const ask = async (path: string) => JSON.parse(await transport.text({ method: 'GET', path, actor: self, purpose: { cluster: name, what: path } })) as unknown
  const discovery = createDiscovery(name, ask, () => clock.now())
  const reviews = createAccessReviews(clock)

  const acting = (actor: Actor): Cluster => {
    const call = async (
      ref: KindRef & { namespace?: string; name?: string },
      verb: string,
      request: Omit<Call, 'path' | 'purpose' | 'actor'> & { subresource?: string },
    ): Promise<{ call: Call; kind: ServedKind }> => {
      const kind = await discovery.kind(ref)
      const { subresource, ...rest } = request
      const { path, purpose } = place(name, kind, ref, verb, subresource)
      return { call: { ...rest, path, purpose, actor }, kind }
    }
    const object = async (
      ref: KindRef & { namespace?: string; name?: string },
      verb: string,
      request: Omit<Call, 'path' | 'purpose' | 'actor'> & { subresource?: string },
    ): Promise<KubeObject> => {
      const made = await call(ref, verb, request)
      return parse(await transport.text(made.call), made.call.purpose) as KubeObject
    }
    const page = async (kind: KindRef, select: PageRequest, lean: boolean, signal?: AbortSignal): Promise<Page<KubeObject> & { bytes: number }> => {
      const made = await call({ ...kind, namespace: select.namespace }, 'list', { method: 'GET', query: pageQuery(select), signal })
      const whole = await transport.text(made.call)
      const text = lean ? withoutManagedFields(whole) : whole
      const list = parse(text, made.call.purpose) as KubeList
      // Items of a list do not repeat what they are.
      for (const item of list.items ?? []) Object.assign(item, { apiVersion: made.kind.apiVersion, kind: made.kind.kind })
      return { ...pageOf(list), items: list.items ?? [], bytes: text.length }
    }

    const cluster: Cluster = {
      name,
      as: acting,
      health: () => healthOf(transport.health()),
      discover: ({ fresh = false } = {}) => discovery.all(fresh),
      get: (ref) => object(ref, 'get', { method: 'GET' }),
      async list(kind, select = {}) {
        const { bytes: _, ...answer } = await page(kind, select, false)
        return answer
      },
      async table(kind, select = {}) {
        const made = await call({ ...kind, namespace: select.namespace }, 'list', {
          method: 'GET',
          query: { ...pageQuery(select), includeObject: 'Metadata' },
          accept: TABLE,
        })
        return tableOf(parse(await transport.text(made.call), made.call.purpose) as KubeTable, made.kind)
      },
      informer: (kind, options = {}) =>
        startInformer(
          {
            cluster: name,
            what: `${kind.kind} of ${kind.apiVersion}`,
            page: ({ signal, ...select }) => page(kind, select, !options.managedFields, signal),
            watch: async ({ resourceVersion, timeoutSeconds, signal }) => {
              const query = { ...selectQuery(options), watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds }
              const made = await call({ ...kind, namespace: options.namespace }, 'watch', { method: 'GET', query, signal })
              return transport.stream(made.call, timeoutSeconds * 1000 + WATCH_GRACE_MS)
            },
            clock,
            random,
            pause: transport.pause,
            closed: transport.closed,
          },
          options,
        ),
      create: (body, { under, ...options } = {}) =>
        object(under?.ref ?? { ...refOf(body), name: undefined }, 'create', {
          method: 'POST',
          query: writeQuery(options),
          body: JSON.stringify(body),
          subresource: under?.subresource,
        }),
      update: (body, options = {}) =>
        object(refOf(body), 'update', { method: 'PUT', query: writeQuery(options), body: JSON.stringify(body), subresource: options.subresource }),
      patch: (ref, type, patch, options = {}) =>
        object(ref, 'patch', {
          method: 'PATCH',
          query: writeQuery(options),
          body: JSON.stringify(patch),
          contentType: PATCH_TYPES[type],
          subresource: options.subresource,
        }),
      async apply(body, options) {
        if (options.by === 'client') return clientApply(cluster, body, options)
        // Of the server's making; sent back it would be refused.
        const { managedFields: _, ...metadata } = body.metadata
        return object(refOf(body), 'patch', {
          method: 'PATCH',
          query: { ...writeQuery(options), force: options.force },
          // JSON is YAML.
          body: JSON.stringify({ ...body, metadata }),
          contentType: 'application/apply-patch+yaml',
          subresource: options.subresource,
        }).catch((error: unknown) => {
          // 415: this server was told not to know server-side apply (feature gate ServerSideApply, until 1.22).
          if (error instanceof CodedError && error.details.status === 415) return clientApply(cluster, body, options)
          throw error
        })
      },
      async delete(ref, options = {}) {
        const { uid, resourceVersion, gracePeriodSeconds, propagation, dryRun } = options
        const body = {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          gracePeriodSeconds,
          propagationPolicy: propagation,
          ...(uid === undefined && resourceVersion === undefined ? {} : { preconditions: { uid, resourceVersion } }),
          ...(dryRun ? { dryRun: ['All'] } : {}),
        }
        const made = await call(ref, 'delete', { method: 'DELETE', body: JSON.stringify(body) })
        await transport.text(made.call)
      },
      async *logs(pod, options = {}) {
        const { signal, ...query } = options
        const made = await call({ ...POD, ...pod }, 'get', { method: 'GET', subresource: 'log', query, accept: '*/*', signal })
        const body = await transport.stream(made.call, 0)
        try {
          yield* body as AsyncIterable<Uint8Array>
        } catch (error) {
          if (transport.closed.aborted) throw transport.closed.reason
          if (!signal?.aborted)
            throw new CodedError('CLUSTER_UNREACHABLE', { cluster: name, server: transport.server, reason: 'the log was cut off' }, { cause: error })
        } finally {
          body.destroy()
        }
      },
      async exec(pod, { signal, command, ...options }) {
        const query = { stdout: true, stderr: !options.tty, stdin: options.stdin ?? false, tty: options.tty ?? false, container: options.container, command }
        const made = await call({ ...POD, ...pod }, 'create', { method: 'GET', subresource: 'exec', query, signal })
        return openExec(transport, made.call)
      },
      may: (access: Access) =>
        reviews(actorKey(actor), access, async () => {
          const { group, ...attributes } = access
          const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes: { group, ...attributes } } }
          const answer = await transport.text({
            method: 'POST',
            path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
            body: JSON.stringify(review),
            actor,
            purpose: { cluster: name, what: 'own rights', access: { verb: 'create', group: 'authorization.k8s.io', resource: 'selfsubjectaccessreviews' } },
          })
          const { status } = JSON.parse(answer) as { status?: { allowed?: boolean; reason?: string; evaluationError?: string } }
          return { allowed: status?.allowed === true, reason: status?.reason || status?.evaluationError || '' }
        }),
      raw: (path, { accept = '*/*', signal } = {}) => {
        if (!path.startsWith('/') || /\/\.\.?(\/|$)/.test(path)) throw new CodedError('NOT_FOUND', { cluster: name, what: path })
        return transport.text({ method: 'GET', path, accept, actor, signal, purpose: { cluster: name, what: path } })
      },
    }
    return cluster
  }

  const beat = async () => {
    while (!transport.closed.aborted) {
      try {
        const version = (await ask('/version')) as { gitVersion?: string }
        serverVersion = version.gitVersion
      } catch {
        // It stands in the health.
      }
      await clock.sleep(HEARTBEAT_MS * (0.75 + random() / 2), transport.closed).catch(() => {})
    }
  }
  const beating = heartbeat ? beat() : Promise.resolve()

  return {
    cluster: acting(self),
    async close() {
      await transport.close()
      await beating
    },
  }
}

const POD = { apiVersion: 'v1', kind: 'Pod' }

interface KubeList {
  items?: KubeObject[] | null
  metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number }
}
interface KubeTable extends Omit<KubeList, 'items'> {
  kind?: string
  columnDefinitions?: ServerTable['columns']
  rows?: { cells: unknown[]; object?: KubeObject }[]
  items?: KubeObject[]
}

const pageOf = ({ metadata = {} }: Pick<KubeList, 'metadata'>) => ({
  resourceVersion: metadata.resourceVersion ?? '',
  ...(metadata.continue ? { continue: metadata.continue } : {}),
  ...(metadata.remainingItemCount === undefined ? {} : { remaining: metadata.remainingItemCount }),
})

/** An aggregated API may not know tables: names are told then. */
function tableOf(table: KubeTable, { apiVersion, kind }: ServedKind): ServerTable {
  if (table.kind !== 'Table') {
    const columns = [{ name: 'Name', type: 'string', format: 'name', description: '', priority: 0 }]
    const items = (table.items ?? []).map(({ metadata }) => ({ cells: [metadata.name], object: { apiVersion, kind, metadata } }))
    return { ...pageOf(table), columns, items }
  }
  return {
    ...pageOf(table),
    columns: table.columnDefinitions ?? [],
    items: (table.rows ?? []).map(({ cells, object }) => ({ cells, object: { ...object!, apiVersion, kind } })),
  }
}

const selectQuery = ({ labels, fields }: Selection) => ({ labelSelector: labels, fieldSelector: fields })
const pageQuery = (select: PageRequest) => ({ ...selectQuery(select), limit: select.limit, continue: select.continue })
const writeQuery = ({ dryRun, fieldManager = 'sallyport' }: WriteOptions) => ({ dryRun: dryRun ? 'All' : undefined, fieldManager })

/** What may stand in a path: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#path-segment-names */
function segment(text: string, field: string): string {
  if (text === '' || text === '.' || text === '..' || /[/%]/.test(text) || text.length > 253)
    throw invalidInput([{ path: field, message: `"${text.slice(0, 80)}" is no name that can stand in a path` }])
  return encodeURIComponent(text)
}

function place(
  cluster: string,
  kind: ServedKind,
  ref: { namespace?: string; name?: string },
  verb: string,
  subresource?: string,
): { path: string; purpose: Purpose } {
  const { group, version, plural, namespaced } = kind
  const { name } = ref
  const namespace = namespaced ? ref.namespace : undefined
  if (namespaced && namespace === undefined && verb !== 'list' && verb !== 'watch')
    throw invalidInput([{ path: 'metadata.namespace', message: `is missing: ${kind.kind} objects are in namespaces` }])
  const path = [
    group === '' ? `/api/${version}` : `/apis/${group}/${version}`,
    ...(namespace === undefined ? [] : ['namespaces', segment(namespace, 'metadata.namespace')]),
    plural,
    ...(name === undefined ? [] : [segment(name, 'metadata.name')]),
    ...(subresource === undefined ? [] : [segment(subresource, 'subresource')]),
  ].join('/')
  const what = name === undefined ? `${plural}${namespace === undefined ? '' : ` in ${namespace}`}` : describeRef({ kind: kind.kind, namespace, name })
  return { path, purpose: { cluster, what, access: { verb, group, resource: plural, subresource, namespace, name } } }
}

function parse(text: string, { cluster, what }: Purpose): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CodedError('CLUSTER_FAILED', { cluster, status: 200, reason: `the answer about ${what} is no JSON` })
  }
}

/** Tells actors apart without keeping a token. */
function actorKey(actor: Actor): string {
  if (actor.kind === 'self') return ''
  return createHash('sha256').update(JSON.stringify(actor)).digest('base64')
}
