/** The ten slowest requests of the range. */
import { Button } from '@mantine/core'
import { useMemo } from 'react'
import { DataTable } from '#kits/console-kit/data-table.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import { addFilter } from './filters.ts'
import { requestColumns, requestKey } from './request-columns.tsx'
import { INGRESS_REQUESTS, type Ingress, useRequests } from './use-ingress.ts'
import { useWords } from './words.ts'

const SHOWN = ['request_time', 'upstream_time', 'status', 'method', 'path', 'ts']

export function SlowRequests({ ingress }: { ingress: Ingress }) {
  const t = useWords()
  const { filters, setFilters, open } = ingress
  const answer = useRequests(ingress, { sort: 'request_time', order: 'desc', limit: 10 })
  const columns = useMemo(
    () => requestColumns(t, (field, value) => setFilters(addFilter(filters, { field, op: 'eq', value })), SHOWN).map((c) => ({ ...c, sortable: false })),
    [t, filters, setFilters],
  )
  const rows = useMemo(() => answer.data?.rows.filter((row) => typeof row.request_time === 'number'), [answer.data])
  return (
    <Panel
      title={t('slow.title')}
      flush
      actions={
        <Button size="compact-xs" variant="subtle" onClick={() => open(INGRESS_REQUESTS, filters, { 'requests.sort': 'request_time' })}>
          {t('slow.all')}
        </Button>
      }
    >
      <DataTable
        id="slow"
        label={t('slow.title')}
        columns={columns}
        rows={rows}
        rowKey={requestKey}
        loading={answer.loading}
        error={answer.error}
        updatedAt={answer.updatedAt}
        height="rows"
        searchable={false}
        empty={{ title: t('slow.none') }}
      />
    </Panel>
  )
}
