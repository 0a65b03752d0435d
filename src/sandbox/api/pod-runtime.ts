/** Where the sandbox's pods run. */
import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { badRequest } from './status.ts'
import type { Obj } from './store.ts'

/** The ends of a program's streams, as the API server sees them. */
export interface PodStreams {
  /** Ends when the client sent all; empty when it sends nothing. */
  stdin: AsyncIterable<Uint8Array>
  tty: boolean
  out(bytes: Uint8Array | string): void
  err(bytes: Uint8Array | string): void
  /** Aborted when the client is gone. */
  signal: AbortSignal
}

export interface PodRuntime {
  /** Answers `GET …/pods/NAME/log`. */
  log(pod: Obj, query: URLSearchParams, outgoing: ServerResponse): Promise<void>
  /** Runs a program in the pod, or without `command` follows the one that runs; resolves with its exit code. */
  run(pod: Obj, command: readonly string[] | undefined, streams: PodStreams): Promise<number>
  /** A connection to a port of the pod. */
  connect(pod: Obj, port: number): Promise<Duplex>
}

const none = () => Promise.reject(badRequest('the pods of this sandbox do not run'))
/** Pods that are objects only. */
export const noPods: PodRuntime = { log: none, run: none, connect: none }
