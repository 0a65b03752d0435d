import type { CliDoor } from '#kits/cli-kit/door.ts'
import { nodeDoctor } from '../capability.ts'
import { addDiagnose } from './diagnose.ts'

export const door: CliDoor = (program, context) => {
  addDiagnose(program.command('node').description(nodeDoctor.summary[context.language]), context)
}
