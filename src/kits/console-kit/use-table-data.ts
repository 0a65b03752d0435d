/** Where a table's rows come from: an array in the browser, or pages of the server fetched as they are scrolled into view. */
import { useQueries } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { type ApiError, asApiError } from './api.ts'
import { type Column, haystackOf, type Order, searchRows, sortRows } from './table-rows.ts'

export interface LoadRequest {
  sort: string | undefined
  order: Order
  search: string
  limit: number
  offset: number
  /** Ids of the columns shown, so that no more is fetched. */
  columns: readonly string[]
  signal: AbortSignal
}
type Loaded<Row> = { rows: readonly Row[]; total: number }
export type Load<Row> = (request: LoadRequest) => Promise<Loaded<Row>>

/** What the table draws; `row` is undefined while its page is on its way. */
export interface TableData<Row> {
  count: number
  row(index: number): Row | undefined
  /** Rows before the search. */
  total: number
  loading: boolean
  /** Is an answer on its way? */
  fetching: boolean
  stale: boolean
  error: ApiError | undefined
  updatedAt: number | undefined
  retry(): void
}

/** Client mode: everything is here. */
export function useClientRows<Row>(
  rows: readonly Row[] | undefined,
  columns: readonly Column<Row>[],
  sort: { id: string; order: Order } | undefined,
  search: string,
) {
  const haystack = useMemo(() => {
    let built: string[] | undefined
    return () => {
      built ??= haystackOf(rows ?? [], columns)
      return built
    }
  }, [rows, columns])
  const data = useMemo(() => {
    if (!rows) return { count: 0, row: () => undefined, total: 0 }
    const found = searchRows(search.trim() ? haystack() : [], search)
    const column = sort && columns.find((c) => c.id === sort.id)
    const index = sort && column ? sortRows(rows, found, column, sort.order) : found
    return { count: index ? index.length : rows.length, row: (i: number) => rows[index ? (index[i] as number) : i], total: rows.length }
  }, [rows, columns, sort, search, haystack])
  /** Reads all texts before the first key, which would otherwise wait for it. */
  const prepareSearch = useCallback(() => void requestIdleCallback(haystack), [haystack])
  return { ...data, prepareSearch }
}

const PAGE = 100

/** Server mode: the pages around `visible` (row numbers) are asked for; what was shown stays until the new answer is there. */
export function useServerRows<Row>(
  load: Load<Row> | undefined,
  key: readonly unknown[],
  request: Pick<LoadRequest, 'sort' | 'order' | 'search' | 'columns'>,
  visible: { first: number; last: number },
): TableData<Row> {
  const pages: number[] = []
  for (let page = Math.floor(visible.first / PAGE); page <= Math.floor(visible.last / PAGE); page++) pages.push(page)
  const results = useQueries({
    queries: load
      ? pages.map((page) => ({
          queryKey: ['table', ...key, request, page],
          queryFn: ({ signal }: { signal: AbortSignal }) => load({ ...request, limit: PAGE, offset: page * PAGE, signal }),
          // What moves by itself keeps its rows until the newer ones are there.
          placeholderData: (previous: Loaded<Row> | undefined, query: { queryKey: readonly unknown[] } | undefined) =>
            page === 0 || query?.queryKey.at(-1) === page ? previous : undefined,
        }))
      : [],
  })
  const byPage = new Map(results.map((result, i) => [pages[i], result]))
  const first = results.find((result) => result.data)
  const failed = results.find((result) => result.error)
  // The total outlives the moment in which only pages without an answer are in view.
  const total = useRef(0)
  if (first?.data) total.current = first.data.total
  return {
    count: total.current,
    row: (index) => byPage.get(Math.floor(index / PAGE))?.data?.rows[index % PAGE],
    total: total.current,
    loading: !first && total.current === 0 && results.some((result) => result.isFetching),
    fetching: results.some((result) => result.isFetching),
    stale: results.some((result) => result.isPlaceholderData) || (first !== undefined && failed !== undefined),
    error: failed ? asApiError(failed.error) : undefined,
    updatedAt: first?.dataUpdatedAt,
    retry: () => {
      for (const result of results) if (result.error) void result.refetch()
    },
  }
}

const STEADY_MS = 250

/** A value that changes at most 4 times a second and not at all while `paused`; the latest comes through afterwards. */
export function useSteady<T>(value: T, paused: boolean): T {
  const [shown, setShown] = useState(value)
  const last = useRef(0)
  useEffect(() => {
    if (paused) return
    const wait = Math.max(0, last.current + STEADY_MS - performance.now())
    const show = () => {
      last.current = performance.now()
      setShown(() => value)
    }
    if (wait === 0) {
      show()
      return
    }
    const timer = setTimeout(show, wait)
    return () => clearTimeout(timer)
  }, [value, paused])
  return shown
}
