import { readFileSync } from 'node:fs'
import { isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import { nodeSettings } from '#capabilities/node-doctor/domain/settings.ts'
import { fileUnreadable, invalidInput, type Problem } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'

const label = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,62}$/, 'letters, digits, `_`, `.` and `-`, at most 63')
const formatName = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, 'the name of a line format: lower-case letters, digits, `_`, `.` and `-`')

const source = z.object({
  /** A file or a pattern (`*`, `?`, `[…]`, `{a,b}`, `**`). */
  path: z.string().min(1).max(4096),
  /** As the server shows it; default: the path of each file. */
  name: z.string().min(1).max(200).optional(),
  /** Left out: the server finds out from the lines. */
  format: formatName.optional(),
  labels: z
    .record(label, z.string().max(256))
    .refine((labels) => !('cluster' in labels), 'the cluster comes from the token')
    .refine((labels) => Object.keys(labels).length <= 24, 'at most 24 labels')
    .default({}),
  /** Where to begin in files that are there at the first start. */
  from: z.enum(['start', 'end']).default('start'),
})

const pods = z.object({
  /** Where the kubelet keeps the logs of containers. */
  folder: z.string().min(1).max(4096).default('/var/log/pods'),
  /** Files `token` and `ca.crt` of the agent's ServiceAccount. */
  serviceAccount: z.string().min(1).max(4096).default('/var/run/secrets/kubernetes.io/serviceaccount'),
  /** The logs of all containers too, not only access logs. */
  logs: z.boolean().default(false),
})

const listenAddress = z.string().regex(/^(127(\.\d{1,3}){3}|localhost|\[::1\]):\d{1,5}$/, 'loopback address and port, e.g. 127.0.0.1:9464')

const schema = z.object({
  server: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' }),
  tokenFile: z.string().optional(),
  /** PEM file of the authority that signed the server's certificate. */
  caFile: z.string().optional(),
  data: z.string().min(1),
  /** Serves /metrics and /healthz there. */
  listen: listenAddress.optional(),
  sources: z.array(source).max(1000),
  /** Access logs of the ingress controllers among the pods of this node. */
  pods: pods.optional(),
  /** Watches this node too. */
  node: nodeSettings.optional(),
})
/** `ca`: PEM, read anew at each call. */
export type AgentConfig = z.output<typeof schema> & { token: () => string; ca?: () => string }

export interface AgentFlags {
  server?: string
  tokenFile?: string
  data?: string
  /** Where neither a flag nor the configuration names one. */
  defaultData?: string
  config?: string
  /** `PATH` or `PATH:FORMAT`. */
  file?: readonly string[]
  listen?: string
  pods?: boolean
  /** The logs of all containers of this node; with it `pods`. */
  logs?: boolean
  /** Watches this node, with the settings of the configuration if it has some. */
  node?: boolean
}

/**
 * The configuration file with the flags laid over it. The token is SALLYPORT_TOKEN or in the token file, which is read again for each batch, so that it can
 * be renewed in place. Throws INVALID_INPUT with all problems, FILE_UNREADABLE.
 */
export async function agentConfig(flags: AgentFlags, env: Readonly<Record<string, string | undefined>>): Promise<AgentConfig> {
  const file = flags.config === undefined ? undefined : await readConfigFile(flags.config)
  const fromFlags = (flags.file ?? []).map(sourceOfFlag)
  const given = file?.data ?? {}
  const input = {
    ...given,
    server: flags.server ?? given.server ?? env.SALLYPORT_SERVER ?? 'http://127.0.0.1:7070',
    tokenFile: flags.tokenFile ?? given.tokenFile,
    data: flags.data ?? given.data ?? flags.defaultData,
    listen: flags.listen ?? given.listen,
    caFile: given.caFile ?? env.SALLYPORT_CA_FILE,
    pods: given.pods === undefined && !flags.pods && !flags.logs ? undefined : { ...(given.pods as object | undefined), ...(flags.logs ? { logs: true } : {}) },
    node: given.node ?? (flags.node ? {} : undefined),
    sources: fromFlags.length > 0 ? [...(Array.isArray(given.sources) ? given.sources : []), ...fromFlags] : (given.sources ?? []),
  }
  const parsed = parseInput(schema, input)
  const problems: Problem[] = parsed.ok ? [] : parsed.error.map((problem) => ({ ...problem, line: file?.lineOf(problem.path) }))
  if (parsed.ok) {
    const seen = new Set<string>()
    parsed.value.sources.forEach(({ path }, i) => {
      if (seen.has(path)) problems.push({ path: `sources[${i}].path`, message: `${path} is named twice`, line: file?.lineOf(`sources[${i}].path`) })
      seen.add(path)
    })
  }
  if (parsed.ok && parsed.value.sources.length === 0 && parsed.value.pods === undefined && parsed.value.node === undefined)
    problems.push({ path: 'sources', message: 'name at least one file (--file PATH, or sources in the configuration), --pods, --logs, or --node' })
  const tokenFile = typeof input.tokenFile === 'string' ? input.tokenFile : undefined
  if (tokenFile === undefined && !env.SALLYPORT_TOKEN) problems.push({ path: 'tokenFile', message: 'a token is needed: --token-file, or SALLYPORT_TOKEN' })
  if (problems.length > 0 || !parsed.ok) throw invalidInput(problems)
  const config = parsed.value
  const token = () => (tokenFile === undefined ? env.SALLYPORT_TOKEN! : readText(tokenFile)).trim()
  token()
  const sources = config.sources.map((item) => ({ ...item, path: isAbsolute(item.path) ? item.path : resolve(item.path) }))
  const { caFile } = config
  if (caFile !== undefined) readText(caFile)
  return { ...config, sources, token, ...(caFile === undefined ? {} : { ca: () => readText(caFile) }) }
}

/** A colon and a word at the end name the format; a path that ends like that itself goes into a configuration file. */
function sourceOfFlag(text: string): { path: string; format?: string } {
  const found = /^(.+):([a-z0-9][a-z0-9_.-]*)$/.exec(text)
  return found ? { path: found[1]!, format: found[2]! } : { path: text }
}

/** With the YAML reader loaded only when there is a file to read. */
async function readConfigFile(path: string) {
  const { readSettingsText } = await import('#kits/server-kit/settings-file.ts')
  return readSettingsText(readText(path), path)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw fileUnreadable(path, error)
  }
}
