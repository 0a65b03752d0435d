/** Messages between the server and the engine's process. */

/** `write`: inserts and changes of tables. `read`: what is answered at once. `scans`: what takes long. `rules`: a session that dashboards cannot fill. */
export type Lane = 'write' | 'read' | 'scans' | 'rules'

export interface EngineRequest {
  /** From 1; the reply carries it. Reply 0 says that the engine is open (its version) or why it is not. */
  id: number
  lane: Lane
  /** Run one after the other in one session; the reply has the result of the last, as JSONCompact. */
  statements: readonly string[]
}

export type EngineReply =
  | { id: number; ok: true; bytes: Uint8Array; elapsedMs: number }
  /** `code` is ClickHouse's, 0 when there was none. */
  | { id: number; ok: false; message: string; code: number }
