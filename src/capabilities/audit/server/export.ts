/** Events as a file: one JSON object a line, or CSV (RFC 4180). */
import type { EventRow } from '../domain/api.ts'
import { rfc3339 } from '../domain/time.ts'

const COLUMNS = [
  'plane',
  'user',
  'impersonated',
  'groups',
  'verb',
  'apiGroup',
  'resource',
  'namespace',
  'name',
  'status',
  'decision',
  'severity',
  'rules',
  'sourceIp',
  'userAgent',
  'stage',
  'id',
  'detail',
] as const

/** A text that a spreadsheet would take for a formula is made a text; names in it come from strangers. */
function cell(value: unknown): string {
  const text = String(value)
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

export async function* exportLines(pages: AsyncIterable<readonly EventRow[]>, format: 'ndjson' | 'csv'): AsyncGenerator<string> {
  if (format === 'csv') yield `at,${COLUMNS.join(',')}\r\n`
  for await (const rows of pages) {
    const lines = rows.map((row) =>
      format === 'csv' ? `${[rfc3339(row.at), ...COLUMNS.map((column) => cell(row[column]))].join(',')}\r\n` : `${JSON.stringify(row)}\n`,
    )
    if (lines.length > 0) yield lines.join('')
  }
}
