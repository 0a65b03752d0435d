/** `sallyport scale simulate`: a policy against recorded traffic, beside what others would have done. */
import { setImmediate } from 'node:timers/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseDocument } from 'yaml'
import { parseDuration } from '#core/kernel/duration.ts'
import { CodedError, EXIT, fileUnreadable, invalidInput } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import { parseInput } from '#core/kernel/problems.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { readInput } from '#kits/cli-kit/input.ts'
import { manifestTexts } from '#kits/cli-kit/manifest-files.ts'
import { type Column, printTable } from '#kits/cli-kit/printers.ts'
import { type ScalePolicy, scalePolicy } from '../domain/scale-policy.ts'
import { POLICIES, type PolicyName } from '../domain/simulate/policies.ts'
import { type Report, replayTrace } from '../domain/simulate/replay.ts'
import { createTraceReader, cut, type Trace } from '../domain/simulate/trace.ts'
import { instant, utc } from './times.ts'

interface SimulateOptions {
  trace: string
  policy: string
  compare: PolicyName[]
  from?: number
  to?: number
  warmUp: number
  peak?: number
  target: number
  output: 'table' | 'json' | 'yaml' | 'html'
}

export type SimulateReport = { policy: string } & Report

const names = (text: string): PolicyName[] =>
  text.split(',').map((name) => {
    const found = POLICIES.find((one) => one === name.trim())
    if (found !== undefined) return found
    const meant = nearest(name.trim(), POLICIES)
    throw new InvalidArgumentError(`"${name}" is none of ${POLICIES.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`)
  })
const duration = (text: string): number => {
  const ms = parseDuration(text)
  if (ms === undefined || ms > 366 * 86_400_000) throw new InvalidArgumentError('a duration as 7d or 12h')
  return ms
}
const between = (low: number, high: number) => (text: string) => {
  const value = Number(text)
  if (!(value >= low && value <= high) || text.trim() === '') throw new InvalidArgumentError(`a number from ${low} to ${high}`)
  return value
}

export function addSimulate(scale: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  scale
    .command('simulate')
    .description(
      zh
        ? '用历史流量回放策略：违约分钟、副本小时、变更次数与最差的几分钟'
        : 'replay recorded traffic: minutes of violation, replica-hours, changes and the worst minutes',
    )
    .requiredOption('--trace <file>', zh ? 'CSV（period,count），可为 gzip；- 表示标准输入' : 'CSV with period,count, also gzipped; - is stdin')
    .requiredOption('--policy <file>', zh ? 'ScalePolicy（YAML）' : 'a ScalePolicy (YAML)')
    .addOption(
      new Option('--compare <names>', zh ? `并列比较：${POLICIES.slice(1).join(',')}` : `beside it: ${POLICIES.slice(1).join(',')}`)
        .argParser(names)
        .default([]),
    )
    .addOption(new Option('--from <time>', zh ? '起始（含，UTC）' : 'begin, inclusive, UTC').argParser(instant))
    .addOption(new Option('--to <time>', zh ? '结束（不含）' : 'end, exclusive').argParser(instant))
    .addOption(
      new Option('--warm-up <duration>', zh ? '开头只学习、不计分的时长，如 7d' : 'learn from so much at the begin without scoring it, as 7d')
        .argParser(duration)
        .default(0, '0s'),
    )
    .addOption(
      new Option(
        '--peak <rps>',
        zh ? '缩放流量，使 99.9% 的周期不超过该每秒请求数' : 'scale the traffic so that 99.9 % of its periods are at most so many requests/s',
      ).argParser(between(0.001, 1e9)),
    )
    .addOption(
      new Option('--target <percent>', zh ? 'hpa 与 keda 的目标占 loadPerPod 的百分比' : 'target of hpa and keda, percent of loadPerPod')
        .argParser(between(1, 100))
        .default(70),
    )
    .addOption(new Option('-o, --output <format>', zh ? '输出格式' : 'output format').choices(['table', 'json', 'yaml', 'html']).default('table'))
    .action(async (options: SimulateOptions) => {
      const policy = await readPolicy(options.policy, context.signal)
      const report = await replay(policy, await readTrace(options.trace, context.signal), options, context)
      if (options.output === 'json') context.out.write(`${JSON.stringify(report, undefined, 2)}\n`)
      else if (options.output === 'yaml') context.out.write((await import('#kits/cli-kit/yaml.ts')).stringify(report))
      else if (options.output === 'html') context.out.write((await import('./simulate-html.ts')).simulateHtml(report, context.language))
      else printTable(context, COLUMNS, report.policies)
      const { gaps, complete } = report.trace
      if (gaps.length > 0)
        context.note(
          zh ? `轨迹有 ${gaps.length} 处缺口，以直线补齐，并非视为零` : `The trace has ${gaps.length} gaps: straight lines were drawn over them, not zeros`,
        )
      if (!complete) context.exit(EXIT.partial)
    })
}

/** Rejects with FILE_UNREADABLE, TOO_LARGE, INVALID_INPUT. */
async function readPolicy(path: string, signal: AbortSignal): Promise<ScalePolicy> {
  for await (const { file, text } of manifestTexts([path], signal)) {
    const document = parseDocument(text)
    if (document.errors.length > 0)
      throw invalidInput(document.errors.map(({ message, linePos }) => ({ path: file, line: linePos?.[0].line ?? 1, message: message.split('\n')[0]! })))
    const read = parseInput(scalePolicy, document.toJS({ maxAliasCount: 100 }))
    if (!read.ok) throw invalidInput(read.error.map((problem) => ({ ...problem, path: `${file}: ${problem.path}` })))
    return read.value
  }
  throw new CodedError('NOTHING_READ', { lines: 0, format: 'ScalePolicy' })
}

/** Rejects with FILE_UNREADABLE, INVALID_INPUT. */
async function readTrace(path: string, signal: AbortSignal): Promise<Trace> {
  const reader = createTraceReader(Date.parse)
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for await (const chunk of readInput(path, signal)) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop()!.slice(0, 10_000)
      for (const line of lines) reader.line(line)
      await setImmediate()
    }
  } catch (error) {
    if (signal.aborted || error instanceof CodedError) throw error
    throw fileUnreadable(path, error)
  }
  if (rest !== '') reader.line(rest)
  const read = reader.end()
  if ('problems' in read) throw invalidInput(read.problems.map((problem) => ({ ...problem, path: `${path}: ${problem.path}` })))
  return read.trace
}

async function replay({ metadata, spec }: ScalePolicy, whole: Trace, options: SimulateOptions, context: CliContext): Promise<SimulateReport> {
  const trace = cut(whole, options.from ?? Number.NEGATIVE_INFINITY, options.to ?? Number.POSITIVE_INFINITY)
  if (trace.counts.length < 2) throw invalidInput([{ path: '--from, --to', message: 'leave no traffic to replay' }])
  const unscored = Math.round(options.warmUp / 1_000)
  if (unscored >= trace.counts.length * trace.period) throw invalidInput([{ path: '--warm-up', message: 'must be shorter than the trace' }])
  const { peak, target } = options
  const names: PolicyName[] = ['planner', ...options.compare]
  using progress = context.progress({ label: 'Replaying', unit: 'items', total: new Set(names).size })
  const work = replayTrace({ ...spec, loadPerPod: spec.loadPerPod! }, trace, names, { unscored, target, ...(peak === undefined ? {} : { peak }) }, utc)
  for (let done = -1; ; ) {
    const step = work.next()
    progress.update(++done)
    if (step.done) return { policy: metadata.name, ...step.value }
    await setImmediate()
    if (context.signal.aborted) throw context.signal.reason
  }
}

const COLUMNS: readonly Column<Report['policies'][number]>[] = [
  { header: 'POLICY', value: ({ name }) => name },
  { header: 'VIOLATION-MINUTES', value: ({ violation_minutes }) => violation_minutes.toFixed(1), align: 'right' },
  { header: 'REPLICA-HOURS', value: ({ replica_hours }) => replica_hours.toFixed(1), align: 'right' },
  { header: 'CHANGES', value: ({ scale_changes }) => scale_changes, align: 'right' },
  { header: 'WORST-MINUTE', value: ({ worst }) => worst[0]?.at },
]
