/** `sallyport apps volumes`: the data of claims, by a pair of mover pods; `sallyport apps mover` is what runs in them. */
import { readFile, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { CodedError, EXIT, fileUnreadable } from '#core/kernel/errors.ts'
import { formatBytes } from '#core/kernel/quantity.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import { type ClaimMoved, moveClaim } from '../volumes/pods.ts'
import { moveBySnapshot } from '../volumes/snapshot.ts'
import { type TargetOptions, targetCluster, targetOptions } from './target-options.ts'

interface VolumeOptions extends TargetOptions, OutputOptions {
  fromKubeconfig?: string
  fromContext?: string
  namespace: string
  toNamespace?: string
  claim: string[]
  moverImage?: string
  snapshot?: boolean
  snapshotClass?: string
  storageClass?: string
  address?: string
  final?: boolean
  wait: string
}

export function addVolumes(apps: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  outputOptions(
    targetOptions(
      apps
        .command('volumes')
        .description(
          zh
            ? '用一对搬运 Pod 迁移存储声明中的数据（可反复运行，只传输变化），或移交其 CSI 快照'
            : 'move the data of claims by a pair of mover pods (run it again and only changes are sent), or hand their CSI snapshots over',
        )
        .option('--from-kubeconfig <file>', zh ? '来源集群的 kubeconfig' : 'kubeconfig of the source')
        .option('--from-context <context>', zh ? '来源集群的 context' : 'context of the source')
        .requiredOption('-n, --namespace <name>', zh ? '来源的命名空间' : 'namespace at the source')
        .option('--to-namespace <name>', zh ? '目标的命名空间' : 'namespace on the target; by default the same')
        .requiredOption('--claim <name>', zh ? '存储声明，可重复' : 'claim, may be given several times', (name: string, all: string[] | undefined) => [
          ...(all ?? []),
          name,
        ])
        .option('--mover-image <image>', zh ? '入口为 sallyport 的镜像，两侧都能拉取' : 'image whose entrypoint is sallyport, to be had on both sides')
        .option(
          '--snapshot',
          zh ? '以 CSI 快照在目标上创建声明；两侧须使用同一存储' : 'make the claims on the target from CSI snapshots; both sides use the same storage',
        )
        .option('--snapshot-class <name>', zh ? '来源的 VolumeSnapshotClass' : 'VolumeSnapshotClass of the source')
        .option('--storage-class <name>', zh ? '由快照创建的声明的 StorageClass' : 'StorageClass of claims made from snapshots')
        .option(
          '--address <host:port>',
          zh ? '来源访问接收 Pod 的地址；默认为其 Pod 地址' : 'how the source reaches the receiving pod; by default its own address',
        )
        .option('--final', zh ? '最后一遍：没有 Pod 使用这些声明，并比较全部内容' : 'the last pass: no pod uses the claims, and all contents are compared')
        .option('--wait <seconds>', zh ? '等待 Pod 启动的时间' : 'how long a pod may take to start', '120'),
      zh,
    ),
  ).action(async (options: VolumeOptions) => {
    const seconds = Number(options.wait)
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > 86_400) throw new CodedError('USAGE', { reason: '--wait takes seconds from 1 to 86400' })
    if (options.address !== undefined && !/^\S+:\d{1,5}$/.test(options.address)) throw new CodedError('USAGE', { reason: '--address takes HOST:PORT' })
    if (options.fromKubeconfig === undefined && options.fromContext === undefined)
      throw new CodedError('USAGE', { reason: 'name the source: --from-kubeconfig or --from-context' })
    if ((options.moverImage === undefined) === (options.snapshot !== true)) throw new CodedError('USAGE', { reason: 'give --mover-image or --snapshot' })
    const source = await context.cluster({ kubeconfig: options.fromKubeconfig, context: options.fromContext })
    const target = await targetCluster(options, context)
    const moved: ClaimMoved[] = []
    using progress = context.progress({ label: zh ? '迁移数据' : 'Moving data', total: options.claim.length, unit: 'items' })
    for (const claim of options.claim) {
      const where = {
        claim,
        namespace: options.namespace,
        targetNamespace: options.toNamespace ?? options.namespace,
        waitMs: seconds * 1000,
        signal: context.signal,
      }
      if (options.moverImage === undefined) {
        const { snapshotClass, storageClass } = options
        const classes = { ...(snapshotClass === undefined ? {} : { snapshotClass }), ...(storageClass === undefined ? {} : { storageClass }) }
        moved.push(await moveBySnapshot(source, target, { ...where, ...classes }, context.clock))
        progress.update(moved.length)
        continue
      }
      const move = {
        ...where,
        image: options.moverImage,
        final: options.final === true,
        ...(options.address === undefined ? {} : { address: options.address }),
      }
      moved.push(await moveClaim(source, target, move, context.clock))
      progress.update(moved.length)
    }
    await printData(context, options, moved, {
      rows: (all) => all,
      name: ({ claim }) => `PersistentVolumeClaim/${claim}`,
      columns: [
        { header: 'CLAIM', value: ({ claim }) => claim },
        { header: 'OUTCOME', value: ({ outcome }) => outcome, tone: ({ outcome }) => (outcome === 'moved' || outcome === 'handed over' ? undefined : 'error') },
        { header: 'FILES', value: (one) => ('sent' in one ? one.sent.entries : undefined), align: 'right' },
        { header: 'BYTES', value: (one) => ('sent' in one ? formatBytes(one.sent.bytes) : undefined), align: 'right' },
        { header: 'SENT', value: (one) => ('sent' in one ? formatBytes(one.sent.sentBytes) : undefined), align: 'right' },
        {
          header: 'WHAT',
          value: (one) => ('sent' in one ? (one.sent.checksum?.target ?? describeChanging(one.sent.changing, zh)) : 'why' in one ? one.why : one.snapshot),
          flexible: true,
        },
      ],
    })
    if (moved.some(({ outcome }) => outcome === 'unequal')) context.exit(EXIT.findings)
    else if (moved.some((one) => one.outcome === 'skipped' || ('sent' in one && one.sent.changing.length > 0))) context.exit(EXIT.partial)
  })

  const mover = apps.command('mover', { hidden: true }).description('what runs in mover pods')
  const ends = (command: Command): Command =>
    command.requiredOption('--root <folder>', 'the volume').requiredOption('--key-file <file>', 'the key of this move')
  ends(mover.command('receive'))
    .requiredOption('--port <port>', 'to listen on')
    .action(async ({ root, keyFile, port }: { root: string; keyFile: string; port: string }) => {
      const { receiver } = await import('../volumes/receive.ts')
      const server = await receiver(root, await readKey(keyFile), Number(port))
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
      server.close()
    })
  ends(mover.command('send'))
    .requiredOption('--to <host:port>', 'the receiver')
    .requiredOption('--result-file <file>', 'where to say what was done')
    .option('--checksum', 'compare all contents')
    .action(async ({ root, keyFile, to, checksum, resultFile }: { root: string; keyFile: string; to: string; checksum?: boolean; resultFile: string }) => {
      const { sendTree } = await import('../volumes/send.ts')
      const colon = to.lastIndexOf(':')
      const address = { host: to.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(to.slice(colon + 1)) }
      const sent = await sendTree(root, address, await readKey(keyFile), checksum === true)
      // There is little room for names.
      const few = (paths: readonly string[]): string[] => paths.slice(0, 10).map((path) => path.slice(0, 100))
      await writeFile(resultFile, JSON.stringify({ ...sent, left: few(sent.left), changing: few(sent.changing) }))
    })
}

const describeChanging = (changing: readonly string[], zh: boolean): string | undefined =>
  changing.length === 0 ? undefined : zh ? `${changing.length} 个文件在读取时被写入` : `${changing.length} file(s) were written to while they were read`

const readKey = async (path: string): Promise<Buffer> =>
  readFile(path).catch((error) => {
    throw fileUnreadable(path, error)
  })
