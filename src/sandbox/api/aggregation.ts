/**
 * Aggregation: requests for groups that an APIService names go to the server behind it, with who asks in headers and the front proxy's certificate.
 * https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { serviceAddress } from './admission.ts'
import type { FrontProxy } from './certificates.ts'
import { ensure, setStatus, withCondition } from './controllers/objects.ts'
import { StatusError } from './status.ts'
import type { Obj } from './store.ts'
import { listOf, timestamp, type User, type World } from './world.ts'

export interface Resource {
  name: string
  singularName?: string
  namespaced: boolean
  kind: string
  verbs: readonly string[]
}

export interface Aggregation {
  /** Of a path below `/apis/GROUP/VERSION`; undefined: the sandbox itself answers. */
  serviceFor(path: string): Obj | undefined
  /** Hands the request over and gives back the answer. Throws a StatusError 503 when nobody answers. */
  proxy(service: Obj, user: User, incoming: IncomingMessage, outgoing: ServerResponse): void
  /** As `proxy`, for the sandbox's own controllers. */
  get(path: string, user: User): Promise<Obj>
  /** Groups that are served now, with what their discovery listed. */
  served(): readonly { group: string; version: string; resources: readonly Resource[] }[]
  stop(): void
}

const COLLECTION = 'apiservices.apiregistration.k8s.io'
const LOOK_MS = 2_000
const PATIENCE_MS = 10_000
const MAX_ANSWER = 32 * 1024 * 1024
const CHECKER: User = { name: 'system:kube-aggregator', groups: ['system:masters'] }

export function startAggregation(world: World, proxy: FrontProxy): Aggregation {
  const known = new Map<string, readonly Resource[]>()
  const names = JSON.stringify(['front-proxy-client'])
  const data = {
    'requestheader-client-ca-file': proxy.ca,
    'requestheader-allowed-names': names,
    'requestheader-username-headers': '["X-Remote-User"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
  }
  ensure(world, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data,
  } as unknown as Obj)

  const open = (service: Obj, path: string, method: string, user: User, accept: string, onAnswer: (answer: IncomingMessage) => void) => {
    const { service: ref, caBundle, insecureSkipTLSVerify } = service.spec
    const { url, servername } = serviceAddress(world, { ...ref, path: '/' })
    return httpsRequest(
      {
        host: url.hostname,
        port: url.port,
        path,
        method,
        servername,
        ca: caBundle === undefined ? undefined : Buffer.from(caBundle, 'base64'),
        rejectUnauthorized: insecureSkipTLSVerify !== true,
        cert: proxy.cert,
        key: proxy.key,
        headers: { accept, 'x-remote-user': user.name, 'x-remote-group': [...user.groups] },
        signal: AbortSignal.timeout(PATIENCE_MS),
      },
      onAnswer,
    )
  }
  const get = (service: Obj, path: string, user: User): Promise<Obj> =>
    new Promise((resolve, reject) => {
      const asking = open(service, path, 'GET', user, 'application/json', (answer) => {
        const chunks: Buffer[] = []
        let size = 0
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > MAX_ANSWER) asking.destroy(new Error('the answer is too large'))
          else chunks.push(chunk)
        })
        answer.on('error', reject)
        answer.on('end', () => {
          try {
            const body = JSON.parse(Buffer.concat(chunks).toString()) as Obj
            if (answer.statusCode === 200) resolve(body)
            else reject(new StatusError(answer.statusCode ?? 503, body.reason ?? '', String(body.message ?? `HTTP ${answer.statusCode}`)))
          } catch {
            reject(new Error(`the answer (HTTP ${answer.statusCode}) is no JSON`))
          }
        })
      })
      asking.on('error', reject)
      asking.end()
    })
  const all = () => listOf(world, COLLECTION).filter(({ spec }) => spec?.service !== undefined)

  const look = async (service: Obj) => {
    const { group, version } = service.spec
    let condition = { type: 'Available', status: 'True', reason: 'Passed', message: 'all checks passed' }
    try {
      const { resources } = await get(service, `/apis/${group}/${version}`, CHECKER)
      known.set(service.metadata.name, Array.isArray(resources) ? resources : [])
    } catch (error) {
      known.delete(service.metadata.name)
      condition = { type: 'Available', status: 'False', reason: 'FailedDiscoveryCheck', message: `failing or missing response: ${(error as Error).message}` }
    }
    const now = world.store.collection(COLLECTION).get(service.metadata.name)?.object
    if (now !== undefined) setStatus(world, now, { ...now.status, conditions: withCondition(now.status?.conditions, condition, timestamp(world.clock.now())) })
  }
  let looking = false
  const lookAtAll = async () => {
    if (looking) return
    looking = true
    await Promise.allSettled(all().map(look))
    looking = false
  }
  const timer = setInterval(() => void lookAtAll(), LOOK_MS).unref()
  const unfollow = world.store.onChange((name, event) => {
    if (name !== COLLECTION) return
    if (event.type === 'DELETED') known.delete(event.entry.key)
    else if (event.type === 'ADDED') void lookAtAll()
  })
  const serviceFor = (path: string) => {
    const [, group, version] = /^\/apis\/([^/]+)\/([^/]+)/.exec(path) ?? []
    return group === undefined ? undefined : all().find(({ spec }) => spec.group === group && spec.version === version)
  }

  return {
    serviceFor,
    proxy(service, user, incoming, outgoing) {
      const unavailable = (error: Error) => {
        if (outgoing.headersSent) return void outgoing.destroy()
        outgoing
          .writeHead(503, { 'content-type': 'application/json' })
          .end(JSON.stringify(new StatusError(503, 'ServiceUnavailable', `service unavailable: ${error.message}`).body()))
      }
      try {
        const asking = open(service, incoming.url ?? '/', incoming.method ?? 'GET', user, incoming.headers.accept ?? 'application/json', (answer) => {
          outgoing.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? 'application/json' })
          answer.pipe(outgoing)
        })
        asking.on('error', unavailable)
        incoming.pipe(asking)
      } catch (error) {
        unavailable(error as Error)
      }
    },
    async get(path, user) {
      const service = serviceFor(path)
      if (service === undefined) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource')
      return get(service, path, user)
    },
    served: () =>
      all().flatMap(({ metadata, spec }) => {
        const resources = known.get(metadata.name)
        return resources === undefined ? [] : [{ group: spec.group, version: spec.version, resources }]
      }),
    stop() {
      clearInterval(timer)
      unfollow()
    },
  }
}
