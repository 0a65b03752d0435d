/** `sallyport apps plan|apply|verify|rollback`: to another cluster, looked at before anything is written. */
import { setFlagsFromString } from 'node:v8'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CodedError, describeError, EXIT } from '#core/kernel/errors.ts'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import { describeRef, refOf } from '#core/kube/objects.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import { mapName } from '../domain/mapping.ts'
import { describeObstacle, type Obstacle, obstacle } from '../domain/obstacles.ts'
import { openJournal } from '../journal-file.ts'
import { type Applied, applyWaves, undo } from '../move/apply.ts'
import { servesOf } from '../move/obstacles.ts'
import { minorOfVersion, planMove } from '../move/plan.ts'
import { platformsFrom, pullCredentials } from '../move/platforms.ts'
import type { Existing, Verdict } from '../move/target.ts'
import { type ServiceState, verifyMove } from '../move/verify.ts'
import { isClaim } from '../move/volumes.ts'
import { prepareFrom, preparing, readMapping, tell } from './export.ts'
import { type SourceOptions, sourceOptions } from './source.ts'
import { type TargetOptions, targetCluster, targetOptions } from './target-options.ts'

interface MoveOptions extends SourceOptions, TargetOptions, OutputOptions {
  mapping?: string
  existing: Existing
  parallel: number
  wait: number
  journal: string
  checkImages?: boolean
  diff?: boolean
}

const whole = (most: number) => (text: string) => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1 || value > most) throw new InvalidArgumentError(`a whole number from 1 to ${most}`)
  return value
}
const journalOption = (command: Command, zh: boolean): Command =>
  command.requiredOption('--journal <file>', zh ? '日志文件：用于续做与回滚' : 'journal file: to go on after a stop, and to roll back')
const existingOption = (zh: boolean): Option =>
  new Option('--existing <policy>', zh ? '目标已有同名对象时' : 'what to do with objects that are there already')
    .choices(['fail', 'skip', 'update'])
    .default('fail')

export function addMove(apps: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const command = (name: string, text: string): Command => targetOptions(preparing(sourceOptions(apps.command(name).description(text), zh), zh), zh)
  outputOptions(
    command('plan', zh ? '规划：每个对象在目标集群会怎样（服务端试运行）' : 'what would become of each object on the target, by a server-side dry run'),
  )
    .addOption(existingOption(zh))
    .addOption(imagesOption(zh))
    .option('--diff', zh ? '逐字段显示会改变的值' : 'show the values that would change, field by field')
    .action(async (options: MoveOptions) => {
      const { verdicts, obstacles, blocking, incomplete } = await look(options, context)
      await print(verdicts, obstacles, options, context)
      if (options.diff) for (const line of verdicts.flatMap(diffLines)) context.note(line)
      if (blocking > 0 || incomplete) context.exit(EXIT.partial)
    })
  journalOption(command('apply', zh ? '按波次写入目标集群，失败的一波自动撤销' : 'write to the target wave by wave; a wave that fails is undone'), zh)
    .addOption(existingOption(zh))
    .addOption(imagesOption(zh))
    .option('--parallel <count>', zh ? '同时写入的对象数' : 'objects written at once', whole(128), 32)
    .option('--wait <seconds>', zh ? '每一波就绪的等待时间' : 'how long a wave may take to become ready', whole(86_400), 300)
    .action((options: MoveOptions) => runApply(options, context))
  outputOptions(command('verify', zh ? '比较目标集群与应有的状态' : 'compare the target with what it should hold')).action(async (options: MoveOptions) => {
    const { cluster, verdicts, incomplete } = await look({ ...options, existing: 'update', checkImages: false }, context)
    const differing = verdicts.filter(({ action }) => action !== 'same')
    const live = options.fromKubeconfig !== undefined || options.fromContext !== undefined
    const mapping = options.mapping === undefined ? undefined : await readMapping(options.mapping)
    const back = new Map((options.namespace ?? []).map((name) => [mapName(mapping?.namespaces ?? {}, name) ?? name, name]))
    const source = live
      ? { cluster: await context.cluster({ kubeconfig: options.fromKubeconfig, context: options.fromContext }), namespaceOf: (name: string) => back.get(name) }
      : undefined
    const { equal, unready, services, failing, counts } = await verifyMove(cluster, verdicts, source, context.signal)
    await print(differing, [], options, context)
    for (const name of unready) context.note(`${name}: ${zh ? '未就绪' : 'is not ready'}`)
    for (const state of services) context.note(serviceLine(state, zh))
    for (const [kind, { wanted, there }] of Object.entries(counts))
      if (there < wanted) context.note(zh ? `${kind}：应有 ${wanted}，现有 ${there}` : `${kind}: ${wanted} should be there, ${there} are`)
    context.note(
      zh
        ? `${equal} 个一致，${differing.length} 个不同，${unready.length} 个未就绪，${failing.length} 个服务无响应`
        : `${equal} equal, ${differing.length} different, ${unready.length} not ready, ${failing.length} Services without answer`,
    )
    if (differing.length > 0 || unready.length > 0 || failing.length > 0 || incomplete) context.exit(EXIT.findings)
  })
  journalOption(targetOptions(apps.command('rollback').description(zh ? '撤销日志中记录的写入' : 'undo what a journal says was written'), zh), zh).action(
    async (options: MoveOptions) => {
      await using journal = await openJournal(options.journal)
      if (journal.entries.length === 0) throw new CodedError('NOT_FOUND', { what: `a journal at ${options.journal}` })
      const undone = await undo(
        await targetCluster(options, context),
        journal,
        () => true,
        (object, error) => context.note(`${object}: ${describeError(error, context.language).message}`),
      )
      context.note(
        undone
          ? zh
            ? '已全部撤销。'
            : 'All of it is undone.'
          : zh
            ? '有些未能撤销；再次运行以重试。'
            : 'Some could not be undone; run it again to try once more.',
      )
      if (!undone) context.exit(EXIT.partial)
    },
  )
}

/** Many thousand objects are held at once: garbage is looked for at a twentieth more than what is in use, instead of at twice (bench/apps.ts: 413 to 191 MB). */
const keepHeapTight = (): void => ['--heap-growing-percent=5', '--semi-space-growth-factor=1', '--max-semi-space-size=2'].forEach(setFlagsFromString)

async function look(options: MoveOptions, context: CliContext) {
  keepHeapTight()
  const facts = await loadApiFacts()
  const cluster = await targetCluster(options, context)
  const discovery = await cluster.discover()
  const { prepared, unseen, sourceVersion } = await prepareFrom(
    options,
    { minor: minorOfVersion(discovery.serverVersion, facts), serves: servesOf(discovery) },
    facts,
    context,
  )
  tell(prepared, unseen, context)
  const registries =
    options.checkImages === false
      ? undefined
      : (await context.registries())({ credentials: pullCredentials(prepared.objects), retries: 1, signal: context.signal })
  try {
    const plan = await planMove(cluster, prepared, {
      existing: options.existing,
      signal: context.signal,
      ...(sourceVersion === undefined ? {} : { sourceVersion }),
      ...(registries === undefined ? {} : { platformsOf: platformsFrom(registries) }),
    })
    // Data is not moved from here.
    const left = prepared.objects.filter(isClaim).map((claim) => obstacle('volume-left', describeRef(refOf(claim))))
    return { cluster, prepared, ...plan, obstacles: [...plan.obstacles, ...left], incomplete: unseen.length > 0 }
  } finally {
    await registries?.close()
  }
}

async function runApply(options: MoveOptions, context: CliContext): Promise<void> {
  const zh = context.language === 'zh-CN'
  await using journal = await openJournal(options.journal)
  const resuming = journal.entries.length > 0
  const { cluster, prepared, verdicts, obstacles, blocking, incomplete } = await look(
    resuming && options.existing === 'fail' ? { ...options, existing: 'update' } : options,
    context,
  )
  if (blocking > 0) {
    await print(
      verdicts.filter(({ action }) => action === 'blocked'),
      obstacles.filter(({ severity }) => severity === 'error'),
      { output: 'table' },
      context,
    )
    throw new CodedError('PLAN_BLOCKED', { count: blocking })
  }
  using progress = context.progress({ label: zh ? `写入 ${cluster.name}` : `Writing to ${cluster.name}`, total: prepared.objects.length, unit: 'items' })
  const applied: Applied = await applyWaves(cluster, prepared.waves, journal, context.clock, {
    existing: options.existing,
    parallel: options.parallel,
    waitMs: options.wait * 1000,
    signal: context.signal,
    onDone: (done, total) => progress.update(done, total),
  })
  const { created, updated, skipped, resumed, failed } = applied
  context.note(
    zh
      ? `新建 ${created}，更新 ${updated}，跳过 ${skipped}，此前已完成 ${resumed}`
      : `created ${created}, updated ${updated}, skipped ${skipped}, done before ${resumed}`,
  )
  if (failed !== undefined) {
    context.note(
      zh
        ? `第 ${failed.wave + 1} 波失败于 ${failed.object}；该波${failed.undone ? '已撤销' : '未能全部撤销'}。`
        : `wave ${failed.wave + 1} failed at ${failed.object}; ${failed.undone ? 'what it did is undone' : 'not all of it could be undone'}.`,
    )
    throw failed.error
  }
  if (incomplete) context.exit(EXIT.partial)
}

function serviceLine({ service, endpoints, sourceEndpoints, answers, why }: ServiceState, zh: boolean): string {
  const said = zh
    ? { yes: '有响应', no: '无响应', unknown: '是否响应未知' }[answers]
    : { yes: 'answers', no: 'does not answer', unknown: 'may answer or not' }[answers]
  const there = endpoints ?? (zh ? '未知' : 'unknown')
  const before = sourceEndpoints === undefined ? '' : zh ? `（来源 ${sourceEndpoints}）` : ` (${sourceEndpoints} on the source)`
  return zh
    ? `Service ${service}：${said}${why === undefined ? '' : `（${why}）`}，端点 ${there}${before}`
    : `Service ${service}: ${said}${why === undefined ? '' : ` (${why})`}, endpoints ${there}${before}`
}

const imagesOption = (zh: boolean): Option =>
  new Option('--no-check-images', zh ? '不向镜像仓库询问镜像及其架构' : 'do not ask registries for the images and their architectures')

/** `+ path: value`, as a diff; values of Secrets are never shown. */
const diffLines = ({ object, changes }: Verdict): string[] =>
  changes.length === 0
    ? []
    : [
        `--- ${describeRef(refOf(object))}`,
        ...changes.flatMap(({ path, from, to }) => [
          ...(from === undefined ? [] : [`- ${path}: ${JSON.stringify(from)}`]),
          ...(to === undefined ? [] : [`+ ${path}: ${JSON.stringify(to)}`]),
        ]),
      ]

async function print(verdicts: readonly Verdict[], obstacles: readonly Obstacle[], options: OutputOptions, context: CliContext): Promise<void> {
  const steps = verdicts.map(({ object, wave, action, changes, error }) => ({
    wave: wave + 1,
    action,
    ...refOf(object),
    changes,
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message, problems: error.problems } }),
  }))
  await printData(
    context,
    options,
    { steps, obstacles: obstacles.map((one) => ({ ...one, text: describeObstacle(one, context.language) })) },
    {
      rows: ({ steps }) => steps,
      name: ({ kind, name }) => `${kind}/${name}`,
      columns: [
        { header: 'WAVE', value: ({ wave }) => wave, align: 'right' },
        { header: 'ACTION', value: ({ action }) => action, tone: ({ action }) => (action === 'blocked' ? 'error' : undefined) },
        { header: 'KIND', value: ({ kind }) => kind },
        { header: 'NAMESPACE', value: ({ namespace }) => namespace },
        { header: 'NAME', value: ({ name }) => name },
        {
          header: 'WHAT',
          value: ({ changes, error }) =>
            error?.message ??
            changes
              .slice(0, 5)
              .map(({ path }) => path)
              .join(', '),
          flexible: true,
        },
      ],
    },
  )
  for (const one of obstacles) context.note(`${one.severity}: ${describeObstacle(one, context.language)}`)
}
