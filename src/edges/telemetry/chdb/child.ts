/** Starts the engine's process, keeps it running, and carries statements to it. */
import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Clock } from '#core/kernel/clock.ts'
import type { EngineReply, EngineRequest, Lane } from './protocol.ts'

/** What the engine answered with an exception. `code` is ClickHouse's. */
export class EngineException extends Error {
  readonly code: number
  constructor(message: string, code: number) {
    super(message)
    this.name = 'EngineException'
    this.code = code
  }
}

/** The engine is not there, or went away before it answered. */
export class EngineGone extends Error {
  override name = 'EngineGone'
}

export interface EngineAnswer {
  bytes: Uint8Array
  elapsedMs: number
}

export interface EngineInfo {
  pid: number | undefined
  version: string
  state: 'starting' | 'ready' | 'restarting'
  restarts: number
  /** Since when the state holds, ms since the epoch. */
  since: number
}

export interface Engine {
  readonly info: Readonly<EngineInfo>
  /** Rejects with EngineException or EngineGone. An engine that has not answered after `patienceMs` is killed and started again. */
  run(lane: Lane, statements: readonly string[], patienceMs: number): Promise<EngineAnswer>
  close(): Promise<void>
}

const ENTRY = fileURLToPath(new URL('./engine.ts', import.meta.url))
const FOLDER_PATIENCE_MS = 20_000
const BACKOFF_MS = [100, 300, 1000, 3000, 10_000]

/**
 * Resolves when the engine has opened the folder. Rejects with EngineException when the first start fails.
 * @param options.folder where the process runs: files that statements name are looked for there
 * @param onReady called after every later start, before `state` becomes `ready`, e.g. to replay what was being written
 */
export async function startEngine(
  options: { path: string; config: string; folder: string; clock: Clock; log: (message: string, details: object) => void },
  onReady: () => Promise<unknown>,
): Promise<Engine> {
  const { clock, log } = options
  const waiting = new Map<number, { resolve: (answer: EngineAnswer) => void; reject: (error: Error) => void; timer: NodeJS.Timeout }>()
  let child: ChildProcess | undefined
  let nextId = 1
  let closed = false
  let failures = 0
  const info: EngineInfo = { pid: undefined, version: '', state: 'starting', restarts: 0, since: clock.now() }
  const become = (state: EngineInfo['state']) => {
    info.state = state
    info.since = clock.now()
  }

  const open = () =>
    new Promise<void>((resolve, reject) => {
      // Hours, days and partitions are those of UTC, whatever the machine's zone.
      const started = fork(ENTRY, [options.path, options.config], {
        serialization: 'advanced',
        execArgv: ['--max-semi-space-size=4', '--no-warnings'],
        env: { ...process.env, UV_THREADPOOL_SIZE: '8', MALLOC_ARENA_MAX: '2', NODE_OPTIONS: '', TZ: 'UTC' },
        cwd: options.folder,
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      })
      child = started
      info.pid = started.pid
      let lastWords = ''
      started.stderr!.setEncoding('utf8').on('data', (text: string) => {
        lastWords = (lastWords + text).slice(-2000)
      })
      started.on('message', (reply: EngineReply) => {
        if (reply.id === 0) {
          if (!reply.ok) {
            reject(new EngineException(reply.message, reply.code))
            started.kill('SIGKILL')
            return
          }
          info.version = new TextDecoder().decode(reply.bytes)
          resolve()
          return
        }
        const asked = waiting.get(reply.id)
        if (asked === undefined) return
        waiting.delete(reply.id)
        clearTimeout(asked.timer)
        if (reply.ok) asked.resolve(reply)
        else asked.reject(new EngineException(reply.message, reply.code))
      })
      started.on('error', reject)
      started.on('exit', (code, signal) => {
        if (child === started) child = undefined
        for (const asked of waiting.values()) {
          clearTimeout(asked.timer)
          asked.reject(new EngineGone('the engine stopped'))
        }
        waiting.clear()
        reject(new EngineGone(`the engine stopped while it opened: ${lastWords || signal || code}`))
        if (closed || info.state === 'starting') return
        log('engine stopped', { code, signal, lastWords })
        if (info.state === 'ready') {
          become('restarting')
          void restart()
        }
      })
    })

  const restart = async () => {
    while (!closed) {
      await pause(BACKOFF_MS[Math.min(failures++, BACKOFF_MS.length - 1)]!)
      if (closed) return
      try {
        info.restarts++
        await open()
        await onReady()
        become('ready')
        log('engine is back', { restarts: info.restarts })
        return
      } catch (error) {
        log('engine does not start', { reason: (error as Error).message })
        child?.kill('SIGKILL')
      }
    }
  }

  const run: Engine['run'] = (lane, statements, patienceMs) =>
    new Promise((resolve, reject) => {
      const to = child
      if (to === undefined || !to.connected) return reject(new EngineGone('the engine is not running'))
      const id = nextId++
      const timer = setTimeout(() => {
        log('engine does not answer; it is started again', { lane, patienceMs })
        to.kill('SIGKILL')
      }, patienceMs)
      timer.unref()
      waiting.set(id, {
        resolve: (answer) => {
          failures = 0
          resolve(answer)
        },
        reject,
        timer,
      })
      to.send({ id, lane, statements } satisfies EngineRequest, (error) => {
        if (error === null || !waiting.delete(id)) return
        clearTimeout(timer)
        reject(new EngineGone(error.message))
      })
    })

  const close = async () => {
    closed = true
    const ending = child
    if (ending === undefined) return
    const ended = new Promise((resolve) => ending.once('exit', resolve))
    if (ending.connected) ending.send('close', () => {})
    const late = setTimeout(() => ending.kill('SIGKILL'), 5000)
    await ended
    clearTimeout(late)
  }

  // After kill -9 of a server its engine may hold the folder a moment longer.
  for (const deadline = performance.now() + FOLDER_PATIENCE_MS; ; await pause(200)) {
    try {
      await open()
      break
    } catch (error) {
      if (!/create connection/.test((error as Error).message) || performance.now() > deadline) throw error
    }
  }
  become('ready')
  return { info, run, close }
}
