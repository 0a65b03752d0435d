/** Follows the cluster's monitors, and the Secrets and ConfigMaps that they name. */
import type { Clock } from '#core/kernel/clock.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { GlobalSettings, MonitorsSettings } from '../domain/jobs.ts'
import type { Reference } from '../domain/monitors/access.ts'
import { type MonitorJobs, type MonitorProblem, readMonitors } from '../domain/monitors/read.ts'

/** What is held of the cluster's monitors. */
export interface MonitorsView {
  list(): readonly KubeObject[]
  /** Calls when something changed, until stopped. */
  onChange(listener: () => void): () => void
  /** What is in a Secret or ConfigMap, or why it cannot be told. */
  read(reference: Reference): Promise<ReadonlyMap<string, string> | string>
}

export interface MonitorsPort {
  clock: Clock
  /** Resolves when all monitors are read. Kinds that the cluster does not serve have none. Rejects with what the API server says. */
  monitors(settings: MonitorsSettings, signal: AbortSignal): Promise<MonitorsView>
}

const GATHER_MS = 1_000
const AGAIN_MS = 30_000
/** Secrets are renewed in place. */
const REFERENCE_LIFE_MS = 60_000

const textOf = ({ kind, namespace, name, field, message }: MonitorProblem) => `${kind} ${namespace}/${name}: ${field} ${message}`

/** Runs until `signal` is aborted; tells all jobs anew each time that they changed. */
export async function followMonitors(
  settings: MonitorsSettings,
  global: GlobalSettings,
  { clock, monitors }: MonitorsPort,
  onFound: (found: MonitorJobs) => void,
  onTrouble: (what: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let view: MonitorsView | undefined
  while (!view) {
    try {
      view = await monitors(settings, signal)
    } catch (error) {
      if (signal.aborted) return
      onTrouble((error as Error).message)
      await clock.sleep(AGAIN_MS, signal).catch(() => {})
    }
    if (signal.aborted) return
  }
  const held = view
  const known = new Map<string, { data: ReadonlyMap<string, string> | string; at: number }>()
  const lookUp = (reference: Reference) => known.get(JSON.stringify(reference))?.data
  const said = new Set<string>()
  let changed = true
  let last = ''
  const stop = held.onChange(() => {
    changed = true
  })
  try {
    while (!signal.aborted) {
      const old = clock.now() - REFERENCE_LIFE_MS
      if (changed || [...known.values()].some(({ at }) => at < old)) {
        changed = false
        const read = () => readMonitors(held.list(), { global, settings, lookUp })
        let found = read()
        const wanted = new Map(found.references.map((reference) => [JSON.stringify(reference), reference]))
        for (const key of known.keys()) if (!wanted.has(key)) known.delete(key)
        for (const [key, reference] of wanted) if ((known.get(key)?.at ?? 0) <= old) known.set(key, { data: await held.read(reference), at: clock.now() })
        if (wanted.size > 0) found = read()
        const texts = found.problems.map(textOf)
        for (const text of texts) if (!said.has(text)) onTrouble(text)
        said.clear()
        for (const text of texts) said.add(text)
        const now = JSON.stringify(found)
        if (now !== last) onFound(found)
        last = now
      }
      await clock.sleep(GATHER_MS, signal).catch(() => {})
    }
  } finally {
    stop()
  }
}
