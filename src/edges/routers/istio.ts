/** VirtualService: weights of HTTP destinations, and routes for marked requests before theirs. https://istio.io/latest/docs/reference/config/networking/virtual-service/ */
import type { TrafficSplit } from '#core/shapes/ports/traffic-router.ts'
import { cookieOfPattern, cookiePattern, type Dialect, type Loose, percentOf } from './edited-route.ts'

const routes = (rule: Loose): Loose[] => rule.route ?? []
/** `cart`, `cart.shop` and `cart.shop.svc.cluster.local` are one. */
const isHost = (route: Loose, service: string) => String(route.destination?.host ?? '').split('.')[0] === service
const leads = (rule: Loose, service: string) => routes(rule).some((route) => isHost(route, service))
const isOurs = (rule: Loose, canary: string) =>
  routes(rule).length > 0 && routes(rule).every((route) => isHost(route, canary)) && (rule.match ?? []).some((match: Loose) => match.headers !== undefined)

const conditions = ({ header, cookie }: TrafficSplit): [string, Loose][] => [
  ...(header
    ? [[header.name.toLowerCase(), header.pattern === undefined ? { exact: header.value ?? 'always' } : { regex: header.pattern }] as [string, Loose]]
    : []),
  ...(cookie ? [['cookie', { regex: cookiePattern(cookie.name) }] as [string, Loose]] : []),
]

export const virtualService: Dialect = {
  path: ['spec', 'http'],
  split(rules, { stable, canary }) {
    const rule = rules.find((one) => leads(one, stable))
    if (rule === undefined) return undefined
    // One destination without a weight takes all.
    const weightOf = (service: string) => routes(rule).reduce((sum, route) => sum + (isHost(route, service) ? (route.weight ?? 100) : 0), 0)
    const split: TrafficSplit = { weight: percentOf(weightOf(canary), weightOf(canary) + weightOf(stable)) }
    for (const match of rules.filter((one) => isOurs(one, canary)).flatMap((one) => one.match)) {
      const [name, { exact, regex }] = Object.entries<Loose>(match.headers).at(-1)!
      const named = name === 'cookie' && regex !== undefined ? cookieOfPattern(regex) : undefined
      if (named !== undefined) split.cookie = { name: named }
      else split.header = { name, ...(regex !== undefined ? { pattern: regex } : exact === 'always' ? {} : { value: exact }) }
    }
    return split
  },
  withSplit(rules, { stable: stableName, canary: canaryName }, split, bare) {
    return rules
      .filter((rule) => !isOurs(rule, canaryName))
      .flatMap((rule) => {
        const stable = routes(rule).find((route) => isHost(route, stableName))
        if (stable === undefined) return [rule]
        const others = routes(rule).filter((route) => !isHost(route, stableName) && !isHost(route, canaryName))
        const host = String(stable.destination.host)
        const known = routes(rule).find((route) => isHost(route, canaryName)) ?? {
          ...stable,
          destination: { ...stable.destination, host: `${canaryName}${host.slice(stableName.length)}` },
        }
        const { weight: _, ...plain } = stable
        const { weight: __, ...alone } = known
        const route = bare
          ? [others.length > 0 ? stable : plain, ...others]
          : [{ ...stable, weight: 100 - split.weight }, { ...known, weight: split.weight }, ...others]
        const { name: ___, ...unnamed } = rule
        const marked = conditions(split).map(([name, value]) => ({
          ...unnamed,
          match: (rule.match ?? [{}]).map((match: Loose) => ({ ...match, headers: { ...match.headers, [name]: value } })),
          route: [alone],
        }))
        return [...marked, { ...rule, route }]
      })
  },
  namesCanary: (rules, { canary }) => rules.some((rule) => leads(rule, canary)),
  cannot: ({ weight }, { sticky }) =>
    sticky
      ? 'Istio draws the arm of each request anew: weights cannot stick to a session'
      : Number.isInteger(weight)
        ? undefined
        : 'weights of Istio are whole percents',
}
