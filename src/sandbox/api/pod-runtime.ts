/** Where the sandbox's pods run. */
import type { ServerResponse } from 'node:http'
import type { Obj } from './store.ts'

export interface PodRuntime {
  /** Answers `GET …/pods/NAME/log`. */
  log(pod: Obj, query: URLSearchParams, outgoing: ServerResponse): Promise<void>
}
