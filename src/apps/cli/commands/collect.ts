import { type CollectFlags, collectSettings } from '#apps/collect/config.ts'
import { kubernetesOf } from '#apps/collect/kubernetes.ts'
import { listFolder, runCollect } from '#apps/collect/run.ts'
import { collection } from '#capabilities/collection/capability.ts'
import { dryRun } from '#capabilities/collection/collect/dry-run.ts'
import { EXIT } from '#core/kernel/errors.ts'
import type { CliDoor } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'

export const door: CliDoor = (program, context) => {
  const zh = context.language === 'zh-CN'
  const command = program
    .command('collect')
    .description(collection.summary[context.language])
    .option(
      '--config <file>',
      zh
        ? 'prometheus.yml 格式的配置；在集群内可省略：采集 kubelet、cAdvisor、API 服务器及 prometheus.io 注解'
        : 'configuration, as prometheus.yml; may be left out in a cluster: kubelets, cAdvisor, API servers and prometheus.io annotations',
    )
    .option('--ca-file <file>', zh ? '签发服务器证书的 CA' : 'authority that signed the server’s certificate')
    .option('--remote-write <url>', zh ? '同时以远程写入发送到该地址' : 'send there too, by remote write')
    .option('--remote-write-version <version>', zh ? '1.0 或 2.0' : '1.0 or 2.0', '1.0')
    .option('--queue-limit <bytes>', zh ? '磁盘队列的上限' : 'most that the queue on disk may take', '2Gi')
    .option('--listen <address>', zh ? '在该地址提供 /metrics 和 /api/v1/targets' : 'serve /metrics and /api/v1/targets there')
    .option('--shard <index/count>', zh ? '多副本分片，如 0/3' : 'which of how many replicas this is, like 0/3')
    .option('--dry-run', zh ? '只显示发现的目标及重标记的结果' : 'show the targets found and what relabelling did, and scrape nothing')
  outputOptions(command).action(async (options: CollectFlags & OutputOptions) => {
    const { server, tokenFile } = program.opts<{ server?: string; tokenFile?: string }>()
    const settings = collectSettings({ ...options, server, tokenFile, data: context.dataFolder }, context.env)
    if (!options.dryRun) {
      await runCollect(settings, { clock: context.clock, env: context.env, write: (line) => process.stderr.write(`${line}\n`) }, context.signal)
      return
    }
    const done = new AbortController()
    const kubernetes = kubernetesOf(context.clock, context.env, AbortSignal.any([context.signal, done.signal]))
    const jobs = await dryRun(settings.config, { clock: context.clock, folder: settings.folder, listFolder, ...kubernetes }, context.signal)
    done.abort()
    for (const { job, troubles } of jobs) for (const what of troubles) context.note(`${job}: ${what}`)
    const found = jobs.flatMap(({ job, judged }) =>
      judged.map(({ target, dropped, discovered, trace }) => ({
        job,
        url: target?.url.href,
        labels: target && Object.fromEntries(target.labels),
        intervalMs: target?.intervalMs,
        timeoutMs: target?.timeoutMs,
        dropped,
        discovered: Object.fromEntries(discovered),
        rules: trace,
      })),
    )
    await printData(context, options, found, {
      rows: (value) => value,
      columns: [
        { header: 'JOB', value: ({ job }) => job },
        { header: 'TARGET', value: ({ url, discovered }) => url ?? discovered.__address__ },
        { header: 'STATE', value: ({ dropped }) => (dropped === undefined ? 'scraped' : `dropped: ${dropped}`) },
        {
          header: 'LABELS',
          flexible: true,
          value: ({ labels = {} }) =>
            Object.entries(labels)
              .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
              .join(' '),
        },
        { header: 'RULES', wide: true, value: ({ rules }) => rules.map(({ rule, what }) => `[${rule}] ${what}`).join(' ') },
      ],
    })
    if (jobs.some(({ troubles }) => troubles.length > 0)) context.exit(EXIT.partial)
  })
}
