import type { CliDoor } from '#kits/cli-kit/door.ts'
import { elasticity } from '../capability.ts'
import { addCron } from './cron.ts'
import { addImport } from './import.ts'
import { addSimulate } from './simulate.ts'

export const door: CliDoor = (program, context) => {
  const scale = program.command('scale').description(elasticity.summary[context.language])
  addCron(scale, context)
  addImport(scale, context)
  addSimulate(scale, context)
}
