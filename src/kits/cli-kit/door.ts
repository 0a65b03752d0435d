import type { Command } from 'commander'
import type { Clock } from '#core/kernel/clock.ts'
import type { ExitCode, Language } from '#core/kernel/errors.ts'

export const FORMATS = ['table', 'wide', 'json', 'ndjson', 'yaml', 'name'] as const
export type Format = (typeof FORMATS)[number]

/** What a capability's commands are given. */
export interface CliContext {
  clock: Clock
  language: Language
  /** Data for stdout. */
  out: NodeJS.WritableStream
  /** Everything else, for stderr. */
  note: (line: string) => void
  /** Is stdout a terminal, and may it be coloured? */
  tty: boolean
  color: boolean
  columns: number
  /** The server's API as the user: path under `/api/v1`, JSON in and out; CodedErrors of the server are thrown as such. */
  api: ApiClient
  /** Sets the exit code with which the command will end. */
  exit(code: ExitCode): void
  /** Aborted on the first Ctrl-C. */
  signal: AbortSignal
}

export interface ApiClient {
  get<T>(path: string, query?: Record<string, string | number | readonly string[] | undefined>): Promise<T>
  send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T>
  /** Server-sent events. */
  events<T>(path: string, query?: Record<string, string | number | readonly string[] | undefined>): AsyncIterable<{ event: string; data: T }>
}

export type CliDoor = (program: Command, context: CliContext) => void
