/** Documents to events: single events, EventLists, and what managed clusters wrap them in. Everything that is not an event is counted by reason. */
import { type AuditEvent, isJson, type Json, listAt } from './event.ts'
import { isGkeEntry, readGkeEntry } from './sources/gke.ts'
import { isAksRow, isKubernetesEvent, type Read, readAksRow, readKubernetesEvent } from './sources/kubernetes.ts'
import { readOther } from './sources/others.ts'

export interface Receiver {
  /** `raw` is the text of the event where it stood alone on its line. */
  event(event: AuditEvent, raw?: string): void
  reject(reason: string): void
}

/** Characters of one line; a batch of the webhook may be one. */
export const MAX_LINE = 32 * 1024 * 1024
const MAX_DEPTH = 4

/** Reads the text of one document or line. Reasons: size, json, and those of `readJson`. */
export function readText(text: string, to: Receiver): void {
  if (text.length > MAX_LINE) {
    to.reject('size')
    return
  }
  const json = parsed(text)
  if (json === undefined) to.reject('json')
  else readJson(json, to, text)
}

/** Undefined: no JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Reasons: format (known by none), version, fields, time; other (of a known format, and nothing that somebody did, which is no loss). */
export function readJson(json: unknown, to: Receiver, raw?: string, depth = 0): void {
  const items = Array.isArray(json) ? json : isJson(json) ? [json.items, json.Records, json.events, json.Events, json.results].find(Array.isArray) : undefined
  if (items !== undefined && depth < MAX_DEPTH) {
    const message = rowMessage(items)
    if (message !== undefined) {
      readJson(message, to, undefined, depth + 1)
      return
    }
    for (const item of items) readJson(item, to, undefined, depth + 1)
    return
  }
  const read = isJson(json) ? readOne(json) : undefined
  if (read !== undefined) {
    if ('event' in read) to.event(read.event, raw)
    else to.reject(read.reject)
    return
  }
  const inner = isJson(json) && depth < MAX_DEPTH ? unwrap(json) : undefined
  const text = typeof inner === 'string' ? inner : undefined
  const held = text === undefined ? inner : parsed(text)
  if (held !== undefined) readJson(held, to, text, depth + 1)
  else to.reject(inner === undefined ? 'format' : 'json')
}

/** A row of a CloudWatch Logs query is a list of fields, of which one is the message. */
const rowMessage = (items: readonly unknown[]): Json | undefined => {
  const field = items.find((item) => isJson(item) && item.field === '@message')
  return isJson(field) ? { '@message': field.value } : undefined
}

/** Undefined: no event of a known format. */
function readOne(json: Json): Read | undefined {
  if (isKubernetesEvent(json)) return readKubernetesEvent(json)
  if (isAksRow(json)) return readAksRow(json)
  if (isGkeEntry(json)) {
    const event = readGkeEntry(json)
    return event ? { event } : { reject: 'time' }
  }
  return readOther(json)
}

/**
 * What an envelope holds: CloudWatch exports of EKS (`logEvents[].message`, `@message`), Azure diagnostics of AKS (`records[]`, `properties.log`, `log_s`),
 * log collectors (`log`, `message`, `content`), the webhooks of others (`event`), EventBridge (`detail`), answers of `lookup-events` (`CloudTrailEvent`), and
 * what Pub/Sub pushes (`message.data`, base64).
 */
function unwrap(json: Json): unknown {
  const lists = listAt(json, 'logEvents').length > 0 ? listAt(json, 'logEvents') : listAt(json, 'records')
  if (lists.length > 0) return lists
  const { properties } = json
  const held = isJson(properties) ? (properties.log ?? properties.content) : undefined
  for (const candidate of [held, json['@message'], json.message, json.log_s, json.log, json.content, json.event, json.detail, json.CloudTrailEvent]) {
    if (isJson(candidate)) return candidate
    if (typeof candidate === 'string' && /^\s*[[{]/.test(candidate)) return candidate
  }
  return typeof json.data === 'string' && json.data.length <= MAX_LINE ? fromBase64(json.data) : undefined
}

function fromBase64(text: string): string | undefined {
  try {
    const decoded = new TextDecoder().decode(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)))
    return /^\s*[[{]/.test(decoded) ? decoded : undefined
  } catch {
    return undefined
  }
}
