import type { CliDoor } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import manifest from '../../../../package.json' with { type: 'json' }

export const door: CliDoor = (program, context) => {
  outputOptions(program.command('version').description(context.language === 'zh-CN' ? '打印版本' : 'print the version')).action((options: OutputOptions) =>
    printData(
      context,
      options,
      { version: manifest.version, runtime: process.version, platform: `${process.platform}-${process.arch}` },
      {
        rows: (value) => [value],
        columns: [
          { header: 'VERSION', value: (row) => row.version },
          { header: 'RUNTIME', value: (row) => row.runtime },
          { header: 'PLATFORM', value: (row) => row.platform },
        ],
      },
    ),
  )
}
