/** What the command line names besides two references: files of rules, manifests, and a cluster. */
import type { Command } from 'commander'
import { CodedError } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import type { CredentialEntry } from '../domain/credentials.ts'
import type { Spec } from '../domain/spec/rule.ts'

export interface WhatOptions {
  spec?: string
  images?: string
  auth?: string
  filename: string[]
  fromCluster?: string | true
  kubeconfig?: string
  namespace: string[]
  field: string[]
  to?: string
  scoped?: boolean
}

const collect = (value: string, before: string[]) => [...before, value]

/** Adds the options that say what to copy. */
export function whatOptions(command: Command, { language }: CliContext): Command {
  const say = (en: string, zh: string) => (language === 'zh-CN' ? zh : en)
  return command
    .option(
      '--spec <file>',
      say(
        'rules of what to copy: our YAML, or a file of image-syncer, skopeo sync or regsync as it is',
        '复制规则：本工具的 YAML，或原样使用 image-syncer、skopeo sync、regsync 的文件',
      ),
    )
    .option('--images <file>', say('the same; the name that image-syncer has for it', '同上；image-syncer 使用的名称'))
    .option('--auth <file>', say("with --images: image-syncer's file of credentials", '与 --images 一起使用：image-syncer 的认证文件'))
    .option('-f, --filename <path>', say('the images that these manifests use; may be given several times', '这些清单所使用的镜像；可重复'), collect, [])
    .option(
      '--from-cluster [context]',
      say('the images that the cluster of this context uses, with its pull secrets', '该上下文的集群所使用的镜像（连同其拉取密钥）'),
    )
    .option('--kubeconfig <file>', say('with --from-cluster; default: as kubectl', '与 --from-cluster 一起使用；默认与 kubectl 相同'))
    .option(
      '-n, --namespace <namespace>',
      say('with --from-cluster: only this one; may be given several times', '与 --from-cluster 一起使用：仅该命名空间；可重复'),
      collect,
      [],
    )
    .option(
      '--field <kind:path>',
      say('a field of a custom resource that holds an image, e.g. Prometheus:spec.image', '自定义资源中保存镜像的字段，例如 Prometheus:spec.image'),
      collect,
      [],
    )
    .option('--to <registry>', say('where to copy to, REGISTRY[/NAMESPACE], when the rules leave it open', '规则未指定目标时的目标 REGISTRY[/NAMESPACE]'))
    .option('--scoped', say("with --to: keep the source's registry in the path", '与 --to 一起使用：在路径中保留源仓库名'))
}

export interface What {
  spec: Spec
  /** Of pull secrets. */
  credentials: readonly CredentialEntry[]
}

/** Undefined when none of these options is there. INVALID_INPUT with every problem. */
export async function readWhat(options: WhatOptions, context: CliContext): Promise<What | undefined> {
  const file = options.spec ?? options.images
  const given = [file !== undefined, options.filename.length > 0, options.fromCluster !== undefined].filter(Boolean).length
  if (given === 0) return undefined
  if (given > 1 || (options.spec !== undefined && options.images !== undefined))
    throw new CodedError('USAGE', { reason: 'name one of --spec, --images, --filename and --from-cluster' })
  // Loaded when asked for: two named images need no YAML, patterns and versions.
  const { specFrom, fromImages } = await import('./read-what.ts')
  if (file !== undefined) return { spec: await specFrom(file, options, context), credentials: [] }
  if (options.to === undefined) throw new CodedError('USAGE', { reason: 'say where to copy to: --to REGISTRY[/NAMESPACE]' })
  return fromImages(options, options.to, context)
}
