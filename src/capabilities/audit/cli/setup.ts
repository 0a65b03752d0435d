/** `sallyport audit setup`: what kube-apiserver needs so that alarms are fast, and which rules today's policy makes blind. */
import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import { EXIT, invalidInput } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type Column, printTable } from '#kits/cli-kit/printers.ts'
import { BEHAVIOR_RULES } from '../domain/behavior.ts'
import { RULES } from '../domain/engine.ts'
import { BLIND_ON_PURPOSE, RECOMMENDED_FLAGS, RECOMMENDED_POLICY, readPolicy, type Sight, sightOf } from '../domain/policy.ts'
import { readYaml } from './files.ts'

interface SetupOptions {
  policy?: string
  url: string
  output: 'text' | 'json'
}

export function addSetup(audit: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  audit
    .command('setup')
    .description(
      zh
        ? '打印审计策略、webhook 配置和 apiserver 参数，并指出当前策略使哪些规则失明'
        : 'print audit policy, webhook config and apiserver flags, and which rules the policy of today makes blind',
    )
    .option('--policy <file>', zh ? '当前的审计策略：只报告它使哪些规则失明' : 'the audit policy of today: only tell which rules it makes blind')
    .option('--url <url>', zh ? 'apiserver 访问 Sallyport 的地址' : 'where the API server reaches Sallyport', 'https://sallyport.example.com')
    .addOption(new Option('-o, --output <format>', zh ? '输出格式' : 'output format').choices(['text', 'json']).default('text'))
    .action((options: SetupOptions) => {
      const read = options.policy === undefined ? { ok: true as const, value: RECOMMENDED_POLICY } : readPolicy(readYaml(options.policy))
      if (!read.ok) throw invalidInput(read.error.map((problem) => ({ ...problem, path: `${options.policy}: ${problem.path}` })))
      const sight = sightOf(
        read.value,
        [...RULES, ...BEHAVIOR_RULES].filter(({ id }) => id !== 'event'),
      )
      const blind = sight.filter(({ sees }) => sees !== 'yes')
      const webhook = webhookConfig(options.url)
      if (options.output === 'json') {
        const rules = sight.map(({ rule, ...rest }) => ({ rule: rule.id, aliases: rule.aliases, severity: rule.severity, ...rest }))
        const made =
          options.policy === undefined ? { policy: RECOMMENDED_POLICY, webhook, flags: RECOMMENDED_FLAGS.map(([flag, value]) => `--${flag}=${value}`) } : {}
        context.out.write(`${JSON.stringify({ ...made, rules }, undefined, 2)}\n`)
      } else {
        if (options.policy === undefined) printFiles(context, webhook)
        if (blind.length > 0) printTable(context, COLUMNS, blind)
        const text = zh
          ? `${sight.length} 条规则中 ${blind.length} 条看不到或只能看到部分。`
          : `${blind.length} of ${sight.length} rules are blind or see a part only.`
        context.note(text)
        const late = [...new Set(sight.flatMap((one) => one.late))]
        if (late.length > 0)
          context.note(
            zh
              ? `策略规则 ${late.join('、')} 省略了 ResponseStarted：exec、attach 和端口转发要到会话结束才会告警。`
              : `Rules ${late.join(', ')} of the policy leave ResponseStarted out: exec, attach and port-forward are told of only when the session is over.`,
          )
        if (options.policy === undefined)
          context.note(
            zh ? '这些是有意为之：否则 Secret 的值会写入日志。' : 'These are on purpose: to see them, values of secrets would have to be written into the log.',
          )
      }
      if (options.policy !== undefined && blind.some(({ rule }) => !BLIND_ON_PURPOSE.has(rule.id))) context.exit(EXIT.findings)
    })
}

const COLUMNS: readonly Column<Sight>[] = [
  { header: 'RULE', value: ({ rule }) => rule.id },
  { header: 'SEVERITY', value: ({ rule }) => rule.severity },
  { header: 'SEES', value: ({ sees }) => sees, tone: ({ sees }) => (sees === 'no' ? 'error' : 'warning') },
  { header: 'RECORDED', value: ({ has }) => has },
  { header: 'NEEDED', value: ({ needs }) => needs },
  { header: 'POLICY-RULE', value: ({ because }) => because.map((number) => (number === 0 ? 'none matches' : number)).join(',') },
]

const webhookConfig = (url: string) => ({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [
    { name: 'sallyport', cluster: { server: `${url.replace(/\/$/, '')}/api/v1/audit/webhook`, 'certificate-authority': '/etc/kubernetes/audit/ca.crt' } },
  ],
  users: [{ name: 'apiserver', user: { tokenFile: '/etc/kubernetes/audit/token' } }],
  contexts: [{ name: 'sallyport', context: { cluster: 'sallyport', user: 'apiserver' } }],
  'current-context': 'sallyport',
})

function printFiles(context: CliContext, webhook: object): void {
  const zh = context.language === 'zh-CN'
  const say = (text: string) => context.out.write(`${text}\n`)
  say(`# /etc/kubernetes/audit/policy.yaml\n${stringify(RECOMMENDED_POLICY)}`)
  say(
    `# /etc/kubernetes/audit/webhook.yaml\n${zh ? '# 令牌：设置 → 接入令牌，信号 audit' : '# The token: Settings → Ingest tokens, signal audit'}\n${stringify(webhook)}`,
  )
  say(zh ? '# kube-apiserver 参数' : '# flags of kube-apiserver')
  for (const [flag, value, why] of RECOMMENDED_FLAGS) say(`--${flag}=${value}${why.en === '' ? '' : `   # ${why[context.language]}`}`)
  say(
    `\n# ${zh ? '或在控制平面节点上跟踪文件' : 'or on the control plane, follow the file'}\nsallyport agent --server URL --token-file token --file /var/log/kubernetes/audit.log:audit`,
  )
}
