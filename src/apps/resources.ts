import { migrationResource } from '#capabilities/app-migration/resources/migration.ts'
import { auditRule } from '#capabilities/audit/resources/audit-rule.ts'
import { canaryResource } from '#capabilities/canary/resources/canary.ts'
import { scalePolicyResource } from '#capabilities/elasticity/resources/scale-policy.ts'
import { imageSync } from '#capabilities/image-migration/resources/image-sync.ts'
import { inspectionResource } from '#capabilities/inspection/resources/inspection.ts'
import { repairPolicy } from '#capabilities/node-doctor/resources/repair-policy.ts'
import type { CustomResource } from '#core/shapes/custom-resource.ts'

/** Every kind of our own, in order of name: their definitions go to `deploy/crds/` and into the sandbox. */
export const RESOURCES: readonly CustomResource[] = [
  auditRule,
  canaryResource,
  imageSync,
  inspectionResource,
  migrationResource,
  repairPolicy,
  scalePolicyResource,
]
