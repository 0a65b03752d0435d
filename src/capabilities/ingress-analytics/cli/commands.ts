import type { Command } from 'commander'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { addStats } from './stats.ts'
import { addTail } from './tail.ts'
import { addTop } from './top.ts'

/** Adds what asks a server to the command `ingress`. */
export function addQuestions(ingress: Command, context: CliContext): void {
  addStats(ingress, context)
  addTop(ingress, context)
  addTail(ingress, context)
}
