import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CodedError } from '#core/kernel/errors.ts'
import type { Registry, StoredManifest } from '#core/shapes/ports/registry.ts'
import { OCI_INDEX, OCI_MANIFEST, sha256 } from '#test/builders/images.ts'

export interface RegistryHarness extends AsyncDisposable {
  registry: Registry
  repository: string
  /** What is written is seen by whoever opens the place after it was closed. */
  reopen(): Promise<Registry>
  /** Has it tags at all (a directory has one image)? */
  tags: boolean
  removes: boolean
}

const described = (bytes: Uint8Array, mediaType: string) => ({ mediaType, digest: sha256(bytes), size: bytes.length })
const stored = (document: unknown, mediaType = OCI_MANIFEST): StoredManifest => {
  // Not how JSON.stringify writes it: bytes must come back as they were.
  const bytes = Buffer.from(`${JSON.stringify(document, undefined, 3)}\n`)
  return { ...described(bytes, mediaType), bytes }
}
async function collect(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of bytes) parts.push(part)
  return Buffer.concat(parts)
}
async function* inParts(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof CodedError ? error.code : error),
  )

/** What every place must do that images are read from and written to. */
export function registryContract(name: string, make: () => Promise<RegistryHarness>): void {
  describe(`Registry contract: ${name}`, () => {
    const write = async ({ registry, repository }: RegistryHarness, bytes: Uint8Array) => {
      const upload = await registry.beginUpload(repository, { digest: sha256(bytes), size: bytes.length }, repository)
      if (upload !== 'present') await registry.finishUpload(upload, bytes, bytes.length)
      return upload === 'present'
    }

    it('keeps blobs and manifests byte for byte, also when it is opened again', async () => {
      await using harness = await make()
      const { registry, repository } = harness
      const config = Buffer.from('{"architecture":"amd64","os":"linux"}')
      const layer = randomBytes(300_000)
      expect(await write(harness, config)).toBe(false)
      expect(await write(harness, layer)).toBe(false)
      expect(await write(harness, layer)).toBe(true)
      const image = stored({
        schemaVersion: 2,
        config: described(config, 'application/vnd.oci.image.config.v1+json'),
        layers: [described(layer, 'application/x')],
      })
      await registry.putManifest(repository, image.digest, image)
      const index = stored({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...described(image.bytes, OCI_MANIFEST) }] }, OCI_INDEX)
      await registry.putManifest(repository, harness.tags ? 'v1' : '', index)

      const again = await harness.reopen()
      const reference = harness.tags ? 'v1' : ''
      expect(await again.resolve(repository, reference)).toEqual({ mediaType: OCI_INDEX, digest: index.digest, size: index.size })
      expect(Buffer.from((await again.manifest(repository, reference))!.bytes)).toEqual(Buffer.from(index.bytes))
      expect(await again.manifest(repository, image.digest)).toMatchObject({ digest: image.digest, mediaType: OCI_MANIFEST })
      expect(await collect(again.blob(repository, described(layer, '')))).toEqual(layer)
      expect(await collect(again.blob(repository, described(layer, ''), 123_456))).toEqual(layer.subarray(123_456))
      const tags: string[] = []
      if (harness.tags) for await (const tag of again.tags(repository)) tags.push(tag)
      expect(tags).toEqual(harness.tags ? ['v1'] : [])
      expect(await again.hasBlob(repository, sha256(layer))).toBe(true)
      await again.close()
    })

    it('says what is not there', async () => {
      await using harness = await make()
      const { registry, repository } = harness
      const nowhere = `sha256:${'ab'.repeat(32)}`
      expect(await registry.resolve(repository, nowhere)).toBeUndefined()
      expect(await registry.manifest(repository, nowhere)).toBeUndefined()
      if (harness.tags) expect(await registry.resolve(repository, 'nothing')).toBeUndefined()
      expect(await registry.hasBlob(repository, nowhere)).toBe(false)
      expect(await codeOf(collect(registry.blob(repository, { digest: nowhere, size: 5 })))).toBe('NOT_FOUND')
    })

    it('takes a blob in pieces, and tells another process how far it got', async () => {
      await using harness = await make()
      const { registry, repository } = harness
      const blob = randomBytes(1_000_003)
      const begun = await registry.beginUpload(repository, { digest: sha256(blob), size: blob.length }, repository)
      if (begun === 'present') throw new Error('it cannot be there')
      const first = await registry.appendUpload(begun, inParts(blob.subarray(0, 400_000), 7_777), 400_000)
      expect(first.offset).toBe(400_000)
      const state = await registry.uploadState(JSON.parse(JSON.stringify(first)))
      expect(state?.offset).toBe(400_000)
      const second = await registry.appendUpload(state!, blob.subarray(400_000, 800_000), 400_000)
      await registry.finishUpload(second, inParts(blob.subarray(800_000), 65_536), 200_003)
      expect(await collect(registry.blob(repository, described(blob, '')))).toEqual(blob)
      expect(await registry.uploadState(second)).toBeUndefined()
    })

    it('never keeps bytes that are not those of the digest', async () => {
      await using harness = await make()
      const { registry, repository } = harness
      const blob = randomBytes(10_000)
      const wrong = Buffer.from(blob)
      wrong[5_000]! ^= 1
      for (const bytes of [wrong, blob.subarray(1)]) {
        const begun = await registry.beginUpload(repository, { digest: sha256(blob), size: blob.length }, repository)
        if (begun === 'present') throw new Error('it must not be there')
        expect(['DIGEST_MISMATCH', 'REGISTRY_REFUSED']).toContain(await codeOf(registry.finishUpload(begun, bytes, bytes.length)))
        expect(await registry.hasBlob(repository, sha256(blob))).toBe(false)
      }
    })

    it('forgets an upload that is given up', async () => {
      await using harness = await make()
      const { registry, repository } = harness
      const begun = await registry.beginUpload(repository, { digest: `sha256:${'cd'.repeat(32)}`, size: 9 }, repository)
      if (begun === 'present') throw new Error('it cannot be there')
      await registry.cancelUpload(begun)
      expect(await registry.uploadState(begun)).toBeUndefined()
      await registry.cancelUpload(begun)
    })

    it('removes a tag', async () => {
      await using harness = await make()
      if (!harness.removes) return
      const { registry, repository } = harness
      const config = Buffer.from('{}')
      await write(harness, config)
      const image = stored({ schemaVersion: 2, config: described(config, 'application/x'), layers: [] })
      await registry.putManifest(repository, 'gone', image)
      await registry.remove(repository, 'gone')
      expect(await registry.resolve(repository, 'gone')).toBeUndefined()
    })
  })
}
