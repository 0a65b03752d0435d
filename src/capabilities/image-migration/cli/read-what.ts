/** Reads files of rules, manifests and a cluster that the command line names. */
import { invalidInput } from '#core/kernel/errors.ts'
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
import type { What, WhatOptions } from './what.ts'

export async function specFrom(file: string, { auth, to, scoped }: WhatOptions, { env }: CliContext): Promise<Spec> {
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

export async function fromImages(options: WhatOptions, to: string, context: CliContext): Promise<What> {
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
