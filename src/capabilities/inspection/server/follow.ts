/** Keeps what Inspections found current: objects that change between runs are looked at again, with what depends on them. */
import type { Logger } from 'pino'
import type { Clock } from '#core/kernel/clock.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster, Informer } from '#core/shapes/ports/cluster.ts'
import { type Current, createCurrent, type Found, idOf, tryAlone } from '../domain/current.ts'
import type { Item } from '../domain/inventory.ts'
import type { InspectionResource, InspectionSpec } from '../resources/inspection.ts'
import { checksFor } from '../sources/chosen.ts'
import { isWanted, slim } from '../sources/cluster.ts'
import type { Inspector } from './inspector.ts'

/** Changes within this time are looked at together. */
const GATHER_MS = 500

interface Followed {
  spec: InspectionSpec
  current?: Current
}
interface OfCluster {
  cluster: Cluster
  informers: Informer<KubeObject>[]
  inspections: Map<string, Followed>
  changed: Map<string, Item | undefined>
}

export function createFollowing({ inspector, clock, log }: { inspector: Inspector; clock: Clock; log: Logger }) {
  const clusters = new Map<string, OfCluster>()
  const stopping = new AbortController()

  const itemOf = (object: KubeObject): Item => ({ object, file: '', line: 0 })
  async function watch(of: OfCluster): Promise<void> {
    const { kinds } = await of.cluster.discover()
    if (stopping.signal.aborted || clusters.get(of.cluster.name) !== of) return
    // What is used is measured anew at each run; nobody can watch it.
    for (const kind of kinds.filter((one) => isWanted(one) && one.verbs.includes('watch'))) {
      const informer = of.cluster.informer<KubeObject>(kind, {
        keep: (object) => slim({ ...object, apiVersion: kind.apiVersion, kind: kind.kind }),
        managedFields: true,
      })
      // What may not be read is told by the runs.
      informer.synced.catch(() => {})
      informer.onChange(({ type, object }) => {
        const item = itemOf(object)
        of.changed.set(idOf(item), type === 'deleted' ? undefined : item)
      })
      of.informers.push(informer)
    }
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(GATHER_MS, stopping.signal).catch(() => {})
      for (const of of clusters.values()) {
        if (of.changed.size === 0) continue
        const changed = [...of.changed]
        of.changed.clear()
        for (const [name, { current }] of of.inspections) {
          if (!current) continue
          const gone: Found[] = []
          const found: Found[] = []
          for (const [id, item] of changed) {
            const change = current.change(id, item)
            // What an earlier change of this round found and a later one took away was never there.
            const over = new Set(change.gone)
            const left = found.filter((one) => !over.has(one))
            gone.push(...change.gone)
            found.splice(0, found.length, ...left, ...change.found)
          }
          await inspector
            .amend(of.cluster.name, name, gone, found)
            .catch((err: unknown) => log.warn({ err, inspection: name }, 'what changed could not be kept'))
        }
      }
    }
  })()

  const leave = (cluster: string, name: string) => {
    const of = clusters.get(cluster)
    of?.inspections.delete(name)
    if (!of || of.inspections.size > 0) return
    for (const informer of of.informers) informer.stop()
    clusters.delete(cluster)
  }

  return {
    leave,

    /** Is it to be followed, and nothing was read for that yet? */
    needs: (cluster: string, { metadata: { name }, spec }: InspectionResource): boolean =>
      spec.watch !== false && clusters.get(cluster)?.inspections.get(name)?.current === undefined,

    /** After a run, with what it read; without it only the spec is taken over. */
    follow(cluster: Cluster, { metadata: { name }, spec }: InspectionResource, ran: Awaited<ReturnType<Inspector['run']>> | undefined): void {
      if (spec.watch === false) {
        leave(cluster.name, name)
        return
      }
      let of = clusters.get(cluster.name)
      if (!of) {
        of = { cluster, informers: [], inspections: new Map(), changed: new Map() }
        clusters.set(cluster.name, of)
        watch(of).catch((err: unknown) => log.warn({ err, cluster: cluster.name }, 'changes cannot be followed; runs go on'))
      }
      const followed = of.inspections.get(name) ?? { spec }
      followed.spec = spec
      of.inspections.set(name, followed)
      if (!ran) return
      followed.current = createCurrent(ran.items, ran.checks, ran.around)
      // Between the reading and now something may have changed that the informers told already.
      for (const informer of of.informers) for (const object of informer.list()) of.changed.set(idOf({ object }), itemOf(object))
    },

    /** What would be found of an object if it were written so; `known` says whether everything around it is known. */
    tryOut(cluster: string, name: string, spec: InspectionSpec, item: Item): { found: Found[]; known: boolean } {
      const current = clusters.get(cluster)?.inspections.get(name)?.current
      if (current) return { found: current.tryOut(idOf(item), item), known: true }
      const checks = checksFor(spec, () => {})
      return { found: checks.ok ? tryAlone(item, checks.value, { now: clock.now() }) : [], known: false }
    },

    async stop(): Promise<void> {
      stopping.abort()
      for (const { informers } of clusters.values()) for (const informer of informers) informer.stop()
      await loop
    },
  }
}
export type Following = ReturnType<typeof createFollowing>
