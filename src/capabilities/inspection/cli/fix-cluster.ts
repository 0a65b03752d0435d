/** `--fix` of a cluster: shows what the API server would make of it, applies it, looks again, and takes back what was no good. */
import { writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { CodedError, invalidInput, type Problem } from '#core/kernel/errors.ts'
import { describeRef } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { checksOf } from '../domain/catalog.ts'
import type { InspectionCheck } from '../domain/check.ts'
import { type Item, namespaceOf, type Settings } from '../domain/inventory.ts'
import type { PatchStep } from '../domain/live-fix.ts'
import { applyLive, type LiveFix, lookAgain, planLive, restartWords, takeBack } from '../sources/live-fix.ts'

const step = z.union([
  z.strictObject({ op: z.enum(['add', 'replace', 'test']), path: z.string(), value: z.unknown() }),
  z.strictObject({ op: z.literal('remove'), path: z.string() }),
])
export const undoObjects = z.strictObject({
  version: z.literal(1),
  cluster: z.string(),
  objects: z.array(
    z.strictObject({
      ref: z.strictObject({ apiVersion: z.string(), kind: z.string(), name: z.string(), namespace: z.string().optional() }),
      uid: z.string(),
      back: z.array(step),
    }),
  ),
})

export interface FixClusterOptions {
  dryRun: boolean
  undo: string
  named: ReadonlySet<string>
  settings: Settings
  namespace: string | undefined
  timeoutMs: number
}

/** Returns what was not fixed, and why. */
export async function fixCluster(
  cluster: Cluster,
  items: readonly Item[],
  checks: readonly InspectionCheck[],
  { dryRun, undo, named, settings, namespace, timeoutMs }: FixClusterOptions,
  context: CliContext,
): Promise<Problem[]> {
  const zh = context.language === 'zh-CN'
  const planned = await planLive(cluster, items, checks, settings, named, (item) => namespace === undefined || namespaceOf(item) === namespace)
  const ready = planned.filter(({ refused }) => refused === undefined)
  const problems: Problem[] = planned.flatMap(({ ref, refused, checks: ids }) =>
    refused === undefined ? [] : [{ path: describeRef(ref), message: `${ids.join(', ')}: ${refused}` }],
  )
  for (const fix of ready) context.out.write(`${fix.diff}\n${about(fix, context)}\n`)
  if (ready.length === 0) {
    context.note(zh ? '没有可自动修复的内容。' : 'There is nothing that can be fixed without a person.')
    return problems
  }
  if (dryRun) {
    context.note(zh ? `将修改 ${ready.length} 个对象；去掉 --dry-run 以应用。` : `${ready.length} objects would change; leave out --dry-run to apply it.`)
    return problems
  }
  // Written before anything is: whatever ends this run, what it did can be taken back.
  const objects = ready.map(({ ref, uid, back }) => ({ ref, uid, back }))
  await writeFile(undo, JSON.stringify({ version: 1, cluster: cluster.name, objects }), { flag: 'wx', mode: 0o600 }).catch((error) => {
    throw invalidInput([{ path: '--undo-file', message: `${undo}: ${(error as Error).message}` }])
  })
  const again = lookAgain(cluster, [...new Set([...checks, ...checksOf('recommended')])], settings, items, () => context.clock.now())
  const done = await applyLive(cluster, ready, again, { clock: context.clock, timeoutMs, signal: context.signal, onStep: (text) => context.note(text) })
  const words = zh
    ? { 'rolled-back': '已自动还原', 'not-rolled-back': '未能还原', failed: '未应用' }
    : { 'rolled-back': 'taken back', 'not-rolled-back': 'NOT taken back', failed: 'not applied' }
  for (const { fix, outcome, why } of done) if (outcome !== 'applied') problems.push({ path: describeRef(fix.ref), message: `${words[outcome]}: ${why}` })
  const left = ready.length - done.length
  if (left > 0) problems.push({ path: '--fix', message: zh ? `中断，剩余 ${left} 个对象未修改` : `cut off; ${left} objects are as they were` })
  const applied = done.filter(({ outcome }) => outcome === 'applied').length
  context.note(
    zh ? `已修改 ${applied} 个对象；撤销：sallyport inspect --undo ${undo}` : `${applied} objects changed; to take it back: sallyport inspect --undo ${undo}`,
  )
  return problems
}

function about({ restart, budgets, keeper }: LiveFix, { language }: CliContext): string {
  const zh = language === 'zh-CN'
  const room = budgets.map(({ name, allowed }) => `${name} ${allowed ?? (zh ? '未知' : 'not known')}`).join(', ')
  return [
    `# ${restartWords(restart, language)}`,
    zh ? `PDB 余量：${room || '无 PDB'}` : `PDB headroom: ${room || 'no budget'}`,
    ...(keeper === undefined ? [] : [zh ? `${keeper} 可能改回` : `${keeper} may put it back`]),
  ].join('; ')
}

/** Objects that somebody has changed or replaced since are left alone. */
export async function undoCluster(cluster: Cluster, { objects }: z.output<typeof undoObjects>, context: CliContext): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const { ref, uid, back } of objects.toReversed()) {
    const why = await takeBack(cluster, { ref, uid, back: back as PatchStep[] }).catch((error: unknown) => {
      if (error instanceof CodedError) return error.message
      throw error
    })
    if (why !== undefined) problems.push({ path: describeRef(ref), message: why })
  }
  const done = objects.length - problems.length
  context.note(context.language === 'zh-CN' ? `已还原 ${done} 个对象。` : `${done} objects are as they were.`)
  return problems
}
