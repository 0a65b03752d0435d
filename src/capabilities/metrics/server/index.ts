import type { ServerDoor } from '#kits/server-kit/door.ts'
import pkg from '../../../../package.json' with { type: 'json' }
import { metrics } from '../capability.ts'
import { queryRoutes } from './query.ts'
import { writeRoutes } from './write.ts'

export const door: ServerDoor = {
  id: metrics.id,

  async start(context) {
    return {
      standardRoutes(http) {
        writeRoutes(http, context)
        queryRoutes(http, { ...context, version: pkg.version })
      },
      stop: async () => {},
    }
  },
}
