/** What the commands share: options, opening of registries, progress, report and exit code. */
import { createHash, hash } from 'node:crypto'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { CodedError, describeError, ERRORS, EXIT, type Language } from '#core/kernel/errors.ts'
import { formatBytes, parseQuantity } from '#core/kernel/quantity.ts'
import type { Registries, RegistrySettings } from '#core/shapes/ports/registry.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type Column, type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import type { ItemReport, Job, RunEvent, RunReport } from '../domain/job.ts'
import { reportOf } from '../domain/report.ts'
import type { World } from '../domain/world.ts'
import { openJournal } from '../journal-file.ts'
import { type JobOptions, jobOf } from './job-of.ts'

export interface RunOptions extends JobOptions, OutputOptions {
  limitRate?: string
  insecure: string[]
  plainHttp: string[]
  concurrency?: string
  retries?: string
}

const collect = (value: string, before: string[]) => [...before, value]

/** Adds the options that every command of the door takes. */
export function runOptions(command: Command, { language }: CliContext): Command {
  const say = (en: string, zh: string) => (language === 'zh-CN' ? zh : en)
  command
    .argument(
      '<source>',
      say('image or repository: docker://…, oci:DIR:NAME, docker-archive:FILE, dir:DIR', '镜像或仓库：docker://…、oci:DIR:NAME、docker-archive:FILE、dir:DIR'),
    )
    .argument('<target>', say('where it is to be', '目标位置'))
    .option('--all-tags', say('all tags of the repository', '仓库的全部标签'))
    .option(
      '--platform <platform>',
      say(
        'only this of an index, e.g. linux/arm64; may be given several times; the digest of the index changes',
        '仅保留索引中的该平台，例如 linux/arm64；可重复；索引的摘要会改变',
      ),
      collect,
      [],
    )
    .option('--no-referrers', say('leave signatures and attestations behind', '不迁移签名与证明'))
    .option('--keep', say('leave tags alone that are at the target already', '保留目标端已有的标签'))
    .option('--insecure <host>', say('do not verify the certificate of this host; may be given several times', '不校验该主机的证书；可重复'), collect, [])
    .option('--plain-http <host>', say('speak to this host without TLS; may be given several times', '不使用 TLS 访问该主机；可重复'), collect, [])
    .option('--limit-rate <bytes>', say('bytes a second in all, e.g. 20Mi', '总带宽上限（每秒字节数），例如 20Mi'))
    .addOption(new Option('--concurrency <n>', say('requests under way at one host, at most', '单个主机的最大并发请求数')).default('32'))
    .addOption(new Option('--retries <n>', say('how often a request that broke is sent again', '中断的请求重试次数')).default('6'))
  return outputOptions(command)
}

export interface Running extends AsyncDisposable {
  job: Job
  world: World
  registries: Registries
}

/** Opens what a command needs; on leaving the scope of `await using` all is closed. */
export async function startRun(names: readonly string[], options: RunOptions, context: CliContext, emit: (event: RunEvent) => void): Promise<Running> {
  const settings: Record<string, RegistrySettings> = {}
  const concurrency = Number(options.concurrency)
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 512)
    throw new CodedError('USAGE', { reason: '--concurrency takes a number from 1 to 512' })
  const retries = Number(options.retries)
  if (!Number.isInteger(retries) || retries < 0 || retries > 100) throw new CodedError('USAGE', { reason: '--retries takes a number from 0 to 100' })
  const bytesPerSecond = options.limitRate === undefined ? undefined : parseQuantity(options.limitRate)
  if (options.limitRate !== undefined && !(bytesPerSecond! >= 1024)) throw new CodedError('USAGE', { reason: '--limit-rate takes at least 1Ki' })
  for (const host of options.insecure) settings[host] = { tls: 'skip' }
  for (const host of options.plainHttp) settings[host] = { tls: 'off' }
  const open = await context.registries()
  const registries = open({ settings, fallback: { concurrency }, retries, signal: context.signal, ...(bytesPerSecond ? { bytesPerSecond } : {}) })
  const job = await jobOf(names, options, registries)
  const journal = openJournal(join(context.dataFolder, 'image-moves', `${jobName(job)}.journal`))
  const world: World = {
    open: registries.open,
    clock: context.clock,
    digestOf: (bytes) => `sha256:${hash('sha256', bytes, 'hex')}`,
    journal,
    signal: context.signal,
    emit,
  }
  return {
    job,
    world,
    registries,
    async [Symbol.asyncDispose]() {
      journal.close()
      await registries.close()
    },
  }
}

/** The same places have the same journal, also when tags were added meanwhile. */
function jobName({ pairs }: Job): string {
  const places = new Set(pairs.map(({ source, target }) => JSON.stringify([source.place, source.repository, target.place, target.repository])))
  const running = createHash('sha256')
  for (const place of [...places].sort()) running.update(place)
  return running.digest('hex').slice(0, 16)
}

const COLUMNS: readonly Column<ItemReport>[] = [
  {
    header: 'OUTCOME',
    value: ({ outcome }) => outcome,
    tone: ({ outcome }) => (outcome === 'failed' ? 'error' : outcome === 'stopped' ? 'warning' : undefined),
  },
  { header: 'SOURCE', value: ({ source }) => source, flexible: true },
  { header: 'TARGET', value: ({ target }) => target, flexible: true },
  { header: 'SENT', value: ({ bytesSent }) => formatBytes(bytesSent), align: 'right' },
  { header: 'SPARED', value: ({ bytesSpared }) => formatBytes(bytesSpared), align: 'right', wide: true },
  { header: 'REFERRERS', value: ({ referrers }) => referrers.length, align: 'right', wide: true },
  { header: 'DIGEST', value: ({ digest }) => digest, wide: true },
]

/** Prints the report and sets the exit code: 0 all well, 6 some failed or were not reached, that of the error when all failed. */
export async function finish(
  kind: RunReport['kind'],
  running: Running,
  items: readonly ItemReport[],
  startedAt: number,
  options: RunOptions,
  context: CliContext,
): Promise<void> {
  const report = reportOf(kind, items, startedAt, context.clock.now(), running.registries.traffic())
  await printData(context, options, report, { rows: ({ items }) => items, columns: COLUMNS, name: ({ target }) => target })
  for (const item of items) if (item.failure) context.note(sentence(item, context.language))
  for (const item of items) for (const note of item.notes) context.note(`${item.target}: ${note}`)
  const { pairs, failed, stopped } = report.totals
  if (failed === pairs && pairs > 0 && new Set(items.map(({ failure }) => failure?.code)).size === 1) context.exit(ERRORS[items[0]!.failure!.code].exit)
  else if (failed + stopped > 0) context.exit(EXIT.partial)
  if (stopped > 0) context.note(context.language === 'zh-CN' ? '已停止；再次运行同一命令即可继续。' : 'Stopped; the same command goes on from here.')
}

/** `SOURCE → TARGET: target: …`, and what to do. */
function sentence({ source, target, failure }: ItemReport, language: Language): string {
  const { message, next } = describeError(new CodedError(failure!.code, failure!.details), language)
  const side = failure!.side === undefined ? '' : language === 'zh-CN' ? (failure!.side === 'source' ? '源端：' : '目标端：') : `${failure!.side}: `
  return `${source} → ${target}: ${side}${message}\n  ${next}`
}
