import { describe, expect, it } from 'vitest'
import { seededRandom } from '#core/kernel/random.ts'
import { place, ruleFor, SERVICES, serviceNames } from './shop.ts'
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
    expect(new Set(draw(3).map((v) => ruleFor(v.host, v.path.split('?')[0]!)?.service))).toEqual(new Set(serviceNames))
  })

  it('gives a user the same valid address each time', () => {
    for (let user = 0; user < 1000; user++) expect(clientAddress(user)).toMatch(/^(\d{1,3}\.){3}\d{1,3}$/)
    expect(clientAddress(5)).toBe(clientAddress(5))
  })
})

describe('shop', () => {
  it('routes by host and whole path segments', () => {
    expect(ruleFor('API.shop.example.com:80', '/v1/cart/1')?.service).toBe('cart')
    expect(ruleFor('api.shop.example.com', '/v1/cartoons')).toBeUndefined()
    expect(ruleFor('elsewhere', '/')).toBeUndefined()
  })

  it('spreads replicas over nodes and names every pod once', () => {
    const pods = place(['a', 'b'])
    expect(new Set(pods.map((p) => p.name)).size).toBe(pods.length)
    for (const service of serviceNames) {
      const primary = pods.filter((p) => p.service === service && p.arm === 'primary')
      expect(primary.length).toBe(SERVICES[service].replicas)
      expect(new Set(primary.map((p) => p.node)).size).toBe(2)
    }
  })
})
