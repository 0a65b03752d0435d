/** `sallyport apps cutover`: the order in which users are brought over, and the way back. */
import { type Command, InvalidArgumentError } from 'commander'
import { CodedError } from '#core/kernel/errors.ts'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { type OutputOptions, outputOptions, printData } from '#kits/cli-kit/printers.ts'
import { cutoverOf } from '../domain/cutover.ts'
import { prepareFrom, preparing } from './export.ts'
import { type SourceOptions, sourceOptions } from './source.ts'

interface CutoverOptions extends SourceOptions, OutputOptions {
  mapping?: string
  ttl: number
  both?: boolean
  address?: string
}

const seconds = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0 || value > 604_800) throw new InvalidArgumentError('seconds from 0 to 604800')
  return value
}

export function addCutover(apps: Command, context: CliContext): void {
  const zh = context.language === 'zh-CN'
  outputOptions(
    preparing(
      sourceOptions(
        apps.command('cutover').description(zh ? '流量切换计划：步骤、等待时间与回退' : 'how to bring traffic over: steps, waits, and the way back'),
        zh,
      ),
      zh,
    ),
  )
    .option('--ttl <seconds>', zh ? '当前 DNS 记录的 TTL' : 'TTL of the records now', seconds, 300)
    .option('--both', zh ? '用户可同时访问两侧，按权重切换' : 'users can reach both sides: move shares step by step')
    .option('--address <address>', zh ? '新入口的地址' : 'address of the new ingress')
    .action(async (options: CutoverOptions) => {
      const { prepared } = await prepareFrom(options, {}, await loadApiFacts(), context)
      const facts = { ttl: options.ttl, bothReachable: options.both === true, ...(options.address === undefined ? {} : { address: options.address }) }
      const plan = cutoverOf(prepared.objects, facts)
      if (plan === undefined) throw new CodedError('NOT_FOUND', { what: zh ? '带主机名的 Ingress 或路由' : 'an Ingress or route with a host name' })
      await printData(context, options, plan, {
        rows: ({ steps, back }) => [
          ...steps.map((step, i) => ({ ...step, number: String(i + 1) })),
          ...back.map((step, i) => ({ ...step, number: zh ? `回退 ${i + 1}` : `back ${i + 1}` })),
        ],
        columns: [
          { header: 'STEP', value: ({ number }) => number },
          { header: 'THEN WAIT', value: ({ wait }) => (wait === 0 ? undefined : `${wait} s`), align: 'right' },
          { header: 'WHAT', value: (step) => step[context.language], flexible: true },
        ],
      })
    })
}
