import type { CliDoor } from '#kits/cli-kit/door.ts'
import { addReport } from './report.ts'
import { addStats } from './stats.ts'
import { addTail } from './tail.ts'
import { addTop } from './top.ts'

export const door: CliDoor = (program, context) => {
  const zh = context.language === 'zh-CN'
  const ingress = program.command('ingress').description(zh ? '入口流量分析' : 'traffic of the ingress')
  addStats(ingress, context)
  addTop(ingress, context)
  addTail(ingress, context)
  addReport(ingress, context)
}
