/** The engine on real registries: what is at the target afterwards is read with plain requests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RegistryProcess, startDockerRegistry } from '#test/builders/docker-registry.ts'
import { OCI_INDEX, OCI_MANIFEST, pushBlob, pushImage, pushManifest, sha256 } from '#test/builders/images.ts'
import { runImages } from '#test/builders/run-images.ts'
import { describeReal } from '#test/real.ts'

const EMPTY = 'application/vnd.oci.empty.v1+json'

const manifestOf = async (host: string, repository: string, reference: string) => {
  const accept = [OCI_INDEX, OCI_MANIFEST].join(', ')
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${reference}`, { headers: { accept } })
  return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined
}

describeReal('images copy between two registries', ['docker-registry'], () => {
  let a: RegistryProcess
  let b: RegistryProcess
  let data: string
  beforeAll(async () => {
    ;[a, b] = await Promise.all([startDockerRegistry(), startDockerRegistry()])
    data = mkdtempSync(join(tmpdir(), 'sallyport-images-'))
  })
  afterAll(async () => {
    await a?.[Symbol.asyncDispose]()
    await b?.[Symbol.asyncDispose]()
    rmSync(data, { recursive: true, force: true })
  })
  const copy = (...words: string[]) => runImages(['copy', ...words, '-o', 'json'], data)

  it('copies all tags of a repository, then finds nothing to do with two HEADs a tag', async () => {
    for (let i = 0; i < 12; i++)
      await pushImage(a.host, 'app/small', `t${i}`, [
        { seed: 1, size: 30_000 },
        { seed: 10 + i, size: 400_000 },
      ])
    const first = await copy('--all-tags', `${a.host}/app/small`, `${b.host}/moved/small`)
    expect(first).toMatchObject({ exit: 0, report: { totals: { copied: 12, failed: 0 } } })
    for (let i = 0; i < 12; i++) expect(await manifestOf(b.host, 'moved/small', `t${i}`)).toEqual(await manifestOf(a.host, 'app/small', `t${i}`))
    const again = await copy('--all-tags', `${a.host}/app/small`, `${b.host}/moved/small`)
    expect(again.report.totals).toMatchObject({ unchanged: 12, copied: 0, bytesSent: 0 })
    expect(again.report.traffic[b.host]!.requests).toEqual({ HEAD: 12 })
  })

  it('asks the target at most 34 times for a fresh image of 10 layers', async () => {
    await pushImage(
      a.host,
      'app/ten',
      'v1',
      Array.from({ length: 10 }, (_, i) => ({ seed: 100 + i, size: 2_000_000 })),
    )
    const { report } = await copy(`${a.host}/app/ten:v1`, `${b.host}/moved/ten:v1`)
    const asked = Object.values(report.traffic[b.host]!.requests).reduce((sum, n) => sum + n, 0)
    expect(asked).toBeLessThanOrEqual(34)
  })

  it('mounts what another repository of the target has', async () => {
    await pushImage(a.host, 'app/one', 'v1', [{ seed: 200, size: 3_000_000 }])
    await pushImage(a.host, 'app/two', 'v1', [
      { seed: 200, size: 3_000_000 },
      { seed: 201, size: 10_000 },
    ])
    await copy(`${a.host}/app/one:v1`, `${b.host}/moved/one:v1`)
    const inside = await copy(`${b.host}/moved/one:v1`, `${b.host}/elsewhere/one:v1`)
    expect(inside.report.totals).toMatchObject({ copied: 1, bytesSent: 0, mounts: 2 })
  })

  it('moves a nested index with its platforms, attestations, referrers and cosign tags, all bytes as they were', async () => {
    const repository = 'app/multi'
    const amd = await pushImage(a.host, repository, undefined, [{ seed: 300, size: 50_000 }], {}, 'amd64')
    const arm = await pushImage(a.host, repository, undefined, [{ seed: 301, size: 50_000 }], {}, 'arm64')
    const inner = await pushManifest(
      a.host,
      repository,
      undefined,
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...arm, platform: { os: 'linux', architecture: 'arm64' } }] },
      OCI_INDEX,
    )
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...amd, platform: { os: 'linux', architecture: 'amd64' } }, inner] }
    const top = await pushManifest(a.host, repository, 'v1', index, OCI_INDEX)
    const signature = await pushImage(a.host, repository, `${amd.digest.replace(':', '-')}.sig`, [{ seed: 310, size: 300 }])
    const empty = await pushBlob(a.host, repository, Buffer.from('{}'), EMPTY)
    const sbom = await pushManifest(a.host, repository, undefined, {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: 'application/spdx+json',
      config: empty,
      layers: [await pushBlob(a.host, repository, Buffer.from('sbom'), 'application/spdx+json')],
      subject: top,
    })
    const fallback = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...sbom, artifactType: 'application/spdx+json' }] }
    await pushManifest(a.host, repository, top.digest.replace(':', '-'), fallback, OCI_INDEX)

    const { exit, report } = await copy(`${a.host}/${repository}:v1`, `${b.host}/${repository}:v1`)
    expect(exit).toBe(0)
    for (const reference of ['v1', amd.digest, arm.digest, inner.digest, sbom.digest, `${amd.digest.replace(':', '-')}.sig`, top.digest.replace(':', '-')])
      expect(await manifestOf(b.host, repository, reference), reference).toEqual(await manifestOf(a.host, repository, reference))
    expect(sha256((await manifestOf(b.host, repository, 'v1'))!)).toBe(top.digest)
    expect(report.items[0]!.referrers).toContain(sbom.digest)
    expect((await manifestOf(b.host, repository, signature.digest))?.length).toBe(signature.size)

    const again = await copy(`${a.host}/${repository}:v1`, `${b.host}/${repository}:v1`)
    expect(again.report.totals).toMatchObject({ unchanged: 1, bytesSent: 0 })

    const cut = await copy('--platform', 'linux/amd64', `${a.host}/${repository}:v1`, `${b.host}/app/cut:v1`)
    expect(cut.report.items[0]).toMatchObject({ outcome: 'copied', digest: top.digest })
    expect(cut.report.items[0]!.targetDigest).not.toBe(top.digest)
    expect(cut.report.items[0]!.notes.join()).toContain('linux/amd64')
    expect(JSON.parse(String(await manifestOf(b.host, 'app/cut', 'v1'))).manifests).toEqual([index.manifests[0]])
  })

  it('says side, image and cause of what fails, and moves the rest', async () => {
    await pushImage(a.host, 'app/some', 'good', [{ seed: 400, size: 1000 }])
    const missing = await copy(`${a.host}/app/some:gone`, `${b.host}/app/some:gone`)
    expect(missing.exit).toBe(1)
    expect(missing.stderr).toContain('source: ')
    expect(missing.stderr).toContain('app/some:gone')
    const dead = await copy('--retries', '1', `${a.host}/app/some:good`, `127.0.0.1:1/app/some:good`)
    expect(dead.exit).toBe(1)
    expect(dead.report.items[0]!.failure).toMatchObject({ side: 'target', code: 'UNREACHABLE' })
  })
})
