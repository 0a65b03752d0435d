import { type AgentFlags, agentConfig } from '#apps/agent/config.ts'
import { runAgent, stopWithParent } from '#apps/agent/run.ts'
import type { CliDoor } from '#kits/cli-kit/door.ts'

export const door: CliDoor = (program, context) => {
  const zh = context.language === 'zh-CN'
  program
    .command('agent')
    .description(zh ? '跟踪日志文件并将其发送到服务器' : 'follow log files and send them to the server')
    .option('--config <file>', zh ? '配置文件（YAML）' : 'configuration file (YAML)')
    .option('--file <path...>', zh ? '要跟踪的文件或模式（路径或 路径:格式），可重复' : 'file or pattern to follow, as PATH or PATH:FORMAT; can be repeated')
    .option('--pods', zh ? '在集群节点上跟踪入口控制器的访问日志' : 'on a node of a cluster: follow the access logs of its ingress controllers')
    .option('--logs', zh ? '在集群节点上跟踪所有容器的日志（包含 --pods）' : 'on a node of a cluster: follow the logs of all containers (and what --pods does)')
    .option('--listen <address>', zh ? '在该环回地址提供 /metrics 和 /healthz' : 'serve /metrics and /healthz at this loopback address')
    .option('--node', zh ? '同时检测本节点的健康' : 'watch the health of this node too')
    .option('--parent-watch', zh ? '标准输入关闭时退出' : 'end when standard input closes')
    .action(async (options: Pick<AgentFlags, 'node' | 'config' | 'file' | 'listen' | 'pods' | 'logs'> & { parentWatch?: boolean }) => {
      const { server, tokenFile } = program.opts<{ server?: string; tokenFile?: string }>()
      const config = await agentConfig({ ...options, server, tokenFile, data: context.dataFolder }, process.env)
      const gone = new AbortController()
      if (options.parentWatch) stopWithParent(() => gone.abort())
      await runAgent(
        config,
        { clock: context.clock, env: process.env, write: (line) => process.stderr.write(`${line}\n`) },
        AbortSignal.any([context.signal, gone.signal]),
      )
    })
}
