/**
 * kill -9 of a copy of one big layer at seeded random moments, then the same command again, till it is there; with every second kill both registries are
 * restarted. Each kill may cost one piece (8 MiB) sent twice, and the layer must be right in the end. `node test/soak/image-kill.ts [POINTS] [SEED] [MB]`
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { PIECE } from '#capabilities/image-migration/domain/transfer.ts'
import { seededRandom } from '#core/kernel/random.ts'
import { startDockerRegistry } from '#test/builders/docker-registry.ts'
import { OCI_MANIFEST, pushImage } from '#test/builders/images.ts'

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
    for (const one of [client, upstream]) one.on('error', () => {}).on('close', () => (client.destroy(), upstream.destroy()))
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

export async function killCopies(points: number, seed: number, megabytes: number, log: (line: string) => void): Promise<Killed> {
  await using source = await startDockerRegistry()
  await using target = await startDockerRegistry()
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
      {
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    )
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
        child.kill('SIGKILL')
        await ended
        kills++
        log(`kill ${kills}: ${((proxy.bytes() / size) * 100).toFixed(1)} % of the layer were sent so far`)
        // The piece under way is ended; docker-registry itself gives a session up when it is killed in the middle of one.
        while (readdirSync(join(data, 'image-moves')).some((name) => name.endsWith('.lock'))) await pause(20)
        if (kills % 2 === 0) await Promise.all([source.restart('SIGKILL'), target.restart('SIGKILL')])
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

if (import.meta.main) {
  const [points = '20', seed = '1', megabytes = '600'] = process.argv.slice(2)
  const { kills, twice, allowed, right } = await killCopies(Number(points), Number(seed), Number(megabytes), console.log)
  console.log(
    `${kills} kills; ${(twice / 1e6).toFixed(1)} MB sent twice, ${(twice / kills / 1e6).toFixed(2)} MB a kill; allowed ${(allowed / 1e6).toFixed(0)} MB; digests ${right ? 'right' : 'WRONG'}`,
  )
  process.exit(twice <= allowed && right && kills > 0 ? 0 : 1)
}
