/** `sallyport canary judge`: a verdict over recorded requests, without a server and without a cluster. */
import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { parse, YAMLParseError } from 'yaml'
import { EXIT, fileUnreadable, invalidInput } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { readInput } from '#kits/cli-kit/input.ts'
import { type Column, printTable } from '#kits/cli-kit/printers.ts'
import { collectBlocks } from '../domain/judge/blocks.ts'
import { createJudge, judgeBlock } from '../domain/judge/judge.ts'
import { type JudgeConfig, judgeConfig } from '../domain/judge/limits.ts'
import { createRequestReader, MAX_LINE, type Reject, type TimeUnit } from '../domain/judge/read-requests.ts'
import { type Decision, type Evidence, type JudgeReport, reportOf } from '../domain/judge/report.ts'
import { inLanguage, say } from '../domain/words.ts'

interface JudgeOptions {
  filename: string[]
  config?: string
  output: 'table' | 'json' | 'yaml'
  failOnRollback?: boolean
}

type Unused = Reject | 'late'

/** What is printed: the judge's report, and what of the input could not be used. */
export interface FileVerdict extends JudgeReport {
  lines: number
  /** By reason; `late`: further out of order than memory allows. */
  rejected: Partial<Record<Unused, number>>
  /** The first line of each reason, `file:line`. */
  rejectedAt: Partial<Record<Unused, string>>
  /** How `ts` is written, where it is not in ms. */
  tsUnit?: Exclude<TimeUnit, 'ms'>
}

export function addJudge(canary: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  canary
    .command('judge')
    .description(zh ? '离线裁决：晋级、回滚或证据不足' : 'promote, roll back, or not enough evidence: judge recorded requests')
    .requiredOption(
      '-f, --filename <file>',
      zh ? 'NDJSON 或 CSV（可为 gzip）；- 表示标准输入；可重复' : 'NDJSON or CSV, also gzipped; - is stdin; may be given several times',
      (file: string, before: string[]) => [...before, file],
      [] as string[],
    )
    .option('--config <file>', zh ? '预算和界限（YAML 或 JSON）' : 'budgets and margins (YAML or JSON)')
    .addOption(new Option('-o, --output <format>', zh ? '输出格式' : 'output format').choices(['table', 'json', 'yaml']).default('table'))
    .option('--fail-on-rollback', zh ? '裁决为回滚时以 3 退出' : 'exit with 3 when the verdict is rollback')
    .action(async (options: JudgeOptions) => {
      const verdict = await judgeFiles(options.filename, options.config === undefined ? judgeConfig.parse({}) : readConfig(options.config), context.signal)
      if (options.output === 'json') context.out.write(`${JSON.stringify(verdict, undefined, 2)}\n`)
      else if (options.output === 'yaml') context.out.write((await import('#kits/cli-kit/yaml.ts')).stringify(verdict))
      else print(verdict, context)
      if (verdict.tsUnit !== undefined) context.note(unitNote(verdict.tsUnit, zh))
      const unused = Object.keys(verdict.rejected) as Unused[]
      for (const reason of unused) {
        const [count, at, why] = [verdict.rejected[reason]!, verdict.rejectedAt[reason]!, WHY[reason][zh ? 1 : 0]]
        context.note(zh ? `未使用 ${count} 行：${why}（首行 ${at}）` : `${count} ${count === 1 ? 'line was' : 'lines were'} not used: ${why} (first ${at})`)
      }
      if (verdict.lines === 0) context.note(zh ? '没有任何请求。' : 'There is not a single request.')
      if (unused.length > 0 || verdict.lines === 0) context.exit(EXIT.partial)
      if (options.failOnRollback && verdict.verdict === 'rollback') context.exit(EXIT.findings)
    })
}

/** What a line lacks. */
const WHY: Readonly<Record<Unused, readonly [en: string, zh: string]>> = {
  json: ['it is neither JSON nor below a first line of CSV that names ts, arm and status', '不是 JSON，首行也不是含 ts、arm、status 的 CSV 表头'],
  fields: ['it is no JSON object', '不是 JSON 对象'],
  ts: ['ts is no time (ms since 1970; also s, µs, ns, or ISO 8601)', 'ts 不是时间（1970 年以来的毫秒；也可为秒、微秒、纳秒或 ISO 8601）'],
  arm: ['arm is neither "stable" nor "canary"', 'arm 既不是 "stable" 也不是 "canary"'],
  status: ['status is no HTTP status', 'status 不是 HTTP 状态码'],
  latency_ms: ['latency_ms is no number of ms', 'latency_ms 不是毫秒数'],
  bytes: ['bytes is no number', 'bytes 不是数字'],
  long: [`it is longer than ${MAX_LINE} characters`, `超过 ${MAX_LINE} 个字符`],
  late: ['it is further out of order than can be remembered', '乱序太远，已无法计入'],
}

const UNIT_NAMES: Readonly<Record<Exclude<TimeUnit, 'ms'>, readonly [en: string, zh: string]>> = {
  s: ['seconds since 1970', '1970 年以来的秒'],
  µs: ['microseconds since 1970', '1970 年以来的微秒'],
  ns: ['nanoseconds since 1970', '1970 年以来的纳秒'],
  text: ['text (ISO 8601; UTC where no zone is named)', '文本（ISO 8601；未注明时区则为 UTC）'],
}
const unitNote = (unit: Exclude<TimeUnit, 'ms'>, zh: boolean): string => (zh ? `ts 按${UNIT_NAMES[unit][1]}读取。` : `ts is read as ${UNIT_NAMES[unit][0]}.`)

/** Throws FILE_UNREADABLE, INVALID_INPUT. */
function readConfig(path: string): JudgeConfig {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw fileUnreadable(path, error)
  }
  let input: unknown
  try {
    input = parse(text) ?? {}
  } catch (error) {
    if (error instanceof YAMLParseError) throw invalidInput([{ path, message: error.message }])
    throw error
  }
  const config = parseInput(judgeConfig, input)
  if (!config.ok) throw invalidInput(config.error.map((problem) => ({ ...problem, path: `${path}: ${problem.path}` })))
  return config.value
}

/** All files are one run. Rejects with FILE_UNREADABLE, and with INVALID_INPUT when not a single line is a request. */
export async function judgeFiles(paths: readonly string[], config: JudgeConfig, signal: AbortSignal): Promise<FileVerdict> {
  const judge = createJudge(config)
  let decision: Decision
  const rejected: FileVerdict['rejected'] = {}
  const rejectedAt: FileVerdict['rejectedAt'] = {}
  let unit: TimeUnit | undefined
  let [lines, first, last] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const blocks = collectBlocks((block) => {
    decision ??= judgeBlock(judge, block)
  })
  for (const path of paths) {
    const reader = createRequestReader()
    let number = 0
    const refuse = (reason: Unused) => {
      rejected[reason] = (rejected[reason] ?? 0) + 1
      rejectedAt[reason] ??= `${path}:${number}`
    }
    const take = (line: string) => {
      number++
      const request = reader.read(line)
      if (request === undefined) return
      lines++
      if (typeof request === 'string') return refuse(request)
      if (request.ts < first) first = request.ts
      if (request.ts > last) last = request.ts
      // After the verdict nothing changes it; the rest of the file is not read.
      if (!blocks.add(request) && decision === undefined) refuse('late')
    }
    try {
      for await (const text of completeLines(readInput(path, signal))) {
        let from = 0
        for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
          take(text.slice(from, to))
          from = to + 1
        }
        if (from < text.length) take(text.slice(from))
        if (decision !== undefined) break
      }
    } catch (error) {
      if (signal.aborted) throw error
      throw fileUnreadable(path, error)
    }
    unit ??= reader.unit()
    if (decision !== undefined) break
  }
  blocks.end()
  const bad = Object.values(rejected).reduce((sum, count) => sum + count, 0)
  if (lines > 0 && bad === lines)
    throw invalidInput(
      (Object.keys(rejected) as Unused[]).map((reason) => ({
        path: rejectedAt[reason]!,
        message: `${WHY[reason][0]} (${rejected[reason]} of ${lines} lines)`,
      })),
    )
  const report = reportOf(judge, decision)
  // What is too short to be judged is most often dated in another unit, counted from the start of the run.
  if (report.verdict === 'inconclusive' && bad < lines && last - first <= config.warmUp)
    report.warnings.push(
      say('warnShort', { seconds: Number(((last - first) / 1000).toPrecision(3)), minutes: Number((config.warmUp / 60_000).toPrecision(3)) }),
    )
  return { ...report, lines, rejected, rejectedAt, ...(unit === undefined || unit === 'ms' ? {} : { tsUnit: unit }) }
}

/** Text that ends where a line ends (the last may not), so that no character is torn; a line without end is given in pieces. */
async function* completeLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const bytes of chunks) {
    const chunk = rest.length === 0 ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : Buffer.concat([rest, bytes])
    const end = chunk.lastIndexOf(0x0a) + 1
    if (end > 0) yield chunk.toString('utf8', 0, end)
    rest = chunk.subarray(end)
    if (rest.length > 16 * MAX_LINE) {
      yield rest.toString('utf8')
      rest = Buffer.alloc(0)
    }
  }
  if (rest.length > 0) yield rest.toString('utf8')
}

const amount = (estimate: Evidence['stable'], unit: Evidence['unit']): string | undefined => {
  if (!estimate) return undefined
  const digits = (value: number) =>
    unit === 'share' ? `${(value * 100).toFixed(3)}%` : `${value.toFixed(value < 10 ? 2 : 0)}${unit === 'ms' ? 'ms' : unit === 'bytes' ? 'B' : ''}`
  const { value, low, high } = estimate
  return low === undefined && high === undefined
    ? digits(value)
    : `${digits(value)} (${low === undefined ? '' : digits(low)}…${high === undefined ? '' : digits(high)})`
}

export const evidenceColumns: readonly Column<Evidence>[] = [
  { header: 'MEASURE', value: ({ measure }) => measure },
  { header: 'STABLE', value: ({ stable, unit }) => amount(stable, unit) },
  { header: 'CANARY', value: ({ canary, unit }) => amount(canary, unit) },
  { header: 'FINDING', value: ({ finding }) => finding, tone: ({ finding }) => (finding === 'exceeded' ? 'error' : finding === 'kept' ? 'ok' : undefined) },
  { header: 'MORE-REQUESTS', value: ({ moreRequests }) => moreRequests, align: 'right' },
]

function print(verdict: FileVerdict, context: CliContext): void {
  const { requests } = verdict
  context.out.write(
    `${verdict.verdict.toUpperCase()}${verdict.at === null ? '' : ` at ${new Date(verdict.at).toISOString()}`}\n${inLanguage(verdict.reason, context.language)}\n`,
  )
  context.out.write(`requests: stable ${requests.stable}, canary ${requests.canary}\n\n`)
  printTable(context, evidenceColumns, verdict.evidence)
  for (const warning of verdict.warnings) context.note(inLanguage(warning, context.language))
}
