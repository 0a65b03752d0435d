/** HTTPRoute: weights of backendRefs, and rules for marked requests before theirs. https://gateway-api.sigs.k8s.io/reference/spec/#httproute */
import type { SplitRoute, TrafficSplit } from '#core/shapes/ports/traffic-router.ts'
import { cookieOfPattern, cookiePattern, type Dialect, type Loose, partsOf, percentOf } from './edited-route.ts'

const refs = (rule: Loose): Loose[] => rule.backendRefs ?? []
const isService = (ref: Loose, name: string) => ref.name === name && (ref.kind ?? 'Service') === 'Service'
const leads = (rule: Loose, name: string) => refs(rule).some((ref) => isService(ref, name))
/** Rules of ours: all to the canary, for marked requests. */
const isOurs = (rule: Loose, { canary }: SplitRoute) =>
  refs(rule).length > 0 && refs(rule).every((ref) => isService(ref, canary)) && (rule.matches ?? []).some((match: Loose) => (match.headers ?? []).length > 0)

type HeaderMatch = { type: 'Exact' | 'RegularExpression'; name: string; value: string }
const conditions = ({ header, cookie }: TrafficSplit): HeaderMatch[] => [
  ...(header
    ? [
        {
          type: header.pattern === undefined ? ('Exact' as const) : ('RegularExpression' as const),
          name: header.name,
          value: header.pattern ?? header.value ?? 'always',
        },
      ]
    : []),
  ...(cookie ? [{ type: 'RegularExpression' as const, name: 'Cookie', value: cookiePattern(cookie.name) }] : []),
]

export const httpRoute: Dialect = {
  path: ['spec', 'rules'],
  split(rules, target) {
    const rule = rules.find((one) => leads(one, target.stable))
    if (rule === undefined) return undefined
    const weightOf = (name: string) => refs(rule).reduce((sum, ref) => sum + (isService(ref, name) ? (ref.weight ?? 1) : 0), 0)
    const canary = weightOf(target.canary)
    const split: TrafficSplit = { weight: percentOf(canary, canary + weightOf(target.stable)) }
    for (const { type, name, value } of rules.filter((one) => isOurs(one, target)).flatMap((one) => one.matches.map((match: Loose) => match.headers.at(-1)))) {
      const named = name === 'Cookie' ? cookieOfPattern(value) : undefined
      if (named !== undefined) split.cookie = { name: named }
      else split.header = { name, ...(type === 'RegularExpression' ? { pattern: value } : value === 'always' ? {} : { value }) }
    }
    return split
  },
  withSplit(rules, target, split, bare) {
    const { canary, total } = partsOf(split.weight)
    return rules
      .filter((rule) => !isOurs(rule, target))
      .flatMap((rule) => {
        const stable = refs(rule).find((ref) => isService(ref, target.stable))
        if (stable === undefined) return [rule]
        const others = refs(rule).filter((ref) => !isService(ref, target.stable) && !isService(ref, target.canary))
        const known = refs(rule).find((ref) => isService(ref, target.canary)) ?? {
          ...stable,
          name: target.canary,
          ...(target.canaryPort === undefined ? {} : { port: target.canaryPort }),
        }
        const { weight: _, ...plain } = stable
        const backendRefs = bare ? [plain, ...others] : [{ ...stable, weight: total - canary }, { ...known, weight: canary }, ...others]
        const { weight: __, ...alone } = known
        const marked = conditions(split).map((condition) => ({
          ...withoutName(rule),
          matches: (rule.matches ?? [{ path: { type: 'PathPrefix', value: '/' } }]).map((match: Loose) => ({
            ...match,
            headers: [...(match.headers ?? []), condition],
          })),
          backendRefs: [alone],
        }))
        return [...marked, { ...rule, backendRefs }]
      })
  },
  namesCanary: (rules, { canary }) => rules.some((rule) => leads(rule, canary)),
  cannot: (_, { sticky }) => (sticky ? 'sessions that stick to an arm are not in the standard channel of the Gateway API' : undefined),
}

/** Names of rules are unique. */
const withoutName = ({ name: _, ...rule }: Loose): Loose => rule
