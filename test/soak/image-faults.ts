/**
 * Copies through a proxy that fails as registries and networks do. All has to end in success, or in an error that names side, image and cause; nothing
 * wrong may be kept. `node test/soak/image-faults.ts [SEEDS]`
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FAULTS, type Fault, faultProxy } from '#bench/proxy.ts'
import { type RegistryProcess, startDockerRegistry } from '#test/builders/docker-registry.ts'
import { OCI_MANIFEST, pushImage, sha256 } from '#test/builders/images.ts'
import { runImages } from '#test/builders/run-images.ts'

const TAGS = 7
/** Of two pieces and a bit. */
const BIG = 36 * 1024 * 1024

export async function faultySource(): Promise<RegistryProcess> {
  const source = await startDockerRegistry()
  for (let i = 1; i < TAGS; i++)
    await pushImage(source.host, 'app/some', `t${i}`, [
      { seed: 1, size: 70_000 },
      { seed: 10 + i, size: 600_000 },
    ])
  await pushImage(source.host, 'app/some', 'big', [{ seed: 99, size: BIG }])
  return source
}

export interface Through {
  exit: number
  copied: number
  /** Messages of what failed. */
  failed: string[]
  /** What must not be: wrong digests, errors that do not name what they should. */
  wrong: string[]
  hits: Record<string, number>
}

/** Copies all from `source` to a fresh registry, with the faults on one side. */
export async function copyThrough(source: RegistryProcess, faults: readonly Fault[], side: 'source' | 'target', seed: number, share: number): Promise<Through> {
  const data = mkdtempSync(join(tmpdir(), 'sallyport-faults-'))
  await using target = await startDockerRegistry()
  await using proxy = await faultProxy(side === 'source' ? source.host : target.host, faults, { seed, share })
  const [from, to] = side === 'source' ? [proxy.host, target.host] : [source.host, proxy.host]
  const { exit, report, stderr } = await runImages(['copy', '--all-tags', `${from}/app/some`, `${to}/app/some`, '-o', 'json'], data)
  rmSync(data, { recursive: true, force: true })
  const wrong = wrongDigests(target.root)
  const failed: string[] = []
  if (report?.items.length !== TAGS) {
    // The list of tags itself did not come; that has to be said too.
    failed.push(stderr)
    if (exit === 0 || !stderr.includes(proxy.host)) wrong.push(`${report?.items.length} of ${TAGS} tags, exit ${exit}: ${stderr}`)
  }
  for (const item of report?.items ?? []) {
    if (item.outcome === 'failed') {
      failed.push(item.failure!.message)
      if (item.failure!.side !== side || item.failure!.code === 'INTERNAL' || !item.failure!.message.includes(proxy.host))
        wrong.push(`${item.source}: ${item.failure!.side} ${item.failure!.message}`)
    } else {
      const tag = item.source.split(':').at(-1)!
      const [here, there] = await Promise.all([digestAt(source.host, tag), digestAt(target.host, tag)])
      if (here === null || here !== there) wrong.push(`${tag}: ${there} and not ${here}`)
    }
  }
  return { exit, copied: report?.totals.copied ?? 0, failed, wrong, hits: proxy.hits }
}

const digestAt = async (host: string, tag: string) =>
  (await fetch(`http://${host}/v2/app/some/manifests/${tag}`, { method: 'HEAD', headers: { accept: OCI_MANIFEST } })).headers.get('docker-content-digest')

/** Blobs in the store of a registry that do not lie under their own digest. */
function wrongDigests(root: string): string[] {
  const blobs = join(root, 'docker/registry/v2/blobs/sha256')
  const wrong: string[] = []
  try {
    for (const two of readdirSync(blobs))
      for (const hex of readdirSync(join(blobs, two))) if (sha256(readFileSync(join(blobs, two, hex, 'data'))) !== `sha256:${hex}`) wrong.push(hex)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return wrong
}

if (import.meta.main) {
  await using source = await faultySource()
  let runs = 0
  let failed = 0
  const wrong: string[] = []
  for (let seed = 1; seed <= Number(process.argv[2] ?? 2); seed++) {
    for (const faults of [...FAULTS.map((fault) => [fault]), FAULTS]) {
      for (const side of ['source', 'target'] as const) {
        const one = await copyThrough(source, faults, side, seed, faults.length > 1 ? 0.3 : 0.15)
        runs++
        if (one.failed.length > 0) failed++
        wrong.push(...one.wrong)
        console.log(
          `${faults.length > 1 ? 'all' : faults[0]} at the ${side}, seed ${seed}: exit ${one.exit}, ${one.copied} of ${TAGS} copied, ${JSON.stringify(one.hits)}`,
        )
        for (const message of [...new Set(one.failed)]) console.log(`  said: ${message.trim()}`)
      }
    }
  }
  for (const what of wrong) console.log(`WRONG: ${what}`)
  console.log(`${runs} runs, ${failed} with an error that was said, ${wrong.length} wrong`)
  process.exit(wrong.length > 0 ? 1 : 0)
}
