/** `images plan`, `verify`, `diff` and `prune`. */
import type { Command } from 'commander'
import { CodedError } from '#core/kernel/errors.ts'
import { formatBytes } from '#core/kernel/quantity.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import type { Prediction, RunReport } from '../domain/job.ts'
import { diffImages, extraTags, type Looked, nothingDone, pruneImages, verifyImages } from '../domain/look.ts'
import { planImages } from '../domain/plan.ts'
import { finish, type Running, type RunOptions, runOptions, startRun } from './run.ts'

interface LookOptions extends RunOptions {
  quick?: boolean
  yes?: boolean
}

export function addLooks(images: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const say = (en: string, chinese: string) => (zh ? chinese : en)

  const add = (
    kind: RunReport['kind'],
    description: string,
    label: string,
    work: (running: Running, options: LookOptions) => Promise<{ items: Looked[]; prediction?: Prediction }>,
  ): Command =>
    runOptions(images.command(kind).description(description), context).action(
      async (source: string | undefined, target: string | undefined, options: LookOptions) => {
        const began = context.clock.now()
        using progress = context.progress({ label, unit: 'items' })
        await using running = await startRun([source, target], options, context, (event) => {
          if (event.type === 'progress') progress.update(event.pairsDone, event.pairs)
        })
        const { items, prediction } = await work(running, options)
        progress[Symbol.dispose]()
        await finish(kind, running, items, began, options, context, prediction)
      },
    )

  add(
    'plan',
    say('what a copy would send and ask, without writing', '预测复制所需的字节数与请求数，不写入任何内容'),
    say('Planning', '规划'),
    async ({ job, world }) => {
      const { items, prediction } = await planImages(job, world)
      const bytes = items.reduce((sum, { bytesSent }) => sum + bytesSent, 0)
      const spared = items.reduce((sum, { bytesSpared }) => sum + bytesSpared, 0)
      const asked = Object.entries(prediction.requests).map(([place, count]) => `${place} ${count}`)
      const pulls = Object.entries(prediction.pulls).map(([place, count]) => `${place} ${count}`)
      context.note(
        say(
          `To send: ${formatBytes(bytes)}; spared: ${formatBytes(spared)}. Requests, about: ${asked.join(', ') || 'none'}. Pulls that count: ${pulls.join(', ') || 'none'}.`,
          `需发送：${formatBytes(bytes)}；节省：${formatBytes(spared)}。预计请求：${asked.join('，') || '无'}。计入配额的拉取：${pulls.join('，') || '无'}。`,
        ),
      )
      return { items, prediction }
    },
  )

  add('verify', say('prove that every digest is at the target', '证明目标端具有每一个摘要'), say('Verifying', '校验'), async ({ job, world }, { quick }) => ({
    items: await verifyImages(job, world, { ...(quick ? { quick } : {}) }),
  })).option('--quick', say('ask for blobs instead of reading and hashing them', '仅查询数据块是否存在，不读取和计算摘要'))

  add('diff', say('what differs; exits with 3 when something does', '比较差异；有差异时以 3 退出'), say('Comparing', '比较'), async ({ job, world }) => ({
    items: [
      ...(await diffImages(job, world)),
      ...(await extraTags(job, world)).map(({ target }): Looked => ({ ...nothingDone, source: '', target, outcome: 'extra' })),
    ],
  }))

  add(
    'prune',
    say('remove tags of mirrored repositories that the source has no more', '删除镜像仓库中源端已不存在的标签'),
    say('Pruning', '清理'),
    async (running, { yes }) => {
      // What could not be listed might be what is about to be removed.
      if (running.failed.length > 0) throw new CodedError('USAGE', { reason: 'nothing is pruned while rules fail; run diff to see them' })
      if (running.job.mirrors.length === 0)
        throw new CodedError('USAGE', { reason: 'nothing here is a mirror; name two repositories with --all-tags, or rules that take all tags' })
      const items = await pruneImages(running.job, running.world, yes === true)
      if (!yes && items.length > 0) context.note(say('Nothing was removed; --yes removes them.', '尚未删除；使用 --yes 执行删除。'))
      return { items }
    },
  ).option('--yes', say('really remove them', '确实删除'))
}
