/** `sallyport node diagnose`: recorded kernel logs and journals, without a server and without a cluster. */
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { CodedError, EXIT, fileUnreadable, invalidInput } from '#core/kernel/errors.ts'
import { atLeast, SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { readInput } from '#kits/cli-kit/input.ts'
import { type Column, printTable } from '#kits/cli-kit/printers.ts'
import { createLineCutter } from '../domain/cut-lines.ts'
import { createDiagnosis, type ExtraRules } from '../domain/diagnose.ts'
import type { NodeProblem } from '../domain/kinds.ts'
import { unwrapLine } from '../domain/line.ts'
import { type NpdRules, readNpdConfig } from '../domain/npd-config.ts'

interface DiagnoseOptions {
  output: 'table' | 'wide' | 'json' | 'ndjson'
  failOn?: Severity
  config: string[]
}

/** What is printed of each file. */
export interface FileDiagnosis {
  file: string
  lines: number
  /** Lines that are told to be of a kernel log by what is around them, or in which a problem was found. None of many is no clean bill. */
  recognised: number
  /** Lines longer than what is read of one. */
  cutLines: number
  problems: NodeProblem[]
  /** Different problems beyond what is kept of a kind. */
  omitted: number
}

export function addDiagnose(node: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  node
    .command('diagnose')
    .description(zh ? '离线分析内核日志和 journal' : 'analyze recorded kernel logs and journals, offline')
    .argument('[file...]', zh ? '日志文件（可为 gzip）；- 或不给出表示标准输入' : 'log files, plain or gzipped; - or none is stdin')
    .addOption(new Option('-o, --output <format>', zh ? '输出格式' : 'output format').choices(['table', 'wide', 'json', 'ndjson']).default('table'))
    .option(
      '--config <file>',
      zh
        ? '再应用 node-problem-detector 的日志监控配置（JSON），可重复'
        : "apply a log monitor's configuration of node-problem-detector (JSON) too, may be given several times",
      (file: string, before: string[]) => [...before, file],
      [] as string[],
    )
    .addOption(
      new Option('--fail-on <severity>', zh ? '发现该级别或更高级别的问题时以 3 退出' : 'exit with 3 when a problem is at least this severe').choices(
        SEVERITIES,
      ),
    )
    .action(async (files: string[], options: DiagnoseOptions) => {
      const configs = options.config.map(readConfig)
      const skipped = configs.flatMap((config) => rulesOf(config).notApplied)
      if (skipped.length > 0)
        context.note(zh ? `以下规则运行程序，无法离线应用：${skipped.join('，')}` : `These rules run a program and were not applied: ${skipped.join(', ')}`)
      const all: FileDiagnosis[] = []
      const failures: CodedError[] = []
      for (const file of files.length > 0 ? files : ['-']) {
        try {
          all.push(await diagnoseFile(file, configs, context))
        } catch (error) {
          if (!(error instanceof CodedError)) throw error
          failures.push(error)
        }
      }
      if (all.length === 0) throw failures[0]
      print(all, options.output, files.length <= 1, context)
      const foreign = all.filter(({ recognised }) => recognised === 0)
      for (const { file, lines } of foreign.filter(({ lines }) => lines > 0))
        context.note(
          zh
            ? `${file}：${lines} 行中没有一行可识别为内核日志，因此不能说明没有问题。`
            : `${file}: none of ${lines} lines was recognized as a kernel log, so it says nothing about problems.`,
        )
      for (const { file, omitted, cutLines } of all) {
        if (omitted > 0) context.note(zh ? `${file}：另有 ${omitted} 个问题未列出。` : `${file}: ${omitted} more problems are not listed.`)
        if (cutLines > 0) context.note(zh ? `${file}：${cutLines} 行过长，只读取了开头。` : `${file}: of ${cutLines} long lines only the beginning was read.`)
      }
      if (options.failOn !== undefined && all.some(({ problems }) => problems.some(({ severity }) => atLeast(severity, options.failOn!))))
        context.exit(EXIT.findings)
      for (const failure of failures) context.note(failure.message)
      if (failures.length > 0 || foreign.length > 0) context.exit(EXIT.partial)
    })
}

interface NpdFile {
  file: string
  json: unknown
}

/** Throws FILE_UNREADABLE, INVALID_INPUT. */
function readConfig(file: string): NpdFile {
  try {
    const config = { file, json: JSON.parse(readFileSync(file, 'utf8')) as unknown }
    rulesOf(config)
    return config
  } catch (error) {
    if (error instanceof CodedError) throw error
    if (error instanceof SyntaxError) throw invalidInput([{ path: file, message: error.message }])
    throw fileUnreadable(file, error)
  }
}

function rulesOf({ file, json }: NpdFile): NpdRules {
  const rules = readNpdConfig(json)
  if (!rules.ok) throw invalidInput(rules.error.map((problem) => ({ ...problem, path: `${file}: ${problem.path}` })))
  return rules.value
}

/** Rules remember lines, so each file that is read gets its own. */
function extraRules(configs: readonly NpdFile[]): ExtraRules {
  const all = configs.map(rulesOf)
  return (line, raw) => all.flatMap(({ apply }) => apply(line, raw))
}

/** Rejects with FILE_UNREADABLE. */
async function diagnoseFile(file: string, configs: readonly NpdFile[], { language, signal }: CliContext): Promise<FileDiagnosis> {
  const diagnosis = createDiagnosis(language, configs.length === 0 ? undefined : extraRules(configs))
  let framed = 0
  const cutter = createLineCutter((line) => {
    if (isFramed(line, configs.length > 0)) framed++
    diagnosis.line(line)
  })
  try {
    for await (const chunk of readInput(file, signal)) cutter.push(chunk)
  } catch (error) {
    if (signal.aborted) throw error
    throw fileUnreadable(file, error)
  }
  cutter.end()
  const { problems, lines, omitted } = diagnosis.finish()
  const recognised = Math.max(
    framed,
    problems.reduce((sum, { count }) => sum + count, 0),
  )
  return { file, lines, recognised, cutLines: cutter.cut, problems, omitted }
}

/** Did the kernel's log, or syslog or a journal with the kernel's name (any name where rules of others are applied), put something around the line? */
function isFramed(line: string, anyProgram: boolean): boolean {
  const { message, program } = unwrapLine(line)
  return message !== line && (program === undefined || program === 'kernel' || anyProgram)
}

interface Row {
  file: string
  problem: NodeProblem
}

const COLUMNS: readonly Column<Row>[] = [
  { header: 'FILE', value: ({ file }) => file, flexible: true },
  { header: 'LINE', value: ({ problem }) => problem.firstLine, align: 'right' },
  { header: 'SEVERITY', value: ({ problem }) => problem.severity, tone: ({ problem }) => (atLeast(problem.severity, 'error') ? 'error' : 'warning') },
  { header: 'KIND', value: ({ problem }) => problem.kind },
  { header: 'REASON', value: ({ problem }) => problem.reason },
  { header: 'COUNT', value: ({ problem }) => problem.count, align: 'right' },
  { header: 'PROCESS', value: ({ problem }) => problem.process, flexible: true },
  { header: 'POD', value: ({ problem }) => problem.pod, flexible: true },
  { header: 'WHERE', value: ({ problem }) => problem.where?.split(' < ')[0], flexible: true },
  { header: 'TITLE', value: ({ problem }) => problem.title, wide: true },
  { header: 'ADVICE', value: ({ problem }) => problem.advice, wide: true },
]

function print(all: readonly FileDiagnosis[], output: DiagnoseOptions['output'], single: boolean, context: CliContext): void {
  if (output === 'json') context.out.write(`${JSON.stringify(single ? all[0] : all, undefined, 2)}\n`)
  else if (output === 'ndjson') for (const one of all) context.out.write(`${JSON.stringify(one)}\n`)
  else {
    const rows = all.flatMap(({ file, problems }) => problems.map((problem) => ({ file, problem })))
    if (rows.length > 0) printTable(context, COLUMNS, rows, { wide: output === 'wide' })
    else if (all.some(({ recognised }) => recognised > 0)) context.note(context.language === 'zh-CN' ? '未发现问题。' : 'No problems found.')
    else if (all.every(({ lines }) => lines === 0)) context.note(context.language === 'zh-CN' ? '没有可读的行。' : 'There was no line to read.')
  }
}
