/** One blob from here to there, through whatever breaks on the way. */
import { CodedError, isError } from '#core/kernel/errors.ts'
import type { BlobDescriptor } from '#core/oci/manifest.ts'
import type { Registry, Upload } from '#core/shapes/ports/registry.ts'
import { bytesOn, causeOf, on, type World } from './world.ts'

/** Bytes of a piece of a big blob: what a killed process loses at most. */
export const PIECE = 8 * 1024 * 1024
/** Blobs above this many bytes go in pieces. Below, one request is less to ask and little to send again. */
export const BIG = 4 * PIECE
/**
 * While a place takes a piece within this many ms, several go in one request, for each request costs it some ms too (docker-registry 2.8 reads back how far
 * its hashing was: 5 ms). A kill then costs more bytes, but less time than a piece does elsewhere.
 */
const QUICK_MS = 100
const MOST_TOGETHER = 4
/**
 * A piece goes out in such parts: small enough that the other end finds them in the processor's cache, and as big as what a socket holds back, so that
 * each has left before the next is asked for and its room may be used again.
 */
const PART = 64 * 1024
/** Up to here a blob is held in memory, so that sending it again needs no reading again. */
const SMALL = 256 * 1024
const ATTEMPTS = 6
const PAUSE_MS = 300
const LONGEST_PAUSE_MS = 10_000

export interface Transfer {
  source: Registry
  sourceRepository: string
  target: Registry
  repository: string
  blob: Pick<BlobDescriptor, 'digest' | 'size'>
  /** A repository of the target that has the blob, or where it is asked for. */
  mountFrom: string
  /** Bytes of the blob that are known to be at the target now; goes back when an upload has to begin again. */
  progress(bytes: number): void
}

/**
 * Resolves when the target has the blob, to the bytes that were sent for it in the end, or 'present' when it had it.
 * Transfers that break are taken up where they stood, also those of an earlier process that stand in the journal.
 */
export async function transferBlob(transfer: Transfer, world: World): Promise<'present' | number> {
  const { target, repository, blob, progress } = transfer
  const big = blob.size > BIG
  let upload = big ? world.journal.find(target.name, repository, blob.digest) : undefined
  let pieces = big
  for (let attempt = 0; ; attempt++) {
    let standing: Upload | undefined
    try {
      if (upload) {
        standing = await on('target', stateOf(target, upload, blob.size))
        // A session that is gone may have become the blob; not every place says so when a new one begins.
        if (!standing && (await on('target', target.hasBlob(repository, blob.digest)))) {
          world.journal.drop(target.name, repository, blob.digest)
          return 'present'
        }
      }
      if (!standing) {
        const begun = await on('target', target.beginUpload(repository, blob, transfer.mountFrom))
        if (begun === 'present') {
          if (big) world.journal.drop(target.name, repository, blob.digest)
          return 'present'
        }
        standing = begun
      }
      upload = pieces ? standing : undefined
      const from = standing.offset
      progress(from)
      if (pieces) await sendPieces(transfer, standing, world, (now) => (upload = now))
      else await sendWhole(transfer, standing)
      if (big) world.journal.drop(target.name, repository, blob.digest)
      return blob.size - from
    } catch (error) {
      if (world.signal.aborted) throw error
      const cause = causeOf(error)
      if (isError(cause, 'UPLOAD_NOT_CHUNKED') || (pieces && isRefusedAtStart(cause, upload))) {
        // One piece then; and nothing to come back to.
        pieces = false
        if (upload) await target.cancelUpload(upload)
        upload = undefined
        world.journal.drop(target.name, repository, blob.digest)
        continue
      }
      if (attempt >= ATTEMPTS - 1 || !mayPass(cause, attempt, standing !== undefined)) {
        if (!pieces && standing) await target.cancelUpload(standing)
        throw error
      }
      // What arrived may be wrong: these bytes are of no use to anybody.
      if (upload && startsOver(cause)) {
        await target.cancelUpload(upload)
        world.journal.drop(target.name, repository, blob.digest)
        upload = undefined
        progress(0)
      }
      const most = Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** attempt)
      await world.clock.sleep(most, world.signal)
    }
  }
}

/** A session whose state is not what it can be is begun again. */
async function stateOf(target: Registry, upload: Upload, size: number): Promise<Upload | undefined> {
  const state = await target.uploadState(upload)
  if (state && state.offset <= size) return state
  if (state) await target.cancelUpload(state)
  return undefined
}

async function sendWhole({ source, sourceRepository, target, blob, progress }: Transfer, upload: Upload): Promise<void> {
  const bytes = bytesOn('source', source.blob(sourceRepository, blob))
  if (blob.size <= SMALL) {
    const parts: Uint8Array[] = []
    for await (const part of bytes) parts.push(part)
    await on('target', target.finishUpload(upload, join(parts, blob.size), blob.size))
    progress(blob.size)
  } else await on('target', target.finishUpload(upload, counted(bytes, 0, progress), blob.size))
}

/**
 * Piece by piece. Each is read whole before it is sent, while the one before it is sent: then a source that is slow, or a run that is killed, seldom leaves a
 * place with a part of a piece, for which some give up the whole session. When all is to stop, what is under way is ended first, its reading too.
 */
async function sendPieces(
  { source, sourceRepository, target, blob, progress }: Transfer,
  begun: Upload,
  world: World,
  stands: (upload: Upload) => void,
): Promise<void> {
  let upload = begun
  let sending = false
  const read = new AbortController()
  const stop = () => {
    if (!sending) read.abort(world.signal.reason)
  }
  world.signal.addEventListener('abort', stop)
  const bytes = bytesOn('source', source.blob(sourceRepository, blob, upload.offset, read.signal))
  const reader = createReader(bytes, blob.size - upload.offset)
  let [room, other] = [Buffer.allocUnsafeSlow(PIECE), Buffer.allocUnsafeSlow(PIECE)]
  let reading = reader.read(room)
  async function* pieces(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      const piece = await reading
      ;[room, other] = [other, room]
      reading = reader.read(room)
      // It is waited for only after the piece before it was sent.
      reading.catch(() => {})
      for (let at = 0; at < piece.length; at += PART) yield piece.subarray(at, at + PART)
      left -= piece.length
    }
  }
  try {
    if (upload.offset === 0) world.journal.keep(target.name, upload)
    for (let together = 1; ; ) {
      const began = world.clock.now()
      await reading
      world.signal.throwIfAborted()
      const { offset } = upload
      // All of it arrived before, only its end was not said.
      if (offset === blob.size) return await on('target', target.finishUpload(upload))
      const size = Math.min(together * PIECE, blob.size - offset)
      const end = offset + size
      const body = counted(pieces(size), offset, progress)
      sending = true
      if (end === blob.size) return await on('target', target.finishUpload(upload, body, size))
      upload = await on('target', target.appendUpload(upload, body, size))
      sending = false
      if (upload.offset !== end)
        throw new CodedError('REGISTRY_CONFUSED', {
          place: target.name,
          what: `blob ${blob.digest}`,
          reason: `it has ${upload.offset} bytes after ${end} were sent`,
        })
      stands(upload)
      world.journal.keep(target.name, upload)
      world.signal.throwIfAborted()
      together = world.clock.now() - began < QUICK_MS * together ? Math.min(MOST_TOGETHER, together * 2) : 1
    }
  } finally {
    world.signal.removeEventListener('abort', stop)
    read.abort()
    await reading.catch(() => {})
    await bytes.return(undefined)
  }
}

/** Reads a stream of `left` bytes into buffers that are used again and again. */
function createReader(bytes: AsyncGenerator<Uint8Array>, left: number) {
  let rest = new Uint8Array()
  return {
    /** As much as there is room for; less at the end of the stream only. */
    async read(room: Uint8Array): Promise<Uint8Array> {
      const wanted = Math.min(room.length, left)
      let at = 0
      while (at < wanted) {
        if (rest.length === 0) {
          // The stream rejects when it ends too early.
          const next = await bytes.next()
          if (next.done) break
          rest = next.value as Uint8Array<ArrayBuffer>
        }
        const some = rest.subarray(0, wanted - at)
        room.set(some, at)
        rest = rest.subarray(some.length)
        at += some.length
      }
      left -= at
      return room.subarray(0, at)
    },
  }
}

async function* counted(bytes: AsyncIterable<Uint8Array>, from: number, progress: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let at = from
  for await (const part of bytes) {
    yield part
    at += part.length
    progress(at)
  }
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

const statusOf = (cause: unknown): number => (cause instanceof CodedError ? Number(cause.details.status) : Number.NaN)

/** The first piece was refused as such. */
const isRefusedAtStart = (cause: unknown, upload: Upload | undefined): boolean =>
  isError(cause, 'REGISTRY_REFUSED') && cause.details.verb === 'take' && upload?.offset === 0 && statusOf(cause) >= 400 && statusOf(cause) < 500

/** Is it worth another try? @param begun the place has let this upload begin */
function mayPass(cause: unknown, attempt: number, begun: boolean): boolean {
  if (!(cause instanceof CodedError)) return false
  switch (cause.code) {
    case 'UNREACHABLE':
    case 'REGISTRY_BUSY':
    case 'REGISTRY_CONFUSED':
    case 'REGISTRY_REFUSED':
      return true
    // A token that ended in mid-body; who may not write would not have come so far.
    case 'REGISTRY_UNAUTHORIZED':
      return begun || attempt < 3
    // A body that was damaged on the way.
    case 'DIGEST_MISMATCH':
    case 'SIZE_MISMATCH':
      return attempt < 3
    default:
      return false
  }
}

/** After 416 the place is asked how much it has; after other refusals what it has is not trusted. */
const startsOver = (cause: unknown): boolean =>
  isError(cause, 'DIGEST_MISMATCH') ||
  isError(cause, 'SIZE_MISMATCH') ||
  (isError(cause, 'REGISTRY_REFUSED') && statusOf(cause) < 500 && statusOf(cause) !== 416)
