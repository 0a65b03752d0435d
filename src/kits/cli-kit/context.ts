import type { Clock } from '#core/kernel/clock.ts'
import type { ExitCode } from '#core/kernel/errors.ts'
import type { OpenRegistries } from '#core/shapes/ports/registry.ts'
import { createApiClient } from './api-client.ts'
import type { CliContext } from './door.ts'
import { type ProgressMode, startProgress } from './progress.ts'
import { dataFolderOf, findServer } from './server-address.ts'
import { type ColorMode, type Environment, languageOf, mayColor, mayUnicode } from './terminal.ts'

/** The global options, as commander reads them. */
export interface GlobalOptions {
  server?: string
  tokenFile?: string
  data?: string
  color: ColorMode
  lang?: string
  progress: ProgressMode
  quiet?: boolean
  verbose?: boolean
}

type Stream = NodeJS.WritableStream & { isTTY?: boolean; columns?: number }

export interface Surroundings {
  env: Environment
  stdout: Stream
  stderr: Stream
  clock: Clock
  signal: AbortSignal
  /** Loads the edge that speaks to registries. */
  registries(): Promise<OpenRegistries>
  /** Opens the cluster of a kubeconfig. */
  cluster: CliContext['cluster']
  host: CliContext['host']
  onExit(code: ExitCode): void
}

export function createContext(options: GlobalOptions, around: Surroundings): CliContext {
  const { env, stdout, stderr, clock, signal } = around
  const tty = stdout.isTTY === true
  const language = languageOf(options.lang, env)
  const unicode = mayUnicode(env)
  const dataFolder = dataFolderOf(options.data, env)
  return {
    clock,
    language,
    out: stdout,
    note: (line) => {
      if (!options.quiet) stderr.write(`${line}\n`)
    },
    tty,
    color: mayColor(options.color, env, tty),
    columns: stdout.columns ?? 80,
    unicode,
    dataFolder,
    api: createApiClient({ address: () => findServer({ server: options.server, tokenFile: options.tokenFile, dataFolder }, env), language, clock, signal }),
    progress: (task) =>
      startProgress(
        { clock, stream: stderr, tty: stderr.isTTY === true, columns: stderr.columns ?? 80, unicode, mode: options.quiet ? 'none' : options.progress },
        task,
      ),
    env,
    registries: around.registries,
    host: around.host,
    cluster: around.cluster,
    exit: around.onExit,
    signal,
  }
}
