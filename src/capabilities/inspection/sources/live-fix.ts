/** Fixes in a cluster: plan, what the API server would make of it, apply, look again, and back when that was no good. */
import { stringify } from 'yaml'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, isError, type Language } from '#core/kernel/errors.ts'
import { describeRef, type KubeObject, type ObjectRef, refOf } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { FixPreview } from '../domain/api.ts'
import type { FixEdit, InspectionCheck } from '../domain/check.ts'
import { lineDiff, settleFixes } from '../domain/fix.ts'
import { inspect } from '../domain/inspect.ts'
import type { Item, Settings } from '../domain/inventory.ts'
import { budgetsOver, keeperOf, type PatchStep, patchesOf, type Restart, restartOf, rolloutOf, shown } from '../domain/live-fix.ts'
import { knownOf } from '../domain/runs.ts'
import { readCluster } from './cluster.ts'

/** One object's fix, as the API server said it would be. */
export interface LiveFix {
  ref: ObjectRef
  uid: string
  checks: readonly string[]
  edits: readonly FixEdit[]
  forward: PatchStep[]
  back: PatchStep[]
  diff: string
  restart: Restart
  budgets: readonly { name: string; allowed: number | null }[]
  /** Who would put it back. */
  keeper?: string
  /** Why it is not done. */
  refused?: string
}

const yamlOf = (object: KubeObject): string => stringify(shown(object), { aliasDuplicateObjects: false, lineWidth: 0 })
const MANAGER = 'sallyport-inspect'

export const restartWords = (restart: Restart, language: Language): string => {
  const zh = language === 'zh-CN'
  switch (restart.kind) {
    case 'none':
      return zh ? '不会重启' : 'nothing restarts'
    case 'next-run':
      return zh ? '下次运行时生效' : 'holds from its next run'
    case 'by-hand':
      return zh ? '现有 Pod 不变，重建后生效' : 'pods stay as they are until somebody replaces them'
    case 'rolling':
      return zh ? `滚动重启 ${restart.pods} 个 Pod（同时不可用：${restart.atOnce}）` : `${restart.pods} pods restart (unavailable at once: ${restart.atOnce})`
  }
}

/** Fixes for what the checks find, each tried as a dry run. `items` are what was read; what another object made is fixed at its maker. */
export async function planLive(
  cluster: Cluster,
  items: readonly Item[],
  checks: readonly InspectionCheck[],
  settings: Settings,
  named: ReadonlySet<string>,
  isMeant: (item: Item) => boolean,
): Promise<LiveFix[]> {
  const { fixes, refused } = settleFixes(items, checks, checks, settings, named)
  const worse = new Set(refused)
  const budgets = await budgetsOf(cluster)
  const planned: LiveFix[] = []
  for (const fix of [...fixes, ...refused]) {
    // Only what the cluster has as an object can be patched: settings of a kubelet are a file of its node.
    if (!isMeant(fix.item) || fix.item.object.metadata.uid === undefined) continue
    const ref = refOf(fix.item.object)
    const base = { ref, checks: fix.checks, edits: fix.edits, restart: restartOf(fix.item.object, fix.edits), budgets: budgetsOver(fix.item.object, budgets) }
    try {
      const object = await cluster.get(ref)
      const { forward, back } = patchesOf(object, fix.edits)
      const after = await cluster.patch(ref, 'json', forward, { dryRun: true, fieldManager: MANAGER })
      const keeper = keeperOf(object)
      planned.push({
        ...base,
        uid: object.metadata.uid!,
        forward,
        back,
        diff: lineDiff(yamlOf(object), yamlOf(after), describeRef(ref)),
        ...(keeper === undefined ? {} : { keeper }),
        ...(worse.has(fix) ? { refused: 'the fix would raise another finding' } : {}),
      })
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      const why = [error.message, ...error.problems.map(({ path, message }) => `${path} ${message}`)].join('; ').slice(0, 500)
      planned.push({ ...base, uid: '', forward: [], back: [], diff: '', refused: `the API server refuses it: ${why}` })
    }
  }
  return planned
}

async function budgetsOf(cluster: Cluster): Promise<KubeObject[]> {
  for (const version of ['policy/v1', 'policy/v1beta1'])
    try {
      return [...(await cluster.list({ apiVersion: version, kind: 'PodDisruptionBudget' })).items]
    } catch (error) {
      if (!isError(error, 'KIND_UNKNOWN') && !isError(error, 'FORBIDDEN')) throw error
    }
  return []
}

export interface Applied {
  fix: LiveFix
  outcome: 'applied' | 'rolled-back' | 'not-rolled-back' | 'failed'
  why?: string
}

export interface ApplyOptions {
  clock: Clock
  /** How long a rollout may take, ms. */
  timeoutMs: number
  signal: AbortSignal
  onStep(text: string): void
}

const LOOK_MS = 1_000

/** One after the other. A fix after which pods do not come up, or of which `worse` says something, is taken back. */
export async function applyLive(
  cluster: Cluster,
  fixes: readonly LiveFix[],
  worse: (fix: LiveFix) => Promise<string | undefined>,
  options: ApplyOptions,
): Promise<Applied[]> {
  const done: Applied[] = []
  for (const fix of fixes) {
    if (options.signal.aborted) break
    options.onStep(describeRef(fix.ref))
    try {
      await cluster.patch(fix.ref, 'json', fix.forward, { fieldManager: MANAGER })
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      done.push({ fix, outcome: 'failed', why: error.message })
      continue
    }
    const why = (await settled(cluster, fix, options)) ?? (await worse(fix))
    if (why === undefined) {
      done.push({ fix, outcome: 'applied' })
      continue
    }
    const back = await takeBack(cluster, fix)
    done.push({ fix, outcome: back === undefined ? 'rolled-back' : 'not-rolled-back', why: back === undefined ? why : `${why}; ${back}` })
  }
  return done
}

/** Undefined: it is as it was. Otherwise why it is not. */
export async function takeBack(cluster: Cluster, { ref, uid, back }: Pick<LiveFix, 'ref' | 'uid' | 'back'>): Promise<string | undefined> {
  try {
    const now = await cluster.get(ref)
    if (now.metadata.uid !== uid) return 'it was replaced since, and is left as it is'
    await cluster.patch(ref, 'json', back, { fieldManager: MANAGER })
    return undefined
  } catch (error) {
    if (error instanceof CodedError) return `cannot be taken back: ${error.message}`
    throw error
  }
}

/** Waits for the rollout; why it failed, or undefined. */
async function settled(cluster: Cluster, { ref, restart }: LiveFix, { clock, timeoutMs, signal }: ApplyOptions): Promise<string | undefined> {
  if (restart.kind !== 'rolling') return undefined
  const until = clock.now() + timeoutMs
  for (;;) {
    const object = await cluster.get(ref)
    const state = rolloutOf(object, await newestPods(cluster, object))
    if (state.state === 'done') return undefined
    if (state.state === 'failed') return `its rollout failed: ${state.why}`
    if (clock.now() >= until) return `its rollout took too long: ${state.why}`
    // Cut off by somebody: the change stays, and is in the undo file.
    if (signal.aborted) return undefined
    await clock.sleep(LOOK_MS, signal).catch(() => {})
  }
}

/** Pods that came with the newest template: of a Deployment those of its newest ReplicaSet. */
async function newestPods(cluster: Cluster, object: KubeObject): Promise<readonly KubeObject[]> {
  const { namespace = '' } = object.metadata
  const labels = (object.spec as { selector?: { matchLabels?: Record<string, string> } }).selector?.matchLabels
  if (!labels) return []
  const select = {
    namespace,
    labels: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
  }
  const isOf = (one: KubeObject, owner: KubeObject) => one.metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) === true
  const { items: pods } = await cluster.list({ apiVersion: 'v1', kind: 'Pod' }, select)
  if (object.kind !== 'Deployment') {
    const revision = (object.status as { updateRevision?: string } | undefined)?.updateRevision
    return pods.filter((pod) => isOf(pod, object) && (revision === undefined || pod.metadata.labels?.['controller-revision-hash'] === revision))
  }
  const { items: sets } = await cluster.list({ apiVersion: 'apps/v1', kind: 'ReplicaSet' }, select)
  const revisionOf = (set: KubeObject) => Number(set.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0)
  const newest = sets.filter((set) => isOf(set, object)).sort((a, b) => revisionOf(b) - revisionOf(a))[0]
  return newest ? pods.filter((pod) => isOf(pod, newest)) : []
}

/**
 * Looks at the namespace of a fixed object again: what is said of it or of what it made, and was not before. `before` are the findings before all fixes,
 * as `knownOf` names them without uids (pods get new ones).
 */
export function lookAgain(cluster: Cluster, checks: readonly InspectionCheck[], settings: Settings, before: readonly Item[], now: () => number) {
  const nameIn = (items: readonly Item[], ref: ObjectRef, at: number): Set<string> => {
    const mine = new Set<string>()
    // Owners come before what they own in no order: twice round reaches pods of ReplicaSets of Deployments.
    for (let round = 0; round < 3; round++)
      for (const { object } of items) {
        const { metadata } = object
        const isIt = object.kind === ref.kind && metadata.name === ref.name && (metadata.namespace ?? '') === (ref.namespace ?? '')
        if (metadata.uid !== undefined && (isIt || metadata.ownerReferences?.some(({ uid }) => mine.has(uid)))) mine.add(metadata.uid)
      }
    const found = new Set<string>()
    const own = items.filter(({ object }) => object.metadata.uid !== undefined && mine.has(object.metadata.uid))
    const said = inspect(items, checks, { settings, now: at })
    const names = new Set(
      own.map((item) => `${item.object.kind} ${item.object.metadata.namespace ? `${item.object.metadata.namespace}/` : ''}${item.object.metadata.name}`),
    )
    for (const finding of said.findings) {
      if (!names.has(finding.object)) continue
      const item = own.find(({ object }) => finding.object.endsWith(`/${object.metadata.name}`) && finding.object.startsWith(object.kind)) ?? own[0]!
      const { check, key, kind } = knownOf('', finding, item, 0)
      // A pod's own name is new each time; its container's is not.
      found.add(`${check}\n${kind}${kind === 'Pod' || kind === 'ReplicaSet' ? '' : key}`)
    }
    return found
  }
  return async ({ ref }: LiveFix): Promise<string | undefined> => {
    const read = await readCluster(cluster, { now: now(), ...(ref.namespace ? { namespace: ref.namespace } : {}) })
    const old = nameIn(before, ref, now())
    const fresh = [...nameIn(read.items, ref, now())].filter((one) => !old.has(one))
    return fresh.length === 0 ? undefined : `it raises new findings: ${[...new Set(fresh.map((one) => one.split('\n')[0]))].join(', ')}`
  }
}

/** What one check's fix would do to one object now; nothing is written. Rejects with NOT_FOUND, FORBIDDEN. */
export async function previewFix(
  cluster: Cluster,
  { kind, namespace, name }: { kind: string; namespace: string; name: string },
  checks: readonly InspectionCheck[],
  language: Language,
): Promise<FixPreview> {
  const { kinds } = await cluster.discover()
  const served = kinds.find((one) => one.kind === kind && one.preferred)
  if (!served) throw new CodedError('KIND_UNKNOWN', { cluster: cluster.name, kind })
  const object = await cluster.get({ apiVersion: served.apiVersion, kind, name, ...(namespace === '' ? {} : { namespace }) })
  const item: Item = { object: { ...object, apiVersion: served.apiVersion, kind }, file: '', line: 0 }
  const named = new Set(checks.map(({ id }) => id))
  const planned = await planLive(cluster, [item], checks, {}, named, () => true)
  const said = describeRef({ kind, name, ...(namespace === '' ? {} : { namespace }) })
  const zh = language === 'zh-CN'
  const [fix] = planned
  if (!fix)
    return {
      object: said,
      checks: [...named],
      diff: '',
      restarts: '',
      budgets: [],
      refused: zh ? '没有可自动设置的内容' : 'there is nothing that can be set without a person',
    }
  return {
    object: said,
    checks: fix.checks,
    diff: fix.diff,
    restarts: `${restartWords(fix.restart, language)}${fix.keeper === undefined ? '' : zh ? `；${fix.keeper} 可能改回` : `; ${fix.keeper} may put it back`}`,
    budgets: fix.budgets,
    ...(fix.refused === undefined ? {} : { refused: fix.refused }),
  }
}
