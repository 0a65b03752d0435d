/** Where objects come from: files, a folder of an earlier export, or a cluster. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { CodedError } from '#core/kernel/errors.ts'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import type { Serves } from '../domain/convert.ts'
import { type Found, readCluster, seedOf } from '../move/read-cluster.ts'
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

/** `serves`: what the target has, where there is one. */
export async function findObjects(options: SourceOptions, context: CliContext, serves?: Serves): Promise<Found> {
  const live = options.fromKubeconfig !== undefined || options.fromContext !== undefined
  const named = [live, options.file !== undefined, options.velero !== undefined].filter((one) => one).length
  if (named !== 1) throw new CodedError('USAGE', { reason: 'name one source: -f, --velero, or --from-kubeconfig and --from-context' })
  const { namespace, selector, kinds, app } = options
  const chosen = seedOf({
    ...(namespace ? { namespaces: namespace } : {}),
    ...(selector ? { selector } : {}),
    ...(kinds ? { kinds: kinds.split(',') } : {}),
    ...(app ? { apps: app } : {}),
  })
  if (options.helmRelease !== undefined) return helmSource(options, options.helmRelease, context)
  if (options.velero !== undefined) return { objects: await readVelero(options.velero, context.signal), ...(chosen ? { seed: chosen } : {}), unseen: [] }
  if (!live) return { objects: await readFiles(options.file!, options, context), ...(chosen ? { seed: chosen } : {}), unseen: [] }
  const cluster = await context.cluster({ kubeconfig: options.fromKubeconfig, context: options.fromContext })
  using progress = context.progress({ label: `Reading ${cluster.name}`, total: 0, unit: 'items' })
  const seen = await readCluster(cluster, options.namespace ?? [], {
    signal: context.signal,
    ...(serves ? { serves } : {}),
    onRead: (done, total) => progress.update(done, total),
  })
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
