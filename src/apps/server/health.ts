import type { FastifyInstance } from 'fastify'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'

/** Something that must be well before this server can do its work. */
export interface Condition {
  name: string
  ready: boolean
  /** Why not, or what is worth knowing. */
  message: string
}

/** `/healthz`: the process answers. `/readyz`: what it needs is there; 503 says what is not. Read by probes without a login. */
export function healthRoutes(http: FastifyInstance, telemetry: Telemetry, others: () => readonly Condition[]): void {
  const open = { config: { access: 'public' as const } }
  http.get('/healthz', open, async () => ({ status: 'ok' }))
  http.get('/readyz', open, async (_, reply) => {
    const conditions = [await storeCondition(telemetry), ...others()]
    const ready = conditions.every((condition) => condition.ready)
    reply.code(ready ? 200 : 503).header('cache-control', 'no-store')
    return { ready, conditions }
  })
}

async function storeCondition(telemetry: Telemetry): Promise<Condition> {
  try {
    const { engine, queue } = await telemetry.status()
    const waiting = queue.batches > 0 ? `, ${queue.batches} batches queued` : ''
    return { name: 'store', ready: engine.state === 'ready', message: `${engine.name} ${engine.version} is ${engine.state}${waiting}` }
  } catch (error) {
    return { name: 'store', ready: false, message: (error as Error).message }
  }
}
