/** Asks the target what would stand in the way: what is missing there, rights, quotas, architectures, other owners. Nothing is written. */

import { CodedError } from '#core/kernel/errors.ts'
import { listAll } from '#core/kube/list-all.ts'
import { describeRef, groupVersionOf, type KindRef, type KubeObject, refOf } from '#core/kube/objects.ts'
import { imagesIn } from '#core/oci/images-in.ts'
import type { Cluster, Discovery, ServedKind } from '#core/shapes/ports/cluster.ts'
import type { Missing } from '../domain/graph.ts'
import { type Obstacle, obstacle } from '../domain/obstacles.ts'
import { bodyOf, keyOf, templateOf } from '../domain/parts.ts'
import type { Prepared } from '../domain/prepare.ts'
import { quotaObstacles } from '../domain/quota.ts'
import { each, type Verdict } from './target.ts'

/** Platforms (`linux/amd64`) of an image; undefined: it is not there. Rejects when it cannot be looked at. */
export type PlatformsOf = (image: string) => Promise<readonly string[] | undefined>

export interface ObstacleOptions {
  /** `v1.20.2` of the source, where there is one. */
  sourceVersion?: string
  platformsOf?: PlatformsOf
  signal?: AbortSignal
}

const MOST_AT_ONCE = 16

export async function findObstacles(cluster: Cluster, prepared: Prepared, verdicts: readonly Verdict[], options: ObstacleOptions): Promise<Obstacle[]> {
  const discovery = await cluster.discover()
  const creating = verdicts.filter(({ action }) => action === 'create' || action === 'later').map(({ object }) => object)
  const parts = await Promise.all([
    missingObstacles(cluster, prepared.missing),
    rightObstacles(cluster, verdicts, discovery),
    limitObstacles(cluster, creating, discovery, options.signal),
    imageObstacles(cluster, prepared.objects, options),
  ])
  return [...ageObstacles(prepared, discovery.serverVersion, options.sourceVersion), ...parts.flat(), ...thereObstacles(verdicts)]
}

/** What conversion and renaming already know. */
function ageObstacles(prepared: Prepared, target: string, source: string | undefined): Obstacle[] {
  const found: Obstacle[] = []
  const [to, from] = [target, source].map((version) => Number(/^v?1\.(\d+)/.exec(version ?? '')?.[1]))
  if (source !== undefined && to! < from!) found.push(obstacle('target-older', '', { target, source }))
  for (const { object, outcome, notes } of prepared.converted) {
    if (outcome === 'gone') found.push(obstacle('kind-gone', describeRef(refOf(object))))
    for (const { kind, path, reason } of notes) if (kind === 'lost') found.push(obstacle('field-lost', describeRef(refOf(object)), { path, reason }))
  }
  for (const members of prepared.cycles) found.push(obstacle('circle', '', { members: members.join(', ') }))
  for (const { object, patch, reason } of prepared.failedPatches) found.push(obstacle('patch-failed', object, { patch: String(patch), reason }))
  return found
}

/** Without these, admission refuses the pods or the object; without others, pods only wait. */
const DEMANDED = new Set([
  'PriorityClass',
  'RuntimeClass',
  'StorageClass',
  'CustomResourceDefinition',
  'Namespace',
  'GatewayClass',
  'Role',
  'ClusterRole',
  'ServiceAccount',
])

async function missingObstacles(cluster: Cluster, missing: readonly Missing[]): Promise<Obstacle[]> {
  const found: Obstacle[] = []
  const answers = new Map<string, Promise<'there' | 'missing' | string>>()
  await each(
    missing.filter(({ optional }) => !optional),
    MOST_AT_ONCE,
    async (need) => {
      const key = keyOf(need)
      let answer = answers.get(key)
      if (answer === undefined) {
        answer = isThere(cluster, need)
        answers.set(key, answer)
      }
      const what = describeRef(need)
      const state = await answer
      if (state === 'missing') found.push(obstacle(DEMANDED.has(need.kind) ? 'needs-missing' : 'wants-missing', need.by, { what }))
      else if (state !== 'there') found.push(obstacle('needs-unseen', need.by, { what, reason: state }))
    },
  )
  return found
}

async function isThere(cluster: Cluster, need: Missing): Promise<'there' | 'missing' | string> {
  try {
    await cluster.get(need)
    return 'there'
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return error.code === 'NOT_FOUND' || error.code === 'KIND_UNKNOWN' ? 'missing' : error.message
  }
}

const servedBy = ({ kinds }: Discovery, { apiVersion, kind }: KindRef): ServedKind | undefined =>
  kinds.find((one) => one.apiVersion === apiVersion && one.kind === kind)

/** By access reviews: a dry run in a namespace that is yet to come says nothing about rights. */
async function rightObstacles(cluster: Cluster, verdicts: readonly Verdict[], discovery: Discovery): Promise<Obstacle[]> {
  const wanted = new Map<string, { kind: ServedKind; verb: string; namespace: string | undefined }>()
  for (const { object, action } of verdicts) {
    const kind = servedBy(discovery, object)
    if (kind === undefined || action === 'skip' || action === 'same') continue
    const verb = action === 'update' ? 'patch' : 'create'
    const { namespace } = object.metadata
    wanted.set(`${verb} ${kind.apiVersion} ${kind.kind} ${namespace ?? ''}`, { kind, verb, namespace })
  }
  const found: Obstacle[] = []
  await each([...wanted.values()], MOST_AT_ONCE, async ({ kind, verb, namespace }) => {
    const { allowed, reason } = await cluster.may({ verb, group: kind.group, resource: kind.plural, ...(namespace === undefined ? {} : { namespace }) })
    const resource = `${kind.plural}${kind.group === '' ? '' : `.${kind.group}`}${namespace === undefined ? '' : ` in ${namespace}`}`
    if (!allowed) found.push(obstacle('no-right', '', { verb, resource, reason: reason || 'RBAC' }))
  })
  return found
}

async function limitObstacles(cluster: Cluster, creating: readonly KubeObject[], discovery: Discovery, signal: AbortSignal | undefined): Promise<Obstacle[]> {
  const found: Obstacle[] = []
  const namespaces = [...new Set(creating.flatMap(({ metadata }) => metadata.namespace ?? []))]
  // Quotas that come along bind too; they have used nothing yet.
  const all = { ResourceQuota: [] as KubeObject[], LimitRange: [] as KubeObject[] }
  for (const kind of ['ResourceQuota', 'LimitRange'] as const) {
    all[kind].push(...creating.filter((object) => object.kind === kind && object.apiVersion === 'v1'))
    if (servedBy(discovery, { apiVersion: 'v1', kind }) === undefined) continue
    await each(namespaces, MOST_AT_ONCE, async (namespace) => {
      try {
        all[kind].push(...(await listAll(cluster, { apiVersion: 'v1', kind }, { namespace, ...(signal === undefined ? {} : { signal }) })))
      } catch (error) {
        if (!(error instanceof CodedError)) throw error
        found.push(obstacle('quota-unseen', '', { reason: error.message }))
      }
    })
  }
  const nodes = creating.some(({ kind }) => kind === 'DaemonSet') ? (await nodesOf(cluster).catch(() => [])).length : 0
  const pluralOf = (object: KubeObject): string => servedBy(discovery, object)?.plural ?? `${object.kind.toLowerCase()}s`
  return [...found, ...quotaObstacles(creating, { quotas: all.ResourceQuota, ranges: all.LimitRange, nodes: Math.max(1, nodes), pluralOf })]
}

const nodesOf = (cluster: Cluster): Promise<KubeObject[]> => listAll(cluster, { apiVersion: 'v1', kind: 'Node' })

async function imageObstacles(cluster: Cluster, objects: readonly KubeObject[], { platformsOf, signal }: ObstacleOptions): Promise<Obstacle[]> {
  if (platformsOf === undefined) return []
  const users = new Map<string, KubeObject[]>()
  for (const object of objects) for (const { image } of imagesIn(object)) users.set(image, [...(users.get(image) ?? []), object])
  if (users.size === 0) return []
  const found: Obstacle[] = []
  let nodes: readonly string[] = []
  try {
    nodes = [...new Set((await nodesOf(cluster)).flatMap(({ status }) => architectureOf(status)))]
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    return [obstacle('architecture-unknown', '', { image: [...users.keys()].slice(0, 3).join(', '), reason: error.message })]
  }
  await each([...users], MOST_AT_ONCE, async ([image, by]) => {
    signal?.throwIfAborted()
    const who = by.map((object) => describeRef(refOf(object))).join(', ')
    try {
      const platforms = await platformsOf(image)
      if (platforms === undefined) return void found.push(obstacle('image-missing', who, { image }))
      for (const object of by) {
        const asked = bodyOf(bodyOf(templateOf(object)?.spec).nodeSelector)['kubernetes.io/arch']
        const wanted = nodes.filter((one) => asked === undefined || one === `linux/${String(asked)}` || one.endsWith(`/${String(asked)}`))
        const rest = wanted.filter((one) => !platforms.includes(one))
        const details = { image, has: platforms.join(', '), nodes: nodes.join(', '), rest: rest.join(', ') }
        if (nodes.length === 0 || rest.length === 0) continue
        found.push(obstacle(rest.length === wanted.length ? 'architecture' : 'architecture-some', describeRef(refOf(object)), details))
      }
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      found.push(obstacle('architecture-unknown', who, { image, reason: error.message }))
    }
  })
  return found
}

function architectureOf(status: unknown): string[] {
  const { operatingSystem, architecture } = bodyOf(bodyOf(status).nodeInfo)
  return typeof operatingSystem === 'string' && typeof architecture === 'string' && architecture !== '' ? [`${operatingSystem}/${architecture}`] : []
}

/** What the objects that are there already say: owned by somebody, written by somebody, running. */
function thereObstacles(verdicts: readonly Verdict[]): Obstacle[] {
  const found: Obstacle[] = []
  for (const { object, action, changes, owner, managers, dropped } of verdicts) {
    const who = describeRef(refOf(object))
    if (dropped !== undefined && dropped.length > 0) found.push(obstacle('fields-dropped', who, { fields: dropped.slice(0, 10).join(', ') }))
    if (action !== 'update') continue
    if (owner !== undefined) found.push(obstacle('owned-there', who, { owner }))
    if (managers !== undefined && managers.length > 0)
      found.push(
        obstacle('managed-there', who, {
          managers: managers.join(', '),
          fields: changes
            .slice(0, 5)
            .map(({ path }) => path)
            .join(', '),
        }),
      )
    if (templateOf(object) !== undefined && changes.some(({ path }) => /^spec\.(?:template|containers|initContainers)\b/.test(path)))
      found.push(obstacle('interrupted', who))
  }
  return found
}

/** `group kind` → does the target serve this version? For `prepare`. Group versions that could not be asked are unknown. */
export function servesOf(discovery: Discovery): (ref: KindRef) => boolean | undefined {
  const served = new Set(discovery.kinds.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`))
  const unknown = new Set(discovery.unknown.map(({ apiVersion }) => groupVersionOf(apiVersion).group))
  return ({ apiVersion, kind }) => (served.has(`${apiVersion} ${kind}`) ? true : unknown.has(groupVersionOf(apiVersion).group) ? undefined : false)
}
