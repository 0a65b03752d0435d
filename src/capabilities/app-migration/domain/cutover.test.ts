import { expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { cutoverOf } from './cutover.ts'

const ingress: KubeObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'a' },
  spec: { rules: [{ host: 'shop.example' }, { host: 'api.example' }, {}] },
}
const route: KubeObject = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'r' },
  spec: { hostnames: ['shop.example', 'b.example'] },
}
const map: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } }

it('lowers a long TTL first and waits it out, then moves shares', () => {
  const plan = cutoverOf([ingress, route, map], { ttl: 3600, bothReachable: true, address: '192.0.2.7' })!
  expect(plan.hosts).toEqual(['api.example', 'b.example', 'shop.example'])
  expect(plan.steps[0]).toMatchObject({ wait: 3600, en: expect.stringContaining('from 3600 s to 60 s') })
  expect(plan.steps.filter(({ en }) => en.startsWith('Give')).map(({ en, wait }) => [/\d+ %/.exec(en)![0], wait])).toEqual([
    ['5 %', 120],
    ['25 %', 120],
    ['50 %', 120],
    ['100 %', 120],
  ])
  expect(plan.back[0]!.wait).toBe(60)
})

it('points the name elsewhere when only one side can be reached, and leaves a short TTL', () => {
  const plan = cutoverOf([ingress], { ttl: 30, bothReachable: false })!
  expect(plan.way).toBe('dns')
  expect(plan.steps.some(({ en }) => en.startsWith('Lower'))).toBe(false)
  expect(plan.steps.filter(({ en }) => en.startsWith('Point'))).toHaveLength(1)
  expect(cutoverOf([map], { ttl: 30, bothReachable: true })).toBeUndefined()
})
