import type { Delivery } from '#core/shapes/ports/notifier.ts'

export interface Post {
  url: string
  body: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
  timeoutMs: number
  /** Never to be seen in a reason. */
  secrets: readonly string[]
  /** What a 2xx answer really says; undefined: that it was taken. */
  refused?(body: string): { retry: boolean; reason: string } | undefined
}

const MOST_ANSWER = 64 * 1024

/**
 * Posts JSON and says what came of it. Network faults, timeouts, 408, 429 and 5xx are worth another try; any other answer but 2xx is not,
 * nor is a redirect, which would carry the message to a place that nobody configured.
 */
export async function postJson(post: Post): Promise<Delivery> {
  const limit = AbortSignal.timeout(post.timeoutMs)
  const failed = (retry: boolean, reason: string): Delivery => ({ delivered: false, retry, reason: redact(reason, post) })
  try {
    const response = await fetch(post.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'sallyport', ...post.headers },
      body: JSON.stringify(post.body),
      redirect: 'manual',
      signal: post.signal ? AbortSignal.any([limit, post.signal]) : limit,
    })
    const answer = await readSome(response)
    if (!response.ok) {
      const retry = response.status === 408 || response.status === 429 || response.status >= 500
      return failed(retry, `HTTP ${response.status}${answer === '' ? '' : `: ${answer}`}`)
    }
    const refusal = post.refused?.(answer)
    return refusal ? failed(refusal.retry, refusal.reason) : { delivered: true }
  } catch (error) {
    if (limit.aborted) return failed(true, `no answer within ${post.timeoutMs / 1000} s`)
    if (post.signal?.aborted) return failed(true, 'stopped before there was an answer')
    const cause = (error as { cause?: NodeJS.ErrnoException }).cause
    return failed(true, `cannot connect: ${cause?.code ?? cause?.message ?? (error as Error).name}`)
  }
}

async function readSome(response: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > MOST_ANSWER) break
  }
  return text
}

/** At most 200 characters in one line, without the URL, its parts that identify us, and other secrets. */
function redact(reason: string, post: Pick<Post, 'url' | 'secrets'>): string {
  const url = new URL(post.url)
  const parts = [
    post.url,
    url.href,
    url.search.slice(1),
    ...url.searchParams.values(),
    ...url.pathname.split('/').filter((part) => part.length >= 8),
    ...post.secrets,
  ]
  let text = reason
  for (const part of parts.sort((a, b) => b.length - a.length)) {
    if (part === '') continue
    for (const form of [part, encodeURIComponent(part)]) text = text.replaceAll(form, '***')
  }
  return text
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, 200)
    .trim()
}

/** JSON of an answer, or undefined. */
export function parseAnswer(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
