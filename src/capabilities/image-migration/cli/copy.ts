import type { Command } from 'commander'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { copyImages } from '../domain/copy.ts'
import { finish, type RunOptions, runOptions, startRun } from './run.ts'

export function addCopy(images: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  runOptions(images.command('copy').description(zh ? '迁移镜像；可随时中断并继续' : 'move images; may be stopped and run again at any moment'), context).action(
    async (source: string | undefined, target: string | undefined, options: RunOptions) => {
      const began = context.clock.now()
      using progress = context.progress({ label: zh ? '复制' : 'Copying', unit: 'bytes' })
      await using running = await startRun([source, target], options, context, (event) => {
        if (event.type === 'progress') progress.update(event.bytesDone, event.bytesKnown)
      })
      const items = await copyImages(running.job, running.world)
      progress[Symbol.dispose]()
      await finish('copy', running, items, began, options, context)
    },
  )
}
