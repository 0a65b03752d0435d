import type { CliDoor } from '#kits/cli-kit/door.ts'
import { appMigration } from '../capability.ts'
import { addConvert } from './convert.ts'

export const door: CliDoor = (program, context) => {
  const apps = program.command('apps').description(appMigration.summary[context.language])
  addConvert(apps, context)
}
