/** What could not be read, and why, in the language of who asked. */
import { CodedError, describeError, type Language } from '#core/kernel/errors.ts'
import type { Missing } from '../domain/api.ts'

/** On its way to the asker: the error is still to be said. */
export type Unread = Missing & { error?: CodedError }

export const unread = (what: string, error: CodedError): Unread => ({ what, code: error.code, message: error.message, error })
/** There are more than were read. */
export const onlyFirst = (what: string, read: number): Unread => ({ what, code: 'TOO_LARGE', message: '', progress: { read } })

export function inLanguage<Answer extends { missing: readonly Unread[] }>(
  answer: Answer,
  language: Language,
): Omit<Answer, 'missing'> & { missing: Missing[] } {
  return { ...answer, missing: answer.missing.map(({ error, ...one }) => (error ? { ...one, message: describeError(error, language).message } : one)) }
}

/** What an attempt gave, or that it could not be read and why; what is no refusal of the cluster is thrown. */
export async function attempt<T>(what: string, work: Promise<T>): Promise<{ value: T } | { missing: Unread }> {
  try {
    return { value: await work }
  } catch (error) {
    if (!(error instanceof CodedError) || error.code === 'CLUSTER_REMOVED') throw error
    return { missing: unread(what, error) }
  }
}
