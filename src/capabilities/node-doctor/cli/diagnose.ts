/** `sallyport node diagnose`: recorded kernel logs and journals, without a server and without a cluster. */
import { createReadStream } from 'node:fs'
import { type Command, Option } from 'commander'
import { CodedError, EXIT } from '#core/kernel/errors.ts'
import { atLeast, SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type Column, printTable } from '#kits/cli-kit/printers.ts'
import { createLineCutter } from '../domain/cut-lines.ts'
import { createDiagnosis } from '../domain/diagnose.ts'
import type { NodeProblem } from '../domain/kinds.ts'

interface DiagnoseOptions {
  output: 'table' | 'wide' | 'json' | 'ndjson'
  failOn?: Severity
}

/** What is printed of each file. */
export interface FileDiagnosis {
  file: string
  lines: number
  /** Lines longer than what is read of one. */
  cutLines: number
  problems: NodeProblem[]
  /** Different problems beyond what is kept of a kind. */
  omitted: number
}

const CHUNK = 256 * 1024

export function addDiagnose(node: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  node
    .command('diagnose')
    .description(zh ? '离线分析内核日志和 journal' : 'analyze recorded kernel logs and journals, offline')
    .argument('[file...]', zh ? '日志文件；- 或不给出表示标准输入' : 'log files; - or none is stdin')
    .addOption(new Option('-o, --output <format>', zh ? '输出格式' : 'output format').choices(['table', 'wide', 'json', 'ndjson']).default('table'))
    .addOption(
      new Option('--fail-on <severity>', zh ? '发现该级别或更高级别的问题时以 3 退出' : 'exit with 3 when a problem is at least this severe').choices(
        SEVERITIES,
      ),
    )
    .action(async (files: string[], options: DiagnoseOptions) => {
      const all: FileDiagnosis[] = []
      const failures: CodedError[] = []
      for (const file of files.length > 0 ? files : ['-']) {
        try {
          all.push(await diagnoseFile(file, context))
        } catch (error) {
          if (!(error instanceof CodedError)) throw error
          failures.push(error)
        }
      }
      if (all.length === 0) throw failures[0]
      print(all, options.output, files.length <= 1, context)
      for (const { file, omitted, cutLines } of all) {
        if (omitted > 0) context.note(zh ? `${file}：另有 ${omitted} 个问题未列出。` : `${file}: ${omitted} more problems are not listed.`)
        if (cutLines > 0) context.note(zh ? `${file}：${cutLines} 行过长，只读取了开头。` : `${file}: of ${cutLines} long lines only the beginning was read.`)
      }
      if (options.failOn !== undefined && all.some(({ problems }) => problems.some(({ severity }) => atLeast(severity, options.failOn!))))
        context.exit(EXIT.findings)
      if (failures.length > 0) {
        for (const failure of failures) context.note(failure.message)
        context.exit(EXIT.partial)
      }
    })
}

/** Rejects with FILE_UNREADABLE. */
async function diagnoseFile(file: string, { language, signal }: CliContext): Promise<FileDiagnosis> {
  const diagnosis = createDiagnosis(language)
  const cutter = createLineCutter(diagnosis.line)
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file, { highWaterMark: CHUNK, signal })) cutter.push(chunk as Uint8Array)
  } catch (error) {
    if (signal.aborted) throw error
    throw new CodedError('FILE_UNREADABLE', { path: file, reason: (error as NodeJS.ErrnoException).code ?? (error as Error).message }, { cause: error })
  }
  cutter.end()
  const { problems, lines, omitted } = diagnosis.finish()
  return { file, lines, cutLines: cutter.cut, problems, omitted }
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
    else if (all.some(({ lines }) => lines > 0)) context.note(context.language === 'zh-CN' ? '未发现问题。' : 'No problems found.')
    else context.note(context.language === 'zh-CN' ? '没有可读的行。' : 'There was no line to read.')
  }
}
