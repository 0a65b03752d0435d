/** Carries out the plan of a leaver report, step by step in its order; what it takes away is kept in a file first. */
import { writeFileSync } from 'node:fs'
import { stringify } from 'yaml'
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Subject } from '#core/kube/rbac.ts'
import type { Plan } from '#core/shapes/plan.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Action } from '../domain/access/leaver.ts'

export interface Outcome {
  what: string
  /** `by-hand`: nothing that a cluster can do. */
  state: 'done' | 'would-be-done' | 'already' | 'by-hand' | 'failed'
  reason?: string
}

const MANAGER = 'sallyport-audit'

/** A step that fails does not stop the others: each takes something away. Nothing is forced: an object that changed meanwhile is left, and said. */
export async function carryOut(
  plan: Plan,
  objects: readonly KubeObject[],
  cluster: Cluster,
  options: { dryRun: boolean; backup?: string },
): Promise<Outcome[]> {
  const { dryRun } = options
  const find = (kind: string, namespace: string, name: string) =>
    objects.find((object) => object.kind === kind && (object.metadata.namespace ?? '') === namespace && object.metadata.name === name)
  const actions = plan.steps.map(({ what, action }) => ({ what, action: action as unknown as Action }))
  const concerned = actions.flatMap(({ action }) => {
    const ref = targetOf(action)
    return (ref && find(...ref)) ?? []
  })
  if (options.backup !== undefined && !dryRun)
    writeFileSync(options.backup, concerned.map((object) => `---\n${stringify(object)}`).join(''), { mode: 0o600, flag: 'wx' })

  const remove = async (object: KubeObject) => {
    const { uid, name, namespace } = object.metadata
    await cluster.delete({ apiVersion: object.apiVersion, kind: object.kind, name, namespace }, { dryRun, uid, propagation: 'Background' })
  }
  const act = async (action: Action): Promise<Outcome['state']> => {
    const ref = targetOf(action)
    if (ref === undefined) return 'by-hand'
    const object = find(...ref)
    if (object === undefined) return 'already'
    if (action.type === 'remove-subjects') {
      const gone = new Set(action.subjects.map((subject) => JSON.stringify(subject)))
      const subjects = (object.subjects as Subject[]).filter((subject) => !gone.has(JSON.stringify(subject)))
      await cluster.update({ ...object, subjects } as KubeObject, { dryRun, fieldManager: MANAGER })
      return dryRun ? 'would-be-done' : 'done'
    }
    try {
      await remove(object)
    } catch (error) {
      if (error instanceof CodedError && error.code === 'NOT_FOUND') return 'already'
      throw error
    }
    if (action.type === 'recreate-account' && !dryRun) await recreate(object, cluster)
    return dryRun ? 'would-be-done' : 'done'
  }

  const outcomes: Outcome[] = []
  for (const { what, action } of actions) {
    try {
      outcomes.push({ what, state: await act(action) })
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      outcomes.push({ what, state: 'failed', reason: error.message })
    }
  }
  return outcomes
}

/** The same account with another uid, and without the list of the tokens that ended. */
async function recreate(object: KubeObject, cluster: Cluster): Promise<void> {
  const { name, namespace, labels, annotations } = object.metadata
  const { secrets: _, status: __, ...rest } = object
  try {
    await cluster.create({ ...rest, metadata: { name, namespace, labels, annotations } } as KubeObject, { fieldManager: MANAGER })
  } catch (error) {
    // the account `default` is made again by the cluster itself
    if (!(error instanceof CodedError && error.code === 'ALREADY_EXISTS')) throw error
  }
}

function targetOf(action: Action): [kind: string, namespace: string, name: string] | undefined {
  if (action.type === 'delete' || action.type === 'remove-subjects') return [action.kind, action.namespace, action.name]
  if (action.type !== 'recreate-account') return undefined
  const [namespace = '', name = ''] = action.account.split('/')
  return ['ServiceAccount', namespace, name]
}
