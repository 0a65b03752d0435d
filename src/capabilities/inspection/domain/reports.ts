/** An inspection as text: for pipelines (SARIF 2.1.0, JUnit), for people (HTML, Markdown). Each says what could not be looked at. */
import type { Language, Problem } from '#core/kernel/errors.ts'
import { atLeast, SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import type { UsageBasis } from './api.ts'
import type { InspectionCheck } from './check.ts'
import type { InspectionFinding } from './inspect.ts'
import type { Suppressed } from './known.ts'

export interface Coverage {
  objects: number
  checks: number
  /** Input that could not be read: files, or kinds of a cluster. */
  unread: readonly Problem[]
  /** Kinds that were listed and that could not be; only of a cluster. */
  kinds?: { read: number; unread: number }
  usage?: UsageBasis
}

/** What right sizes rest on. */
export const basisText = (usage: UsageBasis, language: Language): string => {
  const zh = language === 'zh-CN'
  if (usage === 'unknown') return zh ? '合适的资源大小：未知（没有容器指标）' : 'right sizes: unknown, nobody measures containers'
  if (usage === 'moment') return zh ? '合适的资源大小：按当前用量（metrics.k8s.io）' : 'right sizes: by what is used at the moment (metrics.k8s.io)'
  const days = Math.round(usage / 8_640_000) / 10
  return zh ? `合适的资源大小：按 ${days} 天的指标` : `right sizes: by ${days} days of metrics`
}

export interface Report {
  complete: boolean
  coverage: Coverage
  counts: Readonly<Record<Severity, number>>
  findings: readonly InspectionFinding[]
  suppressed: readonly Suppressed[]
  /** Against a baseline. */
  known?: number
  gone?: number
}

export const countsOf = (findings: readonly InspectionFinding[]): Record<Severity, number> =>
  Object.fromEntries(SEVERITIES.map((severity) => [severity, findings.filter((one) => one.severity === severity).length])) as Record<Severity, number>

/** Where the check is explained, in the repository. */
const docsOf = (check: string, language: Language): string => `docs/look-up/checks${language === 'zh-CN' ? '.zh-CN' : ''}.md#${check}`

/** As JSON: the texts in one language. */
export function spoken(report: Report, language: Language) {
  const said = ({ message, ...finding }: InspectionFinding) => ({ ...finding, message: message[language], docs: docsOf(finding.check, language) })
  return {
    complete: report.complete,
    objects: report.coverage.objects,
    checks: report.coverage.checks,
    ...(report.coverage.kinds ? { kinds: report.coverage.kinds } : {}),
    ...(report.coverage.usage === undefined ? {} : { usage: report.coverage.usage }),
    unread: report.coverage.unread,
    counts: report.counts,
    ...(report.known === undefined ? {} : { known: report.known, gone: report.gone }),
    suppressed: report.suppressed.map(({ finding, reason, until }) => ({ check: finding.check, object: finding.object, path: finding.path, reason, until })),
    findings: report.findings.map(said),
  }
}

const LEVEL: Readonly<Record<Severity, string>> = { advice: 'note', warning: 'warning', error: 'error', critical: 'error' }
const RANK: Readonly<Record<Severity, string>> = { advice: '2.0', warning: '5.0', error: '8.0', critical: '9.5' }

/** https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function sarif(report: Report, checks: readonly InspectionCheck[], language: Language): string {
  const rules = checks.map(({ id, severity, message, aliases, category }) => ({
    id,
    help: { text: docsOf(id, language) },
    shortDescription: { text: message[language] },
    defaultConfiguration: { level: LEVEL[severity] },
    properties: { tags: [category, ...aliases], 'security-severity': RANK[severity] },
  }))
  const index = new Map(checks.map(({ id }, i) => [id, i]))
  const result = (finding: InspectionFinding, suppressed?: Suppressed) => ({
    ruleId: finding.check,
    ruleIndex: index.get(finding.check),
    level: LEVEL[finding.severity],
    message: { text: `${finding.object}: ${finding.message[language]}${finding.what === undefined ? '' : ` (${finding.what})`}` },
    locations: [
      {
        ...(finding.file === ''
          ? {}
          : { physicalLocation: { artifactLocation: { uri: encodeURI(finding.file) }, region: { startLine: Math.max(1, finding.line) } } }),
        logicalLocations: [{ name: finding.object, fullyQualifiedName: `${finding.object} ${finding.path}`, kind: 'object' }],
      },
    ],
    ...(suppressed ? { suppressions: [{ kind: 'external', justification: `${suppressed.reason} (until ${suppressed.until})` }] } : {}),
  })
  return `${JSON.stringify(
    {
      $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'sallyport inspect', rules } },
          invocations: [
            {
              executionSuccessful: report.complete,
              toolExecutionNotifications: report.coverage.unread.map((problem) => ({ level: 'error', message: { text: sentence(problem) } })),
            },
          ],
          properties: { objects: report.coverage.objects, checks: report.coverage.checks },
          results: [...report.findings.map((finding) => result(finding)), ...report.suppressed.map((one) => result(one.finding, one))],
        },
      ],
    },
    undefined,
    2,
  )}\n`
}

const sentence = ({ path, line, message }: Problem): string => `${path}${line === undefined ? '' : `:${line}`}: ${message}`
/** Also takes away what XML 1.0 cannot hold. */
const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`)

/** A test case for each check; an incomplete run has one that is an error. */
export function junit(report: Report, checks: readonly InspectionCheck[], language: Language): string {
  const byCheck = Map.groupBy(report.findings, ({ check }) => check)
  const cases = checks.map(({ id, category, message }) => {
    const found = byCheck.get(id) ?? []
    const failures = found.map(
      ({ object, path, what, file, line, severity }) =>
        `    <failure type="${severity}" message="${escaped(`${object} ${path}`)}">${escaped(`${message[language]}${what === undefined ? '' : ` (${what})`} ${file === '' ? '' : `${file}:${line}`}`)}</failure>\n`,
    )
    return `  <testcase classname="${category}" name="${escaped(id)}"${failures.length === 0 ? '/>' : `>\n${failures.join('')}  </testcase>`}`
  })
  const wrong = report.complete
    ? []
    : [
        `  <testcase classname="coverage" name="complete">\n    <error message="incomplete">${escaped(report.coverage.unread.map(sentence).join('\n') || 'nothing was inspected')}</error>\n  </testcase>`,
      ]
  const failed = checks.filter(({ id }) => byCheck.has(id)).length
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="sallyport inspect" tests="${checks.length + wrong.length}" failures="${failed}" errors="${wrong.length}">\n${[...wrong, ...cases].join('\n')}\n</testsuite>\n`
}

const WORDS = {
  en: {
    title: 'Inspection',
    objects: 'objects',
    checks: 'checks',
    complete: 'complete',
    incomplete: 'INCOMPLETE: not everything could be looked at',
    none: 'No findings.',
    suppressed: 'suppressed',
    columns: ['Severity', 'Object', 'What is wrong', 'Where', 'Check'],
  },
  'zh-CN': {
    title: '巡检报告',
    objects: '个对象',
    checks: '项检查',
    complete: '完整',
    incomplete: '不完整：部分内容无法检查',
    none: '未发现问题。',
    suppressed: '项已忽略',
    columns: ['级别', '对象', '问题', '位置', '检查'],
  },
} as const

const summary = (report: Report, language: Language): string => {
  const words = WORDS[language]
  const counts = SEVERITIES.toReversed().map((severity) => `${report.counts[severity]} ${severity}`)
  return `${report.coverage.objects} ${words.objects}, ${report.coverage.checks} ${words.checks}; ${counts.join(', ')}; ${report.suppressed.length} ${words.suppressed}; ${report.coverage.usage === undefined ? '' : `${basisText(report.coverage.usage, language)}; `}${report.complete ? words.complete : words.incomplete}`
}
const where = ({ path, file, line }: InspectionFinding): string => [path, file === '' ? '' : `${file}:${line}`].filter((text) => text !== '').join(' · ')
const wrong = ({ message, what }: InspectionFinding, language: Language): string => `${message[language]}${what === undefined ? '' : ` (${what})`}`

export function markdown(report: Report, language: Language): string {
  const words = WORDS[language]
  const cell = (text: string) => text.replace(/[\\|`*_<>[\]]/g, '\\$&').replace(/\s+/g, ' ')
  const rows = report.findings.map(
    (finding) => `| ${[finding.severity, finding.object, wrong(finding, language), where(finding), finding.check].map(cell).join(' | ')} |`,
  )
  const table = rows.length === 0 ? words.none : [`| ${words.columns.join(' | ')} |`, `|${words.columns.map(() => '---').join('|')}|`, ...rows].join('\n')
  return `# ${words.title}\n\n${summary(report, language)}\n${report.coverage.unread.map((problem) => `\n- ${cell(sentence(problem))}`).join('')}\n\n${table}\n`
}

const COLOR: Readonly<Record<Severity, string>> = { critical: '#b42318', error: '#b54708', warning: '#7a5c00', advice: '#475467' }

/** One file without scripts and without anything from elsewhere. */
export function html(report: Report, language: Language): string {
  const words = WORDS[language]
  const rows = report.findings.map(
    (finding) =>
      `<tr><td style="color:${COLOR[finding.severity]}">${finding.severity}</td>${[finding.object, wrong(finding, language), where(finding), finding.check].map((text) => `<td>${escaped(text)}</td>`).join('')}</tr>`,
  )
  const unread = report.coverage.unread.map((problem) => `<li>${escaped(sentence(problem))}</li>`)
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${words.title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:90rem;padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #8884}td:nth-child(1){font-weight:600}td:nth-child(4){font-family:ui-monospace,monospace;font-size:13px;overflow-wrap:anywhere}</style></head>
<body><h1>${words.title}</h1><p>${escaped(summary(report, language))}</p>${unread.length === 0 ? '' : `<ul>${unread.join('')}</ul>`}
${rows.length === 0 ? `<p>${words.none}</p>` : `<table><thead><tr>${words.columns.map((column) => `<th>${column}</th>`).join('')}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`}
</body></html>
`
}

const STYLE =
  ':root{color-scheme:light dark}body{font:15px/1.6 system-ui,sans-serif;margin:2rem auto;max-width:48rem;padding:0 1rem}dt{font-weight:600}dd{margin:0 0 .8rem}code{overflow-wrap:anywhere}'

/** What a check looks at and what to do about it: one page without scripts and without anything from elsewhere. */
export function checkPage({ id, category, severity, optional, aliases, message }: InspectionCheck, language: Language): string {
  const zh = language === 'zh-CN'
  const code = (text: string) => `<code>${escaped(text)}</code>`
  const rows: readonly (readonly [string, string])[] = [
    [zh ? '级别与类别' : 'Severity and category', `${severity}, ${category}`],
    [
      zh ? '何时运行' : 'When it runs',
      optional ? (zh ? '按名称或按工具的检查集合' : 'by name, or with the profile of a tool') : zh ? '默认运行' : 'unless told otherwise',
    ],
    ...(aliases.length === 0 ? [] : [[zh ? '其他工具中的名称' : 'In other tools', aliases.map(code).join(', ')] as const]),
    [zh ? '只运行它' : 'Only this one', code(`sallyport inspect --check ${id}`)],
    [zh ? '修复（先预览）' : 'To fix it (looked at first)', code(`sallyport inspect --fix --dry-run --check ${id}`)],
    [
      zh ? '忽略到某日（注解）' : 'To live with it until a day (annotation)',
      code(`inspection.sallyport.io/${id}: "until 2027-01-31: ${zh ? '原因' : 'reason'}"`),
    ],
  ]
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(id)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>${STYLE}</style></head>
<body><h1>${escaped(id)}</h1><p>${escaped(message[language])}</p><dl>${rows.map(([name, text]) => `<dt>${name}</dt><dd>${text}</dd>`).join('')}</dl></body></html>
`
}

/** Is something open at least as severe? */
export const fails = ({ findings }: Report, floor: Severity | undefined): boolean =>
  floor !== undefined && findings.some(({ severity }) => atLeast(severity, floor))
