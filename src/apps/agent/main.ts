/** The agent on its own, as it is bundled (`dist/agent.js`): the same as `sallyport agent`, in less memory. */
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { CodedError, describeError, ERRORS, EXIT } from '#core/kernel/errors.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { agentConfig } from './config.ts'
import { runAgent, stopWithParent } from './run.ts'

// What it makes is short-lived: a stat of each file five times a second. Room for young objects that does not grow keeps 1,000 quiet files in 75 MB.
setFlagsFromString('--semi-space-growth-factor=1')
// 4 MB less, at the same speed in a flood of kernel lines.
setFlagsFromString('--optimize-for-size')

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort())

try {
  const flags = options()
  if (flags.parentWatch) stopWithParent(() => stop.abort())
  const config = await agentConfig({ ...flags, defaultData: '/var/lib/sallyport' }, process.env)
  await runAgent(config, { clock: systemClock, env: process.env, write: (line) => process.stderr.write(`${line}\n`) }, stop.signal)
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
        server: { type: 'string' },
        'token-file': { type: 'string' },
        data: { type: 'string' },
        config: { type: 'string' },
        file: { type: 'string', multiple: true },
        listen: { type: 'string' },
        node: { type: 'boolean' },
        pods: { type: 'boolean' },
        logs: { type: 'boolean' },
        'parent-watch': { type: 'boolean' },
      },
    })
    const { 'token-file': tokenFile, 'parent-watch': parentWatch, ...rest } = values
    return { ...rest, tokenFile, parentWatch }
  } catch (error) {
    throw new CodedError('USAGE', { reason: (error as Error).message })
  }
}
