import { type Command, InvalidArgumentError, Option } from 'commander'
import { nearest } from '#core/kernel/nearest.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type Column, type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import { DIMENSIONS, type Dimension, NUMBERS, type NumberName, type TopAnswer, type TopRow } from '../domain/api.ts'
import { bytesText, rateText, secondsText, shareText } from './numbers.ts'
import { ingressPath, type RangeOptions, rangeOptions, rangeQuery, tellIncomplete } from './options.ts'

interface TopOptions extends RangeOptions, OutputOptions {
  by: Dimension
  sort: NumberName
  order: 'asc' | 'desc'
  limit: number
  offset: number
  search?: string
}

const oneOf =
  <T extends string>(valid: readonly T[]) =>
  (text: string): T => {
    const found = valid.find((name) => name === text)
    if (found !== undefined) return found
    const meant = nearest(text, valid)
    throw new InvalidArgumentError(`${meant ? `Did you mean ${meant}? ` : ''}Valid: ${valid.join(', ')}.`)
  }
const whole = (least: number, most: number) => (text: string) => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < least || number > most) throw new InvalidArgumentError(`A whole number from ${least} to ${most}.`)
  return number
}

/** Adds `top` to the command `ingress`. */
export function addTop(ingress: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const command = ingress.command('top').description(zh ? '按某一维度排名' : 'ranking by a dimension')
  outputOptions(rangeOptions(command, context))
    .option('--by <dimension>', zh ? '维度' : 'dimension', oneOf(DIMENSIONS), 'route')
    .option('--sort <number>', zh ? '排序依据' : 'number to order by', oneOf(NUMBERS), 'requests')
    .addOption(new Option('--order <order>', zh ? '顺序' : 'order').choices(['asc', 'desc']).default('desc'))
    .option('--limit <count>', zh ? '行数' : 'rows', whole(1, 1000), 10)
    .option('--offset <count>', zh ? '跳过的行数' : 'rows to pass over', whole(0, 100_000), 0)
    .option('--search <text>', zh ? '名称包含' : 'only keys that contain this')
    .action(async (options: TopOptions) => {
      const { by, sort, order, limit, offset, search } = options
      const query = { ...rangeQuery(options, context.clock.now()), by, sort, order, limit, offset, search }
      const answer = await context.api.get<TopAnswer>(ingressPath(options.cluster, '/top'), query)
      tellIncomplete(context, answer.incomplete)
      await printData(context, options, answer, { rows: ({ rows }) => rows, columns: topColumns(by) })
      const left = answer.total - offset - answer.rows.length
      if (left > 0 && (options.output === 'table' || options.output === 'wide')) context.note(zh ? `另有 ${left} 行。` : `${left} more.`)
    })
}

const right = (header: string, value: Column<TopRow>['value'], more: Partial<Column<TopRow>> = {}): Column<TopRow> => ({
  header,
  value,
  align: 'right',
  ...more,
})

const topColumns = (by: Dimension): Column<TopRow>[] => [
  { header: by.toUpperCase(), value: (row) => row.key, flexible: true },
  right('REQUESTS', (row) => row.requests),
  right('SHARE', (row) => shareText(row.share)),
  right('QPS', (row) => rateText(row.qps), { wide: true }),
  right('VISITORS', (row) => row.visitors),
  right('SUCCESS', (row) => shareText(row.success_rate)),
  right('4XX', (row) => shareText(row.rate_4xx)),
  right('5XX', (row) => shareText(row.rate_5xx), { tone: (row) => (row.rate_5xx > 0 ? 'error' : undefined) }),
  right('MEAN', (row) => secondsText(row.mean)),
  right('P50', (row) => secondsText(row.p50), { wide: true }),
  right('P90', (row) => secondsText(row.p90), { wide: true }),
  right('P95', (row) => secondsText(row.p95), { wide: true }),
  right('P99', (row) => secondsText(row.p99)),
  right('P999', (row) => secondsText(row.p999), { wide: true }),
  right('P9999', (row) => secondsText(row.p9999), { wide: true }),
  right('MAX', (row) => secondsText(row.max), { wide: true }),
  right('UP MEAN', (row) => secondsText(row.upstream_mean), { wide: true }),
  right('UP P99', (row) => secondsText(row.upstream_p99), { wide: true }),
  right('IN', (row) => bytesText(row.bytes_in), { wide: true }),
  right('OUT', (row) => bytesText(row.bytes_out)),
  right('499', (row) => row.s499, { wide: true }),
  right('502', (row) => row.s502, { wide: true }),
  right('503', (row) => row.s503, { wide: true }),
  right('504', (row) => row.s504, { wide: true }),
]
