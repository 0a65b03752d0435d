/** What an agent tells the server of its node: its whole state, level-based, as one line of JSON in a batch of the format `node`. */
import { z } from 'zod'
import { SEVERITIES } from '#core/shapes/severity.ts'

export const REPORT_FORMAT = 'node'
/** How often an agent reports when nothing changes, ms; after three times that without a word it is silent. */
export const REPORT_MS = 15_000
export const SILENT_MS = 3 * REPORT_MS

const text = (most: number) => z.string().max(most)
const time = z.number().int().min(0).max(8.64e15)

const trouble = z.object({
  detector: text(300),
  key: text(1000),
  condition: text(300),
  reason: text(300),
  severity: z.enum(SEVERITIES),
  message: text(2000),
  pod: text(64).optional(),
  since: time,
  lastSeen: time,
  count: z.number().int().min(1),
})

export const nodeReport = z.object({
  version: z.literal(1),
  node: z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i),
  at: time,
  startedAt: time,
  bootId: text(64),
  conditions: z
    .array(
      z.object({
        type: z.string().regex(/^[\w./-]{1,300}$/),
        status: z.enum(['True', 'False', 'Unknown']),
        reason: text(300),
        message: text(1100),
        since: time,
        severity: z.enum(SEVERITIES).optional(),
      }),
    )
    .max(300),
  troubles: z.array(trouble).max(1000),
  changes: z.array(z.object({ what: z.enum(['opened', 'closed', 'seen']), at: time, trouble, proof: text(1000).optional() })).max(500),
  blind: z.array(z.object({ detector: text(300), why: text(1000), since: time })).max(300),
  /** Detectors that had nothing to look at. */
  absent: z.array(z.object({ detector: text(300), why: text(1000) })).max(300),
  log: z.object({
    lines: z.number().int().min(0),
    /** Records of the kernel's log that were overwritten before they were read. */
    dropped: z.number().int().min(0),
    /** Changes that found no room while the server could not be reached. */
    lostChanges: z.number().int().min(0),
  }),
})
export type NodeReport = z.output<typeof nodeReport>
