/** `sallyport audit scan`: recorded audit events through all rules, without a server and without a cluster. */
import { type Command, Option } from 'commander'
import { CodedError, EXIT } from '#core/kernel/errors.ts'
import { atLeast, SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type Column, printTable } from '#kits/cli-kit/printers.ts'
import { createEngine } from '../domain/engine.ts'
import { type HitRow, hitRow } from '../domain/hit.ts'
import { listsFromFiles, readEvents, rulesFromFiles } from './files.ts'

interface ScanOptions {
  output: 'table' | 'wide' | 'json' | 'ndjson'
  lists: string[]
  rules: string[]
  severity: Severity
  failOn?: Severity
}

type Row = { file: string } & HitRow

const several = (value: string, before: string[]) => [...before, value]

export function addScan(audit: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  audit
    .command('scan')
    .description(zh ? '离线用全部规则检查审计事件' : 'judge recorded audit events by all rules, offline')
    .argument('<file...>', zh ? '事件文件：JSON、EventList 或每行一个；- 表示标准输入' : 'files of events: JSON, EventList or one a line; - is stdin')
    .addOption(new Option('-o, --output <format>', zh ? '输出格式' : 'output format').choices(['table', 'wide', 'json', 'ndjson']).default('table'))
    .option(
      '--lists <file>',
      zh
        ? '允许的用户、镜像等名单（YAML、JSON 或 Falco 的名单文件），可重复'
        : "who and what is allowed (YAML, JSON, or Falco's list files), may be given several times",
      several,
      [] as string[],
    )
    .option(
      '--rules <file>',
      zh ? 'AuditRule 清单文件（CEL 条件），可重复' : 'manifests of AuditRule (conditions in CEL), may be given several times',
      several,
      [] as string[],
    )
    .addOption(new Option('--severity <severity>', zh ? '只输出该级别及以上' : 'print hits of at least this severity').choices(SEVERITIES).default('advice'))
    .addOption(
      new Option('--fail-on <severity>', zh ? '有该级别及以上的命中时以 3 退出' : 'exit with 3 when a hit is at least this severe').choices(SEVERITIES),
    )
    .action(async (files: string[], options: ScanOptions) => {
      const lists = listsFromFiles(options.lists)
      const unjudged = new Map<string, { count: number; reason: string }>()
      const own = rulesFromFiles(options.rules, (rule, reason) => {
        const before = unjudged.get(rule)
        unjudged.set(rule, { count: (before?.count ?? 0) + 1, reason: before?.reason ?? reason })
      })
      const rows: Row[] = []
      const failures: CodedError[] = []
      const rejects = new Map<string, number>()
      let events = 0
      let worst: Severity | undefined
      for (const file of files) {
        // a file may be a copy of another, so what was seen in one says nothing about the next
        const engine = createEngine(lists, own)
        const receiver = {
          event(event: Parameters<typeof engine.judge>[0]) {
            events++
            for (const hit of engine.judge(event)) {
              if (!atLeast(hit.severity, options.severity)) continue
              if (worst === undefined || atLeast(hit.severity, worst)) worst = hit.severity
              const row = { file, ...hitRow(hit, context.language) }
              if (options.output === 'ndjson') context.out.write(`${JSON.stringify(row)}\n`)
              else rows.push(row)
            }
          },
          reject: (reason: string) => void rejects.set(reason, (rejects.get(reason) ?? 0) + 1),
        }
        try {
          await readEvents(file, receiver, context.signal)
        } catch (error) {
          if (!(error instanceof CodedError)) throw error
          failures.push(error)
        }
      }
      if (failures.length === files.length) throw failures[0]
      print(rows, options.output, context)
      // lines of a journal that are no deed, say
      const others = rejects.get('other') ?? 0
      rejects.delete('other')
      if (others > 0) context.note(zh ? `${others} 行不是操作。` : `${others} lines are nothing that somebody did.`)
      const rejected = [...rejects].map(([reason, count]) => `${reason} ${count}`).join(', ')
      if (options.output === 'table' || options.output === 'wide' || events === 0) context.note(zh ? `共 ${events} 个事件。` : `${events} events.`)
      if (rejected !== '') context.note(zh ? `无法读取：${rejected}` : `Not read: ${rejected}`)
      for (const [rule, { count, reason }] of unjudged)
        context.note(zh ? `规则 ${rule} 无法判断 ${count} 个事件：${reason}` : `Rule ${rule} could not judge ${count} events: ${reason}`)
      for (const failure of failures) context.note(failure.message)
      if (options.failOn !== undefined && worst !== undefined && atLeast(worst, options.failOn)) context.exit(EXIT.findings)
      // nothing read is no clean result, nor is what could not be judged
      if (failures.length > 0 || rejects.size > 0 || unjudged.size > 0 || events === 0) context.exit(EXIT.partial)
    })
}

const COLUMNS: readonly Column<Row>[] = [
  { header: 'AT', value: ({ at }) => at },
  {
    header: 'SEVERITY',
    value: ({ severity }) => severity,
    tone: ({ severity }) => (atLeast(severity, 'error') ? 'error' : atLeast(severity, 'warning') ? 'warning' : undefined),
  },
  { header: 'RULE', value: ({ rule }) => rule },
  { header: 'ACTOR', value: ({ actor }) => actor.user, flexible: true },
  { header: 'VERB', value: ({ verb }) => verb },
  { header: 'OBJECT', value: ({ object }) => [object.namespace, object.resource, object.name].filter(Boolean).join('/'), flexible: true },
  { header: 'CODE', value: ({ code }) => code || undefined, align: 'right' },
  { header: 'TITLE', value: ({ title }) => title, wide: true },
  { header: 'COMMAND', value: ({ command }) => command, wide: true, flexible: true },
  { header: 'AUDIT-ID', value: ({ auditID }) => auditID, wide: true },
  { header: 'FILE', value: ({ file }) => file, wide: true, flexible: true },
]

function print(rows: readonly Row[], output: ScanOptions['output'], context: CliContext): void {
  if (output === 'json') context.out.write(`${JSON.stringify(rows, undefined, 2)}\n`)
  else if (output === 'table' || output === 'wide') {
    if (rows.length > 0) printTable(context, COLUMNS, rows, { wide: output === 'wide' })
    else context.note(context.language === 'zh-CN' ? '没有命中。' : 'No rule was hit.')
  }
}
