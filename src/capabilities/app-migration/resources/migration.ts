/** Migration: an app that moves from one cluster to another, planned first, with its progress in the status. */
import { z } from 'zod'
import { type CustomResource, RESOURCE_API, type Resource } from '#core/shapes/custom-resource.ts'
import { MAPPING, type Mapping } from '../domain/mapping.ts'
import { VOLUMES } from '../domain/volumes.ts'

const names = z.record(z.string().min(1).max(253), z.string().max(253)).optional()
const list = z.array(z.string().min(1).max(253)).min(1).max(1_000).optional()

const end = z
  .strictObject({
    secret: z.string().min(1).max(253).describe('Secret of this namespace, labeled sallyport.io/use: migration, with a kubeconfig.'),
    key: z.string().min(1).max(253).default('kubeconfig'),
    context: z.string().max(1_024).optional().describe('Of the kubeconfig; its current one when left out.'),
  })
  .describe('The kubeconfig carries everything itself: it may name neither files nor programs (exec, auth-provider).')

const spec = z.strictObject({
  source: end,
  target: end,
  action: z
    .enum(['plan', 'copy', 'apply', 'rollback'])
    .default('plan')
    .describe(
      'plan writes nothing; copy makes the claims and moves their data while the app runs, as often as wanted; apply writes all when nothing blocks; rollback undoes what was written.',
    ),
  namespaces: list.describe('Of the source. What their objects need comes along.'),
  selector: z.string().max(1_000).optional().describe('Labels of the objects that are wanted.'),
  kinds: list,
  apps: list.describe('KIND/NAME: these and everything they need.'),
  mapping: z
    .strictObject({
      namespaces: names.describe('Old: new, renamed wherever it stands.'),
      registries: names,
      storageClasses: names,
      ingressClasses: names,
      domains: names,
      nodeSelectors: names,
      annotations: z.strictObject({ remove: z.array(z.string().min(1)).max(1_000).optional(), set: names }).optional(),
      nodePorts: z
        .custom<Mapping['nodePorts']>()
        .refine((value) => MAPPING.shape.nodePorts.safeParse(value).success, { message: 'must be drop, keep, or old: new' })
        .optional()
        .describe('drop (the target chooses), keep, or old: new.'),
      patches: z
        .array(
          z.strictObject({
            match: z.strictObject({ kind: z.string().min(1).max(253), name: z.string().max(253).optional(), namespace: z.string().max(253).optional() }),
            json: z.array(z.unknown()).max(1_000).optional(),
            merge: z.record(z.string(), z.unknown()).optional(),
            strategic: z.record(z.string(), z.unknown()).optional(),
          }),
        )
        .max(1_000)
        .optional()
        .describe('Of objects, by JSON patches, merge patches or strategic ones; names may hold one *.'),
    })
    .optional(),
  volumes: VOLUMES.optional().describe('How the data of claims comes along, before the pods that use it; left out: it does not.'),
  existing: z.enum(['fail', 'skip', 'update']).default('fail').describe('What happens to names that are taken, decided before the first write.'),
  checkImages: z.boolean().default(true).describe('Whether registries are asked if the images are there, and for which machines.'),
  parallel: z.number().int().min(1).max(128).default(16),
  waitSeconds: z.number().int().min(1).max(86_400).default(300).describe('How long a wave may take to become ready before it is undone.'),
})

const count = z.number().int().min(0).optional()
const instant = z.iso.datetime().optional()
const lines = z.array(z.string()).optional()
const status = z.object({
  phase: z
    .enum(['Planning', 'Planned', 'Blocked', 'Applying', 'Copied', 'Verifying', 'Done', 'Differs', 'Failed', 'RollingBack', 'RolledBack', 'Invalid'])
    .optional(),
  observedGeneration: count,
  startedAt: instant,
  endedAt: instant,
  objects: count.describe('That the move has.'),
  done: count.describe('Of these, written or found there.'),
  wave: count.describe('That is under way, from 1.'),
  waves: count,
  bytes: count.describe('Of the objects that were written, as JSON.'),
  created: count,
  updated: count,
  skipped: count,
  volumes: z
    .array(
      z.object({
        claim: z.string(),
        outcome: z.string(),
        bytes: count,
        sentBytes: count.describe('Of these, in the last pass.'),
        checksum: z.string().optional().describe('SHA-256 over all contents, the same on both sides.'),
        snapshot: z.string().optional().describe('Handle of the snapshot that was handed over.'),
      }),
    )
    .optional()
    .describe('Claims whose data has moved; copied: a pass while the app ran.'),
  blocking: count.describe('How much keeps apply from beginning.'),
  obstacles: z
    .array(z.object({ severity: z.string(), object: z.string(), text: z.string() }))
    .optional()
    .describe('The first 50; the console has all.'),
  failing: lines.describe('What verify found: objects that differ or are not ready, Services without an answer. The first 50.'),
  message: z.string().optional(),
})

export const migrationResource = {
  kind: 'Migration',
  plural: 'migrations',
  shortNames: ['mig'],
  scope: 'Namespaced',
  description: 'Moves an app from one cluster to another: planned first, in waves, verified, and undone on request.',
  spec,
  status,
  columns: [
    { name: 'Action', type: 'string', jsonPath: '.spec.action', description: 'What is asked for' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'How it stands' },
    { name: 'Done', type: 'integer', jsonPath: '.status.done', description: 'Objects that are there' },
    { name: 'Objects', type: 'integer', jsonPath: '.status.objects', description: 'Objects of the move' },
    { name: 'Wave', type: 'integer', jsonPath: '.status.wave', description: 'Wave that is under way', priority: 1 },
    { name: 'Blocking', type: 'integer', jsonPath: '.status.blocking', description: 'What keeps it from beginning' },
  ],
} as const satisfies CustomResource<typeof spec, typeof status>

export type Migration = Resource<z.output<typeof spec>, z.output<typeof status>>
export type MigrationStatus = z.output<typeof status>
export const MIGRATION = { apiVersion: RESOURCE_API, kind: migrationResource.kind }
