/** Where the server's clusters come from: flags, the pod it runs in, and what people add while it runs (kept in `<data>/clusters.json`). */
import { join } from 'node:path'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { openCluster } from '#edges/cluster/client.ts'
import { type ClusterAccess, inClusterAccess, parseKubeconfig, portableKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { clusterName, DEFAULT_CLUSTER } from '#kits/server-kit/clusters.ts'
import { readKept, writeFileAtomic } from '#kits/server-kit/files.ts'
import type { ClusterSet } from './clusters.ts'

/** One `--kubeconfig`, with the `--context` that follows it. */
export const kubeconfigFlag = z.object({ file: z.string().min(1).max(4096), context: z.string().max(1024).optional() })

/** What `POST /clusters` takes. The kubeconfig has to carry everything: it may name neither files nor programs of the server's machine. */
export const clusterRequest = z.object({
  name: clusterName.optional(),
  kubeconfig: z
    .string()
    .min(1)
    .max(512 * 1024),
  context: z.string().max(1024).optional(),
})

const keptFile = z.object({ version: z.literal(1), clusters: z.array(clusterRequest.required({ name: true, context: true })).max(1000) })
type Kept = z.output<typeof keptFile>['clusters'][number]

/** See `ServerContext.openCluster`. */
export async function openWritten({ name, text, context }: { name: string; text: string; context?: string }, clock: Clock) {
  const access = await parseKubeconfig({ text, path: `kubeconfig of ${name}` }).select(context)
  if (access.credentials.kind === 'oidc' || access.credentials.kind === 'exec')
    throw invalidInput([
      { path: `kubeconfig of ${name}: auth-provider`, message: 'logs in elsewhere; put a token or a client certificate into the kubeconfig' },
    ])
  if (access.proxyUrl !== undefined) throw invalidInput([{ path: `kubeconfig of ${name}: proxy-url`, message: 'is not used here' }])
  return openCluster({ name, access, clock })
}

export interface ClusterSources {
  /** Opens all that is known. Rejects with INVALID_INPUT, FILE_UNREADABLE or NOT_FOUND for what a flag names; whether they answer is a matter of health. */
  open(): Promise<void>
  /** Adds one for good and returns its name. */
  add(request: z.output<typeof clusterRequest>): Promise<string>
  /** Removes one that was added; others are the flags' to say. */
  remove(name: string): Promise<void>
  /** Connects the demo's cluster, or connects it anew when its kubeconfig became another; does nothing when there already is a cluster of that name. */
  connectSandbox(kubeconfig: string): Promise<void>
  close(): Promise<void>
}

export interface ClusterSourceDeps {
  clusters: ClusterSet
  /** The server's data folder. */
  folder: string
  clock: Clock
  log: Logger
  kubeconfig: readonly z.output<typeof kubeconfigFlag>[]
  env: Readonly<Record<string, string | undefined>>
}

export function clusterSources({ clusters, folder, clock, log, kubeconfig, env }: ClusterSourceDeps): ClusterSources {
  const path = join(folder, 'clusters.json')
  let kept: Kept[] = []
  let work: Promise<unknown> = Promise.resolve()
  /** One change at a time. */
  const alone = <T>(task: () => Promise<T>): Promise<T> => {
    const done = work.then(task)
    work = done.catch(() => {})
    return done
  }
  const save = () => writeFileAtomic(path, `${JSON.stringify({ version: 1, clusters: kept }, null, 2)}\n`)

  const connect = (name: string, source: string, access: ClusterAccess) => {
    const { cluster, close } = openCluster({
      name,
      access,
      clock,
      heartbeat: true,
      onHealth(health) {
        const said = health.error?.message
        if (health.state === 'failing') log.warn({ cluster: name, code: health.error?.code }, said ?? 'the cluster fails')
        else log.info({ cluster: name, state: health.state }, 'cluster')
        clusters.changed(name)
      },
    })
    clusters.add(cluster, { source, server: access.server, close })
  }
  const fromText = ({ name, kubeconfig: text, context }: Kept) => parseKubeconfig({ text, path: `kubeconfig of ${name}` }).select(context)

  return {
    async open() {
      for (const { file, context } of kubeconfig) {
        const access = await parseKubeconfig(await readKubeconfigFile(file)).select(context)
        connect(nameFor(access.context), 'kubeconfig', access)
      }
      if (kubeconfig.length === 0) {
        const access = await inClusterAccess(env)
        if (access) connect(DEFAULT_CLUSTER, 'in-cluster', access)
      }
      kept = await load(path)
      for (const one of kept) {
        // One that went bad must not keep the others away.
        await fromText(one)
          .then((access) => connect(one.name, 'added', access))
          .catch((err) => log.error({ err, cluster: one.name }, 'a cluster that was added cannot be used'))
      }
    },
    add: (request) =>
      alone(async () => {
        const parsed = parseKubeconfig({ text: request.kubeconfig, path: 'kubeconfig' })
        const access = await parsed.select(request.context)
        const name = request.name ?? nameFor(access.context)
        if (kept.length >= 1000) throw new CodedError('TOO_LARGE', { what: 'The list of clusters', limit: 1000 })
        connect(name, 'added', access)
        const before = kept
        // Nothing of the other contexts that came along is kept.
        kept = [...kept, { name, kubeconfig: portableKubeconfig(access), context: access.context }]
        await save().catch(async (error: unknown) => {
          kept = before
          await clusters.remove(name)
          throw error
        })
        return name
      }),
    remove: (name) =>
      alone(async () => {
        const { source } = clusters.list().find((one) => one.name === name) ?? {}
        if (source !== undefined && source !== 'added')
          throw invalidInput([
            {
              path: 'cluster',
              message: `${name} comes from ${source === 'kubeconfig' ? '--kubeconfig' : 'where the server runs'}; it goes when the server is started without it`,
            },
          ])
        await clusters.remove(name)
        kept = kept.filter((one) => one.name !== name)
        await save()
      }),
    connectSandbox: (kubeconfig) =>
      alone(async () => {
        const before = clusters.list().find((one) => one.name === DEFAULT_CLUSTER)
        if (before !== undefined && before.source !== 'sandbox') return
        const access = await parseKubeconfig({ text: kubeconfig, path: 'kubeconfig of the demo' }).select()
        if (before !== undefined) await clusters.remove(DEFAULT_CLUSTER)
        connect(DEFAULT_CLUSTER, 'sandbox', access)
      }),
    async close() {
      for (const { name } of clusters.list()) await clusters.remove(name)
    },
  }
}

/** `alice@prod.example` → `alice-prod-example` */
export function nameFor(context: string): string {
  const name = context
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '')
  if (name === '') throw invalidInput([{ path: 'name', message: `the context "${context.slice(0, 80)}" makes no name for a cluster; give one` }])
  return name
}

const load = async (path: string): Promise<Kept[]> => (await readKept(path, keptFile, 'restore it, or remove it and add the clusters anew'))?.clusters ?? []
