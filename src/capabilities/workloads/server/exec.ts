/**
 * A terminal in a container. A ticket is asked for with POST (rights, CSRF and audit as for any change) and used once to open the WebSocket, so that a page of
 * another site can open none. Browser to server: binary = input, text = `{"resize":[columns,rows]}`. Server to browser: binary = output, text = how it ended.
 */
import { randomBytes } from 'node:crypto'
import type { WebSocket } from 'ws'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, describeError, type Language } from '#core/kernel/errors.ts'
import type { Cluster, ExecSession } from '#core/shapes/ports/cluster.ts'

interface Ticket {
  cluster: Cluster
  user: string
  pod: { namespace: string; name: string }
  container?: string
  until: number
}

const TICKET_MS = 30_000
const MOST_TICKETS = 100
const MOST_TERMINALS = 50
const IDLE_MS = 30 * 60_000
/** The best shell that there is. */
const SHELL = ['/bin/sh', '-c', 'TERM=xterm-256color; export TERM; if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi']

export function createTerminals({ clock, log }: { clock: Clock; log: { error(details: object, message: string): void } }) {
  const tickets = new Map<string, Ticket>()
  const open = new Set<WebSocket>()

  return {
    ticket(about: Omit<Ticket, 'until'>): string {
      for (const [id, { until }] of tickets) if (until < clock.now()) tickets.delete(id)
      if (tickets.size >= MOST_TICKETS || open.size >= MOST_TERMINALS) throw new CodedError('RATE_LIMITED')
      const id = randomBytes(24).toString('base64url')
      tickets.set(id, { ...about, until: clock.now() + TICKET_MS })
      return id
    },

    /** Uses up the ticket; closes the socket when it is none of this user's. */
    async connect(socket: WebSocket, id: string, user: string, language: Language): Promise<void> {
      const ticket = tickets.get(id)
      tickets.delete(id)
      if (!ticket || ticket.user !== user || ticket.until < clock.now())
        return end(socket, { code: 'NOT_FOUND', message: 'this terminal was opened already or not in time' })
      open.add(socket)
      const gone = new AbortController()
      // Nothing may be lost between the first key and the program's start.
      const early: [Buffer, boolean][] = []
      let session: ExecSession | undefined
      let idle: ReturnType<typeof setTimeout> | undefined
      const awake = () => {
        clearTimeout(idle)
        idle = setTimeout(() => socket.close(1000, 'idle'), IDLE_MS)
      }
      const take = (data: Buffer, binary: boolean) => {
        awake()
        if (!session) early.push([data, binary])
        else if (binary) session.write(data)
        else resize(session, data)
      }
      socket.on('message', (data, binary) => take(data as Buffer, binary))
      socket.on('close', () => {
        clearTimeout(idle)
        open.delete(socket)
        gone.abort()
        session?.close()
      })
      socket.on('error', () => socket.terminate())
      awake()
      try {
        session = await ticket.cluster.exec(ticket.pod, { container: ticket.container, command: SHELL, stdin: true, tty: true, signal: gone.signal })
        for (const [data, binary] of early.splice(0)) take(data, binary)
        for await (const { bytes } of session.output) {
          if (socket.readyState !== socket.OPEN) break
          await send(socket, bytes)
        }
        end(socket, { exit: await session.done })
      } catch (error) {
        if (gone.signal.aborted) return
        if (error instanceof CodedError) return end(socket, { code: error.code, message: describeError(error, language).message })
        log.error({ err: error }, 'a terminal failed')
        end(socket, { code: 'INTERNAL', message: '' })
      }
    },

    stop(): void {
      for (const socket of open) socket.close(1001, 'the server stops')
    },
  }
}

function resize(session: ExecSession, data: Buffer): void {
  try {
    const { resize: size } = JSON.parse(data.toString('utf8')) as { resize?: [number, number] }
    const [columns, rows] = size ?? []
    if (Number.isInteger(columns) && Number.isInteger(rows) && columns! > 0 && columns! <= 1000 && rows! > 0 && rows! <= 1000) session.resize(columns!, rows!)
  } catch {
    // What is no message of ours says nothing.
  }
}

/** Resolves when the bytes are on their way: the program waits for a browser that is slow. */
const send = (socket: WebSocket, bytes: Uint8Array): Promise<void> => new Promise((resolve) => socket.send(bytes, { binary: true }, () => resolve()))

function end(socket: WebSocket, how: { exit: number } | { code: string; message: string }): void {
  if (socket.readyState !== socket.OPEN) return
  socket.send(JSON.stringify(how))
  socket.close(1000)
}
