/** A small API server over HTTP for tests of the edge and of what stands on it: lists, watches that can be cut and forgotten, users with rights. The whole API is the sandbox's. */
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import type { KubeObject } from '#core/kube/objects.ts'

interface Attributes {
  verb: string
  group: string
  resource: string
  namespace?: string
}
export interface FakeApiServerOptions {
  objects?: readonly KubeObject[]
  /** Token → user; without, everybody is `admin`. */
  users?: Readonly<Record<string, string>>
  may?: (user: string, access: Attributes) => boolean
}

const KINDS: Record<string, { apiVersion: string; plural: string; namespaced: boolean }> = {
  Namespace: { apiVersion: 'v1', plural: 'namespaces', namespaced: false },
  Pod: { apiVersion: 'v1', plural: 'pods', namespaced: true },
  TokenReview: { apiVersion: 'authentication.k8s.io/v1', plural: 'tokenreviews', namespaced: false },
}

interface Event {
  version: number
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: KubeObject
}

export async function fakeApiServer({ objects = [], users, may = () => true }: FakeApiServerOptions = {}) {
  const stored = new Map<string, KubeObject>()
  let events: Event[] = []
  let forgotten = 0
  let version = 0
  const watchers = new Set<{ response: ServerResponse; wants: (object: KubeObject) => boolean }>()
  const sockets = new Set<Socket>()
  const snapshots = new Map<string, { version: number; items: KubeObject[] }>()
  const listed: string[] = []
  const impersonated: { user: string; groups: readonly string[] }[] = []
  let answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined

  const keyOf = (object: KubeObject) => `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`
  const change = (type: Event['type'], object: KubeObject): void => {
    version++
    const event: Event = { version, type, object: { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } } }
    if (type === 'DELETED') stored.delete(keyOf(object))
    else stored.set(keyOf(object), event.object)
    events.push(event)
    const line = `${JSON.stringify({ type, object: event.object })}\n`
    for (const { response, wants } of watchers) if (wants(object)) response.write(line)
  }
  const put = (object: KubeObject): void => {
    const before = stored.get(keyOf(object))
    change(before ? 'MODIFIED' : 'ADDED', { ...object, metadata: { ...object.metadata, uid: before?.metadata.uid ?? `uid-${version + 1}` } })
  }
  for (const object of objects) put(object)

  const send = (response: ServerResponse, status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  const fail = (response: ServerResponse, code: number, reason: string, message: string) =>
    send(response, code, { kind: 'Status', status: 'Failure', code, reason, message })

  const server = createServer(async (request, response) => {
    if (answer?.(request, response)) return
    const url = new URL(request.url ?? '/', 'http://x')
    const token = /^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const own = users === undefined ? 'admin' : users[token]
    if (own === undefined) return fail(response, 401, 'Unauthorized', 'Unauthorized')
    const other = request.headers['impersonate-user']
    if (typeof other === 'string') impersonated.push({ user: other, groups: [request.headersDistinct['impersonate-group'] ?? []].flat() })
    const user = typeof other === 'string' ? other : own
    let body = ''
    for await (const chunk of request) body += chunk

    if (url.pathname === '/version') return send(response, 200, { gitVersion: 'v1.30.0' })
    const list = /^\/(?:api|apis\/([^/]+))\/(v1)$/.exec(url.pathname)
    if (list) {
      const apiVersion = list[1] === undefined ? 'v1' : `${list[1]}/${list[2]}`
      const resources = Object.entries(KINDS).flatMap(([kind, { plural, namespaced, ...of }]) =>
        of.apiVersion === apiVersion ? [{ name: plural, kind, namespaced, verbs: ['list'] }] : [],
      )
      return resources.length === 0 ? fail(response, 404, 'NotFound', 'no such group') : send(response, 200, { resources })
    }
    if (url.pathname === '/apis/authentication.k8s.io/v1/tokenreviews') {
      const known = users?.[(JSON.parse(body) as { spec: { token: string } }).spec.token]
      return send(response, 201, {
        kind: 'TokenReview',
        metadata: {},
        status: known === undefined ? { authenticated: false } : { authenticated: true, user: { username: known } },
      })
    }
    if (url.pathname === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews') {
      const { resourceAttributes } = (JSON.parse(body) as { spec: { resourceAttributes: Attributes } }).spec
      return send(response, 201, { status: { allowed: may(user, resourceAttributes) } })
    }
    const found = /^\/api\/v1(?:\/namespaces\/([^/]+))?\/(\w+)$/.exec(url.pathname)
    const kind = Object.keys(KINDS).find((name) => KINDS[name]!.plural === found?.[2])
    if (!found || !kind) return fail(response, 404, 'NotFound', 'the server could not find the requested resource')
    const namespace = found[1]
    const watch = url.searchParams.get('watch') === 'true'
    if (!may(user, { verb: watch ? 'watch' : 'list', group: '', resource: found[2]!, namespace })) {
      const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
      return fail(
        response,
        403,
        'Forbidden',
        `${found[2]} is forbidden: User "${user}" cannot ${watch ? 'watch' : 'list'} resource "${found[2]}" in API group "" ${where}`,
      )
    }
    const wants = (object: KubeObject) => object.kind === kind && (namespace === undefined || object.metadata.namespace === namespace)
    if (watch) {
      const from = Number(url.searchParams.get('resourceVersion'))
      response.writeHead(200, { 'content-type': 'application/json' })
      if (from < forgotten) return void response.end(`${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } })}\n`)
      for (const event of events)
        if (event.version > from && wants(event.object)) response.write(`${JSON.stringify({ type: event.type, object: event.object })}\n`)
      const watcher = { response, wants }
      watchers.add(watcher)
      response.on('close', () => watchers.delete(watcher))
      response.flushHeaders()
      return
    }
    // Every page is of the moment of the first one.
    const [id, start] = (url.searchParams.get('continue') ?? '').split(':')
    const all = snapshots.get(id!) ?? { version, items: [...stored.values()].filter(wants).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) }
    const limit = Number(url.searchParams.get('limit') ?? all.items.length)
    const end = Number(start ?? 0) + limit
    const next = end < all.items.length ? { continue: `${id || String(snapshots.size + 1)}:${end}`, remainingItemCount: all.items.length - end } : {}
    if (next.continue) snapshots.set(next.continue.split(':')[0]!, all)
    listed.push(...all.items.slice(Number(start ?? 0), end).map(({ metadata }) => metadata.name))
    const metadata = { resourceVersion: String(all.version), ...next }
    send(response, 200, { kind: `${kind}List`, metadata, items: all.items.slice(Number(start ?? 0), end) })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url,
    put,
    remove: (object: KubeObject) => change('DELETED', stored.get(keyOf(object))!),
    /** Watches from before now are too old from now on. */
    forget(): void {
      forgotten = version
      events = []
      for (const { response } of watchers) response.end()
      watchers.clear()
    },
    /** Answers by itself what returns true. */
    intercept: (handler: typeof answer): void => {
      answer = handler
    },
    impersonated,
    /** Names of what lists answered, as often as they did. */
    listed,
    async kubeconfig(folder: string, token: string, context: string): Promise<string> {
      const path = join(folder, `${context}.kubeconfig`)
      const config = {
        'current-context': context,
        clusters: [{ name: 'c', cluster: { server: url } }],
        users: [{ name: 'u', user: { token } }],
        contexts: [{ name: context, context: { cluster: 'c', user: 'u' } }],
      }
      await writeFile(path, JSON.stringify(config))
      return path
    },
    async close(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
