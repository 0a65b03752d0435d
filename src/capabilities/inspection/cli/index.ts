import type { CliDoor } from '#kits/cli-kit/door.ts'
import { addInspect } from './inspect.ts'

export const door: CliDoor = (program, context) => addInspect(program, context)
