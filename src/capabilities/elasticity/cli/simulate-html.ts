/** The replay as one HTML file: no script, nothing from elsewhere, light and dark, fit to print. */
import type { Language } from '#core/kernel/errors.ts'
import { escapeHtml } from '#core/kernel/html.ts'
import type { SimulateReport } from './simulate.ts'

const STYLE = `:root{color-scheme:light dark;--ink:#1a1d21;--soft:#5b6570;--line:#dfe3e8;--ground:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa5b1;--line:#333a42;--ground:#15181c}}
body{margin:0 auto;padding:2rem 1.25rem;max-width:60rem;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,"Noto Sans SC",sans-serif}
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}p{color:var(--soft)}.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:right;padding:.3rem .6rem;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--soft);font-weight:500}th:first-child,td:first-child{text-align:left}`

const WORDS = {
  en: {
    title: 'Replay of',
    scored: 'Scored',
    world: (pod: number, start: number, wait: number) =>
      `A pod answers ${pod} requests/s and is ready after ${start} s; waiting more than ${wait} s is a violation.`,
    gaps: (count: number) => `${count} gaps of the trace were filled by straight lines.`,
    policy: ['Policy', 'Violation minutes', 'Replica-hours', 'Scale changes'],
    worst: 'Worst minutes',
    minute: ['Minute (UTC)', 'Violated s', 'Requests/s', 'Capacity', 'Longest wait s'],
    none: 'No minute was violated.',
  },
  'zh-CN': {
    title: '流量回放：',
    scored: '计分时段',
    world: (pod: number, start: number, wait: number) => `每个 Pod 每秒可处理 ${pod} 个请求，${start} 秒后就绪；等待超过 ${wait} 秒视为违约。`,
    gaps: (count: number) => `轨迹有 ${count} 处缺口，以直线补齐。`,
    policy: ['策略', '违约分钟', '副本小时', '变更次数'],
    worst: '最差的几分钟',
    minute: ['时间（UTC）', '违约秒数', '每秒请求', '容量', '最长等待（秒）'],
    none: '没有任何一分钟违约。',
  },
}

export function simulateHtml({ policy, trace, world, policies }: SimulateReport, language: Language): string {
  const words = WORDS[language]
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 })
  const row = (cells: readonly (string | number | null)[], tag = 'td') =>
    `<tr>${cells.map((cell) => `<${tag}>${cell === null ? '–' : typeof cell === 'number' ? number.format(cell) : escapeHtml(cell)}</${tag}>`).join('')}</tr>`
  const table = (head: readonly string[], rows: readonly (readonly (string | number | null)[])[]) =>
    `<div class="wide"><table><thead>${row(head, 'th')}</thead><tbody>${rows.map((cells) => row(cells)).join('')}</tbody></table></div>`
  const title = `${words.title} ${policy}`
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1><p>${words.scored}: ${trace.scored_from} – ${trace.to}<br>${words.world(world.pod_rps, world.pod_start_seconds, world.objective_seconds)}${trace.gaps.length > 0 ? `<br>${words.gaps(trace.gaps.length)}` : ''}</p>
${table(
  words.policy,
  policies.map((one) => [one.name, one.violation_minutes, one.replica_hours, one.scale_changes]),
)}
${policies
  .map(
    (one) =>
      `<h2>${words.worst}: ${escapeHtml(one.name)}</h2>${
        one.worst.length === 0
          ? `<p>${words.none}</p>`
          : table(
              words.minute,
              one.worst.map((minute) => [minute.at, minute.violation_seconds, minute.load, minute.capacity, minute.longest_wait]),
            )
      }`,
  )
  .join('\n')}
</main></body></html>
`
}
