/** Runs ImageSyncs: their objects wake it, their status says how they stand. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, invalidInput, isError, type Problem } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { err, type Result } from '#core/kernel/result.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { readResource } from '#core/shapes/custom-resource.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Reconciler } from '#core/shapes/reconciler.ts'
import type { CredentialEntry } from '../domain/credentials.ts'
import { readPullSecret } from '../domain/docker-config.ts'
import { readSpec } from '../domain/spec/read-spec.ts'
import type { Spec } from '../domain/spec/rule.ts'
import { copiesFrom, decideSync, lookAgain, type SyncFacts, statusOf } from '../domain/sync.ts'
import { IMAGE_SYNC, type ImageSync, imageSync, WANTED_SINCE } from '../resources/image-sync.ts'
import { openCredentials } from '../sources/credentials.ts'
import type { Moves, Order } from './moves.ts'
import { serverProblems } from './registries.ts'

const PAGE = 500

/** The rules of an ImageSync, or all that is wrong with them. */
function rulesOf({ metadata, spec }: ImageSync): Result<Spec, readonly Problem[]> {
  const file = { file: `ImageSync ${metadata.namespace}/${metadata.name}`, text: JSON.stringify({ copy: spec.copy }), format: 'sallyport' } as const
  const read = readSpec(file, { env: {}, readFile: () => undefined })
  if (!read.ok) return read
  const problems = serverProblems(read.value)
  return problems.length > 0 ? err(problems) : read
}

export function syncReconciler(moves: Moves, clock: Clock): Reconciler<SyncFacts, Cluster> {
  /** What was begun here: a status that could not be written must not begin it twice. */
  const begun = new Map<string, string>()
  const refOf = (key: string) => ({ ...IMAGE_SYNC, namespace: key.slice(0, key.indexOf('/')), name: key.slice(key.indexOf('/') + 1) })
  const idOf = (cluster: Cluster, key: string) => `${cluster.name}/${key}`

  async function orderOf(cluster: Cluster, key: string, sync: ImageSync): Promise<Order> {
    const { namespace = '' } = sync.metadata
    const rules = rulesOf(sync)
    if (!rules.ok) throw invalidInput(rules.error)
    const more: CredentialEntry[] = []
    for (const name of sync.spec.pullSecrets ?? []) {
      const secret = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name })
      const read = readPullSecret(secret as KubeObject & { type?: unknown; data?: unknown })
      if (!read.ok) throw invalidInput(read.error)
      more.push(...read.value)
    }
    return {
      title: `ImageSync ${key}`,
      by: 'ImageSync',
      sync: idOf(cluster, key),
      language: 'en',
      spec: rules.value,
      // What the server itself may log in with is not for who may write to a namespace.
      credentials: await openCredentials({ env: {}, clock, registries: [], more }),
      settings: {},
      ...(sync.spec.existing ? { existing: sync.spec.existing } : {}),
      ...(sync.spec.prune ? { prune: sync.spec.prune } : {}),
      ...(sync.spec.bytesPerSecond ? { bytesPerSecond: sync.spec.bytesPerSecond } : {}),
      journal: `ImageSync ${idOf(cluster, key)}`,
    }
  }

  const write = async (cluster: Cluster, key: string, sync: ImageSync, status: object) => {
    const now = { ...sync.status } as Record<string, unknown>
    const changed = Object.fromEntries(Object.entries(status).filter(([name, value]) => (now[name] ?? null) !== value))
    if (Object.keys(changed).length > 0) await cluster.patch(refOf(key), 'merge', { status: changed }, { subresource: 'status', fieldManager: 'sallyport' })
  }

  return {
    name: 'image-sync',
    watches: [IMAGE_SYNC],
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
      const read = readResource(imageSync, object)
      const status = (object.status ?? {}) as ImageSync['status']
      // Its status still has to be written.
      if (!read.ok) return { ...base, sync: { ...object, spec: {}, status } as unknown as ImageSync, problems: read.error }
      const sync = read.value
      const rules = rulesOf(sync)
      const id = begun.get(idOf(cluster, key)) ?? sync.status?.move
      const move = id === undefined ? undefined : moves.list().find((one) => one.id === id)
      return { ...base, sync, problems: rules.ok ? [] : rules.error, ...(move ? { move } : {}) }
    },

    decide: (facts, now) => decideSync(facts, now, uuidv7(now, randomBytes(10))),

    async apply(plan, facts, cluster) {
      const { key, sync } = facts
      const id = idOf(cluster, key)
      if (sync === undefined) {
        const running = begun.get(id)
        begun.delete(id)
        if (running !== undefined) moves.cancel(running)
        return undefined
      }
      const known = { ...facts, sync }
      if (plan.steps.length === 0) {
        await write(cluster, key, sync, statusOf(known, clock.now()))
        return lookAgain(known, clock.now())
      }
      let order: Order
      try {
        order = await orderOf(cluster, key, sync)
      } catch (error) {
        if (error instanceof CodedError) await write(cluster, key, sync, { phase: 'Failed', message: error.message.slice(0, 2_000) })
        throw error
      }
      const move = moves.start(order)
      begun.set(id, move.id)
      const lastStartedAt = new Date(move.createdAt).toISOString()
      await write(cluster, key, sync, { phase: 'Running', move: move.id, lastStartedAt, observedGeneration: sync.metadata.generation ?? 0, message: null })
      return lookAgain({ ...known, move }, clock.now())
    },
  }
}

/** Every ImageSync that can be seen, as the API server has it. */
export async function listSyncs(cluster: Cluster): Promise<KubeObject[]> {
  const found: KubeObject[] = []
  let from: string | undefined
  do {
    const page = await cluster.list(IMAGE_SYNC, { limit: PAGE, ...(from === undefined ? {} : { continue: from }) })
    found.push(...page.items)
    from = page.continue
  } while (from !== undefined)
  return found
}

export const wantSync = (cluster: Cluster, namespace: string, name: string, now: number): Promise<KubeObject> =>
  cluster.patch(
    { ...IMAGE_SYNC, namespace, name },
    'merge',
    { metadata: { annotations: { [WANTED_SINCE]: new Date(now).toISOString() } } },
    { fieldManager: 'sallyport' },
  )

/** Asks every ImageSync that copies from one of these repositories to run; `namespace/name` of each. */
export async function wantSyncsOf(cluster: Cluster, repositories: readonly string[], now: number): Promise<string[]> {
  const wanted: string[] = []
  if (repositories.length === 0) return wanted
  for (const object of await listSyncs(cluster)) {
    const read = readResource(imageSync, object)
    const rules = read.ok ? rulesOf(read.value) : undefined
    if (!rules?.ok || !repositories.some((repository) => copiesFrom(rules.value.rules, repository))) continue
    const { namespace = '', name } = object.metadata
    await wantSync(cluster, namespace, name, now)
    wanted.push(`${namespace}/${name}`)
  }
  return wanted
}
