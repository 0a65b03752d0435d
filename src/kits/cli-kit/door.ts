import type { Command } from 'commander'
import type { Clock } from '#core/kernel/clock.ts'
import type { ExitCode, Language } from '#core/kernel/errors.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Host } from '#core/shapes/ports/host.ts'
import type { OpenRegistries } from '#core/shapes/ports/registry.ts'

export const FORMATS = ['table', 'wide', 'json', 'ndjson', 'yaml', 'name'] as const
export type Format = (typeof FORMATS)[number]

/** What a capability's commands are given. */
export interface CliContext {
  clock: Clock
  /** The environment; for what other programs keep there (docker's and Kubernetes' files). */
  env: Readonly<Record<string, string | undefined>>
  language: Language
  /** Data for stdout. */
  out: NodeJS.WritableStream
  /** Everything else, for stderr. */
  note(line: string): void
  /** Is stdout a terminal, and may it be coloured? */
  tty: boolean
  color: boolean
  columns: number
  /** May marks outside ASCII be printed? */
  unicode: boolean
  /** Of a server on this machine: `--data`, else SALLYPORT_DATA, else `$XDG_DATA_HOME/sallyport`, else `~/.local/share/sallyport`. Absolute. */
  dataFolder: string
  /** The server's API as the user: path under `/api/v1`, JSON in and out; CodedErrors of the server are thrown as such. */
  api: ApiClient
  /** Opens registries, layouts and archives; the edge behind it is loaded on the first call. */
  registries(): Promise<OpenRegistries>
  /** The cluster of a kubeconfig's context, as kubectl finds it (KUBECONFIG); the edge behind it is loaded on the first call. Closed when the command ends. */
  cluster(options?: { kubeconfig?: string; context?: string }): Promise<Cluster>
  /** This machine; the edge behind it is loaded on the first call. */
  host(): Promise<Host>
  /** For work of more than a second; ends by `using`. */
  progress(task: ProgressTask): Progress
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

export interface ProgressTask {
  /** What is done, e.g. `Reading access.log`. */
  label: string
  /** Undefined while it is not known. */
  total?: number
  unit: 'bytes' | 'items'
}

export interface Progress extends Disposable {
  /** How far it is; cheap enough to call often. */
  update(done: number, total?: number): void
  /** The same as leaving the scope of `using`. */
  [Symbol.dispose](): void
}

/**
 * A module in the CLI's list exports its `door: CliDoor`, which adds one command to the program.
 * Global options (`--server --token-file --data --color --lang --progress -q -v`) are taken by the program and reach a door through its context only.
 */
export type CliDoor = (program: Command, context: CliContext) => void
