/** 499, 502, 503 and 504 by upstream: who was given up on, who was unreachable, who was too slow. */
import { useMemo } from 'react'
import { type Column, DataTable } from '#kits/console-kit/data-table.tsx'
import { Panel } from '#kits/console-kit/panel.tsx'
import type { TopRow } from '../domain/api.ts'
import styles from './filter-value.module.css'
import { FilterValue } from './filter-value.tsx'
import { addFilter, type Filter } from './filters.ts'
import { INGRESS_REQUESTS, type Ingress, useTop } from './use-ingress.ts'
import { textsOf } from './view.ts'
import { useFieldWords, useWords } from './words.ts'

const FAILURES = [499, 502, 503, 504] as const
const statusIs = (status: number): Filter => ({ field: 'status', op: 'eq', value: String(status) })

export function FailingUpstreams({ ingress }: { ingress: Ingress }) {
  const t = useWords()
  const words = useFieldWords()
  const { filters, setFilters, open } = ingress
  // Equal statuses are joined by "or": a status that was chosen for the page would widen this question instead of narrowing it.
  const others = useMemo(() => filters.filter((f) => f.field !== 'status'), [filters])
  const filter = useMemo(() => textsOf([...others, ...FAILURES.map(statusIs)]), [others])
  const answer = useTop(ingress, { by: 'upstream_addr', sort: 'requests', limit: 50, filter })
  const columns = useMemo<Column<TopRow>[]>(
    () => [
      {
        id: 'key',
        title: t('field.upstream_addr'),
        width: 150,
        cell: (row) =>
          row.key === '' ? (
            <span className={styles.value} data-empty>
              {t('failing.noUpstream')}
            </span>
          ) : (
            <FilterValue field="upstream_addr" value={row.key} onPick={(field, value) => setFilters(addFilter(filters, { field, op: 'eq', value }))} />
          ),
      },
      ...FAILURES.map(
        (status): Column<TopRow> => ({
          id: `s${status}`,
          title: String(status),
          unit: 'number',
          width: 60,
          help: t(`status.${status}`),
          cell: (row) => (
            <Count
              count={row[`s${status}`]}
              label={`${words.value('upstream_addr', row.key)} ${status}`}
              onOpen={() => open(INGRESS_REQUESTS, [...others, statusIs(status), { field: 'upstream_addr', op: 'eq', value: row.key }])}
            />
          ),
        }),
      ),
      { id: 'requests', title: t('failing.sum'), unit: 'number', width: 72 },
    ],
    [t, words, filters, others, setFilters, open],
  )
  return (
    <Panel title={t('failing.title')} flush>
      <DataTable
        id="failing"
        label={t('failing.title')}
        columns={columns}
        rows={answer.data?.rows}
        rowKey={(row) => row.key}
        loading={answer.loading}
        error={answer.error}
        updatedAt={answer.updatedAt}
        initialSort={{ id: 'requests', order: 'desc' }}
        height="rows"
        searchable={false}
        empty={{ title: t('failing.none') }}
      />
    </Panel>
  )
}

function Count({ count, label, onOpen }: { count: number; label: string; onOpen: () => void }) {
  const t = useWords()
  if (count === 0) return <span className={styles.zero}>0</span>
  return (
    <button
      type="button"
      className={styles.value}
      aria-label={`${count}: ${t('top.openRequestsOf', { value: label })}`}
      title={t('top.openRequests')}
      onClick={onOpen}
    >
      {count}
    </button>
  )
}
