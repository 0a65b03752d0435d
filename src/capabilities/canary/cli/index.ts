import type { CliDoor } from '#kits/cli-kit/door.ts'
import { canary } from '../capability.ts'
import { addJudge } from './judge.ts'
import { addRelease } from './release.ts'

export const door: CliDoor = (program, context) => {
  const command = program.command('canary').description(canary.summary[context.language])
  addJudge(command, context)
  addRelease(command, context)
}
