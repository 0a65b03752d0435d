import type { ServerDoor } from '#kits/server-kit/door.ts'

/** Every capability that the server carries. */
export const CAPABILITIES: readonly (() => Promise<ServerDoor>)[] = [
  // before ingress analytics, which takes every line that nobody else wants
  () => import('#capabilities/audit/server/index.ts').then(({ door }) => door),
  () => import('#capabilities/node-doctor/server/index.ts').then(({ door }) => door),
  () => import('#capabilities/ingress-analytics/server/index.ts').then(({ door }) => door),
  // after it: of Loki's pushes it takes what is no access log
  () => import('#capabilities/logs/server/index.ts').then(({ door }) => door),
  () => import('#capabilities/image-migration/server/index.ts').then(({ door }) => door),
  () => import('#capabilities/app-migration/server/index.ts').then(({ door }) => door),
  () => import('#capabilities/workloads/server/index.ts').then(({ door }) => door),
  () => import('#capabilities/inspection/server/index.ts').then(({ door }) => door),
  () => import('#capabilities/elasticity/server/index.ts').then(({ door }) => door),
  () => import('#capabilities/canary/server/index.ts').then(({ door }) => door),
  () => import('#capabilities/metrics/server/index.ts').then(({ door }) => door),
]
