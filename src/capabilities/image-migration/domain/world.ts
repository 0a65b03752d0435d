/** What a run is given, and how its parts say what went wrong on which side. */
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { Place, Registry, Upload } from '#core/shapes/ports/registry.ts'
import type { Failure, RunEvent } from './job.ts'

export interface World {
  open(place: Place): Promise<Registry>
  clock: Clock
  /** `sha256:…` of bytes. */
  digestOf(bytes: Uint8Array): string
  journal: Journal
  signal: AbortSignal
  emit(event: RunEvent): void
}

/** Uploads that were begun and not ended, also by an earlier process. */
export interface Journal {
  /** A run begins to write. True when one before it did not come to its end: what it brought is at the target without a tag that says so. */
  begin(): boolean
  /** It came to its end with all that it was to bring. */
  end(): void
  find(place: string, repository: string, digest: string): Upload | undefined
  /** Kept when it returns. */
  keep(place: string, upload: Upload): void
  drop(place: string, repository: string, digest: string): void
}

export type Side = Failure['side']

/** An error that knows on which side it happened. */
class Sided extends Error {
  readonly side: Side
  constructor(side: Side, cause: unknown) {
    super('', { cause })
    this.side = side
  }
}

/** Says of everything that rejects in `work` that it happened on this side, unless a side was said already. */
export async function on<T>(side: Side, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw sided(side, error)
  }
}

export const sided = (side: Side, error: unknown): Error => (error instanceof Sided ? error : new Sided(side, error))

/** The same for bytes. */
export async function* bytesOn(side: Side, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes
  } catch (error) {
    throw sided(side, error)
  }
}

/** What was thrown, without the side. */
export const causeOf = (error: unknown): unknown => (error instanceof Sided ? error.cause : error)

export function failureOf(error: unknown): Failure {
  const cause = causeOf(error)
  const side = error instanceof Sided ? { side: error.side } : {}
  if (cause instanceof CodedError) return { ...side, code: cause.code, details: cause.details, message: cause.message }
  const reason = cause instanceof Error ? cause.message : String(cause)
  return { ...side, code: 'INTERNAL', details: { request: reason }, message: `Something went wrong here: ${reason}` }
}

/** All to their end, then the first error: nothing goes on behind the back of who asked. */
export async function all<T>(work: Iterable<Promise<T>>): Promise<T[]> {
  const settled = await Promise.allSettled(work)
  const failed = settled.find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
  return settled.map((one) => (one as PromiseFulfilledResult<T>).value)
}

/** At most `most` at once, in order of asking. */
export function createGate(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let active = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (active >= most) await new Promise<void>((go) => waiting.push(go))
    else active++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else active--
    }
  }
}

/** The same work for the same key is done once, also while it is under way; what failed may be tried again. */
export function once<T>(known: Map<string, Promise<T>>, key: string, work: () => Promise<T>): Promise<T> {
  let found = known.get(key)
  if (!found) {
    found = work()
    known.set(key, found)
    found.catch(() => known.delete(key))
  }
  return found
}
