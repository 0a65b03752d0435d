/** `sallyport inspect [-f FILE|DIR|-]`: manifests or a cluster against the checks. */
import { readFile, writeFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { z } from 'zod'
import { parseDuration } from '#core/kernel/duration.ts'
import { EXIT, invalidInput, type Problem } from '#core/kernel/errors.ts'
import { parseInput } from '#core/kernel/problems.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { atLeast, SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import { readYaml } from '#core/yaml/read.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type Column, printTable } from '#kits/cli-kit/printers.ts'
import { stringify } from '#kits/cli-kit/yaml.ts'
import { inspection } from '../capability.ts'
import { checksNamed, checksOf, PROFILES, type Profile, withVulnerabilities } from '../domain/catalog.ts'
import { celCheckFile, compileCelChecks } from '../domain/cel-checks.ts'
import type { InspectionCheck } from '../domain/check.ts'
import { type InspectionFinding, inspect, objectName } from '../domain/inspect.ts'
import type { Settings } from '../domain/inventory.ts'
import { annotated, baselineFile, fingerprint, type Suppression, sinceBaseline, suppress, suppressionFile } from '../domain/known.ts'
import { basisText, countsOf, fails, html, junit, markdown, type Report, sarif, spoken } from '../domain/reports.ts'
import { type Vulnerability, vulnerabilityFile } from '../domain/vulnerabilities.ts'
import { apiStates, readCluster } from '../sources/cluster.ts'
import { fixCluster, undoCluster, undoObjects } from './fix-cluster.ts'
import { fixFiles, undoFix } from './fix-files.ts'
import { serverMetrics } from './server-metrics.ts'
import { type Files, readFiles } from './sources.ts'

const OUTPUTS = ['table', 'wide', 'json', 'ndjson', 'yaml', 'html', 'sarif', 'junit', 'markdown'] as const

interface InspectOptions {
  filename: string[]
  kubeconfig?: string
  context?: string
  namespace?: string
  cluster: string
  /** ms */
  usage?: number
  targetVersion?: number
  check: string[]
  checks?: string
  profile?: Profile
  settings?: string
  cveData?: string
  suppressions?: string
  baseline?: string
  writeBaseline?: string
  fix?: true
  dryRun?: true
  undoFile?: string
  undo?: string
  /** ms */
  timeout: number
  output: (typeof OUTPUTS)[number]
  failOn?: Severity
}

const repeat = (value: string, before: string[]) => [...before, value]

export function addInspect(program: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const say = (en: string, chinese: string) => (zh ? chinese : en)
  program
    .command('inspect')
    .description(inspection.summary[context.language])
    .option(
      '-f, --filename <path>',
      say('manifests: a file or folder; - is stdin; may be given several times', '清单文件或目录；- 表示标准输入；可重复'),
      repeat,
      [],
    )
    .option('--kubeconfig <file>', say('without -f: the cluster to inspect, as kubectl finds it', '不带 -f 时：要检查的集群（同 kubectl）'))
    .option('--context <name>', say('context of the kubeconfig', 'kubeconfig 的上下文'))
    .option('-n, --namespace <name>', say('of the cluster, only this namespace', '仅检查集群的该命名空间'))
    .option(
      '--usage <duration>',
      say(
        'right sizes by what containers used so long, by the metrics that the server (--server) keeps; else by what they use now',
        '按服务器（--server）保存的指标、以该时长内的用量推算合适的资源大小；否则按当前用量',
      ),
      duration,
    )
    .option('--cluster <name>', say('with --usage: the name of the cluster in the server', '配合 --usage：集群在服务器中的名称'), 'local')
    .option(
      '--target-version <version>',
      say('tell what is gone in this version of Kubernetes, such as 1.36', '报告在该 Kubernetes 版本（如 1.36）中已移除的 API'),
      minor,
    )
    .option(
      '--check <id>',
      say('only this check, by our id or by that of another tool; may be given several times', '只运行该检查（我们的或其他工具的 id）；可重复'),
      repeat,
      [],
    )
    .option('--checks <file>', say('checks of your own, in CEL; they run beside the others', '自定义 CEL 检查（与其他检查一同运行）'))
    .addOption(
      new Option('--profile <name>', say('which checks: what is recommended, all, or those of another tool', '检查集合：推荐、全部，或其他工具的检查')).choices(
        PROFILES,
      ),
    )
    .option(
      '--settings <file>',
      say('lists that checks go by (registries, secret words …), also in the form of Kubescape', '检查所用列表（镜像仓库、敏感词等），兼容 Kubescape 格式'),
    )
    .option('--cve-data <file>', say('newer data of known vulnerabilities; it replaces built-in entries of the same ids', '更新的漏洞数据；同 id 覆盖内置条目'))
    .option('--suppressions <file>', say('findings to live with: check, object, reason, until', '可忽略的问题：check、object、reason、until'))
    .option('--baseline <file>', say('tell only what is new since this baseline', '只报告相对基线新增的问题'))
    .option('--write-baseline <file>', say('write all open findings as a baseline', '将当前全部问题写为基线'))
    .option(
      '--fix',
      say(
        'edit the files in place, or patch the cluster (shows what changed; guesses only for checks named by --check)',
        '就地修复文件，或修改集群对象（显示改动；推测值仅用于 --check 指定的检查）',
      ),
    )
    .option('--dry-run', say('with --fix: show the changes, write nothing', '配合 --fix：只显示改动'))
    .option('--undo-file <file>', say('with --fix: where to keep what was there before', '配合 --fix：保存原内容的文件'))
    .option(
      '--timeout <duration>',
      say('with --fix of a cluster: how long a rollout may take before it is taken back', '修复集群时：发布超过该时长即自动还原'),
      duration,
      300_000,
    )
    .option('--undo <file>', say('take back what a --fix changed', '撤销某次 --fix'))
    .addOption(new Option('-o, --output <format>', say('output format', '输出格式')).choices(OUTPUTS).default('table'))
    .addOption(
      new Option('--fail-on <severity>', say('exit with 3 when an open finding is at least this severe', '发现该级别或更高级别的问题时以 3 退出')).choices(
        SEVERITIES,
      ),
    )
    .action((options: InspectOptions) => run(options, context))
}

async function run(options: InspectOptions, context: CliContext): Promise<void> {
  const zh = context.language === 'zh-CN'
  if (options.undo !== undefined) return told(await takeBackAll(options.undo, options, context), context)
  const isLive = options.filename.length === 0
  const unanswered: Problem[] = []
  const mine = options.checks === undefined ? [] : await ownChecks(options.checks, (problem) => void unanswered.push(problem))
  const builtIn = choose(options, withVulnerabilities(options.cveData === undefined ? [] : await vulnerabilitiesOf(options.cveData)))
  const chosen = [...builtIn, ...mine]
  const settings = options.settings === undefined ? {} : settingsOf(await fileData(options.settings, '--settings'), options.settings)
  const listed = options.suppressions === undefined ? [] : await suppressionsOf(options.suppressions)
  const baseline = options.baseline === undefined ? undefined : await baselineOf(options.baseline)

  const cluster = isLive ? await openCluster(options, context) : undefined
  let found = cluster ? await fromCluster(cluster, options, context) : undefined
  let files: Files = found ? { items: [], texts: new Map(), problems: found.problems } : await readFiles(options.filename, context)
  const problems: Problem[] = []
  if (options.fix) {
    const named = new Set(options.check.length > 0 ? builtIn.map(({ id }) => id) : [])
    const undo = options.undoFile ?? `sallyport-undo-${new Date(context.clock.now()).toISOString().replace(/[:.]/g, '-')}.json`
    const dryRun = options.dryRun === true
    if (cluster && found) {
      const { namespace, timeout: timeoutMs } = options
      problems.push(...(await fixCluster(cluster, found.items, chosen, { dryRun, undo, named, settings, namespace, timeoutMs }, context)))
      if (!dryRun) found = await fromCluster(cluster, options, context)
    } else {
      problems.push(...(await fixFiles(files, chosen, { dryRun, undo, named, settings }, context)))
      if (!dryRun && !options.filename.includes('-')) files = await readFiles(options.filename, context)
    }
  }

  const items = found?.items ?? files.items
  const around = found
    ? { ...found.around, settings: { ...found.around.settings, ...settings } }
    : { settings, ...(options.targetVersion === undefined ? {} : { apiState: await apiStates(options.targetVersion) }) }
  unanswered.length = 0
  const result = inspect(items, chosen, around)
  const unread = [...files.problems, ...unanswered]
  // Of one namespace, cluster-wide objects were read to understand it, not to judge them.
  const inside = (finding: InspectionFinding) => !isLive || options.namespace === undefined || finding.object.split(' ')[1]!.startsWith(`${options.namespace}/`)
  const own = annotated(items, objectName)
  const {
    open,
    suppressed,
    problems: ended,
  } = suppress(result.findings.filter(inside), [...listed, ...own.suppressions], new Date(context.clock.now()).toISOString().slice(0, 10))
  for (const { path, message } of [...own.problems, ...ended]) context.note(`${path}: ${message}`)
  if (options.writeBaseline !== undefined)
    await writeFile(options.writeBaseline, `${JSON.stringify({ version: 1, findings: open.map(fingerprint).sort() }, undefined, 1)}\n`)
  const since = baseline === undefined ? undefined : sinceBaseline(open, baseline)
  const findings = since?.fresh ?? open
  const report: Report = {
    complete: unread.length === 0 && result.objects > 0 && chosen.length > 0,
    coverage: { objects: result.objects, checks: result.checks, unread, ...(found ? { kinds: found.kinds, usage: found.usage } : {}) },
    counts: countsOf(findings),
    findings,
    suppressed,
    ...(since ? { known: since.known, gone: since.gone } : {}),
  }
  if (!(options.fix && ['table', 'wide'].includes(options.output))) print(report, chosen, options.output, context)
  else note(report, context)
  if (fails(report, options.failOn)) context.exit(EXIT.findings)
  told([...unread, ...problems], context)
  if (result.objects === 0) {
    context.note(zh ? '没有可检查的对象。' : 'There was no object to inspect.')
    context.exit(EXIT.partial)
  }
}

const openCluster = ({ kubeconfig, context: name }: InspectOptions, context: CliContext): Promise<Cluster> =>
  context.cluster({ ...(kubeconfig === undefined ? {} : { kubeconfig }), ...(name === undefined ? {} : { context: name }) })

/** Of files, or of objects of a cluster: the undo file says which. */
async function takeBackAll(path: string, options: InspectOptions, context: CliContext): Promise<Problem[]> {
  const objects = undoObjects.safeParse(await fileData(path, '--undo'))
  return objects.success ? undoCluster(await openCluster(options, context), objects.data, context) : undoFix(path, context)
}

async function fromCluster(cluster: Cluster, { namespace, targetVersion, usage, cluster: name }: InspectOptions, context: CliContext) {
  const label = context.language === 'zh-CN' ? '读取集群对象' : 'Reading objects of the cluster'
  let progress: ReturnType<CliContext['progress']> | undefined
  try {
    return await readCluster(cluster, {
      ...(namespace === undefined ? {} : { namespace }),
      ...(targetVersion === undefined ? {} : { target: targetVersion }),
      now: context.clock.now(),
      ...(usage === undefined ? {} : { metrics: { source: serverMetrics(context.api, name), window: usage, asked: true } }),
      onProgress(done, total) {
        progress ??= context.progress({ label, total, unit: 'items' })
        progress.update(done)
      },
    })
  } finally {
    progress?.[Symbol.dispose]()
  }
}

function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('a duration such as 5m')
  return ms
}

/** `1.36` → 36. */
function minor(text: string): number {
  const found = /^v?1\.(\d{1,3})(?:\.\d+)?$/.exec(text)
  if (!found) throw new InvalidArgumentError('a version such as 1.36')
  return Number(found[1])
}

/** What could not be done, and that it is not complete. */
function told(problems: readonly Problem[], context: CliContext): void {
  for (const { path, line, message } of problems) context.note(`${path}${line === undefined ? '' : `:${line}`}: ${message}`)
  if (problems.length > 0) context.exit(EXIT.partial)
}

function choose({ check, profile }: InspectOptions, all: readonly InspectionCheck[]): readonly InspectionCheck[] {
  if (check.length === 0) return checksOf(profile ?? 'recommended', all)
  const named = checksNamed(check, all)
  if (!named.ok) throw invalidInput(named.error.map((problem) => ({ ...problem, path: `--check ${problem.path}` })))
  return named.value
}

const MOST = 16 << 20

/** The data of a YAML or JSON file that an option names. */
async function fileData(path: string, option: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw invalidInput([{ path: option, message: (error as Error).message }])
  })
  const read = readYaml(text, MOST)
  if (!read.ok) throw invalidInput(read.error.map((problem) => ({ ...problem, path: `${option} ${path}` })))
  return read.value.documents[0]?.data
}

const lists = z.record(z.string(), z.array(z.coerce.string().max(1000)).max(10_000))

/** Ours is a map of lists; Kubescape has it below `postureControlInputs` (and `settings`). */
function settingsOf(data: unknown, path: string): Settings {
  const inner = (value: unknown, key: string): unknown =>
    typeof value === 'object' && value !== null && key in value ? (value as Record<string, unknown>)[key] : value
  const read = parseInput(lists, inner(inner(data, 'settings'), 'postureControlInputs'))
  if (!read.ok) throw invalidInput(read.error.map((problem) => ({ ...problem, path: `--settings ${path} ${problem.path}` })))
  return read.value
}

/** Checks in CEL; what they cannot answer is told to `onUnknown`. */
async function ownChecks(path: string, onUnknown: (problem: Problem) => void): Promise<readonly InspectionCheck[]> {
  const read = parseInput(celCheckFile, await fileData(path, '--checks'))
  const checks = read.ok ? compileCelChecks(read.value.checks, onUnknown) : read
  if (!checks.ok) throw invalidInput(checks.error.map((problem) => ({ ...problem, path: `--checks ${path} ${problem.path}` })))
  return checks.value
}

async function vulnerabilitiesOf(path: string): Promise<readonly Vulnerability[]> {
  const read = parseInput(vulnerabilityFile, await fileData(path, '--cve-data'))
  if (!read.ok) throw invalidInput(read.error.map((problem) => ({ ...problem, path: `--cve-data ${path} ${problem.path}` })))
  return read.value.vulnerabilities
}

async function suppressionsOf(path: string): Promise<Suppression[]> {
  const read = parseInput(suppressionFile, await fileData(path, '--suppressions'))
  const wrong = read.ok
    ? read.value.suppressions.flatMap(({ check }, i) =>
        checksNamed([check]).ok ? [] : [{ path: `suppressions[${i}].check`, message: `no check is ${check}` }],
      )
    : read.error
  if (!read.ok || wrong.length > 0) throw invalidInput(wrong.map((problem) => ({ ...problem, path: `--suppressions ${path} ${problem.path}` })))
  return read.value.suppressions.map((entry, i) => ({ ...entry, from: `${path} suppressions[${i}]` }))
}

async function baselineOf(path: string): Promise<readonly string[]> {
  const read = parseInput(baselineFile, await fileData(path, '--baseline'))
  if (!read.ok) throw invalidInput(read.error.map((problem) => ({ ...problem, path: `--baseline ${path} ${problem.path}` })))
  return read.value.findings
}

const COLUMNS = (zh: boolean): readonly Column<InspectionFinding>[] => [
  { header: 'SEVERITY', value: ({ severity }) => severity, tone: ({ severity }) => (atLeast(severity, 'error') ? 'error' : 'warning') },
  { header: 'CHECK', value: ({ check }) => check },
  { header: 'OBJECT', value: ({ object }) => object },
  { header: 'WHAT', value: ({ what }) => what, flexible: true },
  { header: 'PATH', value: ({ path }) => path, flexible: true },
  { header: 'MESSAGE', value: ({ message }) => message[zh ? 'zh-CN' : 'en'], flexible: true },
  { header: 'FILE', value: ({ file, line }) => (file === '' ? undefined : `${file}:${line}`), wide: true },
  { header: 'ALIASES', value: ({ aliases }) => aliases.join(','), wide: true },
]

function print(report: Report, checks: readonly InspectionCheck[], output: InspectOptions['output'], context: CliContext): void {
  const { out, language } = context
  switch (output) {
    case 'ndjson':
      for (const finding of spoken(report, language).findings) out.write(`${JSON.stringify(finding)}\n`)
      return
    case 'json':
      out.write(`${JSON.stringify(spoken(report, language), undefined, 2)}\n`)
      return
    case 'yaml':
      out.write(stringify(spoken(report, language), { aliasDuplicateObjects: false }))
      return
    case 'sarif':
      out.write(sarif(report, checks, language))
      return
    case 'junit':
      out.write(junit(report, checks, language))
      return
    case 'markdown':
      out.write(markdown(report, language))
      return
    case 'html':
      out.write(html(report, language))
      return
    default:
      if (report.findings.length > 0) printTable(context, COLUMNS(language === 'zh-CN'), report.findings, { wide: output === 'wide' })
      note(report, context)
  }
}

function note({ coverage, counts, suppressed, known, gone }: Report, { language, note: say }: Pick<CliContext, 'language' | 'note'>): void {
  const zh = language === 'zh-CN'
  const summary = SEVERITIES.toReversed()
    .map((severity) => `${counts[severity]} ${severity}`)
    .join(', ')
  say(zh ? `${coverage.objects} 个对象，${coverage.checks} 项检查：${summary}` : `${coverage.objects} objects, ${coverage.checks} checks: ${summary}`)
  if (coverage.usage !== undefined) say(basisText(coverage.usage, language))
  if (suppressed.length > 0) say(zh ? `${suppressed.length} 项已忽略` : `${suppressed.length} suppressed`)
  if (known !== undefined) say(zh ? `相对基线：${known} 项已知，${gone} 项已消失` : `against the baseline: ${known} known, ${gone} gone`)
}
