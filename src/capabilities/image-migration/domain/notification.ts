/**
 * What registries report: the events of docker's registry (https://distribution.github.io/distribution/about/notifications/) and the webhook of Harbor
 * (https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/).
 */
import { z } from 'zod'

const name = z.string().min(1).max(500)

export const notification = z.union([
  z.object({
    events: z.array(z.object({ action: z.string().max(100), target: z.object({ repository: name.optional() }).optional() })).max(10_000),
  }),
  z.object({ type: z.string().max(100), event_data: z.object({ repository: z.object({ repo_full_name: name }) }) }),
])

/** Repositories to which something was pushed. */
export function pushedIn(body: z.output<typeof notification>): string[] {
  if ('events' in body) return [...new Set(body.events.flatMap(({ action, target }) => (action === 'push' && target?.repository ? [target.repository] : [])))]
  return /^push/i.test(body.type) ? [body.event_data.repository.repo_full_name] : []
}
