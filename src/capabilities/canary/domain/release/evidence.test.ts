import { expect, it } from 'vitest'
import { accessBatch, accessRow } from '#test/builders/access-rows.ts'
import { openTestStore } from '#test/builders/store.ts'
import { fakeClock } from '#test/fakes/clock.ts'
import { BLOCK_MS } from '../judge/blocks.ts'
import { blocksOf, type EvidenceRow, evidenceStatement } from './evidence.ts'

it('counts requests of both versions in the store, by pod, with what failed, timed out and was sent', async () => {
  const now = Date.UTC(2026, 4, 6, 12)
  await using store = await openTestStore(fakeClock(now))
  const row = (ip: string, more: object) =>
    accessRow({
      ts: now - 30_000,
      cluster: 'c',
      namespace: 'shop',
      service: 'cart',
      upstream_addr: `${ip}:80`,
      status: 200,
      request_time: 0.02,
      bytes_out: 100,
      ...more,
    })
  await store.fill([
    accessBatch([
      row('10.0.0.1', {}),
      row('10.0.0.1', { status: 504, request_time: 60, bytes_out: 0 }),
      row('10.0.0.2', { service: 'cart-canary', bytes_out: 300 }),
      row('10.0.0.2', { service: 'cart-canary', status: 404, bytes_out: 500 }),
      row('10.0.0.9', { service: 'other' }),
      row('10.0.0.2', { cluster: 'd', service: 'cart-canary' }),
    ]),
  ])
  const origin = now - 10 * BLOCK_MS
  const arms = {
    cluster: 'c',
    namespace: 'shop',
    stable: 'cart',
    canary: 'cart-canary',
    byService: true,
    addresses: { stable: ['10.0.0.1'], canary: ['10.0.0.2'] },
  }
  const { rows } = await store.telemetry.query({ ...evidenceStatement(arms, origin, origin, now), scope: 'all' })
  const counted = blocksOf(rows as unknown as EvidenceRow[], origin, 0, 10).flatMap(({ stable, canary }) => [...stable, ...canary])
  expect(counted).toMatchObject([
    ['10.0.0.1', { requests: 2, errors: 1, timeouts: 1, rejected: 0, sumBytes: 100, squaredBytes: 10_000 }],
    ['10.0.0.2', { requests: 2, errors: 0, timeouts: 0, rejected: 1, sumBytes: 800, squaredBytes: 340_000 }],
  ])
})
