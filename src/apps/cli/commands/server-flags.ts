import type { Command } from 'commander'
import type { z } from 'zod'
import { CodedError } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { resolveConfig } from '#kits/server-kit/config.ts'

/** The flags that `start` and `server` share; each is also a variable `SALLYPORT_…`. */
export function serverFlagsOf(command: Command, zh: boolean): Command {
  const repeat = (value: string, before: string[] = []) => [...before, value]
  const kubeconfigs: { file: string; context?: string }[] = []
  const file = (path: string) => {
    kubeconfigs.push({ file: path })
    return kubeconfigs
  }
  // It belongs to the file before it; a second one names another cluster of the same file.
  const context = (name: string) => {
    const last = kubeconfigs.at(-1)
    if (!last) throw new CodedError('USAGE', { reason: '--context must come after the --kubeconfig that it is in' })
    if (last.context === undefined) last.context = name
    else kubeconfigs.push({ file: last.file, context: name })
  }
  return command
    .option('--kubeconfig <file>', zh ? '要连接的集群，可重复；不使用演示集群' : 'cluster to connect to, instead of the demo; can be repeated', file)
    .option('--context <name>', zh ? '前一个 --kubeconfig 中的上下文，可重复' : 'context of the --kubeconfig before it; can be repeated', context)
    .option('--port <n>', zh ? '端口（默认 7070；0：任意空闲端口）' : 'port (default 7070; 0: any free one)')
    .option('--listen <address>', zh ? '监听地址（默认 127.0.0.1）' : 'address to listen on (default 127.0.0.1)')
    .option('--host <name>', zh ? '访问此服务器所用的主机名，可重复' : 'host name by which people reach this server; can be repeated', repeat)
    .option('--external-url <url>', zh ? '通知中链接所用的地址' : 'address for links in notifications')
    .option('--cluster-listen <host:port>', zh ? '供集群发送数据的 TLS 监听地址（自有 CA）' : 'TLS listener for what clusters send, with its own CA')
    .option(
      '--cluster-address <ip>',
      zh
        ? '其他机器上的集群访问 --cluster-listen 所用的 IP；设置后会在这些集群注册指标 API'
        : 'IP by which clusters elsewhere reach --cluster-listen; with it, metrics APIs are registered there',
    )
    .option(
      '--agent-secret <name>',
      zh ? '在集群中运行时：将 agent 所需的令牌和 CA 保存在此 Secret 中' : 'in a pod: keep the token and CA of agents in this Secret',
    )
    .option('--log-level <level>', 'debug, info, warn, error, silent')
}

/** Other variables of ours, which are read elsewhere. */
const ALSO_KNOWN = ['SALLYPORT_SERVER', 'SALLYPORT_TOKEN', 'SALLYPORT_CALLED_AS', 'SALLYPORT_REQUIRE_REAL']

export const flagsFor = <Schema extends z.ZodObject>(schema: Schema, options: Record<string, unknown>, context: CliContext): z.output<Schema> =>
  resolveConfig(schema, { ...options, context: undefined, data: context.dataFolder }, process.env, ALSO_KNOWN)
