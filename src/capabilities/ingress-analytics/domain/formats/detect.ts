/** Which format lines are of: the one that reads most of the first lines; the more telling one where several read as many. */

import { createLineReader } from '../rows/read-lines.ts'
import { createRejects } from '../rows/rejects.ts'
import { FORMATS } from './catalog.ts'
import type { LineFormat } from './line.ts'

const LINES = 50
const NOWHERE = { add: () => {} }
const reader = createLineReader()

/** Undefined: no format reads at least a tenth of the first 50 lines. `times` as in `LineRun`. */
export function detectFormat(bytes: Uint8Array, times?: Float64Array): LineFormat | undefined {
  let end = 0
  let lines = 0
  while (lines < LINES && end < bytes.length) {
    const next = bytes.indexOf(0x0a, end)
    end = next < 0 ? bytes.length : next + 1
    lines++
  }
  // a plain view: Node's Buffers would make the hot loops serve two kinds of array
  const head = new Uint8Array(bytes.buffer, bytes.byteOffset, end)
  const view = new DataView(bytes.buffer, bytes.byteOffset, end)
  let best: LineFormat | undefined
  let most = 0
  for (const format of FORMATS) {
    const run = {
      format,
      earliest: Number.NEGATIVE_INFINITY,
      latest: Number.POSITIVE_INFINITY,
      rejects: createRejects(),
      accepted: 0,
      ...(times ? { times } : {}),
    }
    reader.reset()
    reader.read(run, head, view, 0, end, NOWHERE)
    if (run.accepted > most) {
      most = run.accepted
      best = format
    }
  }
  return most * 10 >= lines ? best : undefined
}
