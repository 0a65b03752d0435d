/** Content-addressed files: where blobs and manifests of layouts, directories and archives are read from and written to. */
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CodedError } from '#core/kernel/errors.ts'
import { LARGEST_MANIFEST, parseManifest } from '#core/oci/manifest.ts'
import type { Descriptor, StoredManifest, Upload } from '#core/shapes/ports/registry.ts'
import { digestOf, hasherOf } from '../digest.ts'
import { verified } from '../verified.ts'

const READ = 256 * 1024

export type Problem = (what: string, error: unknown) => CodedError

/** Errors of files by what they mean; `place` is the layout or archive. */
export const fileProblem =
  (place: string): Problem =>
  (what, error) => {
    if (error instanceof CodedError) return error
    const code = (error as NodeJS.ErrnoException).code ?? ''
    const reason = (error as Error).message
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return new CodedError('TARGET_FULL', { place, what, reason: code }, { cause: error })
    return new CodedError('FILE_UNREADABLE', { path: `${place} (${what})`, reason: code || reason }, { cause: error })
  }

export async function sizeIfThere(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path)
    return found.isFile() ? found.size : undefined
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** A part of a file as a stream. */
export const bytesOf = (path: string, start: number, size: number): AsyncIterable<Uint8Array> =>
  size === 0 ? nothing() : createReadStream(path, { start, end: start + size - 1, highWaterMark: READ })

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** A manifest from bytes that lie under its digest; what its type is stands in it, or in `mediaType`. */
export function storedManifest(bytes: Uint8Array, digest: string, mediaType: string | undefined, place: string, what: string): StoredManifest {
  const found = digestOf(bytes, digest)
  if (found !== digest) throw new CodedError('DIGEST_MISMATCH', { place, what, wanted: digest, found })
  return { digest, size: bytes.length, bytes, mediaType: mediaType || mediaTypeOf(bytes) }
}

function mediaTypeOf(bytes: Uint8Array): string {
  const parsed = parseManifest(bytes)
  return parsed.ok ? parsed.value.mediaType : 'application/octet-stream'
}

export async function readSmall(path: string, place: string, what: string): Promise<Uint8Array | undefined> {
  const size = await sizeIfThere(path)
  if (size === undefined) return undefined
  if (size > LARGEST_MANIFEST) throw new CodedError('MANIFEST_INVALID', { place, what, reason: `it has ${size} bytes; the limit is ${LARGEST_MANIFEST}` })
  return readFile(path)
}

/** Writes a small file so that it is there whole or not at all. */
export async function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const part = `${path}.part-${process.pid}`
  await writeFile(part, bytes)
  await rename(part, path)
}

/** Uploads into files: a part file of each blob, renamed once its digest is right. */
export function fileUploads(parts: string, place: string, pathOf: (digest: string) => string, problem: Problem) {
  const partOf = (digest: string) => join(parts, digest.replace(':', '-'))

  async function append(
    upload: Upload,
    body: AsyncIterable<Uint8Array> | Uint8Array | undefined,
    hasher?: { update(bytes: Uint8Array): void },
  ): Promise<number> {
    await using file = await open(upload.session, 'r+')
    await file.truncate(upload.offset)
    let at = upload.offset
    for await (const part of body instanceof Uint8Array ? [body] : (body ?? [])) {
      hasher?.update(part)
      // `write` may write less than it is given.
      for (let done = 0; done < part.length; ) done += (await file.write(part, done, part.length - done, at + done)).bytesWritten
      at += part.length
    }
    return at
  }

  return {
    async beginUpload(repository: string, { digest, size }: Pick<Descriptor, 'digest' | 'size'>): Promise<Upload | 'present'> {
      try {
        if ((await sizeIfThere(pathOf(digest))) === size) return 'present'
        await mkdir(parts, { recursive: true })
        await writeFile(partOf(digest), '')
        return { repository, digest, session: partOf(digest), offset: 0 }
      } catch (error) {
        throw problem(digest, error)
      }
    },
    async uploadState(upload: Upload): Promise<Upload | undefined> {
      // A journal that was tampered with must not make other files be written.
      if (upload.session !== partOf(upload.digest)) return undefined
      const offset = await sizeIfThere(upload.session)
      return offset === undefined ? undefined : { ...upload, offset }
    },
    async appendUpload(upload: Upload, body: AsyncIterable<Uint8Array> | Uint8Array): Promise<Upload> {
      return { ...upload, offset: await append(upload, body).catch(rethrow(upload)) }
    },
    async finishUpload(upload: Upload, body?: AsyncIterable<Uint8Array> | Uint8Array): Promise<void> {
      try {
        const hasher = hasherOf(upload.digest)
        if (upload.offset > 0)
          for await (const part of createReadStream(upload.session, { end: upload.offset - 1, highWaterMark: READ })) hasher.update(part as Uint8Array)
        await append(upload, body, hasher)
        const found = hasher.digest()
        if (found !== upload.digest) throw new CodedError('DIGEST_MISMATCH', { place, what: `blob ${upload.digest}`, wanted: upload.digest, found })
        await mkdir(dirname(pathOf(upload.digest)), { recursive: true })
        await rename(upload.session, pathOf(upload.digest))
      } catch (error) {
        throw isBody(error) ? error : problem(upload.digest, error)
      }
    },
    async cancelUpload(upload: Upload): Promise<void> {
      if (upload.session === partOf(upload.digest)) await rm(upload.session, { force: true }).catch(() => {})
    },
    /** Leaves no empty folder behind. */
    close: () => rmdir(parts).catch(() => {}),
  }

  function rethrow(upload: Upload) {
    return (error: unknown): never => {
      throw isBody(error) ? error : problem(upload.digest, error)
    }
  }
}

/** Errors without a code of the system come from the body, and belong to the side that it is read from. */
const isBody = (error: unknown): boolean => (error as NodeJS.ErrnoException).syscall === undefined

/** A blob of a file, verified. */
export const fileBlob = (path: string, start: number, blob: Pick<Descriptor, 'digest' | 'size'>, from: number, place: string): AsyncIterable<Uint8Array> =>
  verified(bytesOf(path, start + from, blob.size - from), blob, from, place, `blob ${blob.digest}`)
