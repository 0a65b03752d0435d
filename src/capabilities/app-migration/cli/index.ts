import type { CliDoor } from '#kits/cli-kit/door.ts'
import { appMigration } from '../capability.ts'
import { addConvert } from './convert.ts'
import { addCutover } from './cutover.ts'
import { addExport } from './export.ts'
import { addMove } from './move.ts'
import { addVolumes } from './volumes.ts'

export const door: CliDoor = (program, context) => {
  const apps = program.command('apps').description(appMigration.summary[context.language])
  addExport(apps, context)
  addConvert(apps, context)
  addMove(apps, context)
  addVolumes(apps, context)
  addCutover(apps, context)
}
