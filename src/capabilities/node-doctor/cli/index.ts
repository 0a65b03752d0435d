import type { CliDoor } from '#kits/cli-kit/door.ts'
import { nodeDoctor } from '../capability.ts'
import { addCheck } from './check.ts'
import { addDiagnose } from './diagnose.ts'

export const door: CliDoor = (program, context) => {
  const node = program.command('node').description(nodeDoctor.summary[context.language])
  addDiagnose(node, context)
  addCheck(node, context)
}
