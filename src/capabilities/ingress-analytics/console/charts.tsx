/** All charts of the page on one time axis, with the marks of what changed. */
import { Button } from '@mantine/core'
import { IconFilter } from '@tabler/icons-react'
import { useMemo } from 'react'
import { formatDuration } from '#core/kernel/duration.ts'
import { Chart, type ChartMark, type ChartSeries } from '#kits/console-kit/chart.tsx'
import { niceStep } from '#kits/console-kit/time-range.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { type Mark, NUMBERS } from '../domain/api.ts'
import styles from './charts.module.css'
import { addFilter, addStatusClass } from './filters.ts'
import { unitOf } from './numbers.ts'
import { type Panel, type PanelSeries, panels } from './panels.ts'
import { type Ingress, offsetOf, useMarks, useSeries } from './use-ingress.ts'
import { useWords } from './words.ts'

/** The order of the charts; wide ones fill a row with their neighbor. */
const FRAMES: readonly { id: Panel['id']; wide?: boolean }[] = [
  { id: 'requests', wide: true },
  { id: 'success' },
  { id: 'latency' },
  { id: 'upstream' },
  { id: 'traffic' },
  { id: 'failures', wide: true },
  { id: 'visitors' },
]

export function Charts({ ingress }: { ingress: Ingress }) {
  const t = useWords()
  const marks = useMarkLabels(ingress)
  const answer = useSeries(ingress, niceStep(ingress.query.from, ingress.query.to))
  const offset = offsetOf(ingress)
  const drawn = useMemo(() => new Map(answer.data ? panels(answer.data, offset).map((p) => [p.id, p]) : []), [answer.data, offset])
  const series = useMemo(() => {
    const label = (s: PanelSeries): ChartSeries => {
      const name = t(`line.${s.name}`)
      return {
        name: s.name,
        label: s.compared ? t('compare.earlier', { name }) : name,
        values: s.values,
        color: s.color,
        ...(s.compared ? { compared: true } : {}),
      }
    }
    return new Map([...drawn].map(([id, p]) => [id, p.series.map(label)]))
  }, [drawn, t])
  return (
    <div className={styles.charts}>
      {FRAMES.map(({ id, wide }) => {
        const panel = drawn.get(id)
        return (
          <div key={id} data-wide={wide || undefined}>
            <Chart
              title={t(`panel.${id}`)}
              unit={panel?.unit ?? 'number'}
              ts={answer.data?.ts}
              series={series.get(id) ?? []}
              kind={panel?.stacked ? 'area' : 'line'}
              stacked={panel?.stacked ?? false}
              marks={marks}
              loading={answer.loading}
              error={answer.error}
              onRetry={answer.refetch}
              stale={answer.stale}
              note={panel?.per === undefined ? undefined : t('panel.per', { step: formatDuration(panel.per) })}
              actions={panel && <Pick panel={panel} ingress={ingress} />}
              {...(id === 'success' ? { min: 'auto' as const, max: 1 } : {})}
            />
          </div>
        )
      })}
    </div>
  )
}

/** Buttons that filter by the status classes and codes that a chart shows. */
function Pick({ panel, ingress }: { panel: Panel; ingress: Ingress }) {
  const t = useWords()
  const { filters, setFilters } = ingress
  const choices = panel.series.flatMap(({ statusClass, status }) => {
    if (statusClass !== undefined && statusClass >= 4) return [{ name: `${statusClass}xx`, next: addStatusClass(filters, statusClass) }]
    if (status !== undefined) return [{ name: String(status), next: addFilter(filters, { field: 'status', op: 'eq', value: String(status) }) }]
    return []
  })
  return choices.map(({ name, next }) => (
    <Button
      key={name}
      size="compact-xs"
      variant="subtle"
      color="gray"
      leftSection={<IconFilter size={12} aria-hidden />}
      title={t('filter.only', { value: name })}
      aria-label={t('filter.only', { value: name })}
      onClick={() => setFilters(next)}
    >
      {name}
    </Button>
  ))
}

function useMarkLabels(ingress: Ingress): readonly ChartMark[] {
  const t = useWords()
  const format = useFormat()
  const { data } = useMarks(ingress)
  return useMemo(() => {
    const label = ({ kind, what, before, after }: Mark): string => {
      const number = NUMBERS.find((n) => n === what)
      const named = number ? t(`number.${number}`) : what
      if (kind !== 'change') return t(`mark.${kind}`, { what: named })
      if (before === undefined || after === undefined || !number) return t('mark.changeUnknown', { what: named })
      return t('mark.change', { what: named, before: format.value(before, unitOf(number)), after: format.value(after, unitOf(number)) })
    }
    return (data?.marks ?? []).map((mark) => ({ ts: mark.ts, label: label(mark), tone: mark.kind === 'alert' ? ('error' as const) : ('neutral' as const) }))
  }, [data, t, format])
}
