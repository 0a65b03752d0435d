import { CodedError, ERRORS, type ErrorRow } from '#core/kernel/errors.ts'
import { nearest } from '#core/kernel/nearest.ts'
import type { CliDoor } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'

export const door: CliDoor = (program, context) => {
  const zh = context.language === 'zh-CN'
  outputOptions(
    program
      .command('explain')
      .argument('[code]', zh ? '错误代码；不写则列出全部' : 'error code; without one, all are listed')
      .description(zh ? '解释错误代码' : 'explain an error code'),
  ).action(async (code: string | undefined, options: OutputOptions) => {
    const all = Object.entries(ERRORS).map(([name, row]: [string, ErrorRow]) => ({
      code: name,
      meaning: row[context.language],
      next: row.next[context.language],
      httpStatus: row.status,
      exitCode: row.exit,
    }))
    const found = code === undefined ? all : all.filter((row) => row.code === code.toUpperCase())
    if (code !== undefined && found.length === 0) {
      const suggestion = nearest(code, Object.keys(ERRORS))
      throw new CodedError(
        'NOT_FOUND',
        { what: code },
        { problems: suggestion ? [{ path: code, message: zh ? '没有这个代码' : 'there is no such code', suggestion }] : [] },
      )
    }
    await printData(context, options, code === undefined ? found : found[0]!, {
      rows: () => found,
      columns: [
        { header: 'CODE', value: (row) => row.code },
        { header: 'MEANING', value: (row) => row.meaning, flexible: code === undefined },
        { header: 'NEXT', value: (row) => row.next, flexible: code === undefined, wide: code === undefined },
        { header: 'HTTP', value: (row) => row.httpStatus, wide: true },
        { header: 'EXIT', value: (row) => row.exitCode, wide: true },
      ],
    })
  })
}
