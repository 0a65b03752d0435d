/** Columns of raw rows, shared by the requests page, the slow requests and the live table. */
import type { Column } from '#kits/console-kit/data-table.tsx'
import type { RequestRow } from '../domain/api.ts'
import { FilterValue } from './filter-value.tsx'
import type { Field } from './filters.ts'
import styles from './request-columns.module.css'

type Words = (key: string) => string
export type Pick = (field: Field, value: string) => void

const WORDS = [
  'method',
  'host',
  'path',
  'status',
  'client',
  'country',
  'upstream_addr',
  'upstream_status',
  'route',
  'namespace',
  'service',
  'workload',
  'pod',
  'arm',
  'path_pattern',
  'user_agent',
  'ua_family',
  'referer',
  'protocol',
  'tls',
  'source',
] as const satisfies readonly Field[]

const WIDTHS: Partial<Record<Field, number>> = {
  method: 72,
  status: 88,
  protocol: 84,
  tls: 84,
  arm: 84,
  upstream_status: 84,
  country: 100,
  path: 190,
  path_pattern: 220,
  user_agent: 280,
  referer: 220,
  host: 150,
  upstream_addr: 150,
  client: 130,
}

const text = (row: RequestRow, name: string): string => {
  const value = row[name]
  return value === null || value === undefined ? '' : String(value)
}

/** @param pick adds a filter for a clicked value @param shown ids to show at first, in this order; all others wait in the column chooser */
export function requestColumns(t: Words, pick: Pick, shown: readonly string[]): Column<RequestRow>[] {
  const words = WORDS.map(
    (field): Column<RequestRow> => ({
      id: field,
      title: t(`field.${field}`),
      width: WIDTHS[field] ?? 120,
      sortable: field === 'status',
      value: (row) => text(row, field),
      cell: (row) =>
        field === 'status' ? (
          <span className={styles.status} data-class={text(row, 'status').slice(0, 1)}>
            <FilterValue field={field} value={text(row, field)} onPick={pick} />
          </span>
        ) : (
          <FilterValue field={field} value={text(row, field)} onPick={pick} />
        ),
    }),
  )
  const number = (id: 'request_time' | 'upstream_time' | 'bytes_out' | 'bytes_in', sortable: boolean): Column<RequestRow> => ({
    id,
    title: t(`field.${id}`),
    unit: id.startsWith('bytes') ? 'bytes' : 'seconds',
    width: 112,
    sortable,
  })
  const columns: Column<RequestRow>[] = [
    { id: 'ts', title: t('field.ts'), unit: 'time', align: 'start', width: 176, sortable: true },
    number('request_time', true),
    number('upstream_time', true),
    number('bytes_out', true),
    number('bytes_in', false),
    ...words,
    { id: 'trace_id', title: t('field.trace_id'), width: 240, sortable: false },
  ]
  const place = ({ id }: Column<RequestRow>) => (shown.includes(id) ? shown.indexOf(id) : shown.length)
  return columns.map((column) => ({ ...column, hidden: !shown.includes(column.id) })).sort((a, b) => place(a) - place(b))
}

/** Rows have no id: what a request was, as far as the log can tell two apart. */
export const requestKey = (row: RequestRow): string =>
  `${row.ts}|${text(row, 'trace_id')}|${text(row, 'client')}|${text(row, 'path')}|${text(row, 'request_time')}|${text(row, 'bytes_out')}|${text(row, 'upstream_addr')}`
