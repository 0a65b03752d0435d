import type { FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { formatImage } from '#core/oci/place.ts'
import type { ServerContext, ServerDoor } from '#kits/server-kit/door.ts'
import { eventStream } from '#kits/server-kit/events.ts'
import { userOf } from '#kits/server-kit/http.ts'
import { type MovePrediction, type MovePreview, type MoveRequest, moveRequest, predictionOf } from '../domain/moves.ts'
import { planImages } from '../domain/plan.ts'
import { rulesFromImages } from '../domain/spec/from-images.ts'
import { readSpec } from '../domain/spec/read-spec.ts'
import type { Spec } from '../domain/spec/rule.ts'
import { imagesInCluster } from '../sources/cluster.ts'
import { openCredentials } from '../sources/credentials.ts'
import { resolveSpec } from '../sources/resolve.ts'
import { hostSettings } from '../sources/settings.ts'
import { type Order, openMoves, sha256, withExisting } from './moves.ts'
import { knownRegistries, registrySection, serverProblems } from './registries.ts'
import { syncReconciler } from './sync.ts'
import { syncRoutes } from './sync-routes.ts'

const SAMPLE = 200
/** Shorter than a page waits. */
const PREVIEW_MS = 25_000
const PREDICT_MS = 110_000
/** Nothing is written. */
const NO_JOURNAL = { begin: () => false, end() {}, find: () => undefined, keep() {}, drop() {} }
/** Moves that a page follows live, and how often. */
const TOLD = 30
const TELL_EVERY_MS = 400
const base = '/image-moves'
const previewQuery = z.object({ predict: z.enum(['true', 'false']).optional() })
const idParams = z.object({ id: z.uuid() })

export const door: ServerDoor = {
  id: 'image-migration',

  async start(context) {
    const { http, clock, log, settings } = context
    const registries = settings.section('imageRegistries', registrySection)
    const open = await context.registries()
    const moves = await openMoves({ open, clock, log, folder: context.dataFolder })
    const known = () => knownRegistries(registries.read())

    const orderOf = async (request: FastifyRequest, body: MoveRequest): Promise<Order> => {
      const { spec, more, title } = await specOf(context, request, body)
      const all = [...spec.registries, ...known()]
      return {
        title: body.title ?? title,
        by: userOf(request) ?? '',
        language: request.language,
        spec,
        // Nothing of the server's own environment: what it may log in with stands in its settings.
        credentials: await openCredentials({ env: {}, clock, registries: all, more }),
        settings: await hostSettings(all),
        ...(body.existing === undefined ? {} : { existing: body.existing }),
        ...(body.bytesPerSecond === undefined ? {} : { bytesPerSecond: body.bytesPerSecond }),
        journal: body.spec ?? `cluster ${body.fromCluster} ${body.to}`,
      }
    }

    const routes = http.withTypeProvider<ZodTypeProvider>()
    routes.post(base, { schema: { summary: 'Start moving images', body: moveRequest } }, async (request, reply) => {
      const order = await orderOf(request, request.body)
      request.auditDetail = { title: order.title, rules: order.spec.rules.length }
      return reply.code(201).send(moves.start(order))
    })
    routes.post(
      `${base}/preview`,
      { schema: { summary: 'What a move would copy', querystring: previewQuery, body: moveRequest } },
      async (request): Promise<MovePreview> => {
        const order = await orderOf(request, request.body)
        const predict = request.query.predict === 'true'
        const limit = predict ? PREDICT_MS : PREVIEW_MS
        const patience = AbortSignal.timeout(limit)
        const opened = open({
          credentials: order.credentials,
          ...(order.settings ? { settings: order.settings } : {}),
          retries: 2,
          signal: patience,
        })
        try {
          const { job, conflicts, failed, notes } = await resolveSpec(order.spec, opened, order.language)
          let prediction: MovePrediction | undefined
          if (predict && conflicts.length === 0) {
            const world = { open: opened.open, clock, digestOf: sha256, journal: NO_JOURNAL, signal: patience, emit() {} }
            const planned = await planImages(withExisting(job, order.existing), world)
            patience.throwIfAborted()
            prediction = predictionOf(planned.items, planned.prediction, opened.traffic())
          }
          return {
            ...(prediction ? { prediction } : {}),
            pairs: job.pairs.length,
            sample: job.pairs
              .slice(0, SAMPLE)
              .map(({ source, target, platforms = [] }) => ({ source: formatImage(source), target: formatImage(target), platforms })),
            changesDigests: job.pairs.filter(({ platforms }) => platforms !== undefined).length,
            conflicts,
            failed,
            notes,
          }
        } catch (error) {
          if (patience.aborted) throw new CodedError('TIMED_OUT', { what: 'The preview', limit: `${limit / 1000} s` }, { cause: error })
          throw error
        } finally {
          await opened.close()
        }
      },
    )
    routes.get(base, { schema: { summary: 'Image moves, newest first' } }, async () => ({ moves: moves.list() }))
    routes.get(`${base}/:id`, { schema: { summary: 'One image move', params: idParams } }, async (request) => moves.get(request.params.id))
    routes.get(
      `${base}/:id/items`,
      {
        schema: {
          summary: 'Its images, as far as they are done',
          params: idParams,
          querystring: z.object({
            outcome: z.enum(['unchanged', 'copied', 'kept', 'failed', 'stopped', 'extra', 'removed']).optional(),
            offset: z.coerce.number().int().min(0).default(0),
            limit: z.coerce.number().int().min(1).max(1000).default(100),
          }),
        },
      },
      async (request) => moves.items(request.params.id, request.query),
    )
    routes.post(`${base}/:id/cancel`, { schema: { summary: 'Stop a move; what was copied stays', params: idParams } }, async (request) =>
      moves.cancel(request.params.id),
    )
    routes.get(`${base}/:id/report`, { schema: { summary: 'The report, as it was signed', params: idParams } }, async (request, reply) => {
      const { report } = await moves.report(request.params.id)
      return reply
        .type('application/json')
        .header('content-disposition', `attachment; filename="image-move-${request.params.id}.json"`)
        .serializer((bytes: Buffer) => bytes as unknown as string)
        .send(report)
    })
    routes.get(`${base}/:id/report.sig`, { schema: { summary: 'Signature of the report', params: idParams } }, async (request, reply) => {
      const { signature } = await moves.report(request.params.id)
      return reply
        .type('application/json')
        .header('content-disposition', `attachment; filename="image-move-${request.params.id}.json.sig"`)
        .serializer((text: string) => text)
        .send(signature)
    })
    routes.get(`${base}/events`, { schema: { summary: 'Moves as they go, as server-sent events' } }, async (request, reply) => {
      const stream = eventStream(request, reply)
      let due = false
      const tell = () => {
        due = false
        stream.send('moves', { moves: moves.list().slice(0, TOLD) })
      }
      const stop = moves.onChange(() => {
        if (due) return
        due = true
        clock.sleep(TELL_EVERY_MS, stream.signal).then(tell, () => {})
      })
      stream.signal.addEventListener('abort', stop)
      tell()
    })

    context.reconcile(syncReconciler(moves, clock), (cluster) => cluster)
    syncRoutes(context)

    return {
      async stop() {
        await moves.stop()
      },
    }
  },
}

/** What is asked for as rules. INVALID_INPUT with every problem. */
async function specOf(
  context: ServerContext,
  request: FastifyRequest,
  body: MoveRequest,
): Promise<{ spec: Spec; more: Awaited<ReturnType<typeof imagesInCluster>>['credentials']; title: string }> {
  if (body.fromCluster !== undefined) {
    if (body.to === undefined) throw invalidInput([{ path: 'to', message: 'say where the images of the cluster are to go: REGISTRY[/NAMESPACE]' }])
    const found = await imagesInCluster(context.clusterOf(request, body.fromCluster), body.namespaces ? { namespaces: body.namespaces } : {})
    const made = rulesFromImages(found.images, body.to, body.scoped)
    if (typeof made === 'string') throw invalidInput([{ path: 'to', message: made }])
    const notes = [
      ...found.unknown.map(unknownNote(body.fromCluster)),
      ...made.unreadable.map(({ image, origin, reason }) => ({
        origin,
        message: { en: `"${image}" ${reason}`, 'zh-CN': `“${image}” 不是镜像引用：${reason}` },
      })),
    ]
    return {
      spec: { format: 'sallyport', rules: made.rules, registries: [], notes },
      more: found.credentials,
      title: `cluster ${body.fromCluster} → ${body.to}`,
    }
  }
  const file = { file: 'spec', text: body.spec!, ...(body.format === undefined ? {} : { format: body.format }) }
  const read = readSpec(file, {
    env: {},
    readFile: () => undefined,
    ...(body.to === undefined ? {} : { to: body.to }),
    ...(body.scoped === undefined ? {} : { scoped: body.scoped }),
    ...(body.auth === undefined ? {} : { auth: { file: 'auth', text: body.auth } }),
  })
  if (!read.ok) throw invalidInput(read.error)
  const problems = serverProblems(read.value)
  if (problems.length > 0) throw invalidInput(problems)
  if (read.value.rules.length === 0) throw new CodedError('INVALID_INPUT', { count: 1 }, { problems: [{ path: 'spec', message: 'has no rule' }] })
  return { spec: read.value, more: [], title: `${read.value.format}, ${read.value.rules.length} rule(s)` }
}

const unknownNote =
  (cluster: string) =>
  (what: string): Spec['notes'][number] => ({
    origin: { file: `cluster ${cluster}`, line: 1, path: '' },
    message: { en: `could not be looked at: ${what}`, 'zh-CN': `无法查看：${what}` },
  })
