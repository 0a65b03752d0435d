import { pino } from 'pino'
import type { Telemetry } from '#core/shapes/ports/telemetry.ts'
import { type RunningServer, type ServerOptions, startServer } from '../../src/apps/server/main.ts'

/** A store that takes everything and knows nothing. */
export const emptyStore = async (): Promise<Telemetry & { close(): Promise<void> }> => ({
  append: async () => {},
  columns: async () => new Uint8Array(),
  query: async () => ({ columns: [], rows: [], rowsRead: 0, bytesRead: 0, elapsedMs: 0 }),
  status: async () => {
    throw new Error('none')
  },
  configure: async () => {},
  close: async () => {},
})

/** The real server on loopback, without a store unless one is given. */
export const startTestServer = (options: Partial<ServerOptions> & { data: string }): Promise<RunningServer> =>
  startServer({ port: 0, listen: '127.0.0.1', host: [], log: pino({ level: process.env.TEST_LOG ?? 'silent' }), openStore: emptyStore, ...options })
