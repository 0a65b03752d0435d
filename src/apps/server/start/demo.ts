/** The demo: the sandbox site writes a real access log, and a real agent sends it to the server. */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { stringify } from 'yaml'
import type { Clock } from '#core/kernel/clock.ts'
import { DEFAULT_CLUSTER } from '#kits/server-kit/clusters.ts'
import { readIfThere, writeFileAtomic } from '#kits/server-kit/files.ts'
import type { RunningServer } from '../main.ts'
import type { ChildProgram } from './children.ts'

/** Where the sandbox writes how its cluster is reached. */
export const demoKubeconfig = (data: string): string => join(data, 'sandbox/cluster/kubeconfig')

/** The sandbox's API is a moment later than the server, and after a crash it may be elsewhere: looked at this often, ms. */
const LOOK_EVERY = 1_000

/** Keeps the server connected to the demo's cluster until `signal` is aborted. */
export async function followDemoCluster(
  server: RunningServer,
  data: string,
  { clock, log }: { clock: Clock; log: Logger },
  signal: AbortSignal,
): Promise<void> {
  let known = ''
  while (!signal.aborted) {
    try {
      const text = await readIfThere(demoKubeconfig(data))
      if (text !== undefined && text !== known) {
        await server.connectSandbox(text)
        known = text
      }
    } catch (err) {
      log.warn({ err }, 'the cluster of the demo cannot be used yet')
    }
    await clock.sleep(LOOK_EVERY, signal).catch(() => {})
  }
}

const SRC = resolve(import.meta.dirname, '../../..')
/** Small programs: a young generation of 2 MB is enough and saves memory. */
const SMALL = ['--max-semi-space-size=2', '--disable-warning=ExperimentalWarning']

/** What to run beside `server`. The agent's token is made anew at each start and is in a file that only its owner reads. */
export async function demoPrograms(server: RunningServer, data: string): Promise<ChildProgram[]> {
  const folder = join(data, 'demo')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { token } = await server.tokens.issue({ name: 'demo agent', cluster: DEFAULT_CLUSTER, signals: ['access', 'audit'] }, { replace: true })
  const tokenFile = join(folder, 'agent-token')
  const config = join(folder, 'agent.yaml')
  await writeFileAtomic(tokenFile, `${token}\n`)
  await writeFileAtomic(
    config,
    stringify({
      server: server.url,
      tokenFile,
      data: folder,
      sources: [
        { path: join(data, 'sandbox/logs/access.log'), name: 'demo' },
        { path: join(data, 'sandbox/logs/audit.log'), name: 'sandbox', format: 'audit' },
      ],
    }),
  )
  return [
    { name: 'demo site', script: join(SRC, 'sandbox/site/main.ts'), args: ['--data', data, '--server', server.url], execArgv: SMALL },
    { name: 'demo agent', script: join(SRC, 'apps/agent/main.ts'), args: ['--config', config, '--data', folder, '--parent-watch'], execArgv: SMALL },
  ]
}
