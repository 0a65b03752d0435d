import type { TableName } from '../telemetry/tables.ts'

/** Places in the console's menu, in order. */
export const MENU = ['overview', 'workloads', 'move-in', 'scale', 'release', 'observe', 'diagnose', 'nodes', 'govern', 'settings'] as const
export type MenuGroup = (typeof MENU)[number]

/** Everything a capability adds, as pure data: menus, RBAC, docs and completion are made from it. */
export interface Capability {
  id: string
  stage: 'alpha' | 'beta' | 'stable'
  title: { en: string; 'zh-CN': string }
  summary: { en: string; 'zh-CN': string }
  /** Mission rows it serves. */
  rows: readonly string[]
  /** Kubernetes permissions it needs; the chart's roles are generated from them. */
  rbac: readonly { apiGroups: readonly string[]; resources: readonly string[]; verbs: readonly string[]; why: string }[]
  /** Plural names of its CRDs in sallyport.io. */
  resources: readonly string[]
  /** Tables whose definition it owns. */
  tables: readonly TableName[]
  /** Console pages, by id; the console's door has a lazy route for each. */
  pages: readonly { id: string; group: MenuGroup; path: string; title: { en: string; 'zh-CN': string } }[]
}
