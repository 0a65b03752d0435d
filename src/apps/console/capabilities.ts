/** Everything the console carries, in one list. A new capability is one line here. */

import { appMigration } from '#capabilities/app-migration/capability.ts'
import { door as appsConsole } from '#capabilities/app-migration/console/index.ts'
import { audit } from '#capabilities/audit/capability.ts'
import { door as auditConsole } from '#capabilities/audit/console/index.ts'
import { canary } from '#capabilities/canary/capability.ts'
import { door as canaryConsole } from '#capabilities/canary/console/index.ts'
import { elasticity } from '#capabilities/elasticity/capability.ts'
import { door as elasticityConsole } from '#capabilities/elasticity/console/index.ts'
import { imageMigration } from '#capabilities/image-migration/capability.ts'
import { door as imagesConsole } from '#capabilities/image-migration/console/index.ts'
import { ingressAnalytics } from '#capabilities/ingress-analytics/capability.ts'
import { door as ingressConsole } from '#capabilities/ingress-analytics/console/index.ts'
import { inspection } from '#capabilities/inspection/capability.ts'
import { door as inspectionConsole } from '#capabilities/inspection/console/index.ts'
import { logs } from '#capabilities/logs/capability.ts'
import { door as logsConsole } from '#capabilities/logs/console/index.ts'
import { metrics } from '#capabilities/metrics/capability.ts'
import { door as metricsConsole } from '#capabilities/metrics/console/index.ts'
import { nodeDoctor } from '#capabilities/node-doctor/capability.ts'
import { door as nodesConsole } from '#capabilities/node-doctor/console/index.ts'
import { workloads } from '#capabilities/workloads/capability.ts'
import { door as workloadsConsole } from '#capabilities/workloads/console/index.ts'
import type { Capability } from '#core/shapes/capability.ts'
import type { ConsoleDoor } from '#kits/console-kit/door.ts'

export const CAPABILITIES: readonly { capability: Capability; door: ConsoleDoor }[] = [
  { capability: workloads, door: workloadsConsole },
  { capability: imageMigration, door: imagesConsole },
  { capability: appMigration, door: appsConsole },
  { capability: elasticity, door: elasticityConsole },
  { capability: canary, door: canaryConsole },
  { capability: ingressAnalytics, door: ingressConsole },
  { capability: logs, door: logsConsole },
  { capability: metrics, door: metricsConsole },
  { capability: nodeDoctor, door: nodesConsole },
  { capability: audit, door: auditConsole },
  { capability: inspection, door: inspectionConsole },
]
