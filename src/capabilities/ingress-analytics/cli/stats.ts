import type { Command } from 'commander'
import { parseDuration } from '#core/kernel/duration.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import type { Stats, StatsAnswer } from '../domain/api.ts'
import { bytesText, rateText, secondsText, shareText } from './numbers.ts'
import { ingressPath, type RangeOptions, rangeOptions, rangeQuery, tellIncomplete } from './options.ts'

interface Line {
  number: string
  value: string | number | undefined
  before?: string | number
}

/** Adds `stats` to the command `ingress`. */
export function addStats(ingress: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const command = ingress.command('stats').description(zh ? '一段时间的各项指标' : 'numbers about a range of time')
  outputOptions(rangeOptions(command, context))
    .option('--compare <duration>', zh ? '与多久以前的同样长度比较，如 1d' : 'compare with so long before, e.g. 1d')
    .action(async (options: RangeOptions & OutputOptions & { compare?: string }) => {
      const compare = options.compare === undefined ? undefined : parseDuration(options.compare)
      const wrong = options.compare !== undefined && !compare ? [{ path: '--compare', message: `"${options.compare}" is no duration; write 1h, 1d, 1w` }] : []
      const query = rangeQuery(options, context.clock.now(), wrong)
      const answer = await context.api.get<StatsAnswer>(ingressPath(options.cluster, '/stats'), { ...query, compare })
      tellIncomplete(context, answer.incomplete)
      await printData(context, options, answer, {
        rows: statsLines,
        columns: [
          { header: 'NUMBER', value: (line: Line) => line.number },
          { header: 'VALUE', value: (line: Line) => line.value, align: 'right' },
          ...(answer.compared ? [{ header: 'BEFORE', value: (line: Line) => line.before, align: 'right' as const }] : []),
        ],
      })
    })
}

/** One line for each number, with that of the compared period beside it. */
export function statsLines({ stats, compared }: StatsAnswer): Line[] {
  const before = new Map(compared ? named(compared.stats) : [])
  return named(stats).map(([number, value]) => ({ number, value, ...(compared ? { before: before.get(number) } : {}) }))
}

const named = (stats: Stats): [string, string | number | undefined][] => [
  ['requests', stats.requests],
  ['visitors', stats.visitors],
  ['qps', rateText(stats.qps)],
  ['success_rate', shareText(stats.success_rate)],
  ['error_rate', shareText(stats.error_rate)],
  ...Object.entries(stats.classes),
  ...(['s499', 's502', 's503', 's504'] as const).map((name): [string, number] => [name.slice(1), stats[name]]),
  ['bytes_in', bytesText(stats.bytes_in)],
  ['bytes_out', bytesText(stats.bytes_out)],
  ...Object.entries(stats.latency).map(([name, value]): [string, string | undefined] => [name, secondsText(value)]),
  ...Object.entries(stats.upstream).map(([name, value]): [string, string | undefined] => [`upstream_${name}`, secondsText(value)]),
]
