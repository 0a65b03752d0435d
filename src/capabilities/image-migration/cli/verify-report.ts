/** `sallyport images verify-report`: is this the report that was signed, and by whom? */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { EXIT, fileUnreadable } from '#core/kernel/errors.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import { mark } from '#kits/cli-kit/terminal.ts'
import type { Verified } from '../signing.ts'

interface VerifyOptions extends OutputOptions {
  signature?: string
  key?: string
}

export function addVerifyReport(images: Command, context: CliContext): void {
  const say = (en: string, zh: string) => (context.language === 'zh-CN' ? zh : en)
  const command = images
    .command('verify-report')
    .description(say('check the signature of a report', '校验报告的签名'))
    .argument('<report>', say('the report as --report wrote it', '--report 写出的报告'))
    .option('--signature <file>', say('default: REPORT.sig', '默认：REPORT.sig'))
    .option('--key <file>', say('public key (PEM) of whom you trust to have signed it', '您所信任的签名者的公钥（PEM）'))
  outputOptions(command).action((report: string, options: VerifyOptions) => verify(report, options, context))
}

async function verify(path: string, options: VerifyOptions, context: CliContext): Promise<void> {
  const { parseSignature, readKeyFile, verifyReport } = await import('../signing.ts')
  const sigPath = options.signature ?? `${path}.sig`
  const [report, text] = await Promise.all([read(path), read(sigPath)])
  const key = options.key === undefined ? undefined : await readKeyFile(options.key, 'public')
  const result = verifyReport(report, parseSignature(text.toString('utf8'), sigPath), key)
  const say = (en: string, zh: string) => (context.language === 'zh-CN' ? zh : en)
  await printData(context, options, result, {
    rows: (verified: Verified) => [verified],
    columns: [
      { header: 'REPORT', value: () => path },
      { header: 'INTACT', value: ({ intact }) => (intact ? 'yes' : 'no'), tone: ({ intact }) => (intact ? 'ok' : 'error') },
      { header: 'TRUSTED', value: ({ trusted }) => (trusted === undefined ? 'unknown' : trusted ? 'yes' : 'no') },
      { header: 'SIGNED', value: ({ signedAt }) => new Date(signedAt).toISOString() },
      { header: 'KEY', value: ({ keyId }) => keyId },
    ],
  })
  if (!result.intact || result.trusted === false) {
    context.note(
      mark(
        context,
        'error',
        result.intact
          ? say('it was signed with another key than the one you trust', '签名所用的密钥不是您所信任的密钥')
          : say('it is not what was signed', '报告与签名不符'),
      ),
    )
    context.exit(EXIT.findings)
  } else if (result.trusted === undefined) {
    context.note(
      mark(context, 'unknown', say('the key came with the report; name the one you trust with --key', '密钥随报告附带；请用 --key 指定您信任的公钥')),
    )
    context.exit(EXIT.partial)
  }
}

const read = (path: string) =>
  readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw fileUnreadable(path, error)
  })
