/** The child process that holds the engine. It knows nothing of tables: it runs statements on the session of a lane and sends bytes back. */
import { Session } from 'chdb'
import type { EngineReply, EngineRequest, Lane } from './protocol.ts'

const [path, config] = process.argv.slice(2)
if (path === undefined || config === undefined || process.send === undefined) throw new Error('started by the server only')
const connectionArgs = [`--config-file=${config}`]

/** One session runs one query at a time, so each lane has its own sessions and a line of those who wait. */
const SESSIONS: Record<Lane, number> = { write: 1, read: 2, scans: 2, rules: 1 }
/** The same for every query of a lane. Readers return columns as JSON arrays; more than the limits is an error, never a shorter answer. */
const READ =
  "max_threads = 2, result_overflow_mode = 'throw', timeout_overflow_mode = 'throw', output_format_json_quote_64bit_integers = 0, output_format_json_quote_denormals = 0, max_bytes_before_external_group_by = 0, use_uncompressed_cache = 0"
const START: Record<Lane, string> = {
  write: 'SET max_threads = 1, max_insert_threads = 1, max_memory_usage = 536870912, allow_suspicious_low_cardinality_types = 1',
  read: `SET ${READ}, priority = 1`,
  // The engine pauses these while others of a better priority run.
  scans: `SET ${READ}, priority = 2`,
  rules: `SET ${READ}`,
}

interface LaneState {
  free: Session[]
  waiting: EngineRequest[]
}

const reply = (message: EngineReply) => process.send!(message)

async function run(lane: LaneState, session: Session, request: EngineRequest): Promise<void> {
  const started = performance.now()
  try {
    let bytes: Uint8Array = new Uint8Array(0)
    for (const sql of request.statements) bytes = (await session.queryAsync(sql, { format: 'JSONCompact' })).bytes()
    reply({ id: request.id, ok: true, bytes, elapsedMs: performance.now() - started })
  } catch (error) {
    const { message, clickhouseCode } = error as Error & { clickhouseCode?: number }
    reply({ id: request.id, ok: false, message, code: clickhouseCode ?? 0 })
  }
  const next = lane.waiting.shift()
  if (next === undefined) lane.free.push(session)
  else void run(lane, session, next)
}

try {
  const lanes = Object.fromEntries(
    Object.entries(SESSIONS).map(([lane, count]) => {
      const free = Array.from({ length: count }, () => new Session(path, { connectionArgs }))
      for (const session of free) session.query(START[lane as Lane])
      return [lane, { free, waiting: [] }]
    }),
  ) as unknown as Record<Lane, LaneState>

  process.on('message', (request: EngineRequest | 'close') => {
    if (request === 'close') {
      for (const lane of Object.values(lanes)) for (const session of lane.free) session.close()
      process.exit(0)
    }
    const lane = lanes[request.lane]
    const session = lane.free.pop()
    if (session === undefined) lane.waiting.push(request)
    else void run(lane, session, request)
  })
  const version = lanes.read.free[0]!.query('SELECT version()', 'TSVRaw').trim()
  reply({ id: 0, ok: true, bytes: new TextEncoder().encode(version), elapsedMs: 0 })
} catch (error) {
  reply({ id: 0, ok: false, message: (error as Error).message, code: (error as { clickhouseCode?: number }).clickhouseCode ?? 0 })
}

// The server is gone: stop at once. The data is as safe as after any crash, and the next server can have the folder now.
// Ctrl-C goes to the whole group; the server ends us when its queue is empty.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
