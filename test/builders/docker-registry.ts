/** Debian's docker-registry as a process of its own on a free port of loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { program } from '#test/real.ts'

export interface RegistryProcess extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  host: string
  /** Where it stores. */
  root: string
  /** Stops it and starts it again on the same port and store. */
  restart(signal?: NodeJS.Signals): Promise<void>
}

export interface RegistryProcessOptions {
  /** May tags be deleted? */
  deletes?: boolean
  /** Folder to make the store in, e.g. one in memory. */
  under?: string
  /** May layers be elsewhere (`urls`)? */
  foreign?: boolean
  /** htpasswd file that logs in. */
  htpasswd?: string
}

export async function startDockerRegistry({
  deletes = false,
  under = tmpdir(),
  foreign = false,
  htpasswd,
}: RegistryProcessOptions = {}): Promise<RegistryProcess> {
  const folder = mkdtempSync(join(under, 'sallyport-registry-'))
  const root = join(folder, 'store')
  const config = join(folder, 'config.yml')
  let port = 0
  const write = () =>
    writeFileSync(
      config,
      `version: 0.1
log: {level: info, formatter: json, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: ${root}, maxthreads: 100}
  delete: {enabled: ${deletes}}
  maintenance: {uploadpurging: {enabled: false}}
http: {addr: '127.0.0.1:${port}', secret: for-tests-only}
${foreign ? "validation: {manifests: {urls: {allow: ['^https://']}}}\n" : ''}${htpasswd ? `auth: {htpasswd: {realm: tests, path: ${htpasswd}}}\n` : ''}`,
    )
  let child: ChildProcess | undefined
  const start = async () => {
    write()
    // Its log goes to a file: a pipe that nobody reads would stop it.
    const log = openSync(join(folder, 'log'), 'w')
    const started = spawn(program('docker-registry')!, ['serve', config], { stdio: ['ignore', log, log] })
    closeSync(log)
    child = started
    for (;;) {
      const found = /listening on 127\.0\.0\.1:(\d+)/.exec(readFileSync(join(folder, 'log'), 'utf8'))
      if (found) {
        port = Number(found[1])
        return
      }
      if (started.exitCode !== null) throw new Error(`docker-registry ended: ${readFileSync(join(folder, 'log'), 'utf8').slice(-500)}`)
      await pause(10)
    }
  }
  const stop = (signal: NodeJS.Signals = 'SIGTERM') =>
    new Promise<void>((resolve) => {
      const stopped = child!
      if (stopped.exitCode !== null || stopped.signalCode !== null) return resolve()
      stopped.once('exit', () => resolve())
      stopped.kill(signal)
    })
  await start()
  return {
    host: `127.0.0.1:${port}`,
    root,
    restart: async (signal) => {
      await stop(signal)
      await start()
    },
    [Symbol.asyncDispose]: async () => {
      await stop('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
