import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, ERRORS } from '#core/kernel/errors.ts'

export interface EventSource {
  clock: Clock
  signal: AbortSignal
  open(lastId: string): Promise<ReadableStream<Uint8Array>>
}

const LONGEST_EVENT = 4 << 20
const LONGEST_PAUSE = 10_000

/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) with JSON data.
 * A broken stream is opened again, after 0.5 s doubling to 10 s, with the id of the last event; it ends when `signal` aborts.
 * @throws what the server refuses (4xx), and what `open` throws the first time
 */
export async function* readEvents<T>(source: EventSource): AsyncGenerator<{ event: string; data: T }> {
  let lastId = ''
  let pause = 500
  let opened = false
  while (!source.signal.aborted) {
    try {
      const stream = await source.open(lastId)
      opened = true
      for await (const message of parseEvents(stream)) {
        pause = 500
        if (message.id !== undefined) lastId = message.id
        yield { event: message.event, data: JSON.parse(message.data) as T }
      }
    } catch (error) {
      if (source.signal.aborted) return
      const refused = error instanceof CodedError && ERRORS[error.code].status < 500 && ERRORS[error.code].status !== 429
      if (!opened || refused || error instanceof SyntaxError) throw error
    }
    await source.clock.sleep(pause, source.signal).catch(() => {})
    pause = Math.min(LONGEST_PAUSE, pause * 2)
  }
}

interface Message {
  event: string
  data: string
  id?: string
}

async function* parseEvents(stream: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  let rest = ''
  let message: { event: string; data: string[]; id?: string } = { event: 'message', data: [] }
  let size = 0
  for await (const text of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)) {
    rest += text
    // A CR at the end may be the first half of a CRLF.
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop()!
    size += text.length
    if (size > LONGEST_EVENT) throw new CodedError('TOO_LARGE', { what: 'An event of the server', limit: '4 MiB' })
    for (const line of lines) {
      if (line === '') {
        if (message.data.length > 0) yield { ...message, data: message.data.join('\n') }
        message = { event: 'message', data: [] }
        size = rest.length
        continue
      }
      const colon = line.indexOf(':')
      const field = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (field === 'data') message.data.push(value)
      else if (field === 'event') message.event = value
      else if (field === 'id') message.id = value
    }
  }
}
