/** Which Ingress, namespace and service a request went to, read from the names that proxies log. */

export interface OriginNames {
  upstream: string
  ingress: string
  namespace: string
  service: string
  host: string
  route: string
}
export interface Origin {
  route: string
  ingress: string
  namespace: string
  service: string
}

/** Namespaces with a dash that exist nearly everywhere; the cluster's own list, when known, comes on top. */
const COMMON_NAMESPACES = ['kube-system', 'kube-public', 'ingress-nginx', 'cert-manager', 'istio-system', 'argo-cd', 'gitlab-runner', 'kubernetes-dashboard']
const PORT_NAMES = new Set(['http', 'https', 'web', 'websecure', 'grpc', 'http2', 'h2c', 'metrics', 'api', 'ui', 'tcp', 'server', 'app', 'service', 'backend'])

/**
 * `namespace-service-port` as ingress-nginx and Traefik join them. Both parts may have dashes, so the namespace is the longest one known that fits,
 * else the text up to the first dash. Undefined: the name is not of this form.
 */
export function splitJoined(name: string, namespaces: readonly string[]): { namespace: string; service: string } | undefined {
  const lastDash = name.lastIndexOf('-')
  const port = name.slice(lastDash + 1)
  if (lastDash < 0 || !(/^\d{1,5}$/.test(port) || PORT_NAMES.has(port))) return undefined
  const joined = name.slice(0, lastDash)
  let namespace = ''
  for (const known of [...namespaces, ...COMMON_NAMESPACES]) if (joined.startsWith(`${known}-`) && known.length > namespace.length) namespace = known
  if (namespace === '') namespace = joined.slice(0, Math.max(0, joined.indexOf('-')))
  return namespace === '' ? undefined : { namespace, service: joined.slice(namespace.length + 1) }
}

function fromUpstream(name: string, namespaces: readonly string[]): Partial<Origin> {
  if (name === '') return {}
  // Istio: outbound|8080|subset|svc.ns.svc.cluster.local
  const istio = /^(?:outbound|inbound)_?[|.]\d*_?[|.][^|]*[|.]([^.|]+)\.([^.|]+)\.svc\./.exec(name)
  if (istio) return { service: istio[1]!, namespace: istio[2]! }
  // Envoy Gateway: httproute/ns/name/rule/0
  const gateway = /^(?:http|grpc)route\/([^/]+)\/([^/]+)\//.exec(name)
  if (gateway) return { namespace: gateway[1]!, ingress: gateway[2]! }
  const [plain = name, provider] = name.split('@')
  const split = provider === undefined || provider === 'kubernetes' ? splitJoined(plain, namespaces) : undefined
  return split ?? { service: plain }
}

/** Route: `namespace/ingress`, else the host, else `namespace/service`, else the source. */
export function resolveOrigin(names: OriginNames, source: string, namespaces: readonly string[] = []): Origin {
  const found = fromUpstream(names.upstream, namespaces)
  const viaRoute = names.upstream === '' || found.ingress === undefined ? fromUpstream(names.route.includes('route/') ? names.route : '', namespaces) : {}
  const namespace = names.namespace || found.namespace || viaRoute.namespace || ''
  const ingress = names.ingress || found.ingress || viaRoute.ingress || ''
  const service = names.service || found.service || ''
  const route = ingress ? `${namespace}/${ingress}` : names.host || (service && namespace ? `${namespace}/${service}` : service) || source
  return { route, ingress, namespace, service }
}
