/** `sallyport audit verify` and `sallyport audit replay`: of a server. */
import type { Command } from 'commander'
import { CodedError, EXIT } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type Column, type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import type { Fault, ReplayAnswer, VerifyAnswer } from '../domain/api.ts'
import { parsed } from '../domain/read.ts'
import { readText } from './files.ts'

const auditPath = (cluster: string, rest: string) => `/clusters/${encodeURIComponent(cluster)}/audit${rest}`
/** Characters of one request; a line is never cut. */
const PIECE = 4 * 1024 * 1024

export function addStored(audit: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  const verify = audit
    .command('verify')
    .description(zh ? '检查存储的每一行是否与封存时一致' : 'check that every stored row is as it was sealed')
    .option('--cluster <name>', zh ? '集群' : 'cluster', 'local')
  outputOptions(verify).action(async (options: OutputOptions & { cluster: string }) => {
    const answer = await context.api.get<VerifyAnswer>(auditPath(options.cluster, '/verify'))
    if (options.output === 'json' || options.output === 'yaml' || answer.faults.length > 0)
      await printData(context, options, answer, { rows: ({ faults }) => faults, columns: FAULTS })
    context.note(
      zh
        ? `已检查 ${answer.batches} 个批次（${answer.first}–${answer.last}）、${answer.rows} 行；问题 ${answer.faults.length} 个。末尾哈希 ${answer.hash}`
        : `Checked ${answer.batches} batches (${answer.first} to ${answer.last}) with ${answer.rows} rows: ${answer.faults.length} faults. Last hash ${answer.hash}`,
    )
    if (answer.expired + answer.unsealed > 0)
      context.note(
        zh
          ? `按保留期删除了部分行的批次 ${answer.expired} 个；未封存的行 ${answer.unsealed} 行。`
          : `${answer.expired} batches lost rows to retention; ${answer.unsealed} rows were never sealed.`,
      )
    if (answer.faults.length > 0) context.exit(EXIT.findings)
    else if (answer.batches === 0) context.exit(EXIT.partial)
  })

  audit
    .command('replay')
    .description(zh ? '将已记录的事件载入服务器；重复载入无影响' : 'load recorded events into the server; a second time changes nothing')
    .argument('<file...>', zh ? '事件文件' : 'files of events')
    .option('--cluster <name>', zh ? '集群' : 'cluster', 'local')
    .action(async (files: string[], { cluster }: { cluster: string }) => {
      const total: ReplayAnswer = { accepted: 0, rejected: 0, reasons: {} }
      for (const file of files) {
        using progress = context.progress({ label: file, unit: 'bytes' })
        let done = 0
        for await (const text of piecesOf(file, context.signal)) {
          const receipt = await context.api.send<ReplayAnswer>('POST', auditPath(cluster, '/replay'), { source: file.slice(-200), text })
          total.accepted += receipt.accepted
          total.rejected += receipt.rejected
          for (const [reason, count] of Object.entries(receipt.reasons)) total.reasons[reason] = (total.reasons[reason] ?? 0) + count
          done += text.length
          progress.update(done)
        }
      }
      const reasons = Object.entries(total.reasons).map(([reason, count]) => `${reason} ${count}`)
      context.note(zh ? `已载入 ${total.accepted} 个事件，拒绝 ${total.rejected} 个。` : `${total.accepted} events loaded, ${total.rejected} rejected.`)
      if (reasons.length > 0) context.note(reasons.join(', '))
      if (reasons.some((reason) => !reason.startsWith('duplicate') && !reason.startsWith('other'))) context.exit(EXIT.partial)
    })
}

const FAULTS: readonly Column<Fault>[] = [
  { header: 'FAULT', value: ({ kind }) => kind, tone: () => 'error' },
  { header: 'BATCH-NUMBER', value: ({ number }) => number, align: 'right' },
  { header: 'COUNT', value: ({ count }) => count, align: 'right' },
  { header: 'BATCH', value: ({ batch }) => batch },
  { header: 'REASON', value: ({ reason }) => reason, flexible: true },
]

/** Whole lines, some megabytes at a time; a document over many lines goes whole. */
async function* piecesOf(file: string, signal: AbortSignal): AsyncGenerator<string> {
  let held = ''
  let lines: boolean | undefined
  for await (const text of readText(file, signal)) {
    held += text
    if (held.length < PIECE) continue
    lines ??= parsed(held.slice(0, Math.max(0, held.indexOf('\n')))) !== undefined
    const end = held.lastIndexOf('\n') + 1
    if (!lines || end === 0) {
      if (held.length > 2 * PIECE) throw new CodedError('TOO_LARGE', { what: file, limit: '8 MiB for one document; write one event a line' })
      continue
    }
    yield held.slice(0, end)
    held = held.slice(end)
  }
  if (held.trim() !== '') yield held
}
