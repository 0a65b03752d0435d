/** `sallyport audit leaver` and `sallyport audit rbac`: what somebody still can, and what they would need. */
import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import { EXIT, invalidInput } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type Column, printTable } from '#kits/cli-kit/printers.ts'
import { createDeeds } from '../domain/access/deeds.ts'
import { createIdentities, type Mapping } from '../domain/access/identities.ts'
import { createUsage, diffGrants, leastRoles } from '../domain/access/least.ts'
import { type Left, leaverReport, reachWithoutLogin } from '../domain/access/leaver.ts'
import { leaverHtml } from '../domain/access/leaver-html.ts'
import { leaverChinese } from '../domain/access/leaver-words.ts'
import { indexObjects } from '../domain/access/objects.ts'
import { certificatesOf, eventSource, type FactOptions, objectsOfCluster, objectsOfFiles } from './facts.ts'
import { carryOut, type Outcome } from './leaver-apply.ts'

const several = (value: string, before: string[]) => [...before, value]
const list = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean)

function factOptions(command: Command, zh: boolean): Command {
  return command
    .option(
      '--events <file>',
      zh ? '审计事件文件，可重复；不给出则用服务器存储' : "file of audit events, may be given several times; without it the server's store",
      several,
      [] as string[],
    )
    .option(
      '--objects <file>',
      zh ? '集群对象文件（kubectl get -o json|yaml）；不给出则读取集群' : 'file of objects (kubectl get -o json|yaml); without it the cluster is read',
      several,
      [] as string[],
    )
    .option('--cluster <name>', zh ? '未给出 --events 时，读取服务器中该集群的审计事件' : 'without --events: the cluster whose events the server has', 'local')
    .option('--kubeconfig <file>', 'kubeconfig')
    .option('--context <name>', zh ? 'kubeconfig 中的 context' : 'context of the kubeconfig')
}

/** Objects of files, else of the cluster; says what could not be read, and ends with 6 then. */
async function readObjects(options: FactOptions, context: CliContext) {
  if (options.objects.length > 0) return objectsOfFiles(options.objects)
  const { objects, missing } = await objectsOfCluster(context, options)
  if (missing.length > 0) {
    context.note(
      context.language === 'zh-CN'
        ? `无法读取：${missing.join('，')}，结果不完整。`
        : `Could not be read, so that the answer is not whole: ${missing.join(', ')}.`,
    )
    context.exit(EXIT.partial)
  }
  return objects
}

function tellEvents({ events, rejected }: { events: number; rejected: number }, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  if (events === 0)
    context.note(
      zh ? '没有审计事件：不知道其做过什么，只知道仍能做什么。' : 'There are no audit events: what they did is not known, only what they still can do.',
    )
  if (rejected > 0) context.note(zh ? `${rejected} 个事件无法读取。` : `${rejected} events could not be read.`)
  if (events === 0 || rejected > 0) context.exit(EXIT.partial)
}

export function addLeaver(audit: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const command = audit
    .command('leaver')
    .description(
      zh
        ? '离职人员：做过什么、仍能做什么、如何按顺序收回，并给出证明'
        : 'of somebody who left: what they did, what they still can do, how to take it away, and the proof',
    )
    .argument('<name>', zh ? '用户名' : 'user name')
    .option('--aliases <names>', zh ? '其他用户名，逗号分隔' : 'their other user names, comma-separated', list, [] as string[])
    .option('--not-aliases <names>', zh ? '不是此人的名称，逗号分隔' : 'names that are not theirs, comma-separated', list, [] as string[])
    .option('--groups <names>', zh ? '已知的组，逗号分隔' : 'groups that are known, comma-separated', list, [] as string[])
    .addOption(new Option('-o, --output <format>', zh ? '输出格式' : 'output format').choices(['table', 'json', 'html']).default('table'))
    .option('--apply', zh ? '按顺序执行计划，然后重新评估集群' : 'carry out the plan in its order, then look at the cluster again')
    .option('--dry-run', zh ? '与 --apply 同用：服务端试运行，不更改' : 'with --apply: a dry run by the API server, nothing changes')
    .option('--backup <file>', zh ? '执行前把涉及的对象写入此文件（必须不存在）' : 'a new file that gets what the plan takes away, before it does')
  factOptions(command, zh).action(async (name: string, options: LeaverOptions) => {
    const problems = [
      ...(options.apply && options.objects.length > 0 ? [{ path: '--apply', message: 'is for a cluster, and --objects names files' }] : []),
      ...(options.apply && !options.dryRun && options.backup === undefined ? [{ path: '--backup', message: 'is needed with --apply' }] : []),
      ...(options.dryRun && !options.apply ? [{ path: '--dry-run', message: 'goes with --apply' }] : []),
    ]
    if (problems.length > 0) throw invalidInput(problems)
    const all = await readObjects(options, context)
    const identities = createIdentities()
    all.forEach(identities.object)
    const events = eventSource(options, context)
    await events.each(identities.event)
    const { names, credentials, mappings } = identities.resolve([name, ...options.aliases], options.notAliases)
    const deeds = createDeeds(names, credentials)
    tellEvents(await events.each(deeds.event, [...names]), context)
    const { certificates, unreadable } = certificatesOf(all, deeds.issued())
    if (unreadable.length > 0) {
      context.note(zh ? `无法读取这些 CSR 的证书：${unreadable.join('，')}` : `Certificates of these CSRs could not be read: ${unreadable.join(', ')}`)
      context.exit(EXIT.partial)
    }
    const facts = { names, groups: options.groups, objects: indexObjects(all), deeds, certificates, mappings, now: context.clock.now() }
    const report = leaverReport(facts)
    const applied = options.apply
      ? await carryOut(report.plan, all, await context.cluster(options), { ...options, dryRun: options.dryRun === true })
      : undefined
    // the proof is about the cluster as it is now, not as the plan would have it
    const proof =
      applied && !options.dryRun
        ? reachWithoutLogin({ ...facts, objects: indexObjects(await readObjects(options, context)), now: context.clock.now() })
        : undefined
    if (applied !== undefined) tellApplied(applied, proof, options.backup, context)
    if (options.output === 'json') context.out.write(`${JSON.stringify({ ...report, ...(applied ? { applied, proof } : {}) }, undefined, 2)}\n`)
    else if (options.output === 'html') context.out.write(leaverHtml(report, context.language))
    else {
      const said = zh ? leaverChinese : (text: string) => text
      if (mappings.length > 0) {
        printTable(
          context,
          MAPPINGS,
          mappings.map((mapping) => ({ ...mapping, evidence: said(mapping.evidence) })),
        )
        context.out.write('\n')
      }
      printTable(
        context,
        LEFT,
        report.left.map((one) => ({ ...one, why: said(one.why) })),
      )
      context.out.write(`\n${report.plan.steps.map(({ what, why }, i) => `${i + 1}. ${said(what)}\n   ${said(why)}\n`).join('')}`)
      const proof = zh
        ? `现在可达 ${report.can.length} 条规则；执行计划后 ${report.after.length} 条。`
        : `${report.can.length} rules are reachable now, ${report.after.length} after the plan.`
      context.note(proof)
    }
    if (!report.complete) context.exit(EXIT.partial)
  })
}

interface LeaverOptions extends FactOptions {
  aliases: string[]
  notAliases: string[]
  groups: string[]
  output: string
  apply?: boolean
  dryRun?: boolean
  backup?: string
}

function tellApplied(
  applied: readonly Outcome[],
  proof: { can: readonly unknown[]; complete: boolean } | undefined,
  backup: string | undefined,
  context: CliContext,
): void {
  const zh = context.language === 'zh-CN'
  for (const { what, state, reason } of applied) context.note(`${APPLIED[state][context.language]}: ${what}${reason === undefined ? '' : `: ${reason}`}`)
  if (proof) {
    context.note(
      zh
        ? `集群现状：登录停用后可达 ${proof.can.length} 条规则。涉及的对象已保存在 ${backup}。`
        : `The cluster as it is now: ${proof.can.length} rules are reachable once the login is disabled. What was taken away is in ${backup}.`,
    )
  }
  if (applied.some(({ state }) => state === 'failed') || (proof && (proof.can.length > 0 || !proof.complete))) context.exit(EXIT.partial)
}

const APPLIED: Record<Outcome['state'], Record<'en' | 'zh-CN', string>> = {
  done: { en: 'done', 'zh-CN': '已完成' },
  'would-be-done': { en: 'would be done', 'zh-CN': '将执行' },
  already: { en: 'was gone already', 'zh-CN': '已不存在' },
  'by-hand': { en: 'by hand', 'zh-CN': '需人工处理' },
  failed: { en: 'failed', 'zh-CN': '失败' },
}

const MAPPINGS: readonly Column<Mapping>[] = [
  { header: 'NAME', value: ({ name }) => name, flexible: true },
  { header: 'BY', value: ({ kind }) => kind },
  { header: 'CONFIDENCE', value: ({ confidence }) => confidence, tone: ({ confidence }) => (confidence === 'possible' ? 'warning' : undefined) },
  { header: 'COUNTED', value: ({ used, as }) => (used ? 'yes' : as === 'credential' ? 'credential' : 'no') },
  { header: 'EVIDENCE', value: ({ evidence }) => evidence, flexible: true },
]

const LEFT: readonly Column<Left>[] = [
  { header: 'KIND', value: ({ kind }) => kind },
  { header: 'OBJECT', value: ({ object }) => object, flexible: true },
  { header: 'DECIDE', value: ({ review }) => (review ? 'person' : 'plan') },
  { header: 'WHY', value: ({ why }) => why, flexible: true },
]

export function addRbac(audit: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const command = audit
    .command('rbac')
    .description(zh ? '根据实际使用给出最小角色，并与已授予的权限比较' : 'the least roles for what was really used, and how they differ from what is granted')
    .option('--user <name>', zh ? '用户名' : 'user name')
    .option('--serviceaccount <namespace:name>', 'ServiceAccount')
    .addOption(new Option('-o, --output <format>', zh ? '输出格式' : 'output format').choices(['yaml', 'json']).default('yaml'))
  factOptions(command, zh).action(async (options: FactOptions & { user?: string; serviceaccount?: string; output: string }) => {
    const account = options.serviceaccount?.replace('/', ':')
    const user = options.user ?? (account === undefined ? undefined : `system:serviceaccount:${account}`)
    const problems = [
      ...(user === undefined || (options.user !== undefined && account !== undefined)
        ? [{ path: '--user', message: 'give either --user or --serviceaccount' }]
        : []),
      ...(account !== undefined && !/^[^:]+:[^:]+$/.test(account) ? [{ path: '--serviceaccount', message: 'is namespace:name' }] : []),
    ]
    if (problems.length > 0) throw invalidInput(problems)
    const usage = createUsage(user!)
    tellEvents(await eventSource(options, context).each(usage.event, [user!]), context)
    const uses = usage.uses()
    const roles = leastRoles(
      `${(account ?? user!)
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, '')}-least`.slice(0, 63),
      uses,
    )
    const objects =
      options.objects.length > 0 || options.kubeconfig !== undefined || options.context !== undefined
        ? indexObjects(await readObjects(options, context))
        : undefined
    const groups =
      account === undefined ? usage.groups() : ['system:serviceaccounts', `system:serviceaccounts:${account.split(':')[0]}`, 'system:authenticated']
    const diff = objects && diffGrants(objects, { name: user!, groups, via: [] }, uses)
    if (options.output === 'json') context.out.write(`${JSON.stringify({ user, roles, ...diff }, undefined, 2)}\n`)
    else {
      context.out.write(roles.map((role) => `---\n${stringify(role)}`).join(''))
      for (const { because, namespace, verbs, resources } of diff?.unused ?? [])
        context.note(`${zh ? '已授予但未使用' : 'granted and not used'}: ${namespace || '*'} ${verbs.join(',')} ${resources.join(',')} (${because})`)
      for (const { verb, resource, namespace } of diff?.ungranted ?? [])
        context.note(`${zh ? '使用过但当前未授予' : 'used and not granted now'}: ${namespace || '*'} ${verb} ${resource}`)
    }
    if (uses.length === 0) {
      context.note(zh ? `没有 ${user} 的允许的请求。` : `There is no allowed request of ${user}.`)
      context.exit(EXIT.partial)
    }
  })
}
