import websocket from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CodedError } from '#core/kernel/errors.ts'
import { clusterParams, rightsKey } from '#kits/server-kit/clusters.ts'
import type { ServerDoor } from '#kits/server-kit/door.ts'
import { eventStream } from '#kits/server-kit/events.ts'
import { ACTS, accessFor, accessText, actBody } from '../domain/acts.ts'
import {
  appsQuery,
  type CollectionChange,
  collectionQuery,
  execBody,
  type KindsAnswer,
  logsQuery,
  type NamespacesAnswer,
  namespaceQuery,
  objectParams,
  objectsQuery,
} from '../domain/api.ts'
import { act } from './acts.ts'
import { createApps } from './apps.ts'
import { type Collection, createCollections, versionOf } from './collections.ts'
import { readObject, readRelations, readTimeline, refOfParams } from './detail.ts'
import { createTerminals } from './exec.ts'
import { sendLogs } from './logs.ts'
import { attempt, inLanguage } from './missing.ts'
import { createObjects, readSome, servedKind } from './objects.ts'

/** Live updates: at most 4 a second. */
const TICK_MS = 250
const READING_TICK_MS = 1000
const MOST_NAMESPACES = 10_000

export const door: ServerDoor = {
  id: 'workloads',

  async start(context) {
    const { http, clock, telemetry, log } = context
    const collections = createCollections(clock)
    const stopping = new AbortController()
    const sleep = (ms: number) => clock.sleep(ms, stopping.signal).catch(() => {})
    const objects = createObjects(collections, sleep)
    const apps = createApps(collections, clock, sleep)
    const terminals = createTerminals({ clock, log })
    await http.register(websocket, { options: { maxPayload: 256 * 1024 } })
    const routes = http.withTypeProvider<ZodTypeProvider>()
    const base = '/clusters/:cluster'
    const one = `${base}/objects/:group/:version/:kind/:namespace/:name`
    const params = clusterParams
    const who = (request: FastifyRequest) => rightsKey(request.identity)
    const clusterOf = (request: FastifyRequest & { params: { cluster: string } }) => context.clusterOf(request, request.params.cluster)

    /** Says each new version of what is held, while somebody listens. */
    async function follow(request: FastifyRequest, stream: ReturnType<typeof eventStream>, held: readonly Collection<unknown>[]): Promise<void> {
      for (const collection of held) collection.watchers++
      let said = -1
      try {
        while (!stream.signal.aborted && !stopping.signal.aborted) {
          const version = held.reduce((sum, collection) => sum + versionOf(collection), 0)
          if (version !== said && !stream.send('change', { version } satisfies CollectionChange)) break
          said = version
          // Every page that is read is a change.
          await sleep(held.every(({ informer }) => informer.status().state === 'following') ? TICK_MS : READING_TICK_MS)
          if (held.some(({ failure }) => failure !== undefined)) break
        }
      } finally {
        for (const collection of held) {
          collection.watchers--
          collection.usedAt = clock.now()
        }
        stream.end()
        request.log.debug('list no longer followed')
      }
    }

    routes.get(`${base}/kinds`, { schema: { summary: 'Kinds that the cluster serves', params } }, async (request): Promise<KindsAnswer> => {
      const { kinds, unknown, serverVersion } = await clusterOf(request).discover()
      return {
        kinds: kinds
          .filter(({ verbs }) => verbs.includes('list'))
          .map(({ apiVersion, kind, plural, group, namespaced, preferred, shortNames }) => ({
            apiVersion,
            kind,
            plural,
            group,
            namespaced,
            preferred,
            shortNames,
          })),
        unknown,
        serverVersion,
      }
    })
    routes.get(
      `${base}/namespaces`,
      { schema: { summary: 'Names of namespaces, where they may be listed', params } },
      async (request): Promise<NamespacesAnswer> => {
        const read = await attempt('Namespace', readSome(clusterOf(request), { apiVersion: 'v1', kind: 'Namespace' }, undefined, MOST_NAMESPACES))
        if ('missing' in read) return { names: [], known: false, reason: inLanguage({ missing: [read.missing] }, request.language).missing[0]!.message }
        return { names: read.value.objects.map(({ metadata }) => metadata.name), known: !read.value.more }
      },
    )
    routes.get(
      `${base}/objects`,
      { schema: { summary: 'Objects of a kind: searched, sorted, one page', params, querystring: objectsQuery } },
      async (request) => inLanguage(await objects.list(clusterOf(request), who(request), request.query), request.language),
    )
    routes.get(
      `${base}/objects/changes`,
      { schema: { summary: 'Whenever the objects of a kind change, as server-sent events', params, querystring: collectionQuery } },
      async (request, reply) => {
        const { held } = await objects.view(clusterOf(request), who(request), request.query)
        const stream = eventStream(request, reply)
        void follow(request, stream, held ? [held() as Collection<unknown>] : [])
      },
    )
    routes.get(`${base}/apps`, { schema: { summary: 'Apps: pods under the owner on top of them', params, querystring: appsQuery } }, async (request) =>
      inLanguage(await apps.list(clusterOf(request), who(request), request.query), request.language),
    )
    routes.get(
      `${base}/apps/changes`,
      { schema: { summary: 'Whenever apps or their pods change, as server-sent events', params, querystring: namespaceQuery } },
      async (request, reply) => {
        const { held } = await apps.hold(clusterOf(request), who(request), request.query.namespace)
        // What cannot be read does not change.
        const followed = held.map(({ collection }) => collection as Collection<unknown>).filter(({ failure }) => failure === undefined)
        void follow(request, eventStream(request, reply), followed)
      },
    )

    routes.get(one, { schema: { summary: 'One object, how it is, and what the asker may do to it', params: objectParams } }, (request) =>
      readObject(clusterOf(request), refOfParams(request.params)),
    )
    routes.get(`${one}/relations`, { schema: { summary: 'What an object has to do with', params: objectParams } }, async (request) =>
      inLanguage(await readRelations(clusterOf(request), refOfParams(request.params)), request.language),
    )
    routes.get(`${one}/timeline`, { schema: { summary: 'What happened to an object and what it owns', params: objectParams } }, async (request) =>
      inLanguage(await readTimeline(clusterOf(request), refOfParams(request.params), { telemetry, scope: request.scope }), request.language),
    )
    for (const name of ACTS) {
      routes.post(
        `${one}/${name}`,
        {
          config: { access: 'user' },
          schema: { summary: `${name}: as a dry run, or for real`, params: objectParams, body: actBody },
          bodyLimit: 4 * 1024 * 1024,
        },
        async (request) => {
          // The text of an edit may hold secrets; that it was edited is what is kept.
          const { yaml: _, ...detail } = request.body
          request.auditDetail = detail
          return act(clusterOf(request), refOfParams(request.params), name, request.body, { id: request.id, now: clock.now() })
        },
      )
    }
    routes.get(
      `${base}/logs`,
      { schema: { summary: 'Lines of containers, as server-sent events', params, querystring: logsQuery } },
      async (request, reply) => {
        const cluster = clusterOf(request)
        const { pod: pods, ...query } = request.query
        const stream = eventStream(request, reply)
        sendLogs(cluster, { ...query, pods }, stream, request.language, sleep).catch((err: unknown) => log.error({ err }, 'logs ended badly'))
      },
    )
    routes.post(
      `${one}/exec`,
      { config: { access: 'user' }, schema: { summary: 'A ticket for one terminal in a container of a pod', params: objectParams, body: execBody } },
      async (request): Promise<{ ticket: string }> => {
        const cluster = clusterOf(request)
        const ref = refOfParams(request.params)
        const access = accessFor('exec', await servedKind(cluster, 'v1/Pod'), ref.namespace, ref.name)
        request.auditDetail = request.body
        const { allowed } = await cluster.may(access)
        if (!allowed) throw new CodedError('FORBIDDEN', { verb: access.verb, resource: accessText(access).replace(/^\w+ /, ''), cluster: cluster.name })
        const pod = { namespace: ref.namespace ?? '', name: ref.name }
        return {
          ticket: terminals.ticket({
            cluster,
            user: who(request),
            pod,
            ...(request.body.container === undefined ? {} : { container: request.body.container }),
          }),
        }
      },
    )
    http.get(
      `${base}/terminals/:ticket`,
      { websocket: true, schema: { hide: true, params: params.extend({ ticket: z.string().max(64) }) } },
      (socket, request) => {
        void terminals.connect(socket, (request.params as { ticket: string }).ticket, who(request), request.language)
      },
    )

    return {
      async stop() {
        stopping.abort(new Error('the server stops'))
        terminals.stop()
        collections.stop()
      },
    }
  },
}
