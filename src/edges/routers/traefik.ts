/** IngressRoute and TraefikService: weighted services, and a route with a higher priority for marked requests. https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/ */
import type { SplitRoute, TrafficSplit } from '#core/shapes/ports/traffic-router.ts'
import { cookieOfPattern, cookiePattern, type Dialect, type Loose, partsOf, percentOf } from './edited-route.ts'

const isService = (service: Loose, name: string) => service.name === name && (service.kind ?? 'Service') === 'Service'

/** A list of services with weights; the cookie is the one by which Traefik keeps a user on an arm. */
function weighted(services: readonly Loose[], { stable, canary, canaryPort }: SplitRoute, { weight }: TrafficSplit, bare: boolean): Loose[] {
  const old = services.find((service) => isService(service, stable))
  const others = services.filter((service) => !isService(service, stable) && !isService(service, canary))
  const parts = partsOf(weight)
  const known = services.find((service) => isService(service, canary)) ?? { ...old, name: canary, ...(canaryPort === undefined ? {} : { port: canaryPort }) }
  const { weight: _, ...plain } = old
  return bare ? [plain, ...others] : [{ ...old, weight: parts.total - parts.canary }, { ...known, weight: parts.canary }, ...others]
}

function weightOf(services: readonly Loose[], { stable, canary }: SplitRoute): number | undefined {
  const of = (name: string) => services.reduce((sum, service) => sum + (isService(service, name) ? (service.weight ?? 1) : 0), 0)
  return services.some((service) => isService(service, stable)) ? percentOf(of(canary), of(canary) + of(stable)) : undefined
}

const backticked = (text: string): string => `\`${text.replaceAll('`', '')}\``
/** Rules of version 3; group `traefik.containo.us` is read by version 2, whose names have an s and which takes a pattern in `HeadersRegexp`. */
const words = { v3: ['Header', 'HeaderRegexp'], v2: ['Headers', 'HeadersRegexp'] } as const
const conditionsOf = ({ header, cookie }: TrafficSplit, [exact, pattern]: readonly [string, string]): string[] => [
  ...(header
    ? [
        header.pattern === undefined
          ? `${exact}(${backticked(header.name)}, ${backticked(header.value ?? 'always')})`
          : `${pattern}(${backticked(header.name)}, ${backticked(header.pattern)})`,
      ]
    : []),
  ...(cookie ? [`${pattern}(${backticked('Cookie')}, ${backticked(cookiePattern(cookie.name))})`] : []),
]
const MARKED = /^\((.*)\) && Headers?(Regexp)?\(`([^`]*)`, `([^`]*)`\)$/s
const isOurs = (route: Loose, { canary }: SplitRoute) =>
  (route.services ?? []).length > 0 && route.services.every((service: Loose) => isService(service, canary)) && MARKED.test(route.match ?? '')
/** Traefik orders by length of the rule when no priority is given; a marked route is longer, but a priority of the user's must be beaten. */
const ABOVE = 1

const ingressRouteOf = (version: keyof typeof words): Dialect => ({
  path: ['spec', 'routes'],
  split(routes, target) {
    const weight = routes.map((route) => weightOf(route.services ?? [], target)).find((one) => one !== undefined)
    if (weight === undefined) return undefined
    const split: TrafficSplit = { weight }
    for (const route of routes.filter((one) => isOurs(one, target))) {
      const [, , regexp, name = '', value = ''] = MARKED.exec(route.match)!
      const named = name === 'Cookie' && regexp ? cookieOfPattern(value) : undefined
      if (named !== undefined) split.cookie = { name: named }
      else split.header = { name, ...(regexp ? { pattern: value } : value === 'always' ? {} : { value }) }
    }
    return split
  },
  withSplit: (routes, target, split, bare) =>
    routes
      .filter((route) => !isOurs(route, target))
      .flatMap((route) => {
        const services: Loose[] = route.services ?? []
        if (!services.some((service) => isService(service, target.stable))) return [route]
        const next = weighted(services, target, split, bare)
        const { weight: _, ...alone } = weighted(services, target, split, false)[1]!
        const marked = conditionsOf(split, words[version]).map((condition) => ({
          ...route,
          match: `(${route.match}) && ${condition}`,
          ...(route.priority === undefined ? {} : { priority: route.priority + ABOVE }),
          services: [alone],
        }))
        return [...marked, { ...route, services: next }]
      }),
  namesCanary: (routes, { canary }) => routes.some((route) => (route.services ?? []).some((service: Loose) => isService(service, canary))),
  cannot: (_, { sticky }) => (sticky ? 'users stay on an arm through `sticky` of a TraefikService; name that as the route' : undefined),
})

const traefikService: Dialect = {
  path: ['spec', 'weighted', 'services'],
  split(services, target) {
    const weight = weightOf(services, target)
    return weight === undefined ? undefined : { weight }
  },
  withSplit: (services, target, split, bare) =>
    services.some((service) => isService(service, target.stable)) ? weighted(services, target, split, bare) : services,
  namesCanary: (services, { canary }) => services.some((service) => isService(service, canary)),
  cannot: ({ header, cookie }) => (header || cookie ? 'a TraefikService knows weights only; name the IngressRoute for headers and cookies' : undefined),
}

export const traefik: Readonly<Record<string, Dialect>> = {
  'traefik.io/IngressRoute': ingressRouteOf('v3'),
  'traefik.containo.us/IngressRoute': ingressRouteOf('v2'),
  'traefik.io/TraefikService': traefikService,
  'traefik.containo.us/TraefikService': traefikService,
}
