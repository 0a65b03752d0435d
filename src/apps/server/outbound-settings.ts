/** What of this machine and of its link may be called all the same, by hooks and as a source of metrics. */
import { z } from 'zod'
import type { Settings } from '#kits/server-kit/door.ts'

const address = z
  .string()
  .max(300)
  .regex(/^(\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}$/i, 'must be host:port')

/** The list as it is now. */
export function outboundSettings(settings: Settings): () => readonly string[] {
  const section = settings.section('outbound', { schema: z.strictObject({ allow: z.array(address).max(100) }), initial: { allow: [] } })
  return () => section.read().allow
}
