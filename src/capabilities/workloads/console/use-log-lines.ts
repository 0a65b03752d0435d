/** Lines of containers as they come; the newest 20,000 are kept, at most 4 updates a second reach React. */
import { useEffect, useState } from 'react'
import { type ApiQuery, apiUrl } from '#kits/console-kit/api.ts'
import type { LogEnd, LogLines } from '../domain/api.ts'

export type LogLine = LogLines['lines'][number] & { id: number }
export interface Log {
  lines: readonly LogLine[]
  /** Lines that were left out: they came too fast, or were too many to keep. */
  dropped: number
  problems: LogEnd['problems']
  state: 'waiting' | 'following' | 'ended' | 'lost'
}

const MOST_LINES = 20_000
const SHOW_MS = 250

export function useLogLines(path: string, query: ApiQuery): Log {
  const [log, setLog] = useState<Log>(EMPTY)
  const url = apiUrl(path, query)
  useEffect(() => {
    setLog(EMPTY)
    let lines: LogLine[] = []
    let dropped = 0
    let id = 0
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = (more: Partial<Log>) => setLog((before) => ({ ...before, lines, dropped, ...more }))
    const source = new EventSource(url)
    source.addEventListener('lines', (event) => {
      const came = JSON.parse((event as MessageEvent<string>).data) as LogLines
      lines = inOrder([...lines, ...came.lines.map((line) => ({ ...line, id: id++ }))])
      dropped += came.dropped
      if (lines.length > MOST_LINES) {
        dropped += lines.length - MOST_LINES
        lines = lines.slice(-MOST_LINES)
      }
      timer ??= setTimeout(() => {
        timer = undefined
        show({ state: 'following' })
      }, SHOW_MS)
    })
    source.addEventListener('end', (event) => {
      source.close()
      show({ state: 'ended', problems: (JSON.parse((event as MessageEvent<string>).data) as LogEnd).problems })
    })
    // Joining again would show the last lines twice; who wants more asks again.
    source.onerror = () => {
      source.close()
      show({ state: 'lost' })
    }
    return () => {
      clearTimeout(timer)
      source.close()
    }
  }, [url])
  return log
}

/** Several pods send side by side: by their own time, and as they came where that is equal or not known. */
function inOrder(lines: LogLine[]): LogLine[] {
  const ordered = lines.every((line, i) => i === 0 || (line.at ?? 0) >= (lines[i - 1]?.at ?? 0))
  return ordered ? lines : lines.sort((a, b) => (a.at === null || b.at === null ? a.id - b.id : a.at - b.at || a.id - b.id))
}

const EMPTY: Log = { lines: [], dropped: 0, problems: [], state: 'waiting' }
