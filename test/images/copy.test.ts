/** The engine on real registries: what is at the target afterwards is read with plain requests. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type RegistryProcess, startDockerRegistry } from '#test/builders/docker-registry.ts'
import { OCI_INDEX, OCI_MANIFEST, pushBlob, pushImage, pushManifest, sha256 } from '#test/builders/images.ts'
import { runImages } from '#test/builders/run-images.ts'
import { describeReal, program } from '#test/real.ts'

const EMPTY = 'application/vnd.oci.empty.v1+json'

const manifestOf = async (host: string, repository: string, reference: string) => {
  const accept = [OCI_INDEX, OCI_MANIFEST].join(', ')
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${reference}`, { headers: { accept } })
  return answer.ok ? Buffer.from(await answer.arrayBuffer()) : undefined
}

describeReal('images copy between two registries', ['docker-registry', 'skopeo'], () => {
  let a: RegistryProcess
  let b: RegistryProcess
  let data: string
  beforeAll(async () => {
    ;[a, b] = await Promise.all([startDockerRegistry({ foreign: true }), startDockerRegistry({ deletes: true, foreign: true })])
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
    // What is wanted of an index within takes the place of that index.
    const both = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [top, { ...amd, platform: { os: 'windows', architecture: 'amd64' } }] }
    await pushManifest(a.host, repository, 'v2', both, OCI_INDEX)
    for (const command of ['copy', 'verify'] as const) {
      const within = await runImages([command, '--platform', 'linux/amd64', `${a.host}/${repository}:v2`, `${b.host}/app/within:v2`, '-o', 'json'], data)
      expect(within.exit).toBe(0)
    }
    expect(JSON.parse(String(await manifestOf(b.host, 'app/within', 'v2'))).manifests).toEqual([index.manifests[0]])
    expect(await manifestOf(b.host, 'app/within', amd.digest)).toEqual(await manifestOf(a.host, repository, amd.digest))
  })

  it('looks for no further tag of a repository that turned out to be new', async () => {
    const tags = 40
    for (let i = 0; i < tags; i++) await pushImage(a.host, 'app/many', `t${i}`, [{ seed: 900 + i, size: 500 }])
    const [planned, copied] = [
      await runImages(['plan', '--all-tags', `${a.host}/app/many`, `${b.host}/moved/many`, '-o', 'json'], data),
      await copy('--all-tags', `${a.host}/app/many`, `${b.host}/moved/many`),
    ]
    expect(copied.report.totals).toMatchObject({ copied: tags })
    for (const { host } of [a, b]) {
      const { requests } = copied.report.traffic[host]!
      expect(requests.HEAD).toBeLessThan(tags)
      const asked = Object.values(requests).reduce((sum, count) => sum + count, 0)
      expect(Math.abs(planned.report.prediction!.requests[host]! - asked)).toBeLessThanOrEqual(2)
    }
    // Tags that are there are looked for, one by one, and nothing is sent.
    const again = await copy('--all-tags', `${a.host}/app/many`, `${b.host}/moved/many`)
    expect(again.report.totals).toMatchObject({ unchanged: tags, bytesSent: 0 })
    expect(again.report.traffic[b.host]!.requests).toEqual({ HEAD: tags })
  })

  it('leaves layers where they are that may not be handed on, and says how many', async () => {
    const repository = 'app/foreign'
    const type = 'application/vnd.docker.distribution.manifest.v2+json'
    const config = await pushBlob(a.host, repository, Buffer.from('{"os":"windows"}'), 'application/vnd.docker.container.image.v1+json')
    const own = await pushBlob(a.host, repository, Buffer.from('own'), 'application/vnd.docker.image.rootfs.diff.tar.gzip')
    const base = {
      mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      digest: sha256(Buffer.from('elsewhere')),
      size: 9,
      urls: ['https://elsewhere.example/base'],
    }
    const pushed = await pushManifest(a.host, repository, 'v1', { schemaVersion: 2, mediaType: type, config, layers: [base, own] }, type)
    for (const command of ['copy', 'verify'] as const) {
      const { exit, report } = await runImages([command, `${a.host}/${repository}:v1`, `${b.host}/${repository}:v1`, '-o', 'json'], data)
      expect({ exit, item: report.items[0] }).toMatchObject({ exit: 0, item: { targetDigest: pushed.digest, foreignLayers: 1 } })
    }
    expect((await fetch(`http://${b.host}/v2/${repository}/blobs/${base.digest}`)).status).toBe(404)
  })

  it('plans, compares, verifies and prunes', async () => {
    const look = (command: string, ...words: string[]) =>
      runImages([command, '--all-tags', `${a.host}/app/life`, `${b.host}/moved/life`, ...words, '-o', 'json'], data)
    for (let i = 0; i < 3; i++)
      await pushImage(a.host, 'app/life', `v${i}`, [
        { seed: 1, size: 30_000 },
        { seed: 500 + i, size: 90_000 },
      ])
    const planned = await look('plan')
    expect(planned.report.items.map(({ outcome }) => outcome)).toEqual(['planned', 'planned', 'planned'])
    expect(await manifestOf(b.host, 'moved/life', 'v0')).toBeUndefined()
    const copied = await look('copy')
    // The prediction is what the copy then sent.
    expect(copied.report.totals.bytesSent).toBe(planned.report.totals.bytesSent)
    expect(planned.report.prediction!.pulls[a.host]).toBe(3)
    // The list of tags, which was read before there was anything to plan, is one more.
    for (const { host } of [a, b]) {
      const asked = Object.values(copied.report.traffic[host]!.requests).reduce((sum, count) => sum + count, 0)
      expect(Math.abs(planned.report.prediction!.requests[host]! - asked)).toBeLessThanOrEqual(2)
    }

    expect(await look('diff')).toMatchObject({ exit: 0 })
    const verified = await look('verify')
    expect(verified).toMatchObject({ exit: 0, report: { items: [{ outcome: 'verified', manifests: 1, blobs: 3 }, {}, {}] } })

    await pushImage(b.host, 'moved/life', 'old', [{ seed: 510, size: 2000 }])
    await pushImage(b.host, 'moved/life', 'v2', [{ seed: 511, size: 2000 }])
    const differing = await look('diff')
    expect(differing.exit).toBe(3)
    expect(Object.fromEntries(differing.report.items.map(({ target, outcome }) => [target.split(':').at(-1), outcome]))).toEqual({
      v0: 'same',
      v1: 'same',
      v2: 'differs',
      old: 'extra',
    })
    const unproven = await look('verify')
    expect(unproven.exit).toBe(6)
    expect(unproven.report.items.find(({ outcome }) => outcome === 'failed')!.failure).toMatchObject({ side: 'target', code: 'DIGEST_MISMATCH' })

    expect((await look('prune')).report.items).toMatchObject([{ outcome: 'extra' }])
    expect(await manifestOf(b.host, 'moved/life', 'old')).toBeDefined()
    expect((await look('prune', '--yes')).report.items).toMatchObject([{ outcome: 'removed' }])
    expect(await manifestOf(b.host, 'moved/life', 'old')).toBeUndefined()
    expect(await manifestOf(b.host, 'moved/life', 'v1')).toBeDefined()
  })

  it('does not prune a tag by a digest that another tag has', async () => {
    for (const [host, tag] of [
      [a.host, 'stays'],
      [b.host, 'stays'],
      [b.host, 'goes'],
    ] as const)
      await pushImage(host, 'app/twins', tag, [{ seed: 520, size: 2000 }])
    const { exit } = await runImages(['prune', '--all-tags', `${a.host}/app/twins`, `${b.host}/app/twins`, '--yes', '-o', 'json'], data)
    expect(exit).not.toBe(0)
    expect(await manifestOf(b.host, 'app/twins', 'stays')).toBeDefined()
  })

  it('moves to a layout, an archive and a directory and back, and skopeo reads them', async () => {
    await pushImage(a.host, 'app/files', 'v1', [
      { seed: 600, size: 40_000 },
      { seed: 601, size: 20 * 1024 * 1024 },
    ])
    const wanted = await manifestOf(a.host, 'app/files', 'v1')
    for (const [place, other] of [
      [`oci:${data}/layout:v1`, `oci:${data}/layout:v1`],
      [`dir:${data}/dir`, `dir:${data}/dir`],
      [`docker-archive:${data}/a.tar:app/files:v1`, `docker-archive:${data}/a.tar`],
    ] as const) {
      expect(await copy(`${a.host}/app/files:v1`, place), place).toMatchObject({ exit: 0 })
      const back = `app/from-${place.split(':')[0]}`
      expect((await copy(place, `${b.host}/${back}:v1`)).stderr).toBe('')
      expect(await manifestOf(b.host, back, 'v1'), place).toEqual(wanted)
      execFileSync(program('skopeo')!, ['inspect', '--raw', other])
    }
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
