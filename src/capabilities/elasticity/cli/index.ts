import type { CliDoor } from '#kits/cli-kit/door.ts'
import { elasticity } from '../capability.ts'
import { addCron } from './cron.ts'

export const door: CliDoor = (program, context) => {
  addCron(program.command('scale').description(elasticity.summary[context.language]), context)
}
