/** Renders a console page in happy-dom with everything around it that it expects: router, query client, Mantine, languages, time range. */
import { MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from '@tanstack/react-router'
import { act, render } from '@testing-library/react'
import type { ComponentType } from 'react'
import type { Language } from '#core/kernel/errors.ts'
import { type Catalogs, initI18n } from '#kits/console-kit/i18n.ts'
import { parseSearch, stringifySearch } from '#kits/console-kit/url-state.ts'
import { TimeRangeProvider } from '#kits/console-kit/use-time-range.tsx'

export interface PageOptions {
  /** Path with search, e.g. `/ingress?from=now-6h`. */
  url?: string
  language?: Language
  catalogs?: Readonly<Record<string, Catalogs>>
  /** The present moment, ms. */
  now?: number
}

/** `location()` is where the page is now: path and search. */
export async function renderPage(Page: ComponentType, { url = '/', language = 'en', catalogs = {}, now = 1_780_000_000_000 }: PageOptions = {}) {
  fillIn()
  initI18n(language, catalogs)
  const clock = () => now
  const rootRoute = createRootRoute()
  const page = createRoute({
    getParentRoute: () => rootRoute,
    path: '$',
    component: () => (
      <TimeRangeProvider clock={clock}>
        <Page />
      </TimeRangeProvider>
    ),
  })
  const router = createRouter({
    routeTree: rootRoute.addChildren([page]),
    history: createMemoryHistory({ initialEntries: [url] }),
    parseSearch,
    stringifySearch,
  })
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  await router.load()
  const view = render(
    <MantineProvider env="test">
      <QueryClientProvider client={client}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </MantineProvider>,
  )
  await act(async () => {})
  return { ...view, router, location: () => router.state.location.href }
}

/** What happy-dom lacks: layout, media queries, a canvas. Rows of a virtual list need a height to appear. */
function fillIn() {
  window.matchMedia ??= ((query: string) => ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} })) as never
  Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, get: () => 600 })
  Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, get: () => 1000 })
  globalThis.Path2D ??= class {} as never
}
