import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import type { Condition } from '../health.ts'
import { type RunningServer, type ServerFlags, startServer } from '../main.ts'
import { type Child, keepRunning } from './children.ts'
import { demoPrograms, followDemoCluster } from './demo.ts'

/** A whole stop takes no longer, ms. */
const STOP_WITHIN = 10_000

export interface RunOptions extends ServerFlags {
  demo: boolean
  log: Logger
  clock: Clock
  consoleFolder?: string
  /** Stop when it is aborted. */
  signal: AbortSignal
  onReady(server: RunningServer): void
}

/** The server, and with `demo` its site and agent, until `signal` is aborted. What nobody caught is logged and ends the process with 1. */
export async function runServer(options: RunOptions): Promise<void> {
  const { log, clock, signal } = options
  const fatal = (err: unknown) => {
    log.fatal({ err }, 'an error that nobody caught')
    process.exit(1)
  }
  process.on('uncaughtException', fatal).on('unhandledRejection', fatal)
  const children: Child[] = []
  let following: Promise<void> = Promise.resolve()
  const over = new AbortController()
  const conditions = (): Condition[] => children.map((child) => child.condition())
  try {
    // The demo's cluster asks this server for metrics.
    const clusterListen = options.clusterListen ?? (options.demo ? { host: '127.0.0.1', port: 0 } : undefined)
    const server = await startServer({ ...options, ...(clusterListen ? { clusterListen } : {}), env: process.env, conditions })
    try {
      if (options.demo && !signal.aborted) {
        for (const program of await demoPrograms(server, options.data)) children.push(keepRunning(program, { clock, log }))
        following = followDemoCluster(server, options.data, { clock, log }, AbortSignal.any([signal, over.signal]))
      }
      if (!signal.aborted) options.onReady(server)
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    } finally {
      const late = setTimeout(() => fatal(new Error(`not stopped within ${STOP_WITHIN} ms`)), STOP_WITHIN)
      // First those who send, so that all they were promised is stored.
      await Promise.all(children.map((child) => child.stop()))
      over.abort()
      await following
      await server.close()
      clearTimeout(late)
    }
  } finally {
    process.off('uncaughtException', fatal).off('unhandledRejection', fatal)
  }
}
