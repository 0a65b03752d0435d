/** Lines of containers as server-sent events, of one pod or of several at once. */
import { CodedError, describeError, type Language } from '#core/kernel/errors.ts'
import type { Cluster, LogOptions } from '#core/shapes/ports/cluster.ts'
import type { EventStream } from '#kits/server-kit/events.ts'
import type { LogEnd, LogLines } from '../domain/api.ts'
import { splitLogLine } from '../domain/log-line.ts'

/** Lines are sent at most 4 times a second. */
const SEND_MS = 250
const MOST_PER_SEND = 2_000
const MOST_LINE = 16 * 1024
const MOST_BYTES = 8 * 1024 * 1024

export interface LogRequest extends Pick<LogOptions, 'container' | 'follow' | 'previous'> {
  namespace: string
  pods: readonly string[]
  tail: number
}

/** Sends until all containers have ended, or the reader is gone. */
export async function sendLogs(
  cluster: Cluster,
  { namespace, pods, tail, ...options }: LogRequest,
  stream: EventStream,
  language: Language,
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  const gone = new AbortController()
  const signal = AbortSignal.any([stream.signal, gone.signal])
  let waiting: LogLines['lines'][number][] = []
  let dropped = 0
  let reading = true
  const flush = () => {
    if (waiting.length === 0 && dropped === 0) return
    const lines: LogLines = { lines: waiting, dropped }
    waiting = []
    dropped = 0
    if (!stream.send('lines', lines)) gone.abort()
  }
  const read = async (pod: string): Promise<LogEnd['problems']> => {
    try {
      const bytes = cluster.logs(
        { namespace, name: pod },
        { ...options, timestamps: true, tailLines: tail, signal, ...(options.follow ? {} : { limitBytes: MOST_BYTES }) },
      )
      for await (const line of textLines(bytes)) {
        // The newest are what is looked at.
        if (waiting.length >= MOST_PER_SEND) {
          waiting.shift()
          dropped++
        }
        waiting.push({ pod, ...splitLogLine(line) })
      }
      return []
    } catch (error) {
      if (signal.aborted) return []
      if (error instanceof CodedError) return [{ pod, code: error.code, message: describeError(error, language).message }]
      throw error
    }
  }
  void (async () => {
    while (reading && !signal.aborted) {
      await sleep(SEND_MS)
      flush()
    }
  })()
  try {
    const problems = (await Promise.all(pods.map(read))).flat()
    flush()
    if (!signal.aborted) stream.send('end', { problems } satisfies LogEnd)
  } finally {
    reading = false
    gone.abort()
    stream.end()
  }
}

/** Whole lines; one that is longer than 16 KiB is cut. */
async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = (parts.pop() ?? '').slice(0, MOST_LINE)
    for (const part of parts) yield part.slice(0, MOST_LINE)
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}
