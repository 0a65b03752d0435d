/** Runs of an Inspection: when one is due, what it found against what was known, and what its status says. Pure. */
import type { Problem } from '#core/kernel/errors.ts'
import type { Plan, Step } from '#core/shapes/plan.ts'
import { nextRunOf } from '#core/shapes/schedule.ts'
import { atLeast, SEVERITIES, type Severity } from '#core/shapes/severity.ts'
import { type InspectionResource, type InspectionStatus, WANTED_SINCE } from '../resources/inspection.ts'
import type { Run } from './api.ts'
import type { InspectionFinding } from './inspect.ts'
import { type Item, nameOf, namespaceOf } from './inventory.ts'

export interface RunFacts {
  cluster: string
  name: string
  /** Undefined: it is gone. */
  inspection?: InspectionResource
  /** What is wrong with it; nothing is run then. */
  problems: readonly Problem[]
}

const LONGEST_PAUSE_MS = 86_400_000

/** ms since the epoch of an RFC 3339 time. */
function at(time: string | undefined): number | undefined {
  // biome-ignore lint/style/noRestrictedGlobals: reads text, not the clock
  const ms = time === undefined ? Number.NaN : Date.parse(time)
  return Number.isNaN(ms) ? undefined : ms
}
// biome-ignore lint/style/noRestrictedGlobals: writes text, does not read the clock
export const iso = (ms: number): string => new Date(ms).toISOString()

/** Why it is to run now; undefined: it is not. */
function reason({ metadata, spec, status = {} }: InspectionResource, now: number): Pick<Step, 'why' | 'evidence'> | undefined {
  const last = at(status.lastRunAt)
  const because = (why: string, name: string, value: string | number, time: number) => ({ why, evidence: [{ name, value, at: time, source: 'Inspection' }] })
  if (last === undefined) return because('it never ran', 'lastRunAt', 'none', now)
  if (status.observedGeneration !== metadata.generation) return because('its spec changed', 'generation', metadata.generation ?? 0, now)
  if (status.phase === 'Running') return because('its last run was cut off by the end of the server', 'lastRunAt', iso(last), last)
  const wanted = at(metadata.annotations?.[WANTED_SINCE])
  if (wanted !== undefined && wanted > last && wanted <= now) return because('somebody asked for it', WANTED_SINCE, iso(wanted), wanted)
  const due = nextRunOf(spec, last)
  return due !== undefined && due <= now ? because('its schedule says so', 'schedule', spec.schedule!, due) : undefined
}

/** One step when it is to run now. */
export function decideRun({ cluster, name, inspection, problems }: RunFacts, now: number, id: string): Plan {
  const plan = { id, by: 'inspection', cluster, subject: `Inspection ${name}`, decidedAt: now, steps: [] as Step[] }
  if (inspection === undefined) return { ...plan, idle: 'it is gone' }
  if (problems.length > 0) return { ...plan, idle: 'something is wrong with it' }
  if (inspection.spec.suspend) return { ...plan, idle: 'it is suspended' }
  const why = reason(inspection, now)
  if (why === undefined) return { ...plan, idle: 'nothing is due' }
  return { ...plan, steps: [{ what: `inspect cluster ${cluster} as Inspection ${name} says`, ...why, reversible: false, action: { run: name } }] }
}

/** ms until it is worth another look; undefined: only a change can matter. */
export function lookAgain({ inspection, problems }: RunFacts, now: number): number | undefined {
  if (inspection === undefined || problems.length > 0 || inspection.spec.suspend) return undefined
  const next = nextRunOf(inspection.spec, at(inspection.status?.lastRunAt) ?? now)
  return next === undefined ? undefined : Math.min(LONGEST_PAUSE_MS, Math.max(0, next - now))
}

type Nullable<T> = { [Key in keyof T]: T[Key] | null }

/** What the status is to say when nothing runs; fields that are to go are null, as a merge patch has them. */
export function idleStatus({ inspection, problems }: RunFacts & { inspection: InspectionResource }, now: number): Nullable<InspectionStatus> {
  const { metadata, spec, status } = inspection
  if (problems.length > 0)
    return {
      observedGeneration: metadata.generation ?? 0,
      phase: 'Invalid',
      nextRunAt: null,
      message: problems
        .map(({ path, message }) => `${path} ${message}`)
        .join('; ')
        .slice(0, 2_000),
    }
  const next = spec.suspend ? undefined : nextRunOf(inspection.spec, Math.max(at(status?.lastRunAt) ?? now, now))
  return { nextRunAt: next === undefined ? null : iso(next), ...(spec.suspend ? { phase: 'Suspended' as const } : {}) }
}

/** The status after a run. */
export function statusAfter(inspection: InspectionResource, run: Run): Nullable<InspectionStatus> {
  const next = nextRunOf(inspection.spec, run.startedAt)
  return {
    observedGeneration: inspection.metadata.generation ?? 0,
    phase: run.failed ? 'Failed' : run.complete ? 'Passed' : 'Incomplete',
    lastRun: run.id,
    lastRunAt: iso(run.startedAt),
    nextRunAt: next === undefined ? null : iso(next),
    objects: run.objects,
    checks: run.checks,
    ...run.counts,
    new: run.added,
    gone: run.gone,
    unread: run.unread.length,
    message: null,
  }
}

/** Who a finding is about, and which of several it is; numbers that move (restarts, days left) do not make it another. */
export interface Known {
  id: string
  check: string
  severity: Severity
  kind: string
  namespace: string
  name: string
  uid: string
  key: string
  /** ms since the epoch. */
  since: number
  finding?: InspectionFinding
}

/** Of one Inspection: two that look at the same thing do not clear one another's findings. */
export function knownOf(inspection: string, finding: InspectionFinding, item: Item, since: number): Known {
  const { kind, metadata } = item.object
  const what = finding.what?.replace(/\d+/g, '#') ?? ''
  const uid = metadata?.uid ?? `${kind}/${namespaceOf(item)}/${nameOf(item)}`
  const key = `${inspection}\n${finding.path}\n${what}`
  return {
    id: `${finding.check}\n${uid}\n${key}`,
    check: finding.check,
    severity: finding.severity,
    kind,
    namespace: namespaceOf(item),
    name: nameOf(item),
    uid,
    key,
    since,
    finding,
  }
}

/** What began, what ended, and all that is open now, with the time since when. */
export function difference(before: ReadonlyMap<string, Known>, now: Iterable<Known>): { open: Map<string, Known>; began: Known[]; ended: Known[] } {
  const open = new Map<string, Known>()
  const began: Known[] = []
  for (const one of now) {
    if (open.has(one.id)) continue
    const old = before.get(one.id)
    open.set(one.id, old ? { ...one, since: old.since } : one)
    if (!old) began.push(one)
  }
  return { open, began, ended: [...before.values()].filter(({ id }) => !open.has(id)) }
}

export const countsBy = (findings: Iterable<{ severity: Severity }>): Record<Severity, number> => {
  const counts = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0])) as Record<Severity, number>
  for (const { severity } of findings) counts[severity]++
  return counts
}

/** An alarm's worth: findings of one check in one namespace. */
export interface AlarmGroup {
  check: string
  namespace: string
  severity: Severity
  count: number
  since: number
  example: string
}

const MOST_ALARMS = 500

/** Open findings from a severity on, by check and namespace, the worst first. What is beyond the bound is in `more`. */
export function alarmGroups(open: Iterable<Known>, floor: Severity): { groups: AlarmGroup[]; more: number } {
  const groups = new Map<string, AlarmGroup>()
  for (const { check, namespace, severity, since, kind, name } of open) {
    if (!atLeast(severity, floor)) continue
    const id = `${check}\n${namespace}`
    const group = groups.get(id)
    if (group === undefined) groups.set(id, { check, namespace, severity, count: 1, since, example: `${kind} ${name}` })
    else {
      group.count++
      group.since = Math.min(group.since, since)
    }
  }
  const sorted = [...groups.values()].sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || a.since - b.since)
  return { groups: sorted.slice(0, MOST_ALARMS), more: Math.max(0, sorted.length - MOST_ALARMS) }
}
