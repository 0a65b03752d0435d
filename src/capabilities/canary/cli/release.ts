/** `sallyport canary status|report|promote|abort|pause|resume|restart`: releases of a cluster, by way of the server. */
import type { Command } from 'commander'
import { CodedError, EXIT, type Language } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type Column, type OutputOptions, outputOptions, printData, printTable } from '#kits/cli-kit/printers.ts'
import type { CanaryDetail, CanaryList, CanaryRow } from '../domain/api.ts'
import { timeText } from '../domain/release/time.ts'
import { inLanguage } from '../domain/words.ts'
import { type CanaryCommand, COMMANDS } from '../resources/canary.ts'
import { evidenceColumns } from './judge.ts'

interface WhereOptions {
  cluster: string
  namespace: string
}

const TEXTS: Record<CanaryCommand, [en: string, zh: string]> = {
  promote: ['give the new version to everybody, whatever the evidence says', '无论证据如何，立即晋级'],
  abort: ['give all traffic back to stable', '把所有流量交回稳定版'],
  pause: ['stay at the step of now', '停留在当前步骤'],
  resume: ['go on after a pause', '暂停后继续'],
  restart: ['try a version again that was rolled back', '重试已回滚的版本'],
}

export function addRelease(canary: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const where = (command: Command) =>
    command.option('--cluster <name>', zh ? '集群' : 'cluster', 'local').option('-n, --namespace <name>', zh ? '命名空间' : 'namespace', 'default')
  const path = ({ cluster, namespace }: WhereOptions, name: string) =>
    `/clusters/${encodeURIComponent(cluster)}/canaries/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`

  outputOptions(
    where(
      canary
        .command('status')
        .argument('[name]')
        .description(zh ? '发布的状态' : 'how releases are'),
    ).option('-A, --all-namespaces', zh ? '所有命名空间' : 'in all namespaces'),
  ).action(async (name: string | undefined, options: WhereOptions & OutputOptions & { allNamespaces?: boolean }) => {
    const query = options.allNamespaces ? {} : { namespace: options.namespace }
    const { canaries, installed, more } = await context.api.get<CanaryList>(`/clusters/${encodeURIComponent(options.cluster)}/canaries`, query)
    if (!installed)
      context.note(zh ? '此集群没有 Canary 类型：请先安装 deploy/crds。' : 'The cluster does not know the kind Canary: install deploy/crds first.')
    if (more) {
      context.note(
        zh ? `仅列出前 ${canaries.length} 个发布；请用 -n 指定命名空间。` : `Only the first ${canaries.length} releases are listed; name a namespace with -n.`,
      )
      context.exit(EXIT.partial)
    }
    const rows = canaries.filter((one) => name === undefined || one.name === name)
    if (name !== undefined && rows.length === 0) throw new CodedError('NOT_FOUND', { what: `canary ${options.namespace}/${name}` })
    await printData(context, options, rows, { rows: (all) => all, columns: statusColumns(context.language) })
  })

  outputOptions(
    where(
      canary
        .command('report')
        .argument('<name>')
        .description(zh ? '一次发布的证据和决策' : 'evidence and decisions of a release'),
    ),
  ).action(async (name: string, options: WhereOptions & OutputOptions) => {
    const detail = await context.api.get<CanaryDetail>(path(options, name))
    await printData(context, options, detail, { rows: ({ report }) => report?.evidence ?? [], columns: evidenceColumns })
    if (options.output !== 'table' && options.output !== 'wide') return
    if (!detail.report) context.note(zh ? '尚无证据。' : 'There is no evidence yet.')
    else context.note(inLanguage(detail.report.reason, context.language))
    context.out.write('\n')
    printTable(context, decisionColumns(context.language), detail.status.decisions ?? [], { wide: options.output === 'wide' })
  })

  for (const command of COMMANDS) {
    where(
      canary
        .command(command)
        .argument('<name>')
        .description(TEXTS[command][zh ? 1 : 0]),
    ).action(async (name: string, options: WhereOptions) => {
      const row = await context.api.send<CanaryRow>('POST', `${path(options, name)}/command`, { command })
      context.note(zh ? `已请求 ${command}；当前状态 ${row.status.phase ?? '-'}。` : `Asked to ${command}; it is ${row.status.phase ?? 'new'} now.`)
    })
  }
}

type Decided = NonNullable<CanaryRow['status']['decisions']>[number]
const decisionColumns = (language: Language): Column<Decided>[] => [
  { header: 'WHEN', value: ({ at }) => timeText(at) },
  { header: 'RUN', value: ({ run }) => run },
  { header: 'WHAT', value: ({ what }) => what },
  { header: 'WHY', value: ({ why }) => inLanguage(why, language), flexible: true },
  { header: 'EVIDENCE', value: ({ evidence }) => evidence, wide: true },
]

const statusColumns = (language: Language): Column<CanaryRow>[] => [
  { header: 'NAMESPACE', value: ({ namespace }) => namespace, wide: true },
  { header: 'NAME', value: ({ name }) => name },
  {
    header: 'PHASE',
    value: ({ status }) => status.phase,
    tone: ({ status }) => (status.phase === 'RolledBack' || status.phase === 'Invalid' ? 'error' : undefined),
  },
  { header: 'STEP', value: ({ status }) => status.step, align: 'right' },
  { header: 'WEIGHT', value: ({ status }) => (status.weight === undefined ? undefined : `${status.weight} %`), align: 'right' },
  { header: 'VERDICT', value: ({ status }) => status.verdict },
  { header: 'REQUESTS', value: ({ status }) => status.requests, align: 'right' },
  { header: 'EXPECTED', value: ({ status }) => status.expected, wide: true },
  { header: 'OUTLOOK', value: ({ status }) => inLanguage(status.outlook ?? '', language), wide: true },
  { header: 'WHY', value: ({ status }) => inLanguage(status.message ?? '', language), flexible: true },
]
