/** `sallyport scale import FILE`: ScaledObjects as manifests that need no KEDA, and what is other then. */
import { type Command, Option } from 'commander'
import { isMap, parseAllDocuments } from 'yaml'
import { CodedError, EXIT, invalidInput, type Problem } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { manifestTexts } from '#kits/cli-kit/manifest-files.ts'
import { type Column, printTable } from '#kits/cli-kit/printers.ts'
import { type Difference, type Imported, importScaledObject } from '../domain/import-keda.ts'

export function addImport(scale: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  scale
    .command('import')
    .argument('<file...>', zh ? 'ScaledObject（keda.sh/v1alpha1）；- 表示标准输入' : 'ScaledObjects (keda.sh/v1alpha1); - is stdin')
    .description(
      zh ? '把 KEDA 的 ScaledObject 转为 HPA 与 CronHPA，并列出全部差异' : "KEDA's ScaledObjects as HPAs and CronHPAs, with everything that is other then",
    )
    .addOption(
      new Option('-o, --output <format>', zh ? 'yaml：清单，差异在注释中；table：差异' : 'yaml: manifests, differences as comments; table: differences')
        .choices(['yaml', 'json', 'table'])
        .default('yaml'),
    )
    .action(async (files: string[], { output }: { output: 'yaml' | 'json' | 'table' }) => {
      const { objects, differences } = await readScaledObjects(files, context.signal)
      if (output === 'json') context.out.write(`${JSON.stringify({ objects, differences }, undefined, 2)}\n`)
      else if (output === 'table') printTable(context, COLUMNS, differences)
      else {
        const { stringify } = await import('#kits/cli-kit/yaml.ts')
        for (const { object, path, kind, message } of differences) context.out.write(`# ${object} ${path}: ${kind}: ${message}\n`)
        context.out.write(objects.map((object) => stringify(object, { lineWidth: 0 })).join('---\n'))
      }
      const left = differences.filter(({ kind }) => kind === 'left out').length
      if (left === 0) return
      context.note(zh ? `${left} 个字段无法转换` : `${left} fields were left out`)
      context.exit(EXIT.partial)
    })
}

const COLUMNS: readonly Column<Difference>[] = [
  { header: 'OBJECT', value: ({ object }) => object },
  { header: 'FIELD', value: ({ path }) => path },
  { header: 'KIND', value: ({ kind }) => kind },
  { header: 'MESSAGE', value: ({ message }) => message },
]

/** Rejects with FILE_UNREADABLE, NOTHING_READ, INVALID_INPUT (all problems of all objects, with file and line). */
async function readScaledObjects(paths: readonly string[], signal: AbortSignal): Promise<Omit<Imported, 'problems'>> {
  const objects: KubeObject[] = []
  const differences: Difference[] = []
  const problems: Problem[] = []
  let documents = 0
  let found = 0
  for await (const { file, text } of manifestTexts(paths, signal))
    for (const document of parseAllDocuments(text)) {
      const line = text.slice(0, document.range?.[0] ?? 0).split('\n').length
      for (const error of document.errors) problems.push({ path: file, line: error.linePos?.[0].line ?? line, message: error.message.split('\n')[0]! })
      if (document.errors.length > 0 || !isMap(document.contents)) continue
      documents++
      const value = document.toJS({ maxAliasCount: 100 }) as KubeObject & { items?: KubeObject[] }
      for (const object of value.kind === 'List' && Array.isArray(value.items) ? value.items : [value]) {
        if (object?.kind !== 'ScaledObject' || object.apiVersion !== 'keda.sh/v1alpha1') continue
        found++
        if (typeof object.metadata?.name !== 'string') {
          problems.push({ path: `${file}: metadata.name`, line, message: 'is required' })
          continue
        }
        const imported = importScaledObject(object)
        objects.push(...imported.objects)
        differences.push(...imported.differences)
        problems.push(...imported.problems.map((problem) => ({ ...problem, line, path: `${file}: ${object.metadata.name}: ${problem.path}` })))
      }
    }
  if (problems.length > 0) throw invalidInput(problems)
  if (found === 0) throw new CodedError('NOTHING_READ', { lines: documents, format: 'ScaledObject' })
  return { objects, differences }
}
