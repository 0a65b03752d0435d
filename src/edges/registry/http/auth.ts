/**
 * Logging in: Basic and Bearer challenges (RFC 9110, section 11; distribution's token protocol: docs/content/spec/auth in github.com/distribution/distribution).
 * Tokens are kept by scope, fetched once for all who wait, and renewed before they end.
 */
import type { Clock } from '#core/kernel/clock.ts'
import type { Credential } from '#core/shapes/ports/registry.ts'

export interface Challenge {
  scheme: 'basic' | 'bearer'
  realm: string
  service?: string
  scope?: string
}

/** The challenges of a WWW-Authenticate header that can be answered, Bearer first. */
export function parseChallenges(header: string): Challenge[] {
  const found: Challenge[] = []
  for (const part of header.matchAll(/(basic|bearer)\s+((?:[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s,]+)\s*,?\s*)*)/gi)) {
    const fields: Record<string, string> = {}
    for (const [, name, quoted, plain] of part[2]!.matchAll(/([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g))
      fields[name!.toLowerCase()] = quoted === undefined ? plain! : quoted.replace(/\\(.)/g, '$1')
    const { realm = '', service, scope } = fields
    found.push({ scheme: part[1]!.toLowerCase() as 'basic', realm, ...(service ? { service } : {}), ...(scope ? { scope } : {}) })
  }
  return found.sort((a, b) => Number(b.scheme === 'bearer') - Number(a.scheme === 'bearer'))
}

export interface Authorizer {
  /** The header for these scopes (`repository:a/b:pull`); undefined: none is known to be needed. */
  header(scopes: readonly string[], repository: string): Promise<string | undefined>
  /**
   * Takes a 401 in: forgets the token that was refused and learns how to log in. 'renewed': another request has fetched a newer token meanwhile;
   * 'hopeless': there is no way to do better.
   */
  learn(
    wwwAuthenticate: string | undefined,
    refused: string | undefined,
    scopes: readonly string[],
    repository: string,
  ): Promise<'renewed' | 'learned' | 'hopeless'>
}

export interface AuthorizerOptions {
  clock: Clock
  credential(repository: string): Promise<Credential | undefined>
  /** Asks a token server; resolves to the JSON of its answer, rejects with a CodedError. */
  fetchToken(url: URL, request: { method: 'GET' | 'POST'; authorization?: string; form?: string }): Promise<unknown>
}

interface Token {
  value: string
  /** ms since the epoch. */
  until: number
}

/** Seconds that a token lasts when its server does not say. */
const DEFAULT_LIFE = 60

export function createAuthorizer({ clock, credential, fetchToken }: AuthorizerOptions): Authorizer {
  let known: Challenge | undefined
  const tokens = new Map<string, Promise<Token>>()

  const basic = (found: Credential | undefined) =>
    found && 'username' in found ? `Basic ${Buffer.from(`${found.username}:${found.password}`).toString('base64')}` : undefined

  async function fetchFor(challenge: Challenge, scopes: readonly string[], repository: string): Promise<Token> {
    const found = await credential(repository)
    const url = new URL(challenge.realm)
    const asked = clock.now()
    let answer: unknown
    if (found && 'identityToken' in found) {
      const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: found.identityToken, client_id: 'sallyport', scope: scopes.join(' ') })
      if (challenge.service) form.set('service', challenge.service)
      answer = await fetchToken(url, { method: 'POST', form: form.toString() })
    } else {
      if (challenge.service) url.searchParams.set('service', challenge.service)
      for (const scope of scopes) url.searchParams.append('scope', scope)
      const authorization = basic(found)
      answer = await fetchToken(url, { method: 'GET', ...(authorization ? { authorization } : {}) })
    }
    const { token, access_token, expires_in } = (answer ?? {}) as { token?: unknown; access_token?: unknown; expires_in?: unknown }
    const value = typeof token === 'string' && token !== '' ? token : access_token
    // A header must not be split by what a server sends.
    if (typeof value !== 'string' || !/^[\x21-\x7e]{1,65536}$/.test(value)) throw new Error('the token server sent no token')
    const life = typeof expires_in === 'number' && expires_in > 0 ? expires_in : DEFAULT_LIFE
    return { value, until: asked + life * 900 }
  }

  const keyOf = (scopes: readonly string[]) => [...scopes].sort().join(' ')

  return {
    async header(scopes, repository) {
      const found = await credential(repository)
      if (found && 'registryToken' in found) return `Bearer ${found.registryToken}`
      if (!known) return undefined
      if (known.scheme === 'basic') return basic(found)
      const key = keyOf(scopes)
      let pending = tokens.get(key)
      if (pending) {
        const ready = await pending
        if (ready.until > clock.now()) return `Bearer ${ready.value}`
        if (tokens.get(key) === pending) tokens.delete(key)
        pending = tokens.get(key)
      }
      if (!pending) {
        pending = fetchFor(known, scopes, repository)
        tokens.set(key, pending)
        pending.catch(() => {
          if (tokens.get(key) === pending) tokens.delete(key)
        })
      }
      return `Bearer ${(await pending).value}`
    },
    async learn(wwwAuthenticate, refused, scopes, repository) {
      const challenges = parseChallenges(wwwAuthenticate ?? '')
      const next = challenges.find(({ scheme, realm }) => scheme === 'basic' || URL.canParse(realm))
      if (!next) return 'hopeless'
      const found = await credential(repository)
      if (found && 'registryToken' in found) return 'hopeless'
      if (next.scheme === 'basic' && (basic(found) === undefined || refused === basic(found))) return 'hopeless'
      known = next
      const key = keyOf(scopes)
      const held = tokens.get(key)
      if (!held) return 'learned'
      // Only the token that was refused is thrown away.
      const value = await held.then((token) => token.value).catch(() => undefined)
      if (value !== undefined && refused !== `Bearer ${value}`) return 'renewed'
      if (tokens.get(key) === held) tokens.delete(key)
      return 'learned'
    },
  }
}
