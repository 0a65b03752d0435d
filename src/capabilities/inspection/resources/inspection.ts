/** Inspection: what is checked, how often, and what becomes of it. */
import { z } from 'zod'
import { type CustomResource, RESOURCE_API, type Resource } from '#core/shapes/custom-resource.ts'
import { scheduleText, zoneName } from '#core/shapes/schedule.ts'
import { SEVERITIES } from '#core/shapes/severity.ts'
import { PROFILES } from '../domain/catalog.ts'
import { celCheck } from '../domain/cel-checks.ts'
import { vulnerability } from '../domain/vulnerabilities.ts'

const names = z.array(z.string().min(1).max(253)).max(1_000).optional()

const spec = z.strictObject({
  schedule: scheduleText.optional().describe('Cron of five fields, @hourly, @every 6h … Left out: once, and after each change of the spec.'),
  timezone: zoneName.optional().describe('Of the schedule: an IANA name such as Asia/Shanghai. Default UTC.'),
  suspend: z.boolean().optional().describe('No run begins while true, and nothing is followed.'),
  namespaces: names.describe('Only these, and nothing that belongs to no namespace. Left out: all.'),
  excludeNamespaces: names.describe('Not these.'),
  profile: z.enum(PROFILES).optional().describe('Which checks. Default recommended.'),
  checks: names.describe('Checks by our id or by that of another tool, instead of a profile.'),
  skip: names.describe('Checks that are left out.'),
  userChecks: z.array(celCheck).max(500).optional().describe('Checks of your own, in CEL.'),
  settings: z
    .record(z.string().max(100), z.array(z.string().max(1_000)).max(1_000))
    .optional()
    .describe('Lists that checks go by: registries, words, ceilings, prices (corePerHour, gibPerHour, currency …).'),
  vulnerabilities: z
    .array(vulnerability)
    .max(500)
    .optional()
    .describe('Newer data of known vulnerabilities: in the place of built-in entries of the same ids, and beside the others.'),
  targetVersion: z
    .string()
    .regex(/^1\.\d{1,3}$/)
    .optional()
    .describe('A version such as 1.36: what is gone there. Default: the one after that of the cluster.'),
  failOn: z.enum(SEVERITIES).optional().describe('From this severity on a finding fails the run and is an alarm. Default error.'),
  watch: z.boolean().optional().describe('Look again at what changes between runs. Default true.'),
  suppressions: z
    .array(
      z.strictObject({
        check: z.string().min(1).max(200).describe('Our id, or one of another tool.'),
        object: z.string().min(1).max(500).optional().describe('`DaemonSet kube-system/agent`; * stands for anything. Left out: all objects.'),
        reason: z.string().trim().min(3).max(1_000),
        until: z.iso.date().describe('The last day on which it holds (UTC).'),
      }),
    )
    .max(1_000)
    .optional()
    .describe('Findings to live with for a while.'),
  admission: z
    .strictObject({
      mode: z.enum(['Warn', 'Deny']).describe('What happens to a write with a finding from failOn on; others are warnings.'),
      failurePolicy: z.enum(['Ignore', 'Fail']).optional().describe('When this server cannot be asked. Default Ignore.'),
    })
    .optional()
    .describe('The same checks when something is written.'),
})

const instant = z.iso.datetime().optional()
const count = z.number().int().min(0).optional()
const status = z.object({
  phase: z.enum(['Running', 'Passed', 'Failed', 'Incomplete', 'Suspended', 'Invalid']).optional(),
  observedGeneration: count,
  lastRun: z.string().optional().describe('Id of the last run: see the console, or GET /api/v1/clusters/CLUSTER/inspections/NAME/runs.'),
  lastRunAt: instant,
  nextRunAt: instant,
  objects: count,
  checks: count,
  critical: count,
  error: count,
  warning: count,
  advice: count,
  new: count.describe('Findings that the run before did not have.'),
  gone: count.describe('Findings of the run before that are over.'),
  unread: count.describe('What could not be read.'),
  message: z.string().optional(),
})

export const inspectionResource = {
  kind: 'Inspection',
  plural: 'inspections',
  scope: 'Cluster',
  description: 'Checks the cluster by schedule, keeps the findings current, and tells what is new.',
  spec,
  status,
  columns: [
    { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'How the last run ended' },
    { name: 'Critical', type: 'integer', jsonPath: '.status.critical', description: 'Critical findings' },
    { name: 'Error', type: 'integer', jsonPath: '.status.error', description: 'Errors' },
    { name: 'Warning', type: 'integer', jsonPath: '.status.warning', description: 'Warnings' },
    { name: 'New', type: 'integer', jsonPath: '.status.new', description: 'Findings that the run before did not have' },
    { name: 'Last', type: 'date', jsonPath: '.status.lastRunAt', description: 'When it last ran' },
    { name: 'Next', type: 'string', jsonPath: '.status.nextRunAt', description: 'When it runs next', priority: 1 },
  ],
} as const satisfies CustomResource<typeof spec, typeof status>

export type InspectionResource = Resource<z.output<typeof spec>, z.output<typeof status>>
export type InspectionSpec = z.output<typeof spec>
export type InspectionStatus = z.output<typeof status>

export const INSPECTION = { apiVersion: RESOURCE_API, kind: inspectionResource.kind }
/** An RFC 3339 time: a run is wanted that begins after it. Set by the console, or `kubectl annotate`. */
export const WANTED_SINCE = 'sallyport.io/inspect-wanted-since'
