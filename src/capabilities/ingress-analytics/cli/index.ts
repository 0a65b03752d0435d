import type { CliDoor } from '#kits/cli-kit/door.ts'
import { addReport } from './report.ts'

export const door: CliDoor = (program, context) => {
  const zh = context.language === 'zh-CN'
  const ingress = program.command('ingress').description(zh ? '入口流量分析' : 'traffic of the ingress')
  addReport(ingress, context)
}
