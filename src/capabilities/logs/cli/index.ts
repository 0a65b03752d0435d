import { type Command, Option } from 'commander'
import { parseDuration } from '#core/kernel/duration.ts'
import { EXIT, invalidInput, type Problem } from '#core/kernel/errors.ts'
import type { CliContext, CliDoor } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import { paint, type Tone } from '#kits/cli-kit/terminal.ts'
import type { ContextAnswer, LiveRecords, LogRecord, PatternsAnswer, RecordsAnswer } from '../domain/api.ts'
import { levelName } from '../domain/queries.ts'
import { parseSearch } from '../domain/search.ts'
import { LEVELS } from '../domain/severity.ts'

interface Options extends OutputOptions {
  cluster: string
  namespace: string[]
  pod: string[]
  workload: string[]
  container: string[]
  level?: string
  since: string
  from?: string
  to?: string
  tail: string
  context: string
  follow?: boolean
  patterns?: boolean
}

const several = (value: string, all: string[]) => [...all, value]
const MOST_LINES = 100_000
const PAGE = 5_000

export const door: CliDoor = (program: Command, context) => {
  const zh = context.language === 'zh-CN'
  outputOptions(
    program
      .command('logs')
      .argument('[search...]', zh ? '词、"短语"、-排除、字段=值，须同时满足' : 'words, "phrases", -excluded, field=value; all must hold')
      .description(zh ? '容器日志：搜索、跟随、按模式聚类' : 'logs of containers: search, follow, group by pattern')
      .option('--cluster <name>', zh ? '集群' : 'cluster', 'local')
      .option('-n, --namespace <name>', zh ? '命名空间，可重复' : 'namespace, may be given several times', several, [])
      .option('--workload <kind/name>', zh ? '工作负载，如 Deployment/cart，可重复' : 'workload, e.g. Deployment/cart, may be given several times', several, [])
      .option('--pod <name>', zh ? 'Pod，可重复' : 'pod, may be given several times', several, [])
      .option('-c, --container <name>', zh ? '容器，可重复' : 'container, may be given several times', several, [])
      .addOption(new Option('--level <level>', zh ? '至少此级别' : 'at least this grave').choices([...LEVELS]))
      .option('--since <duration>', zh ? '最近一段时间，如 15m、6h' : 'the last so much time, e.g. 15m, 6h', '1h')
      .option('--from <time>', zh ? '开始：ISO 时间，或多久以前' : 'begin: an ISO time, or how long ago')
      .option('--to <time>', zh ? '结束：ISO 时间，或多久以前' : 'end: an ISO time, or how long ago')
      .option('--tail <lines>', zh ? '最新的多少条' : 'how many of the newest', '100')
      .option('-C, --context <lines>', zh ? '每条前后的行数' : 'lines of the same container around each', '0')
      .option('-f, --follow', zh ? '持续跟随新日志' : 'go on with what arrives')
      .option('--patterns', zh ? '按模式聚类，而不是逐条' : 'what records have in common instead of records'),
  ).action(async (words: string[], options: Options) => {
    const asked = question(words, options, context.clock.now())
    const base = `/clusters/${encodeURIComponent(options.cluster)}/container-logs`
    if (options.patterns)
      return printPatterns(context, options, await context.api.get<PatternsAnswer>(`${base}/patterns`, { ...asked.chosen, ...asked.range, limit: 100 }))
    // what arrives is listened to before the past is asked for, so that nothing falls between
    const live = options.follow ? context.api.events<LiveRecords>(`${base}/live`, asked.chosen)[Symbol.asyncIterator]() : undefined
    const first = live?.next()
    const records: LogRecord[] = []
    let total = 0
    while (records.length < asked.tail) {
      const page = await context.api.get<RecordsAnswer>(`${base}/records`, {
        ...asked.chosen,
        ...asked.range,
        limit: Math.min(PAGE, asked.tail - records.length),
        offset: records.length,
      })
      records.push(...page.records)
      total = page.total
      if (page.records.length === 0 || records.length >= total) break
    }
    records.reverse()
    if (options.output !== 'table' && options.output !== 'wide' && !live) return printData(context, options, { total, records }, view)
    let last: string | undefined
    for (const record of records) {
      const around = asked.around > 0 ? await contextOf(context, base, record, asked.around) : undefined
      if (around && last !== undefined) context.out.write('--\n')
      for (const one of around ? [...around.before, record, ...around.after] : [record]) print(context, options, one)
      last = record.ns
    }
    if (records.length < total)
      context.note(zh ? `共 ${total} 条，显示最新的 ${records.length} 条（--tail）。` : `The newest ${records.length} of ${total} (--tail).`)
    if (records.length === 0 && !live) context.note(zh ? '没有结果。' : 'Nothing found.')
    if (!live) return
    const shown = new Set(records.slice(-1000).map(identity))
    for (let next = await first!; !next.done; next = await live.next()) {
      if (next.value.event !== 'records') continue
      const { records: fresh, dropped } = next.value.data
      if (dropped > 0) {
        context.note(zh ? `有 ${dropped} 条来不及显示。` : `${dropped} records were too many to show.`)
        context.exit(EXIT.partial)
      }
      for (const record of fresh) if (!shown.has(identity(record))) print(context, options, record)
    }
  })
}

const identity = ({ ns, pod, container, body }: LogRecord) => `${ns} ${pod} ${container} ${body}`

const contextOf = (context: CliContext, base: string, { ns, namespace, pod, container, service }: LogRecord, lines: number) =>
  context.api.get<ContextAnswer>(`${base}/context`, { at: ns, namespace, pod, container, service, lines })

/** INVALID_INPUT with everything that is wrong. */
function question(words: readonly string[], options: Options, now: number) {
  const problems: Problem[] = []
  const moment = (text: string, path: string): number => {
    const ago = parseDuration(text)
    const at = ago === undefined ? Date.parse(text) : now - ago
    if (Number.isNaN(at)) problems.push({ path, message: `"${text}" is neither a time (2026-05-06T12:00:00Z) nor how long ago (2h)` })
    return at
  }
  const count = (text: string, path: string, most: number, least: number): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least || value > most) problems.push({ path, message: `must be a whole number from ${least} to ${most}` })
    return value
  }
  const since = parseDuration(options.since)
  if (since === undefined || since === 0) problems.push({ path: '--since', message: `"${options.since}" is no duration; write 15m, 6h, 2d` })
  const to = options.to === undefined ? now : moment(options.to, '--to')
  const from = options.from === undefined ? to - (since ?? 0) : moment(options.from, '--from')
  // a shell has taken the quotation marks away
  const q = words.map((word) => (/\s/.test(word) && !word.includes('"') ? phrase(word) : word)).join(' ')
  const parsed = parseSearch(q)
  if (!parsed.ok) problems.push({ path: 'search', message: parsed.error })
  const tail = count(options.tail, '--tail', MOST_LINES, 1)
  const around = count(options.context, '--context', 200, 0)
  if (options.patterns && options.follow) problems.push({ path: '--patterns', message: 'cannot be followed' })
  if (problems.length === 0 && from >= to) problems.push({ path: '--from', message: 'the begin must be before the end' })
  if (problems.length > 0) throw invalidInput(problems)
  const { namespace, pod, workload, container, level } = options
  return { chosen: { q, namespace, pod, workload, container, ...(level === undefined ? {} : { level }) }, range: { from, to }, tail, around }
}

const phrase = (word: string) => {
  const field = /^(-?[A-Za-z_@][\w.@/-]*=)(.*)$/s.exec(word)
  if (field) return `${field[1]}"${field[2]}"`
  return word.startsWith('-') ? `-"${word.slice(1)}"` : `"${word}"`
}

const TONES: Readonly<Record<string, Tone>> = { fatal: 'error', error: 'error', warn: 'warning' }

function print({ out, color }: CliContext, options: Options, record: LogRecord): void {
  if (options.output !== 'table' && options.output !== 'wide') {
    out.write(`${JSON.stringify(record)}\n`)
    return
  }
  const level = levelName(record.severity)
  const from = options.output === 'wide' ? `${record.namespace}/${record.pod}/${record.container}` : record.pod || record.service
  const tone = TONES[level]
  const word = level.toUpperCase().padEnd(5)
  out.write(`${new Date(record.at).toISOString()}  ${tone ? paint(color, tone, word) : word}  ${from}  ${withoutControls(record.body)}\n`)
}

/** A terminal is not told what to do by a log; lines of a stack stay lines. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
const withoutControls = (text: string) => text.replace(/\x1b\[[\d;]*[A-Za-z]/g, '').replace(/[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]/g, '')

const view = {
  rows: ({ records }: { total: number; records: readonly LogRecord[] }) => records,
  columns: [{ header: 'BODY', value: ({ body }: LogRecord) => body }],
}

async function printPatterns(context: CliContext, options: Options, answer: PatternsAnswer): Promise<void> {
  await printData(context, options, answer, {
    rows: ({ patterns }) => patterns,
    columns: [
      { header: 'COUNT', value: ({ count }) => count, align: 'right' },
      { header: 'LEVEL', value: ({ severity }) => levelName(severity) },
      { header: 'SERVICES', value: ({ services }) => services, align: 'right', wide: true },
      { header: 'PATTERN', value: ({ pattern }) => pattern, flexible: true },
    ],
  })
  if (answer.looked < answer.total)
    context.note(
      context.language === 'zh-CN' ? `抽样 ${answer.looked} 条，共 ${answer.total} 条。` : `Of a sample of ${answer.looked} among ${answer.total} records.`,
    )
}
