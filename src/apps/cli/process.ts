import { constants } from 'node:os'
import { EXIT } from '#core/kernel/errors.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import type { CliDoorEntry } from './doors.ts'
import { runCli } from './program.ts'

/** npm hands Ctrl-C on although the terminal sent it to us already: what comes within this many ms is the same keystroke. */
const ECHO_MS = 500

/** Runs this process as the CLI with these commands. */
export async function runProcess(doors: readonly CliDoorEntry[]): Promise<void> {
  const interrupted = new AbortController()
  let interruptedAt = 0
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // The first one asks the work to end; the second one does not wait for it.
    process.on(signal, () => {
      if (interrupted.signal.aborted) {
        if (performance.now() - interruptedAt > ECHO_MS) process.exit(128 + constants.signals[signal])
        return
      }
      interruptedAt = performance.now()
      interrupted.abort(new Error(signal))
    })
  }
  // `sallyport … | head` is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.done)
    throw error
  })
  const { env, stdout, stderr } = process
  const registries = async () => (await import('#edges/registry/open.ts')).registriesWith(systemClock)
  process.exitCode = await runCli(process.argv.slice(2), { env, stdout, stderr, clock: systemClock, signal: interrupted.signal, registries }, doors)
}
