/**
 * Audit events of the sandbox, as kube-apiserver writes them to its log (audit.k8s.io/v1), by the policy that `sallyport audit setup` prints.
 * Each carries an annotation that says where it comes from: nobody shall take it for a real cluster's.
 */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { levelOf, RECOMMENDED_POLICY } from '#capabilities/audit/domain/policy.ts'
import type { Clock } from '#core/kernel/clock.ts'
import { isJsonObject } from '#core/kube/json.ts'
import type { ResourcePath } from './http/paths.ts'
import type { User } from './world.ts'

export interface Audit {
  /** Called first for every request; the event is written when its answer is over. */
  begin(incoming: IncomingMessage, outgoing: ServerResponse, socket?: Duplex): void
  /** Who asks, and as whom. */
  by(incoming: IncomingMessage, user: User, as?: User): void
  asks(incoming: IncomingMessage, verb: string, path?: ResourcePath): void
  body(incoming: IncomingMessage, body: unknown): void
  /** RBAC says no. */
  refuses(incoming: IncomingMessage): void
  /** An answer begins that goes on: a watch, or the streams of a program. */
  starts(incoming: IncomingMessage, code: number): void
}

interface Trace {
  id: string
  received: number
  user?: User
  as?: User
  verb: string
  path?: ResourcePath
  body?: unknown
  refused: boolean
  over: boolean
}

/** Of a body in an event, characters; kube-apiserver's webhook truncates too. */
const MAX_BODY = 256 * 1024

export function createAudit(write: (line: string) => void, clock: Pick<Clock, 'now'>): Audit {
  const traces = new WeakMap<IncomingMessage, Trace>()
  const micros = (ms: number) => new Date(ms).toISOString().replace('Z', '000Z')

  function record(incoming: IncomingMessage, stage: 'ResponseStarted' | 'ResponseComplete', code: number): void {
    const trace = traces.get(incoming)
    if (trace === undefined || trace.over) return
    if (stage === 'ResponseComplete') trace.over = true
    const { user, as, path, verb } = trace
    const url = incoming.url ?? '/'
    const name = path?.name ?? nameIn(trace.body) ?? ''
    const { level, records } = levelOf(RECOMMENDED_POLICY, {
      user: user?.name ?? '',
      groups: user?.groups ?? [],
      verb,
      group: path?.group ?? '',
      resource: path?.resource ?? '',
      subresource: path?.subresource ?? '',
      namespace: path?.namespace ?? '',
      name,
      ...(path === undefined ? { path: url.split('?')[0]! } : {}),
    })
    if (!records(stage)) return
    const body = level === 'Request' && stage === 'ResponseComplete' ? withoutManagedFields(trace.body) : undefined
    const large = body !== undefined && JSON.stringify(body).length > MAX_BODY
    write(
      `${JSON.stringify({
        kind: 'Event',
        apiVersion: 'audit.k8s.io/v1',
        level,
        auditID: trace.id,
        stage,
        requestURI: url,
        verb,
        user: user === undefined ? {} : { username: user.name, uid: user.uid, groups: user.groups },
        ...(as === undefined ? {} : { impersonatedUser: { username: as.name, groups: as.groups } }),
        sourceIPs: [incoming.socket.remoteAddress ?? ''],
        userAgent: incoming.headers['user-agent'],
        ...(path === undefined
          ? {}
          : {
              objectRef: {
                resource: path.resource,
                namespace: path.namespace,
                name: name || undefined,
                apiGroup: path.group || undefined,
                apiVersion: path.version,
                subresource: path.subresource,
              },
            }),
        responseStatus: { metadata: {}, code },
        ...(body === undefined || large ? {} : { requestObject: body }),
        requestReceivedTimestamp: micros(trace.received),
        stageTimestamp: micros(clock.now()),
        annotations: {
          ...(user === undefined ? {} : { 'authorization.k8s.io/decision': trace.refused ? 'forbid' : 'allow' }),
          'sallyport.io/sandbox': 'true',
          ...(large ? { 'audit.k8s.io/truncated': 'true' } : {}),
        },
      })}\n`,
    )
  }

  const change = (incoming: IncomingMessage, what: Partial<Trace>) => {
    const trace = traces.get(incoming)
    if (trace !== undefined) Object.assign(trace, what)
  }
  return {
    begin(incoming, outgoing, socket) {
      traces.set(incoming, { id: randomUUID(), received: clock.now(), verb: (incoming.method ?? 'GET').toLowerCase(), refused: false, over: false })
      const complete = () => record(incoming, 'ResponseComplete', socket !== undefined && !outgoing.headersSent ? 101 : outgoing.statusCode)
      outgoing.once('close', complete)
      socket?.once('close', complete)
    },
    by: (incoming, user, as) => change(incoming, { user, as }),
    asks: (incoming, verb, path) => change(incoming, { verb, path }),
    body: (incoming, body) => change(incoming, { body }),
    refuses: (incoming) => change(incoming, { refused: true }),
    starts: (incoming, code) => record(incoming, 'ResponseStarted', code),
  }
}

const nameIn = (body: unknown): string | undefined => {
  const metadata = isJsonObject(body) ? body.metadata : undefined
  return isJsonObject(metadata) && typeof metadata.name === 'string' ? metadata.name : undefined
}

function withoutManagedFields(body: unknown): unknown {
  if (!isJsonObject(body) || !isJsonObject(body.metadata) || body.metadata.managedFields === undefined) return body
  const { managedFields: _, ...metadata } = body.metadata
  return { ...body, metadata }
}
