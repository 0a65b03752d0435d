/** The report as one HTML file: no script, nothing from elsewhere, light and dark, fit to print. */
import type { Language } from '#core/kernel/errors.ts'
import { escapeHtml } from '#core/kernel/html.ts'
import { formatBytes } from '#core/kernel/quantity.ts'
import { type Report, type ReportTable, TABLES } from './report.ts'
import { type ReportWords, WORDS } from './words.ts'

const STYLE = `
:root{color-scheme:light dark;--ink:#1a1d21;--soft:#5b6570;--line:#dfe3e8;--ground:#fff;--panel:#f6f8fa;--bar:#cfe0f5;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5b1;--line:#333a42;--ground:#15181c;--panel:#1c2126;--bar:#24405f;--bad:#f2857d}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:72rem;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,"Noto Sans SC",sans-serif}
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:2.25rem 0 .5rem}
p,small{color:var(--soft)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:.75rem;margin:1.25rem 0}
dl div{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.7rem .9rem}
dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-size:1.2rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.28rem .6rem;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--soft);font-weight:500;font-size:.85rem}
th:first-child,td:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:12rem}
td.share{background:linear-gradient(var(--bar),var(--bar)) no-repeat left center/var(--w) 70%}
.bad{color:var(--bad)}code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap}
footer{margin-top:3rem;color:var(--soft);font-size:.85rem}
@media print{body{max-width:none;padding:0;font-size:12px;print-color-adjust:exact}h2{break-after:avoid}tr,dl div{break-inside:avoid}.wide{overflow:visible}}
`

/** The whole document. */
export function reportHtml(report: Report, language: Language): string {
  const words = WORDS[language]
  const number = new Intl.NumberFormat(language)
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 2 })
  const short = new Intl.NumberFormat(language, { maximumSignificantDigits: 4 })
  const ms = (value: number | null) => (value === null ? '–' : value < 1000 ? `${short.format(value)} ms` : `${short.format(value / 1000)} s`)
  const tile = (label: string, value: string, hint = '') =>
    `<div${hint ? ` title="${escapeHtml(hint)}"` : ''}><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`

  const period = report.range === null ? '–' : `${report.range.from.replace('T', ' ').slice(0, 19)} – ${report.range.to.replace('T', ' ').slice(0, 19)}`
  const tiles = [
    tile(words.requests, number.format(report.requests)),
    tile(words.visitors, `${report.visitors_exact ? '' : '≈ '}${number.format(report.visitors)}`, words.visitorsHint),
    tile(words.success, report.success_rate === null ? '–' : percent.format(report.success_rate)),
    tile(words.bytes, formatBytes(report.bytes)),
    tile(words.bytesIn, formatBytes(report.bytes_in)),
    tile(words.rejected, number.format(report.rejected.total)),
  ]
  const files = report.files.map((file) => `${escapeHtml(file.path)} <small>${escapeHtml(file.format ?? words.noFormat)}, ${number.format(file.lines)}</small>`)

  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(words.title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(words.title)}</h1><p>${escapeHtml(words.range)}: ${escapeHtml(period)}<br>${escapeHtml(words.sources)}: ${files.join('; ')}</p>
<dl>${tiles.join('')}</dl>
${latency(report.latency_ms, words.latency, words, ms)}${latency(report.upstream_ms, words.upstream, words, ms)}
${TABLES.map((name) => section(words.tables[name], report.tables[name], words, number, percent, ms)).join('\n')}
${rejected(report, words, number)}
</main><footer>${escapeHtml(words.made(number.format(report.elapsed_ms)))}</footer></body></html>
`
}

function latency(times: Report['latency_ms'], title: string, words: ReportWords, ms: (value: number | null) => string): string {
  if (times.timed === 0) return ''
  const names = ['mean', 'p50', 'p90', 'p95', 'p99', 'p999', 'p9999', 'max'] as const
  const label = (name: (typeof names)[number]) => (name === 'mean' ? words.mean : name === 'max' ? words.max : name.toUpperCase())
  const cell = (name: (typeof names)[number]) => (times[name] === null ? `${words.missing}` : ms(times[name]))
  return `<section><h2>${escapeHtml(title)}</h2><dl>${names
    .map(
      (name) =>
        `<div${times.missing[name] ? ` title="${escapeHtml(times.missing[name])}"` : ''}><dt>${escapeHtml(label(name))}</dt><dd>${escapeHtml(cell(name))}</dd></div>`,
    )
    .join('')}</dl></section>`
}

function section(
  title: string,
  table: ReportTable,
  words: ReportWords,
  number: Intl.NumberFormat,
  percent: Intl.NumberFormat,
  ms: (value: number | null) => string,
): string {
  if (table.rows.length === 0 || (table.rows.length === 1 && table.rows[0]!.key === '')) return ''
  const timed = table.rows.some((row) => row.mean_ms !== null)
  const rows = table.rows.map(
    (row) =>
      `<tr><td>${escapeHtml(row.key || words.none)}</td><td>${number.format(row.requests)}</td><td class="share" style="--w:${(row.share * 100).toFixed(2)}%">${percent.format(row.share)}</td><td>${formatBytes(row.bytes)}</td><td>${number.format(row.s4xx)}</td><td${row.s5xx > 0 ? ' class="bad"' : ''}>${number.format(row.s5xx)}</td>${timed ? `<td>${ms(row.mean_ms)}</td><td>${ms(row.max_ms)}</td>` : ''}</tr>`,
  )
  const note =
    table.error > 0
      ? words.approximate(number.format(table.error))
      : table.total !== null && table.total > table.rows.length
        ? words.shown(number.format(table.rows.length), number.format(table.total))
        : ''
  const heads = [words.key, words.requests, words.share, words.bytes, '4xx', '5xx', ...(timed ? [words.mean, words.max] : [])]
  return `<section><h2>${escapeHtml(title)}</h2><div class="wide"><table><thead><tr>${heads.map((head) => `<th scope="col">${escapeHtml(head)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>${note ? `<small>${escapeHtml(note)}</small>` : ''}</section>`
}

function rejected(report: Report, words: ReportWords, number: Intl.NumberFormat): string {
  if (report.rejected.total === 0) return ''
  const counts = Object.entries(report.rejected.reasons).map(([reason, count]) => `${escapeHtml(reason)}: ${number.format(count)}`)
  const samples = report.rejected.samples.map((sample) => `<tr><td><code>${escapeHtml(sample.line)}</code></td><td>${escapeHtml(sample.reason)}</td></tr>`)
  return `<section><h2>${escapeHtml(words.rejected)}</h2><p>${counts.join(' · ')}</p><div class="wide"><table><thead><tr><th scope="col">${escapeHtml(words.sample)}</th><th scope="col">${escapeHtml(words.reason)}</th></tr></thead><tbody>${samples.join('')}</tbody></table></div></section>`
}
