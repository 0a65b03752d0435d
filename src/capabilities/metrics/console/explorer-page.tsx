/** Metrics: any PromQL, as a graph and as a table. The question stands in the URL, so that a link shows the same. */
import { Alert, Button, Group, SegmentedControl, Stack } from '@mantine/core'
import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { PageHead, Panel } from '#kits/console-kit/panel.tsx'
import { EmptyState, ErrorState, LoadingState } from '#kits/console-kit/states.tsx'
import { niceStep } from '#kits/console-kit/time-range.ts'
import { urlText } from '#kits/console-kit/url-fields.ts'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useFormat } from '#kits/console-kit/use-format.ts'
import { useTimeRange } from '#kits/console-kit/use-time-range.tsx'
import type { QueryAnswer } from '../domain/api.ts'
import { linesOf, rowsOf, type Sampled } from '../domain/drawing.ts'
import { QueryField } from './query-field.tsx'

// The table and the words are there before what draws is.
const Chart = lazy(async () => ({ default: (await import('#kits/console-kit/chart.tsx')).Chart }))

const view = z.object({ query: urlText, as: z.enum(['graph', 'table']).default('graph') })
/** Lines that one can tell apart at all, and series that are asked for over a range. */
const DRAWN = 40
const ASKED = 1_000
const EXAMPLES = ['up', 'sum by (job) (up)', 'topk(10, count by (__name__) ({__name__=~".+"}))', 'rate(process_cpu_seconds_total[5m])']

export default function ExplorerPage() {
  const { t } = useTranslation('metrics')
  const [{ query, as }, setState] = useUrlState(view)
  const [typed, setTyped] = useState(query)
  useEffect(() => setTyped(query), [query])
  const ask = (text = typed) => setState({ query: text.trim() })
  return (
    <>
      <PageHead title={t('explorer.title')} lead={t('explorer.lead')} />
      <Panel>
        <Stack gap="xs">
          <QueryField value={typed} onChange={setTyped} onAsk={() => ask()} />
          <Group gap="xs">
            <Button size="xs" onClick={() => ask()} disabled={typed.trim() === ''}>
              {t('ask')}
            </Button>
            <SegmentedControl
              size="xs"
              aria-label={t('as.label')}
              value={as}
              onChange={(value) => setState({ as: value === 'table' ? 'table' : 'graph' })}
              data={[
                { value: 'graph', label: t('as.graph') },
                { value: 'table', label: t('as.table') },
              ]}
            />
          </Group>
        </Stack>
      </Panel>
      {query === '' ? (
        <EmptyState title={t('explorer.none')}>
          <Group gap="xs" justify="center">
            {EXAMPLES.map((example) => (
              <Button key={example} size="compact-sm" variant="default" onClick={() => ask(example)}>
                {example}
              </Button>
            ))}
          </Group>
        </EmptyState>
      ) : (
        <Answer query={query} as={as} />
      )}
    </>
  )
}

function Answer({ query, as }: { query: string; as: 'graph' | 'table' }) {
  const { t } = useTranslation('metrics')
  const format = useFormat()
  const { path } = useCluster()
  const { from, to } = useTimeRange()
  const step = niceStep(from, to)
  const [start, end] = [Math.floor(from / step) * step, Math.floor(to / step) * step]
  const url = path('/metrics/query')
  const now = useApi<QueryAnswer>(url, { query, start: end, end })
  const rows = useMemo(() => (now.data ? rowsOf(now.data) : undefined), [now.data])
  // A range of a great many series is not asked for: nobody could read it.
  const tooMany = now.data?.data.resultType === 'vector' && now.data.data.result.length > ASKED
  const matrix = now.data?.data.resultType === 'matrix'
  const over = useApi<QueryAnswer>(as === 'graph' && now.data && !tooMany && !matrix ? url : undefined, { query, start, end, step })
  const lines = useMemo(() => (over.data ? linesOf([{ answer: over.data, legend: '' }], start, end, step, DRAWN) : undefined), [over.data, start, end, step])
  const columns = useMemo<Column<Sampled>[]>(
    () => [
      { id: 'series', title: t('column.series'), width: 640, value: ({ key }) => key },
      {
        id: 'value',
        title: t('column.value'),
        unit: 'number',
        width: 180,
        value: ({ value }) => value,
        cell: ({ value, text }) => (value === null ? text : format.value(value, 'number')),
      },
    ],
    [t, format],
  )
  const error = now.error ?? over.error
  if (error && !rows) return <ErrorState error={error} onRetry={now.refetch} />
  if (!rows) return <LoadingState />
  const notes = [...(now.data?.warnings ?? []), ...(now.data?.infos ?? [])]
  return (
    <>
      {notes.length > 0 && (
        <Alert color="yellow" title={t('notes')}>
          {notes.map((note) => (
            <div key={note}>{note}</div>
          ))}
        </Alert>
      )}
      {as === 'graph' && (tooMany || matrix) && <Alert color="yellow">{tooMany ? t('tooMany', { count: rows.length, most: ASKED }) : t('rangeVector')}</Alert>}
      {as === 'graph' && !tooMany && !matrix && (
        <Suspense fallback={<LoadingState />}>
          <Chart
            title={t('as.graph')}
            unit="number"
            ts={lines?.ts}
            series={lines?.series ?? []}
            from={from}
            to={to}
            height={340}
            min="auto"
            loading={over.loading}
            error={over.error}
            onRetry={over.refetch}
            stale={over.stale}
            note={lines && lines.total > DRAWN ? t('drawn', { drawn: DRAWN, total: lines.total }) : undefined}
          />
        </Suspense>
      )}
      <Panel title={t('now', { count: rows.length })} flush>
        <DataTable
          id="series"
          label={t('column.series')}
          columns={columns}
          rowKey={({ key }) => key}
          rows={rows}
          updatedAt={now.updatedAt}
          height="rows"
          empty={{ title: t('noSeries') }}
        />
      </Panel>
    </>
  )
}
