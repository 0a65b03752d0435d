/** `sallyport ingress report`: an access log as a report, without a server. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CodedError, EXIT, fileUnreadable } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { readInput } from '#kits/cli-kit/input.ts'
import { findFormat } from '../domain/formats/catalog.ts'
import { detectFormat } from '../domain/formats/detect.ts'
import type { LineFormat } from '../domain/formats/line.ts'
import { createLineFeed } from '../domain/report/line-feed.ts'
import { createCollector, type Report } from '../domain/report/report.ts'
import { createLineReader } from '../domain/rows/read-lines.ts'
import { createRejects } from '../domain/rows/rejects.ts'
import { loadCountries } from '../server/country.ts'

export interface ReportOptions {
  file: string[]
  format: string
  output: 'html' | 'json' | 'table'
  top: number
  failOnRejected?: boolean
}

const MAX_TOP = 10_000

/** Adds `report` to the command `ingress`. */
export function addReport(ingress: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  ingress
    .command('report')
    .description(zh ? '离线分析访问日志（普通文件、gzip 或标准输入）' : 'report on access logs, offline: plain files, gzip, or stdin')
    .option(
      '-f, --file <path>',
      zh ? '日志文件，可重复；- 表示标准输入' : 'log file, may be given several times; - is stdin',
      (path: string, all: string[]) => [...all, path],
      [] as string[],
    )
    .option(
      '--format <format>',
      zh
        ? '格式名称、带 $变量 的模式、带命名组的正则表达式，或 auto'
        : 'name of a format, a pattern with $variables, an expression with (?P<named>groups), or auto',
      'auto',
    )
    .addOption(new Option('-o, --output <output>', zh ? '输出格式' : 'output').choices(['table', 'json', 'html']).default('table'))
    .option('--top <rows>', zh ? '每个表的行数' : 'rows of each table', rowCount, 20)
    .option('--fail-on-rejected', zh ? '有行未能读取时以 6 退出' : 'exit with 6 when lines could not be read')
    .action(async (options: ReportOptions) => {
      const report = await makeReport(options, context)
      await print(report, options.output, context)
      if (report.rejected.total > 0) {
        const reasons = Object.entries(report.rejected.reasons).map(([reason, count]) => `${reason} ${count}`)
        context.note(zh ? `${report.rejected.total} 行未能读取：${reasons.join('，')}` : `${report.rejected.total} lines were not read: ${reasons.join(', ')}`)
        if (options.failOnRejected) context.exit(EXIT.partial)
      }
    })
}

function rowCount(text: string): number {
  const rows = Number(text)
  if (!Number.isInteger(rows) || rows < 1 || rows > MAX_TOP) throw new InvalidArgumentError(`a whole number from 1 to ${MAX_TOP}`)
  return rows
}

/** Reads all files, one after the other. Rejects with FILE_UNREADABLE, INVALID_INPUT (format), NOTHING_READ. */
export async function makeReport(options: ReportOptions, context: Pick<CliContext, 'clock' | 'signal'>): Promise<Report> {
  const began = context.clock.now()
  const named = options.format === 'auto' ? undefined : findFormat(options.format)
  if (named && !named.ok) throw named.error
  const paths = options.file.length > 0 ? options.file : ['-']
  const collector = createCollector({ country: loadCountries() })
  const reader = createLineReader()
  const rejects = createRejects()
  const files: Report['files'] = []
  let accepted = 0

  for (const path of paths) {
    let format: LineFormat | undefined = named?.value
    let looked = named !== undefined
    const run = { format, earliest: Number.NEGATIVE_INFINITY, latest: Number.POSITIVE_INFINITY, rejects, accepted: 0 }
    const rejectedBefore = rejects.total
    reader.reset()
    const feed = createLineFeed((bytes, view, until) => {
      if (!looked) format = detectFormat(bytes.subarray(0, until))
      looked = format !== undefined
      run.format = format
      reader.read(run, bytes, view, 0, until, collector)
    })
    try {
      for await (const chunk of readInput(path, context.signal)) feed.push(chunk)
    } catch (error) {
      if (context.signal.aborted) throw error
      throw fileUnreadable(path, error)
    }
    feed.end()
    accepted += run.accepted
    files.push({ path, format: format?.name ?? null, lines: run.accepted + rejects.total - rejectedBefore })
  }
  const lines = accepted + rejects.total
  if (accepted === 0 && lines > 0) throw new CodedError('NOTHING_READ', { lines, format: options.format === 'auto' ? 'any known format' : options.format })
  return collector.finish({
    files,
    rejects,
    lines,
    elapsedMs: context.clock.now() - began,
    top: options.top,
    iso: (ms) => new Date(ms).toISOString(),
  })
}

async function print(report: Report, output: ReportOptions['output'], context: CliContext): Promise<void> {
  if (output === 'json') context.out.write(`${JSON.stringify(report, null, 2)}\n`)
  else if (output === 'html') context.out.write((await import('../domain/report/html.ts')).reportHtml(report, context.language))
  else (await import('./report-table.ts')).printReport(report, context)
}
