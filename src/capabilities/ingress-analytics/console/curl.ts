import type { RequestRow } from '../domain/api.ts'

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** A command that asks the same again, as far as the log knows: no query string, no body, no cookies. */
export function curlOf(row: RequestRow): string {
  const text = (name: string) => (typeof row[name] === 'string' ? (row[name] as string) : '')
  const method = text('method') || 'GET'
  const parts = ['curl', '-i']
  if (method === 'HEAD') parts.push('-I')
  else if (method !== 'GET') parts.push('-X', quote(method))
  if (text('user_agent')) parts.push('-A', quote(text('user_agent')))
  if (text('referer')) parts.push('-e', quote(text('referer')))
  parts.push(quote(`${text('tls') ? 'https' : 'http'}://${text('host') || 'localhost'}${text('path') || '/'}`))
  return parts.join(' ')
}
