/** The bytes of a blob, verified while they stream. */
import type { IncomingMessage } from 'node:http'
import { CodedError } from '#core/kernel/errors.ts'
import type { Descriptor } from '#core/shapes/ports/registry.ts'
import { verified } from '../verified.ts'
import type { Client } from './client.ts'

/** Waits till so many bytes more may come. */
export type Throttle = (bytes: number, signal?: AbortSignal) => Promise<void>

/** A body that breaks is taken up by Range where it broke, as often as requests are retried without a byte coming in between. */
export function readBlob(
  client: Client,
  repository: string,
  blob: Pick<Descriptor, 'digest' | 'size'>,
  from: number,
  throttle: Throttle | undefined,
  signal = client.signal,
): AsyncIterable<Uint8Array> {
  const what = `blob ${blob.digest} of ${repository}`
  return verified(read(), blob, from, client.host, what)

  async function* read(): AsyncGenerator<Uint8Array> {
    let at = from
    for (let attempt = 0; at < blob.size || (at === 0 && blob.size === 0); ) {
      const { response, status } = await client.ask({
        method: 'GET',
        url: `/v2/${repository}/blobs/${blob.digest}`,
        repository,
        actions: 'pull',
        what,
        accept: [404, 416],
        headers: at > 0 ? { range: `bytes=${at}-` } : {},
        ...(signal ? { signal } : {}),
      })
      if (status === 404 || status === 416) {
        response.resume()
        if (status === 404) throw new CodedError('NOT_FOUND', { what: `${client.host}/${what}` })
        throw new CodedError('SIZE_MISMATCH', { place: client.host, what, wanted: blob.size, found: at })
      }
      // A registry that does not know ranges sends all from the start.
      let skip = status === 206 ? startOf(response, at) : at
      const before = at
      try {
        for await (const part of response as AsyncIterable<Uint8Array>) {
          client.traffic.bytesReceived += part.length
          await throttle?.(part.length, signal)
          if (skip >= part.length) {
            skip -= part.length
            continue
          }
          const fresh = skip > 0 ? part.subarray(skip) : part
          skip = 0
          at += fresh.length
          yield fresh
        }
        if (at >= blob.size) return
        // It ended in good order but too early: a proxy cut it, or the manifest lies about the size.
        if (at === before || attempt >= client.retries) throw new CodedError('SIZE_MISMATCH', { place: client.host, what, wanted: blob.size, found: at })
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        if (error instanceof CodedError) throw error
        if (at > before) attempt = 0
        if (attempt >= client.retries)
          throw new CodedError('UNREACHABLE', { what: client.host, reason: `${what} broke off: ${(error as Error).message}` }, { cause: error })
      } finally {
        // Someone stopped reading: the rest is not wanted.
        if (!response.complete) response.destroy()
      }
      await client.backOff(attempt++, signal)
    }
  }
}

/** How many bytes of a partial answer lie before the place that was asked for. */
function startOf(response: IncomingMessage, asked: number): number {
  const start = Number(/^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1] ?? asked)
  return Math.max(0, asked - start)
}
