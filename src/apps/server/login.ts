/** Logging in as somebody whom a cluster (token) or an identity provider (OIDC) knows. */
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError } from '#core/kernel/errors.ts'
import type { Clusters } from '#core/shapes/ports/cluster.ts'
import { expiryOfToken } from '#edges/cluster/credentials.ts'
import { type Claims, createOidc, type OidcAttempt, type OidcProvider } from '#edges/oidc/provider.ts'
import type { Auth, Rights } from '#kits/server-kit/auth.ts'
import { startSession } from '#kits/server-kit/auth-routes.ts'
import { clusterName } from '#kits/server-kit/clusters.ts'
import type { Settings } from '#kits/server-kit/door.ts'
import type { ServerPeople } from './people.ts'

const oidcSettings = z.object({
  issuer: z.url({ protocol: /^https?$/ }).max(2000),
  clientId: z.string().min(1).max(500),
  clientSecret: z.string().max(2000).optional(),
  scopes: z
    .array(z.string().regex(/^[\w:./-]{1,200}$/))
    .max(20)
    .default(['profile', 'email', 'groups']),
  usernameClaim: z.string().min(1).max(100).default('sub'),
  /** Before every name, so that it is the one that the cluster's RBAC knows. */
  usernamePrefix: z.string().max(200).default(''),
  groupsClaim: z.string().min(1).max(100).default('groups'),
  groupsPrefix: z.string().max(200).default(''),
  /** PEM of the authority that signed the issuer's certificate. */
  ca: z.string().max(100_000).optional(),
})
const loginSettings = z.object({ oidc: oidcSettings.optional() })

const ATTEMPT_MS = 10 * 60_000
const MOST_ATTEMPTS = 1_000
const CALLBACK = '/api/v1/login/oidc/callback'
const COOKIE = 'sallyport-oidc'

interface Deps {
  auth: Auth
  people: ServerPeople
  clusters: Clusters
  settings: Settings
  clock: Clock
  /** By which people reach this server. */
  url: () => string
}

/** `/login/methods`, `/login/token`, `/login/oidc` below the prefix of `http`, and the settings section `login`. */
export function loginRoutes(http: FastifyInstance, { auth, people, clusters, settings, clock, url }: Deps): { close(): Promise<void> } {
  const section = settings.section('login', { schema: loginSettings, initial: {}, secrets: ['oidc.clientSecret'] })
  const attempts = new Map<string, OidcAttempt & { until: number }>()
  let provider: OidcProvider | undefined
  section.onChange(() => {
    provider?.close().catch(() => {})
    provider = undefined
    attempts.clear()
  })
  const configured = () => {
    const { oidc } = section.read()
    if (!oidc) throw new CodedError('NOT_FOUND', { what: 'Login by OIDC (settings section login)' })
    provider ??= createOidc(oidc, clock)
    return { oidc, provider }
  }
  const routes = http.withTypeProvider<ZodTypeProvider>()
  const open = { config: { access: 'public' as const, rateLimit: { max: 20, timeWindow: 60_000 } } }

  routes.get('/login/methods', { config: { access: 'public' }, schema: { summary: 'How one can log in here' } }, async (_, reply) => {
    reply.header('cache-control', 'no-store')
    const { oidc } = section.read()
    return { link: true, token: { clusters: clusters.list().map(({ name }) => name) }, oidc: oidc ? { issuer: oidc.issuer } : null }
  })

  routes.post(
    '/login/token',
    {
      ...open,
      schema: {
        summary: 'Log in with a token of a cluster, e.g. of kubectl create token',
        body: z.object({ token: z.string().trim().min(1).max(16_384), cluster: clusterName.optional() }),
      },
    },
    async (request, reply) => {
      const { token } = request.body
      const cluster = request.body.cluster ?? clusters.list()[0]?.name
      if (cluster === undefined) throw new CodedError('NOT_FOUND', { what: 'A cluster to log in to' })
      const user = await people.review(cluster, token)
      if (user === undefined) throw new CodedError('TOKEN_UNKNOWN', { cluster })
      const rights: Rights = { kind: 'token', cluster, actor: { kind: 'token', token } }
      const done = auth.admit(user, rights, expiryOfToken(token))
      startSession(request, reply, done, url())
      return { user, csrf: done.session.csrf, expiresAt: done.session.expiresAt }
    },
  )

  routes.get('/login/oidc', { ...open, schema: { summary: 'Go to the identity provider' } }, async (_, reply) => {
    const { provider } = configured()
    const begun = await provider.begin(`${url()}${CALLBACK}`)
    for (const [state, { until }] of attempts) if (until < clock.now() || attempts.size >= MOST_ATTEMPTS) attempts.delete(state)
    attempts.set(begun.attempt.state, { ...begun.attempt, until: clock.now() + ATTEMPT_MS })
    // Lax: the provider's redirect comes from another site. It ties the login to this browser.
    const cookie = { path: CALLBACK, httpOnly: true, sameSite: 'lax' as const, secure: url().startsWith('https:'), maxAge: ATTEMPT_MS / 1000 }
    reply.setCookie(COOKIE, begun.attempt.state, cookie).header('cache-control', 'no-store').redirect(begun.url, 302)
  })

  const answer = z.looseObject({ state: z.string().max(200), code: z.string().max(4096).optional(), error: z.string().max(200).optional() })
  routes.get('/login/oidc/callback', { ...open, schema: { summary: 'Back from the identity provider', querystring: answer } }, async (request, reply) => {
    const { state, code, error } = request.query
    const { oidc, provider } = configured()
    const attempt = attempts.get(state)
    attempts.delete(state)
    if (!attempt || attempt.until < clock.now() || request.cookies[COOKIE] !== state)
      throw new CodedError('OIDC_FAILED', { issuer: oidc.issuer, reason: 'this login was not begun in this browser, or too long ago' })
    if (code === undefined) throw new CodedError('OIDC_FAILED', { issuer: oidc.issuer, reason: error ?? 'it sent no code' })
    const person = personOf(await provider.finish(attempt, code), oidc)
    const done = auth.admit(person.user, { kind: 'oidc', actor: { kind: 'impersonated', ...person } })
    startSession(request, reply, done, url())
    reply.clearCookie(COOKIE, { path: CALLBACK }).header('cache-control', 'no-store').redirect('/', 302)
  })

  return { close: async () => provider?.close() }
}

/** Name and groups as the clusters' RBAC knows them. Names of the system's own are never anybody's. */
export function personOf(claims: Claims, oidc: z.output<typeof oidcSettings>): { user: string; groups: readonly string[] } {
  const fail = (reason: string) => new CodedError('OIDC_FAILED', { issuer: oidc.issuer, reason })
  const name = claims[oidc.usernameClaim]
  if (typeof name !== 'string' || name === '') throw fail(`the id_token has no claim ${oidc.usernameClaim}`)
  // As kube-apiserver does: an address that nobody has confirmed is nobody's.
  if (oidc.usernameClaim === 'email' && claims.email_verified === false) throw fail('the e-mail address is not verified')
  const user = `${oidc.usernamePrefix}${name}`
  if (user.startsWith('system:')) throw fail('names that begin with system: are the cluster’s own')
  const groups = [claims[oidc.groupsClaim] ?? []].flat()
  return {
    user,
    groups: groups
      .filter((group) => typeof group === 'string')
      .map((group) => `${oidc.groupsPrefix}${group}`)
      .filter((group) => !group.startsWith('system:')),
  }
}
