/** Events as rows of the table `audit`: columns without an object per cell, and the text over which a batch is sealed. */
import { SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import { ByteSink, bytesOf, lowCardinality, type NativeColumn, nativeBlock } from '#core/telemetry/native-block.ts'
import type { EventRow } from './api.ts'
import type { Hit } from './engine.ts'
import { type AuditEvent, emptyEvent, isJson, type Json, NO_JSON, type Plane, resourceOf, textsAt } from './event.ts'
import { detailOf } from './redact.ts'

/** What is sealed, in this order. */
export const WORDS = [
  'plane',
  'id',
  'stage',
  'user',
  'groups',
  'impersonated',
  'source_ip',
  'user_agent',
  'verb',
  'api_group',
  'resource',
  'namespace',
  'name',
  'decision',
  'rules',
  'severity',
  'detail',
] as const
export type Word = (typeof WORDS)[number]
const PLAIN: ReadonlySet<Word> = new Set(['id', 'source_ip', 'name', 'detail'])

export type AuditRow = Record<Word, string> & { ts: number; status: number }

export const SEAL = 'seal'

const worst = (hits: readonly Hit[]): Severity | '' =>
  hits.reduce<Severity | ''>((most, { severity }) => (most === '' || SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(most) ? severity : most), '')

export const rowOf = (event: AuditEvent, hits: readonly Hit[]): AuditRow => ({
  ts: event.at,
  plane: event.plane,
  id: event.id,
  stage: event.stage,
  user: event.user,
  groups: event.groups.length === 0 ? '' : event.groups.join(','),
  impersonated: event.impersonated,
  source_ip: event.ip,
  user_agent: event.userAgent,
  verb: event.verb,
  api_group: event.apiGroup,
  resource: resourceOf(event),
  namespace: event.namespace,
  name: event.name,
  status: event.code,
  decision: event.decision,
  rules: hits.length === 0 ? '' : hits.map(({ rule }) => rule.id).join(','),
  severity: hits.length === 0 ? '' : worst(hits),
  detail: detailOf(event),
})

/** A row that the server made of what its own users did; cells that are no text of ours become text. */
export const ownRow = (row: Readonly<Record<string, unknown>>): AuditRow => ({
  ...(Object.fromEntries(WORDS.map((word) => [word, String(row[word] ?? '')])) as Record<Word, string>),
  ts: Number(row.ts),
  status: Number(row.status ?? 0),
})

/** The event of a stored row, as far as it was kept. */
export function eventOfRow(row: EventRow): AuditEvent {
  const detail = parsedDetail(row.detail)
  const { uri, level, uid, extra, annotations, request, impersonatedGroups, claimedIps, ...rest } = detail
  const [resource = '', ...subresource] = row.resource.split('/')
  return {
    ...emptyEvent(row.plane as Plane),
    id: row.id,
    stage: row.stage as AuditEvent['stage'],
    level: (typeof level === 'string' ? level : '') as AuditEvent['level'],
    at: row.at,
    user: row.user,
    groups: row.groups === '' ? [] : row.groups.split(','),
    uid: typeof uid === 'string' ? uid : '',
    extra: isJson(extra) ? extra : NO_JSON,
    impersonated: row.impersonated,
    impersonatedGroups: textsAt({ impersonatedGroups }, 'impersonatedGroups'),
    ip: row.sourceIp,
    claimedIps: textsAt({ claimedIps }, 'claimedIps'),
    userAgent: row.userAgent,
    verb: row.verb,
    apiGroup: row.apiGroup,
    resource,
    subresource: subresource.join('/'),
    namespace: row.namespace,
    name: row.name,
    uri: typeof uri === 'string' ? uri : '',
    code: row.status,
    decision: row.decision as AuditEvent['decision'],
    annotations: isJson(annotations) ? annotations : NO_JSON,
    request,
    detail: rest,
  }
}

function parsedDetail(text: string): Json {
  try {
    const detail = JSON.parse(text) as unknown
    return isJson(detail) ? detail : NO_JSON
  } catch {
    return NO_JSON
  }
}

/** The text that a seal is over: every value with its length, so that none can lend a character to the next. */
export function canonical(row: AuditRow): string {
  let text = `${row.ts}|${row.status}`
  for (const word of WORDS) text += `|${row[word].length}:${row[word]}`
  return `${text}\n`
}

/** What the last row of a batch says of the others. */
export interface Seal {
  /** Number of the batch in its chain, from 1. */
  number: number
  /** Hash of the seal before; of the first: 64 zeros. */
  previous: string
  /** sha256, hex: over `previous`, the number, and the canonical text of the rows. */
  hash: string
  rows: number
}

const COLUMN = new Map<string, (rows: readonly AuditRow[]) => Uint8Array>()
for (const word of WORDS)
  COLUMN.set(word, PLAIN.has(word) ? (rows) => strings(rows.length, (i) => rows[i]![word]) : (rows) => words(rows.length, (i) => rows[i]![word]))

/** A block of `rows` and their seal, which is a row itself. */
export function auditBlock(cluster: string, batch: string, rows: readonly AuditRow[], seal: Seal, now: number): { rows: number; native: Uint8Array } {
  const all = [...rows, sealRow(seal, rows.at(-1)?.ts ?? now)]
  const n = all.length
  const columns: NativeColumn[] = [
    { name: 'ts', type: 'DateTime64(3)', data: bytesOf(BigInt64Array.from(all, ({ ts }) => BigInt(ts))) },
    { name: 'cluster', type: 'LowCardinality(String)', data: words(n, () => cluster) },
    ...WORDS.map((word) => ({ name: word, type: PLAIN.has(word) ? 'String' : 'LowCardinality(String)', data: COLUMN.get(word)!(all) })),
    { name: 'status', type: 'UInt16', data: bytesOf(Uint16Array.from(all, ({ status }) => status)) },
    { name: 'batch', type: 'String', data: strings(n, () => batch) },
    { name: 'seq', type: 'UInt32', data: bytesOf(Uint32Array.from(all, (_, i) => i)) },
  ]
  return { rows: n, native: nativeBlock(n, columns) }
}

function sealRow(seal: Seal, ts: number): AuditRow {
  const empty = Object.fromEntries(WORDS.map((word) => [word, ''])) as Record<Word, string>
  return { ...empty, ts, status: 0, plane: SEAL, id: seal.hash, verb: SEAL, detail: JSON.stringify(seal) }
}

function strings(length: number, at: (i: number) => string): Uint8Array {
  const body = new ByteSink(length * 64)
  for (let i = 0; i < length; i++) body.string(at(i))
  return body.view()
}

function words(length: number, at: (i: number) => string): Uint8Array {
  const index = new Map<string, number>()
  const keys = new Uint32Array(length)
  for (let i = 0; i < length; i++) {
    const value = at(i)
    let key = index.get(value)
    if (key === undefined) {
      key = index.size
      index.set(value, key)
    }
    keys[i] = key
  }
  const encoder = new TextEncoder()
  return lowCardinality(
    [...index.keys()].map((value) => encoder.encode(value)),
    keys,
  )
}
