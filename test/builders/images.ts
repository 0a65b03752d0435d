/** Images made from a seed, pushed with plain requests: what the engine is tested with is not made by the engine. */
import { createHash, hash } from 'node:crypto'
import { seededRandom } from '#core/kernel/random.ts'

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json'
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json'
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar'

export interface Described {
  mediaType: string
  digest: string
  size: number
  [more: string]: unknown
}
export const sha256 = (bytes: Uint8Array): string => `sha256:${hash('sha256', bytes, 'hex')}`

/** Bytes that do not compress, the same for the same seed. */
export function randomBytesOf(seed: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  const random = seededRandom(seed)
  const block = Buffer.allocUnsafe(Math.min(size, 65_536))
  for (let i = 0; i < block.length; i++) block[i] = Math.floor(random() * 256)
  // Each block begins with its number, so that no two are the same.
  for (let at = 0; at < size; at += block.length) {
    block.copy(bytes, at)
    if (size - at >= 8) bytes.writeUInt32LE(at >>> 0, at)
    if (size - at >= 8) bytes.writeUInt32LE(Math.floor(at / 2 ** 32) ^ seed, at + 4)
  }
  return bytes
}

async function send(method: string, url: URL | string, body?: Uint8Array, type = 'application/octet-stream'): Promise<Response> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': type },
    ...(body ? { body: Buffer.from(body.buffer as ArrayBuffer, body.byteOffset, body.length) } : {}),
  })
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`)
  await answer.arrayBuffer()
  return answer
}

export async function pushBlob(host: string, repository: string, bytes: Uint8Array, mediaType = OCI_LAYER): Promise<Described> {
  const digest = sha256(bytes)
  const begun = await send('POST', `http://${host}/v2/${repository}/blobs/uploads/`)
  const url = new URL(begun.headers.get('location')!, `http://${host}`)
  url.searchParams.set('digest', digest)
  await send('PUT', url, bytes)
  return { mediaType, digest, size: bytes.length }
}

export async function pushManifest(
  host: string,
  repository: string,
  reference: string | undefined,
  document: unknown,
  mediaType = OCI_MANIFEST,
): Promise<Described> {
  const bytes = document instanceof Uint8Array ? document : Buffer.from(JSON.stringify(document, undefined, 2))
  const digest = sha256(bytes)
  await send('PUT', `http://${host}/v2/${repository}/manifests/${reference ?? digest}`, bytes, mediaType)
  return { mediaType, digest, size: bytes.length }
}

/** A runnable-looking image of layers with these sizes; returns its descriptor. Seeds decide the bytes. */
export async function pushImage(
  host: string,
  repository: string,
  tag: string | undefined,
  layers: readonly { seed: number; size: number }[],
  more: Record<string, unknown> = {},
  architecture = 'amd64',
): Promise<Described> {
  const pushed: Described[] = []
  for (const { seed, size } of layers) pushed.push(await pushBlob(host, repository, randomBytesOf(seed, size)))
  const config = {
    architecture,
    os: 'linux',
    config: { Env: [`SEED=${layers.map(({ seed }) => seed).join()}`] },
    rootfs: { type: 'layers', diff_ids: pushed.map(({ digest }) => digest) },
  }
  const configured = await pushBlob(host, repository, Buffer.from(JSON.stringify(config)), OCI_CONFIG)
  return pushManifest(host, repository, tag, { schemaVersion: 2, mediaType: OCI_MANIFEST, config: configured, layers: pushed, ...more })
}

/** An image of one layer that is never held as a whole, pushed in pieces. */
export async function pushBigImage(host: string, repository: string, tag: string, size: number): Promise<void> {
  const piece = 50_000_000
  const running = createHash('sha256')
  let location = (await send('POST', `http://${host}/v2/${repository}/blobs/uploads/`)).headers.get('location')!
  for (let at = 0; at < size; at += piece) {
    const bytes = randomBytesOf(at / piece + 1, Math.min(piece, size - at))
    running.update(bytes)
    location = (await send('PATCH', new URL(location, `http://${host}`), bytes)).headers.get('location')!
  }
  const digest = `sha256:${running.digest('hex')}`
  const url = new URL(location, `http://${host}`)
  url.searchParams.set('digest', digest)
  await send('PUT', url)
  const config = await pushBlob(host, repository, Buffer.from('{}'), OCI_CONFIG)
  await pushManifest(host, repository, tag, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [{ mediaType: OCI_LAYER, digest, size }] })
}
