/** Changes to an object: asked as a dry run first, then done; both as the asker. */
import { parseDocument } from 'yaml'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import type { KubeObject, ObjectRef } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { type Act, type ActBody, changedPaths, comparable, planOf, restartPatch, rightsOfKind } from '../domain/acts.ts'
import type { ActAnswer } from '../domain/api.ts'
import { record } from '../domain/fields.ts'
import { yamlOf } from './detail.ts'
import { servedKind } from './objects.ts'

const FIELD_MANAGER = 'sallyport'

export async function act(cluster: Cluster, ref: ObjectRef, name: Act, body: ActBody, { id, now }: { id: string; now: number }): Promise<ActAnswer> {
  const kind = await servedKind(cluster, `${ref.apiVersion}/${ref.kind}`)
  if (!rightsOfKind(kind).includes(name)) throw invalidInput([{ path: 'act', message: `${name} is nothing that can be done to a ${ref.kind}` }])
  const object = await cluster.get(ref)
  const after = await ACT[name](cluster, ref, object, body, now)
  const changed = after === undefined ? [] : changedPaths(comparable(object), comparable(after))
  return {
    plan: planOf(name, body, { object, cluster: cluster.name, id, now }, changed),
    before: yamlOf(object),
    after: after === undefined ? '' : yamlOf(after),
    done: !body.dryRun,
  }
}

type Doing = (cluster: Cluster, ref: ObjectRef, object: KubeObject, body: ActBody, now: number) => Promise<KubeObject | undefined>

const ACT: Record<Act, Doing> = {
  async scale(cluster, ref, object, { replicas, dryRun }) {
    if (replicas === undefined) throw invalidInput([{ path: 'replicas', message: 'is needed' }])
    await cluster.patch(ref, 'merge', { spec: { replicas } }, { subresource: 'scale', dryRun, fieldManager: FIELD_MANAGER })
    return { ...object, spec: { ...record(object.spec), replicas } }
  },
  restart: (cluster, ref, _object, { dryRun }, now) => cluster.patch(ref, 'strategic', restartPatch(now), { dryRun, fieldManager: FIELD_MANAGER }),
  async edit(cluster, ref, object, { yaml, dryRun }) {
    if (yaml === undefined) throw invalidInput([{ path: 'yaml', message: 'is needed' }])
    const edited = objectOfYaml(yaml)
    const same = edited.kind === ref.kind && edited.apiVersion === ref.apiVersion && edited.metadata.name === ref.name
    if (!same || (edited.metadata.namespace ?? ref.namespace) !== ref.namespace)
      throw invalidInput([
        { path: 'yaml', message: `must stay ${ref.apiVersion} ${ref.kind} ${ref.namespace ?? ''}/${ref.name}: another object is made, not edited` },
      ])
    if (edited.metadata.uid !== undefined && edited.metadata.uid !== object.metadata.uid) throw new CodedError('CONFLICT', { what: `${ref.kind} ${ref.name}` })
    return cluster.update(edited, { dryRun, fieldManager: FIELD_MANAGER })
  },
  async delete(cluster, ref, object, { uid, dryRun }) {
    await cluster.delete(ref, { dryRun, uid: uid ?? object.metadata.uid, propagation: 'Background' })
    return undefined
  },
}

const MOST_PROBLEMS = 20

/** INVALID_INPUT with line and reason for text that is no object. */
function objectOfYaml(yaml: string): KubeObject {
  const document = parseDocument(yaml, { maxAliasCount: 100 } as Parameters<typeof parseDocument>[1])
  if (document.errors.length > 0) {
    throw invalidInput(
      document.errors
        .slice(0, MOST_PROBLEMS)
        .map(({ message, linePos }) => ({ path: `yaml:${linePos?.[0]?.line ?? '?'}`, message: message.split('\n')[0] ?? '' })),
    )
  }
  const value = document.toJS({ maxAliasCount: 100 }) as Partial<KubeObject> | null
  const problems = [
    ...(typeof value?.apiVersion === 'string' ? [] : [{ path: 'yaml.apiVersion', message: 'is needed' }]),
    ...(typeof value?.kind === 'string' ? [] : [{ path: 'yaml.kind', message: 'is needed' }]),
    ...(typeof value?.metadata?.name === 'string' ? [] : [{ path: 'yaml.metadata.name', message: 'is needed' }]),
  ]
  if (problems.length > 0) throw invalidInput(problems)
  return value as KubeObject
}
