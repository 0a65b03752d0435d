import { Argument } from 'commander'
import { completionScript, SHELLS, type Shell } from '#kits/cli-kit/completion.ts'
import type { CliDoor } from '#kits/cli-kit/door.ts'

export const door: CliDoor = (program, context) => {
  program
    .command('completion')
    .description(
      context.language === 'zh-CN'
        ? '打印补全脚本；例如：source <(sallyport completion bash)'
        : 'print a completion script; for example: source <(sallyport completion bash)',
    )
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: Shell) => {
      context.out.write(completionScript(shell))
    })
}
