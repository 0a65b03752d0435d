/** The menu: groups in the order of the contract, with only the pages that exist. */
import { type Capability, MENU, type MenuGroup } from '#core/shapes/capability.ts'

export interface MenuPage {
  /** Absolute path. */
  path: string
  title: { en: string; 'zh-CN': string }
}

export interface MenuEntry {
  group: MenuGroup
  pages: readonly MenuPage[]
}

/** Groups without a page are left out. */
export function menuOf(own: readonly (MenuPage & { group: MenuGroup })[], capabilities: readonly Capability[]): readonly MenuEntry[] {
  const pages = [...own, ...capabilities.flatMap((capability) => capability.pages)]
  return MENU.map((group) => ({ group, pages: pages.filter((page) => page.group === group).map(({ path, title }) => ({ path, title })) })).filter(
    ({ pages: found }) => found.length > 0,
  )
}

/** The entry that is open: the longest path that the location is at or below. */
export function openPath(paths: readonly string[], pathname: string): string | undefined {
  return paths.filter((path) => pathname === path || (path !== '/' && pathname.startsWith(`${path}/`))).sort((a, b) => b.length - a.length)[0]
}

/** What stays in the URL from page to page: the time range and the cluster. */
export function keptSearch(search: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const name of ['cluster', 'from', 'to', 'zone', 'refresh']) if (search[name] !== undefined) kept[name] = search[name]
  return kept
}
