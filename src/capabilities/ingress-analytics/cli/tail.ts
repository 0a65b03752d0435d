import { type Command, Option } from 'commander'
import { invalidInput } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { oneLine, paint, type Tone } from '#kits/cli-kit/terminal.ts'
import type { LiveTick, RequestRow } from '../domain/api.ts'
import { filtersOf, matchesAll } from '../domain/filters.ts'
import { rateText, secondsText, shareText } from './numbers.ts'
import { filterProblems, ingressPath, type TrafficOptions, trafficOptions } from './options.ts'

interface TailOptions extends TrafficOptions {
  output: 'table' | 'wide' | 'json' | 'ndjson' | 'yaml'
  stats?: boolean
}

/** Filters that the live stream itself knows; the others are applied to the rows as they come. */
const KNOWN_LIVE = /^(route|namespace|service|arm):eq:/

/** Adds `tail` to the command `ingress`. */
export function addTail(ingress: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  trafficOptions(ingress.command('tail').description(zh ? '跟随最新的请求' : 'follow the newest requests'), context)
    .addOption(new Option('-o, --output <format>', 'output format').choices(['table', 'wide', 'json', 'ndjson', 'yaml']).default('table'))
    .option('--stats', zh ? '每秒一行汇总，而不是请求' : 'a line of numbers each second instead of requests')
    .action(async (options: TailOptions) => {
      const problems = filterProblems(options.filter)
      if (problems.length > 0) throw invalidInput(problems)
      const here = filtersOf(options.filter.filter((text) => !KNOWN_LIVE.test(text)))
      const query = { filter: options.filter.filter((text) => KNOWN_LIVE.test(text)) }
      let told = false
      for await (const { event, data } of context.api.events<LiveTick>(ingressPath(options.cluster, '/live'), query)) {
        if (event !== 'tick') continue
        if (options.stats) {
          await print(options.output, context, tickLine(data), data)
          continue
        }
        const rows = data.latest.filter((row) => matchesAll(here, row)).reverse()
        for (const row of rows) await print(options.output, context, requestLine(row, options.output === 'wide', context.color), row)
        const arrived = data.seconds.at(-2)?.requests ?? 0
        if (!told && arrived > 2 * data.latest.length && data.latest.length > 0) {
          told = true
          context.note(
            zh ? `每秒只显示最新的 20 行，上一秒到达 ${arrived} 行。` : `Only the newest 20 lines of a second are shown; ${arrived} arrived in the last one.`,
          )
        }
      }
    })
}

async function print(output: TailOptions['output'], { out }: CliContext, line: string, value: object): Promise<void> {
  if (output === 'yaml') {
    const { stringify } = await import('yaml')
    out.write(`---\n${stringify(value)}`)
  } else out.write(`${output === 'table' || output === 'wide' ? line : JSON.stringify(value)}\n`)
}

const time = (ms: number) => new Date(ms).toISOString().slice(11, 23)

/** One request as a line: time, status, method, host and path, how long, client. */
export function requestLine(row: RequestRow, wide: boolean, color: boolean): string {
  const status = Number(row.status)
  const tone: Tone = status >= 500 ? 'error' : status >= 400 ? 'warning' : 'ok'
  const cells = [
    time(row.ts),
    paint(color, tone, String(row.status).padStart(3)),
    String(row.method).padEnd(6),
    `${row.host}${row.path}`,
    secondsText(row.request_time as number | null) ?? '-',
    row.client,
  ]
  if (wide) cells.push(row.route, row.upstream_addr || '-', secondsText(row.upstream_time as number | null) ?? '-', row.user_agent)
  return cells.map((cell, i) => (i === 1 ? cell : oneLine(String(cell)))).join('  ')
}

export const tickLine = ({ now, total, freshnessMs, completeness, incomplete }: LiveTick): string =>
  [
    time(now),
    rateText(total.qps),
    `success ${shareText(total.success_rate) ?? '-'}`,
    `p50 ${secondsText(total.p50) ?? '-'}`,
    `p99 ${secondsText(total.p99) ?? '-'}`,
    freshnessMs === null ? 'nothing arrived yet' : `newest ${secondsText(freshnessMs / 1000)} ago`,
    ...(incomplete.length > 0 ? [`of ${shareText(completeness)} of the minute`] : []),
  ].join('  ')
