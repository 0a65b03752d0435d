/**
 * What registries report: the events of docker's registry (https://distribution.github.io/distribution/about/notifications/) and the webhook of Harbor
 * (https://goharbor.io/docs/latest/working-with-projects/project-configuration/configure-webhooks/).
 */
import { z } from 'zod'

const name = z.string().min(1).max(500)

// Registries send more than is used here, and more with each version.
const docker = z.looseObject({
  events: z.array(z.looseObject({ action: z.string().max(100), target: z.looseObject({ repository: name.optional() }).optional() })).max(10_000),
})
const harbor = z.looseObject({ type: z.string().max(100), event_data: z.looseObject({ repository: z.looseObject({ repo_full_name: name }) }) })

export const notification = z.union([docker, harbor])

/** Repositories to which something was pushed. */
export function pushedIn(body: z.output<typeof notification>): string[] {
  const report = harbor.safeParse(body)
  if (report.success) return /^push/i.test(report.data.type) ? [report.data.event_data.repository.repo_full_name] : []
  const { events } = body as z.output<typeof docker>
  return [...new Set(events.flatMap(({ action, target }) => (action === 'push' && target?.repository ? [target.repository] : [])))]
}
