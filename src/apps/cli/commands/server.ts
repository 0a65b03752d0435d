import { createLog } from '#apps/server/logging.ts'
import { serverFlags } from '#apps/server/main.ts'
import { runServer } from '#apps/server/start/run.ts'
import type { CliDoor } from '#kits/cli-kit/door.ts'
import { flagsFor, serverFlagsOf } from './server-flags.ts'

export const door: CliDoor = (program, context) => {
  const zh = context.language === 'zh-CN'
  serverFlagsOf(program.command('server'), zh)
    .description(zh ? '运行服务器，直到收到停止信号' : 'run the server until it is told to stop')
    .action(async (options: Record<string, unknown>) => {
      const flags = flagsFor(serverFlags, options, context)
      const log = createLog(flags.logLevel)
      await runServer({
        ...flags,
        demo: false,
        log,
        clock: context.clock,
        signal: context.signal,
        onReady: (server) =>
          context.note(zh ? `就绪：${server.url}（登录链接：sallyport login-link）` : `Ready: ${server.url} (to log in: sallyport login-link)`),
      })
    })
}
