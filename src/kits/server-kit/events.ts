import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { CodedError } from '#core/kernel/errors.ts'
import type { Identity, Session } from './auth.ts'

/** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export interface EventStream {
  /** False when the client does not keep up and was dropped; it connects again by itself. */
  send(event: string, data: unknown): boolean
  /** Aborted when the client is gone or the server closes. */
  readonly signal: AbortSignal
  end(): void
}

const HEARTBEAT_MS = 15_000
const MOST_STREAMS = 500
const MOST_WAITING_BYTES = 1024 * 1024

/** By HTTP server: the open streams, and whose they are. */
const open = new WeakMap<object, Map<ServerResponse, Identity | undefined>>()

/** Turns a reply into an event stream. It ends with the client, with `end()`, or when the server closes. */
export function eventStream(request: FastifyRequest, reply: FastifyReply): EventStream {
  const streams = streamsOf(request.server)
  if (streams.size >= MOST_STREAMS) throw new CodedError('RATE_LIMITED')
  reply.hijack()
  const { raw } = reply
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
  raw.setHeader('content-type', 'text/event-stream')
  raw.setHeader('cache-control', 'no-store')
  raw.setHeader('x-accel-buffering', 'no')
  raw.writeHead(200)
  raw.write(': open\n\n')
  streams.set(raw, request.identity)
  const gone = new AbortController()
  const heartbeat = setInterval(() => raw.write(':\n\n'), HEARTBEAT_MS)
  raw.once('close', () => {
    clearInterval(heartbeat)
    streams.delete(raw)
    gone.abort()
  })
  raw.on('error', () => raw.destroy())
  return {
    signal: gone.signal,
    send(event, data) {
      if (raw.writableEnded || raw.destroyed) return false
      if (raw.writableLength > MOST_WAITING_BYTES) {
        raw.destroy()
        return false
      }
      raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
      return true
    },
    end: () => void raw.end(),
  }
}

/** Ends the streams of a server: all, so that it can close, or those of a session that is over. */
export function endEventStreams(server: FastifyInstance, session?: Session): void {
  for (const [raw, identity] of streamsOf(server)) {
    if (session === undefined || (identity?.kind === 'user' && identity.via === 'session' && identity.session === session)) raw.end()
  }
}

/** Fastify gives each plugin an instance of its own, with one HTTP server. */
function streamsOf(server: FastifyInstance): Map<ServerResponse, Identity | undefined> {
  let streams = open.get(server.server)
  if (!streams) {
    streams = new Map()
    open.set(server.server, streams)
  }
  return streams
}
