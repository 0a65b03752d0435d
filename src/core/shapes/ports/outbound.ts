/**
 * Requests to addresses that users name (hooks, metric sources). Implementation: edges/outbound. What users name must not become a way to reach
 * what only this machine may reach: addresses of this machine and of its link (cloud metadata) are refused whatever the name resolves to, and redirects are not followed.
 */
import type { Result } from '../../kernel/result.ts'

export interface OutboundRequest {
  method: 'GET' | 'POST'
  url: string
  headers?: Readonly<Record<string, string>>
  body?: string
  /** For the whole exchange. */
  timeoutMs: number
  /** More of the answer is not read. */
  maxBytes: number
}
export interface OutboundAnswer {
  status: number
  body: string
}

export interface Outbound {
  /** Any answer is ok; why there is none is one line without the URL. Never rejects. */
  send(request: OutboundRequest): Promise<Result<OutboundAnswer, string>>
}
