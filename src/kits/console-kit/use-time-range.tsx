/** The one time range of the console: in the URL, kept across pages, resolved once per refresh so that all panels show the same moments. */
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from 'react'
import { z } from 'zod'
import { absolute, DEFAULT_RANGE, isLive, isRelativeRange, isZone, resolveEnd, resolveRange, type TimeRange } from './time-range.ts'
import { urlNumber } from './url-fields.ts'
import { useUrlState } from './url-state.ts'

const end = (initial: string) =>
  z
    .string()
    .max(64)
    .refine((text) => resolveEnd(text, 1_700_000_000_000, 'utc', 'from') !== undefined)
    .default(initial)

const schema = z.object({
  from: end(DEFAULT_RANGE.from),
  to: end(DEFAULT_RANGE.to),
  zone: z.string().max(64).refine(isZone).default('local'),
  /** Seconds between refreshes of a range that ends now; 0 is off. */
  refresh: urlNumber(15, 0, 3600),
})

export interface TimeRangeState {
  range: TimeRange
  /** ms since the epoch; the same for everything on the page until the next refresh. */
  from: number
  to: number
  /** Does the range end now? */
  live: boolean
  refreshSeconds: number
  set(range: TimeRange): void
  /** Drag-zoom: an absolute range. */
  zoom(from: number, to: number): void
  setRefresh(seconds: number): void
  /** Resolve `now` again. */
  refresh(): void
}

const Context = createContext<TimeRangeState | undefined>(undefined)

export function TimeRangeProvider({ children, clock = Date.now }: { children: ReactNode; clock?: () => number }) {
  const [url, setUrl] = useUrlState(schema)
  const [now, setNow] = useState(clock)
  const range = useMemo(() => ({ from: url.from, to: url.to, zone: url.zone }), [url.from, url.to, url.zone])
  const moving = isRelativeRange(range)
  const refresh = useCallback(() => setNow(clock()), [clock])

  // A new range starts from the present moment.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the range is the trigger.
  useEffect(refresh, [range, refresh])
  useEffect(() => {
    if (!moving || url.refresh === 0) return
    const timer = setInterval(() => document.visibilityState === 'visible' && refresh(), url.refresh * 1000)
    return () => clearInterval(timer)
  }, [moving, url.refresh, refresh])

  const state = useMemo<TimeRangeState>(
    () => ({
      range,
      ...resolveRange(range, now),
      live: isLive(range),
      refreshSeconds: url.refresh,
      set: (next) => setUrl(next),
      zoom: (from, to) => setUrl(absolute(from, to, range.zone)),
      setRefresh: (seconds) => setUrl({ refresh: seconds }),
      refresh,
    }),
    [range, now, url.refresh, setUrl, refresh],
  )
  return <Context value={state}>{children}</Context>
}

export function useTimeRange(): TimeRangeState {
  const state = use(Context)
  if (!state) throw new Error('useTimeRange needs a TimeRangeProvider')
  return state
}

/** The zone in which moments are shown. */
export const useZone = (): string => use(Context)?.range.zone ?? 'local'
