import type { CliDoor } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import { findServer } from '#kits/cli-kit/server-address.ts'

export const door: CliDoor = (program, context) => {
  const zh = context.language === 'zh-CN'
  const config = program.command('config').description(zh ? '命令行的配置' : 'what the command line is set to')
  outputOptions(config.command('show').description(zh ? '显示所连接的服务器及其来源' : 'show which server is spoken to, and why')).action(
    async (options: OutputOptions) => {
      const { server, tokenFile } = program.opts<{ server?: string; tokenFile?: string }>()
      const { url, from } = findServer({ server, tokenFile, dataFolder: context.dataFolder }, process.env)
      await printData(
        context,
        options,
        { server: url, serverFrom: from.url, tokenFrom: from.token, dataFolder: context.dataFolder, language: context.language },
        {
          rows: (value) => [value],
          columns: [
            { header: 'SERVER', value: (row) => row.server },
            { header: 'NAMED BY', value: (row) => row.serverFrom },
            { header: 'TOKEN FROM', value: (row) => row.tokenFrom },
            { header: 'DATA FOLDER', value: (row) => row.dataFolder },
            { header: 'LANGUAGE', value: (row) => row.language, wide: true },
          ],
        },
      )
    },
  )
}
