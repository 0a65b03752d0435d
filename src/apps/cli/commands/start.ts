import { z } from 'zod'
import { createLog } from '#apps/server/logging.ts'
import { serverFlags } from '#apps/server/main.ts'
import { openBrowser } from '#apps/server/start/browser.ts'
import { builtConsole } from '#apps/server/start/console-build.ts'
import { demoKubeconfig } from '#apps/server/start/demo.ts'
import { runServer } from '#apps/server/start/run.ts'
import type { CliDoor } from '#kits/cli-kit/door.ts'
import { flagsFor, serverFlagsOf } from './server-flags.ts'

const onOff = z.preprocess((value) => (value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value), z.boolean())
const startFlags = serverFlags.extend({
  // The terminal is for people; the rest is in the log of `sallyport server`.
  logLevel: serverFlags.shape.logLevel.unwrap().default('warn'),
  open: onOff.default(true),
  demo: onOff.default(true),
})

export const door: CliDoor = (program, context) => {
  const zh = context.language === 'zh-CN'
  const say = (line: string) => context.out.write(`${line}\n`)
  serverFlagsOf(program.command('start'), zh)
    .description(zh ? '在本机启动服务器、控制台和演示站点' : 'start the server, the console and the demo site on this machine')
    .option('--no-open', zh ? '不打开浏览器' : 'do not open a browser')
    .option('--no-demo', zh ? '不启动演示站点' : 'do not start the demo site')
    .action(async ({ open, demo, ...options }: Record<string, unknown>) => {
      // Commander says true for what was not said; only "no" is a word of the user's.
      const flags = flagsFor(startFlags, { ...options, open: open === false ? false : undefined, demo: demo === false ? false : undefined }, context)
      const consoleFolder = await builtConsole(() =>
        context.note(zh ? '正在构建控制台（仅首次或更新后）…' : 'Building the console (only the first time, and after an update) …'),
      )
      const withDemo = flags.demo && flags.kubeconfig.length === 0
      await runServer({
        ...flags,
        demo: withDemo,
        consoleFolder,
        log: createLog(flags.logLevel),
        clock: context.clock,
        signal: context.signal,
        onReady(server) {
          const link = server.loginLink()
          say('')
          say(zh ? `  控制台  ${link}` : `  Console  ${link}`)
          say(
            zh
              ? '          （链接只能使用一次，15 分钟内有效；新链接：sallyport login-link）'
              : '           (works once, within 15 minutes; for another: sallyport login-link)',
          )
          say(zh ? `  数据    ${flags.data}` : `  Data     ${flags.data}`)
          if (withDemo) {
            const kubectl = `kubectl --kubeconfig ${demoKubeconfig(flags.data)} get pods -A`
            say(
              zh
                ? '  演示    一个有实时流量的小商店，以集群形式运行；不需要时使用 --no-demo'
                : '  Demo     a small shop with live traffic, run as a cluster; leave it out with --no-demo',
            )
            say(zh ? `  集群    ${kubectl}` : `  Cluster  ${kubectl}`)
          }
          say('')
          say(zh ? '按 Ctrl-C 停止。' : 'Press Ctrl-C to stop.')
          if (flags.open) openBrowser(server.loginLink(), process.env)
        },
      })
    })
}
