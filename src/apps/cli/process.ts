import { existsSync } from 'node:fs'
import { constants, homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { EXIT } from '#core/kernel/errors.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import type { Surroundings } from '#kits/cli-kit/context.ts'
import type { CliDoorEntry } from './doors.ts'
import { runCli } from './program.ts'

/** npm hands Ctrl-C on although the terminal sent it to us already: what comes within this many ms is the same keystroke. */
const ECHO_MS = 500

/** The cluster of a context: `--kubeconfig`, else the files of KUBECONFIG that are there, else ~/.kube/config. */
async function openKubeconfig({ kubeconfig, context }: { kubeconfig?: string; context?: string }, env: NodeJS.ProcessEnv) {
  const [{ parseKubeconfig, readKubeconfigFile }, { openCluster }] = await Promise.all([
    import('#edges/cluster/kubeconfig.ts'),
    import('#edges/cluster/client.ts'),
  ])
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '' && existsSync(path))
  const paths = kubeconfig ? [kubeconfig] : listed.length > 0 ? listed : [join(homedir(), '.kube', 'config')]
  const access = await parseKubeconfig(...(await Promise.all(paths.map(readKubeconfigFile)))).select(context)
  return openCluster({ name: access.context, access, clock: systemClock })
}

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
  const front = Number(process.env.SALLYPORT_FRONT)
  if (front > 0)
    setInterval(() => {
      // The launcher was killed: as if it had been said to end.
      if (process.ppid !== front) interrupted.abort(new Error('its parent is gone'))
    }, 50).unref()
  // `sallyport … | head` is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.done)
    throw error
  })
  const { env, stdout, stderr } = process
  const registries = async () => (await import('#edges/registry/open.ts')).registriesWith(systemClock)
  const opened: { close(): Promise<void> }[] = []
  const host = async () => (await import('#edges/host/machine.ts')).createMachine()
  const cluster: Surroundings['cluster'] = async (options = {}) => {
    const one = await openKubeconfig(options, env)
    opened.push(one)
    return one.cluster
  }
  process.exitCode = await runCli(
    process.argv.slice(2),
    { env, stdout, stderr, clock: systemClock, signal: interrupted.signal, registries, cluster, host },
    doors,
  )
  for (const each of opened) await each.close()
}
