/** Child processes that are kept running: restarted with growing pauses, ended with their parent however it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import { formatDuration } from '#core/kernel/duration.ts'
import type { Condition } from '../health.ts'

export interface ChildProgram {
  name: string
  /** A script of ours; it ends when its standard input does. */
  script: string
  args: readonly string[]
  execArgv?: readonly string[]
}

export interface Child {
  condition(): Condition
  /** Resolves when it is gone. */
  stop(): Promise<void>
}

const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 30_000
/** Whoever ran this long had no trouble starting. */
const WELL_AFTER = 60_000
const PATIENCE = 4_000

/** Keeps `program` running until `stop()`. Its standard input is a pipe that closes with this process, also after kill -9. */
export function keepRunning(program: ChildProgram, { clock, log }: { clock: Clock; log: Logger }): Child {
  const stopping = new AbortController()
  let child: ChildProcess | undefined
  let message = 'starting'

  const runOnce = () =>
    new Promise<string>((resolve) => {
      // A group of its own: Ctrl-C is for us, we end our children in order.
      const started = spawn(process.execPath, [...(program.execArgv ?? []), program.script, ...program.args], {
        stdio: ['pipe', 'ignore', 'pipe'],
        detached: true,
      })
      child = started
      message = `running as process ${started.pid}`
      started.stdin!.on('error', () => {})
      let last = ''
      createInterface({ input: started.stderr! }).on('line', (line) => {
        last = line.slice(0, 500)
        log.debug({ child: program.name, line }, 'child')
      })
      const because = () => (last === '' ? '' : `: ${last}`)
      started.once('error', (error) => resolve(error.message))
      // `close` comes after the last words.
      started.once('close', (code, signal) => resolve((signal ? `was ended by ${signal}` : `exited with code ${code}`) + because()))
    })

  const running = (async () => {
    let pause = FIRST_PAUSE
    while (!stopping.signal.aborted) {
      const since = clock.now()
      const why = await runOnce()
      child = undefined
      if (stopping.signal.aborted) break
      if (clock.now() - since > WELL_AFTER) pause = FIRST_PAUSE
      message = `${why}; started again after ${formatDuration(pause)}`
      log.warn({ child: program.name }, message)
      await clock.sleep(pause, stopping.signal).catch(() => {})
      pause = Math.min(pause * 2, LONGEST_PAUSE)
    }
    message = 'stopped'
  })()

  return {
    condition: () => ({ name: program.name, ready: child !== undefined, message }),
    async stop() {
      stopping.abort(new Error('stopping'))
      const ending = child
      ending?.stdin?.end()
      ending?.kill('SIGTERM')
      const patience = setTimeout(() => ending?.kill('SIGKILL'), PATIENCE)
      await running
      clearTimeout(patience)
    },
  }
}
