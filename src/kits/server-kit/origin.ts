import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { CodedError } from '#core/kernel/errors.ts'

/**
 * Refuses names that are not ours: a page that rebinds its own name to 127.0.0.1 sends that name as Host. An address can not be rebound.
 * https://en.wikipedia.org/wiki/DNS_rebinding
 */
export function checkHost(request: FastifyRequest, hosts: readonly string[]): void {
  const name = hostName(request.headers.host ?? '')
  if (isIP(name) === 0 && name !== 'localhost' && !name.endsWith('.localhost') && !hosts.includes(name)) {
    throw new CodedError('WRONG_HOST', { host: name.slice(0, 253).replace(/[^\w.:-]/g, '?') || '(none)' })
  }
}

/** Refuses changes that another site's page asks for; SameSite=Strict and the CSRF token say the same once more. */
export function checkOrigin(request: FastifyRequest): void {
  const { origin, host } = request.headers
  // The scheme may differ: TLS often ends at a proxy in front of us.
  if (origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)) throw new CodedError('WRONG_ORIGIN')
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new CodedError('WRONG_ORIGIN')
}

/** `[::1]:7070` → `::1`, `localhost:7070` → `localhost`. */
function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\](:\d+)?$/.exec(host)
  return (bracketed?.[1] ?? host.replace(/:\d+$/, '')).toLowerCase()
}
