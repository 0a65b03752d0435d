/** Columns of raw rows, shared by the requests page, the slow requests and the live table. */
import type { Column } from '#kits/console-kit/data-table.tsx'
import type { RequestRow } from '../domain/api.ts'
import { FilterValue } from './filter-value.tsx'
import type { Field } from './filters.ts'
import styles from './request-columns.module.css'

type Words = (key: string) => string
export type Pick = (field: Field, value: string) => void

/** In the order in which they are shown. */
const NARROW = ['method', 'status', 'protocol', 'tls', 'country', 'arm', 'upstream_status'] as const satisfies readonly Field[]
const SHOWN: readonly string[] = ['method', 'host', 'path', 'status', 'client', 'upstream_addr']
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

const WIDE: Partial<Record<Field, number>> = { path: 260, path_pattern: 220, user_agent: 280, referer: 220, host: 150, upstream_addr: 150, client: 130 }

const text = (row: RequestRow, name: string): string => {
  const value = row[name]
  return value === null || value === undefined ? '' : String(value)
}

/** @param pick adds a filter for a clicked value @param hidden ids to leave for the column chooser, besides those that are hidden anyway */
export function requestColumns(t: Words, pick: Pick, hidden: readonly string[] = []): Column<RequestRow>[] {
  const words = WORDS.map(
    (field): Column<RequestRow> => ({
      id: field,
      title: t(`field.${field}`),
      width: WIDE[field] ?? ((NARROW as readonly Field[]).includes(field) ? 76 : 120),
      sortable: field === 'status',
      hidden: !SHOWN.includes(field) || hidden.includes(field),
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
    width: 92,
    sortable,
    hidden: id === 'bytes_in' || hidden.includes(id),
  })
  const status = words.findIndex((c) => c.id === 'status')
  return [
    { id: 'ts', title: t('field.ts'), unit: 'time', align: 'start', width: 156, sortable: true },
    ...words.slice(0, status + 1),
    number('request_time', true),
    number('upstream_time', true),
    number('bytes_out', true),
    ...words.slice(status + 1),
    number('bytes_in', false),
    { id: 'trace_id', title: t('field.trace_id'), width: 240, sortable: false, hidden: true },
  ]
}

/** Rows have no id: what a request was, as far as the log can tell two apart. */
export const requestKey = (row: RequestRow): string =>
  `${row.ts}|${text(row, 'trace_id')}|${text(row, 'client')}|${text(row, 'path')}|${text(row, 'request_time')}|${text(row, 'bytes_out')}|${text(row, 'upstream_addr')}`
