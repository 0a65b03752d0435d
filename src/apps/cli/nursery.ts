/**
 * Imported first, before the heap grows. Buffers of bodies die young and lie outside the heap: the engine frees them when it clears the nursery of the heap.
 * A nursery that stays small is cleared often, which for commands that only pass bytes on halves memory and CPU time: what is used again is still in the
 * processor's cache. Commands that build big objects are better off with a big one.
 */
import { setFlagsFromString } from 'node:v8'

if (process.argv.includes('images'))
  for (const flag of ['--semi-space-growth-factor=1', '--min-semi-space-size=1', '--max-semi-space-size=1']) setFlagsFromString(flag)
