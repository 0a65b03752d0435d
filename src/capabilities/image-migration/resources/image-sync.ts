/** ImageSync: images that are kept in step with their source, by schedule and whenever a registry says that something was pushed. */
import { z } from 'zod'
import { type CustomResource, RESOURCE_API, type Resource } from '#core/shapes/custom-resource.ts'
import { scheduleText, zoneName } from '#core/shapes/schedule.ts'

const words = z.array(z.string().min(1).max(2_000)).min(1).max(1_000).optional()

const spec = z.strictObject({
  schedule: scheduleText
    .optional()
    .describe('Cron of five fields, @hourly, @every 6h … Left out: once, after each change of the spec, and when a registry reports a push.'),
  timezone: zoneName.optional().describe('Of the schedule: an IANA name such as Asia/Shanghai. Default UTC.'),
  suspend: z.boolean().optional().describe('Nothing is begun while true; what is under way ends.'),
  copy: z
    .array(
      z.strictObject({
        from: z.string().min(1).max(4_096).describe('REGISTRY/REPOSITORY[:TAG], or REGISTRY/NAMESPACE/* for all below.'),
        to: z.string().min(1).max(4_096),
        tags: z
          .strictObject({ names: words, match: words, semver: words, exclude: words, newest: z.number().int().min(1).max(100_000).optional() })
          .optional()
          .describe('Patterns are RE2 over the whole tag.'),
        rename: z.record(z.string().max(200), z.string().max(128)).optional(),
        repositories: z.strictObject({ match: words, exclude: words }).optional(),
        platforms: z.array(z.string().max(100)).min(1).max(50).optional().describe('Only these of an index, whose digest changes then.'),
        referrers: z.boolean().optional().describe('Signatures and attestations go along. Default true.'),
      }),
    )
    .min(1)
    .max(1_000),
  pullSecrets: z
    .array(z.string().min(1).max(253))
    .max(100)
    .optional()
    .describe('Secrets of this namespace (kubernetes.io/dockerconfigjson) with which registries are logged in to, source and target.'),
  existing: z.enum(['overwrite', 'keep']).optional().describe('What happens to a tag that differs at the target. Default overwrite.'),
  prune: z
    .enum(['preview', 'delete'])
    .optional()
    .describe(
      'Tags that the source no longer has, of those that this ImageSync copied itself: preview lists them in the report of each run, delete removes them. Only after runs without a failure. Left out: they stay.',
    ),
  bytesPerSecond: z.number().int().min(1_024).max(1_000_000_000_000).optional(),
})

const instant = z.iso.datetime().optional()
const count = z.number().int().min(0).optional()
const status = z.object({
  phase: z.enum(['Running', 'Synced', 'Partly', 'Failed', 'Suspended', 'Invalid']).optional(),
  observedGeneration: count,
  lastStartedAt: instant,
  lastEndedAt: instant,
  nextRunAt: instant,
  move: z.string().optional().describe('Of the last run: see the console, or GET /api/v1/image-moves/ID.'),
  images: count,
  copied: count,
  failed: count,
  removed: count.describe('Tags that the last run removed, as the source no longer has them.'),
  prunable: count.describe('Tags that would be removed with prune: delete.'),
  bytesSent: count,
  message: z.string().optional(),
})

export const imageSync = {
  kind: 'ImageSync',
  plural: 'imagesyncs',
  shortNames: ['isync'],
  scope: 'Namespaced',
  description: 'Keeps images in step with their source, byte for byte: by schedule, and whenever a registry reports a push.',
  spec,
  status,
  columns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'How the last run ended' },
    { name: 'Images', type: 'integer', jsonPath: '.status.images', description: 'Images of the last run' },
    { name: 'Copied', type: 'integer', jsonPath: '.status.copied', description: 'Images that were not there yet' },
    { name: 'Failed', type: 'integer', jsonPath: '.status.failed', description: 'Images that did not get there' },
    { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule', description: 'When it runs', priority: 1 },
    { name: 'Last', type: 'date', jsonPath: '.status.lastEndedAt', description: 'When it last ended' },
    { name: 'Next', type: 'string', jsonPath: '.status.nextRunAt', description: 'When it runs next', priority: 1 },
  ],
} as const satisfies CustomResource<typeof spec, typeof status>

export type ImageSync = Resource<z.output<typeof spec>, z.output<typeof status>>
export type ImageSyncStatus = z.output<typeof status>

export const IMAGE_SYNC = { apiVersion: RESOURCE_API, kind: imageSync.kind }
/** An RFC 3339 time: a run is wanted that begins after it. Set by notifications, the console, or `kubectl annotate`. */
export const WANTED_SINCE = 'sallyport.io/sync-wanted-since'
