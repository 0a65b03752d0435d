/** What the ingress and the pods need of the cluster's objects: rules, weights, endpoints. Pure. */
import type { Obj } from '../api/store.ts'
import type { Endpoints, Rule, Weights } from './shop.ts'

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

/** By the service that is canaried: the weight in the annotation of ingress-nginx. */
export function weightsOf(ingresses: readonly Obj[]): Weights {
  const weights: Record<string, number> = {}
  for (const ingress of ingresses.filter(isCanary)) {
    const weight = Number(ingress.metadata.annotations?.[`${CANARY}-weight`] ?? 0)
    for (const { service } of pathsOf(ingress))
      if (service.endsWith(SUFFIX) && weight >= 0) weights[`${ingress.metadata.namespace}/${service.slice(0, -SUFFIX.length)}`] = Math.min(100, weight)
  }
  return weights
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
