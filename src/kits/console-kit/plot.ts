/** uPlot, driven by a chart's props: everything that touches the canvas. */
import uPlot from 'uplot'
import type { ChartMark, PlotProps } from './chart.tsx'
import { stack } from './chart-data.ts'
import type { Format } from './use-format.ts'

export interface Hover {
  index: number
  ts: number
  /** Marks near the pointer. */
  marks: readonly ChartMark[]
}

/** Charts on one page share a crosshair. */
const SYNC = 'page'
const NEAR_PX = 6
const LEAST_DRAG_PX = 8
/** Round steps of bytes: powers of two. */
const BYTE_STEPS = Array.from({ length: 51 }, (_, i) => 2 ** i)

export function drawChart(host: HTMLElement, props: () => PlotProps, format: Format, zone: string) {
  const style = getComputedStyle(document.documentElement)
  const css = (name: string) => style.getPropertyValue(name).trim()
  const font = `11px ${css('--sp-font') || 'sans-serif'}`
  const { series, colors, shown, kind, stacked, unit } = props()

  // The top of a stack is drawn first: bars stand before one another, and the line of a layer of nothing lies under the one below.
  const order = series.map((_, i) => i)
  if (stacked) order.reverse()

  const drawn = (): uPlot.AlignedData => {
    const { ts, series, shown, stacked } = props()
    const plain = series.map((s) => s.values)
    const own = series.map((s) => !s.compared)
    const values = stacked
      ? stack(
          plain,
          shown.map((on, i) => on && (own[i] as boolean)),
        ).map((v, i) => (own[i] ? v : plain[i]))
      : plain
    return [ts, ...order.map((i) => values[i])] as uPlot.AlignedData
  }

  const bars = kind === 'bars' ? uPlot.paths.bars?.({ size: [0.8, 40], align: 1 }) : undefined
  const axis = { stroke: css('--sp-text-dim'), font, grid: { stroke: css('--sp-grid'), width: 1 }, ticks: { stroke: css('--sp-grid'), width: 1, size: 4 } }
  const chart = new uPlot(
    {
      width: Math.max(50, host.clientWidth),
      height: props().height,
      ms: 1,
      tzDate: (ms) => (zone === 'local' ? new Date(ms) : uPlot.tzDate(new Date(ms), zone === 'utc' ? 'Etc/UTC' : zone)),
      padding: [8, 10, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: SYNC, setSeries: false }, drag: { x: true, y: false, dist: LEAST_DRAG_PX, setScale: false }, points: { size: 6 } },
      scales: {
        x: { time: true, range: () => [props().from, props().to] },
        y: { range: (_u, low, high) => valueRange(low, high, props().min, props().max) },
      },
      axes: [
        { ...axis, values: (_u, splits, _a, _s, increment) => splits.map((ms) => tick(ms, increment, format)), space: 80, size: 28 },
        {
          ...axis,
          values: (_u, splits) => splits.map((value) => format.value(value, unit)),
          size: (u, values) => axisSize(u, values),
          space: 32,
          incrs: unit === 'bytes' || unit === 'byteRate' ? BYTE_STEPS : undefined,
        },
      ],
      series: [
        {},
        ...order.map((i): uPlot.Series => {
          const s = series[i] as (typeof series)[number]
          const color = css(colors[i] as string)
          const filled = !s.compared && (kind !== 'line' || stacked)
          return {
            label: s.label,
            show: shown[i],
            stroke: color,
            width: kind === 'bars' && !s.compared ? 0 : 1.5,
            fill: filled ? (kind === 'bars' ? color : `${color}33`) : undefined,
            dash: s.compared ? [5, 4] : undefined,
            paths: s.compared ? undefined : bars,
            points: { show: (u, seriesIndex) => lonely(u, seriesIndex), size: 4 },
            spanGaps: false,
          }
        }),
      ],
      bands: stacked && kind !== 'bars' ? bandsOf(series, order) : undefined,
      hooks: {
        setSelect: [
          (u) => {
            if (u.select.width < LEAST_DRAG_PX) return
            const [from, to] = [u.posToVal(u.select.left, 'x'), u.posToVal(u.select.left + u.select.width, 'x')]
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
            props().onZoom(Math.round(from), Math.round(to))
          },
        ],
        setCursor: [
          (u) => {
            const { idx, left } = u.cursor
            if (idx === null || idx === undefined || left === undefined || left < 0) return props().onHover(undefined)
            const ts = props().ts[idx]
            if (ts === undefined) return props().onHover(undefined)
            props().onHover({ index: idx, ts, marks: props().marks.filter((mark) => Math.abs(u.valToPos(mark.ts, 'x') - left) <= NEAR_PX) })
          },
        ],
        draw: [(u) => drawMarks(u, props().marks, css)],
      },
    },
    drawn(),
    host,
  )
  const resize = new ResizeObserver(
    () => host.clientWidth > 0 && host.clientWidth !== chart.width && chart.setSize({ width: host.clientWidth, height: props().height }),
  )
  resize.observe(host)
  return {
    update: () => chart.setData(drawn(), true),
    destroy: () => {
      resize.disconnect()
      chart.destroy()
    },
  }
}

/** From 0 (or the given least) to a little over the greatest; an all-zero chart still has a height. */
export function valueRange(low: number | null, high: number | null, min: number | 'auto' | undefined, max: number | undefined): [number, number] {
  const top = max ?? (high ?? 0) * 1.08
  const bottom = min === 'auto' ? Math.min(low ?? 0, top) - (top - (low ?? 0)) * 0.08 : (min ?? Math.min(0, low ?? 0))
  return top > bottom ? [bottom, top] : [bottom, bottom + 1]
}

const DAY_MS = 86_400_000
function tick(ms: number, increment: number, format: Format): string {
  const [day = '', clock = ''] = format.time(ms, { seconds: increment < 60_000 }).split(' ')
  if (increment >= DAY_MS) return day.slice(5)
  return clock.startsWith('00:00') && !clock.endsWith(':01') && increment >= 60_000 ? day.slice(5) : clock
}

function axisSize(u: uPlot, values: string[] | null): number {
  if (!values || values.length === 0) return 40
  u.ctx.save()
  u.ctx.font = `${11 * devicePixelRatio}px sans-serif`
  const widest = Math.max(...values.map((value) => u.ctx.measureText(value).width)) / devicePixelRatio
  u.ctx.restore()
  return Math.ceil(widest) + 14
}

/** A value between two gaps has no line: it gets a point. */
function lonely(u: uPlot, seriesIndex: number): boolean {
  const values = u.data[seriesIndex]
  if (!values || values.length > 2000) return false
  let alone = 0
  let known = 0
  for (let i = 0; i < values.length; i++) {
    if (values[i] == null) continue
    known++
    if (values[i - 1] == null && values[i + 1] == null) alone++
  }
  return alone > 0 && alone * 4 >= known
}

function bandsOf(series: PlotProps['series'], order: readonly number[]): uPlot.Band[] {
  const own = series.flatMap((s, i) => (s.compared ? [] : [order.indexOf(i) + 1]))
  return own.slice(1).map((upper, i) => ({ series: [upper, own[i] as number] as [number, number] }))
}

function drawMarks(u: uPlot, marks: readonly ChartMark[], css: (name: string) => string): void {
  const { ctx, bbox } = u
  ctx.save()
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio])
  for (const mark of marks) {
    const x = Math.round(u.valToPos(mark.ts, 'x', true))
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    const color = css(`--sp-tone-${mark.tone ?? 'neutral'}`)
    ctx.strokeStyle = color
    ctx.fillStyle = color
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    ctx.beginPath()
    ctx.moveTo(x - 4 * devicePixelRatio, bbox.top)
    ctx.lineTo(x + 4 * devicePixelRatio, bbox.top)
    ctx.lineTo(x, bbox.top + 6 * devicePixelRatio)
    ctx.fill()
  }
  ctx.restore()
}
