import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RegistryProcess, startDockerRegistry } from '#test/builders/docker-registry.ts'
import { pushImage } from '#test/builders/images.ts'
import { describeReal } from '#test/real.ts'

describeReal('sallyport images on the command line', ['docker-registry'], () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-images-cli-'))
  const at = (name: string, text?: string) => {
    const path = join(folder, name)
    if (text !== undefined) writeFileSync(path, text)
    return path
  }
  const cli = (...words: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const all = [join(import.meta.dirname, '../../src/apps/cli/main.ts'), '--data', at('data'), ...words]
      execFile(process.execPath, all, { env: { ...process.env, HOME: folder, LC_ALL: 'C.UTF-8' } }, (error, out, err) =>
        resolve({ code: Number(error?.code ?? 0), out, err }),
      )
    })
  let source: RegistryProcess
  let target: RegistryProcess
  let digest: string

  beforeAll(async () => {
    ;[source, target] = await Promise.all([startDockerRegistry(), startDockerRegistry()])
    for (const [i, tag] of ['v1.0', 'v1.1', 'v2.0'].entries()) digest = (await pushImage(source.host, 'coreos/proxy', tag, [{ seed: i, size: 9000 }])).digest
  }, 30_000)
  afterAll(async () => {
    await source?.[Symbol.asyncDispose]()
    await target?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
  const digestAt = async (name: string) =>
    (
      await fetch(`http://${target.host}/v2/${name.replace(':', '/manifests/')}`, {
        method: 'HEAD',
        headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
      })
    ).headers.get('docker-content-digest')

  it("copies by image-syncer's files, and its signed report holds", { timeout: 60_000 }, async () => {
    const images = at(
      'images.yaml',
      `${source.host}/coreos/proxy:/^v2/: ${target.host}/a/proxy\n${source.host}/coreos/proxy:v1.0,v1.1: ${target.host}/b/proxy:one,two\n`,
    )
    const auth = at('auth.yaml', `${source.host}:\n  username: u\n  password: S3CRET\n  insecure: true\n`)
    const done = await cli('images', 'copy', '--auth', auth, '--images', images, '-o', 'name', '--report', at('r.json'), '--sign')
    expect(done).toMatchObject({ code: 0, out: `${target.host}/a/proxy:v2.0\n${target.host}/b/proxy:one\n${target.host}/b/proxy:two\n` })
    expect(await digestAt('a/proxy:v2.0')).toBe(digest)
    expect(done.err + readFileSync(at('r.json'), 'utf8')).not.toContain('S3CRET')
    const key = join(at('data'), 'image-moves/report-key.pem.pub')
    expect((await cli('images', 'verify-report', at('r.json'), '--key', key)).code).toBe(0)
    expect((await cli('images', 'verify-report', at('r.json'))).code).toBe(6)
    writeFileSync(at('r.json'), readFileSync(at('r.json'), 'utf8').replace('copied', 'copiet'))
    expect((await cli('images', 'verify-report', at('r.json'), '--key', key)).code).toBe(3)
  })

  it('copies what manifests use, and points them there with digests', { timeout: 60_000 }, async () => {
    const pod = (image: string, other: string) =>
      `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: a, image: "${image}"} # first\n  - {name: b, image: ${other}}\n`
    const file = at('pod.yaml', pod(`${source.host}/coreos/proxy:v2.0`, `${source.host}/none:1`))
    const copied = await cli('images', 'copy', '-f', file, '--to', `${target.host}/m`, '-o', 'json')
    expect(copied.code).toBe(6)
    expect(JSON.parse(copied.out)).toMatchObject({ totals: { copied: 1, failed: 1 } })
    const rewritten = await cli('images', 'rewrite', '-f', file, '--to', `${target.host}/m`, '--pin')
    expect(rewritten.code).toBe(6)
    expect(rewritten.err).toContain(`${target.host}/m/none:1 was not pinned: it is not there`)
    expect(readFileSync(file, 'utf8')).toBe(pod(`${target.host}/m/coreos/proxy:v2.0@${digest}`, `${target.host}/m/none:1`))
  })
})
