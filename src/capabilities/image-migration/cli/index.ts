import type { CliDoor } from '#kits/cli-kit/door.ts'
import { imageMigration } from '../capability.ts'
import { addRewrite } from './rewrite.ts'

export const door: CliDoor = (program, context) => {
  const images = program.command('images').description(imageMigration.summary[context.language])
  addRewrite(images, context)
}
