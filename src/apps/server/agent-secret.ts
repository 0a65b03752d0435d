/** `--agent-secret`: what agents of the server's own cluster need to send, kept in a Secret, so that nobody copies tokens about. */
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { IngestTokens } from '#kits/server-kit/ingest-tokens.ts'

export interface AgentSecretOptions {
  cluster: Cluster
  namespace: string
  name: string
  tokens: Pick<IngestTokens, 'verify' | 'issue'>
  /** PEM that agents have to trust. */
  bundle(): string
  clock: Clock
  log: Logger
}

const LOOK_MS = 60_000
/** What agents and collectors of the chart send. */
const SIGNALS = ['access', 'logs', 'metrics', 'findings'] as const
const FIRST_PAUSE_MS = 1_000

const decoded = (data: unknown, key: string): string => Buffer.from(String((data as Record<string, unknown> | undefined)?.[key] ?? ''), 'base64').toString()

/** Writes the Secret (`token`, `ca.crt`) when it is missing, its token is not valid for this cluster, or the authority is another. Says whether it did. */
export async function writeAgentSecret({ cluster, namespace, name, tokens, bundle, log }: Omit<AgentSecretOptions, 'clock'>): Promise<boolean> {
  const ref = { apiVersion: 'v1', kind: 'Secret', namespace, name }
  const there = await cluster.get(ref).catch((error: unknown) => {
    if (error instanceof CodedError && error.code === 'NOT_FOUND') return undefined
    throw error
  })
  const ca = bundle()
  const known = decoded(there?.data, 'token')
  const record = known === '' ? undefined : tokens.verify(known)
  const valid = record?.cluster === cluster.name && SIGNALS.every((signal) => record.signals.includes(signal))
  if (valid && decoded(there?.data, 'ca.crt') === ca) return false
  const token = valid
    ? known
    : (await tokens.issue({ name: `agents of ${cluster.name}`, cluster: cluster.name, signals: [...SIGNALS] }, { replace: true })).token
  const stringData = { token, 'ca.crt': ca }
  await cluster.apply(
    { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type: 'Opaque', stringData },
    { fieldManager: 'sallyport', force: true },
  )
  log.info({ secret: `${namespace}/${name}` }, valid ? 'agents are told of the new authority' : 'agents are given a token')
  return true
}

/** Keeps it so until stopped: a Secret that somebody removed comes back, a token that was revoked is replaced. */
export function keepAgentSecret(options: AgentSecretOptions): { stop(): Promise<void> } {
  const { clock, log } = options
  const stop = new AbortController()
  const keeping = (async () => {
    for (let pause = FIRST_PAUSE_MS; !stop.signal.aborted; ) {
      try {
        await writeAgentSecret(options)
        pause = LOOK_MS
      } catch (err) {
        log.error({ err }, 'the Secret for agents cannot be kept')
        pause = pause === LOOK_MS ? FIRST_PAUSE_MS : Math.min(pause * 2, LOOK_MS)
      }
      await clock.sleep(pause, stop.signal).catch(() => {})
    }
  })()
  return {
    async stop() {
      stop.abort()
      await keeping
    },
  }
}
