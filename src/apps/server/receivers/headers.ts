import type { IncomingHttpHeaders } from 'node:http'
import { invalidInput, type Problem } from '#core/kernel/errors.ts'

const BATCH_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const FORMAT = /^[a-z0-9][a-z0-9_.-]{0,63}$/
const LABEL = /^[A-Za-z_][A-Za-z0-9_.-]{0,62}$/
const MAX_LABELS = 32
const MAX_VALUE = 256

export interface BatchHeaders {
  /** Undefined: the sender made none, so that a repeated push cannot be told from a new one. */
  id: string | undefined
  source: string
  format: string | undefined
  labels: Record<string, string>
}

/** `Sallyport-Batch`, `-Source`, `-Format`, `-Labels`; INVALID_INPUT with all problems at once. */
export function readHeaders(headers: IncomingHttpHeaders, defaultSource?: string): BatchHeaders {
  const problems: Problem[] = []
  const text = (name: string) => {
    const value = headers[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const id = text('sallyport-batch')?.toLowerCase()
  if (id !== undefined && !BATCH_ID.test(id)) problems.push({ path: 'Sallyport-Batch', message: 'must be a UUIDv7' })
  const format = text('sallyport-format')
  if (format !== undefined && !FORMAT.test(format)) problems.push({ path: 'Sallyport-Format', message: 'must be the name of a line format' })
  const source = decode(text('sallyport-source') ?? defaultSource ?? '')
  if (source === undefined || source === '' || source.length > MAX_VALUE)
    problems.push({ path: 'Sallyport-Source', message: `must be percent-encoded text of 1 to ${MAX_VALUE} characters` })
  const labels = readLabels(text('sallyport-labels'), problems)
  if (problems.length > 0) throw invalidInput(problems)
  return { id, source: source!, format, labels }
}

function readLabels(header: string | undefined, problems: Problem[]): Record<string, string> {
  const labels: Record<string, string> = {}
  if (header === undefined) return labels
  const pairs = header.split(',')
  if (pairs.length > MAX_LABELS) problems.push({ path: 'Sallyport-Labels', message: `at most ${MAX_LABELS} labels` })
  for (const pair of pairs.slice(0, MAX_LABELS)) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, Math.max(at, 0)).trim()
    const value = decode(pair.slice(at + 1).trim())
    const path = `Sallyport-Labels.${name.slice(0, 64)}`
    if (!LABEL.test(name) || value === undefined || value.length > MAX_VALUE) problems.push({ path, message: `must be name=value, the value percent-encoded` })
    else if (name === 'cluster') problems.push({ path, message: 'the cluster comes from the token' })
    else labels[name] = value
  }
  return labels
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
