import { useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { StoreStatus } from '#core/shapes/ports/telemetry.ts'
import type { ApiQuery } from '#kits/console-kit/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { type Search, useUrlState, writeState } from '#kits/console-kit/url-state.ts'
import { useApi } from '#kits/console-kit/use-api.ts'
import { useTimeRange } from '#kits/console-kit/use-time-range.tsx'
import type { MarksAnswer, RequestsAnswer, SeriesAnswer, StatsAnswer, TopAnswer } from '../domain/api.ts'
import type { Filter } from './filters.ts'
import { type Comparison, compareOffset, filtersOf, sharedView, textsOf } from './view.ts'

/** Path of the page of raw rows, as `capability.ts` has it. */
export const INGRESS_REQUESTS = '/ingress/requests'

/** Filters, comparison and live switch of the URL, with the range: what every request of these pages is about. */
export function useIngress() {
  const [view, setView] = useUrlState(sharedView)
  const { from, to } = useTimeRange()
  const { path } = useCluster()
  const navigate = useNavigate()
  const filters = useMemo(() => filtersOf(view.f), [view.f])
  const offset = compareOffset(view.compare, from, to)
  const setFilters = useCallback((next: readonly Filter[]) => setView({ f: textsOf(next) }), [setView])
  /** Opens another page with the same range and cluster; `next` replaces the filters and `more` adds to the search. */
  const open = useCallback(
    (page: string, next: readonly Filter[], more: Search = {}) =>
      navigate({ to: page, search: ((previous: Search) => ({ ...writeState(sharedView, keepShared(previous), { f: textsOf(next) }), ...more })) as never }),
    [navigate],
  )
  const query = useMemo(() => ({ from, to, filter: textsOf(filters) }) satisfies ApiQuery, [from, to, filters])
  return {
    filters,
    setFilters,
    compare: view.compare,
    setCompare: (compare: Comparison) => setView({ compare }),
    live: view.live,
    setLive: (live: boolean) => setView({ live }),
    /** ms back to the compared period; `overlaps` when there can be none. */
    offset,
    query,
    path: (rest: string) => path(`/ingress${rest}`),
    open,
  }
}

/** What belongs to all pages: the table state of one page means nothing on the next. */
const SHARED = ['from', 'to', 'zone', 'refresh', 'cluster', 'f', 'compare'] as const
const keepShared = (search: Search): Search => Object.fromEntries(SHARED.flatMap((name) => (search[name] === undefined ? [] : [[name, search[name]]])))

export type Ingress = ReturnType<typeof useIngress>
export const offsetOf = (ingress: Ingress) => (typeof ingress.offset === 'number' ? ingress.offset : undefined)

export const useStats = (ingress: Ingress) => useApi<StatsAnswer>(ingress.path('/stats'), { ...ingress.query, compare: offsetOf(ingress) })
export const useSeries = (ingress: Ingress, step: number) =>
  useApi<SeriesAnswer>(ingress.path('/series'), { ...ingress.query, step, compare: offsetOf(ingress) })
export const useMarks = (ingress: Ingress) => useApi<MarksAnswer>(ingress.path('/marks'), ingress.query)
/** No query: nothing is asked. */
export const useTop = (ingress: Ingress, query: ApiQuery | undefined) => useApi<TopAnswer>(query && ingress.path('/top'), { ...ingress.query, ...query })
export const useRequests = (ingress: Ingress, query: ApiQuery) => useApi<RequestsAnswer>(ingress.path('/requests'), { ...ingress.query, ...query })

/** Bytes, budget and days left of the access logs; undefined until known. */
export function useStorage() {
  const { data } = useApi<StoreStatus>('/store', undefined, { refreshMs: 60_000 })
  return data?.signals.find(({ signal }) => signal === 'access')
}
