import { describe, expect, it } from 'vitest'
import { seededRandom } from '#core/kernel/random.ts'
import { shopObjects } from './manifests.ts'
import { endpointsOf, markedArm, marksOf, rulesOf, weightsOf } from './routes.ts'
import { RULES, ruleFor, serviceNames, serviceOfImage } from './shop.ts'
import { clientAddress, drawVisit, rateAt } from './traffic-shape.ts'

describe('traffic of the demo site', () => {
  it('has the asked mean over a day, is never negative, and bursts', () => {
    const rates = Array.from({ length: 1440 * 6 }, (_, i) => rateAt(i * 10_000, 10))
    const mean = rates.reduce((sum, r) => sum + r, 0) / rates.length
    expect(Math.min(...rates)).toBeGreaterThan(0)
    expect(mean).toBeGreaterThan(9)
    expect(mean).toBeLessThan(13)
    expect(Math.max(...rates)).toBeGreaterThan(30)
    expect(rateAt(123, 0)).toBe(0)
  })

  it('draws the same visits from the same seed, and only visits that the ingress has a rule for or knows to refuse', () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed)
      return Array.from({ length: 500 }, () => drawVisit(random, 100))
    }
    expect(draw(3)).toEqual(draw(3))
    expect(draw(3)).not.toEqual(draw(4))
    expect(new Set(draw(3).map((v) => ruleFor(RULES, v.host, v.path.split('?')[0]!)?.service))).toEqual(new Set(serviceNames))
  })

  it('gives a user the same valid address each time', () => {
    for (let user = 0; user < 1000; user++) expect(clientAddress(user)).toMatch(/^(\d{1,3}\.){3}\d{1,3}$/)
    expect(clientAddress(5)).toBe(clientAddress(5))
  })
})

describe('shop', () => {
  it('routes by host and whole path segments', () => {
    expect(ruleFor(RULES, 'API.shop.example.com:80', '/v1/cart/1')?.service).toBe('cart')
    expect(ruleFor(RULES, 'api.shop.example.com', '/v1/cartoons')).toBeUndefined()
    expect(ruleFor(RULES, 'elsewhere', '/')).toBeUndefined()
  })

  it('has objects that say the same as its rules, its canary and its images', () => {
    const objects = shopObjects()
    const ingresses = objects.filter((object) => object.kind === 'Ingress')
    expect(new Set(rulesOf(ingresses))).toEqual(new Set(RULES))
    expect(weightsOf(ingresses)).toEqual({ 'shop/catalog': 10 })
    const images = objects.filter((object) => object.kind === 'Deployment').map((object) => object.spec.template.spec.containers[0].image)
    expect(new Set(images.map(serviceOfImage))).toEqual(new Set(serviceNames))
    expect(serviceOfImage('nginx:1')).toBeUndefined()
    expect(serviceOfImage('registry.example.com/shop/constructor')).toBeUndefined()
  })

  it('tells the addresses of both arms of a service', () => {
    const endpoints = (name: string, ip: string) => ({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name, namespace: 'shop' },
      subsets: [{ addresses: [{ ip }], notReadyAddresses: [{ ip: '9.9.9.9' }], ports: [{ port: 8080 }, { port: 9090 }] }],
    })
    expect(endpointsOf([endpoints('catalog', '1.1.1.1'), endpoints('catalog-canary', '2.2.2.2')])).toEqual({
      'shop/catalog': { primary: ['1.1.1.1:8080'], canary: ['2.2.2.2:8080'] },
      'shop/catalog-canary': { primary: ['2.2.2.2:8080'], canary: [] },
    })
  })
})

describe('marked requests', () => {
  const ingress = (annotations: Record<string, string>) =>
    ({
      metadata: { name: 'c', namespace: 'shop', annotations: { 'nginx.ingress.kubernetes.io/canary': 'true', ...annotations } },
      spec: { rules: [{ http: { paths: [{ path: '/', backend: { service: { name: 'cart-canary' } } }] } }] },
    }) as never
  const arm = (names: Record<string, string>, headers: Record<string, string>) =>
    markedArm(
      marksOf([ingress(Object.fromEntries(Object.entries(names).map(([name, value]) => [`nginx.ingress.kubernetes.io/canary-${name}`, value])))])['shop/cart'],
      headers,
    )

  it('go by header, then by cookie, then by weight', () => {
    expect(arm({ 'by-header': 'X-Try' }, { 'x-try': 'always' })).toBe('canary')
    expect(arm({ 'by-header': 'X-Try' }, { 'x-try': 'never' })).toBe('primary')
    expect(arm({ 'by-header': 'X-Try' }, { 'x-try': 'maybe' })).toBeUndefined()
    expect(arm({ 'by-header': 'X-Try', 'by-header-value': 'qa' }, { 'x-try': 'qa' })).toBe('canary')
    expect(arm({ 'by-header': 'X-Try', 'by-header-pattern': '^qa\\d$' }, { 'x-try': 'qa7' })).toBe('canary')
    expect(arm({ 'by-header': 'X-Try', 'by-header-pattern': '^qa\\d$' }, { 'x-try': 'qax' })).toBeUndefined()
    expect(arm({ 'by-header': 'X-Try', 'by-cookie': 'try' }, { cookie: 'a=1; try=always' })).toBe('canary')
    expect(arm({ 'by-cookie': 'try' }, { cookie: 'retry=always' })).toBeUndefined()
  })
  it('weights are of their total', () => {
    expect(weightsOf([ingress({ 'nginx.ingress.kubernetes.io/canary-weight': '5', 'nginx.ingress.kubernetes.io/canary-weight-total': '1000' })])).toEqual({
      'shop/cart': 0.5,
    })
  })
})
