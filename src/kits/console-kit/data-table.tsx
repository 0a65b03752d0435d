// biome-ignore-all lint/a11y/useSemanticElements: rows are placed by transform, which native table elements cannot be; the roles say the same.
/** The table of the console: server or client rows, virtual, sorted and searched through the URL, operated by keyboard, steady while one reads. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useId, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { z } from 'zod'
import { type ApiError, asApiError } from './api.ts'
import styles from './data-table.module.css'
import { EmptyState, ErrorState } from './states.tsx'
import { type Column, cellValue, chosenColumns, isNumeric, type Sort } from './table-rows.ts'
import { TableToolbar } from './table-toolbar.tsx'
import { urlText } from './url-fields.ts'
import { useUrlState } from './url-state.ts'
import { useFormat } from './use-format.ts'
import { type Load, type TableData, useClientRows, useServerRows, useSteady } from './use-table-data.ts'

export type { Column, Sort } from './table-rows.ts'
export type { Load, LoadRequest } from './use-table-data.ts'

export interface DataTableProps<Row> {
  /** Prefix of its state in the URL; unique on the page, e.g. `requests`. */
  id: string
  /** Accessible name. */
  label: string
  /** Keep the array stable (module scope or useMemo). */
  columns: readonly Column<Row>[]
  rowKey: (row: Row) => string
  /** Client mode: all rows, undefined while loading. */
  rows?: readonly Row[]
  loading?: boolean
  error?: ApiError | undefined
  /** When `rows` arrived, ms; older than a minute is said. */
  updatedAt?: number
  /** Server mode: one page. What it depends on besides sort, search and columns stands in `loadKey`. */
  load?: Load<Row>
  /** What people chose (filters, range text): a change is shown at once. */
  loadKey?: readonly unknown[]
  /** What moves by itself (the range's moments): held back while someone reads. */
  refreshKey?: readonly unknown[]
  initialSort?: Sort
  /** Click or Enter on a row. */
  onRowOpen?: (row: Row) => void
  /** What is missing and how to get it, when there is not one row and no search. */
  empty?: { title: string; hint?: ReactNode; action?: ReactNode }
  /** Height of the scrolled part; `rows` grows with up to 12 rows. Default `screen`. */
  height?: 'screen' | 'rows'
  searchable?: boolean
  /** More controls in the toolbar. */
  toolbar?: ReactNode
}

const OVERSCAN = 8
/** Typing settles for this long before the server hears of it; rows in the browser are searched at every key. */
const TYPING_MS = 150
const NO_KEY: readonly unknown[] = []

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { id, columns, rows, load, initialSort, loadKey = NO_KEY, refreshKey = NO_KEY, searchable = true } = props
  const { t } = useTranslation('kit')
  const schema = useMemo(
    () =>
      z.object({
        sort: z
          .string()
          .max(64)
          .default(initialSort?.id ?? ''),
        order: z.enum(['asc', 'desc']).default(initialSort?.order ?? 'desc'),
        q: urlText,
        cols: urlText,
      }),
    [initialSort?.id, initialSort?.order],
  )
  const [url, setUrl] = useUrlState(schema, `${id}.`)
  const shown = useMemo(() => chosenColumns(columns, url.cols === '' ? [] : url.cols.split(',')), [columns, url.cols])
  const sort = useMemo(
    () => (url.sort && columns.some((column) => column.id === url.sort) ? { id: url.sort, order: url.order } : undefined),
    [url.sort, url.order, columns],
  )

  const body = useRef<HTMLDivElement>(null)
  const chosen = JSON.stringify([loadKey, url.q, url.sort, url.order])
  const moving = JSON.stringify(refreshKey)
  const reading = useReading(body, chosen)
  const [visible, setVisible] = useState({ first: 0, last: 0 })
  const steadyRows = useSteady(rows, reading)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new closure alone is no new data; the keys say when it is.
  const source = useMemo(() => ({ load, key: [chosen, moving] }), [chosen, moving])
  // What moves waits for the answer that is on its way: faster than answers come, it would be asked for ever and never shown.
  const [asked, setAsked] = useState<string>()
  const current = useSteady(source, reading || asked === chosen)

  const client = useClientRows(steadyRows, columns, load ? undefined : sort, load ? '' : url.q)
  const server = useServerRows(
    load && current.load,
    [id, ...current.key],
    { sort: sort?.id, order: url.order, search: url.q, columns: shown.map((column) => column.id) },
    visible,
  )
  const asking = load !== undefined && server.fetching ? current.key[0] : undefined
  useEffect(() => setAsked(asking), [asking])
  const data: TableData<Row> = load
    ? server
    : {
        ...client,
        loading: rows === undefined && (props.loading ?? true) && !props.error,
        fetching: false,
        stale: rows !== undefined && props.error !== undefined,
        error: props.error ? asApiError(props.error) : undefined,
        updatedAt: props.updatedAt,
        retry: () => {},
      }

  return (
    <div className={styles.table} data-height={props.height ?? 'screen'}>
      <TableToolbar
        columns={columns}
        shown={shown}
        onColumns={(ids) => setUrl({ cols: ids.join(',') }, { replace: true })}
        search={searchable ? url.q : undefined}
        onSearch={(q) => setUrl({ q }, { replace: true })}
        onSearchFocus={load ? undefined : client.prepareSearch}
        typingMs={load ? TYPING_MS : 0}
        data={data}
        paused={reading && (load ? current !== source : steadyRows !== rows)}
      >
        {props.toolbar}
      </TableToolbar>
      <div ref={body}>
        {data.error && data.count === 0 ? (
          <ErrorState error={data.error} onRetry={load ? data.retry : undefined} />
        ) : !data.loading && data.count === 0 ? (
          <EmptyState title={url.q ? t('empty.search') : (props.empty?.title ?? t('empty.range'))} action={url.q ? undefined : props.empty?.action}>
            {url.q ? undefined : props.empty?.hint}
          </EmptyState>
        ) : (
          <Grid
            {...props}
            shown={shown}
            sort={sort}
            server={load !== undefined}
            data={data}
            onSort={(column) =>
              setUrl({ sort: column.id, order: sort?.id === column.id ? (sort.order === 'desc' ? 'asc' : 'desc') : isNumeric(column.unit) ? 'desc' : 'asc' })
            }
            onVisible={setVisible}
          />
        )}
      </div>
    </div>
  )
}

interface GridProps<Row> extends DataTableProps<Row> {
  shown: readonly Column<Row>[]
  sort: Sort | undefined
  server: boolean
  data: TableData<Row>
  onSort: (column: Column<Row>) => void
  onVisible: (range: { first: number; last: number }) => void
}

const SKELETON_ROWS = 8
/** What a column needs at least, px, when it says nothing or too little: a moment is never cut. */
const DEFAULT_WIDTH = 120
const MOMENT_WIDTH = 172
const widthOf = <Row,>({ width = DEFAULT_WIDTH, unit, cell }: Column<Row>) => (unit === 'time' && !cell ? Math.max(width, MOMENT_WIDTH) : width)

function Grid<Row>({ label, rowKey, shown, sort, server, data, onSort, onVisible, onRowOpen }: GridProps<Row>) {
  const { t } = useTranslation('kit')
  const scroller = useRef<HTMLDivElement>(null)
  const gridId = useId()
  const [active, setActive] = useState(-1)
  const count = data.loading ? SKELETON_ROWS : data.count
  const rowHeight = useRowHeight(scroller)
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: OVERSCAN,
    scrollPaddingStart: rowHeight,
  })
  const items = virtual.getVirtualItems()
  const first = items[0]?.index ?? 0
  const last = items.at(-1)?.index ?? 0
  useEffect(() => onVisible({ first, last }), [first, last, onVisible])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new row height is what must be measured.
  useEffect(() => virtual.measure(), [rowHeight, virtual])

  // Head and rows are grids of their own: only a width that does not depend on what is in them keeps their columns in line.
  const widths = shown.map(widthOf)
  const width = widths.reduce((sum, one) => sum + one, 0)
  const template = widths.map((one) => `minmax(${one}px, ${one}fr)`).join(' ')
  const move = useCallback(
    (to: number) => {
      const next = Math.max(0, Math.min(count - 1, to))
      setActive(next)
      virtual.scrollToIndex(next)
    },
    [count, virtual],
  )
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.metaKey || event.ctrlKey || event.altKey) return
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 2)
    const steps: Record<string, number> = {
      ArrowDown: active + 1,
      j: active + 1,
      ArrowUp: active - 1,
      k: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: count - 1,
    }
    const step = steps[event.key]
    if (step !== undefined) {
      event.preventDefault()
      move(step)
    } else if (event.key === 'Enter' && active >= 0) {
      const row = data.row(active)
      if (row !== undefined) onRowOpen?.(row)
    }
  }

  return (
    <div
      ref={scroller}
      className={styles.scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={data.loading ? undefined : count + 1}
      aria-colcount={shown.length}
      aria-busy={data.loading || data.stale}
      aria-activedescendant={active >= 0 && active >= first && active <= last ? `${gridId}-${active}` : undefined}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onFocus={(event) => event.target === event.currentTarget && active < 0 && setActive(0)}
    >
      <div className={styles.head} role="row" aria-rowindex={1} style={{ gridTemplateColumns: template, width }} tabIndex={-1}>
        {shown.map((column) => (
          <HeadCell key={column.id} column={column} sort={sort} sortable={column.sortable ?? !server} onSort={onSort} />
        ))}
      </div>
      <div role="rowgroup" className={styles.rows} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = data.loading ? undefined : data.row(item.index)
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on the grid opens the active row.
            <div
              key={row === undefined ? item.index : rowKey(row)}
              id={`${gridId}-${item.index}`}
              role="row"
              tabIndex={-1}
              aria-rowindex={item.index + 2}
              aria-selected={item.index === active}
              className={styles.row}
              data-odd={item.index % 2 === 1 || undefined}
              data-stale={data.stale || undefined}
              data-open={(onRowOpen && row !== undefined) || undefined}
              style={{ gridTemplateColumns: template, width, transform: `translateY(${item.start}px)` }}
              onClick={() => {
                if (!window.getSelection()?.isCollapsed) return
                setActive(item.index)
                if (row !== undefined) onRowOpen?.(row)
              }}
            >
              {shown.map((column) => (
                <Cell key={column.id} column={column} row={row} loading={t('loading')} />
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function HeadCell<Row>({
  column,
  sort,
  sortable,
  onSort,
}: {
  column: Column<Row>
  sort: Sort | undefined
  sortable: boolean
  onSort: (column: Column<Row>) => void
}) {
  const order = sort?.id === column.id ? sort.order : undefined
  return (
    <div
      role="columnheader"
      tabIndex={-1}
      className={styles.cell}
      data-align={column.align ?? (isNumeric(column.unit) ? 'end' : 'start')}
      aria-sort={sortable ? (order === 'asc' ? 'ascending' : order === 'desc' ? 'descending' : 'none') : undefined}
      title={column.help ?? column.title}
    >
      {sortable ? (
        <button type="button" className={styles.sort} onClick={() => onSort(column)}>
          <span>{column.title}</span>
          <span aria-hidden="true" className={styles.arrow}>
            {order === 'asc' ? '▲' : order === 'desc' ? '▼' : ''}
          </span>
        </button>
      ) : (
        <span className={styles.plain}>{column.title}</span>
      )}
    </div>
  )
}

function Cell<Row>({ column, row, loading }: { column: Column<Row>; row: Row | undefined; loading: string }) {
  const format = useFormat()
  const value = row === undefined ? undefined : cellValue(column, row)
  const text = row === undefined ? '' : format.value(value, column.unit ?? 'text')
  return (
    <div
      role="gridcell"
      tabIndex={-1}
      className={styles.cell}
      data-align={column.align ?? (isNumeric(column.unit) ? 'end' : 'start')}
      title={column.cell ? undefined : text}
    >
      {row === undefined ? <span className={styles.skeleton} role="img" aria-label={loading} /> : column.cell ? column.cell(row) : text}
    </div>
  )
}

/** Is the pointer over the element since the last choice, or text in it selected? */
function useReading(ref: React.RefObject<HTMLElement | null>, chosen: string): boolean {
  const [over, setOver] = useState(false)
  const [selected, setSelected] = useState(false)
  // Who changes what is shown wants to see it, wherever the pointer is.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the choice is the trigger.
  useEffect(() => setOver(false), [chosen])
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const enter = () => setOver(true)
    const leave = () => setOver(false)
    const select = () => {
      const selection = document.getSelection()
      setSelected(selection !== null && !selection.isCollapsed && selection.anchorNode !== null && element.contains(selection.anchorNode))
    }
    element.addEventListener('pointerenter', enter)
    element.addEventListener('pointerleave', leave)
    document.addEventListener('selectionchange', select)
    return () => {
      element.removeEventListener('pointerenter', enter)
      element.removeEventListener('pointerleave', leave)
      document.removeEventListener('selectionchange', select)
    }
  }, [ref])
  return over || selected
}

/** The row height of the density in force, px. */
function useRowHeight(ref: React.RefObject<HTMLElement | null>): number {
  const [height, setHeight] = useState(32)
  useEffect(() => {
    const read = () => setHeight(Number.parseFloat(getComputedStyle(ref.current ?? document.documentElement).getPropertyValue('--sp-row-px')) || 32)
    read()
    const observer = new MutationObserver(read)
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-density'] })
    return () => observer.disconnect()
  }, [ref])
  return height
}
