/** What the ingress and the pods need of the cluster's objects: rules, weights, endpoints. Pure. */
import { RE2JS } from 're2js'
import type { Obj } from '../api/store.ts'
import type { Endpoints, Marks, Rule, Weights } from './shop.ts'

const CANARY = 'nginx.ingress.kubernetes.io/canary'
const SUFFIX = '-canary'

const pathsOf = (ingress: Obj): { host: string; path: string; service: string }[] =>
  (ingress.spec?.rules ?? []).flatMap((rule: Obj) =>
    (rule.http?.paths ?? []).flatMap((path: Obj) =>
      path.backend?.service?.name === undefined
        ? []
        : [{ host: String(rule.host ?? '').toLowerCase(), path: String(path.path ?? '/'), service: path.backend.service.name }],
    ),
  )

const isCanary = (ingress: Obj) => ingress.metadata.annotations?.[CANARY] === 'true'

/** Rules of all Ingress objects, most specific first: with a host, then by length of the path. */
export function rulesOf(ingresses: readonly Obj[]): Rule[] {
  const rules = ingresses
    .filter((ingress) => !isCanary(ingress))
    .flatMap((ingress) =>
      pathsOf(ingress).map(({ host, path, service }) => ({
        host,
        prefix: path.length > 1 ? path.replace(/\/$/, '') : '/',
        namespace: ingress.metadata.namespace!,
        ingress: ingress.metadata.name,
        service,
      })),
    )
  return rules.sort((a, b) => Number(b.host !== '') - Number(a.host !== '') || b.prefix.length - a.prefix.length)
}

/** What the canary annotations of ingress-nginx say, by the service that is canaried. */
function byCanaried<T>(ingresses: readonly Obj[], read: (annotation: (name: string) => string | undefined) => T | undefined): Record<string, T> {
  const found: Record<string, T> = {}
  for (const ingress of ingresses.filter(isCanary)) {
    const value = read((name) => ingress.metadata.annotations?.[`${CANARY}-${name}`])
    for (const { service } of pathsOf(ingress))
      if (service.endsWith(SUFFIX) && value !== undefined) found[`${ingress.metadata.namespace}/${service.slice(0, -SUFFIX.length)}`] = value
  }
  return found
}

/** Percent. */
export const weightsOf = (ingresses: readonly Obj[]): Weights =>
  byCanaried(ingresses, (annotation) => {
    const weight = (Number(annotation('weight') ?? 0) / Number(annotation('weight-total') ?? 100)) * 100
    return weight >= 0 ? Math.min(100, weight) : undefined
  })

/** Requests that are marked by a header or a cookie. */
export const marksOf = (ingresses: readonly Obj[]): Marks =>
  byCanaried(ingresses, (annotation) => ({
    header: annotation('by-header')?.toLowerCase(),
    value: annotation('by-header-value'),
    pattern: annotation('by-header-pattern'),
    cookie: annotation('by-cookie'),
  }))

/** Which arm a marked request asks for, in the order of ingress-nginx: the header, then the cookie; undefined leaves it to the weight. */
export function markedArm(mark: Marks[string] | undefined, headers: Readonly<Record<string, string | string[] | undefined>>): 'primary' | 'canary' | undefined {
  if (mark === undefined) return undefined
  const header = mark.header === undefined ? undefined : headers[mark.header]?.toString()
  if (header !== undefined) {
    if (mark.value !== undefined) {
      if (header === mark.value) return 'canary'
    } else if (mark.pattern !== undefined) {
      if (matches(mark.pattern, header)) return 'canary'
    } else if (header === 'always') return 'canary'
    else if (header === 'never') return 'primary'
  }
  const cookie = mark.cookie === undefined ? undefined : cookieOf(headers.cookie?.toString() ?? '', mark.cookie)
  return cookie === 'always' ? 'canary' : cookie === 'never' ? 'primary' : undefined
}

const cookieOf = (cookies: string, name: string): string | undefined =>
  cookies
    .split(';')
    .map((one) => one.trim())
    .find((one) => one.startsWith(`${name}=`))
    ?.slice(name.length + 1)

/** In time that grows with the text alone, as a proxy must. */
function matches(pattern: string, text: string): boolean {
  try {
    return RE2JS.compile(pattern).matcher(text).find()
  } catch {
    return false
  }
}

/** Ready addresses by service; those of `NAME-canary` are the other arm of `NAME`. */
export function endpointsOf(objects: readonly Obj[]): Endpoints {
  const endpoints: Record<string, { primary: string[]; canary: string[] }> = {}
  for (const object of objects) {
    const { namespace, name } = object.metadata
    const addresses = (object.subsets ?? []).flatMap((set: Obj) =>
      (set.addresses ?? []).flatMap((address: Obj) => (set.ports ?? []).slice(0, 1).map((port: Obj) => `${address.ip}:${port.port}`)),
    )
    const of = (service: string) => {
      endpoints[`${namespace}/${service}`] ??= { primary: [], canary: [] }
      return endpoints[`${namespace}/${service}`]!
    }
    of(name).primary.push(...addresses)
    if (name.endsWith(SUFFIX)) of(name.slice(0, -SUFFIX.length)).canary.push(...addresses)
  }
  return endpoints
}
