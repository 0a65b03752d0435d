import { useCallback, useEffect, useMemo, useState } from 'react'
import { z } from 'zod'
import { apiUrl } from '#kits/console-kit/api.ts'
import { useCluster } from '#kits/console-kit/cluster.ts'
import { urlFlag, urlList, urlText } from '#kits/console-kit/url-fields.ts'
import { useUrlState } from '#kits/console-kit/url-state.ts'
import { useTimeRange } from '#kits/console-kit/use-time-range.tsx'
import { FIELDS, type Field, type LiveRecords, type LogRecord } from '../domain/api.ts'
import { LEVELS, type Level } from '../domain/severity.ts'

/** Everything that the page is about stands in the URL. `f` holds `field:value`. */
const schema = z.object({ text: urlText, f: urlList, level: urlText, live: urlFlag, view: urlText })

export function useLogs() {
  const [state, setState] = useUrlState(schema)
  const { from, to } = useTimeRange()
  const { path } = useCluster()
  const level = LEVELS.find((known) => known === state.level)
  const chosen = useMemo(() => {
    const fields: Partial<Record<Field, string[]>> = {}
    for (const text of state.f) {
      const field = FIELDS.find((known) => text.startsWith(`${known}:`))
      if (field) fields[field] = [...(fields[field] ?? []), text.slice(field.length + 1)]
    }
    return { q: state.text, ...fields, ...(level === undefined ? {} : { level }) }
  }, [state.text, state.f, level])
  const query = useMemo(() => ({ from, to, ...chosen }), [from, to, chosen])
  const only = useCallback(
    (field: Field, value: string) => {
      const text = `${field}:${value}`
      if (!state.f.includes(text)) setState({ f: [...state.f, text] })
    },
    [state.f, setState],
  )
  return {
    text: state.text,
    filters: state.f,
    level: level as Level | undefined,
    live: state.live,
    view: state.view === 'patterns' ? ('patterns' as const) : ('records' as const),
    chosen,
    query,
    only,
    setState,
    path: (rest: string) => path(`/container-logs${rest}`),
  }
}
export type Logs = ReturnType<typeof useLogs>

const MOST_LIVE = 5_000

export interface Tail {
  /** Oldest first. */
  records: readonly LogRecord[]
  dropped: number
  state: 'waiting' | 'live' | 'lost'
}
const EMPTY: Tail = { records: [], dropped: 0, state: 'waiting' }

/** What arrives from now on; every event counts, so none is replaced by the next. */
export function useTail(path: string, chosen: Logs['chosen']): Tail {
  const [tail, setTail] = useState<Tail>(EMPTY)
  const url = apiUrl(path, chosen)
  useEffect(() => {
    setTail(EMPTY)
    const source = new EventSource(url)
    source.addEventListener('records', (event) => {
      const came = JSON.parse((event as MessageEvent<string>).data) as LiveRecords
      setTail((before) => {
        const records = [...before.records, ...came.records]
        const over = Math.max(0, records.length - MOST_LIVE)
        return { records: over > 0 ? records.slice(over) : records, dropped: before.dropped + came.dropped + over, state: 'live' }
      })
    })
    // the browser connects again by itself
    source.onerror = () => setTail((before) => ({ ...before, state: 'lost' }))
    return () => source.close()
  }, [url])
  return tail
}
