/** `sallyport rules check|test|backtest`: rule files of Prometheus, the first two offline. */
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { parseDuration } from '#core/kernel/duration.ts'
import { EXIT, fileUnreadable, invalidInput, type Problem } from '#core/kernel/errors.ts'
import type { CliContext, CliDoor } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import type { Backtest } from '../domain/rules/backtest.ts'
import { type RuleGroup, readRuleFile } from '../domain/rules/read.ts'
import { readTestFile, runTests } from '../domain/rules/unit-test.ts'

export const door: CliDoor = (program, context) => {
  const zh = context.language === 'zh-CN'
  const rules = program.command('rules').description(zh ? '检查、测试和回测规则' : 'check, test and back-test rules')
  rules
    .command('check <file...>')
    .description(zh ? '离线检查规则文件，列出所有问题及行号' : 'everything that is wrong with rule files, with lines; offline')
    .action((files: string[]) => check(context, files))
  rules
    .command('test <file...>')
    .description(zh ? '运行 promtool 格式的规则单元测试；离线' : "run unit tests in promtool's format; offline")
    .action((files: string[]) => test(context, files))
  addBacktest(rules, context)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw fileUnreadable(path, error)
  }
}

/** `FILE:LINE: FIELD: what` */
const problemLine = (file: string, { path, message, line, suggestion }: Problem) =>
  `${file}${line === undefined ? '' : `:${line}`}: ${path === '' ? '' : `${path}: `}${message}${suggestion === undefined ? '' : ` (did you mean "${suggestion}"?)`}\n`

function check(context: CliContext, files: readonly string[]): void {
  for (const file of files) {
    const found = readRuleFile(read(file), file)
    if (found.ok) context.out.write(`${file}: ${found.value.length} groups, ${found.value.reduce((sum, { rules }) => sum + rules.length, 0)} rules\n`)
    else {
      for (const problem of found.error) context.out.write(problemLine(file, problem))
      context.exit(EXIT.findings)
    }
  }
}

async function test(context: CliContext, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const tests = readTestFile(read(file))
    const problems = tests.ok ? [] : tests.error.map((problem) => problemLine(file, problem))
    const groups: RuleGroup[] = []
    for (const name of tests.ok ? tests.value.rule_files : []) {
      // Relative to the test, as promtool reads them.
      const path = resolve(dirname(file), name)
      const found = readRuleFile(read(path), path, tests.ok ? tests.value.evaluation_interval : undefined)
      if (found.ok) groups.push(...found.value)
      else problems.push(...found.error.map((problem) => problemLine(join(dirname(file), name), problem)))
    }
    const failures = problems.length > 0 || !tests.ok ? problems : (await runTests(tests.value, groups)).map((failure) => `${file}: ${failure}\n`)
    for (const failure of failures) context.out.write(failure)
    if (failures.length > 0) context.exit(EXIT.findings)
    else context.out.write(`${file}: ${tests.ok ? tests.value.tests.length : 0} tests passed\n`)
  }
}

interface BacktestAnswer {
  start: number
  end: number
  step: number
  results: Backtest[]
}
interface Line {
  alert: string
  labels: string
  fired: string
  lasted: string
}

function addBacktest(rules: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const command = rules
    .command('backtest <file>')
    .description(zh ? '这些告警在已存储的历史中何时会触发' : 'when the alerts of a file would have fired in the stored past')
    .option('--since <duration>', zh ? '回看多久' : 'how far back', '1d')
    .option('--cluster <name>', zh ? '集群' : 'cluster', 'local')
  outputOptions(command).action(async (file: string, options: OutputOptions & { since: string; cluster: string }) => {
    const since = parseDuration(options.since)
    if (!since) throw invalidInput([{ path: '--since', message: `"${options.since}" is no duration; write 6h, 7d` }])
    const end = context.clock.now()
    const body = { rules: read(file), start: end - since, end }
    const answer = await context.api.send<BacktestAnswer>('POST', `/clusters/${encodeURIComponent(options.cluster)}/metrics/backtest`, body)
    for (const { alert, unmatched, error } of answer.results) {
      if (error !== undefined) context.note(`${alert}: ${error}`)
      for (const selector of unmatched) context.note(zh ? `${alert}：没有序列匹配 ${selector}` : `${alert}: no series matches ${selector}`)
      // What could not be looked at is not known to be quiet.
      if (error !== undefined || unmatched.length > 0) context.exit(EXIT.partial)
    }
    await printData(context, options, answer, {
      rows: ({ results }: BacktestAnswer) => results.flatMap(linesOf),
      columns: [
        { header: 'ALERT', value: ({ alert }: Line) => alert },
        { header: 'FIRED', value: ({ fired }: Line) => fired },
        { header: 'LASTED', value: ({ lasted }: Line) => lasted, align: 'right' },
        { header: 'LABELS', value: ({ labels }: Line) => labels, flexible: true },
      ],
    })
  })
}

const linesOf = ({ alert, episodes }: Backtest): Line[] =>
  episodes.length === 0
    ? [{ alert, fired: 'never', lasted: '', labels: '' }]
    : episodes.map(({ labels, firedAt, endedAt }) => ({
        alert,
        fired: new Date(firedAt).toISOString(),
        lasted: endedAt === undefined ? 'still' : `${Math.round((endedAt - firedAt) / 1000)}s`,
        labels: Object.entries(labels)
          .filter(([name]) => name !== 'alertname')
          .map(([name, value]) => `${name}=${value}`)
          .join(','),
      }))
