/** `sallyport inspect -f FILE|DIR|-`: manifests against the checks, without a server and without a cluster. */
import { type Command, Option } from 'commander'
import { EXIT, invalidInput, type Problem } from '#core/kernel/errors.ts'
import { readManifests } from '#core/kube/manifests.ts'
import { atLeast, SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { manifestTexts } from '#kits/cli-kit/manifest-files.ts'
import { type Column, printTable } from '#kits/cli-kit/printers.ts'
import { inspection } from '../capability.ts'
import { CHECKS, checksNamed } from '../domain/catalog.ts'
import { type InspectionFinding, inspect } from '../domain/inspect.ts'
import type { Item } from '../domain/inventory.ts'

interface InspectOptions {
  filename: string[]
  check: string[]
  output: 'table' | 'wide' | 'json' | 'ndjson'
  failOn?: Severity
}

const repeat = (value: string, before: string[]) => [...before, value]

export function addInspect(program: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  program
    .command('inspect')
    .description(inspection.summary[context.language])
    .requiredOption(
      '-f, --filename <path>',
      zh ? '清单文件或目录；- 表示标准输入；可重复' : 'manifests: a file or folder; - is stdin; may be given several times',
      repeat,
      [],
    )
    .option(
      '--check <id>',
      zh ? '只运行该检查（我们的或其他工具的 id）；可重复' : 'only this check, by our id or by that of another tool; may be given several times',
      repeat,
      [],
    )
    .addOption(new Option('-o, --output <format>', zh ? '输出格式' : 'output format').choices(['table', 'wide', 'json', 'ndjson']).default('table'))
    .addOption(
      new Option('--fail-on <severity>', zh ? '发现该级别或更高级别的问题时以 3 退出' : 'exit with 3 when a finding is at least this severe').choices(
        SEVERITIES,
      ),
    )
    .action(async (options: InspectOptions) => {
      const checks = options.check.length === 0 ? { ok: true as const, value: CHECKS } : checksNamed(options.check)
      if (!checks.ok) throw invalidInput(checks.error.map((problem) => ({ ...problem, path: `--check ${problem.path}` })))
      const { items, problems } = await readItems(options.filename, context)
      const result = inspect(items, checks.value)
      print(result.findings, { objects: result.objects, checks: result.checks, unread: problems.length }, options.output, context)
      if (options.failOn !== undefined && result.findings.some(({ severity }) => atLeast(severity, options.failOn!))) context.exit(EXIT.findings)
      if (problems.length > 0) {
        for (const { path, line, message } of problems) context.note(`${path}${line === undefined ? '' : `:${line}`}: ${message}`)
        context.exit(EXIT.partial)
      } else if (result.objects === 0) {
        context.note(zh ? '没有可检查的对象。' : 'There was no object to inspect.')
        context.exit(EXIT.partial)
      }
    })
}

const TEMPLATE = /\{\{.*\}\}/s

/** Objects of all files; what cannot be read is listed and the rest goes on. Rejects with FILE_UNREADABLE, TOO_LARGE. */
async function readItems(paths: readonly string[], context: CliContext): Promise<{ items: Item[]; problems: Problem[] }> {
  const items: Item[] = []
  const problems: Problem[] = []
  for await (const { file, text } of manifestTexts(paths, context.signal)) {
    const read = readManifests(text)
    if (read.ok) for (const { object, line } of read.value) items.push({ object, file, line })
    else if (TEMPLATE.test(text))
      problems.push({
        path: file,
        message:
          context.language === 'zh-CN'
            ? '是 Helm 模板：请先用 helm template 渲染，再用管道传入'
            : 'is a Helm template: render it with `helm template` and pipe that in',
      })
    else problems.push(...read.error.map((problem) => ({ ...problem, path: problem.path === '' ? file : `${file} ${problem.path}` })))
  }
  return { items, problems }
}

const COLUMNS = (zh: boolean): readonly Column<InspectionFinding>[] => [
  { header: 'SEVERITY', value: ({ severity }) => severity, tone: ({ severity }) => (atLeast(severity, 'error') ? 'error' : 'warning') },
  { header: 'CHECK', value: ({ check }) => check },
  { header: 'OBJECT', value: ({ object }) => object },
  { header: 'WHAT', value: ({ what }) => what, flexible: true },
  { header: 'PATH', value: ({ path }) => path, flexible: true },
  { header: 'MESSAGE', value: ({ message }) => message[zh ? 'zh-CN' : 'en'], flexible: true },
  { header: 'FILE', value: ({ file, line }) => `${file}:${line}`, wide: true },
  { header: 'ALIASES', value: ({ aliases }) => aliases.join(','), wide: true },
]

interface Coverage {
  objects: number
  checks: number
  /** Problems with input that could not be read. */
  unread: number
}

function print(findings: readonly InspectionFinding[], coverage: Coverage, output: InspectOptions['output'], context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const spoken = findings.map(({ message, ...finding }) => ({ ...finding, message: message[zh ? 'zh-CN' : 'en'] }))
  const counts = Object.fromEntries(SEVERITIES.map((severity) => [severity, findings.filter((finding) => finding.severity === severity).length]))
  switch (output) {
    case 'ndjson':
      for (const finding of spoken) context.out.write(`${JSON.stringify(finding)}\n`)
      return
    case 'json':
      context.out.write(`${JSON.stringify({ complete: coverage.unread === 0 && coverage.objects > 0, ...coverage, counts, findings: spoken }, undefined, 2)}\n`)
      return
    default: {
      if (findings.length > 0) printTable(context, COLUMNS(zh), findings, { wide: output === 'wide' })
      const summary = SEVERITIES.toReversed()
        .map((severity) => `${counts[severity]} ${severity}`)
        .join(', ')
      context.note(
        zh ? `${coverage.objects} 个对象，${coverage.checks} 项检查：${summary}` : `${coverage.objects} objects, ${coverage.checks} checks: ${summary}`,
      )
    }
  }
}
