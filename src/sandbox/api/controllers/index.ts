/** The controllers that the sandbox runs. */
import type { World } from '../world.ts'
import { cronJobController } from './cron-jobs.ts'
import { daemonSetController } from './daemon-sets.ts'
import { deploymentController } from './deployments.ts'
import { endpointsController } from './endpoints.ts'
import { eventCleaner, garbageCollector, namespaceController } from './garbage.ts'
import { jobController } from './jobs.ts'
import { nodeController } from './nodes.ts'
import { runControllers } from './queue.ts'
import { replicaSetController } from './replicas.ts'
import { scheduler } from './scheduler.ts'
import { statefulSetController } from './stateful-sets.ts'

export const startControllers = (world: World) =>
  runControllers(world, [
    garbageCollector(world),
    namespaceController(world),
    deploymentController(world),
    replicaSetController(world),
    statefulSetController(world),
    daemonSetController(world),
    jobController(world),
    cronJobController(world),
    scheduler(world),
    endpointsController(world),
    nodeController(world),
    eventCleaner(world),
  ])
