import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type CollectConfig, readCollectConfig } from '#capabilities/collection/domain/jobs.ts'
import { builtinConfig } from '#capabilities/collection/domain/kubernetes/builtin.ts'
import { fileUnreadable, invalidInput, type Problem } from '#core/kernel/errors.ts'
import { parseQuantity } from '#core/kernel/quantity.ts'

export interface CollectFlags {
  config?: string
  server?: string
  tokenFile?: string
  caFile?: string
  remoteWrite?: string
  remoteWriteVersion?: string
  data?: string
  queueLimit?: string
  listen?: string
  shard?: string
  dryRun?: boolean
}

export interface CollectSettings {
  config: CollectConfig
  /** Folder of the configuration, to which its patterns are relative. */
  folder: string
  /** Undefined: only remote write. */
  server?: { url: URL; token(): string; caFile?: string }
  data: string
  queueBytes: number
  listen?: { host: string; port: number }
  shard?: { index: number; count: number }
}

const DEFAULT_QUEUE = '2Gi'

/** Throws INVALID_INPUT with all problems, FILE_UNREADABLE. */
export function collectSettings(flags: CollectFlags, env: Readonly<Record<string, string | undefined>>): CollectSettings {
  const problems: Problem[] = []
  const inEnv = env.SALLYPORT_COLLECT_CONFIG?.trim()
  if (flags.config === undefined && !inEnv && !env.KUBERNETES_SERVICE_HOST)
    throw invalidInput([{ path: '--config', message: 'outside of a cluster a configuration is needed: --config prometheus.yml' }])
  let config =
    flags.config !== undefined
      ? readCollectConfig(readText(flags.config), flags.config)
      : inEnv
        ? readCollectConfig(inEnv, 'SALLYPORT_COLLECT_CONFIG')
        : readCollectConfig(builtinConfig(), 'built in')
  if (flags.remoteWrite !== undefined) {
    const version = flags.remoteWriteVersion ?? '1.0'
    if (!/^[12]\.0$/.test(version)) problems.push({ path: '--remote-write-version', message: '1.0 or 2.0' })
    if (!URL.canParse(flags.remoteWrite)) problems.push({ path: '--remote-write', message: 'must be an http:// or https:// address' })
    else {
      const protobuf = version === '2.0' ? 'io.prometheus.write.v2.Request' : 'prometheus.WriteRequest'
      const added = readCollectConfig(
        JSON.stringify({ remote_write: [{ url: flags.remoteWrite, protobuf_message: protobuf, send_exemplars: true, send_native_histograms: true }] }),
        '',
      )
      config = { ...config, remoteWrite: [...config.remoteWrite, ...added.remoteWrite] }
    }
  }
  const server = flags.server ?? env.SALLYPORT_SERVER
  const tokenFile = flags.tokenFile
  if (server !== undefined) {
    if (!URL.canParse(server)) problems.push({ path: '--server', message: 'must be an http:// or https:// address' })
    if (!flags.dryRun && tokenFile === undefined && !env.SALLYPORT_TOKEN)
      problems.push({ path: '--token-file', message: 'a token is needed: --token-file, or SALLYPORT_TOKEN' })
  } else if (config.remoteWrite.length === 0 && !flags.dryRun)
    problems.push({ path: '--server', message: 'nowhere to send to: --server, --remote-write, or remote_write in the configuration' })
  const queueBytes = parseQuantity(flags.queueLimit ?? DEFAULT_QUEUE) ?? 0
  if (!(queueBytes >= 8 << 20)) problems.push({ path: '--queue-limit', message: 'must be a quantity of at least 8Mi' })
  const listen = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(flags.listen ?? '')
  if (flags.listen !== undefined && !listen) problems.push({ path: '--listen', message: 'must be an address and a port, e.g. 127.0.0.1:9465' })
  // A pod of a StatefulSet says its number at the end of its name.
  const shard = /^(?:\S+-)?(\d+)\/(\d+)$/.exec(flags.shard ?? '')
  if (flags.shard !== undefined && !(shard && Number(shard[1]) < Number(shard[2])))
    problems.push({ path: '--shard', message: 'must be like 0/3: the first of three; a name that ends in -0 will do too' })
  if (problems.length > 0) throw invalidInput(problems)
  return {
    config,
    folder: flags.config === undefined ? process.cwd() : dirname(resolve(flags.config)),
    data: flags.data ?? '/var/lib/sallyport',
    queueBytes,
    ...(server === undefined
      ? {}
      : {
          server: {
            url: new URL(server),
            token: () => (tokenFile === undefined ? (env.SALLYPORT_TOKEN ?? '') : readText(tokenFile)).trim(),
            caFile: flags.caFile ?? env.SALLYPORT_CA_FILE,
          },
        }),
    ...(listen ? { listen: { host: listen[1]!, port: Number(listen[2]) } } : {}),
    ...(shard ? { shard: { index: Number(shard[1]), count: Number(shard[2]) } } : {}),
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw fileUnreadable(path, error)
  }
}
