/** `sallyport images rewrite`: manifests that use images from where they are now. */
import type { Command } from 'commander'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions } from '#kits/cli-kit/printers.ts'

export interface RewriteOptions extends OutputOptions {
  filename: string[]
  to?: string
  scoped?: boolean
  map: string[]
  spec?: string
  field: string[]
  pin?: boolean
  dryRun?: boolean
  plainHttp: string[]
}

const collect = (value: string, before: string[]) => [...before, value]

export function addRewrite(images: Command, context: CliContext): void {
  const say = (en: string, zh: string) => (context.language === 'zh-CN' ? zh : en)
  const command = images
    .command('rewrite')
    .description(say('point manifests to a new registry; comments, order and style stay', '让清单使用新的镜像仓库；注释、顺序和格式保持不变'))
    .requiredOption(
      '-f, --filename <path>',
      say('file or folder, may be given several times; - reads stdin and writes stdout', '文件或目录，可重复；- 表示从标准输入读取并写到标准输出'),
      collect,
      [],
    )
    .option('--to <registry>', say('every image to the same path below REGISTRY[/NAMESPACE]', '所有镜像改到 REGISTRY[/NAMESPACE] 下的相同路径'))
    .option('--scoped', say("with --to: keep the source's registry in the path", '与 --to 一起使用：在路径中保留原仓库名'))
    .option(
      '--map <from=to>',
      say('images below FROM to below TO, may be given several times; the longest wins', '将 FROM 下的镜像改到 TO 下，可重复；最长者优先'),
      collect,
      [],
    )
    .option('--spec <file>', say('where the rules of this file copied the images to', '按此文件的规则所复制到的位置'))
    .option(
      '--field <kind:path>',
      say(
        'a field of a custom resource that holds an image, e.g. Prometheus:spec.image; may be given several times',
        '自定义资源中保存镜像的字段，例如 Prometheus:spec.image；可重复',
      ),
      collect,
      [],
    )
    .option('--pin', say('add the digest that the tag has at the new place', '附加该标签在新位置的摘要'))
    .option('--plain-http <host>', say('with --pin: speak to this host without TLS', '与 --pin 一起使用：不使用 TLS 访问该主机'), collect, [])
    .option('--dry-run', say('change nothing, show what would be', '只显示将要做的更改'))
  outputOptions(command).action(async (options: RewriteOptions) => (await import('./rewrite-files.ts')).rewriteFiles(options, context))
}
