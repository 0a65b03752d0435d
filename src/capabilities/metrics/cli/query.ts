/** `sallyport query 'PROMQL' [--range 1h]` */
import { parseDuration } from '#core/kernel/duration.ts'
import { EXIT, invalidInput, type Problem } from '#core/kernel/errors.ts'
import type { CliDoor } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'

interface Row {
  metric: Record<string, string>
  value?: [number, string]
  values?: [number, string][]
  histogram?: [number, unknown]
  histograms?: [number, unknown][]
}
interface Body {
  data:
    | { resultType: 'scalar'; result: [number, string] }
    | { resultType: 'string'; result: [number, string] }
    | { resultType: 'vector' | 'matrix'; result: Row[] }
  warnings?: string[]
  infos?: string[]
}
interface Line {
  series: string
  time: string
  value: string
}
interface Options extends OutputOptions {
  cluster: string
  range?: string
  step?: string
  time?: string
}

export const door: CliDoor = (program, context) => {
  const zh = context.language === 'zh-CN'
  const command = program
    .command('query <promql>')
    .description(zh ? '用 PromQL 查询指标' : 'ask the metrics a PromQL question')
    .option('--cluster <name>', zh ? '集群' : 'cluster', 'local')
    .option('--range <duration>', zh ? '最近多长时间，如 1h；省略则为当前时刻' : 'the last so long, e.g. 1h; left out: this moment')
    .option('--step <duration>', zh ? '步长；默认为范围的 1/60' : 'step; by default a sixtieth of the range')
    .option('--time <time>', zh ? '时刻（RFC 3339）；默认为现在' : 'the moment, or the end of the range (RFC 3339); by default now')
  outputOptions(command).action(async (promql: string, options: Options) => {
    const problems: Problem[] = []
    const duration = (name: 'range' | 'step') => {
      const text = options[name]
      const ms = text === undefined ? undefined : parseDuration(text)
      if (text !== undefined && !ms) problems.push({ path: `--${name}`, message: `"${text}" is no duration; write 15s, 1h, 7d` })
      return ms
    }
    const range = duration('range')
    const step = duration('step') ?? Math.max(1000, Math.round((range ?? 0) / 60 / 1000) * 1000)
    const end = options.time === undefined ? context.clock.now() : Date.parse(options.time)
    if (Number.isNaN(end)) problems.push({ path: '--time', message: `"${options.time}" is no time; write 2026-11-24T05:00:00Z` })
    if (problems.length > 0) throw invalidInput(problems)
    const body = await context.api.get<Body>(`/clusters/${encodeURIComponent(options.cluster)}/metrics/query`, {
      query: promql,
      start: end - (range ?? 0),
      end,
      step,
    })
    for (const note of [...(body.warnings ?? []), ...(body.infos ?? [])]) context.note(note)
    // A warning says that a part may be wrong.
    if ((body.warnings ?? []).length > 0) context.exit(EXIT.partial)
    await printData(context, options, body.data, {
      rows: linesOf,
      columns: [
        { header: 'SERIES', value: ({ series }: Line) => series, flexible: true },
        { header: 'TIME', value: ({ time }: Line) => time },
        { header: 'VALUE', value: ({ value }: Line) => value, align: 'right' },
      ],
    })
  })
}

const timeText = (seconds: number) => new Date(seconds * 1000).toISOString()

export function linesOf(data: Body['data']): Line[] {
  if (data.resultType === 'scalar' || data.resultType === 'string') return [{ series: data.resultType, time: timeText(data.result[0]), value: data.result[1] }]
  return data.result.flatMap(({ metric, value, values, histogram, histograms }) => {
    const { __name__ = '', ...labels } = metric
    const inner = Object.entries(labels).map(([name, text]) => `${name}=${JSON.stringify(text)}`)
    const series = `${__name__}{${inner.join(', ')}}`
    const points = [...(value ? [value] : []), ...(values ?? []), ...(histogram ? [histogram] : []), ...((histograms as unknown[]) ?? [])] as [
      number,
      unknown,
    ][]
    return points.map(([at, found]) => ({ series, time: timeText(at), value: typeof found === 'string' ? found : JSON.stringify(found) }))
  })
}
