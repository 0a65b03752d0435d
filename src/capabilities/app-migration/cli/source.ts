/** Where objects come from: files, a folder of an earlier export, or a cluster. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { CodedError } from '#core/kernel/errors.ts'
import { type ApiFacts, loadApiFacts } from '#core/kube/api-facts/facts.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { parseLabelSelector, selects } from '#core/kube/selectors.ts'
import type { Cluster, ServedKind } from '#core/shapes/ports/cluster.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import type { Serves } from '../domain/convert.ts'
import { each } from '../move/target.ts'
import { releaseObjects } from './helm.ts'
import { readObjects } from './read-objects.ts'
import { decryptSecrets, type SecretKeys } from './secrets.ts'
import { readVelero } from './velero.ts'

export interface SourceOptions extends SecretKeys {
  file?: string[]
  fromKubeconfig?: string
  fromContext?: string
  namespace?: string[]
  selector?: string
  kinds?: string
  app?: string[]
  helmRelease?: string[]
  velero?: string
  keepNodePorts?: boolean
  keepVolumes?: boolean
}

const repeat = (value: string, all: string[] | undefined): string[] => [...(all ?? []), value]

export function sourceOptions(command: Command, zh: boolean): Command {
  return command
    .option('-f, --file <path>', zh ? '来源：清单文件、目录或 -，可重复' : 'source: manifest file, folder, or -; may be given several times', repeat)
    .option('--from-kubeconfig <file>', zh ? '来源集群的 kubeconfig' : 'source: kubeconfig of a cluster')
    .option('--from-context <context>', zh ? '来源集群的 context' : 'source: context of a kubeconfig')
    .option(
      '--helm-release <name>',
      zh ? '来源：Helm 发布中保存的清单，可重复' : 'source: the stored manifest of this Helm release, may be given several times',
      repeat,
    )
    .option('--velero <file>', zh ? '来源：Velero 备份（.tar.gz）' : 'source: a Velero backup (.tar.gz)')
    .option('-n, --namespace <name>', zh ? '命名空间，可重复' : 'namespace, may be given several times', repeat)
    .option('-l, --selector <labels>', zh ? '标签选择器' : 'label selector')
    .option('--kinds <kinds>', zh ? '类型，用逗号分隔' : 'kinds, separated by commas')
    .option('--app <kind/name>', zh ? '该应用及其所需的一切，可重复' : 'this app and everything it needs, may be given several times', repeat)
    .option('--keep-node-ports', zh ? '保留节点端口' : 'keep node ports')
    .option('--keep-volumes', zh ? '保留存储声明与卷的绑定' : 'keep the binding of claims to volumes')
    .option('--passphrase-file <file>', zh ? '加密 Secret 的口令文件' : 'file with the passphrase that locks Secrets')
    .option('--age-recipient <key>', zh ? '加密 Secret 的 age 公钥' : 'age public key that locks Secrets')
    .option('--age-identity-file <file>', zh ? '解密 Secret 的 age 私钥文件' : 'file with the age identity that unlocks Secrets')
}

export interface Found {
  objects: KubeObject[]
  /** What of it is wanted; what it needs comes along. Undefined: all. */
  seed?: (object: KubeObject) => boolean
  /** Kinds that could not be seen, with the reason: the export may lack them. */
  unseen: { kind: string; reason: string }[]
  /** `v1.20.2`, of a cluster. */
  sourceVersion?: string
}

/** `serves`: what the target has, where there is one. */
export async function findObjects(options: SourceOptions, context: CliContext, serves?: Serves): Promise<Found> {
  const live = options.fromKubeconfig !== undefined || options.fromContext !== undefined
  const named = [live, options.file !== undefined, options.velero !== undefined].filter((one) => one).length
  if (named !== 1) throw new CodedError('USAGE', { reason: 'name one source: -f, --velero, or --from-kubeconfig and --from-context' })
  const chosen = seedOf(options)
  if (options.helmRelease !== undefined) return helmSource(options, options.helmRelease, context)
  if (options.velero !== undefined) return { objects: await readVelero(options.velero, context.signal), ...(chosen ? { seed: chosen } : {}), unseen: [] }
  if (!live) return { objects: await readFiles(options.file!, options, context), ...(chosen ? { seed: chosen } : {}), unseen: [] }
  const cluster = await context.cluster({ kubeconfig: options.fromKubeconfig, context: options.fromContext })
  const seen = await readCluster(cluster, options.namespace ?? [], context, serves)
  // Of a whole cluster, what belongs to no namespace comes along only when something needs it.
  return { ...seen, seed: chosen ?? (({ metadata }) => metadata.namespace !== undefined) }
}

/** A release is taken whole: it says itself what belongs to it. */
async function helmSource(options: SourceOptions, names: readonly string[], context: CliContext): Promise<Found> {
  const facts = await loadApiFacts()
  if (options.velero !== undefined || options.file !== undefined) {
    const all = options.velero === undefined ? await readFiles(options.file!, options, context) : await readVelero(options.velero, context.signal)
    const within = all.filter(({ metadata }) => options.namespace === undefined || options.namespace.includes(metadata?.namespace ?? ''))
    return { objects: releaseObjects(within, names, facts), unseen: [] }
  }
  const cluster = await context.cluster({ kubeconfig: options.fromKubeconfig, context: options.fromContext })
  const secrets: KubeObject[] = []
  for (const namespace of options.namespace ?? [undefined])
    for (const name of names) {
      const { items } = await cluster.list(
        { apiVersion: 'v1', kind: 'Secret' },
        { labels: `owner=helm,name=${name}`, ...(namespace === undefined ? {} : { namespace }) },
      )
      secrets.push(...items)
    }
  const { serverVersion } = await cluster.discover()
  return { objects: releaseObjects(secrets, names, facts), unseen: [], sourceVersion: serverVersion }
}

function seedOf({ namespace, selector, kinds, app }: SourceOptions): Found['seed'] | undefined {
  if (namespace === undefined && selector === undefined && kinds === undefined && app === undefined) return undefined
  const labels = selector === undefined ? undefined : parseLabelSelector(selector)
  const wanted = kinds?.split(',').map((kind) => kind.trim().toLowerCase())
  const apps = app?.map((text) => text.toLowerCase())
  for (const text of app ?? []) if (!/^[^/]+\/[^/]+$/.test(text)) throw new CodedError('USAGE', { reason: `--app takes KIND/NAME, not "${text}"` })
  return ({ kind, metadata }) =>
    (namespace === undefined || namespace.includes(metadata.namespace ?? '')) &&
    (labels === undefined || selects(labels, metadata.labels)) &&
    (wanted === undefined || wanted.includes(kind.toLowerCase())) &&
    (apps === undefined || apps.includes(`${kind}/${metadata.name}`.toLowerCase()))
}

async function readFiles(paths: readonly string[], keys: SecretKeys, context: CliContext): Promise<KubeObject[]> {
  const objects = await readObjects(paths, context)
  const locked = (await Promise.all(paths.map(lockedIn))).flat()
  for (const path of locked) objects.push(...(await decryptSecrets(path, keys)))
  // Says how to build the folder, and is no object of a cluster.
  return objects.filter(({ kind, apiVersion }) => !(kind === 'Kustomization' && apiVersion.startsWith('kustomize.config.k8s.io/')))
}

async function lockedIn(path: string): Promise<string[]> {
  if (path === '-' || !(await stat(path)).isDirectory()) return path.endsWith('.age') ? [path] : []
  return (await readdir(path)).filter((name) => name.endsWith('.age')).map((name) => join(path, name))
}

const PAGE = 500

async function readCluster(
  cluster: Cluster,
  namespaces: readonly string[],
  context: CliContext,
  serves?: Serves,
): Promise<Pick<Found, 'objects' | 'unseen' | 'sourceVersion'>> {
  const { kinds, unknown, serverVersion } = await cluster.discover()
  const readable = preferred(
    kinds.filter(({ verbs, kind }) => verbs.includes('list') && verbs.includes('get') && kind !== 'Event' && kind !== 'ComponentStatus'),
    await loadApiFacts(),
    serves,
  )
  const asks = readable.flatMap((kind): { kind: ServedKind; namespace: string | undefined }[] =>
    kind.namespaced && namespaces.length > 0 ? namespaces.map((namespace) => ({ kind, namespace })) : [{ kind, namespace: undefined }],
  )
  const objects: KubeObject[] = []
  const unseen: Found['unseen'] = unknown.map(({ apiVersion, reason }) => ({ kind: apiVersion, reason }))
  using progress = context.progress({ label: `Reading ${cluster.name}`, total: asks.length, unit: 'items' })
  let done = 0
  await each(asks, 8, async ({ kind, namespace }) => {
    try {
      let next: string | undefined
      do {
        context.signal.throwIfAborted()
        const page = await cluster.list(kind, {
          limit: PAGE,
          ...(namespace === undefined ? {} : { namespace }),
          ...(next === undefined ? {} : { continue: next }),
        })
        objects.push(...page.items.map((item) => ({ ...item, apiVersion: kind.apiVersion, kind: kind.kind })))
        next = page.continue
      } while (next !== undefined)
    } catch (error) {
      if (!(error instanceof CodedError) || !['FORBIDDEN', 'KIND_UNKNOWN', 'NOT_FOUND'].includes(error.code)) throw error
      unseen.push({ kind: kind.kind, reason: error.code })
    }
    progress.update(++done)
  })
  return { objects, unseen, sourceVersion: serverVersion }
}

/**
 * One version of each kind of a group; core events and endpoints also live in other groups, where they stand once.
 * Custom kinds are read in a version that the target serves, where the source has it: the definition's own conversion is the source's then.
 */
export function preferred(kinds: readonly ServedKind[], facts: ApiFacts, serves?: Serves): ServedKind[] {
  const best = new Map<string, ServedKind>()
  for (const kind of kinds) {
    // Served in two groups by old servers: the newer group has it whole.
    const group = kind.group === 'extensions' ? (kind.kind === 'Ingress' || kind.kind === 'NetworkPolicy' ? 'networking.k8s.io' : 'apps') : kind.group
    const key = `${group} ${kind.kind}`
    const before = best.get(key)
    if (before === undefined || before.group === 'extensions' || (kind.preferred && kind.group !== 'extensions')) best.set(key, kind)
  }
  if (serves === undefined) return [...best.values()]
  return [...best.values()].map((kind) =>
    facts.kind(kind) !== undefined || serves(kind) !== false
      ? kind
      : (kinds.find((other) => other.group === kind.group && other.kind === kind.kind && serves(other) === true) ?? kind),
  )
}
