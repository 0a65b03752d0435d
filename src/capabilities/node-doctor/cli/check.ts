/** `sallyport node check`: every detector once, on this machine, without a server and without Kubernetes. */
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { EXIT, fileUnreadable, invalidInput } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import { atLeast, SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type Column, printTable } from '#kits/cli-kit/printers.ts'
import { type CheckedOnce, checkOnce } from '../domain/check-once.ts'
import { loadPlugins } from '../domain/npd-plugins.ts'
import { type NodeSettings, nodeSettings } from '../domain/settings.ts'

interface CheckOptions {
  output: 'table' | 'wide' | 'json' | 'ndjson'
  failOn: Severity
  outbound: string[]
  config?: string
  npd: string[]
}

interface Row {
  check: string
  title: string
  state: string
  severity: Severity | ''
  reason: string
  message: string
  pod: string
}

export function addCheck(node: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const several = (one: string, before: string[]) => [...before, one]
  node
    .command('check')
    .description(zh ? '在本机立即运行全部检测一次' : 'run every detector once, on this machine, now')
    .addOption(new Option('-o, --output <format>', zh ? '输出格式' : 'output format').choices(['table', 'wide', 'json', 'ndjson']).default('table'))
    .option('--config <file>', zh ? '检测设置（YAML 或 JSON）' : 'settings of the detectors (YAML or JSON)')
    .option(
      '--outbound <endpoint>',
      zh ? '必须可达的外部端点，可重复' : 'endpoint outside that must be reachable, may be given several times',
      several,
      [] as string[],
    )
    .option(
      '--npd <file>',
      zh ? 'node-problem-detector 的自定义插件配置，可重复' : 'configuration of custom plugins of node-problem-detector, may be given several times',
      several,
      [] as string[],
    )
    .addOption(
      new Option('--fail-on <severity>', zh ? '发现该级别或更高级别的问题时以 3 退出' : 'exit with 3 when a problem is at least this severe')
        .choices(SEVERITIES)
        .default('warning'),
    )
    .action(async (options: CheckOptions) => {
      const settings = await settingsOf(options)
      const plugins = settings.npd.flatMap((file) => loadPlugins(file, readText(file)).detectors)
      const host = await context.host()
      const checked = await checkOnce(host, settings, (ms) => context.clock.sleep(ms, context.signal), plugins)
      print(checked, options.output, context)
      const troubles = checked.flatMap(({ verdict }) => (verdict.state === 'looked' ? verdict.troubles : []))
      const blind = checked.filter(({ verdict }) => verdict.state === 'blind')
      const seen = checked.filter(({ verdict }) => verdict.state === 'looked')
      if (options.output === 'table' || options.output === 'wide')
        context.note(
          zh
            ? `共 ${seen.length} 项检查，${troubles.length} 个问题，${blind.length} 项无法查看，${checked.length - seen.length - blind.length} 项不适用。`
            : `${seen.length} checks looked, ${troubles.length} problems, ${blind.length} blind, ${checked.length - seen.length - blind.length} with nothing to look at.`,
        )
      if (troubles.some(({ severity }) => atLeast(severity, options.failOn))) context.exit(EXIT.findings)
      else if (blind.length > 0) context.exit(EXIT.partial)
    })
}

/** Throws FILE_UNREADABLE, INVALID_INPUT with all problems. */
async function settingsOf(options: CheckOptions): Promise<NodeSettings> {
  let given: Record<string, unknown> = {}
  if (options.config !== undefined) {
    const { parse } = await import('yaml')
    try {
      given = (parse(readText(options.config)) ?? {}) as Record<string, unknown>
    } catch (error) {
      throw invalidInput([{ path: options.config, message: (error as Error).message }])
    }
  }
  const list = (name: 'outbound' | 'npd') => [...(Array.isArray(given[name]) ? (given[name] as unknown[]) : []), ...options[name]]
  const parsed = parseInput(nodeSettings, typeof given === 'object' && given !== null ? { ...given, outbound: list('outbound'), npd: list('npd') } : given)
  if (!parsed.ok) throw invalidInput(parsed.error)
  return parsed.value
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw fileUnreadable(path, error)
  }
}

const COLUMNS: readonly Column<Row>[] = [
  { header: 'CHECK', value: ({ check }) => check },
  {
    header: 'STATE',
    value: ({ state }) => state,
    tone: ({ state }) => (state === 'ok' ? 'ok' : state === 'problem' ? 'error' : state === 'blind' ? 'warning' : undefined),
  },
  { header: 'SEVERITY', value: ({ severity }) => severity },
  { header: 'REASON', value: ({ reason }) => reason },
  { header: 'POD', value: ({ pod }) => pod, wide: true },
  { header: 'MESSAGE', value: ({ message }) => message, flexible: true },
]

function print(checked: readonly CheckedOnce[], output: CheckOptions['output'], context: CliContext): void {
  const rows = checked.flatMap(({ id, title, verdict }): Row[] => {
    const row = { check: id, title: title[context.language], severity: '' as const, reason: '', pod: '' }
    if (verdict.state === 'blind') return [{ ...row, state: 'blind', message: verdict.why }]
    if (verdict.state === 'absent') return [{ ...row, state: 'absent', message: verdict.why }]
    if (verdict.troubles.length === 0) return [{ ...row, state: 'ok', message: '' }]
    return verdict.troubles.map(({ severity, reason, message, pod }) => ({ ...row, state: 'problem', severity, reason, message, pod: pod ?? '' }))
  })
  if (output === 'json') context.out.write(`${JSON.stringify(rows, undefined, 2)}\n`)
  else if (output === 'ndjson') for (const row of rows) context.out.write(`${JSON.stringify(row)}\n`)
  else printTable(context, COLUMNS, rows, { wide: output === 'wide' })
}
