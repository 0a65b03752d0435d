/** Server-sent events with reconnect and the age of what is shown. */
import { useEffect, useRef, useState } from 'react'
import { type ApiQuery, apiUrl } from './api.ts'

export interface EventStream<T> {
  /** The latest event, kept while the connection is down. */
  data: T | undefined
  /** `waiting` before the first event, `lost` while reconnecting, `off` when not wanted. */
  state: 'off' | 'waiting' | 'live' | 'lost'
  /** Arrival of `data`, ms; compare with the present for its age. */
  receivedAt: number | undefined
}

const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 30_000
/** Between two updates that reach React. */
const LEAST_MS = 250

/** Delay before the n-th reconnect (from 0), doubled to at most 30 s. */
export const retryDelay = (attempt: number): number => Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt)

/** Listens to one event name under `/api/v1` while `path` is given and the page is visible. At most 4 updates a second reach React. */
export function useEventSource<T>(path: string | undefined, event: string, query?: ApiQuery): EventStream<T> {
  const [stream, setStream] = useState<EventStream<T>>({ data: undefined, state: 'off', receivedAt: undefined })
  const url = path === undefined ? undefined : apiUrl(path, query)
  const latest = useRef<T | undefined>(undefined)

  useEffect(() => {
    if (url === undefined) {
      setStream((s) => (s.state === 'off' ? s : { ...s, state: 'off' }))
      return
    }
    let source: EventSource | undefined
    let retry: ReturnType<typeof setTimeout> | undefined
    let flush: ReturnType<typeof setTimeout> | undefined
    let attempt = 0
    let shownAt = Number.NEGATIVE_INFINITY
    latest.current = undefined
    setStream({ data: undefined, state: 'waiting', receivedAt: undefined })

    const open = () => {
      source = new EventSource(url)
      source.addEventListener(event, (message) => {
        attempt = 0
        try {
          latest.current = JSON.parse((message as MessageEvent<string>).data) as T
        } catch {
          return
        }
        flush ??= setTimeout(
          () => {
            flush = undefined
            shownAt = performance.now()
            setStream({ data: latest.current, state: 'live', receivedAt: Date.now() })
          },
          Math.max(0, shownAt + LEAST_MS - performance.now()),
        )
      })
      source.onerror = () => {
        source?.close()
        setStream((s) => ({ ...s, state: 'lost' }))
        clearTimeout(retry)
        retry = setTimeout(open, retryDelay(attempt++))
      }
    }
    const onVisibility = () => {
      clearTimeout(retry)
      source?.close()
      attempt = 0
      if (document.visibilityState === 'visible') open()
    }
    open()
    document.addEventListener('visibilitychange', onVisibility)
    return () => {
      document.removeEventListener('visibilitychange', onVisibility)
      clearTimeout(retry)
      clearTimeout(flush)
      source?.close()
    }
  }, [url, event])
  return stream
}
