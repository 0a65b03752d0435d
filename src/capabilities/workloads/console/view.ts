/** What the pages keep in the URL, and the way from one to another. */
import { useNavigate } from '@tanstack/react-router'
import { useCallback } from 'react'
import { z } from 'zod'
import type { ObjectRef } from '#core/kube/objects.ts'
import { urlList } from '#kits/console-kit/url-fields.ts'
import type { Search } from '#kits/console-kit/url-state.ts'

export const TABS = ['summary', 'timeline', 'signals', 'relations', 'yaml'] as const
export type Tab = (typeof TABS)[number]

export const appsView = z.object({ namespace: z.string().max(63).default(''), expand: urlList })
export const objectsView = z.object({
  kind: z.string().max(400).default('v1/Pod'),
  namespace: z.string().max(63).default(''),
  /** `namespace/name`, or a name; empty: the list. */
  object: z.string().max(400).default(''),
  tab: z.enum(TABS).default('summary'),
})

/** `apps/v1/Deployment` → its parts. */
export function kindOf(text: string): { apiVersion: string; kind: string } {
  const slash = text.lastIndexOf('/')
  return { apiVersion: text.slice(0, slash), kind: text.slice(slash + 1) }
}
export const objectText = ({ namespace, name }: { namespace?: string; name: string }): string => (namespace ? `${namespace}/${name}` : name)
export function refOf(kind: string, object: string): ObjectRef {
  const slash = object.indexOf('/')
  return { ...kindOf(kind), ...(slash < 0 ? {} : { namespace: object.slice(0, slash) }), name: object.slice(slash + 1) }
}

/** What belongs to every page. */
const SHARED = ['from', 'to', 'zone', 'refresh', 'cluster', 'namespace'] as const

/** Opens an object's page, keeping range, cluster and namespace. */
export function useOpenObject(): (ref: Omit<ObjectRef, 'namespace'> & { namespace?: string }, tab?: Tab) => void {
  const navigate = useNavigate()
  return useCallback(
    (ref, tab) =>
      void navigate({
        to: '/objects',
        search: ((previous: Search) => ({
          ...Object.fromEntries(SHARED.flatMap((name) => (previous[name] === undefined ? [] : [[name, previous[name]]]))),
          kind: `${ref.apiVersion}/${ref.kind}`,
          object: objectText(ref),
          ...(tab ? { tab } : {}),
        })) as never,
      }),
    [navigate],
  )
}
