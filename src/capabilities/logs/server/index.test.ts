import Fastify from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { uuidv7 } from '#core/kernel/ids.ts'
import type { LineSink } from '#core/shapes/ports/lines.ts'
import type { Scope } from '#core/shapes/ports/telemetry.ts'
import type { RunningDoor, ServerContext } from '#kits/server-kit/door.ts'
import { openTestStore, type TestStore } from '../../../../test/builders/store.ts'
import type { ContextAnswer, CountsAnswer, LogRecord, PatternsAnswer, RecordsAnswer, ValuesAnswer } from '../domain/api.ts'
import { parseSearch, searcher } from '../domain/search.ts'
import { door } from './index.ts'

const NOW = Date.parse('2026-05-06T12:00:00Z')
const clock = { now: () => NOW, sleep: () => new Promise<void>((resolve) => setTimeout(resolve, 20)) }
const http = Fastify()
let store: TestStore
let running: RunningDoor
let sink: LineSink
let scope: Scope = 'all'

let seed = 0
const send = (namespace: string, workload: string, lines: readonly string[], more: { transport?: string; id?: string } = {}) =>
  sink.write({
    id:
      more.id ??
      uuidv7(
        NOW,
        Uint8Array.from({ length: 10 }, (_, i) => (i === 0 ? ++seed : 7)),
      ),
    cluster: 'local',
    source: `${namespace}/${workload}/app`,
    format: 'container',
    labels: { transport: 'agent', namespace, workload: `Deployment/${workload}`, pod: `${workload}-1`, container: 'app', node: 'n1' },
    bytes: Buffer.from(lines.map((line) => `${line}\n`).join('')),
    receivedAt: NOW,
  })
const line = (secondsAgo: number, text: string, stream = 'stdout') => `${new Date(NOW - secondsAgo * 1000).toISOString()} ${stream} F ${text}`

const SHOP = [
  line(600, '{"level":"error","msg":"payment failed","status":502,"http":{"path":"/pay"}}', 'stderr'),
  line(500, 'level=warn msg="slow query" ms=812'),
  line(400, 'Level=info café ünïcode "quoted" back\\slash 100% _x_ \ttab'),
  line(300, 'ERROR boom'),
  line(300, '\tat a.b(C.java:1)'),
  line(100, 'GET /healthz'),
]

beforeAll(async () => {
  store = await openTestStore(clock)
  http.setValidatorCompiler(validatorCompiler)
  http.setSerializerCompiler(serializerCompiler)
  http.addHook('onRequest', async (request) => Object.assign(request, { scope, identity: { kind: 'user', rights: { kind: 'admin' } } }))
  running = await door.start({ http, telemetry: store.telemetry, clock, log: pino({ level: 'silent' }) } as unknown as ServerContext)
  sink = running.sinks![0]!
  await send('shop', 'cart', SHOP)
  await send('bank', 'vault', [line(50, 'the secret of the bank')])
  await send(
    'shop',
    'many',
    Array.from({ length: 250 }, (_, i) => line(3000 - i, `request ${i} took ${i * 2}ms`)),
  )
  await store.fill([])
})
afterAll(async () => {
  await running.stop()
  await http.close()
  await store[Symbol.asyncDispose]()
})

const ask = async <T>(path: string, query: Record<string, string | string[]> = {}): Promise<T> => {
  const search = new URLSearchParams({ from: String(NOW - 3_600_000), to: String(NOW) })
  for (const [name, value] of Object.entries(query)) for (const one of [value].flat()) search.append(name, one)
  const answer = await http.inject(`/clusters/local/container-logs/${path}?${search}`)
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${answer.body}`)
  return answer.json()
}
const bodies = async (query: Record<string, string | string[]>) => (await ask<RecordsAnswer>('records', query)).records.map(({ body }) => body)

describe('records', () => {
  it('come newest first with where they are from', async () => {
    const { records, total } = await ask<RecordsAnswer>('records', { workload: 'Deployment/cart' })
    expect(total).toBe(5)
    expect(records[0]).toEqual({
      at: NOW - 100_000,
      ns: `${NOW - 100_000}000000`,
      namespace: 'shop',
      workload: 'Deployment/cart',
      pod: 'cart-1',
      container: 'app',
      node: 'n1',
      service: 'cart',
      stream: 'stdout',
      severity: 0,
      body: 'GET /healthz',
      length: 12,
      attributes: {},
    })
    expect(records[1]!.body).toBe('ERROR boom\n\tat a.b(C.java:1)')
  })

  it.each([
    ['payment', 1],
    ['PAYMENT', 0],
    ['-payment', 4],
    ['status=502', 1],
    ['http.path=/pay', 1],
    ['status=50', 0],
    ['ms=812', 1],
    ['msg="slow query"', 1],
    ['café', 1],
    ['ünïcode', 1],
    ['"\\"quoted\\" back\\\\slash"', 1],
    ['100%', 1],
    ['_x_', 1],
    ['"at a.b"', 1],
    ["'; select 1 --", 0],
  ])('are found by %s as the live tail finds them', async (q, count) => {
    const found = await bodies({ workload: 'Deployment/cart', q })
    expect(found).toHaveLength(count)
    const parsed = parseSearch(q)
    const all = await ask<RecordsAnswer>('records', { workload: 'Deployment/cart' })
    expect(all.records.filter(({ body, attributes }) => parsed.ok && searcher(parsed.value)(body, attributes))).toHaveLength(count)
  })

  it('are chosen by level, namespace and page, in both orders', async () => {
    expect(await bodies({ level: 'error' })).toHaveLength(2)
    expect(await bodies({ level: 'warn', namespace: ['shop', 'bank'] })).toHaveLength(3)
    const first = await bodies({ workload: 'Deployment/many', limit: '100', offset: '150' })
    expect(first[0]).toBe('request 99 took 198ms')
    expect(first).toHaveLength(100)
    expect((await bodies({ workload: 'Deployment/many', order: 'asc', limit: '2', offset: '7' }))[0]).toBe('request 7 took 14ms')
    expect(await bodies({ workload: 'Deployment/many', offset: '1000' })).toEqual([])
  })

  it('are refused with all that is wrong', async () => {
    await expect(ask('records', { q: '"open', level: 'loud', limit: '0' })).rejects.toThrow(/400.*quotation mark/s)
  })

  it('are seen by those only who may read the namespace', async () => {
    scope = [{ cluster: 'local', signals: ['logs'], namespaces: ['shop'] }]
    expect(await bodies({ q: 'secret' })).toEqual([])
    expect((await ask<ValuesAnswer>('values', { field: 'namespace' })).values.map(({ value }) => value)).toEqual(['shop'])
    scope = [{ cluster: 'local', signals: ['access'] }]
    await expect(ask('records')).rejects.toThrow(/403|500/)
    scope = 'all'
    expect(await bodies({ q: 'secret' })).toHaveLength(1)
  })
})

it('counts by level over time', async () => {
  const { total, points } = await ask<CountsAnswer>('counts', { workload: 'Deployment/cart' })
  expect(total).toBe(5)
  const sum = (level: 'error' | 'warn' | 'none') => points.reduce((all, { counts }) => all + counts[level], 0)
  expect([sum('error'), sum('warn'), sum('none')]).toEqual([2, 1, 2])
})

it('shows what stands around a record', async () => {
  const [record] = (await ask<RecordsAnswer>('records', { q: '"request 100 "' })).records as [LogRecord]
  const { ns, namespace, pod, container, service } = record
  const context = await ask<ContextAnswer>('context', { at: ns, namespace, pod, container, service, lines: '2' })
  expect([...context.before, context.record!, ...context.after].map(({ body }) => Number(/\d+/.exec(body)![0]))).toEqual([98, 99, 100, 101, 102])
})

it('finds what records have in common', async () => {
  const { patterns, looked, total } = await ask<PatternsAnswer>('patterns', { namespace: 'shop' })
  expect(patterns[0]).toMatchObject({ pattern: 'request <*> took <*>', count: 250, services: 1 })
  expect([looked, total]).toEqual([255, 255])
})

it('shows what arrives to those who watch, and may', async () => {
  const address = await http.listen({ port: 0, host: '127.0.0.1' })
  const watch = async (query: string) => {
    const answer = await fetch(`${address}/clusters/local/container-logs/live?${query}`)
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    return {
      async until(word: string) {
        while (!text.includes(word)) text += (await reader.read()).value ?? ''
        return text
      },
      close: () => reader.cancel(),
    }
  }
  const everything = await watch('q=arrived')
  scope = [{ cluster: 'local', signals: ['logs'], namespaces: ['shop'] }]
  const shopOnly = await watch('q=arrived')
  scope = 'all'
  await everything.until('records')
  await shopOnly.until('records')
  await send('bank', 'vault', [line(1, 'arrived at the bank'), line(1, 'other')])
  await send('shop', 'cart', [line(1, 'arrived at the shop')])
  expect(await everything.until('the shop')).toContain('arrived at the bank')
  const seen = await shopOnly.until('the shop')
  expect(seen).not.toContain('the bank')
  expect(seen).not.toContain('other')
  await Promise.all([everything.close(), shopOnly.close()])
})
