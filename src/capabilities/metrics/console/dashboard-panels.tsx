/** The panels of a dashboard: each asks its own queries and is drawn by its kind. */
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { type ApiError, api } from '#kits/console-kit/api.ts'
import { Chart } from '#kits/console-kit/chart.tsx'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { Panel, Tiles } from '#kits/console-kit/panel.tsx'
import { PlainTable } from '#kits/console-kit/plain-table.tsx'
import { Stat } from '#kits/console-kit/stat.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { niceStep } from '#kits/console-kit/time-range.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useTimeRange } from '#kits/console-kit/use-time-range.tsx'
import type { QueryAnswer } from '../domain/api.ts'
import { type Dashboard, type DashboardPanel, filled } from '../domain/dashboards/dashboard.ts'
import { legendText, linesOf, rowsOf } from '../domain/drawing.ts'
import { useText } from './words.ts'

const DRAWN = 40
const ROWS = 50

interface PanelProps {
  panel: DashboardPanel
  values: Readonly<Record<string, string>>
}

export function DashboardPanels({ dashboard, values }: { dashboard: Dashboard; values: Readonly<Record<string, string>> }) {
  const numbers = dashboard.panels.filter(({ kind }) => kind === 'stat' || kind === 'gauge')
  const others = dashboard.panels.filter((panel) => !numbers.includes(panel))
  const draw = (panel: DashboardPanel, i: number) => {
    const key = `${dashboard.id} ${panel.kind} ${i}`
    if (panel.kind === 'timeseries') return <Lines key={key} panel={panel} values={values} />
    if (panel.kind === 'stat' || panel.kind === 'gauge') return <OneNumber key={key} panel={panel} values={values} />
    return <Rows key={key} panel={panel} values={values} />
  }
  return (
    <>
      {numbers.length > 0 && <Tiles>{numbers.map(draw)}</Tiles>}
      <Tiles kind="half">{others.map(draw)}</Tiles>
    </>
  )
}

/** All queries of a panel over the page's range, or at its end. */
function useAnswers({ panel, values }: PanelProps, instant: boolean) {
  const { path } = useCluster()
  const { from, to } = useTimeRange()
  const step = niceStep(from, to)
  const [start, end] = [Math.floor(from / step) * step, Math.floor(to / step) * step]
  const url = path('/metrics/query')
  const queries = panel.queries.map(({ expr }) => filled(expr, values, { from: start, to: end, step }))
  const range = instant ? { start: end, end } : { start, end, step }
  const result = useQuery<QueryAnswer[], ApiError>({
    queryKey: ['api', url, queries, range],
    queryFn: ({ signal }) => Promise.all(queries.map((query) => api.get<QueryAnswer>(url, { query, ...range }, signal))),
    placeholderData: (earlier) => (earlier?.length === queries.length ? earlier : undefined),
  })
  return { start, end, step, from, to, data: result.data, error: result.error ?? undefined, refetch: () => void result.refetch() }
}

function Lines(props: PanelProps) {
  const { panel } = props
  const { t } = useTranslation('metrics')
  const text = useText()
  const { data, error, refetch, start, end, step, from, to } = useAnswers(props, false)
  const lines = useMemo(
    () =>
      data &&
      linesOf(
        data.map((answer, i) => ({ answer, legend: panel.queries[i]?.legend ?? '' })),
        start,
        end,
        step,
        DRAWN,
      ),
    [data, panel, start, end, step],
  )
  return (
    <Chart
      title={text(panel.title)}
      unit={panel.unit}
      ts={lines?.ts}
      series={lines?.series ?? []}
      kind={panel.stacked ? 'area' : 'line'}
      stacked={panel.stacked ?? false}
      from={from}
      to={to}
      loading={data === undefined && !error}
      error={error}
      onRetry={refetch}
      note={lines && lines.total > DRAWN ? t('drawn', { drawn: DRAWN, total: lines.total }) : undefined}
    />
  )
}

function useRows(props: PanelProps) {
  const { data, error, refetch } = useAnswers(props, true)
  const rows = useMemo(
    () => data?.flatMap((answer, i) => rowsOf(answer).map((row) => ({ ...row, label: legendText(row.metric, props.panel.queries[i]?.legend ?? '') }))),
    [data, props.panel],
  )
  return { rows, error, refetch }
}

function OneNumber(props: PanelProps) {
  const { panel } = props
  const { t } = useTranslation('metrics')
  const text = useText()
  const { rows, error } = useRows(props)
  const [first, ...more] = rows ?? []
  const note = error ? error.message : more.length > 0 ? t('more', { count: more.length }) : undefined
  return <Stat label={text(panel.title)} value={first?.value} unit={panel.unit} loading={rows === undefined && !error} {...(note !== undefined && { note })} />
}

function Rows(props: PanelProps) {
  const { panel } = props
  const { t } = useTranslation('metrics')
  const text = useText()
  const format = useFormat()
  const { rows, error, refetch } = useRows(props)
  const most = Math.max(0, ...(rows ?? []).map(({ value }) => value ?? 0))
  return (
    <Panel title={text(panel.title)} flush note={rows && rows.length > ROWS ? t('drawn', { drawn: ROWS, total: rows.length }) : undefined}>
      {error && !rows ? (
        <ErrorState error={error} onRetry={refetch} compact />
      ) : rows === undefined ? (
        <LoadingState />
      ) : rows.length === 0 ? (
        <EmptyState title={t('noSeries')} />
      ) : (
        <PlainTable head={[t('column.series'), ...(panel.kind === 'bar' ? [t('share')] : []), { title: t('column.value'), number: true }]}>
          {rows.slice(0, ROWS).map(({ key, label, value, text: raw }) => (
            <tr key={key}>
              <th scope="row">{label}</th>
              {panel.kind === 'bar' && (
                <td>
                  <svg width={160} height={10} aria-hidden="true">
                    <rect width={most > 0 ? Math.max(0, (160 * (value ?? 0)) / most) : 0} height={10} fill="var(--sp-hue-1)" />
                  </svg>
                </td>
              )}
              <td data-number>{value === null ? raw : format.value(value, panel.unit)}</td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Panel>
  )
}
