import type { ServerDoor } from '#kits/server-kit/door.ts'
import pkg from '../../../../package.json' with { type: 'json' }
import { metrics } from '../capability.ts'
import { collectorRoutes } from './collector.ts'
import { otlpRoutes } from './otlp.ts'
import { ownRoutes } from './own.ts'
import { queryRoutes } from './query.ts'
import { resourceMetricsApi } from './resource-metrics.ts'
import { createRules } from './rules.ts'
import { writeRoutes } from './write.ts'

export const door: ServerDoor = {
  id: metrics.id,

  async start(context) {
    const rules = createRules(context)
    ownRoutes(context.http, context, rules)
    context.aggregate(resourceMetricsApi(context))
    return {
      standardRoutes(http) {
        rules.routes(http)
        writeRoutes(http, context)
        collectorRoutes(http, context)
        otlpRoutes(http, context)
        queryRoutes(http, { ...context, version: pkg.version })
      },
      stop: () => rules.stop(),
    }
  },
}
