import type { CliDoor } from '#kits/cli-kit/door.ts'
import { canary } from '../capability.ts'
import { addJudge } from './judge.ts'

export const door: CliDoor = (program, context) => {
  addJudge(program.command('canary').description(canary.summary[context.language]), context)
}
