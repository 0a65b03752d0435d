import type { ServerContext, ServerDoor } from '#kits/server-kit/door.ts'
import { inspectionReconciler } from '../reconcilers/inspection.ts'
import { startAdmission } from './admission.ts'
import { createFollowing } from './follow.ts'
import { createInspector } from './inspector.ts'
import { createRecords } from './records.ts'
import { inspectionRoutes } from './routes.ts'

export const door: ServerDoor = {
  id: 'inspection',

  async start(context: ServerContext) {
    const { telemetry, clock, log, alerts, metricSource } = context
    const records = createRecords(telemetry, clock)
    const inspector = createInspector({ records, clock, log, alerts, metricSource })
    const following = createFollowing({ inspector, clock, log })
    const admission = await startAdmission(context, following)
    context.reconcile(inspectionReconciler, (cluster) => ({ cluster, clock, inspector, following, admission }))
    inspectionRoutes(context, records)
    return {
      async stop() {
        await admission.stop()
        await following.stop()
        await inspector.stop()
      },
    }
  },
}
