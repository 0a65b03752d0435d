/**
 * Moving images against Debian's skopeo (`--all --preserve-digests`), between two of Debian's docker-registry, alternating, the same images and options.
 * `npm run bench -- images`, or `node bench/images.ts [small|far|large|one|memory …] [ROUNDS]`
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { median } from '#bench/measure.ts'
import { delayProxy } from '#bench/proxy.ts'
import { type RegistryProcess, startDockerRegistry } from '#test/builders/docker-registry.ts'
import { pushBigImage, pushImage } from '#test/builders/images.ts'
import { program } from '#test/real.ts'
import { bundleAll } from '../deploy/bundle.ts'

const MB = 1_000_000
const out = mkdtempSync(join(tmpdir(), 'sallyport-bench-images-'))
await bundleAll(out)
const CLI = join(out, 'cli/main.js')
const node = resolve(import.meta.dirname, '../node_modules/node/bin/node')
const NODE = existsSync(node) ? node : process.execPath
/** Stores lie in memory where that is possible, so that no disk decides. */
const under = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

interface Run {
  wall: number
  cpu: number
  /** Peak resident MB. */
  rss: number
  out: string
}

/** Runs a program to its end; CPU seconds and peak memory are those that the kernel counted. */
async function run(command: string, args: readonly string[]): Promise<Run> {
  const began = performance.now()
  const child = spawn('/usr/bin/time', ['-f', 'TIME %U %S %M', command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (part) => (stdout += part))
  child.stderr.on('data', (part) => (stderr += part))
  const code = await new Promise((ended) => child.once('close', ended))
  const wall = (performance.now() - began) / 1000
  const [, user, system, kilobytes] = /TIME ([\d.]+) ([\d.]+) (\d+)/.exec(stderr)!
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${code}\n${stderr.slice(-2000)}`)
  return { wall, cpu: Number(user) + Number(system), rss: (Number(kilobytes) * 1024) / MB, out: stdout }
}

const data = join(out, 'data')
const ours = (...args: string[]) => run(NODE, [CLI, '--data', data, '--progress', 'none', 'images', 'copy', ...args, '-o', 'json'])
const tls = ['--src-tls-verify=false', '--dest-tls-verify=false']
const skopeoCopy = (from: string, to: string) =>
  run(program('skopeo')!, ['copy', '--all', '--preserve-digests', '--retry-times', '3', ...tls, `docker://${from}`, `docker://${to}`])
const skopeoSync = (from: string, to: string) =>
  run(program('skopeo')!, ['sync', '--all', '--preserve-digests', '--retry-times', '3', '--src', 'docker', '--dest', 'docker', ...tls, from, to])

function table(name: string, bar: string, mine: readonly Run[], theirs: readonly Run[]) {
  const of = (runs: readonly Run[], what: 'wall' | 'cpu' | 'rss') => median(runs.map((one) => one[what]))
  const ratio = median(mine.map((one, i) => one.wall / theirs[i]!.wall))
  const words = (runs: readonly Run[]) => `${of(runs, 'wall').toFixed(2)} s / ${of(runs, 'cpu').toFixed(2)} s / ${of(runs, 'rss').toFixed(0)} MB`
  console.log(`| ${name} | ${words(theirs)} | ${words(mine)} | **${ratio.toFixed(3)}** | ${bar} |`)
}

async function alternating(rounds: number, mine: (round: number) => Promise<Run>, theirs: (round: number) => Promise<Run>) {
  const all = { mine: [] as Run[], theirs: [] as Run[] }
  for (let round = 0; round < rounds; round++) {
    const both = [async () => all.mine.push(await mine(round)), async () => all.theirs.push(await theirs(round))]
    for (const one of round % 2 === 0 ? both : both.reverse()) await one()
  }
  return all
}

const pushSmall = async (source: RegistryProcess, repository: string, count: number) => {
  for (let i = 0; i < count; i++)
    await pushImage(source.host, repository, `t${i}`, [{ seed: 1, size: 30_000 }, ...[1, 2, 3].map((n) => ({ seed: 10 * i + n + 1, size: 8000 * n }))])
}

/** Requests by method of each place, source first. */
const requestsOf = ({ out }: Run): Record<string, number>[] =>
  Object.values((JSON.parse(out) as { traffic: Record<string, { requests: Record<string, number> }> }).traffic).map(({ requests }) => requests)

/** A copy to a registry that has nothing yet. */
async function onEmpty(copy: (host: string) => Promise<Run>): Promise<Run> {
  await using target = await startDockerRegistry({ under })
  return await copy(target.host)
}

const CASES: Record<string, (rounds: number) => Promise<void>> = {
  async small(rounds) {
    await using source = await startDockerRegistry({ under })
    await pushSmall(source, 'app/small', 200)
    const from = `${source.host}/app/small`
    const copies = { ours: (to: string) => ours('--all-tags', from, `${to}/ours/small`), skopeo: (to: string) => skopeoSync(from, `${to}/skopeo`) }
    // A target of its own each time: skopeo keeps in a file which repository of a registry has a blob, and would mount from there what it is to move.
    const fresh = await alternating(
      rounds,
      () => onEmpty(copies.ours),
      () => onEmpty(copies.skopeo),
    )
    table('200 small tags, loopback', '≤ 0.33', fresh.mine, fresh.theirs)
    await using target = await startDockerRegistry({ under })
    for (const copy of [copies.ours, copies.skopeo]) await copy(target.host)
    const again = await alternating(
      rounds,
      () => copies.ours(target.host),
      () => copies.skopeo(target.host),
    )
    table('the same again, nothing changed', '', again.mine, again.theirs)
  },
  async far(rounds) {
    await using source = await startDockerRegistry({ under })
    await pushSmall(source, 'app/small', 40)
    await using near = await delayProxy(source.host, 50)
    const from = `${near.host}/app/small`
    const copies = { ours: (to: string) => ours('--all-tags', from, `${to}/ours/small`), skopeo: (to: string) => skopeoSync(from, `${to}/skopeo`) }
    const afar = async (target: RegistryProcess, copy: (to: string) => Promise<Run>) => {
      await using proxy = await delayProxy(target.host, 50)
      return await copy(proxy.host)
    }
    const onNew = async (copy: (to: string) => Promise<Run>) => {
      await using target = await startDockerRegistry({ under })
      return await afar(target, copy)
    }
    const fresh = await alternating(
      rounds,
      () => onNew(copies.ours),
      () => onNew(copies.skopeo),
    )
    table('40 small tags, 50 ms RTT', '≤ 0.12', fresh.mine, fresh.theirs)
    await using target = await startDockerRegistry({ under })
    for (const copy of [copies.ours, copies.skopeo]) await copy(target.host)
    const again = await alternating(
      rounds,
      () => afar(target, copies.ours),
      () => afar(target, copies.skopeo),
    )
    table('the same again at 50 ms, nothing changed', '≤ 0.06', again.mine, again.theirs)
    console.log(`  asked then: ${JSON.stringify(requestsOf(again.mine[0]!))}`)
  },
  async large(rounds) {
    await using source = await startDockerRegistry({ under })
    await pushImage(
      source.host,
      'app/ten',
      'v1',
      Array.from({ length: 10 }, (_, i) => ({ seed: 100 + i, size: 20 * MB })),
    )
    await pushImage(source.host, 'app/layer', 'v1', [{ seed: 200, size: 600 * MB }])
    for (const [name, repository] of [
      ['200 MB image of 10 layers', 'app/ten'],
      ['one layer of 600 MB', 'app/layer'],
    ] as const) {
      const times = { mine: [] as Run[], theirs: [] as Run[] }
      for (let i = 0; i < rounds; i++) {
        // A fresh target each time: a registry that has a blob takes it from itself.
        const one = (copy: (from: string, to: string) => Promise<Run>) => onEmpty((to) => copy(`${source.host}/${repository}:v1`, `${to}/moved/it:v1`))
        const both = [async () => times.mine.push(await one(ours)), async () => times.theirs.push(await one(skopeoCopy))]
        for (const next of i % 2 === 0 ? both : both.reverse()) await next()
      }
      table(name, '≤ 1.0', times.mine, times.theirs)
      if (repository === 'app/ten') {
        const counts = requestsOf(times.mine[0]!).map((requests) => Object.values(requests).reduce((sum, n) => sum + n, 0))
        console.log(`  requests at source and target: ${counts.join(' and ')} (bar for the target: 34)`)
      }
    }
  },
  async one(rounds) {
    await using source = await startDockerRegistry({ under })
    await using target = await startDockerRegistry({ under })
    await pushImage(source.host, 'app/tiny', 'v1', [{ seed: 1, size: 10_000 }])
    const times = await alternating(
      rounds,
      (i) => ours(`${source.host}/app/tiny:v1`, `${target.host}/ours${i}/tiny:v1`),
      (i) => skopeoCopy(`${source.host}/app/tiny:v1`, `${target.host}/skopeo${i}/tiny:v1`),
    )
    table('one tiny image, cold', '0.6 s', times.mine, times.theirs)
  },
  async memory() {
    await using source = await startDockerRegistry({ under })
    console.log('| image | peak resident | wall |\n|---|---|---|')
    for (const [name, size] of [
      ['one layer of 1 MB', MB],
      ['one layer of 100 MB', 100 * MB],
      ['one layer of 4 GB', 4000 * MB],
    ] as const) {
      await using target = await startDockerRegistry({ under })
      await pushBigImage(source.host, 'app/size', 'v1', size)
      const { rss, wall } = await ours(`${source.host}/app/size:v1`, `${target.host}/app/size:v1`)
      console.log(`| ${name} | ${rss.toFixed(0)} MB | ${wall.toFixed(1)} s |`)
    }
    await using target = await startDockerRegistry({ under })
    await pushSmall(source, 'app/many', 1000)
    const { rss, wall } = await ours('--all-tags', `${source.host}/app/many`, `${target.host}/app/many`)
    console.log(`| 1,000 tags | ${rss.toFixed(0)} MB | ${wall.toFixed(1)} s |`)
  },
}

const asked = process.argv.slice(2).filter((word) => word in CASES)
const rounds = Number(process.argv.slice(2).find((word) => /^\d+$/.test(word)) ?? 5)
for (const name of ['skopeo', 'docker-registry']) if (!program(name)) throw new Error(`${name} is not on this machine`)
console.log(
  `skopeo ${spawnSync(program('skopeo')!, ['--version'], { encoding: 'utf8' }).stdout.trim()}; ${readFileSync('/proc/loadavg', 'utf8').split(' ', 3).join(' ')}; ${rounds} rounds`,
)
console.log('| case | skopeo: wall / CPU / RSS | sallyport: wall / CPU / RSS | ratio of wall | bar |\n|---|---|---|---|---|')
for (const name of asked.length > 0 ? asked : Object.keys(CASES)) await CASES[name]!(rounds)
rmSync(out, { recursive: true, force: true })
