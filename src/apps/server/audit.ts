import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import type { Row } from '#core/telemetry/encode-rows.ts'
import { userOf } from '#kits/server-kit/http.ts'

const VERBS: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'update', DELETE: 'delete' }
const API = '/api/v1/'
const LOGIN = /^\/api\/v1\/login(\/token|\/oidc\/callback)?$/

/** A row in `audit` for every change that somebody asked for and every login, allowed or not. Senders' batches are no changes and have counters instead. */
export function auditChanges(http: FastifyInstance, deps: { clock: Clock; log: Logger; record(row: Row): Promise<void> }): void {
  http.addHook('onResponse', async (request, reply) => {
    const login = LOGIN.test(request.routeOptions.url ?? '')
    if ((!(request.method in VERBS) && !login) || request.is404 || request.routeOptions.config.access === 'ingest') return
    // Strangers cannot fill the disk: what they may try is rate-limited, and beyond that is no news.
    if (request.identity === undefined && (!login || reply.statusCode === 429)) return
    const row = auditRow(request, reply, deps.clock.now())
    try {
      await deps.record(row)
    } catch (err) {
      deps.log.error({ err, audit: { ...row, ts: undefined } }, 'an audit row could not be stored')
    }
  })
}

function auditRow(request: FastifyRequest, reply: FastifyReply, now: number): Row {
  const { cluster = '', ...params } = request.params as Record<string, string>
  const resource = (request.routeOptions.url ?? '').replace(API, '').replace(/^clusters\/:cluster\//, '')
  const action = /^(login|logout)(\/token|\/oidc\/callback)?$/.exec(resource)?.[1]
  return {
    ts: now,
    cluster,
    plane: 'sallyport',
    id: request.id,
    user: userOf(request) ?? '',
    source_ip: request.ip,
    user_agent: String(request.headers['user-agent'] ?? '').slice(0, 256),
    verb: action ?? VERBS[request.method]!,
    resource: resource.replace(/\/:\w+/g, ''),
    name: Object.values(params).join('/').slice(0, 256),
    status: reply.statusCode,
    decision: reply.statusCode === 401 || reply.statusCode === 403 ? 'forbid' : 'allow',
    detail: request.auditDetail === undefined ? '' : JSON.stringify(request.auditDetail).slice(0, 64 * 1024),
  }
}
