/** What the commands share: options, opening of registries, progress, report and exit code. */
import { createHash, hash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { CodedError, describeError, ERRORS, EXIT, fileUnreadable, type Language } from '#core/kernel/errors.ts'
import { formatBytes, parseQuantity } from '#core/kernel/quantity.ts'
import type { Registries, RegistrySettings } from '#core/shapes/ports/registry.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type Column, type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import type { ItemReport, Job, Prediction, RunEvent, RunReport } from '../domain/job.ts'
import type { Looked } from '../domain/look.ts'
import { reportOf } from '../domain/report.ts'
import type { World } from '../domain/world.ts'
import { lockJournal, openJournal } from '../journal-file.ts'
import { openCredentials } from '../sources/credentials.ts'
import { hostSettings } from '../sources/settings.ts'
import { type JobOptions, jobOf } from './job-of.ts'
import { readWhat, type WhatOptions, whatOptions } from './what.ts'

export interface RunOptions extends JobOptions, OutputOptions, WhatOptions {
  report?: string
  sign?: string | true
  limitRate?: string
  insecure: string[]
  plainHttp: string[]
  concurrency?: string
  retries?: string
}

const collect = (value: string, before: string[]) => [...before, value]

/** Adds the options that every command of the door takes. */
export function runOptions(command: Command, context: CliContext): Command {
  const say = (en: string, zh: string) => (context.language === 'zh-CN' ? zh : en)
  command
    .argument(
      '[source]',
      say('image or repository: docker://…, oci:DIR:NAME, docker-archive:FILE, dir:DIR', '镜像或仓库：docker://…、oci:DIR:NAME、docker-archive:FILE、dir:DIR'),
    )
    .argument('[target]', say('where it is to be', '目标位置'))
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
    .option('--report <file>', say('write the report (JSON) to this file', '将报告（JSON）写入此文件'))
    .option(
      '--sign [key]',
      say(
        'with --report: sign it (REPORT.sig) with this Ed25519 key; default: a key of your own, made on first use',
        '与 --report 一起使用：用此 Ed25519 私钥签名（REPORT.sig）；默认使用首次生成的自有密钥',
      ),
    )
  return outputOptions(whatOptions(command, context))
}

export interface Running extends AsyncDisposable {
  job: Job
  /** Rules that could not be followed; they belong to the report. */
  failed: readonly ItemReport[]
  world: World
  registries: Registries
}

/** Opens what a command needs; on leaving the scope of `await using` all is closed. */
export async function startRun(
  named: readonly (string | undefined)[],
  options: RunOptions,
  context: CliContext,
  emit: (event: RunEvent) => void,
): Promise<Running> {
  if (options.sign !== undefined && options.report === undefined) throw new CodedError('USAGE', { reason: '--sign goes with --report' })
  const names = named.filter((name) => name !== undefined)
  const what = await readWhat(options, context)
  if (what && names.length > 0) throw new CodedError('USAGE', { reason: 'name two images, or what to copy by an option, not both' })
  const known = what?.spec.registries ?? []
  const settings: Record<string, RegistrySettings> = await hostSettings(known)
  const concurrency = Number(options.concurrency)
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 512)
    throw new CodedError('USAGE', { reason: '--concurrency takes a number from 1 to 512' })
  const retries = Number(options.retries)
  if (!Number.isInteger(retries) || retries < 0 || retries > 100) throw new CodedError('USAGE', { reason: '--retries takes a number from 0 to 100' })
  const bytesPerSecond = options.limitRate === undefined ? undefined : parseQuantity(options.limitRate)
  if (options.limitRate !== undefined && !(bytesPerSecond! >= 1024)) throw new CodedError('USAGE', { reason: '--limit-rate takes at least 1Ki' })
  for (const host of options.insecure) settings[host] = { ...settings[host], tls: 'skip' }
  for (const host of options.plainHttp) settings[host] = { ...settings[host], tls: 'off' }
  const credentials = await openCredentials({ env: context.env, clock: context.clock, registries: known, more: what?.credentials ?? [] })
  const open = await context.registries()
  const registries = open({ credentials, settings, fallback: { concurrency }, retries, signal: context.signal, ...(bytesPerSecond ? { bytesPerSecond } : {}) })
  const { job, failed } = what
    ? await (await import('./job-of-spec.ts')).jobOfSpec(what.spec, options, registries, context)
    : { job: await jobOf(names, options, registries), failed: [] }
  const journalPath = join(context.dataFolder, 'image-moves', `${jobName(job)}.journal`)
  const unlock = await lockJournal(journalPath, context.clock, context.signal)
  const journal = openJournal(journalPath)
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
    failed,
    world,
    registries,
    async [Symbol.asyncDispose]() {
      journal.close()
      unlock()
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

const COLUMNS: readonly Column<Looked>[] = [
  {
    header: 'OUTCOME',
    value: ({ outcome }) => outcome,
    tone: ({ outcome }) => (outcome === 'failed' ? 'error' : ['stopped', 'differs', 'missing', 'extra'].includes(outcome) ? 'warning' : undefined),
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
  items: readonly Looked[],
  startedAt: number,
  options: RunOptions,
  context: CliContext,
  prediction?: Prediction,
): Promise<void> {
  const all = [...running.failed, ...items]
  const report = { ...reportOf(kind, all, startedAt, context.clock.now(), running.registries.traffic()), ...(prediction ? { prediction } : {}) }
  if (options.report !== undefined) await keepReport(report, options.report, options.sign, context)
  await printData(context, options, report, { rows: ({ items }) => items, columns: COLUMNS, name: ({ target }) => target })
  for (const item of all) if (item.failure) context.note(sentence(item, context.language))
  for (const item of items) for (const note of item.notes) context.note(`${item.target}: ${note}`)
  const { pairs, failed, stopped } = report.totals
  if (failed === pairs && pairs > 0 && new Set(all.map(({ failure }) => failure?.code)).size === 1) context.exit(ERRORS[all[0]!.failure!.code].exit)
  else if (failed + stopped > 0) context.exit(EXIT.partial)
  else if (kind === 'diff' && items.some(({ outcome }) => outcome !== 'same')) context.exit(EXIT.findings)
  if (stopped > 0) context.note(context.language === 'zh-CN' ? '已停止；再次运行同一命令即可继续。' : 'Stopped; the same command goes on from here.')
}

/** The report as a file, and beside it the signature over its bytes. Rejects with FILE_UNREADABLE, INVALID_INPUT (a key that is none). */
async function keepReport(report: RunReport, path: string, sign: string | true | undefined, { clock, dataFolder }: CliContext): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(report, undefined, 1)}\n`)
  let signature: string | undefined
  if (sign !== undefined) {
    const { ownKey, readKeyFile, signReport } = await import('../signing.ts')
    const key = sign === true ? await ownKey(join(dataFolder, 'image-moves', 'report-key.pem')) : await readKeyFile(sign, 'private')
    signature = `${JSON.stringify(signReport(bytes, key, clock.now()), undefined, 2)}\n`
  }
  try {
    await writeFile(path, bytes)
    if (signature !== undefined) await writeFile(`${path}.sig`, signature)
  } catch (error) {
    throw fileUnreadable(path, error)
  }
}

/** `SOURCE → TARGET: target: …`, and what to do. */
function sentence({ source, target, failure }: Looked, language: Language): string {
  const { message, next } = describeError(new CodedError(failure!.code, failure!.details), language)
  const side = failure!.side === undefined ? '' : language === 'zh-CN' ? (failure!.side === 'source' ? '源端：' : '目标端：') : `${failure!.side}: `
  return `${source} → ${target}: ${side}${message}\n  ${next}`
}
