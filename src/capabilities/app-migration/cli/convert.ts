/** `sallyport apps convert`: objects in the API versions of another cluster, offline. */
import { type Command, Option } from 'commander'
import { CodedError, EXIT, type Language } from '#core/kernel/errors.ts'
import { type ApiFacts, loadApiFacts } from '#core/kube/api-facts/facts.ts'
import { describeRef, refOf } from '#core/kube/objects.ts'
import { validateObject } from '#core/kube/validate.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type Converted, type ConvertTo, choices, convertAll } from '../domain/convert.ts'
import { readObjects } from './read-objects.ts'
import { printObjects } from './write-objects.ts'

interface ConvertOptions {
  file: string[]
  to?: string
  targetVersion?: string
  output: 'yaml' | 'json'
  strict?: boolean
}

/** Problems with the schema that are told of an object. */
const SHOWN = 5

/** Adds `-f`, which may be repeated. */
export const fileOption = (command: Command, zh: boolean): Command =>
  command.requiredOption(
    '-f, --file <path>',
    zh ? '清单文件或目录，可重复；- 表示标准输入' : 'manifest file or folder, may be given several times; - is stdin',
    (path: string, all: string[] | undefined) => [...(all ?? []), path],
  )

export function addConvert(apps: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  fileOption(
    apps.command('convert').description(zh ? '把对象改写为目标集群提供的 API 版本（离线）' : 'write objects in API versions that the target serves, offline'),
    zh,
  )
    .option('--to <version>', zh ? '目标 API 版本，例如 apps/v1' : 'API version to write them in, e.g. apps/v1')
    .option(
      '--target-version <version>',
      zh
        ? '目标集群的版本，例如 1.36；默认为各类型已知的最新版本'
        : 'version of the target cluster, e.g. 1.36; by default the newest version known of each kind',
    )
    .addOption(new Option('-o, --output <output>', zh ? '输出格式' : 'output').choices(['yaml', 'json']).default('yaml'))
    .option('--strict', zh ? '有内容丢失或不符合结构时以 6 退出' : 'exit with 6 when something is lost or does not fit the schema')
    .action(async (options: ConvertOptions) => {
      const facts = await loadApiFacts()
      const to = convertToOf(options, facts)
      const objects = await readObjects(options.file, context)
      const converted = convertAll(objects, to, facts)
      if (objects.length === 0) throw new CodedError('NO_OBJECTS', { where: options.file.join(', ') })
      const asked = typeof to === 'object' && 'apiVersion' in to ? to.apiVersion : undefined
      if (asked !== undefined && converted.every(({ outcome }) => outcome === 'no-way')) throw noWay(converted[0]!, asked)
      printObjects(
        context,
        options.output,
        converted.map(({ object }) => object),
      )
      let clean = true
      for (const result of converted) {
        const told = new Set(result.notes.map(({ path }) => path))
        const misfits = (validateObject(result.object, facts) ?? []).filter(({ path }) => !told.has(path))
        for (const line of explain(result, context.language)) context.note(line)
        for (const { path, message, suggestion } of misfits.slice(0, SHOWN))
          context.note(`  ! ${path}: ${message}${suggestion === undefined ? '' : ` (${suggestion}?)`}`)
        if (misfits.length > SHOWN) context.note(zh ? `  ! 另有 ${misfits.length - SHOWN} 处` : `  ! and ${misfits.length - SHOWN} more`)
        if (misfits.length > 0 || result.notes.some(({ kind }) => kind === 'lost')) clean = false
      }
      // An object that the target cannot take is no success, whatever was converted beside it.
      if (converted.some(({ outcome }) => outcome === 'gone' || (outcome === 'no-way' && asked === undefined)) || (options.strict && !clean))
        context.exit(EXIT.partial)
    })
}

/** Rejects with USAGE when neither or both are given, or the version is none. */
export function convertToOf({ to, targetVersion }: Pick<ConvertOptions, 'to' | 'targetVersion'>, facts: ApiFacts): ConvertTo {
  if (to !== undefined && targetVersion !== undefined) throw new CodedError('USAGE', { reason: 'give --to or --target-version, not both' })
  if (to !== undefined) {
    if (!/^(?:[a-z0-9.-]+\/)?v\d+(?:(?:alpha|beta)\d+)?$/.test(to)) throw new CodedError('USAGE', { reason: `--to takes GROUP/VERSION, not "${to}"` })
    return { apiVersion: to }
  }
  return targetVersion === undefined ? 'newest' : { minor: minorOf(targetVersion, facts) }
}

/** `1.36`, `v1.36.2` → 36. */
export function minorOf(version: string, facts: ApiFacts): number {
  const minor = Number(/^v?1\.(\d{1,3})(?:[.+-].*)?$/.exec(version)?.[1])
  if (!Number.isInteger(minor)) throw new CodedError('USAGE', { reason: `"${version}" is no version such as 1.${facts.newest}` })
  if (minor > facts.newest) throw new CodedError('USAGE', { reason: `Kubernetes ${version} is newer than what is known here (1.${facts.newest})` })
  return minor
}

function noWay({ object, from }: Converted, apiVersion: string): CodedError {
  const known = choices({ apiVersion: from, kind: object.kind })
  return new CodedError('NO_CONVERSION', { kind: object.kind, from, to: apiVersion, known: known.join(', ') })
}

const WORDS = {
  en: {
    lost: 'lost',
    changed: 'changed',
    kept: 'written down',
    gone: 'the target serves no version of this kind',
    'no-way': 'no conversion is known; left as it is',
    unknown: 'no built-in kind; left as it is',
  },
  'zh-CN': {
    lost: '丢失',
    changed: '改变',
    kept: '写明',
    gone: '目标集群不提供该类型的任何版本',
    'no-way': '没有已知的转换方式；保持原样',
    unknown: '非内置类型；保持原样',
  },
} as const

function explain({ object, from, outcome, notes }: Converted, language: Language): string[] {
  const words = WORDS[language]
  const who = describeRef({ ...refOf({ ...object, metadata: object.metadata ?? {} }), name: object.metadata?.name ?? object.metadata?.generateName ?? '?' })
  if (outcome === 'kept') return []
  if (outcome !== 'converted') return [`${who} (${from}): ${words[outcome]}`]
  return [`${who}: ${from} → ${object.apiVersion}`, ...notes.map(({ kind, path, reason }) => `  ${words[kind]} ${path}: ${reason}`)]
}
