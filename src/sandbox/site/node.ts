/** A sandbox node: one process that runs pods. Killing it is a node failure. Speaks with the site's main process over IPC. */
import type { Server } from 'node:http'
import { seededRandom } from '#core/kernel/random.ts'
import { openDatabase, type Surroundings, startPod } from './pods.ts'
import type { Pod } from './shop.ts'

export type ToNode =
  | { type: 'open'; database: string; seed: number }
  | { type: 'start'; pod: Pod; address: string; port: number }
  | { type: 'stop'; uid: string }
  | { type: 'surroundings'; surroundings: Surroundings }
  /** Answered by `logs`; with `follow` new lines come under the same id until `unfollow`. */
  | { type: 'logs'; id: number; uid: string; follow: boolean }
  | { type: 'unfollow'; id: number }
export type FromNode =
  | { type: 'open' }
  | { type: 'started'; uid: string; port: number }
  | { type: 'failed'; uid: string; reason: string }
  | { type: 'stopped'; uid: string }
  | { type: 'logs'; id: number; lines: readonly LogLine[] }

export interface LogLine {
  /** ms since the epoch. */
  at: number
  text: string
}

/** Lines that a pod keeps. */
const KEPT = 1_000
/** Requests under way have this long to end when a pod stops, ms. */
const DRAIN = 1_000

const around: Surroundings = { endpoints: {}, faults: {} }
const tell = (message: FromNode) => process.connected && process.send?.(message)

const pods = new Map<string, { server?: Server; lines: LogLine[]; followers: Set<number> }>()
let db: ReturnType<typeof openDatabase>
let random: () => number

async function start({ pod, address, port }: Extract<ToNode, { type: 'start' }>) {
  const entry: { server?: Server; lines: LogLine[]; followers: Set<number> } = { lines: [], followers: new Set() }
  pods.set(pod.uid, entry)
  const log = (text: string) => {
    const line = { at: Date.now(), text }
    entry.lines.push(line)
    if (entry.lines.length > KEPT * 1.5) entry.lines.splice(0, entry.lines.length - KEPT)
    for (const id of entry.followers) tell({ type: 'logs', id, lines: [line] })
  }
  const started = await startPod(pod, db, { address, port }, around, random, log)
  if (pods.get(pod.uid) === entry) entry.server = started.server
  else started.server.close()
  tell({ type: 'started', uid: pod.uid, port: started.port })
}

function stop(uid: string) {
  const server = pods.get(uid)?.server
  pods.delete(uid)
  const done = () => tell({ type: 'stopped', uid })
  if (server === undefined) return done()
  setTimeout(() => server.closeAllConnections(), DRAIN).unref()
  server.closeIdleConnections()
  return server.close(done)
}

process.on('message', (message: ToNode) => {
  switch (message.type) {
    case 'open':
      db = openDatabase(message.database)
      random = seededRandom(message.seed)
      tell({ type: 'open' })
      break
    case 'start':
      start(message).catch((error: Error) => {
        pods.delete(message.pod.uid)
        tell({ type: 'failed', uid: message.pod.uid, reason: error.message })
      })
      break
    case 'stop':
      stop(message.uid)
      break
    case 'surroundings':
      Object.assign(around, message.surroundings)
      break
    case 'logs': {
      const pod = pods.get(message.uid)
      tell({ type: 'logs', id: message.id, lines: pod?.lines.slice(-KEPT) ?? [] })
      if (message.follow) pod?.followers.add(message.id)
      break
    }
    case 'unfollow':
      for (const pod of pods.values()) pod.followers.delete(message.id)
  }
})
process.on('disconnect', () => process.exit(0)) // the site is gone
process.on('SIGINT', () => {}) // Ctrl-C reaches the whole group; the site tells us when to stop
