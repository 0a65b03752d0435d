import type { CliDoor } from '#kits/cli-kit/door.ts'
import { imageMigration } from '../capability.ts'
import { addCopy } from './copy.ts'
import { addLooks } from './look.ts'
import { addRewrite } from './rewrite.ts'
import { addVerifyReport } from './verify-report.ts'

export const door: CliDoor = (program, context) => {
  const images = program.command('images').description(imageMigration.summary[context.language])
  addCopy(images, context)
  addLooks(images, context)
  addRewrite(images, context)
  addVerifyReport(images, context)
}
