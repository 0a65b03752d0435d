/** What a format makes of sample lines, before any sender names it. Pure. */
import type { TryFormatAnswer, TryFormatBody } from '../api.ts'
import { createBlockBuilder } from '../rows/columns.ts'
import { createLineReader } from '../rows/read-lines.ts'
import { createRejects, REASONS } from '../rows/rejects.ts'
import { createVocabulary, type VocabularyOptions } from '../rows/vocabulary.ts'
import { findFormat } from './catalog.ts'
import { detectFormat } from './detect.ts'

/** Each line as its row or the reason for which it would be rejected; the age of a line is not looked at. Throws INVALID_INPUT with all that is wrong with the format. */
export function tryFormat(asked: TryFormatBody, patterns: Readonly<Record<string, string>>, options: VocabularyOptions & { now: number }): TryFormatAnswer {
  const encoder = new TextEncoder()
  const found = asked.format === 'auto' ? undefined : findFormat(patterns[asked.format] ?? asked.format)
  if (found && !found.ok) throw found.error
  const format = found ? found.value : detectFormat(encoder.encode(asked.lines.join('\n')))
  const reader = createLineReader()
  const builder = createBlockBuilder()
  const vocabulary = createVocabulary(options)
  const lines = asked.lines.map((text): TryFormatAnswer['lines'][number] => {
    const run = { format, earliest: Number.NEGATIVE_INFINITY, latest: Number.POSITIVE_INFINITY, rejects: createRejects(), accepted: 0 }
    const bytes = encoder.encode(`${text}\n`)
    reader.reset()
    builder.begin({ cluster: '', source: 'sample', receivedAt: options.now, vocabulary })
    reader.read(run, bytes, new DataView(bytes.buffer), 0, bytes.length, builder)
    const row = builder.finish().latest[0]
    return row ? { row } : { reason: REASONS.find((reason) => run.rejects.reasons[reason] !== undefined) ?? 'format' }
  })
  const accepted = lines.filter((line) => 'row' in line).length
  return { format: format?.name ?? null, accepted, rejected: lines.length - accepted, lines }
}
