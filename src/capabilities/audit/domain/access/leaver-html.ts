/** The leaver report as one page without scripts; everything that came from a cluster is escaped. */
import type { Language } from '#core/kernel/errors.ts'
import { escapeHtml } from '#core/kernel/html.ts'
import { rfc3339 } from '../time.ts'
import type { Mapping } from './identities.ts'
import type { LeaverReport } from './leaver.ts'
import { leaverChinese } from './leaver-words.ts'

const WORDS = {
  en: {
    title: 'What is left of',
    proof: 'After the plan nothing is reachable: every rule and binding was evaluated.',
    noProof: 'After the plan this is still reachable:',
    left: 'What they left behind',
    can: 'What they still can do',
    identities: 'As whom they can act',
    mappings: 'Under which names they are known',
    used: 'counted as theirs',
    credential: 'can act as it',
    possible: 'not counted; confirm with --aliases or --not-aliases',
    denied: 'not theirs',
    certificates: 'Certificates',
    plan: 'What to do, in this order',
    did: 'What they did',
    none: 'Nothing was found.',
    review: 'for a person to decide',
    live: 'live until',
    expired: 'expired',
    partly: 'There are more identities than were followed.',
    more: 'More rows are in the JSON report:',
    heads: {
      mappings: ['Name', 'Kind', 'Confidence', 'Counted', 'Evidence'],
      left: ['Kind', 'Object', 'Why', ''],
      certificates: ['Serial', 'Name', 'Organizations', 'Validity'],
      identities: ['Identity', 'By way of'],
      can: ['As', 'Namespace', 'Verbs', 'Resources', 'Because'],
      did: ['Verb', 'Resource', 'Namespace', 'Times', 'First – last'],
    },
  },
  'zh-CN': {
    title: '离职人员遗留：',
    proof: '执行计划后不再可达任何权限：已对全部规则与绑定求值。',
    noProof: '执行计划后仍可达：',
    left: '遗留内容',
    can: '仍具有的权限',
    identities: '可使用的身份',
    mappings: '已知的名称',
    used: '计为本人',
    credential: '可使用的身份',
    possible: '未计入；用 --aliases 或 --not-aliases 确认',
    denied: '不是本人',
    certificates: '证书',
    plan: '处理步骤（按顺序）',
    did: '做过的操作',
    none: '未发现。',
    review: '需人工决定',
    live: '有效期至',
    expired: '已过期',
    partly: '身份过多，未全部追踪。',
    more: '其余行见 JSON 报告：',
    heads: {
      mappings: ['名称', '类别', '可信度', '是否计入', '依据'],
      left: ['类别', '对象', '原因', ''],
      certificates: ['序列号', '名称', '组织', '有效期'],
      identities: ['身份', '途径'],
      can: ['身份', '命名空间', '动作', '资源', '依据'],
      did: ['动作', '资源', '命名空间', '次数', '首次 – 末次'],
    },
  },
} as const

/** Rows of a table that a browser takes well. */
const SHOWN = 2000

export function leaverHtml(report: LeaverReport, language: Language): string {
  const words = WORDS[language]
  const said = language === 'zh-CN' ? leaverChinese : (text: string) => text
  const table = (part: keyof typeof words.heads, rows: readonly (readonly (string | number)[])[]) => {
    if (rows.length === 0) return `<p>${words.none}</p>`
    const cells = (row: readonly (string | number)[], tag: 'th' | 'td') =>
      `<tr>${row.map((cell) => `<${tag}>${escapeHtml(String(cell))}</${tag}>`).join('')}</tr>`
    const shown = rows.slice(0, SHOWN).map((row) => cells(row, 'td'))
    const more = rows.length > SHOWN ? `<p>${words.more} ${rows.length - SHOWN}</p>` : ''
    return `<table><thead>${cells(words.heads[part], 'th')}</thead><tbody>${shown.join('')}</tbody></table>${more}`
  }
  const can = (rows: LeaverReport['can']) =>
    table(
      'can',
      rows.map(({ user, namespace, verbs, resources, because }) => [user, namespace || '*', verbs.join(', '), resources.join(', '), because]),
    )
  const standing = ({ used, as, kind }: Mapping) =>
    kind === 'denied' ? words.denied : used ? words.used : as === 'credential' ? words.credential : words.possible
  const section = (title: string, body: string) => `<section><h2>${title}</h2>${body}</section>`
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(`${words.title} ${report.name}`)}</title>
<style>:root{color-scheme:light dark}body{font:14px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}th{text-align:start;white-space:nowrap}td{min-width:4.5rem}th,td{border-top:1px solid color-mix(in srgb,currentColor 20%,transparent);padding:.3rem .5rem;vertical-align:top;overflow-wrap:anywhere}h2{margin-top:2rem}.proof{border-left:4px solid;padding-left:1rem}</style></head><body>
<h1>${escapeHtml(`${words.title} ${report.name}`)}</h1>
<p>${escapeHtml([...report.aliases, ...report.groups].join(', '))}</p>
<div class="proof">${report.after.length === 0 ? `<p>${words.proof}</p>` : `<p>${words.noProof}</p>${can(report.after)}`}${report.complete ? '' : `<p>${words.partly}</p>`}</div>
${section(
  words.mappings,
  table(
    'mappings',
    report.mappings.map((mapping) => [mapping.name, mapping.kind, mapping.confidence, standing(mapping), said(mapping.evidence)]),
  ),
)}
${section(words.plan, `<ol>${report.plan.steps.map(({ what, why }) => `<li><b>${escapeHtml(said(what))}</b><br>${escapeHtml(said(why))}</li>`).join('')}</ol>`)}
${section(
  words.left,
  table(
    'left',
    report.left.map(({ kind, object, why, review }) => [kind, object, said(why), review ? words.review : '']),
  ),
)}
${section(
  words.certificates,
  table(
    'certificates',
    report.certificates.map(({ serial, commonName, organizations, notAfter, live }) => [
      serial,
      commonName,
      organizations.join(', '),
      `${live ? words.live : words.expired} ${rfc3339(notAfter)}`,
    ]),
  ),
)}
${section(
  words.identities,
  table(
    'identities',
    report.identities.map(({ user, via }) => [user, via.map(said).join(' → ')]),
  ),
)}
${section(words.can, can(report.can))}
${section(
  words.did,
  table(
    'did',
    report.did.map(({ verb, resource, namespace, count, first, last }) => [verb, resource, namespace, count, `${rfc3339(first)} – ${rfc3339(last)}`]),
  ),
)}
</body></html>
`
}
