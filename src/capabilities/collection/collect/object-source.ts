/** A target that is no server: the series of all objects of a kind, as text. */
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Body } from '../domain/exposition/text.ts'
import { type ObjectKind, putObject } from '../domain/object-series/kinds.ts'
import { seriesText } from '../domain/object-series/text.ts'
import { createBody, reserveBody } from './http-body.ts'

/** All objects of a kind, followed. */
export interface Followed {
  list(): readonly KubeObject[]
  /** ms since the epoch when what is held was last known to be whole and current; undefined: never. */
  currentAt(): number | undefined
  stop(): void
}

export interface ObjectSource {
  read(now: number): Body
  close(): void
}

/** What is held may be so old, as where the API server is away for a moment. */
const OLDEST_MS = 300_000
const AGAIN_MS = 30_000
const KEPT_BODY = 16 << 20

/** One for all kinds: a body is read before the next is made. */
let shared = createBody(4096)
const encoder = new TextEncoder()

/** @param wanted labels of objects, `*` for all; @param follow rejects with what the API server says; @param began ms since the epoch */
export function objectSource(of: ObjectKind, wanted: readonly string[], follow: () => Promise<Followed>, began: number): ObjectSource {
  const text = seriesText()
  let closed = false
  let followed: Followed | undefined
  let failure: { message: string; at: number } | undefined
  let asking = false

  const ask = (now: number) => {
    if (asking || (failure && now - failure.at < AGAIN_MS)) return
    asking = true
    follow().then(
      (found) => {
        asking = false
        failure = undefined
        if (closed) found.stop()
        else followed = found
      },
      (error: unknown) => {
        asking = false
        failure = { message: error instanceof CodedError ? `${error.code}: ${error.message}` : String((error as Error)?.message ?? error), at: now }
      },
    )
  }

  ask(began)
  return {
    read(now) {
      if (!followed) {
        ask(now)
        throw new Error(failure?.message ?? `not all objects of kind ${of.kind} are read yet`)
      }
      const since = followed.currentAt()
      if (since === undefined || now - since > OLDEST_MS)
        throw new Error(`objects of kind ${of.kind} could not be followed for more than ${OLDEST_MS / 1000} s`)
      if (shared.bytes.length > KEPT_BODY) shared = createBody(4096)
      const body = shared
      body.length = 0
      const write = () => {
        const chunk = text.take()
        reserveBody(body, chunk.length * 3)
        body.length += encoder.encodeInto(chunk, body.bytes.subarray(body.length)).written
      }
      text.begin()
      let size = 0
      for (const object of followed.list()) {
        putObject(text, of, object, wanted, now)
        // Texts that grow without end are copied again and again.
        if (++size % 64 === 0) write()
      }
      write()
      return body
    },
    close() {
      closed = true
      followed?.stop()
      followed = undefined
    },
  }
}
