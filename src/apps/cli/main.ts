import { constants } from 'node:os'
import { EXIT } from '#core/kernel/errors.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { runCli } from './program.ts'

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The first one asks the work to end; the second one does not wait for it.
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(128 + constants.signals[signal])
    interrupted.abort(new Error(signal))
  })
}
// `sallyport … | head` is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done)
  throw error
})

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock,
  signal: interrupted.signal,
})
