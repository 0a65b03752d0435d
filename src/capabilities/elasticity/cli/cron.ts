/** `sallyport scale cron preview FILE`: when every schedule of a file runs, without a cluster. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { isMap, parseAllDocuments } from 'yaml'
import { CodedError, EXIT, invalidInput, type Problem } from '#core/kernel/errors.ts'
import { formatLocal, nearestZone, type Zone, zoneOf } from '#core/kernel/zone.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { manifestTexts } from '#kits/cli-kit/manifest-files.ts'
import { type Column, printTable } from '#kits/cli-kit/printers.ts'
import { hasSchedules, type Job, jobsOf, listRuns, type Run } from '../domain/schedules.ts'
import { instant, utc } from './times.ts'

const DAY = 86_400_000

interface PreviewOptions {
  from?: number
  to?: number
  timezone?: Zone
  limit: number
  output: 'table' | 'json' | 'ndjson' | 'yaml'
}

interface PrintedRun {
  object: string
  job: string
  utc: string
  local: string
  timezone: string
  targetSize?: number
}

const zoneArgument = (name: string): Zone => {
  const zone = zoneOf(name)
  if (zone !== undefined) return zone
  const meant = nearestZone(name)
  throw new InvalidArgumentError(`no time zone of the IANA database${meant === undefined ? '' : `, did you mean ${meant}?`}`)
}
const count = (text: string): number => {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError('a whole number from 1 to 9999999')
  return Number(text)
}

export function addCron(scale: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const cron = scale.command('cron').description(zh ? '定时伸缩' : 'scaling on time')
  cron
    .command('preview')
    .argument(
      '<file...>',
      zh
        ? 'CronHorizontalPodAutoscaler 或带 cron 触发器的 ScaledObject；- 表示标准输入'
        : 'CronHorizontalPodAutoscalers or ScaledObjects with cron triggers; - is stdin',
    )
    .description(zh ? '列出每一次执行（含夏令时），不连接集群' : 'list every run, also through summer time, without a cluster')
    .addOption(
      new Option('--from <time>', zh ? '起始时间（UTC，含）；默认现在' : 'begin, inclusive, UTC unless it says another offset; default now').argParser(instant),
    )
    .addOption(new Option('--to <time>', zh ? '结束时间（不含）；默认起始后 7 天' : 'end, exclusive; default 7 days after the begin').argParser(instant))
    .addOption(
      new Option('--timezone <zone>', zh ? '未自带时区的对象所用的 IANA 时区；默认 UTC' : 'IANA zone of objects that name none; default UTC').argParser(
        zoneArgument,
      ),
    )
    .addOption(new Option('--limit <count>', zh ? '最多列出的次数' : 'list at most so many runs').argParser(count).default(100_000))
    .addOption(new Option('-o, --output <format>', zh ? '输出格式' : 'output format').choices(['table', 'json', 'ndjson', 'yaml']).default('table'))
    .action(async (files: string[], options: PreviewOptions) => {
      const { timezone = zoneOf('UTC')!, limit, output } = options
      const from = options.from ?? Math.floor(context.clock.now() / 1000) * 1000
      const to = options.to ?? from + 7 * DAY
      if (to <= from) throw invalidInput([{ path: '--to', message: 'must be after --from' }])
      if (to - from > 200 * 366 * DAY) throw invalidInput([{ path: '--to', message: 'at most 200 years after --from' }])
      const { jobs, skipped } = await readJobs(files, context.signal)
      const { runs, more } = listRuns(jobs, timezone, from, to, limit)
      const printed = runs.map(printedRun)
      const range = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
      if (output === 'json') context.out.write(`${JSON.stringify({ ...range, timezone: timezone.name, complete: !more, runs: printed }, undefined, 2)}\n`)
      else if (output === 'yaml')
        context.out.write((await import('#kits/cli-kit/yaml.ts')).stringify({ ...range, timezone: timezone.name, complete: !more, runs: printed }))
      else if (output === 'ndjson') for (const run of printed) context.out.write(`${JSON.stringify(run)}\n`)
      else printTable(context, COLUMNS, printed)
      if (skipped > 0) context.note(zh ? `${skipped} 个对象没有时间表，已跳过` : `${skipped} objects have no schedules and were left out`)
      if (jobs.some((job) => job.timezone === undefined) && options.timezone === undefined)
        context.note(zh ? '有对象未指定时区：按 UTC 计算（可用 --timezone 指定）' : 'Some objects name no time zone: reckoned in UTC (--timezone says another)')
      if (more) {
        context.note(zh ? `只列出前 ${limit} 次；可用 --limit 增加` : `Only the first ${limit} runs; --limit lists more`)
        context.exit(EXIT.partial)
      }
    })
}

const printedRun = ({ object, job, at, zone, targetSize }: Run): PrintedRun => ({
  object,
  job,
  utc: utc(at),
  local: formatLocal(zone, at),
  timezone: zone.name,
  ...(targetSize === undefined ? {} : { targetSize }),
})

const COLUMNS: readonly Column<PrintedRun>[] = [
  { header: 'UTC', value: ({ utc }) => utc },
  { header: 'LOCAL', value: ({ local }) => local },
  { header: 'ZONE', value: ({ timezone }) => timezone },
  { header: 'OBJECT', value: ({ object }) => object },
  { header: 'JOB', value: ({ job }) => job },
  { header: 'TARGET', value: ({ targetSize }) => targetSize, align: 'right' },
]

/** The jobs of all files. Rejects with FILE_UNREADABLE, NOTHING_READ, INVALID_INPUT (all problems of all objects, with file and line). */
async function readJobs(paths: readonly string[], signal: AbortSignal): Promise<{ jobs: Job[]; skipped: number }> {
  const jobs: Job[] = []
  const problems: Problem[] = []
  let skipped = 0
  let documents = 0
  for await (const { file, text } of manifestTexts(paths, signal)) {
    for (const document of parseAllDocuments(text)) {
      const line = text.slice(0, document.range?.[0] ?? 0).split('\n').length
      for (const error of document.errors) problems.push({ path: file, line: error.linePos?.[0].line ?? line, message: error.message.split('\n')[0]! })
      if (document.errors.length > 0 || document.contents === null) continue
      documents++
      const value = isMap(document.contents) ? (document.toJS({ maxAliasCount: 100 }) as KubeObject & { items?: KubeObject[] }) : undefined
      const objects = value?.kind === 'List' && Array.isArray(value.items) ? value.items : value === undefined ? [] : [value]
      if (objects.length === 0) skipped++
      for (const object of objects) {
        if (typeof object !== 'object' || object === null || !hasSchedules(object) || typeof object.metadata?.name !== 'string') {
          if (hasSchedules(object ?? {})) problems.push({ path: `${file}: metadata.name`, line, message: 'is required' })
          skipped++
          continue
        }
        const found = jobsOf(object)
        jobs.push(...found.jobs)
        problems.push(...found.problems.map((problem) => ({ ...problem, line, path: `${file}: ${object.metadata.name}: ${problem.path}` })))
      }
    }
  }
  if (problems.length > 0) throw invalidInput(problems)
  if (jobs.length === 0) throw new CodedError('NOTHING_READ', { lines: documents, format: 'CronHorizontalPodAutoscaler or ScaledObject' })
  return { jobs, skipped }
}
