/** What the demo site consists of: services, their pods, the Ingress rules in front. Pure data and functions. */

export const NAMESPACE = 'shop'

export const SERVICES = {
  gateway: { replicas: 2, capacity: 64, workMs: 4 },
  catalog: { replicas: 2, capacity: 48, workMs: 6 },
  cart: { replicas: 2, capacity: 48, workMs: 5 },
  orders: { replicas: 2, capacity: 24, workMs: 14 },
} as const
export type ServiceName = keyof typeof SERVICES
export const serviceNames = Object.keys(SERVICES) as ServiceName[]

export interface Pod {
  name: string
  service: ServiceName
  arm: 'primary' | 'canary'
  node: string
  address: string
  port: number
}

/** Addresses of the pods of a service that are up, by arm. */
export type Endpoints = Record<ServiceName, { primary: string[]; canary: string[] }>

/** What goes wrong on demand, per service: added delay, share of failed requests. */
export interface Fault {
  delayMs: number
  errorShare: number
}
export type Faults = Partial<Record<ServiceName, Fault>>

/** Share of requests of a service that go to its canary pods, 0 to 100. */
export type Weights = Partial<Record<ServiceName, number>>

export interface Rule {
  host: string
  prefix: string
  ingress: string
  service: ServiceName
}

/** Ingress rules, most specific first. */
export const RULES: readonly Rule[] = [
  { host: 'api.shop.example.com', prefix: '/v1/products', ingress: 'shop-api', service: 'catalog' },
  { host: 'api.shop.example.com', prefix: '/v1/search', ingress: 'shop-api', service: 'catalog' },
  { host: 'api.shop.example.com', prefix: '/v1/cart', ingress: 'shop-api', service: 'cart' },
  { host: 'api.shop.example.com', prefix: '/v1/orders', ingress: 'shop-api', service: 'orders' },
  { host: 'shop.example.com', prefix: '/', ingress: 'shop-web', service: 'gateway' },
]

/** The rule for a request, or undefined (the ingress answers 404 itself). */
export function ruleFor(host: string, path: string): Rule | undefined {
  const name = host.toLowerCase().replace(/:\d+$/, '')
  return RULES.find((rule) => rule.host === name && (rule.prefix === '/' || path === rule.prefix || path.startsWith(`${rule.prefix}/`)))
}

/** Pods by node, replicas spread; the second half of a pod's name is stable, so that history reads well after a restart. */
export function place(nodes: readonly string[]): Omit<Pod, 'address' | 'port'>[] {
  return serviceNames.flatMap((service, s) => [
    ...Array.from({ length: SERVICES[service].replicas }, (_, i) => ({
      name: `${service}-7d4f8b6c5-${'bcdfghjk'[i]}${'lmnp'[s]}2x${i}`,
      service,
      arm: 'primary' as const,
      node: nodes[(s + i) % nodes.length]!,
    })),
    ...(service === 'catalog' ? [{ name: `${service}-canary-5c9d7f4b8-qz4w0`, service, arm: 'canary' as const, node: nodes[s % nodes.length]! }] : []),
  ])
}

/** Groups the addresses of pods; a service without pods has empty lists. */
export function endpointsOf(pods: readonly Pod[]): Endpoints {
  const endpoints = Object.fromEntries(serviceNames.map((name) => [name, { primary: [], canary: [] }])) as unknown as Endpoints
  for (const pod of pods) endpoints[pod.service][pod.arm].push(`${pod.address}:${pod.port}`)
  return endpoints
}
