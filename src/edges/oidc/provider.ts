/** Authorization code flow with PKCE against one issuer. https://openid.net/specs/openid-connect-core-1_0.html, RFC 7636 */
import { createHash, createPublicKey, type JsonWebKey, randomBytes, verify } from 'node:crypto'
import { Agent, request } from 'undici'
import { z } from 'zod'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'

export interface OidcConfig {
  issuer: string
  clientId: string
  clientSecret?: string
  scopes: readonly string[]
  /** PEM, where the issuer's certificate is not signed by a public authority. */
  ca?: string
}

/** What has to be remembered between the two halves of a login. */
export interface OidcAttempt {
  state: string
  nonce: string
  /** PKCE. */
  verifier: string
  redirectUri: string
}

export type Claims = Readonly<Record<string, unknown>> & { sub: string; exp: number }

export interface OidcProvider {
  /** Where to send the browser, and what to remember. Throws OIDC_FAILED. */
  begin(redirectUri: string): Promise<{ url: string; attempt: OidcAttempt }>
  /** The claims of who logged in, verified. Throws OIDC_FAILED. */
  finish(attempt: OidcAttempt, code: string): Promise<Claims>
  close(): Promise<void>
}

const metadata = z.looseObject({ issuer: z.string(), authorization_endpoint: z.url(), token_endpoint: z.url(), jwks_uri: z.url() })
const keySet = z.looseObject({ keys: z.array(z.looseObject({ kid: z.string().optional(), kty: z.string(), use: z.string().optional() })).max(100) })

/** Signatures that are accepted: never `none`, never one that the client's own secret could make. */
const ALGORITHMS: Record<string, { hash: string; dsaEncoding?: 'ieee-p1363'; pss?: boolean; kty: string }> = {
  RS256: { hash: 'sha256', kty: 'RSA' },
  RS384: { hash: 'sha384', kty: 'RSA' },
  RS512: { hash: 'sha512', kty: 'RSA' },
  PS256: { hash: 'sha256', pss: true, kty: 'RSA' },
  ES256: { hash: 'sha256', dsaEncoding: 'ieee-p1363', kty: 'EC' },
  ES384: { hash: 'sha384', dsaEncoding: 'ieee-p1363', kty: 'EC' },
}
const SKEW_MS = 60_000
const METADATA_MS = 60 * 60_000
const MOST_BYTES = 1024 * 1024

export function createOidc(config: OidcConfig, clock: Clock): OidcProvider {
  const dispatcher = new Agent({ connect: { ca: config.ca, timeout: 10_000 }, headersTimeout: 10_000, bodyTimeout: 10_000, maxResponseSize: MOST_BYTES })
  const fail = (reason: string, cause?: unknown) => new CodedError('OIDC_FAILED', { issuer: config.issuer, reason }, { cause })
  let known: { at: number; about: z.output<typeof metadata> } | undefined

  const ask = async (url: string, init: { method?: 'POST'; headers?: Record<string, string>; body?: string } = {}): Promise<unknown> => {
    try {
      const { statusCode, body } = await request(url, { dispatcher, ...init, headers: { accept: 'application/json', ...init.headers } })
      const text = await body.text()
      if (statusCode === 200) return JSON.parse(text)
      let said: { error?: unknown } = {}
      try {
        said = JSON.parse(text) as typeof said
      } catch {}
      throw fail(`${new URL(url).pathname} answered ${statusCode}${typeof said.error === 'string' ? ` (${said.error.slice(0, 100)})` : ''}`)
    } catch (error) {
      if (error instanceof CodedError) throw error
      throw fail((error as NodeJS.ErrnoException).code ?? (error as Error).message, error)
    }
  }
  const about = async () => {
    if (known && known.at + METADATA_MS > clock.now()) return known.about
    const parsed = metadata.safeParse(await ask(`${config.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`))
    if (!parsed.success) throw fail('its configuration lacks an endpoint')
    if (parsed.data.issuer !== config.issuer) throw fail('its configuration is of another issuer')
    known = { at: clock.now(), about: parsed.data }
    return parsed.data
  }

  return {
    async begin(redirectUri) {
      const { authorization_endpoint } = await about()
      const attempt = { state: secret(), nonce: secret(), verifier: secret(), redirectUri }
      const url = new URL(authorization_endpoint)
      const params = {
        response_type: 'code',
        client_id: config.clientId,
        redirect_uri: redirectUri,
        scope: [...new Set(['openid', ...config.scopes])].join(' '),
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: createHash('sha256').update(attempt.verifier).digest('base64url'),
        code_challenge_method: 'S256',
      }
      for (const [name, value] of Object.entries(params)) url.searchParams.set(name, value)
      return { url: url.href, attempt }
    },

    async finish(attempt, code) {
      const { token_endpoint, jwks_uri } = await about()
      const form = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: attempt.redirectUri,
        client_id: config.clientId,
        code_verifier: attempt.verifier,
        ...(config.clientSecret === undefined ? {} : { client_secret: config.clientSecret }),
      })
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const { id_token: token } = (await ask(token_endpoint, { method: 'POST', headers, body: form.toString() })) as { id_token?: unknown }
      if (typeof token !== 'string') throw fail('it sent no id_token')
      const keys = keySet.safeParse(await ask(jwks_uri))
      if (!keys.success) throw fail('its keys cannot be read')
      const claims = verifiedClaims(token, keys.data.keys)
      if (claims === undefined) throw fail('the signature of the id_token is not valid')
      const audience = Array.isArray(claims.aud) ? claims.aud : [claims.aud]
      if (claims.iss !== config.issuer) throw fail('the id_token is of another issuer')
      if (!audience.includes(config.clientId) || (audience.length > 1 && claims.azp !== config.clientId)) throw fail('the id_token is for another client')
      if (claims.nonce !== attempt.nonce) throw fail('the id_token is of another login')
      if (typeof claims.exp !== 'number' || claims.exp * 1000 + SKEW_MS < clock.now()) throw fail('the id_token has expired, or the clock here is wrong')
      if (typeof claims.iat === 'number' && claims.iat * 1000 - SKEW_MS > clock.now()) throw fail('the id_token is from the future, or the clock here is wrong')
      if (typeof claims.sub !== 'string' || claims.sub === '') throw fail('the id_token names nobody')
      return claims as Claims
    },

    close: () => dispatcher.destroy(),
  }
}

const secret = () => randomBytes(32).toString('base64url')

/** RFC 7515. Undefined unless one of the keys made the signature. */
function verifiedClaims(token: string, keys: readonly (JsonWebKey & { kid?: string; kty: string; use?: string })[]): Record<string, unknown> | undefined {
  const [head = '', body = '', signature = '', ...more] = token.split('.')
  if (more.length > 0 || signature === '') return undefined
  try {
    const { alg, kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { alg?: string; kid?: string }
    const algorithm = Object.hasOwn(ALGORITHMS, alg ?? '') ? ALGORITHMS[alg!]! : undefined
    if (!algorithm) return undefined
    const candidates = keys.filter((key) => key.kty === algorithm.kty && key.use !== 'enc' && (kid === undefined || key.kid === undefined || key.kid === kid))
    const good = candidates.some((key) =>
      verify(
        algorithm.hash,
        Buffer.from(`${head}.${body}`),
        {
          key: createPublicKey({ key, format: 'jwk' }),
          ...(algorithm.dsaEncoding ? { dsaEncoding: algorithm.dsaEncoding } : {}),
          // RSA_PKCS1_PSS_PADDING, with salts as long as the hash.
          ...(algorithm.pss ? { padding: 6, saltLength: -1 } : {}),
        },
        Buffer.from(signature, 'base64url'),
      ),
    )
    return good ? (JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
