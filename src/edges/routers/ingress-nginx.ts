/**
 * ingress-nginx: a second Ingress with canary annotations beside the user's. https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/#canary
 * The sandbox's proxy honors the same annotations. One canary Ingress per rule: one of the user's that leads to the same Service is taken over, its annotations only.
 */
import { CodedError } from '#core/kernel/errors.ts'
import { err, ok, type Result } from '#core/kernel/result.ts'
import { describeRef, type KubeObject, refOf } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import type { RouteFault, SplitRoute, TrafficRouter, TrafficSplit } from '#core/shapes/ports/traffic-router.ts'
import { FIELD_MANAGER, type Loose, OWNER, partsOf, percentOf } from './edited-route.ts'

const PREFIX = 'nginx.ingress.kubernetes.io/'
const CANARY = `${PREFIX}canary`
/** On a canary Ingress that was not made by us. */
const FOUND = 'sallyport.io/canary-found'
const OLD_CLASS = 'kubernetes.io/ingress.class'

interface Path {
  host: string
  path: string
  service: string
}
/** networking.k8s.io/v1 and the v1beta1 before it name the Service differently. */
const serviceOf = (path: Loose): string => path.backend?.service?.name ?? path.backend?.serviceName ?? ''
const rulesOf = (ingress: KubeObject): Loose[] => (ingress as Loose).spec?.rules ?? []
const pathsOf = (ingress: KubeObject): Path[] =>
  rulesOf(ingress).flatMap((rule) =>
    (rule.http?.paths ?? []).map((path: Loose) => ({ host: rule.host ?? '', path: path.path ?? '/', service: serviceOf(path) })),
  )
const isCanary = ({ metadata }: KubeObject) => metadata.annotations?.[CANARY] === 'true'

/** All annotations of a split; null: not there. */
function annotationsOf({ weight, header, cookie }: TrafficSplit, sticky: boolean | undefined): Record<string, string | null> {
  const { canary, total } = partsOf(weight)
  return {
    [CANARY]: 'true',
    [`${CANARY}-weight`]: String(canary),
    [`${CANARY}-weight-total`]: String(total),
    [`${CANARY}-by-header`]: header?.name ?? null,
    [`${CANARY}-by-header-value`]: header?.value ?? null,
    [`${CANARY}-by-header-pattern`]: header?.pattern ?? null,
    [`${CANARY}-by-cookie`]: cookie?.name ?? null,
    [`${PREFIX}affinity`]: sticky ? 'cookie' : null,
    [`${PREFIX}affinity-canary-behavior`]: sticky ? 'sticky' : null,
  }
}

function splitOf(annotations: Readonly<Record<string, string>> = {}): TrafficSplit {
  const of = (name: string) => annotations[`${CANARY}-${name}`]
  const header = of('by-header')
  const cookie = of('by-cookie')
  const value = of('by-header-value')
  const pattern = of('by-header-pattern')
  return {
    weight: percentOf(Number(of('weight') ?? 0), Number(of('weight-total') ?? 100)),
    ...(header === undefined ? {} : { header: { name: header, ...(value === undefined ? {} : { value }), ...(pattern === undefined ? {} : { pattern }) } }),
    ...(cookie === undefined ? {} : { cookie: { name: cookie } }),
  }
}

const present = (annotations: Record<string, string | null>) =>
  Object.fromEntries(Object.entries(annotations).filter(([, value]) => value !== null)) as Record<string, string>

/** The rules of the user's Ingress that lead to stable, leading to the canary. */
function canaryRules(main: KubeObject, { stable, canary, canaryPort }: SplitRoute): Loose[] {
  const toCanary = (path: Loose) => {
    const { service } = path.backend
    if (service === undefined) return { ...path, backend: { serviceName: canary, servicePort: canaryPort ?? path.backend.servicePort } }
    return { ...path, backend: { service: { ...service, name: canary, ...(canaryPort === undefined ? {} : { port: { number: canaryPort } }) } } }
  }
  return rulesOf(main)
    .map((rule) => ({ ...rule, http: { paths: (rule.http?.paths ?? []).filter((path: Loose) => serviceOf(path) === stable).map(toCanary) } }))
    .filter((rule) => rule.http.paths.length > 0)
}

export function ingressNginxRouter(cluster: Cluster): TrafficRouter {
  async function find(target: SplitRoute): Promise<Result<{ main: KubeObject; canary?: KubeObject }, RouteFault>> {
    const { route, stable, owner } = target
    const { items } = await cluster.list({ apiVersion: route.apiVersion, kind: route.kind }, { namespace: route.namespace })
    const main = items.find(({ metadata }) => metadata.name === route.name)
    if (main === undefined) return err({ reason: 'missing', message: `${describeRef(route)} is not there` })
    const paths = pathsOf(main).filter(({ service }) => service === stable)
    if (paths.length === 0) return err({ reason: 'unfit', message: `${describeRef(route)} has no rule that leads to Service ${stable}` })
    const same = (a: Path, b: Path) => a.host === b.host && a.path === b.path
    const others = items.filter((one) => isCanary(one) && pathsOf(one).some((path) => paths.some((ours) => same(ours, path))))
    for (const other of others) {
      const by = other.metadata.annotations?.[OWNER]
      if (by === owner) continue
      if (by !== undefined) return err({ reason: 'owned', message: `${describeRef(refOf(other))} on the same rule belongs to Canary ${by}` })
      if (pathsOf(other).some(({ service }) => service !== target.canary))
        return err({ reason: 'owned', message: `${describeRef(refOf(other))} already splits the same rule, and ingress-nginx knows one canary per rule` })
    }
    return ok({
      main: { ...main, apiVersion: route.apiVersion, kind: route.kind },
      ...(others[0] ? { canary: { ...others[0], apiVersion: route.apiVersion, kind: route.kind } } : {}),
    })
  }

  return {
    routes: ['networking.k8s.io/Ingress', 'extensions/Ingress'],
    async read(target) {
      const found = await find(target)
      return found.ok ? ok(splitOf(found.value.canary?.metadata.annotations)) : found
    },
    async write(target, split) {
      const found = await find(target)
      if (!found.ok) return found
      const { main, canary } = found.value
      const annotations = { ...annotationsOf(split, target.sticky), [OWNER]: target.owner }
      const rules = canaryRules(main, target)
      if (canary !== undefined) {
        const marks = canary.metadata.annotations ?? {}
        const found = marks[FOUND] === 'true' || marks[OWNER] === undefined
        const patch = found ? { metadata: { annotations: { ...annotations, [FOUND]: 'true' } } } : { metadata: { annotations }, spec: { rules } }
        await cluster.patch(refOf(canary), 'merge', patch, { fieldManager: FIELD_MANAGER })
        return ok(undefined)
      }
      const { ingressClassName } = (main as Loose).spec
      const oldClass = main.metadata.annotations?.[OLD_CLASS]
      await cluster.create(
        {
          apiVersion: main.apiVersion,
          kind: main.kind,
          metadata: {
            name: `${main.metadata.name.slice(0, 236)}-sallyport-canary`,
            namespace: target.route.namespace,
            labels: { 'app.kubernetes.io/managed-by': 'sallyport' },
            annotations: { ...present(annotations), ...(oldClass === undefined ? {} : { [OLD_CLASS]: oldClass }) },
            ...(target.ownerReference ? { ownerReferences: [target.ownerReference] } : {}),
          },
          spec: { ...(ingressClassName === undefined ? {} : { ingressClassName }), rules },
        },
        { fieldManager: FIELD_MANAGER },
      )
      return ok(undefined)
    },
    async release(target) {
      const found = await find(target)
      if (!found.ok) return found.error.reason === 'missing' || found.error.reason === 'owned' ? ok(undefined) : found
      const { canary } = found.value
      if (canary === undefined || canary.metadata.annotations?.[OWNER] !== target.owner) return ok(undefined)
      if (canary.metadata.annotations[FOUND] === 'true') {
        const annotations = { ...annotationsOf({ weight: 0 }, false), [OWNER]: null, [FOUND]: null }
        await cluster.patch(refOf(canary), 'merge', { metadata: { annotations } }, { fieldManager: FIELD_MANAGER })
        return ok(undefined)
      }
      try {
        await cluster.delete(refOf(canary))
      } catch (error) {
        if (!(error instanceof CodedError && error.code === 'NOT_FOUND')) throw error
      }
      return ok(undefined)
    },
  }
}
