/** Control of the demo site over loopback: faults, weights, traffic. Wants the token of `site.json`; every input is checked whole. */
import type { IncomingMessage, RequestListener } from 'node:http'
import { z } from 'zod'
import { type Faults, type ServiceName, serviceNames } from './shop.ts'

const service = z.enum(serviceNames as [string, ...string[]])
const faultsBody = z.partialRecord(
  service,
  z.strictObject({ delayMs: z.number().min(0).max(60_000).default(0), errorShare: z.number().min(0).max(1).default(0) }),
)
const weightsBody = z.partialRecord(service, z.number().min(0).max(100))
const trafficBody = z.strictObject({
  base: z.number().min(0).max(2_000).optional(),
  burst: z.number().min(0).max(100).optional(),
  burstUntil: z.number().int().min(0).optional(),
})
const nodeBody = z.strictObject({ name: z.string().max(64) })

export interface Controls {
  state(): unknown
  traffic(change: z.output<typeof trafficBody>): void
  faults(faults: Faults): void
  weights(weights: Readonly<Partial<Record<ServiceName, number>>>): void
  killNode(name: string): boolean
}

async function readJson(incoming: IncomingMessage): Promise<unknown> {
  let size = 0
  const chunks: Buffer[] = []
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > 65_536) throw new Error('the body is larger than 64 KiB')
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString())
}

export function controlHandler(token: string, controls: Controls): RequestListener {
  const actions: Record<string, (body: unknown) => { error?: string }> = {
    'PUT /faults': (body) => take(faultsBody, body, (faults) => controls.faults(faults as Faults)),
    'PUT /weights': (body) => take(weightsBody, body, (weights) => controls.weights(weights)),
    'PUT /traffic': (body) => take(trafficBody, body, controls.traffic),
    'POST /kill-node': (body) => take(nodeBody, body, (node) => (controls.killNode(node.name) ? undefined : `there is no running node ${node.name}`)),
  }
  return async (incoming, outgoing) => {
    const send = (status: number, body: unknown): void => void outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (incoming.headers.authorization !== `Bearer ${token}`) return send(401, { error: 'the token of site.json is needed' })
    const name = `${incoming.method} ${incoming.url}`
    if (name === 'GET /state') return send(200, controls.state())
    const action = actions[name]
    if (!action) return send(404, { error: `there is ${Object.keys(actions).join(', ')} and GET /state` })
    try {
      const result = action(await readJson(incoming))
      send(result.error ? 400 : 200, result.error ? result : controls.state())
    } catch (error) {
      send(400, { error: (error as Error).message })
    }
  }
}

function take<T>(schema: z.ZodType<T>, body: unknown, apply: (value: T) => unknown): { error?: string } {
  const parsed = schema.safeParse(body)
  if (!parsed.success) return { error: z.prettifyError(parsed.error) }
  const refused = apply(parsed.data)
  return typeof refused === 'string' ? { error: refused } : {}
}
