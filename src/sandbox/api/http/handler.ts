/** The Kubernetes API over HTTP: who asks, what for, may they, and the answer. */
import { type IncomingMessage, type RequestListener, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { isJsonObject } from '#core/kube/json.ts'
import { apiVersionOf } from '#core/kube/objects.ts'
import { admitted, type Operation } from '../admission.ts'
import type { Aggregation } from '../aggregation.ts'
import type { Audit } from '../audit.ts'
import { readDeleteOptions, remove } from '../deletes.ts'
import type { Kind, ServedVersion } from '../kinds.ts'
import type { PodRuntime, PodStreams } from '../pod-runtime.ts'
import { partial, tableOf } from '../printers.ts'
import { mayDo } from '../rbac.ts'
import { list, type Selected, selection, textIn } from '../reads.ts'
import { review, type Tokens } from '../reviews.ts'
import { badRequest, forbidden, methodNotAllowed, noSuchPath, StatusError, unauthorized, unsupportedMediaType } from '../status.ts'
import type { Obj } from '../store.ts'
import { bind, evict, readScale, success, writeScale } from '../subresources.ts'
import type { User, World } from '../world.ts'
import { apply, create, current, inVersion, type PatchKind, patch, type Target, update, type WriteContext } from '../writes.ts'
import { parseBody, readBytes } from './body.ts'
import { aggregated, apiGroupList, apiResourceList, groupOf, verbsOf } from './discovery.ts'
import { type Form, negotiate } from './negotiate.ts'
import { openApi } from './openapi.ts'
import { parseResourcePath, type ResourcePath } from './paths.ts'
import { servePortForward, serveSpdyProgram, speaksSpdy, tunnelsSpdy } from './spdy-sessions.ts'
import { serveWebSocket, speaksWebSocket, type Upgrade } from './streams.ts'
import { serveWatch } from './watching.ts'

export interface HandlerOptions {
  world: World
  tokens: Tokens & { issue(user: User): string }
  runtime: PodRuntime
  /** `v1.34.0` */
  version: string
  aggregation: Aggregation
  /** Is told of every request. */
  audit?: Audit
}

interface Call {
  incoming: IncomingMessage
  outgoing: ServerResponse
  query: URLSearchParams
  user: User
  path: ResourcePath
  kind: Kind
  version: ServedVersion
  warnings: string[]
  /** The connection, when the client wants to speak something else over it. */
  upgrade?: Upgrade
}

const send = (outgoing: ServerResponse, status: number, body: string | Buffer, type = 'application/json', headers: Record<string, string> = {}) => {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  outgoing.writeHead(status, { 'content-type': type, 'content-length': bytes.length, 'cache-control': 'no-cache, private', ...headers }).end(bytes)
}
const sendJson = (outgoing: ServerResponse, status: number, body: unknown) => send(outgoing, status, JSON.stringify(body))

export interface Handler {
  request: RequestListener
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void
}

export function createHandler(options: HandlerOptions): Handler {
  const serveOne = (incoming: IncomingMessage, outgoing: ServerResponse, upgrade?: Upgrade) => {
    options.audit?.begin(incoming, outgoing, upgrade?.socket)
    void answer(options, incoming, outgoing, upgrade).catch((error: unknown) => {
      const known = error instanceof StatusError ? error : new StatusError(500, 'InternalError', `Internal error occurred: ${(error as Error).message}`)
      if (!(error instanceof StatusError)) process.stderr.write(`sandbox: ${incoming.method} ${incoming.url?.slice(0, 300)}: ${(error as Error).stack}\n`)
      if (outgoing.headersSent) {
        outgoing.destroy()
        return
      }
      const retry = known.code === 429 ? { 'retry-after': '10' } : undefined
      send(outgoing, known.code, JSON.stringify(known.body()), 'application/json', retry)
    })
  }
  return {
    request: serveOne,
    upgrade(incoming, socket, head) {
      // Refusals are answered as to any request; Node hands over the bare connection.
      const outgoing = new ServerResponse(incoming)
      outgoing.assignSocket(socket as never)
      outgoing.shouldKeepAlive = false
      outgoing.once('finish', () => socket.end())
      socket.on('error', () => socket.destroy())
      serveOne(incoming, outgoing, { socket, head })
    },
  }
}

const HEALTH = new Set(['/healthz', '/livez', '/readyz'])

async function answer(options: HandlerOptions, incoming: IncomingMessage, outgoing: ServerResponse, upgrade?: Upgrade): Promise<void> {
  const { world } = options
  const url = new URL(incoming.url ?? '/', 'http://sandbox')
  const path = parseResourcePath(url.pathname)
  options.audit?.asks(incoming, (incoming.method ?? 'GET').toLowerCase(), path)
  const user = authenticate(options, incoming)
  const verb = { GET: 'get', HEAD: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' }[incoming.method ?? ''] ?? 'get'
  if (path === undefined) {
    const decision = mayDo(world, user, { verb, path: url.pathname })
    if (!decision.allowed) options.audit?.refuses(incoming)
    if (!decision.allowed) throw new StatusError(403, 'Forbidden', `forbidden: User "${user.name}" cannot ${verb} path "${url.pathname}"`, {})
    const behind = options.aggregation.serviceFor(url.pathname)
    if (behind !== undefined) options.aggregation.proxy(behind, user, incoming, outgoing)
    else serveOther(options, url, incoming, outgoing)
    return
  }
  const found = world.kinds.find(path.group, path.version, path.resource)
  const query = url.searchParams
  const watching = query.get('watch') === 'true' || query.get('watch') === '1'
  const action = actionOf(incoming.method ?? 'GET', path, watching)
  options.audit?.asks(incoming, action, path)
  if (path.name === undefined && (action === 'update' || action === 'patch')) throw methodNotAllowed()
  const name = action === 'create' ? undefined : path.name
  const resource = path.subresource === undefined ? path.resource : `${path.resource}/${path.subresource}`
  const namespace = path.resource === 'namespaces' && path.group === '' ? path.name : path.namespace
  const decision = mayDo(world, user, { verb: action, group: path.group, resource, namespace, name })
  if (!decision.allowed) {
    options.audit?.refuses(incoming)
    const where = path.namespace === undefined ? 'at the cluster scope' : `in the namespace "${path.namespace}"`
    throw forbidden(
      { group: path.group, plural: path.resource },
      name ?? '',
      `User "${user.name}" cannot ${action} resource "${resource}" in API group "${path.group}" ${where}`,
    )
  }
  if (found === undefined) {
    const behind = options.aggregation.serviceFor(url.pathname)
    if (behind === undefined) throw noSuchPath()
    options.aggregation.proxy(behind, user, incoming, outgoing)
    return
  }
  const { kind, version } = found
  if (kind.namespaced && path.namespace === undefined && (path.name !== undefined || action === 'create'))
    throw kind.virtual ? noSuchPath() : methodNotAllowed()
  if (!kind.namespaced && path.namespace !== undefined) throw noSuchPath()
  const call: Call = { incoming, outgoing, query, user, path, kind, version, warnings: [], upgrade }
  if (version.deprecationWarning !== undefined) call.warnings.push(version.deprecationWarning)
  if (path.subresource !== undefined && !version.subresources.has(path.subresource)) throw noSuchPath()
  if (!verbsOf(kind, version, path.subresource).some((one) => one === action || (action === 'list' && one === 'get'))) throw methodNotAllowed()
  await serve(options, call, action)
}

function actionOf(method: string, { name, subresource }: ResourcePath, watching: boolean): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      return name === undefined ? (watching ? 'watch' : 'list') : watching && subresource === undefined ? 'watch' : 'get'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete'
    default:
      throw methodNotAllowed()
  }
}

function authenticate({ world, tokens, audit }: HandlerOptions, incoming: IncomingMessage): User {
  const { authorization } = incoming.headers
  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1]
  if (authorization !== undefined && token === undefined) throw unauthorized()
  const real = token === undefined ? { name: 'system:anonymous', groups: ['system:unauthenticated'] } : tokens.userOf(token)
  if (real === undefined) throw unauthorized()
  audit?.by(incoming, real)
  const asUser = incoming.headers['impersonate-user']
  const asGroups = incoming.headersDistinct['impersonate-group'] ?? []
  if (asUser === undefined) {
    if (asGroups.length > 0) throw new StatusError(500, 'InternalError', 'Internal error occurred: requested groups without impersonating a user')
    return real
  }
  const account = /^system:serviceaccount:([^:]+):(.+)$/.exec(String(asUser))
  const wanted: [string, string, string | undefined][] = [
    account ? ['serviceaccounts', account[2]!, account[1]] : ['users', String(asUser), undefined],
    ...asGroups.map((group): [string, string, undefined] => ['groups', group, undefined]),
  ]
  for (const [resource, name, namespace] of wanted)
    if (!mayDo(world, real, { verb: 'impersonate', group: '', resource, name, namespace }).allowed) {
      audit?.by(incoming, real, { name: String(asUser), groups: asGroups })
      audit?.refuses(incoming)
      throw forbidden(
        { group: '', plural: resource },
        name,
        `User "${real.name}" cannot impersonate resource "${resource}" in API group "" at the cluster scope`,
      )
    }
  const groups = account && asGroups.length === 0 ? ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`] : asGroups
  const as: User = { name: String(asUser), groups: groups.includes('system:authenticated') ? groups : [...groups, 'system:authenticated'] }
  audit?.by(incoming, real, as)
  return as
}

function serveOther(options: HandlerOptions, url: URL, incoming: IncomingMessage, outgoing: ServerResponse): unknown {
  const { world, version } = options
  const path = url.pathname.replace(/\/$/, '') || '/'
  const accept = incoming.headers.accept ?? ''
  if (HEALTH.has(path)) return send(outgoing, 200, 'ok', 'text/plain; charset=utf-8')
  if (path === '/version') {
    const [major, minor] = version.slice(1).split('.')
    return sendJson(outgoing, 200, {
      major,
      minor,
      gitVersion: `${version}+sallyport-sandbox`,
      gitCommit: '',
      gitTreeState: 'clean',
      buildDate: '1970-01-01T00:00:00Z',
      goVersion: '',
      compiler: '',
      platform: `${process.platform}/${process.arch}`,
    })
  }
  const discovery = /g=apidiscovery\.k8s\.io;v=(v2|v2beta1);as=APIGroupDiscoveryList/.exec(accept)?.[1] as 'v2' | 'v2beta1' | undefined
  if ((path === '/api' || path === '/apis') && discovery !== undefined)
    return send(
      outgoing,
      200,
      JSON.stringify(aggregated(world.kinds, path === '/api', discovery, options.aggregation.served())),
      `application/json;g=apidiscovery.k8s.io;v=${discovery};as=APIGroupDiscoveryList`,
    )
  if (path === '/api')
    return sendJson(outgoing, 200, {
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: incoming.headers.host }],
    })
  if (path === '/apis') return sendJson(outgoing, 200, apiGroupList(world.kinds, options.aggregation.served()))
  const parts = path.split('/').slice(1)
  if (parts[0] === 'api' && parts.length === 2) {
    const found = apiResourceList(world.kinds, '', parts[1]!)
    if (found !== undefined) return sendJson(outgoing, 200, found)
  }
  if (parts[0] === 'apis' && (parts.length === 2 || parts.length === 3)) {
    const found = parts.length === 2 ? groupOf(world.kinds, parts[1]!, options.aggregation.served()) : apiResourceList(world.kinds, parts[1]!, parts[2]!)
    if (found !== undefined) return sendJson(outgoing, 200, parts.length === 2 ? { kind: 'APIGroup', apiVersion: 'v1', ...found } : found)
  }
  if (parts[0] === 'openapi') {
    const found = openApi(world, path, accept)
    if (found !== undefined) return send(outgoing, 200, found.body, found.type, { etag: found.etag })
  }
  if (path === '/')
    return sendJson(outgoing, 200, {
      paths: [
        '/api',
        '/api/v1',
        '/apis',
        ...apiGroupList(world.kinds, options.aggregation.served()).groups.map((group) => `/apis/${group!.name}`),
        '/healthz',
        '/openapi/v2',
        '/openapi/v3',
        '/readyz',
        '/version',
      ],
    })
  return send(outgoing, 404, '404 page not found\n', 'text/plain; charset=utf-8')
}

const PATCH_TYPES: Record<string, PatchKind | 'apply'> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
}

function dryRunOf(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun').filter((value) => value !== '')
  if (values.some((value) => value !== 'All'))
    throw new StatusError(
      422,
      'Invalid',
      `PatchOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ${JSON.stringify(values)}: supported values: "All"`,
      {
        group: 'meta.k8s.io',
        kind: 'PatchOptions',
        causes: [{ reason: 'FieldValueNotSupported', message: `Unsupported value: ${JSON.stringify(values)}: supported values: "All"`, field: 'dryRun' }],
      },
    )
  return values.length > 0
}

async function serve(options: HandlerOptions, call: Call, action: string): Promise<unknown> {
  const { world } = options
  const { incoming, outgoing, query, path, kind, version, user } = call
  const form = negotiate(incoming.headers.accept)
  const contentType = String(incoming.headers['content-type'] ?? 'application/json')
    .split(';')[0]!
    .trim()
  const readBody = async (): Promise<unknown> => {
    const body = parseBody(await readBytes(incoming), contentType)
    options.audit?.body(incoming, body)
    return body
  }
  const context = (): WriteContext => {
    const validation = query.get('fieldValidation')
    return {
      user,
      manager:
        query.get('fieldManager') ||
        String(incoming.headers['user-agent'] ?? 'unknown')
          .split('/')[0]!
          .slice(0, 128) ||
        'unknown',
      dryRun: dryRunOf(query),
      fieldValidation: validation === 'Strict' || validation === 'Ignore' ? validation : 'Warn',
      warnings: call.warnings,
    }
  }
  const target: Target = { kind, version, namespace: path.namespace, name: path.name ?? '', subresource: path.subresource }
  if (kind.virtual) {
    if (path.name !== undefined) throw noSuchPath()
    return sendObject(world, call, form, 201, review(world, options.tokens, kind.kind, await readBody(), user, path.namespace))
  }
  if (path.subresource !== undefined && path.subresource !== 'status') {
    const done = await serveSubresource(options, call, target, action, readBody, context, contentType)
    return done === undefined ? undefined : sendObject(world, call, done.plain ? { as: 'object' } : form, done.status, done.object)
  }
  /** `run` may be called twice: with a copy of the body each time. */
  const write = (operation: Operation, body: unknown, run: (body: unknown, by: WriteContext) => Obj): Promise<Obj> =>
    admitted(
      world,
      target,
      operation,
      context(),
      (by) => run(structuredClone(body), by),
      (made) => made,
    )
  switch (action) {
    case 'list':
      return sendList(world, call, selection(kind, version, path.namespace, query), form)
    case 'watch':
      options.audit?.starts(incoming, 200)
      return serveWatch(world, selection(kind, version, path.namespace, query, path.name), query, form, incoming, outgoing)
    case 'get':
      return sendObject(world, call, form, 200, inVersion(target, current(world, target).object))
    case 'create':
      if (path.name !== undefined) throw methodNotAllowed()
      return sendObject(world, call, form, 201, await write('CREATE', await readBody(), (body, by) => create(world, target, body, by)))
    case 'update':
      return sendObject(world, call, form, 200, await write('UPDATE', await readBody(), (body, by) => update(world, target, body, by)))
    case 'patch': {
      const type = PATCH_TYPES[contentType]
      if (type === undefined || (type === 'strategic' && kind.crd !== undefined))
        throw unsupportedMediaType(
          Object.keys(PATCH_TYPES)
            .filter((one) => kind.crd === undefined || !one.includes('strategic'))
            .join(', '),
        )
      const body = await readBody()
      if (type !== 'apply') return sendObject(world, call, form, 200, await write('UPDATE', body, (given, by) => patch(world, target, type, given, by)))
      if (!query.get('fieldManager')) {
        const cause = { reason: 'FieldValueRequired', message: 'Required value: is required for apply patch', field: 'fieldManager' }
        throw new StatusError(422, 'Invalid', 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch', {
          group: 'meta.k8s.io',
          kind: 'PatchOptions',
          causes: [cause],
        })
      }
      const applied = await admitted(
        world,
        target,
        'UPDATE',
        context(),
        (by) => apply(world, target, structuredClone(body), by, query.get('force') === 'true'),
        ({ object }) => object,
      )
      return sendObject(world, call, form, applied.created ? 201 : 200, applied.object)
    }
    case 'delete': {
      const deleteOptions = readDeleteOptions(await readBody(), query)
      const { object, gone } = await admitted(
        world,
        target,
        'DELETE',
        { ...context(), dryRun: deleteOptions.dryRun },
        () => remove(world, target, deleteOptions, { user }),
        () => undefined,
      )
      // A custom object and what is gone at once are answered by a Status; what waits is shown as it waits.
      return gone ? sendJson(outgoing, 200, success(kind, target.name, object.metadata.uid)) : sendObject(world, call, form, 200, inVersion(target, object))
    }
    default:
      return deleteCollection(world, call, target, readDeleteOptions(await readBody(), query), form)
  }
}

function deleteCollection(world: World, call: Call, target: Target, deleteOptions: ReturnType<typeof readDeleteOptions>, form: Form): void {
  if (call.kind.kind === 'Namespace' || call.kind.kind === 'Service') throw methodNotAllowed()
  const selected = selection(call.kind, call.version, call.path.namespace, call.query)
  const page = list(world, selected, call.query)
  for (const entry of page.entries) {
    const { name, namespace } = entry.object.metadata
    try {
      remove(world, { ...target, name, namespace }, deleteOptions, call)
    } catch (error) {
      if (!(error instanceof StatusError && error.code === 404)) throw error
    }
  }
  sendEntries(world, call, selected, page, form)
}

async function serveSubresource(
  options: HandlerOptions,
  call: Call,
  target: Target,
  action: string,
  readBody: () => Promise<unknown>,
  context: () => WriteContext,
  contentType: string,
): Promise<{ status: number; object: Obj; plain?: boolean } | undefined> {
  const { world, runtime, tokens } = options
  switch (target.subresource) {
    case 'scale': {
      if (action === 'get') return { status: 200, object: readScale(world, target), plain: true }
      const type = action === 'patch' ? PATCH_TYPES[contentType] : undefined
      if (type === 'apply') throw badRequest('apply to scale is not part of the sandbox; apply to the object itself')
      return { status: 200, object: writeScale(world, target, await readBody(), context(), type), plain: true }
    }
    case 'finalize':
      return { status: 200, object: update(world, target, await readBody(), context()) }
    case 'eviction':
      evict(world, target, await readBody(), context())
      sendJson(call.outgoing, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' })
      return undefined
    case 'binding':
      bind(world, target, await readBody(), context())
      sendJson(call.outgoing, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
      return undefined
    case 'approval':
    case 'resize':
    case 'ephemeralcontainers':
      return {
        status: 200,
        object: action === 'get' ? current(world, target).object : update(world, { ...target, subresource: 'status' }, await readBody(), context()),
      }
    case 'token': {
      const body = await readBody()
      const account = current(world, target).object
      const user: User = {
        name: `system:serviceaccount:${target.namespace}:${target.name}`,
        uid: account.metadata.uid,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${target.namespace}`, 'system:authenticated'],
      }
      const object = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: { name: target.name, namespace: target.namespace },
        spec: isJsonObject(body) ? body.spec : {},
        status: { token: tokens.issue(user), expirationTimestamp: new Date(world.clock.now() + 3_600_000).toISOString() },
      }
      return { status: 201, object: object as unknown as Obj, plain: true }
    }
    case 'log': {
      const pod = current(world, target).object
      await runtime.log(pod, call.query, call.outgoing)
      return undefined
    }
    case 'exec':
    case 'attach': {
      const pod = current(world, target).object
      const command = target.subresource === 'exec' ? call.query.getAll('command') : undefined
      const problem = streamProblem(pod, call.query, command)
      if (problem !== undefined) throw badRequest(problem)
      if (call.upgrade === undefined) throw badRequest('Upgrade request required')
      const overSpdy = speaksSpdy(call.incoming, 'program')
      if (!overSpdy && !speaksWebSocket(call.incoming))
        throw badRequest('programs are streamed over WebSocket (v5.channel.k8s.io, v4.channel.k8s.io) or SPDY (v4)')
      options.audit?.starts(call.incoming, 101)
      call.outgoing.detachSocket(call.upgrade.socket as never)
      const run = (streams: PodStreams) => runtime.run(pod, command, streams)
      if (overSpdy) serveSpdyProgram(call.upgrade, call.query, run)
      else serveWebSocket(call.incoming, call.upgrade, call.query, run)
      return undefined
    }
    case 'portforward': {
      const pod = current(world, target).object
      if (call.upgrade === undefined) throw badRequest('Upgrade request required')
      if (!tunnelsSpdy(call.incoming) && !speaksSpdy(call.incoming, 'forward'))
        throw badRequest('ports are forwarded over SPDY/3.1, or that through a WebSocket')
      options.audit?.starts(call.incoming, 101)
      call.outgoing.detachSocket(call.upgrade.socket as never)
      servePortForward(call.incoming, call.upgrade, (port) => runtime.connect(pod, port))
      return undefined
    }
    default:
      throw new StatusError(501, 'NotImplemented', `the sandbox has no ${target.subresource}: its pods are HTTP servers inside a process, not containers`)
  }
}

function streamProblem(pod: Obj, query: URLSearchParams, command: readonly string[] | undefined): string | undefined {
  const container = query.get('container')
  const known: string[] = pod.spec.containers.map((one: { name: string }) => one.name)
  if (container && !known.includes(container)) return `container ${container} is not valid for pod ${pod.metadata.name}`
  if (command !== undefined && (command[0] ?? '') === '') return 'you must specify a command for the container'
  if (['stdin', 'stdout', 'stderr'].every((name) => query.get(name) !== 'true' && query.get(name) !== '1'))
    return 'you must specify at least 1 of stdin, stdout, stderr'
  return undefined
}

function sendObject(world: World, call: Call, form: Form, status: number, object: Obj): void {
  const { outgoing, kind, version, query } = call
  for (const warning of call.warnings.slice(0, 20)) outgoing.appendHeader('warning', `299 - ${JSON.stringify(warning.slice(0, 250))}`)
  const body =
    form.as === 'Table'
      ? tableOf(kind, version, [object], world.clock.now(), query.get('includeObject') ?? 'Metadata', { resourceVersion: object.metadata.resourceVersion })
      : form.as === 'object'
        ? object
        : partial(object)
  sendJson(outgoing, status, body)
}

const sendList = (world: World, call: Call, selected: Selected, form: Form) => sendEntries(world, call, selected, list(world, selected, call.query), form)

function sendEntries(world: World, call: Call, selected: Selected, page: ReturnType<typeof list>, form: Form): void {
  const { outgoing, kind, version, query } = call
  for (const warning of call.warnings) outgoing.appendHeader('warning', `299 - ${JSON.stringify(warning.slice(0, 250))}`)
  const metadata = {
    resourceVersion: String(page.revision),
    ...(page.continue === undefined ? {} : { continue: page.continue }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  }
  if (form.as === 'object') {
    const head = `{"kind":${JSON.stringify(kind.listKind)},"apiVersion":${JSON.stringify(apiVersionOf(kind.group, version.name))},"metadata":${JSON.stringify(metadata)},"items":[`
    send(outgoing, 200, `${head}${page.entries.map((entry) => textIn(selected, entry)).join(',')}]}`)
    return
  }
  const objects = page.entries.map((entry) => inVersion(selected, entry.object))
  const body =
    form.as === 'Table'
      ? tableOf(kind, version, objects, world.clock.now(), query.get('includeObject') ?? 'Metadata', metadata)
      : { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata, items: objects.map(partial) }
  sendJson(outgoing, 200, body)
}
