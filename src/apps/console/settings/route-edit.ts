/** Changes to the routing tree as the page offers them: the root and its rules. Deeper trees are shown and kept, and edited in the settings file. */
import type { RouteConfig } from '#core/alerting/config.ts'

/** Is a receiver named anywhere in the tree? */
export const namedIn = (route: RouteConfig, name: string): boolean =>
  [route.receiver ?? []].flat().includes(name) || (route.routes ?? []).some((child) => namedIn(child, name))

export const receiversOf = (route: RouteConfig): string[] => [route.receiver ?? []].flat()

/** One matcher per line. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** A rule with other fields; what the form does not show is kept. */
export function changed(
  route: RouteConfig,
  fields: {
    receivers?: readonly string[]
    matchers?: readonly string[]
    groupBy?: readonly string[]
    groupWait?: string
    groupInterval?: string
    repeatInterval?: string
  },
): RouteConfig {
  const next: RouteConfig = { ...route }
  if (fields.receivers) {
    if (fields.receivers.length === 0) delete next.receiver
    else next.receiver = fields.receivers.length === 1 ? fields.receivers[0] : [...fields.receivers]
  }
  if (fields.matchers) next.matchers = [...fields.matchers]
  if (fields.groupBy) {
    if (fields.groupBy.length === 0) delete next.groupBy
    else next.groupBy = [...fields.groupBy]
  }
  for (const name of ['groupWait', 'groupInterval', 'repeatInterval'] as const) {
    const value = fields[name]
    if (value === undefined) continue
    if (value === '') delete next[name]
    else next[name] = value
  }
  return next
}

/** The rule at `index` moved by one; out of range stays as it is. */
export function moved<T>(list: readonly T[], index: number, by: -1 | 1): T[] {
  const next = [...list]
  const to = index + by
  if (to < 0 || to >= next.length) return next
  const [item] = next.splice(index, 1)
  if (item !== undefined) next.splice(to, 0, item)
  return next
}
