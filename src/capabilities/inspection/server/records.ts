/** Findings and runs of Inspections in telemetry: rows of what began and ended, so that what was open at any moment can be told. */
import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '#core/kernel/clock.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import { fingerprintInput } from '#core/shapes/finding.ts'
import type { Plan } from '#core/shapes/plan.ts'
import type { Scope, Telemetry } from '#core/shapes/ports/telemetry.ts'
import { encodeRows, type Row } from '#core/telemetry/encode-rows.ts'
import { TABLES } from '#core/telemetry/tables.ts'
import type { Run } from '../domain/api.ts'
import type { Known } from '../domain/runs.ts'

/** Of check ids in the table `findings`, which has those of all capabilities. */
export const PREFIX = 'inspection/'
/** Of runs in the table `plans`. */
const RUNS = 'inspection-run'
const ROWS_OF_A_BATCH = 20_000
/** More open findings than that are not one cluster's. */
export const MOST_FINDINGS = 1_000_000

const fixOf = (cluster: string, { finding, kind, namespace, name, since }: Known): string => {
  if (!finding?.fix || finding.fix.length === 0) return ''
  const subject = `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`
  const plan: Plan = {
    id: '',
    by: 'inspection',
    cluster,
    subject,
    decidedAt: since,
    steps: [{ what: `set fields of ${subject}`, why: finding.message.en, evidence: [], reversible: true, action: { edits: finding.fix } }],
  }
  return JSON.stringify(plan)
}

export const findingRow = (cluster: string, inspection: string, known: Known, state: 'open' | 'cleared', now: number): Row => {
  const check = `${PREFIX}${known.check}`
  const { kind, namespace, name, uid, key, severity, since, finding } = known
  const evidence = (field: string, value: string) => ({ name: field, value, at: now, source: `Inspection ${inspection}` })
  return {
    ts: now,
    cluster,
    fingerprint: new Uint8Array(
      createHash('sha256')
        .update(fingerprintInput({ check, cluster, subject: { kind, namespace, name, uid }, key }))
        .digest(),
    ),
    check_id: check,
    severity,
    state,
    kind,
    namespace,
    name,
    uid,
    key,
    since,
    message: finding?.message.en ?? '',
    evidence: finding ? JSON.stringify([evidence('path', finding.path), ...(finding.what === undefined ? [] : [evidence('what', finding.what)])]) : '[]',
    fix: fixOf(cluster, known),
  }
}

export interface Records {
  findings(cluster: string, inspection: string, change: { began: readonly Known[]; ended: readonly Known[] }, now: number): Promise<void>
  run(cluster: string, run: Run, plan: Plan): Promise<void>
  /** What was open when this server last wrote, or at an instant (ms). */
  open(cluster: string, inspection: string, at?: number): Promise<Map<string, Known>>
  /** Newest first. */
  runs(cluster: string, inspection: string, scope: Scope, most?: number): Promise<Run[]>
}

export function createRecords(telemetry: Telemetry, clock: Clock): Records {
  const append = async (table: 'findings' | 'plans', rows: readonly Row[]) => {
    for (let i = 0; i < rows.length; i += ROWS_OF_A_BATCH)
      await telemetry.append({ id: uuidv7(clock.now(), randomBytes(10)), table, ...encodeRows(TABLES[table], rows.slice(i, i + ROWS_OF_A_BATCH)) })
  }
  return {
    findings: (cluster, inspection, { began, ended }, now) =>
      append('findings', [
        ...began.map((known) => findingRow(cluster, inspection, known, 'open', now)),
        ...ended.map((known) => findingRow(cluster, inspection, known, 'cleared', now)),
      ]),

    run: (cluster, run, plan) =>
      append('plans', [
        {
          ts: run.startedAt,
          cluster,
          id: run.id,
          capability: RUNS,
          namespace: '',
          subject: `Inspection ${run.inspection}`,
          state: run.complete ? 'applied' : 'partly',
          plan: JSON.stringify(plan),
          outcome: JSON.stringify(run),
        },
      ]),

    async open(cluster, inspection, at) {
      const { rows } = await telemetry.query({
        sql: `SELECT check_id, severity, kind, namespace, name, uid, key, toUnixTimestamp64Milli(since) FROM (
            SELECT * FROM findings WHERE cluster = {cluster:String} AND startsWith(check_id, '${PREFIX}') AND startsWith(key, {prefix:String})
            ${at === undefined ? '' : 'AND toUnixTimestamp64Milli(ts) <= {at:UInt64}'}
            ORDER BY ts DESC LIMIT 1 BY fingerprint
          ) WHERE state = 'open'`,
        params: { cluster, prefix: `${inspection}\n`, ...(at === undefined ? {} : { at }) },
        scope: 'all',
        limits: { seconds: 60, memoryBytes: 2 * 2 ** 30, rows: MOST_FINDINGS },
      })
      return new Map(
        rows.map(([check, severity, kind, namespace, name, uid, key, since]) => {
          const known = {
            check: String(check).slice(PREFIX.length),
            severity: severity as Known['severity'],
            kind: String(kind),
            namespace: String(namespace),
            name: String(name),
            uid: String(uid),
            key: String(key),
            since: Number(since),
          }
          const id = `${known.check}\n${known.uid}\n${known.key}`
          return [id, { id, ...known }]
        }),
      )
    },

    async runs(cluster, inspection, scope, most = 100) {
      const { rows } = await telemetry.query({
        sql: `SELECT outcome FROM plans WHERE cluster = {cluster:String} AND capability = '${RUNS}' AND subject = {subject:String}
          ORDER BY ts DESC LIMIT ${most}`,
        params: { cluster, subject: `Inspection ${inspection}` },
        scope,
      })
      return rows.map(([outcome]) => JSON.parse(String(outcome)) as Run)
    },
  }
}
