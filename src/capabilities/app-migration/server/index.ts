import { randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { parse } from 'yaml'
import { z } from 'zod'
import { CodedError, invalidInput, isError } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { parseInput } from '#core/kernel/problems.ts'
import { listAll } from '#core/kube/list-all.ts'
import type { ServerDoor } from '#kits/server-kit/door.ts'
import { eventStream } from '#kits/server-kit/events.ts'
import { userOf } from '#kits/server-kit/http.ts'
import { MAPPING, type Mapping } from '../domain/mapping.ts'
import type { MigrationRow } from '../domain/migration.ts'
import { type AppMove, type MoveRequest, moveRequest, type PlanView, planView } from '../domain/moves.ts'
import { lookAtMove, type MoveOrder } from '../move/run.ts'
import { MIGRATION } from '../resources/migration.ts'
import { openMoves } from './moves.ts'
import { migrationReconciler, OWNED_BY_MIGRATION } from './reconciler.ts'

const base = '/app-moves'
const idParams = z.object({ id: z.string().regex(/^[\w-]{1,100}$/) })
const inCluster = z.object({ cluster: z.string().max(63) })
const oneMigration = inCluster.extend({ namespace: z.string().max(63), name: z.string().max(253) })
/** A plan reads a source whole. */
const PLAN_MS = 110_000
/** Moves that a page follows live, and how often. */
const TOLD = 50
const TELL_EVERY_MS = 400

export const door: ServerDoor = {
  id: 'app-migration',

  async start(context) {
    const { http, clock, log } = context
    const moves = await openMoves({ clock, log, folder: context.dataFolder, registries: () => context.registries() })

    /** Both ends with the rights of who asks. */
    const endsOf = (request: FastifyRequest, { from, to }: Pick<MoveRequest, 'from' | 'to'>) => ({
      source: context.clusterOf(request, from),
      target: context.clusterOf(request, to),
    })
    const orderOf = ({ from: _, to: __, checkImages: ___, waitSeconds, mapping: given, mappingText, ...rest }: MoveRequest): MoveOrder => {
      const mapping = mappingText === undefined ? given : mappingFrom(mappingText)
      return { ...rest, ...(mapping === undefined ? {} : { mapping }), waitMs: waitSeconds * 1000 }
    }
    const own = (request: FastifyRequest, id: string) => {
      const one = moves.get(id)
      if (!sees(request, one.owner)) throw new CodedError('NOT_FOUND', { what: `Move ${id}` })
      return one
    }
    const seen = (request: FastifyRequest): AppMove[] =>
      moves
        .list()
        .filter(({ owner }) => owner !== OWNED_BY_MIGRATION && sees(request, owner))
        .map(({ move }) => move)

    const routes = http.withTypeProvider<ZodTypeProvider>()
    routes.post(
      `${base}/plan`,
      { schema: { summary: 'What a move of an app would do, with your rights; nothing is written', body: moveRequest } },
      async (request): Promise<PlanView> => {
        const patience = AbortSignal.timeout(PLAN_MS)
        const registries = request.body.checkImages ? await context.registries() : undefined
        try {
          const look = await lookAtMove(endsOf(request, request.body), orderOf(request.body), {
            clock,
            signal: patience,
            ...(registries ? { registries } : {}),
          })
          return planView(look, request.language)
        } catch (error) {
          if (patience.aborted) throw new CodedError('TIMED_OUT', { what: 'The plan', limit: `${PLAN_MS / 1000} s` }, { cause: error })
          throw error
        }
      },
    )
    const begin = (request: FastifyRequest, body: MoveRequest, id: string, by: { by: string; owner: string }) => {
      const order = orderOf(body)
      const what = (body.apps ?? body.namespaces ?? ['*']).join(', ')
      return moves.start(
        {
          id,
          title: `${what}: ${body.from} → ${body.to}`,
          ...by,
          language: request.language,
          order,
          checkImages: body.checkImages,
          write: true,
          request: body,
        },
        endsOf(request, body),
      )
    }
    routes.post(base, { schema: { summary: 'Move an app: plan anew, and write when nothing blocks', body: moveRequest } }, async (request, reply) => {
      const id = uuidv7(clock.now(), randomBytes(10))
      request.auditDetail = { from: request.body.from, to: request.body.to, namespaces: request.body.namespaces ?? [], existing: request.body.existing }
      return reply.code(201).send(begin(request, request.body, id, { by: userOf(request) ?? '', owner: ownerOf(request) }))
    })
    routes.get(base, { schema: { summary: 'Moves of apps that you began, newest first' } }, async (request) => ({ moves: seen(request) }))
    routes.get(`${base}/:id`, { schema: { summary: 'One move of an app', params: idParams } }, async (request) => own(request, request.params.id).move)
    routes.post(`${base}/:id/resume`, { schema: { summary: 'Go on with a move that was stopped, with your rights', params: idParams } }, async (request) => {
      const { id, by, owner, request: asked } = own(request, request.params.id)
      return begin(request, moveRequest.parse(asked), id, { by, owner })
    })
    routes.post(`${base}/:id/rollback`, { schema: { summary: 'Undo what a move wrote, with your rights', params: idParams } }, async (request) => {
      const { id, move } = own(request, request.params.id)
      return moves.rollback(id, context.clusterOf(request, move.to), request.language)
    })
    routes.post(`${base}/:id/cancel`, { schema: { summary: 'Stop a move; what was written stays', params: idParams } }, async (request) =>
      moves.cancel(own(request, request.params.id).id),
    )
    routes.delete(`${base}/:id`, { schema: { summary: 'Forget a move that has ended, with its journal', params: idParams } }, async (request, reply) => {
      await moves.remove(own(request, request.params.id).id)
      return reply.code(204).send()
    })
    routes.get(`${base}/events`, { schema: { summary: 'Moves of apps as they go, as server-sent events' } }, async (request, reply) => {
      const stream = eventStream(request, reply)
      let due = false
      const tell = () => {
        due = false
        stream.send('moves', { moves: seen(request).slice(0, TOLD) })
      }
      const stop = moves.onChange(() => {
        if (due) return
        due = true
        clock.sleep(TELL_EVERY_MS, stream.signal).then(tell, () => {})
      })
      stream.signal.addEventListener('abort', stop)
      tell()
    })

    routes.get(
      '/clusters/:cluster/migrations',
      { schema: { summary: 'Migrations that you may see', params: inCluster } },
      async (request): Promise<{ served: boolean; migrations: MigrationRow[] }> => {
        try {
          const objects = await listAll(context.clusterOf(request, request.params.cluster), MIGRATION)
          return {
            served: true,
            migrations: objects.map(({ metadata, spec, status }) => ({
              namespace: metadata.namespace ?? '',
              name: metadata.name,
              action: (spec as { action?: MigrationRow['action'] } | undefined)?.action ?? 'plan',
              copies: (spec as { volumes?: { method?: string } } | undefined)?.volumes?.method === 'mover',
              current: (status as MigrationRow['status'] | undefined)?.observedGeneration === metadata.generation,
              status: (status ?? {}) as MigrationRow['status'],
            })),
          }
        } catch (error) {
          if (isError(error, 'KIND_UNKNOWN')) return { served: false, migrations: [] }
          throw error
        }
      },
    )
    routes.post(
      '/clusters/:cluster/migrations/:namespace/:name/action',
      {
        schema: {
          summary: 'Ask a Migration to plan, to copy data, to apply or to roll back, with your rights',
          params: oneMigration,
          body: z.strictObject({ action: z.enum(['plan', 'copy', 'apply', 'rollback']) }),
        },
      },
      async (request, reply) => {
        const { cluster, namespace, name } = request.params
        const { action } = request.body
        request.auditDetail = { migration: `${namespace}/${name}`, action }
        await context.clusterOf(request, cluster).patch({ ...MIGRATION, namespace, name }, 'merge', { spec: { action } }, { fieldManager: 'sallyport' })
        return reply.code(202).send({})
      },
    )

    context.reconcile(migrationReconciler(moves, context.openCluster), (cluster) => cluster)
    return { stop: () => moves.stop() }
  },
}

/** Whose moves they are. Names alone do not say it: two clusters may each have an `admin`. */
function ownerOf({ identity }: FastifyRequest): string {
  if (identity?.kind !== 'user') return ''
  return `${identity.rights.kind} ${identity.rights.kind === 'token' ? identity.rights.cluster : ''} ${identity.user}`
}
const sees = (request: FastifyRequest, owner: string): boolean =>
  request.identity?.kind === 'user' && (request.identity.rights.kind === 'admin' || ownerOf(request) === owner)

/** INVALID_INPUT with every problem, by `mappingText`. */
function mappingFrom(text: string): Mapping {
  let value: unknown
  try {
    value = parse(text, { maxAliasCount: 100 })
  } catch (error) {
    throw invalidInput([{ path: 'mappingText', message: (error as Error).message.slice(0, 500) }])
  }
  const read = parseInput(MAPPING, value ?? {})
  if (!read.ok) throw invalidInput(read.error.map((problem) => ({ ...problem, path: `mappingText.${problem.path}` })))
  return read.value
}
