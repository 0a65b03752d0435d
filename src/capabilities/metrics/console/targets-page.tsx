/** Targets: what every scrape says of itself (`up` and its companions), whoever scrapes. */
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { EmptyState, ErrorState } from '#kits/console-kit/states.tsx'
import { StatusMark } from '#kits/console-kit/status-mark.tsx'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useTimeRange } from '#kits/console-kit/use-time-range.tsx'
import type { QueryAnswer } from '../domain/api.ts'
import { type TargetRow, targetsOf } from '../domain/targets.ts'

const QUERY = '{__name__=~"up|scrape_duration_seconds|scrape_samples_scraped|scrape_samples_post_metric_relabeling|scrape_series_added"}'
const REFRESH_MS = 15_000

export default function TargetsPage() {
  const { t } = useTranslation('metrics')
  const { path } = useCluster()
  const { to } = useTimeRange()
  const at = Math.floor(to / 1000) * 1000
  const { data, error, refetch, updatedAt } = useApi<QueryAnswer>(path('/metrics/query'), { query: QUERY, start: at, end: at }, { refreshMs: REFRESH_MS })
  const rows = useMemo(() => (data ? targetsOf(data) : undefined), [data])
  const columns = useMemo<Column<TargetRow>[]>(() => {
    const column = (name: string) => t(`target.${name}`)
    return [
      {
        id: 'state',
        title: column('state'),
        width: 110,
        value: ({ up }) => (up === null ? 1 : up ? 2 : 0),
        cell: ({ up }) => (
          <StatusMark status={up === null ? 'unknown' : up ? 'ok' : 'error'} text={up === null ? undefined : t(up ? 'target.up' : 'target.down')} />
        ),
      },
      { id: 'job', title: column('job'), width: 220, value: ({ job }) => job },
      { id: 'instance', title: column('instance'), width: 220, value: ({ instance }) => instance },
      { id: 'labels', title: column('labels'), width: 260, value: ({ labels }) => labels },
      { id: 'duration', title: column('duration'), unit: 'seconds', width: 120, value: ({ seconds }) => seconds },
      { id: 'scraped', title: column('scraped'), unit: 'number', width: 130, value: ({ scraped }) => scraped },
      { id: 'kept', title: column('kept'), unit: 'number', width: 150, value: ({ kept }) => kept },
      { id: 'added', title: column('added'), unit: 'number', width: 120, value: ({ added }) => added },
    ]
  }, [t])
  const down = rows?.filter(({ up }) => up === false).length ?? 0
  return (
    <>
      <PageHead title={t('targets.title')} lead={t('targets.lead')} />
      {error && !data ? (
        <ErrorState error={error} onRetry={refetch} />
      ) : rows?.length === 0 ? (
        <EmptyState title={t('targets.none')}>{t('targets.noneHint')}</EmptyState>
      ) : (
        <Panel title={rows && t('targets.count', { up: rows.length - down, count: rows.length })} note={down > 0 && t('targets.why')} flush>
          <DataTable
            id="targets"
            label={t('targets.title')}
            columns={columns}
            rowKey={({ key }) => key}
            rows={rows}
            error={error}
            updatedAt={updatedAt}
            initialSort={{ id: 'state', order: 'asc' }}
          />
        </Panel>
      )}
    </>
  )
}
