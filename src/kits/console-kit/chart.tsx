/** Time series on uPlot: units, gaps, stacks, a comparison, marks, one crosshair for all charts of a page, drag to zoom the time range. */
import { ActionIcon } from '@mantine/core'
import { IconTable } from '@tabler/icons-react'
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import 'uplot/dist/uPlot.min.css'
import styles from './chart.module.css'
import { type ChartSeries, extremes, hasData, seriesColors } from './chart-data.ts'
import { ChartTable } from './chart-table.tsx'
import type { Unit } from './format.ts'
import { Panel } from './panel.tsx'
import { drawChart, type Hover } from './plot.ts'
import { EmptyState, ErrorState } from './states.tsx'
import { useFormat } from './use-format.ts'
import { useTimeRange } from './use-time-range.tsx'

export type { ChartSeries } from './chart-data.ts'

export interface ChartMark {
  /** ms since the epoch. */
  ts: number
  label: string
  tone?: 'neutral' | 'warning' | 'error'
}

export interface ChartProps {
  title: string
  unit: Unit
  /** Start of each bucket, ms; undefined while loading. */
  ts: readonly number[] | undefined
  series: readonly ChartSeries[]
  kind?: 'line' | 'area' | 'bars'
  stacked?: boolean
  marks?: readonly ChartMark[]
  /** Ends of the time axis, ms; default the page's range. */
  from?: number
  to?: number
  /** Default sets the page's time range. */
  onZoom?: (from: number, to: number) => void
  /** Fixed ends of the value axis; default from 0 to what is needed. */
  min?: number | 'auto'
  max?: number
  /** px */
  height?: number
  loading?: boolean
  error?: unknown
  onRetry?: () => void
  stale?: boolean
  empty?: string
  note?: ReactNode
  actions?: ReactNode
}

export function Chart(props: ChartProps) {
  const { title, unit, ts, series, kind = 'line', stacked = false, marks, height = 180, loading, error, stale } = props
  const { t } = useTranslation('kit')
  const format = useFormat()
  const range = useTimeRange()
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const [asTable, setAsTable] = useState(false)
  const [hover, setHover] = useState<Hover | undefined>()
  const colors = useMemo(() => seriesColors(series), [series])
  const filled = ts !== undefined && ts.length > 0 && hasData(series)
  const summary = useMemo(
    () =>
      series
        .filter((s) => !s.compared)
        .map((s) => {
          const e = extremes(s.values)
          return `${s.label}: ${t('chart.last')} ${format.value(e.last, unit)}, ${t('chart.min')} ${format.value(e.min, unit)}, ${t('chart.max')} ${format.value(e.max, unit)}`
        })
        .join('; '),
    [series, unit, format, t],
  )

  return (
    <Panel
      title={title}
      note={props.note}
      actions={
        <>
          {props.actions}
          {filled && (
            <ActionIcon
              size="sm"
              variant={asTable ? 'light' : 'subtle'}
              color="gray"
              aria-label={t('chart.table')}
              aria-pressed={asTable}
              title={t('chart.table')}
              onClick={() => setAsTable(!asTable)}
            >
              <IconTable size={16} aria-hidden />
            </ActionIcon>
          )}
        </>
      }
    >
      {error && !filled ? (
        <ErrorState error={error} onRetry={props.onRetry} compact />
      ) : ts === undefined || (loading && !filled) ? (
        <div className={styles.skeleton} role="img" aria-label={t('loading')} style={{ height }} />
      ) : !filled ? (
        <EmptyState title={props.empty ?? t('chart.empty')} />
      ) : asTable ? (
        <ChartTable title={title} ts={ts} series={series} unit={unit} />
      ) : (
        <>
          <Plot
            label={`${title}. ${summary}`}
            ts={ts}
            series={series}
            colors={colors}
            shown={series.map((s) => !hidden.has(s.name))}
            unit={unit}
            kind={kind}
            stacked={stacked}
            marks={marks ?? []}
            from={props.from ?? range.from}
            to={props.to ?? range.to}
            min={props.min}
            max={props.max}
            height={height}
            stale={stale ?? false}
            onZoom={props.onZoom ?? range.zoom}
            onHover={setHover}
          />
          <Legend
            series={series}
            colors={colors}
            hidden={hidden}
            unit={unit}
            at={hover?.index}
            time={hover && format.time(hover.ts)}
            marks={hover?.marks}
            onToggle={(name) => setHidden(toggled(hidden, name))}
          />
        </>
      )}
    </Panel>
  )
}

const toggled = (set: ReadonlySet<string>, name: string) => {
  const next = new Set(set)
  if (!next.delete(name)) next.add(name)
  return next
}

export interface PlotProps {
  label: string
  ts: readonly number[]
  series: readonly ChartSeries[]
  colors: readonly string[]
  shown: readonly boolean[]
  unit: Unit
  kind: 'line' | 'area' | 'bars'
  stacked: boolean
  marks: readonly ChartMark[]
  from: number
  to: number
  min?: number | 'auto'
  max?: number
  height: number
  stale: boolean
  onZoom: (from: number, to: number) => void
  onHover: (hover: Hover | undefined) => void
}

function Plot(props: PlotProps) {
  const host = useRef<HTMLDivElement>(null)
  const latest = useRef(props)
  latest.current = props
  const format = useFormat()
  const range = useTimeRange()
  const scheme = useScheme()
  const shown = props.shown.join()
  const shape = props.series.map((s) => s.name + (s.compared ? '~' : '')).join('\n')
  const plot = useRef<ReturnType<typeof drawChart>>(undefined)

  // The chart is built anew when its shape changes and only fed when its numbers do.
  // biome-ignore lint/correctness/useExhaustiveDependencies: those named are what shape it; the rest is read from `latest`.
  useEffect(() => {
    if (!host.current) return
    plot.current = drawChart(host.current, () => latest.current, format, range.range.zone)
    return () => plot.current?.destroy()
  }, [shape, shown, props.unit, props.kind, props.stacked, props.height, format, scheme])
  // biome-ignore lint/correctness/useExhaustiveDependencies: these are what is fed.
  useEffect(() => plot.current?.update(), [props.ts, props.series, props.from, props.to, props.marks])

  return <div ref={host} className={styles.plot} data-stale={props.stale || undefined} role="img" aria-label={props.label} style={{ height: props.height }} />
}

const NEXT = { last: 'min', min: 'max', max: 'last' } as const

function Legend(props: {
  series: readonly ChartSeries[]
  colors: readonly string[]
  hidden: ReadonlySet<string>
  unit: Unit
  at: number | undefined
  time: string | undefined
  marks: readonly ChartMark[] | undefined
  onToggle: (name: string) => void
}) {
  const { t } = useTranslation('kit')
  const format = useFormat()
  const [show, setShow] = useState<keyof typeof NEXT>('last')
  return (
    <div className={styles.legend}>
      <ul>
        {props.series.map((series, i) => {
          const value = props.at === undefined ? extremes(series.values)[show] : series.values[props.at]
          return (
            <li key={series.name + (series.compared ? '~' : '')}>
              <button type="button" aria-pressed={!props.hidden.has(series.name)} className={styles.entry} onClick={() => props.onToggle(series.name)}>
                <svg viewBox="0 0 14 4" width="14" height="4" aria-hidden="true">
                  <line x1="0" x2="14" y1="2" y2="2" stroke={`var(${props.colors[i]})`} strokeWidth="3" strokeDasharray={series.compared ? '3 2' : undefined} />
                </svg>
                <span>{series.label}</span>
                <span className={styles.number}>{format.value(value, props.unit)}</span>
              </button>
            </li>
          )
        })}
      </ul>
      <span className={styles.when}>
        {props.marks && props.marks.length > 0 && <strong>{props.marks.map((mark) => mark.label).join(' · ')} · </strong>}
        {props.time ?? (
          <button type="button" className={styles.entry} title={t('chart.numbers', { which: t(`chart.${show}`) })} onClick={() => setShow(NEXT[show])}>
            {t(`chart.${show}`)}
          </button>
        )}
      </span>
    </div>
  )
}

const schemeInForce = () => document.documentElement.dataset.mantineColorScheme ?? 'light'

/** The color scheme in force, so that what canvas painted is painted again. */
function useScheme(): string {
  const [scheme, setScheme] = useState(schemeInForce)
  useEffect(() => {
    const observer = new MutationObserver(() => setScheme(schemeInForce()))
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-mantine-color-scheme'] })
    return () => observer.disconnect()
  }, [])
  return scheme
}
