import { Command } from 'commander'
import type { CliContext } from '#kits/cli-kit/door.ts'
import { fakeClock } from './clock.ts'
import { fakeStream } from './terminal.ts'

/** Runs one command as the CLI would, in English: what it wrote, what it noted, its exit code. `more` replaces parts of its context. Rejects with what the command throws. */
export async function runCommand(add: (program: Command, context: CliContext) => void, args: readonly string[], more: Partial<CliContext> = {}) {
  const out = fakeStream()
  const notes: string[] = []
  let exit = 0
  const context = {
    language: 'en',
    clock: fakeClock(),
    out,
    note: (line: string) => void notes.push(line),
    progress: () => ({ update: () => {}, [Symbol.dispose]: () => {} }),
    columns: 160,
    unicode: true,
    exit: (code: number) => {
      exit = code
    },
    signal: new AbortController().signal,
    ...more,
  }
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  add(program, context as unknown as CliContext)
  await program.parseAsync(args, { from: 'user' })
  return { text: out.text(), notes, exit }
}
