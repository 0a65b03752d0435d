/** Rewrites the images of manifest files, whole or not at all. */
import { randomBytes } from 'node:crypto'
import { chmod, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CodedError, EXIT, fileUnreadable, invalidInput, type Problem } from '#core/kernel/errors.ts'
import type { ImageField } from '#core/oci/images-in.ts'
import { formatReference, type Reference } from '#core/oci/reference.ts'
import { type ImageChange, type ImageMap, type Rewritten, rewriteImages } from '#core/oci/rewrite.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { manifestTexts } from '#kits/cli-kit/manifest-files.ts'
import { type Column, printData } from '#kits/cli-kit/printers.ts'
import { mapByRules, mapPrefixes, mapTo } from '../domain/spec/image-map.ts'
import { readSpec } from '../domain/spec/read-spec.ts'
import type { RegistrySettings } from '../domain/spec/rule.ts'
import { openCredentials } from '../sources/credentials.ts'
import { hostSettings } from '../sources/settings.ts'
import { readSpecFile, specFileReader } from '../sources/spec-files.ts'
import { fieldsOf } from './read-what.ts'
import type { RewriteOptions } from './rewrite.ts'

interface FileResult {
  file: string
  before: string
  after: Rewritten
}

/** What `-o json` prints. */
interface RewriteAnswer {
  dryRun: boolean
  changes: (ImageChange & { file: string })[]
  untouched: number
  unreadable: (Rewritten['unreadable'][number] & { file: string })[]
  unreadFiles: Problem[]
  notPinned: { image: string; reason: string }[]
}

export async function rewriteFiles(options: RewriteOptions, context: CliContext): Promise<void> {
  const fields = fieldsOf(options.field)
  const { map, registries } = await mapOf(options, context)
  const unreadFiles: Problem[] = []
  const piped = options.filename.includes('-')
  if (piped && options.filename.length > 1) throw new CodedError('USAGE', { reason: '-f - cannot be given with other files' })
  const texts: { file: string; text: string }[] = []
  for await (const each of manifestTexts(options.filename, context.signal)) texts.push(each)
  const packed = options.dryRun || piped ? [] : texts.filter(({ file }) => file.endsWith('.gz'))
  if (packed.length > 0) throw invalidInput(packed.map(({ file }) => ({ path: file, message: 'is packed: unpack it first, or use --dry-run' })))

  const notPinned: RewriteAnswer['notPinned'] = []
  const pinned = options.pin ? await pinning(texts, map, fields, registries, options, context, notPinned) : map
  const results: FileResult[] = []
  for (const { file, text } of texts) {
    const after = rewriteImages(text, pinned, fields)
    if (after.ok) results.push({ file, before: text, after: after.value })
    else unreadFiles.push({ ...after.error[0]!, path: file })
  }
  // All is known before the first file is touched.
  if (!options.dryRun && !piped) for (const { file, before, after } of results) if (after.text !== before) await replaceFile(file, after.text)
  const answer: RewriteAnswer = {
    dryRun: options.dryRun === true,
    changes: results.flatMap(({ file, after }) => after.changes.map((change) => ({ file, ...change }))),
    untouched: results.reduce((sum, { after }) => sum + after.untouched.length, 0),
    unreadable: results.flatMap(({ file, after }) => after.unreadable.map((each) => ({ file, ...each }))),
    unreadFiles,
    notPinned,
  }
  if (piped && !options.dryRun) context.out.write(results[0]?.after.text ?? texts[0]!.text)
  else await printData(context, options, answer, { rows: ({ changes }) => changes, columns: COLUMNS })
  summarize(answer, context)
  if (texts.length > 0 && results.length === 0) throw invalidInput(unreadFiles)
  if (unreadFiles.length + answer.unreadable.length + notPinned.length > 0) context.exit(EXIT.partial)
}

const COLUMNS: readonly Column<RewriteAnswer['changes'][number]>[] = [
  { header: 'FILE', value: ({ file }) => file, flexible: true },
  { header: 'LINE', value: ({ line }) => line, align: 'right' },
  { header: 'OBJECT', value: ({ object }) => object, flexible: true },
  { header: 'CONTAINER', value: ({ name }) => name },
  { header: 'FROM', value: ({ from }) => from, flexible: true },
  { header: 'TO', value: ({ to }) => to, flexible: true },
  { header: 'PATH', value: ({ path }) => path, wide: true },
]

function summarize({ dryRun, changes, untouched, unreadable, unreadFiles, notPinned }: RewriteAnswer, { note, language }: CliContext): void {
  const zh = language === 'zh-CN'
  const files = new Set(changes.map(({ file }) => file)).size
  note(
    zh
      ? `${files} 个文件中的 ${changes.length} 处镜像${dryRun ? '将被更改（试运行，未写入）' : '已更改'}；${untouched} 处保持不变。`
      : `${changes.length} image(s) in ${files} file(s) ${dryRun ? 'would be changed (dry run, nothing was written)' : 'changed'}; ${untouched} stay as they are.`,
  )
  for (const { file, line, from, reason } of unreadable)
    note(zh ? `${file} 第 ${line} 行：“${from}” 不是镜像引用（${reason}），保持不变。` : `${file}, line ${line}: "${from}" ${reason}; it stays as it is.`)
  for (const { path, line, message } of unreadFiles)
    note(
      zh
        ? `${path}${line ? ` 第 ${line} 行` : ''}：不是普通 YAML（${message}），文件未更改。`
        : `${path}${line ? `, line ${line}` : ''}: no plain YAML (${message}); the file was not changed.`,
    )
  for (const { image, reason } of notPinned) note(zh ? `${image} 未固定摘要：${reason}` : `${image} was not pinned: ${reason}`)
}

async function mapOf({ to, scoped, map, spec }: RewriteOptions, { env }: CliContext): Promise<{ map: ImageMap; registries: readonly RegistrySettings[] }> {
  if ((to === undefined && map.length === 0 && spec === undefined) || (spec !== undefined && map.length > 0))
    throw new CodedError('USAGE', { reason: 'say where the images are: --to REGISTRY, --map FROM=TO or --spec FILE' })
  if (spec !== undefined) {
    const more = { ...(to === undefined ? {} : { to }), ...(scoped ? { scoped } : {}) }
    const read = readSpec({ file: spec, text: await readSpecFile(spec) }, { env, readFile: specFileReader, ...more })
    if (!read.ok) throw invalidInput(read.error)
    return { map: mapByRules(read.value.rules), registries: read.value.registries }
  }
  const prefixes = mapPrefixes(map)
  const all = to === undefined ? undefined : mapTo(to, scoped)
  const problems = [
    ...(prefixes.ok ? [] : [{ path: '--map', message: prefixes.error }]),
    ...(all === undefined || all.ok ? [] : [{ path: `--to ${to}`, message: all.error }]),
  ]
  if (problems.length > 0) throw invalidInput(problems)
  return { map: (image) => (prefixes.ok ? prefixes.value(image) : undefined) ?? (all?.ok ? all.value(image) : undefined), registries: [] }
}

/** The map with digests, asked of the new places first (HEAD); an image that cannot be asked about is mapped without. */
async function pinning(
  texts: readonly { text: string }[],
  map: ImageMap,
  fields: readonly ImageField[],
  registries: readonly RegistrySettings[],
  { plainHttp }: RewriteOptions,
  context: CliContext,
  notPinned: RewriteAnswer['notPinned'],
): Promise<ImageMap> {
  const wanted = new Map<string, Reference>()
  const asIfMapped: ImageMap = (image) => {
    const target = map(image) ?? image
    if (target.digest === undefined) wanted.set(formatReference(target), target)
    return undefined
  }
  for (const { text } of texts) rewriteImages(text, asIfMapped, fields)
  const open = await context.registries()
  const settings = { ...(await hostSettings(registries)), ...Object.fromEntries(plainHttp.map((host) => [host, { tls: 'off' as const }])) }
  const opened = open({ credentials: await openCredentials({ env: context.env, clock: context.clock, registries }), settings, signal: context.signal })
  const digests = new Map<string, string>()
  using progress = context.progress({ label: context.language === 'zh-CN' ? '查询摘要' : 'Asking for digests', total: wanted.size, unit: 'items' })
  let done = 0
  try {
    await Promise.all(
      [...wanted].map(async ([name, { registry, repository, tag = 'latest' }]) => {
        try {
          const found = await (await opened.open({ transport: 'registry', at: registry })).resolve(repository, tag)
          if (found) digests.set(name, found.digest)
          else notPinned.push({ image: name, reason: context.language === 'zh-CN' ? '那里没有此标签' : 'it is not there' })
        } catch (error) {
          if (!(error instanceof CodedError)) throw error
          notPinned.push({ image: name, reason: error.message })
        }
        progress.update(++done)
      }),
    )
  } finally {
    await opened.close()
  }
  return (image) => {
    const target = map(image) ?? image
    const digest = target.digest ?? digests.get(formatReference(target))
    return digest === undefined ? map(image) : { ...target, digest }
  }
}

/** Whole or not at all, with the old permissions. */
async function replaceFile(path: string, text: string): Promise<void> {
  const beside = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`)
  try {
    await writeFile(beside, text, { flag: 'wx' })
    await chmod(beside, (await stat(path)).mode)
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw fileUnreadable(path, error)
  }
}
