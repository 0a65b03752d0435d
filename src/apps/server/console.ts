import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { CodedError } from '#core/kernel/errors.ts'
import { pathOf } from '#kits/server-kit/http.ts'

/** Paths of the server itself; every other path belongs to the console's router. */
const OURS = /^\/(api|loki|prometheus|healthz|readyz|metrics|openapi\.json|assets)(\/|$)/

/** The built console in `folder`: hashed assets that browsers keep for ever, compressed side-cars, and the page for every path of its router. */
export async function serveConsole(http: FastifyInstance, folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => [])
  const hidden = { schema: { hide: true } as object }
  await http.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' }
    })
    if (names.includes('assets')) {
      await scope.register(fastifyStatic, {
        root: join(folder, 'assets'),
        prefix: '/assets/',
        preCompressed: true,
        immutable: true,
        maxAge: '365d',
        index: false,
        schemaHide: true,
      })
      for (const name of names.filter((name) => /^[\w-]+\.(svg|png|ico|txt|webmanifest)$/.test(name))) {
        scope.get(`/${name}`, hidden, (_, reply) => reply.sendFile(name, folder, { maxAge: '1h', immutable: false }))
      }
    }
    scope.get('/*', hidden, async (request, reply) => {
      if (!isPage(request)) throw new CodedError('NOT_FOUND', { what: `${request.method} ${pathOf(request)}` })
      if (!names.includes('assets')) throw new CodedError('NOT_FOUND', { what: 'The built console' })
      return reply.sendFile('index.html', folder, { maxAge: 0, immutable: false })
    })
  })
}

const isPage = (request: FastifyRequest) => !OURS.test(pathOf(request)) && (request.headers.accept ?? '').includes('text/html')
