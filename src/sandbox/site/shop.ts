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

/** A pod as its node runs it. */
export interface Pod {
  uid: string
  name: string
  service: ServiceName
  arm: 'primary' | 'canary'
}

/** Addresses of the pods of services that are ready, by `namespace/service` and arm. */
export type Endpoints = Readonly<Record<string, { primary: readonly string[]; canary: readonly string[] }>>

/** What goes wrong on demand, per service: added delay, share of failed requests. */
export interface Fault {
  delayMs: number
  errorShare: number
}
export type Faults = Partial<Record<ServiceName, Fault>>

/** Share of requests of a `namespace/service` that go to its canary pods, 0 to 100. */
export type Weights = Readonly<Record<string, number>>

/** Marks of requests that ask for an arm, by `namespace/service`; the name of the header in lower case. */
export type Marks = Readonly<Record<string, { header?: string; value?: string; pattern?: string; cookie?: string }>>

export interface Rule {
  host: string
  prefix: string
  namespace: string
  ingress: string
  service: string
}

const rule = (host: string, prefix: string, ingress: string, service: ServiceName): Rule => ({ host, prefix, namespace: NAMESPACE, ingress, service })

/** Rules of the shop's Ingress objects when the demo begins, most specific first. */
export const RULES: readonly Rule[] = [
  rule('api.shop.example.com', '/v1/products', 'shop-api', 'catalog'),
  rule('api.shop.example.com', '/v1/search', 'shop-api', 'catalog'),
  rule('api.shop.example.com', '/v1/cart', 'shop-api', 'cart'),
  rule('api.shop.example.com', '/v1/orders', 'shop-api', 'orders'),
  rule('shop.example.com', '/', 'shop-web', 'gateway'),
]

/** The rule for a request, or undefined (the ingress answers 404 itself). */
export function ruleFor(rules: readonly Rule[], host: string, path: string): Rule | undefined {
  const name = host.toLowerCase().replace(/:\d+$/, '')
  return rules.find((one) => (one.host === '' || one.host === name) && (one.prefix === '/' || path === one.prefix || path.startsWith(`${one.prefix}/`)))
}

/** The service that an image of the shop runs, or undefined for other images: nothing else can run here. */
export function serviceOfImage(image: string): ServiceName | undefined {
  const name = /^registry\.example\.com\/shop\/([a-z]+)(?::[\w.-]+)?$/.exec(image)?.[1]
  return name !== undefined && Object.hasOwn(SERVICES, name) ? (name as ServiceName) : undefined
}
