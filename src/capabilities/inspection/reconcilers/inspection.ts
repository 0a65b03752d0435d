/** Runs Inspections: their objects wake it, their status says how they stand. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '#core/kernel/clock.ts'
import { CodedError, isError } from '#core/kernel/errors.ts'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { readResource } from '#core/shapes/custom-resource.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { Reconciler } from '#core/shapes/reconciler.ts'
import { decideRun, idleStatus, iso, lookAgain, type RunFacts, statusAfter } from '../domain/runs.ts'
import { INSPECTION, type InspectionResource, inspectionResource } from '../resources/inspection.ts'
import type { startAdmission } from '../server/admission.ts'
import type { Following } from '../server/follow.ts'
import type { Inspector } from '../server/inspector.ts'
import { checksFor } from '../sources/chosen.ts'

export interface InspectionPorts {
  cluster: Cluster
  clock: Clock
  inspector: Inspector
  following: Following
  admission: Pick<Awaited<ReturnType<typeof startAdmission>>, 'set'>
}

type Status = Readonly<Record<string, unknown>>

export const inspectionReconciler: Reconciler<RunFacts, InspectionPorts> = {
  name: 'inspection',
  watches: [INSPECTION],
  keysOf: ({ metadata }) => [metadata.name],

  async gather(name, { cluster }) {
    const base = { cluster: cluster.name, name, problems: [] }
    let object: KubeObject
    try {
      object = await cluster.get({ ...INSPECTION, name })
    } catch (error) {
      if (!isError(error, 'NOT_FOUND') && !isError(error, 'KIND_UNKNOWN')) throw error
      return base
    }
    const read = readResource(inspectionResource, object)
    // Its status still has to be written.
    if (!read.ok) return { ...base, inspection: { ...object, spec: {}, status: object.status ?? {} } as unknown as InspectionResource, problems: read.error }
    const checks = checksFor(read.value.spec, () => {})
    return { ...base, inspection: read.value, problems: checks.ok ? [] : checks.error }
  },

  decide: (facts, now) => decideRun(facts, now, uuidv7(now, randomBytes(10))),

  async apply(plan, facts, ports) {
    const { cluster, clock, inspector, following, admission } = ports
    const { name, inspection } = facts
    if (inspection === undefined) {
      following.leave(cluster.name, name)
      await admission.set(cluster, name, undefined)
      await inspector.forget(cluster.name, name)
      return undefined
    }
    const write = async (status: Status) => {
      const now = (inspection.status ?? {}) as Status
      const changed = Object.fromEntries(Object.entries(status).filter(([field, value]) => (now[field] ?? null) !== value))
      if (Object.keys(changed).length > 0)
        await cluster.patch({ ...INSPECTION, name }, 'merge', { status: changed }, { subresource: 'status', fieldManager: 'sallyport' })
    }
    const isOff = facts.problems.length > 0 || inspection.spec.suspend === true
    await admission.set(cluster, name, isOff ? undefined : inspection.spec)
    if (plan.steps.length === 0) {
      if (isOff) following.leave(cluster.name, name)
      else {
        await inspector.hold(cluster.name, name, inspection.spec)
        // A server that has just begun reads once, so that it can keep current what the last run found.
        const read = following.needs(cluster.name, inspection) ? await inspector.run(cluster, inspection, plan, true) : undefined
        following.follow(cluster, inspection, read)
      }
      await write(idleStatus({ ...facts, inspection }, clock.now()))
      return lookAgain(facts, clock.now())
    }
    await write({ phase: 'Running', lastRunAt: iso(clock.now()), observedGeneration: inspection.metadata.generation ?? 0, message: null })
    try {
      const ran = await inspector.run(cluster, inspection, plan)
      const status = statusAfter(inspection, ran.run)
      await cluster.patch({ ...INSPECTION, name }, 'merge', { status }, { subresource: 'status', fieldManager: 'sallyport' })
      following.follow(cluster, inspection, ran)
      const lastRunAt = iso(ran.run.startedAt)
      return lookAgain({ ...facts, inspection: { ...inspection, status: { ...inspection.status, lastRunAt } } }, clock.now())
    } catch (error) {
      if (error instanceof CodedError)
        await cluster
          .patch(
            { ...INSPECTION, name },
            'merge',
            { status: { phase: 'Incomplete', message: error.message.slice(0, 2_000) } },
            { subresource: 'status', fieldManager: 'sallyport' },
          )
          .catch(() => {})
      throw error
    }
  },
}
