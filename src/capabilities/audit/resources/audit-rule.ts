/** Rules of audit that users write. */
import { z } from 'zod'
import type { CustomResource } from '#core/shapes/custom-resource.ts'
import { SEVERITIES } from '#core/shapes/severity.ts'
import { PLANES } from '../domain/event.ts'

const words = z.array(z.string().min(1).max(253)).min(1).max(100)

export const auditRule = {
  kind: 'AuditRule',
  plural: 'auditrules',
  scope: 'Cluster',
  description: 'A condition over audit events that somebody wants to know of.',
  spec: z.strictObject({
    title: z.string().min(1).max(200).describe('What happened, for people.'),
    severity: z.enum(SEVERITIES).default('warning').describe('From warning on a hit is an alarm.'),
    aliases: words.optional().describe('Names by which other tools know the rule.'),
    planes: z.array(z.enum(PLANES)).min(1).default(['kubernetes']).describe('Where the events come from.'),
    resources: words.default(['*']).describe('Plural names, with the subresource after a slash; * is all.'),
    verbs: words.optional().describe('Left out: all.'),
    condition: z.string().min(1).max(10_000).describe('CEL; the rule hits when it is true.'),
    routine: z.string().min(1).max(10_000).optional().describe('CEL; what is ordinary work is a hit, but no alarm.'),
  }),
  status: z.object({
    observedGeneration: z.number().int().optional().describe('The generation that was read.'),
    state: z.enum(['Active', 'Refused']).describe('Refused: the problems say why, and the rule judges nothing.'),
    problems: z.array(z.string()).optional(),
  }),
  columns: [
    { name: 'Severity', type: 'string', jsonPath: '.spec.severity', description: 'How bad a hit is.' },
    { name: 'State', type: 'string', jsonPath: '.status.state', description: 'Whether it judges.' },
    { name: 'Title', type: 'string', jsonPath: '.spec.title', description: 'What happened, for people.' },
    { name: 'Problem', type: 'string', jsonPath: '.status.problems[0]', description: 'Why it was refused.', priority: 1 },
  ],
} as const satisfies CustomResource
