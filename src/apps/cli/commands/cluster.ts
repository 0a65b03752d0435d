import { text } from 'node:stream/consumers'
import { formatDuration } from '#core/kernel/duration.ts'
import { EXIT } from '#core/kernel/errors.ts'
import { parseKubeconfig, portableKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import type { CliContext, CliDoor } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'

interface ClusterRow {
  id: string
  source?: string
  server?: string
  health?: { state: string; since: number; serverVersion?: string; clockSkewMs?: number; error?: { code: string; message: string } }
}

export const door: CliDoor = (program, context) => {
  const zh = context.language === 'zh-CN'
  const cluster = program.command('cluster').description(zh ? '服务器所连接的集群' : 'clusters that the server is connected to')

  outputOptions(cluster.command('list').description(zh ? '列出集群及其健康状况' : 'list clusters and how they are')).action(async (options: OutputOptions) => {
    const { clusters } = await context.api.get<{ clusters: ClusterRow[] }>('/clusters')
    await print(context, options, clusters)
    if (clusters.some(({ health }) => health?.state === 'failing')) context.exit(EXIT.partial)
  })

  outputOptions(
    cluster
      .command('add')
      .description(zh ? '按 kubeconfig 添加集群' : 'connect a cluster by a kubeconfig that carries its credentials')
      .requiredOption('--kubeconfig <file>', zh ? '文件，- 表示标准输入' : 'the file, or - for standard input')
      .option('--context <name>', zh ? '其中的上下文（默认为当前上下文）' : 'a context in it (default: the current one)')
      .option('--name <name>', zh ? '集群名称（默认取自上下文）' : 'name of the cluster (default: from the context)'),
  ).action(async (options: OutputOptions & { kubeconfig: string; context?: string; name?: string }) => {
    const { kubeconfig: path } = options
    const file = path === '-' ? { text: await text(process.stdin), path: 'stdin' } : await readKubeconfigFile(path)
    const access = await parseKubeconfig(file).select(options.context)
    // One context and no more leaves this machine, with the files that it names in it.
    const body = { kubeconfig: portableKubeconfig(access), name: options.name }
    const added = await context.api.send<ClusterRow>('POST', '/clusters', body)
    context.note(zh ? `已添加集群 ${added.id}。` : `Added cluster ${added.id}.`)
    await print(context, options, [added])
  })

  cluster
    .command('remove')
    .argument('<name>', zh ? '集群名称' : 'name of the cluster')
    .description(zh ? '移除已添加的集群（遥测数据保留）' : 'forget a cluster that was added; its telemetry stays')
    .action(async (name: string) => {
      await context.api.send('DELETE', `/clusters/${encodeURIComponent(name)}`)
      context.note(zh ? `已移除集群 ${name}。` : `Removed cluster ${name}.`)
    })
}

/** From here on a clock is wrong enough to be told: what is signed or dated there looks early or late here. */
const SKEW_MS = 60_000
function skewOf(ms = 0, zh: boolean): string | undefined {
  if (Math.abs(ms) < SKEW_MS) return undefined
  const by = formatDuration(Math.round(Math.abs(ms) / 60_000) * 60_000)
  if (zh) return `其时钟比服务器${ms < 0 ? '慢' : '快'} ${by}。`
  return `Its clock is ${by} ${ms < 0 ? 'behind' : 'ahead of'} the server’s.`
}

const print = (context: CliContext, options: OutputOptions, clusters: readonly ClusterRow[]) =>
  printData(context, options, clusters, {
    rows: (rows) => rows,
    columns: [
      { header: 'NAME', value: (row) => row.id },
      { header: 'STATE', value: (row) => row.health?.state ?? 'sends only', tone: (row) => (row.health?.state === 'failing' ? 'error' : undefined) },
      { header: 'VERSION', value: (row) => row.health?.serverVersion },
      { header: 'FROM', value: (row) => row.source },
      { header: 'SERVER', value: (row) => row.server, wide: true },
      { header: 'CLOCK SKEW', value: (row) => (row.health?.clockSkewMs === undefined ? undefined : `${row.health.clockSkewMs / 1000}s`), wide: true },
      { header: 'PROBLEM', value: (row) => row.health?.error?.message ?? skewOf(row.health?.clockSkewMs, context.language === 'zh-CN'), flexible: true },
    ],
  })
