import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CodedError } from '#core/kernel/errors.ts'
import type { Auth, Session } from './auth.ts'
import { endEventStreams } from './events.ts'
import { sessionCookie } from './http.ts'
import { ingestTokenRequest } from './ingest-tokens.ts'

/** Logs the browser in. `url`: by which people reach this server. */
export function startSession(request: FastifyRequest, reply: FastifyReply, { id, session }: { id: string; session: Session }, url: string): void {
  request.identity = { kind: 'user', user: session.user, rights: session.rights, via: 'session', session }
  reply.setCookie(sessionCookie(request), id, { path: '/', httpOnly: true, sameSite: 'strict', secure: url.startsWith('https:') })
}

/** `/login`, `/logout`, `/me`, `/login-links`, `/ingest-tokens`, below the prefix of `http`. */
export function authRoutes(http: FastifyInstance, auth: Auth, about: { version: string; url: () => string }): void {
  const routes = http.withTypeProvider<ZodTypeProvider>()

  routes.post(
    '/login',
    {
      config: { access: 'public', rateLimit: { max: 10, timeWindow: 60_000 } },
      schema: { summary: 'Log in with the secret of a one-time link', body: z.object({ token: z.string().max(200) }) },
    },
    async (request, reply) => {
      const done = auth.login(request.body.token)
      if (!done) throw new CodedError('LOGIN_LINK_USED')
      startSession(request, reply, done, about.url())
      return { user: done.session.user, csrf: done.session.csrf, expiresAt: done.session.expiresAt }
    },
  )

  routes.post('/logout', { config: { access: 'user' }, schema: { summary: 'End the session' } }, async (request, reply) => {
    const id = request.cookies[sessionCookie(request)]
    if (id !== undefined) auth.logout(id)
    if (request.identity?.kind === 'user' && request.identity.via === 'session') endEventStreams(request.server, request.identity.session)
    reply.clearCookie(sessionCookie(request), { path: '/' }).code(204)
  })

  // Asked by every page that opens: not being logged in is an answer and no error.
  routes.get('/me', { config: { access: 'public' }, schema: { summary: 'Who am I; user is null for nobody' } }, async (request, reply) => {
    const { identity } = request
    reply.header('cache-control', 'no-store')
    if (identity?.kind !== 'user') return { user: null, language: request.language }
    const session = identity.via === 'session' ? { csrf: identity.session.csrf, expiresAt: identity.session.expiresAt } : {}
    // What only an administrator may is not offered to others.
    return { user: identity.user, admin: identity.rights.kind === 'admin', language: request.language, version: about.version, ...session }
  })

  routes.post('/login-links', { schema: { summary: 'Make a one-time login link' } }, async (_, reply) => {
    reply.header('cache-control', 'no-store')
    return { url: `${about.url()}/login#${auth.issueLogin()}`, expiresInMinutes: 15 }
  })

  routes.get('/ingest-tokens', { schema: { summary: 'Ingest tokens, without their secrets' } }, async () => ({ tokens: auth.tokens.list() }))

  routes.post('/ingest-tokens', { schema: { summary: 'Make an ingest token; it is shown this once', body: ingestTokenRequest } }, async (request, reply) => {
    const made = await auth.tokens.issue(request.body)
    request.auditDetail = made.record
    reply.code(201).header('cache-control', 'no-store')
    return { token: made.token, ...made.record }
  })

  routes.delete('/ingest-tokens/:id', { schema: { summary: 'Revoke an ingest token', params: z.object({ id: z.string() }) } }, async (request, reply) => {
    await auth.tokens.revoke(request.params.id)
    reply.code(204)
  })
}
