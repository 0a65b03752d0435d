/** What the command line names besides two references: files of rules, manifests, and a cluster. */
import type { Command } from 'commander'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import { type ImageField, parseImageField } from '#core/oci/images-in.ts'
import { findImages } from '#core/oci/rewrite.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { manifestTexts } from '#kits/cli-kit/manifest-files.ts'
import type { CredentialEntry } from '../domain/credentials.ts'
import { rulesFromImages, type UsedImage } from '../domain/spec/from-images.ts'
import { readSpec } from '../domain/spec/read-spec.ts'
import type { Note, Spec } from '../domain/spec/rule.ts'
import { imagesInCluster } from '../sources/cluster.ts'
import { readSpecFile, specFileReader } from '../sources/spec-files.ts'

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
  if (file !== undefined) return { spec: await specFrom(file, options, context), credentials: [] }
  if (options.to === undefined) throw new CodedError('USAGE', { reason: 'say where to copy to: --to REGISTRY[/NAMESPACE]' })
  return fromImages(options, options.to, context)
}

async function specFrom(file: string, { auth, to, scoped }: WhatOptions, { env }: CliContext): Promise<Spec> {
  const read = readSpec(
    { file, text: await readSpecFile(file) },
    {
      env,
      readFile: specFileReader,
      ...(to === undefined ? {} : { to }),
      ...(scoped ? { scoped } : {}),
      ...(auth === undefined ? {} : { auth: { file: auth, text: await readSpecFile(auth) } }),
    },
  )
  if (!read.ok) throw invalidInput(read.error)
  return read.value
}

async function fromImages(options: WhatOptions, to: string, context: CliContext): Promise<What> {
  const fields = fieldsOf(options.field)
  const notes: Note[] = []
  const note = (file: string, line: number, en: string, zh: string) => void notes.push({ origin: { file, line, path: '' }, message: { en, 'zh-CN': zh } })
  const images: UsedImage[] = []
  let credentials: readonly CredentialEntry[] = []
  if (options.fromCluster !== undefined) {
    const cluster = await context.cluster({
      ...(options.kubeconfig === undefined ? {} : { kubeconfig: options.kubeconfig }),
      ...(options.fromCluster === true ? {} : { context: options.fromCluster }),
    })
    const found = await imagesInCluster(cluster, { fields, ...(options.namespace.length > 0 ? { namespaces: options.namespace } : {}) })
    images.push(...found.images)
    credentials = found.credentials
    for (const what of found.unknown) note(`cluster ${cluster.name}`, 1, `could not be looked at: ${what}`, `无法查看：${what}`)
  } else {
    for await (const { file, text } of manifestTexts(options.filename, context.signal)) {
      const found = findImages(text, fields)
      if (!found.ok) note(file, found.error[0]!.line ?? 1, `is no plain YAML: ${found.error[0]!.message}`, `不是普通 YAML：${found.error[0]!.message}`)
      else images.push(...found.value.map(({ from, line, path }) => ({ image: from, origin: { file, line, path } })))
    }
  }
  const made = rulesFromImages(images, to, options.scoped)
  if (typeof made === 'string') throw invalidInput([{ path: `--to ${to}`, message: made }])
  for (const { image, origin, reason } of made.unreadable) note(origin.file, origin.line, `"${image}" ${reason}`, `“${image}” 不是镜像引用：${reason}`)
  return { spec: { format: 'sallyport', rules: made.rules, registries: [], notes }, credentials }
}

/** Fields of custom resources. INVALID_INPUT with every problem. */
export function fieldsOf(texts: readonly string[]): ImageField[] {
  const fields = texts.map((text) => ({ text, field: parseImageField(text) }))
  const wrong = fields.filter(({ field }) => field === undefined)
  if (wrong.length > 0)
    throw invalidInput(
      wrong.map(({ text }) => ({ path: `--field ${text}`, message: 'must be like Prometheus:spec.image or acme.io/Agent:spec.sidecars[*].image' })),
    )
  return fields.map(({ field }) => field!)
}
