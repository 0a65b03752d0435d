import type { CliDoor } from '#kits/cli-kit/door.ts'
import { audit } from '../capability.ts'
import { addLeaver, addRbac } from './leaver.ts'
import { addScan } from './scan.ts'
import { addSetup } from './setup.ts'
import { addStored } from './stored.ts'

export const door: CliDoor = (program, context) => {
  const command = program.command('audit').description(audit.summary[context.language])
  addScan(command, context)
  addSetup(command, context)
  addStored(command, context)
  addLeaver(command, context)
  addRbac(command, context)
}
