/** Routes: the shell's own pages and one lazy route per page of each capability. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router'
import type { Capability } from '#core/shapes/capability.ts'
import type { ConsoleDoor } from '#kits/console-kit/door.ts'
import { parseSearch, stringifySearch } from '#kits/console-kit/url-state.ts'
import { NotFound, PageFault } from './page-faults.tsx'
import { Shell } from './shell.tsx'

export function createConsoleRouter(capabilities: readonly { capability: Capability; door: ConsoleDoor }[]) {
  const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound })
  const login = createRoute({ getParentRoute: () => root, path: '/login', component: lazyRouteComponent(() => import('./login.tsx'), 'LoginPage') })
  const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: () => <Shell capabilities={capabilities} /> })
  const page = (path: string, load: () => Promise<{ default: React.ComponentType }>) =>
    createRoute({ getParentRoute: () => shell, path, component: lazyRouteComponent(load as never) })
  const pages = [
    page('/', () => import('./overview.tsx')),
    page('/settings', () => import('./settings/settings.tsx')),
    page('/settings/$section', () => import('./settings/settings.tsx')),
    ...capabilities.flatMap(({ capability, door }) =>
      capability.pages.map(({ id, path }) => {
        const load = door.pages[id]
        if (!load) throw new Error(`${capability.id} names the page ${id} but its door has none`)
        return page(path, load)
      }),
    ),
    createRoute({ getParentRoute: () => shell, path: '$', component: NotFound }),
  ]
  return createRouter({
    routeTree: root.addChildren([login, shell.addChildren(pages)]),
    parseSearch,
    stringifySearch,
    defaultErrorComponent: ({ error, reset }) => <PageFault error={error} onRetry={reset} />,
    defaultPreload: 'intent',
    scrollRestoration: true,
  })
}
