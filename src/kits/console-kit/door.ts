import type { ComponentType } from 'react'

/** A capability's console door: a lazy page for each page id of its `capability.ts`, and its two catalogs. */
export interface ConsoleDoor {
  id: string
  pages: Readonly<Record<string, () => Promise<{ default: ComponentType }>>>
  /** Sections that it adds to Settings, in order. */
  settings?: readonly { id: string; title: string; load: () => Promise<{ default: ComponentType }> }[]
  /** Namespace = capability id. */
  locales: { en: Record<string, unknown>; 'zh-CN': Record<string, unknown> }
}
