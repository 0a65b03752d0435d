import type { ServerContext, ServerDoor } from '#kits/server-kit/door.ts'
import { inspectionReconciler } from '../reconcilers/inspection.ts'
import { createInspector } from './inspector.ts'
import { createRecords } from './records.ts'
import { inspectionRoutes } from './routes.ts'

export const door: ServerDoor = {
  id: 'inspection',

  async start(context: ServerContext) {
    const { telemetry, clock, log, alerts } = context
    const records = createRecords(telemetry, clock)
    const inspector = createInspector({ records, clock, log, alerts })
    context.reconcile(inspectionReconciler, (cluster) => ({ cluster, clock, inspector, follow() {}, leave() {} }))
    inspectionRoutes(context, records)
    return { stop: () => inspector.stop() }
  },
}
