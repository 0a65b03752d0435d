/** Server state of a page: TanStack Query over the API client, the last answer kept while the next is on its way. */
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { type ApiError, type ApiQuery, api } from './api.ts'

export interface ApiState<T> {
  data: T | undefined
  error: ApiError | undefined
  /** Nothing to show yet: draw a skeleton. */
  loading: boolean
  /** A newer answer is on its way or failed to come; what is shown is older than asked for. */
  stale: boolean
  /** When `data` arrived, ms. */
  updatedAt: number
  refetch(): void
}

/** What was asked for again and comes within this time is not announced: a page that refreshes by itself would flicker. */
const CALM_MS = 600

/** True once `on` has been true for `ms`. */
function useLasting(on: boolean, ms: number): boolean {
  const [lasted, setLasted] = useState(false)
  useEffect(() => {
    if (!on) return setLasted(false)
    const timer = setTimeout(() => setLasted(true), ms)
    return () => clearTimeout(timer)
  }, [on, ms])
  return on && lasted
}

/** GET under `/api/v1`. `undefined` as path waits. `refreshMs` asks again while the page is visible. */
export function useApi<T>(path: string | undefined, query?: ApiQuery, options: { refreshMs?: number; keep?: boolean } = {}): ApiState<T> {
  const result = useQuery<T, ApiError>({
    queryKey: ['api', path, query],
    queryFn: ({ signal }) => api.get<T>(path as string, query, signal),
    enabled: path !== undefined,
    placeholderData: options.keep === false ? undefined : keepPreviousData,
    refetchInterval: options.refreshMs,
  })
  const waiting = useLasting(result.isPlaceholderData, CALM_MS)
  return {
    data: result.data,
    error: result.error ?? undefined,
    loading: result.data === undefined && result.isFetching,
    stale: waiting || (result.data !== undefined && result.error !== null),
    updatedAt: result.dataUpdatedAt,
    refetch: () => void result.refetch(),
  }
}

/** After a change: everything under a path is asked for again. */
export function useInvalidate(): (pathPrefix: string) => Promise<void> {
  const client = useQueryClient()
  return (pathPrefix) =>
    client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'api' && typeof queryKey[1] === 'string' && queryKey[1].startsWith(pathPrefix) })
}
