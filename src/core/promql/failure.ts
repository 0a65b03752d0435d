import { CodedError } from '../kernel/errors.ts'

/** Where an offset of a text is: line and column from 1. */
export function place(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  const line = before.split('\n').length
  return { line, column: offset - before.lastIndexOf('\n') }
}

/** The text cannot be read as PromQL, or its types do not fit. */
export function parseError(text: string, offset: number, reason: string): CodedError {
  const { line, column } = place(text, offset)
  return new CodedError('PROMQL_INVALID', { reason, line, column })
}

/** The query was understood and cannot be answered with this data. */
export const evalError = (reason: string): CodedError => new CodedError('PROMQL_FAILED', { reason })

/** The query would need more than it may use. */
export const limitError = (what: string, limit: number): CodedError => new CodedError('PROMQL_LIMIT', { what, limit })
