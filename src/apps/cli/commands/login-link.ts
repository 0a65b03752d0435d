import type { CliDoor } from '#kits/cli-kit/door.ts'

export const door: CliDoor = (program, context) => {
  const zh = context.language === 'zh-CN'
  program
    .command('login-link')
    .description(zh ? '打印本机服务器的一次性登录链接' : 'print a new one-time login link of the server on this machine')
    .action(async () => {
      const { url } = await context.api.send<{ url: string }>('POST', '/login-links')
      context.out.write(`${url}\n`)
      context.note(zh ? '此链接只能使用一次，请在浏览器中打开。' : 'The link works once; open it in a browser.')
    })
}
