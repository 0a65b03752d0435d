/** The collector on its own, as it is bundled (`dist/collect.js`): the same as `sallyport collect`, in less memory. */
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { CodedError, describeError, ERRORS, EXIT } from '#core/kernel/errors.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { collectSettings } from './config.ts'
import { runCollect } from './run.ts'

// What a scrape makes is short-lived: room for young objects need not grow.
setFlagsFromString('--semi-space-growth-factor=1')

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort())

try {
  await runCollect(
    collectSettings(options(), process.env),
    { clock: systemClock, env: process.env, write: (line) => process.stderr.write(`${line}\n`) },
    stop.signal,
  )
} catch (error) {
  const coded = error instanceof CodedError ? error : undefined
  process.stderr.write(
    `${JSON.stringify({ level: 'fatal', ...(coded ? describeError(coded, 'en') : { message: String((error as Error)?.stack ?? error) }) })}\n`,
  )
  process.exitCode = coded ? ERRORS[coded.code].exit : EXIT.error
}
process.exit()

function options() {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string' },
        server: { type: 'string' },
        'token-file': { type: 'string' },
        'ca-file': { type: 'string' },
        'remote-write': { type: 'string' },
        'remote-write-version': { type: 'string' },
        data: { type: 'string' },
        'queue-limit': { type: 'string' },
        listen: { type: 'string' },
        shard: { type: 'string' },
      },
    })
    const { config, server, data, listen, shard } = values
    return {
      config,
      server,
      data,
      listen,
      shard,
      tokenFile: values['token-file'],
      caFile: values['ca-file'],
      remoteWrite: values['remote-write'],
      remoteWriteVersion: values['remote-write-version'],
      queueLimit: values['queue-limit'],
    }
  } catch (error) {
    throw new CodedError('USAGE', { reason: (error as Error).message })
  }
}
