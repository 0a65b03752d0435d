/** Carries out Migrations with the kubeconfigs that they name, and with no rights of the server's own on either side. */
import { randomBytes } from 'node:crypto'
import { CodedError, invalidInput, isError } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { readResource } from '#core/shapes/custom-resource.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Reconciler } from '#core/shapes/reconciler.ts'
import type { ServerContext } from '#kits/server-kit/door.ts'
import { MAPPING } from '../domain/mapping.ts'
import { decideMigration, invalidStatus, type MigrationFacts, type StatusPatch, statusOfMove } from '../domain/migration.ts'
import { UNDER_WAY } from '../domain/move-states.ts'
import { MIGRATION, type Migration, type MigrationStatus, migrationResource } from '../resources/migration.ts'
import type { Moves } from './moves.ts'

/** Whoever may write a Migration may not for that use every Secret: only those that say so. */
const USE_LABEL = 'sallyport.io/use'
const LOOK_AGAIN_MS = 2_000
/** What was wrong outside may have become right. */
const INVALID_AGAIN_MS = 30_000
export const OWNED_BY_MIGRATION = 'migration'

type Opened = { cluster: Cluster; close(): Promise<void> }

export function migrationReconciler(moves: Moves, openCluster: ServerContext['openCluster']): Reconciler<MigrationFacts, Cluster> {
  /** The generation that each run was begun for, by id. */
  const begunFor = new Map<string, number>()
  const refOf = (key: string) => ({ ...MIGRATION, namespace: key.slice(0, key.indexOf('/')), name: key.slice(key.indexOf('/') + 1) })
  /** A Migration that is made anew under the same name is another one. */
  const idOf = ({ metadata }: Pick<Migration, 'metadata'>) => `migration-${metadata.uid ?? `${metadata.namespace}-${metadata.name}`}`
  const runOf = (id: string) => moves.list().find((one) => one.id === id)

  async function openEnd(
    cluster: Cluster,
    namespace: string,
    which: 'source' | 'target',
    { secret, key, context }: Migration['spec']['source'],
  ): Promise<Opened> {
    const wrong = (message: string) => invalidInput([{ path: `spec.${which}.secret`, message }])
    let found: KubeObject
    try {
      found = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name: secret })
    } catch (error) {
      if (isError(error, 'NOT_FOUND')) throw wrong(`Secret ${secret} is not there`)
      throw error
    }
    if (found.metadata.labels?.[USE_LABEL] !== 'migration') throw wrong(`Secret ${secret} has no label ${USE_LABEL}: migration`)
    const value = (found as unknown as { data?: Record<string, string> }).data?.[key]
    if (value === undefined) throw wrong(`Secret ${secret} has no key ${key}`)
    return openCluster({ name: `${which} of ${namespace}`, text: Buffer.from(value, 'base64').toString(), ...(context === undefined ? {} : { context }) })
  }

  async function openBoth(cluster: Cluster, { metadata: { namespace = '' }, spec }: Migration) {
    const source = await openEnd(cluster, namespace, 'source', spec.source)
    try {
      const target = await openEnd(cluster, namespace, 'target', spec.target)
      return { source: source.cluster, target: target.cluster, close: async () => void (await Promise.all([source.close(), target.close()])) }
    } catch (error) {
      await source.close()
      throw error
    }
  }

  const write = async (cluster: Cluster, key: string, before: MigrationStatus | undefined, status: StatusPatch) => {
    const now = (before ?? {}) as Record<string, unknown>
    const changed = Object.fromEntries(Object.entries(status).filter(([name, value]) => JSON.stringify(now[name] ?? null) !== JSON.stringify(value)))
    if (Object.keys(changed).length > 0) await cluster.patch(refOf(key), 'merge', { status: changed }, { subresource: 'status', fieldManager: 'sallyport' })
  }

  async function begin(cluster: Cluster, key: string, migration: Migration): Promise<void> {
    const { spec, metadata, status } = migration
    const id = idOf(migration)
    const what = `Migration ${key}`
    if (spec.action !== 'plan' && status?.done !== undefined && status.done > 0 && status.phase !== 'RolledBack' && !moves.hasJournal(id))
      throw new CodedError('MOVE_UNKNOWN_HERE', { what })
    // A claim is filled from a snapshot once, when it is made.
    if (spec.action === 'copy' && spec.volumes?.method !== 'mover') throw invalidInput([{ path: 'spec.volumes', message: 'copy needs the method mover' }])
    const ends = await openBoth(cluster, migration)
    const { source: _, target: __, action, mapping, checkImages, parallel, waitSeconds, existing, ...wanted } = spec
    begunFor.set(id, metadata.generation ?? 0)
    if (action === 'rollback') {
      if (runOf(id) === undefined || !moves.hasJournal(id)) {
        await ends.close()
        await write(cluster, key, status, { observedGeneration: metadata.generation ?? 0, phase: 'RolledBack', message: 'nothing was written' })
        return
      }
      moves.rollback(id, ends.target, 'en', ends.close)
      return
    }
    const task = {
      id,
      title: what,
      by: 'Migration',
      owner: OWNED_BY_MIGRATION,
      language: 'en' as const,
      order: {
        ...wanted,
        ...(mapping === undefined ? {} : { mapping: MAPPING.parse(mapping) }),
        existing,
        parallel,
        waitMs: waitSeconds * 1000,
        ...(action === 'copy' ? { claimsOnly: true } : {}),
      },
      checkImages,
      write: action !== 'plan',
    }
    moves.start(task, ends)
  }

  return {
    name: 'migration',
    watches: [MIGRATION],
    keysOf: ({ metadata }) => [`${metadata.namespace}/${metadata.name}`],

    async gather(key, cluster) {
      const base = { cluster: cluster.name, key, problems: [] }
      let object: KubeObject
      try {
        object = await cluster.get(refOf(key))
      } catch (error) {
        if (!isError(error, 'NOT_FOUND') && !isError(error, 'KIND_UNKNOWN')) throw error
        return base
      }
      const read = readResource(migrationResource, object)
      if (!read.ok) return { ...base, migration: { ...object, spec: {}, status: object.status ?? {} } as unknown as Migration, problems: read.error }
      const id = idOf(read.value)
      const move = runOf(id)?.move
      const generation = begunFor.get(id)
      return { ...base, migration: read.value, ...(move === undefined || generation === undefined ? {} : { run: { move, generation } }) }
    },

    decide: (facts, now) => decideMigration(facts, now, uuidv7(now, randomBytes(10))),

    async apply(plan, { key, migration, problems, run }, cluster) {
      if (migration === undefined) return undefined
      const generation = migration.metadata.generation ?? 0
      if (problems.length > 0) {
        await write(cluster, key, migration.status, invalidStatus(generation, problems))
        return undefined
      }
      const [step] = plan.steps
      if (step?.action.stop !== undefined) {
        moves.cancel(idOf(migration))
        return LOOK_AGAIN_MS
      }
      if (step !== undefined) {
        try {
          await begin(cluster, key, migration)
        } catch (error) {
          if (!(error instanceof CodedError)) throw error
          await write(
            cluster,
            key,
            migration.status,
            error.problems.length > 0
              ? invalidStatus(generation, error.problems)
              : { observedGeneration: generation, phase: 'Failed', message: error.message.slice(0, 2_000) },
          )
          return INVALID_AGAIN_MS
        }
        const begun = runOf(idOf(migration))
        if (begun !== undefined) await write(cluster, key, migration.status, statusOfMove(begun.move, generation))
        return LOOK_AGAIN_MS
      }
      if (run === undefined) return undefined
      // What ended for an older generation is not what this one asks for.
      if (run.generation === generation) await write(cluster, key, migration.status, statusOfMove(run.move, generation))
      return UNDER_WAY.includes(run.move.state) ? LOOK_AGAIN_MS : undefined
    },
  }
}
