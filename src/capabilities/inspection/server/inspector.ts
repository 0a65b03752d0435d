/** Runs Inspections and knows what is open now: in memory for who asks often, in telemetry for ever after. */
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import { invalidInput, type Problem } from '#core/kernel/errors.ts'
import type { Plan } from '#core/shapes/plan.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { atLeast, type Severity } from '#core/shapes/severity.ts'
import type { ActiveAlert, AlertSink, ServerContext } from '#kits/server-kit/door.ts'
import type { Run } from '../domain/api.ts'
import type { InspectionCheck } from '../domain/check.ts'
import { findingOf, type InspectionFinding, objectName, whole } from '../domain/inspect.ts'
import { type Item, namespaceOf, type Surroundings, takeInventory } from '../domain/inventory.ts'
import { annotated, type Suppressed, type Suppression, suppress } from '../domain/known.ts'
import { alarmGroups, countsBy, difference, iso, type Known, knownOf } from '../domain/runs.ts'
import type { InspectionResource, InspectionSpec } from '../resources/inspection.ts'
import { checksFor } from '../sources/chosen.ts'
import { readCluster } from '../sources/cluster.ts'
import { USAGE_WINDOW } from '../sources/usage.ts'
import type { Records } from './records.ts'

/** How often alarms are told again, at least once a minute as the sink wants it. */
const TELL_MS = 30_000
const MOST_TOLD = 200

/** What is known of one Inspection of one cluster. */
export interface Held {
  spec: InspectionSpec
  open: Map<string, Known>
  run?: Run
  /** Ids of what was open at that run: what changes are found between runs is new at the next one all the same. */
  atRun?: ReadonlySet<string>
}

export interface InspectorDeps {
  records: Records
  clock: Clock
  log: Logger
  alerts: AlertSink
  /** Metrics that the server keeps of a cluster. */
  metricSource?: ServerContext['metricSource']
}

const notIn = (ids: ReadonlySet<string>, others: ReadonlySet<string>): number => [...ids].filter((id) => !others.has(id)).length

export const minorOf = (version: string | undefined): number | undefined => (version === undefined ? undefined : Number(version.slice(2)))

/** Is a finding of what the spec is about? */
export function isInside({ namespaces, excludeNamespaces = [] }: InspectionSpec, item: Item): boolean {
  const namespace = item.object.kind === 'Namespace' ? (item.object.metadata?.name ?? '') : namespaceOf(item)
  return (namespaces === undefined || namespaces.includes(namespace)) && !excludeNamespaces.includes(namespace)
}

export interface Judged {
  found: { item: Item; finding: InspectionFinding }[]
  suppressed: Suppressed[]
}

/** Findings in scope that nobody lives with. */
export function sift(spec: InspectionSpec, found: Judged['found'], items: readonly Item[], today: string): Judged & { problems: Problem[] } {
  const inside = found.filter(({ item }) => isInside(spec, item))
  const listed: Suppression[] = (spec.suppressions ?? []).map((entry, i) => ({ ...entry, from: `spec.suppressions[${i}]` }) as Suppression)
  const own = annotated(items, objectName)
  const { open, suppressed, problems } = suppress(
    inside.map(({ finding }) => finding),
    [...listed, ...own.suppressions],
    today,
  )
  const isOpen = new Set(open)
  return { found: inside.filter(({ finding }) => isOpen.has(finding)), suppressed, problems: [...own.problems, ...problems] }
}

export function createInspector({ records, clock, log, alerts, metricSource }: InspectorDeps) {
  /** By cluster and name. */
  const clusters = new Map<string, Map<string, Held>>()
  const stopping = new AbortController()

  /** What was open before this server began counts: it is not new. */
  async function hold(cluster: string, name: string, spec: InspectionSpec): Promise<Held> {
    const all = clusters.get(cluster) ?? new Map<string, Held>()
    clusters.set(cluster, all)
    const held = all.get(name)
    if (held) {
      held.spec = spec
      return held
    }
    const [run] = await records.runs(cluster, name, 'all', 1)
    const fresh: Held = {
      spec,
      open: await records.open(cluster, name),
      ...(run ? { run, atRun: new Set((await records.open(cluster, name, run.startedAt)).keys()) } : {}),
    }
    all.set(name, fresh)
    return fresh
  }

  /** Takes over what is open now; says what began and what ended. */
  async function settle(cluster: string, name: string, held: Held, now: Iterable<Known>, at: number): Promise<{ began: Known[]; ended: Known[] }> {
    const { open, began, ended } = difference(held.open, now)
    await records.findings(cluster, name, { began, ended }, at)
    held.open = open
    return { began, ended }
  }

  async function tell(cluster: string): Promise<void> {
    const firing: ActiveAlert[] = []
    for (const [name, held] of clusters.get(cluster) ?? []) firing.push(...alarmsOf(name, held))
    await alerts.report('inspection', cluster, firing)
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(TELL_MS, stopping.signal).catch(() => {})
      if (stopping.signal.aborted) return
      for (const cluster of clusters.keys()) await tell(cluster).catch((err: unknown) => log.warn({ err }, 'alarms could not be told; they are told again'))
    }
  })()

  return {
    hold,
    settle,
    tell,

    /** Looks at everything once; `quiet` keeps no record of a run, only what began and ended. Rejects when the cluster cannot be read at all, and with INVALID_INPUT. */
    async run(
      cluster: Cluster,
      inspection: InspectionResource,
      plan: Plan,
      quiet = false,
    ): Promise<{ run: Run; items: readonly Item[]; around: Surroundings; checks: readonly InspectionCheck[] }> {
      const { spec, metadata } = inspection
      const unknown: Problem[] = []
      const checks = checksFor(spec, (problem) => void unknown.push(problem))
      if (!checks.ok) throw invalidInput(checks.error)
      const startedAt = clock.now()
      const began = performance.now()
      const held = await hold(cluster.name, metadata.name, spec)
      const target = minorOf(spec.targetVersion)
      const [only] = spec.namespaces?.length === 1 ? spec.namespaces : []
      const source = metricSource?.(cluster.name)
      const read = await readCluster(cluster, {
        now: startedAt,
        ...(source ? { metrics: { source, window: USAGE_WINDOW } } : {}),
        ...(target === undefined ? {} : { target }),
        ...(only === undefined ? {} : { namespace: only }),
      })
      const around = { ...read.around, settings: { ...read.around.settings, ...spec.settings } }
      const inventory = takeInventory(read.items.map(whole), around)
      const found: Judged['found'] = []
      for (const check of checks.value) {
        for (const hit of check.find(inventory)) found.push({ item: hit.item, finding: findingOf(check, hit) })
        // A cluster of 100,000 objects takes seconds: others are served meanwhile.
        await clock.sleep(0)
      }
      const sifted = sift(spec, found, read.items, iso(startedAt).slice(0, 10))
      await settle(
        cluster.name,
        metadata.name,
        held,
        sifted.found.map(({ item, finding }) => knownOf(metadata.name, finding, item, startedAt)),
        startedAt,
      )
      const counts = countsBy(held.open.values())
      const open = new Set(held.open.keys())
      const unread = [...read.problems, ...unknown]
      const failOn = spec.failOn ?? 'error'
      const run: Run = {
        id: plan.id,
        inspection: metadata.name,
        why: plan.steps[0]?.why ?? '',
        startedAt,
        seconds: Math.round((performance.now() - began) / 100) / 10,
        complete: unread.length === 0 && read.items.length > 0 && checks.value.length > 0,
        failed: [...held.open.values()].some(({ severity }) => atLeast(severity, failOn)),
        objects: read.items.length,
        checks: checks.value.length,
        kinds: read.kinds,
        usage: read.usage,
        unread: unread.slice(0, MOST_TOLD),
        counts,
        ...(held.atRun ? { added: notIn(open, held.atRun), gone: notIn(held.atRun, open) } : {}),
        suppressed: sifted.suppressed
          .slice(0, MOST_TOLD)
          .map(({ finding, reason, until }) => ({ check: finding.check, object: finding.object, path: finding.path, reason, until })),
      }
      if (!quiet) {
        await records.run(cluster.name, run, plan)
        held.run = run
        held.atRun = open
      }
      for (const { path, message } of sifted.problems) log.info({ cluster: cluster.name, inspection: metadata.name, path }, message)
      await tell(cluster.name).catch((err: unknown) => log.warn({ err }, 'alarms could not be told; they are told again'))
      return { run, items: read.items, around, checks: checks.value }
    },

    /** What changed between runs. */
    async amend(cluster: string, name: string, gone: Judged['found'], found: Judged['found']): Promise<void> {
      const held = clusters.get(cluster)?.get(name)
      if (!held) return
      const at = clock.now()
      const sifted = sift(held.spec, found, [...new Set(found.map(({ item }) => item))], iso(at).slice(0, 10))
      const now = new Map(sifted.found.map(({ item, finding }) => knownOf(name, finding, item, at)).map((known) => [known.id, known]))
      const before = new Map(gone.flatMap(({ item, finding }) => held.open.get(knownOf(name, finding, item, at).id) ?? []).map((known) => [known.id, known]))
      const ended = [...before.values()].filter(({ id }) => !now.has(id))
      const began = [...now.values()].filter(({ id }) => !held.open.has(id))
      if (ended.length + began.length === 0) return
      await records.findings(cluster, name, { began, ended }, at)
      for (const { id } of ended) held.open.delete(id)
      for (const known of began) held.open.set(known.id, known)
      await tell(cluster).catch((err: unknown) => log.warn({ err }, 'alarms could not be told; they are told again'))
    },

    /** An Inspection that is gone alarms nobody any more; its findings end. */
    async forget(cluster: string, name: string): Promise<void> {
      const all = clusters.get(cluster)
      const held = all?.get(name) ?? { spec: {}, open: await records.open(cluster, name) }
      all?.delete(name)
      if (held.open.size > 0) await records.findings(cluster, name, { began: [], ended: [...held.open.values()] }, clock.now())
      await tell(cluster).catch((err: unknown) => log.warn({ err }, 'alarms could not be told; they are told again'))
    },

    async stop(): Promise<void> {
      stopping.abort()
      await loop
    },
  }
}

export type Inspector = ReturnType<typeof createInspector>

function alarmsOf(name: string, { spec, open, run }: Held): ActiveAlert[] {
  const floor: Severity = spec.failOn ?? 'error'
  const { groups, more } = alarmGroups(open.values(), floor)
  const labels = { capability: 'inspection', inspection: name }
  const path = `/inspections?name=${encodeURIComponent(name)}`
  const alarms: ActiveAlert[] = groups.map(({ check, namespace, severity, count, since, example }) => {
    const where = `${namespace === '' ? '' : `${namespace}: `}${example}${count > 1 ? ` (+${count - 1})` : ''}`
    return {
      labels: { alertname: `inspection:${check}`, ...labels, ...(namespace === '' ? {} : { namespace }) },
      severity,
      annotations: { summary: `${check}: ${where}`, 'summary.zh-CN': `${check}：${where}` },
      value: count,
      activeSince: since,
      path: `${path}&check=${encodeURIComponent(check)}`,
    }
  })
  if (more > 0)
    alarms.push({
      labels: { alertname: 'inspection:more', ...labels },
      severity: floor,
      annotations: { summary: `${more} more kinds of findings of Inspection ${name}`, 'summary.zh-CN': `巡检 ${name} 另有 ${more} 类问题` },
      value: more,
      activeSince: run?.startedAt ?? 0,
      path,
    })
  if (run && !run.complete)
    alarms.push({
      labels: { alertname: 'inspection:incomplete', ...labels },
      severity: 'warning',
      annotations: {
        summary: `Inspection ${name} could not look at everything: ${run.unread.length} problems`,
        'summary.zh-CN': `巡检 ${name} 未能检查全部内容：${run.unread.length} 个问题`,
      },
      value: run.unread.length,
      activeSince: run.startedAt,
      path,
    })
  return alarms
}
