import type { Language } from '#core/kernel/errors.ts'
import type { CliDoor } from '#kits/cli-kit/door.ts'

export interface CliDoorEntry {
  /** The command that the door adds. */
  name: string
  summary: Record<Language, string>
  load(): Promise<{ door: CliDoor }>
}

/** Every command of the CLI. Only the one that is called is loaded. */
export const DOORS: readonly CliDoorEntry[] = [
  {
    name: 'start',
    summary: { en: 'start the server, the console and the demo site on this machine', 'zh-CN': '在本机启动服务器、控制台和演示站点' },
    load: () => import('./commands/start.ts'),
  },
  { name: 'server', summary: { en: 'run the server', 'zh-CN': '运行服务器' }, load: () => import('./commands/server.ts') },
  {
    name: 'agent',
    summary: { en: 'follow log files and send them to the server', 'zh-CN': '跟踪日志文件并将其发送到服务器' },
    load: () => import('./commands/agent.ts'),
  },
  {
    name: 'collect',
    summary: { en: 'scrape metrics and send them here, or anywhere by remote write', 'zh-CN': '抓取指标并发送到本服务器，或以远程写入发送到任意服务器' },
    load: () => import('./commands/collect.ts'),
  },
  {
    name: 'ingress',
    summary: { en: 'traffic of the ingress; report on access logs, also offline', 'zh-CN': '入口流量；也可离线分析访问日志' },
    load: () => import('#capabilities/ingress-analytics/cli/index.ts'),
  },
  {
    name: 'node',
    summary: { en: 'health of nodes; diagnose kernel logs offline', 'zh-CN': '节点健康；离线诊断内核日志' },
    load: () => import('#capabilities/node-doctor/cli/index.ts'),
  },
  {
    name: 'audit',
    summary: { en: 'who did what; rules over audit events, also offline', 'zh-CN': '谁做了什么；可离线用规则检查审计事件' },
    load: () => import('#capabilities/audit/cli/index.ts'),
  },
  {
    name: 'cluster',
    summary: { en: 'clusters that the server is connected to: list, add, remove', 'zh-CN': '服务器所连接的集群：列出、添加、移除' },
    load: () => import('./commands/cluster.ts'),
  },
  {
    name: 'images',
    summary: { en: 'move images between registries, layouts and archives', 'zh-CN': '在镜像仓库、布局和归档之间迁移镜像' },
    load: () => import('#capabilities/image-migration/cli/index.ts'),
  },
  {
    name: 'apps',
    summary: { en: 'move applications between clusters and API versions', 'zh-CN': '在集群与 API 版本之间迁移应用' },
    load: () => import('#capabilities/app-migration/cli/index.ts'),
  },
  {
    name: 'inspect',
    summary: { en: 'check configuration for what is wrong, also offline', 'zh-CN': '检查配置问题，也可离线' },
    load: () => import('#capabilities/inspection/cli/index.ts'),
  },
  {
    name: 'canary',
    summary: { en: 'releases by canary, promoted or rolled back by evidence; judge requests offline', 'zh-CN': '金丝雀发布：依据证据晋级或回滚；可离线裁决' },
    load: () => import('#capabilities/canary/cli/index.ts'),
  },
  {
    name: 'scale',
    summary: { en: 'scale on time and traffic: preview schedules, replay recorded traffic', 'zh-CN': '按时间与流量伸缩：预览时间表、回放流量' },
    load: () => import('#capabilities/elasticity/cli/index.ts'),
  },
  {
    name: 'logs',
    summary: { en: 'logs of containers: search, follow, group by pattern', 'zh-CN': '容器日志：搜索、跟随、按模式聚类' },
    load: () => import('#capabilities/logs/cli/index.ts'),
  },
  {
    name: 'query',
    summary: { en: 'ask the metrics a PromQL question', 'zh-CN': '用 PromQL 查询指标' },
    load: () => import('#capabilities/metrics/cli/query.ts'),
  },
  {
    name: 'rules',
    summary: { en: 'check, test and back-test rules and alerts of Prometheus', 'zh-CN': '检查、测试和回测 Prometheus 规则与告警' },
    load: () => import('#capabilities/metrics/cli/rules.ts'),
  },
  {
    name: 'login-link',
    summary: { en: 'print a new one-time login link of the server on this machine', 'zh-CN': '打印本机服务器的一次性登录链接' },
    load: () => import('./commands/login-link.ts'),
  },
  {
    name: 'config',
    summary: { en: 'show which server is spoken to, and why', 'zh-CN': '显示所连接的服务器及其来源' },
    load: () => import('./commands/config.ts'),
  },
  { name: 'explain', summary: { en: 'explain an error code', 'zh-CN': '解释错误代码' }, load: () => import('./commands/explain.ts') },
  {
    name: 'completion',
    summary: { en: 'print the completion script for bash, zsh or fish', 'zh-CN': '打印 bash、zsh 或 fish 的补全脚本' },
    load: () => import('./commands/completion.ts'),
  },
  { name: 'version', summary: { en: 'print the version', 'zh-CN': '打印版本' }, load: () => import('./commands/version.ts') },
]

/** Commands that need the whole server, and are not in the bundle. */
export const SERVER_DOORS: readonly string[] = ['start', 'server']
