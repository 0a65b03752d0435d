/** The report for a terminal. */
import { formatBytes } from '#core/kernel/quantity.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { printTable } from '#kits/cli-kit/printers.ts'
import { type Report, type ReportRow, TABLES } from '../domain/report/report.ts'
import { WORDS } from '../domain/report/words.ts'

const LATENCIES = ['mean', 'p50', 'p90', 'p95', 'p99', 'p999', 'p9999', 'max'] as const

export function printReport(report: Report, context: CliContext): void {
  const words = WORDS[context.language]
  const { out } = context
  const number = new Intl.NumberFormat(context.language)
  const period = report.range === null ? '-' : `${report.range.from} – ${report.range.to}`
  const facts: [string, string][] = [
    [words.sources, report.files.map((file) => `${file.path} (${file.format ?? words.noFormat})`).join(', ')],
    [words.range, period],
    [words.requests, number.format(report.requests)],
    [words.visitors, `${report.visitors_exact ? '' : '≈ '}${number.format(report.visitors)}`],
    [words.success, report.success_rate === null ? '-' : `${(report.success_rate * 100).toFixed(3)} %`],
    [words.bytes, formatBytes(report.bytes)],
    [words.rejected, number.format(report.rejected.total)],
  ]
  for (const [title, times] of [
    [words.latency, report.latency_ms],
    [words.upstream, report.upstream_ms],
  ] as const) {
    if (times.timed === 0) continue
    facts.push([title, LATENCIES.map((name) => `${name} ${times[name] === null ? words.missing : `${times[name]} ms`}`).join(', ')])
  }
  printTable(
    context,
    [
      { header: '', value: ([label]) => label },
      { header: '', value: ([, value]) => value },
    ],
    facts,
    { headers: false },
  )
  for (const name of TABLES) {
    const table = report.tables[name]
    if (table.rows.length === 0 || (table.rows.length === 1 && table.rows[0]!.key === '')) continue
    out.write(
      `\n${words.tables[name]}${table.total !== null && table.total > table.rows.length ? ` (${words.shown(number.format(table.rows.length), number.format(table.total))})` : ''}\n`,
    )
    const timed = table.rows.some((row) => row.mean_ms !== null)
    printTable<ReportRow>(
      context,
      [
        { header: words.key.toUpperCase(), value: (row) => row.key || words.none, flexible: true },
        { header: words.requests.toUpperCase(), value: (row) => number.format(row.requests), align: 'right' },
        { header: words.share.toUpperCase(), value: (row) => `${(row.share * 100).toFixed(2)} %`, align: 'right' },
        { header: words.bytes.toUpperCase(), value: (row) => formatBytes(row.bytes), align: 'right' },
        { header: '4XX', value: (row) => row.s4xx, align: 'right' },
        { header: '5XX', value: (row) => row.s5xx, align: 'right', tone: (row) => (row.s5xx > 0 ? 'error' : undefined) },
        ...(timed ? [{ header: `${words.mean.toUpperCase()} MS`, value: (row: ReportRow) => row.mean_ms, align: 'right' as const }] : []),
      ],
      table.rows,
    )
    if (table.error > 0) out.write(`${words.approximate(number.format(table.error))}\n`)
  }
}
