/**
 * kill -9 of a copy of one big layer at seeded random moments, then the same command again, till it is there. Each kill may cost one piece (8 MiB) sent twice,
 * and the layer must be right in the end. Two rounds:
 * - to Debian's docker-registry 2.8, `sallyport` killed; with every second kill both registries are killed too, once the piece under way has ended. For that
 *   registry gives a session up as soon as a request of it broke, whoever asks (`brokenSession` shows it with plain requests), so no client can go on there.
 * - to a registry that keeps what it received, as the specification has it: all of the copy's processes and, every second time, the target are killed at
 *   once, in the middle of whatever they do.
 * `node test/soak/image-kill.ts [POINTS] [SEED] [MB]`
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { PIECE } from '#capabilities/image-migration/domain/transfer.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { type RegistryProcess, startDockerRegistry } from '#test/builders/docker-registry.ts'
import { OCI_MANIFEST, pushImage } from '#test/builders/images.ts'
import { startKeepingRegistry } from '#test/builders/keeping-registry.ts'

const sallyport = resolve(import.meta.dirname, '../../bin/sallyport')

/** Passes bytes on and counts those that come in. */
async function countingProxy(target: string) {
  const [host, port] = target.split(':')
  let bytes = 0
  const server = createServer((client) => {
    const upstream = connect(Number(port), host!)
    client.on('data', (part) => {
      bytes += part.length
    })
    client.pipe(upstream).pipe(client)
    client.on('error', () => {}).on('close', () => upstream.destroy())
    upstream.on('error', () => {}).on('close', () => client.destroy())
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, bytes: () => bytes, [Symbol.dispose]: () => void server.close() }
}

export interface Killed {
  kills: number
  /** Bytes that the target was sent beyond those of the image. */
  twice: number
  /** The most of one kill. */
  allowed: number
  right: boolean
}

/** Which: `front` kills what was started, as a user does; `all` every process of the copy, and the target in the same moment. */
export async function killCopies(which: 'front' | 'all', points: number, seed: number, megabytes: number, log: (line: string) => void): Promise<Killed> {
  await using source = await startDockerRegistry()
  await using target: RegistryProcess = await (which === 'front' ? startDockerRegistry() : startKeepingRegistry())
  using proxy = await countingProxy(target.host)
  const data = mkdtempSync(join(tmpdir(), 'sallyport-image-kill-'))
  const random = seededRandom(seed)
  const size = megabytes * 1_000_000
  await pushImage(source.host, 'app/big', 'v1', [{ seed, size }])
  // Slow enough that all the kills meet the layer.
  const rate = Math.ceil(size / (points * 0.9))
  const start = () =>
    spawn(
      sallyport,
      ['--data', data, '--progress', 'none', 'images', 'copy', '--limit-rate', String(rate), `${source.host}/app/big:v1`, `${proxy.host}/app/big:v1`],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
  const locks = () => readdirSync(join(data, 'image-moves')).filter((name) => name.endsWith('.lock'))
  let kills = 0
  for (;;) {
    const child = start()
    const ended = new Promise<number | null>((done) => child.once('exit', done))
    const before = proxy.bytes()
    if (kills < points) {
      // Counted from the first bytes of the layer on, so that the kill meets it and not the start of the program.
      while (proxy.bytes() - before < 20_000 && child.exitCode === null) await pause(5)
      await pause(random() * 1500)
      if (child.exitCode === null) {
        // The lock holds the number of the process that copies.
        const copying = locks().map((name) => Number(readFileSync(join(data, 'image-moves', name), 'utf8')))
        child.kill('SIGKILL')
        if (which === 'all') for (const pid of copying) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL')
        const restarts = which === 'all' && kills % 2 === 0 ? target.restart('SIGKILL') : undefined
        await Promise.all([ended, restarts])
        kills++
        log(`kill ${kills}: ${((proxy.bytes() / size) * 100).toFixed(1)} % of the layer were sent so far`)
        if (which === 'front') {
          while (locks().length > 0) await pause(20)
          if (kills % 2 === 0) await Promise.all([source.restart('SIGKILL'), target.restart('SIGKILL')])
        }
        continue
      }
    }
    if ((await ended) !== 0) throw new Error('the last run failed')
    break
  }
  const digests = await Promise.all(
    [source, target].map(async ({ host }) =>
      (await fetch(`http://${host}/v2/app/big/manifests/v1`, { method: 'HEAD', headers: { accept: OCI_MANIFEST } })).headers.get('docker-content-digest'),
    ),
  )
  rmSync(data, { recursive: true, force: true })
  // Requests themselves are bytes too: well below 64 KiB a run.
  const twice = Math.max(0, proxy.bytes() - size - (kills + 1) * 65_536)
  return { kills, twice, allowed: kills * PIECE, right: digests[0] !== null && digests[0] === digests[1] }
}

/** What a registry says of a session with one acknowledged piece before and after a second piece broke off: `204 0-999999` goes on, `400` is lost. */
export async function brokenSession({ host }: RegistryProcess): Promise<{ before: string; after: string }> {
  const base = `http://${host}`
  const locationOf = (answer: Response) => new URL(answer.headers.get('location')!, base)
  const begun = await fetch(`${base}/v2/app/cut/blobs/uploads/`, { method: 'POST' })
  const headers = { 'content-type': 'application/octet-stream' }
  const acknowledged = locationOf(await fetch(locationOf(begun), { method: 'PATCH', headers, body: new Uint8Array(1_000_000) }))
  const state = async () => {
    const answer = await fetch(acknowledged)
    return `${answer.status} ${answer.headers.get('range') ?? ''}`.trim()
  }
  const before = await state()
  await new Promise<void>((broke) => {
    const sending = request(acknowledged, { method: 'PATCH', headers: { ...headers, 'content-length': '1000000' } })
    sending.on('error', () => {}).on('close', broke)
    sending.write(new Uint8Array(500_000), () => setTimeout(() => sending.destroy(), 200))
  })
  await pause(500)
  return { before, after: await state() }
}

if (import.meta.main) {
  const [points = '20', seed = '1', megabytes = '600'] = process.argv.slice(2)
  for (const [name, open] of [
    ['docker-registry', startDockerRegistry],
    ['a registry that keeps', startKeepingRegistry],
  ] as const) {
    await using registry = await open()
    const { before, after } = await brokenSession(registry)
    console.log(`${name}: a session stands at "${before}", and after a request of it broke at "${after}"`)
  }
  let wrong = 0
  for (const which of ['front', 'all'] as const) {
    const { kills, twice, allowed, right } = await killCopies(which, Number(points), Number(seed), Number(megabytes), console.log)
    console.log(
      `${which}: ${kills} kills; ${(twice / 1e6).toFixed(1)} MB sent twice, ${(twice / kills / 1e6).toFixed(2)} MB a kill; allowed ${(allowed / 1e6).toFixed(0)} MB; digests ${right ? 'right' : 'WRONG'}`,
    )
    if (twice > allowed || !right || kills === 0) wrong++
  }
  process.exit(wrong > 0 ? 1 : 0)
}
