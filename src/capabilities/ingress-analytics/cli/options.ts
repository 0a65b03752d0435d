/** What `stats`, `top` and `tail` have in common: which traffic, of which time. */
import type { Command } from 'commander'
import { parseDuration } from '#core/kernel/duration.ts'
import { EXIT, invalidInput, type Problem } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { DIMENSIONS, type IncompleteReason, OPERATORS } from '../domain/api.ts'
import { parseFilter } from '../domain/filters.ts'

export interface TrafficOptions {
  cluster: string
  filter: string[]
}
export interface RangeOptions extends TrafficOptions {
  since: string
  from?: string
  to?: string
}

const collect = (value: string, all: string[]) => [...all, value]

export function trafficOptions(command: Command, { language }: CliContext): Command {
  const zh = language === 'zh-CN'
  return command
    .option('--cluster <name>', zh ? '集群' : 'cluster', 'local')
    .option(
      '--filter <dimension:operator:value>',
      zh ? '过滤条件，可重复，如 status:gte:500' : 'filter, may be given several times, e.g. status:gte:500',
      collect,
      [],
    )
    .addHelpText('after', `\n${zh ? '维度' : 'Dimensions'}: ${DIMENSIONS.join(', ')}\n${zh ? '运算符' : 'Operators'}: ${OPERATORS.join(', ')}`)
}

export function rangeOptions(command: Command, context: CliContext): Command {
  const zh = context.language === 'zh-CN'
  return trafficOptions(command, context)
    .option('--since <duration>', zh ? '最近一段时间，如 15m、6h' : 'the last so much time, e.g. 15m, 6h', '15m')
    .option('--from <time>', zh ? '开始：ISO 时间，或多久以前' : 'begin: an ISO time, or how long ago')
    .option('--to <time>', zh ? '结束：ISO 时间，或多久以前' : 'end: an ISO time, or how long ago')
}

/** Query of the API; INVALID_INPUT with everything that is wrong. `more` are problems that the command found itself. */
export function rangeQuery(options: RangeOptions, now: number, more: readonly Problem[] = []): { from: number; to: number; filter: string[] } {
  const problems: Problem[] = [...more, ...filterProblems(options.filter)]
  const moment = (text: string, path: string): number => {
    const ago = parseDuration(text)
    const at = ago === undefined ? Date.parse(text) : now - ago
    if (Number.isNaN(at)) problems.push({ path, message: `"${text}" is neither a time (2026-05-06T12:00:00Z) nor how long ago (2h)` })
    return at
  }
  const since = parseDuration(options.since)
  if (since === undefined || since === 0) problems.push({ path: '--since', message: `"${options.since}" is no duration; write 15m, 6h, 2d` })
  const to = options.to === undefined ? now : moment(options.to, '--to')
  const from = options.from === undefined ? to - (since ?? 0) : moment(options.from, '--from')
  if (problems.length === 0 && from >= to) problems.push({ path: '--from', message: 'the begin must be before the end' })
  if (problems.length > 0) throw invalidInput(problems)
  return { from, to, filter: options.filter }
}

export const filterProblems = (filters: readonly string[]): Problem[] =>
  filters.flatMap((text) => {
    const parsed = parseFilter(text)
    return parsed.ok ? [] : [{ path: '--filter', message: parsed.error }]
  })

export const ingressPath = (cluster: string, rest: string) => `/clusters/${encodeURIComponent(cluster)}/ingress${rest}`

/** Says on stderr why an answer may be short of the truth; exit code 6 when something that exists is missing from it. */
export function tellIncomplete(context: CliContext, incomplete: readonly IncompleteReason[]): void {
  const zh = context.language === 'zh-CN'
  for (const reason of incomplete) {
    const [word, ...rest] = reason.split(':')
    const detail = rest.join(':')
    if (word === 'retention')
      context.note(zh ? `最早的数据始于 ${new Date(Number(detail)).toISOString()}。` : `The oldest rows are of ${new Date(Number(detail)).toISOString()}.`)
    else if (word === 'rejected') context.note(zh ? `来源 ${detail} 有无法解析的行。` : `Lines of source ${detail} could not be read.`)
    else if (word === 'queue') context.note(zh ? `有 ${detail} 个批次尚未入库。` : `${detail} batches are not in the store yet.`)
    else if (word === 'limit') context.note(zh ? `查询超限，结果缺少：${detail}。` : `Left out, because it needs more than the query limit: ${detail}.`)
    else context.note(zh ? '实时数据未覆盖整个时间段。' : 'The live stream does not cover the whole range.')
    if (word === 'queue' || word === 'limit' || word === 'live') context.exit(EXIT.partial)
  }
}
