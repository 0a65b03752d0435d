import { expect, it } from 'vitest'
import type { Identity, Rights } from './auth.ts'
import { actorOf, mayUse, rightsKey } from './clusters.ts'

const person = (rights: Rights, user = 'admin'): Identity => ({ kind: 'user', user, rights, via: 'bearer' })
const token = (cluster: string, text: string): Rights => ({ kind: 'token', cluster, actor: { kind: 'token', token: text } })
const oidc = (groups: string[]): Rights => ({ kind: 'oidc', actor: { kind: 'impersonated', user: 'admin', groups } })

it('tells people of the same name apart by their rights', () => {
  const all = [
    person({ kind: 'admin' }),
    person(token('a', 't')),
    person(token('b', 't')),
    person(token('a', 'u')),
    person(oidc([])),
    person(oidc(['dev'])),
    undefined,
  ]
  expect(new Set(all.map(rightsKey)).size).toBe(all.length)
  expect(rightsKey(person(token('a', 't')))).toBe(rightsKey(person(token('a', 't'), 'another name')))
})

it('gives a token of one cluster nothing in another', () => {
  const one = person(token('a', 't'))
  expect([mayUse(one, 'a'), mayUse(one, 'b'), mayUse(person(oidc([])), 'b'), mayUse(undefined, 'a')]).toEqual([true, false, true, false])
  expect(actorOf(one, 'a')).toEqual({ kind: 'token', token: 't' })
  expect(() => actorOf(one, 'b')).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }))
  expect(() => actorOf(undefined, 'a')).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }))
  expect(actorOf(person({ kind: 'admin' }), 'b')).toEqual({ kind: 'self' })
})
