import { parseDuration } from '../kernel/duration.ts'
import type { RouteConfig } from './config.ts'
import { matchAll } from './matchers.ts'
import type { Labels } from './types.ts'

/** A route with everything that it has from its parents. Times in ms. */
export interface Route {
  /** Names it in group keys; changes only when the matchers on the way to it do. */
  key: string
  receivers: readonly string[]
  groupBy: readonly string[]
  groupWait: number
  groupInterval: number
  repeatInterval: number
}

/** The routes of an alert, in order. */
export type Router = (labels: Labels) => readonly Route[]

// Alertmanager's defaults (dispatch/route.go).
const ROOT = { key: '', receivers: [], groupBy: [], groupWait: 30_000, groupInterval: 300_000, repeatInterval: 14_400_000 }

/**
 * The tree as a function: the deepest matching routes; after a match the siblings are left out unless it says `continue`;
 * a route none of whose children matches takes the alert itself (Alertmanager, dispatch/route.go, Match).
 */
export function buildRouter(root: RouteConfig): Router {
  return buildNode(root, ROOT, '{}')
}

function buildNode(config: RouteConfig, parent: Route, key: string): Router {
  const ms = (text: string | undefined, inherited: number) => (text === undefined ? inherited : parseDuration(text)!)
  const route: Route = {
    key,
    receivers: config.receiver === undefined ? parent.receivers : [...new Set([config.receiver].flat())],
    groupBy: config.groupBy ?? parent.groupBy,
    groupWait: ms(config.groupWait, parent.groupWait),
    groupInterval: ms(config.groupInterval, parent.groupInterval),
    repeatInterval: ms(config.repeatInterval, parent.repeatInterval),
  }
  const matches = matchAll(config.matchers ?? [])
  const seen = new Map<string, number>()
  const children = (config.routes ?? []).map((child) => {
    const own = `${key}/{${(child.matchers ?? []).join(',')}}`
    const twin = seen.get(own) ?? 0
    seen.set(own, twin + 1)
    return { find: buildNode(child, route, twin === 0 ? own : `${own}#${twin}`), more: child.continue === true }
  })
  return (labels) => {
    if (!matches(labels)) return []
    const found: Route[] = []
    for (const child of children) {
      const deeper = child.find(labels)
      found.push(...deeper)
      if (deeper.length > 0 && !child.more) break
    }
    return found.length > 0 ? found : [route]
  }
}

/** The labels that an alert's group has in common, and the key that tells the group apart from all others. */
export function groupOf(route: Route, labels: Labels): { key: string; labels: Labels } {
  const names = route.groupBy.includes('...') ? Object.keys(labels) : route.groupBy.filter((name) => labels[name] !== undefined)
  const common: Record<string, string> = {}
  for (const name of [...names].sort()) common[name] = labels[name]!
  return { key: `${route.key}:${JSON.stringify(common)}`, labels: common }
}
