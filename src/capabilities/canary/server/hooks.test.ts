import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { err, ok } from '#core/kernel/result.ts'
import type { OutboundAnswer, OutboundRequest } from '#core/shapes/ports/outbound.ts'
import { FAKE_KINDS, fakeCluster } from '#test/fakes/cluster.ts'
import type { HookBody, HookCall } from '../domain/release/hooks.ts'
import { hookRunner } from './hooks.ts'

const secret = (labels: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'sign', namespace: 'shop', labels },
  data: { key: Buffer.from('hush').toString('base64') },
})
const SECRETS = { ...FAKE_KINDS[3]!, apiVersion: 'v1', group: '', version: 'v1', kind: 'Secret', plural: 'secrets' }
const call: HookCall = {
  id: 'shop/cart/1/step/1/load',
  url: 'http://hooks.test/load',
  timeoutMs: 3_000,
  secret: { name: 'sign', key: 'key' },
  body: { hook: 'load', when: 'step', namespace: 'shop', canary: 'cart' } as HookBody,
}

function runner(answer: OutboundAnswer | string, labels: Record<string, string> = { 'sallyport.io/use': 'canary' }) {
  const sent: OutboundRequest[] = []
  const hooks = hookRunner({ send: async (request) => (sent.push(request), typeof answer === 'string' ? err(answer) : ok(answer)) }, () => 1_700_000_000_000)
  const outcome = async () => {
    hooks.call(fakeCluster({ objects: [secret(labels)], kinds: [...FAKE_KINDS, SECRETS] }), 'shop', call)
    expect([...hooks.outcomes('shop/cart')]).toEqual([[call.id, undefined]])
    for (let i = 0; i < 50 && hooks.outcomes('shop/cart').get(call.id) === undefined; i++) await new Promise((resolve) => setImmediate(resolve))
    return hooks.outcomes('shop/cart').get(call.id)
  }
  return { hooks, sent, outcome }
}

describe('a hook', () => {
  it('gets a signed body with an id that stays the same', async () => {
    const { sent, outcome, hooks } = runner({ status: 204, body: '' })
    expect(await outcome()).toEqual({ ok: true, message: '', at: 1_700_000_000_000 })
    const [{ headers, body, method, timeoutMs }] = sent as [OutboundRequest]
    expect([method, timeoutMs, JSON.parse(body!)]).toEqual(['POST', 3_000, call.body])
    const hex = createHmac('sha256', 'hush').update(`1700000000.${body}`).digest('hex')
    expect(headers).toMatchObject({ 'idempotency-key': call.id, 'x-sallyport-timestamp': '1700000000', 'x-sallyport-signature': `sha256=${hex}` })
    expect(hooks.outcomes('shop/car').size).toBe(0)
  })

  it.each([
    ['a failure', { status: 500, body: 'no\n' }, 'HTTP 500 no'],
    ['a redirect, which is not followed', { status: 302, body: '' }, 'HTTP 302'],
    ['no answer', 'no answer within 3 s', 'no answer within 3 s'],
  ])('fails by %s', async (_, answer, message) => {
    expect(await runner(answer).outcome()).toMatchObject({ ok: false, message })
  })

  it('is not sent with a Secret that does not say that canaries may use it', async () => {
    const { sent, outcome } = runner({ status: 200, body: '' }, {})
    expect(await outcome()).toMatchObject({ ok: false, message: 'Secret sign has no label sallyport.io/use: canary' })
    expect(sent).toEqual([])
  })
})
