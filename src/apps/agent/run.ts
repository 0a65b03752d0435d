import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { apiServerOf, podsOfNode } from '#edges/cluster/pods-of-node.ts'
import { createTail, TAIL_LIMITS } from '#edges/host/file-tail.ts'
import { lockFolder } from '#edges/host/folder-lock.ts'
import { openJournal } from '#edges/host/journal.ts'
import { ship } from '#edges/host/shipper.ts'
import type { AgentConfig } from './config.ts'
import { createCounts } from './counts.ts'
import { accessLogs, allLogs, podLogs } from './pod-logs.ts'
import { createSender } from './send.ts'

export interface AgentDeps {
  clock: Clock
  env: Readonly<Record<string, string | undefined>>
  /** One JSON object per line, for stderr. */
  write(line: string): void
}

/** The first list of pods is waited for this long. */
const PODS_PATIENCE_MS = 10_000

/** Follows the files and sends what they hold until `signal` is aborted. Throws DATA_IN_USE, FILE_UNREADABLE, PORT_IN_USE. */
export async function runAgent(config: AgentConfig, deps: AgentDeps, signal: AbortSignal): Promise<void> {
  const { clock } = deps
  const folder = join(config.data, 'agent')
  const unlock = lockFolder(folder)
  const stop = new AbortController()
  let following: Promise<void> | undefined
  try {
    const journal = await openJournal(folder)
    const counts = createCounts(clock, deps.write)
    const sources = config.sources.map((source) => ({ ...source, pattern: source.path }))
    const settings = new Map(sources.map((source) => [source.pattern, source]))
    const send = createSender({ server: new URL(config.server), token: config.token, ca: config.ca })
    const node = deps.env.NODE_NAME || hostname()
    const pods = config.pods && {
      ...config.pods,
      of: podsOfNode({ server: apiServerOf(deps.env), folder: config.pods.serviceAccount, node, clock, onTrouble: counts.onPods }),
    }
    const logs = pods && (pods.logs ? podLogs(pods.folder, pods.of, allLogs, { format: 'container' }) : podLogs(pods.folder, pods.of, accessLogs))
    following = pods?.of.run(AbortSignal.any([signal, stop.signal]))
    // What stands in the journal goes on without it; without a name for the workload only while the API is away.
    if (pods) await Promise.race([pods.of.synced, clock.sleep(PODS_PATIENCE_MS, signal).catch(() => {})])
    const tail = createTail(logs ? [...sources, logs.source] : sources, journal.states, counts.onTail)
    const doctor = config.node && (await import('./node.ts')).startNode({ settings: config.node, folder, node, send, clock, say: counts.say }, signal)
    const server = config.listen === undefined ? undefined : await listen(config.listen, () => counts.metrics(tail) + (doctor?.metrics() ?? ''), counts.health)
    counts.say('info', 'following', { server: config.server, sources: sources.map((source) => source.path), ...(pods ? { pods: pods.folder, node } : {}) })
    try {
      await ship(
        {
          tail,
          journal,
          clock,
          chunkBytes: TAIL_LIMITS.chunkBytes,
          newId: () => uuidv7(clock.now(), randomBytes(10)),
          random: Math.random,
          report: counts.onShip,
          send: async ({ id, file, bytes }, stop) => {
            const source = settings.get(file.pattern)
            if (source) {
              const labels = { transport: 'agent', node, file: file.path, ...source.labels }
              return send({ id, source: source.name ?? file.path, format: source.format, labels, bytes }, stop)
            }
            const batches = logs!.batches(file.path, bytes)
            for (const [i, { labels, ...batch }] of batches.entries()) {
              const delivery = await send({ id: partId(id, i), ...batch, labels: { transport: 'agent', node, ...labels } }, stop)
              if (delivery.outcome !== 'taken') return delivery
            }
            return { outcome: 'taken' }
          },
        },
        signal,
      )
    } finally {
      server?.close()
      await doctor?.done
      tail.close()
      await journal.close()
    }
    counts.say('info', 'stopped', {})
  } finally {
    stop.abort()
    await following
    unlock()
  }
}

/** Of the parts that one chunk is sent in: the first has the chunk's id, the others one that follows from it. */
const partId = (id: string, part: number): string => (part === 0 ? id : id.slice(0, -1) + (Number.parseInt(id.at(-1)!, 16) ^ part).toString(16))

async function listen(address: string, metrics: () => string, health: () => { ok: boolean }): Promise<Server> {
  const [, host, port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(address)!
  const server = process.getBuiltinModule('node:http').createServer((request, response) => {
    if (request.url === '/metrics') response.setHeader('content-type', 'text/plain; version=0.0.4').end(metrics())
    else if (request.url === '/healthz') {
      const state = health()
      response.writeHead(state.ok ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify(state))
    } else response.writeHead(404).end()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new CodedError('PORT_IN_USE', { port: port!, host: host! }, { cause: error })))
    server.listen(Number(port), host, resolve)
  })
  server.unref()
  return server
}

/** Standard input is the parent's end of a pipe: when the parent goes away, however it goes, it closes. */
export function stopWithParent(stop: () => void): void {
  process.stdin.on('end', stop).on('error', stop).resume()
}
