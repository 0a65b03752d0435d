/** Lines that were not taken: each is counted with its reason, some are kept to be looked at. */

export const REASONS = ['empty', 'too-long', 'partial', 'format', 'time', 'clock'] as const
/**
 * `empty` a blank line · `too-long` over 64 KiB · `partial` cut in pieces by the container runtime · `format` not of the source's format ·
 * `time` no readable time · `clock` older than the retention or more than 10 minutes in the future.
 */
export type Reason = (typeof REASONS)[number]

export const LINE_MAX = 64 * 1024
export const SAMPLE_MAX = 20
const SAMPLE_LENGTH = 300

export interface Sample {
  reason: Reason
  line: string
}

export interface Rejects {
  total: number
  reasons: Partial<Record<Reason, number>>
  samples: Sample[]
}

export const createRejects = (): Rejects => ({ total: 0, reasons: {}, samples: [] })

const decoder = new TextDecoder()

/** Control characters as their Unicode pictures, so that a sample can be shown anywhere. */
const visible = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  text.replace(/[\u0000-\u001f\u007f]/g, (control) => (control === '\u007f' ? '\u2421' : String.fromCharCode(0x2400 + control.charCodeAt(0))))

/** Counts one line, and keeps it when there is room: at most half of the room for one reason, so that others are seen too. */
export function reject(rejects: Rejects, reason: Reason, bytes: Uint8Array, from: number, to: number): void {
  rejects.total++
  const count = (rejects.reasons[reason] ?? 0) + 1
  rejects.reasons[reason] = count
  if (rejects.samples.length >= SAMPLE_MAX || count > SAMPLE_MAX / 2 || reason === 'empty') return
  const text = decoder.decode(bytes.subarray(from, Math.min(to, from + SAMPLE_LENGTH * 4)))
  rejects.samples.push({ reason, line: visible(text.slice(0, SAMPLE_LENGTH)) })
}
