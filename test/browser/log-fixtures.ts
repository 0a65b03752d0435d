/** Answers of the logs page: records made on the fly, as many as the mode says. */
import type { ContextAnswer, CountsAnswer, LogRecord, PatternsAnswer, RecordsAnswer, ValuesAnswer } from '#capabilities/logs/domain/api.ts'
import type { Mode } from './canned-answers.ts'

const COUNT: Partial<Record<Mode, number>> = { normal: 480, huge: 100_000, empty: 0 }
const STACK = `ERROR order 4711 could not be paid
java.lang.IllegalStateException: card was declined
	at shop.Payment.charge(Payment.java:88)
	at shop.Orders.pay(Orders.java:41)
Caused by: java.net.SocketTimeoutException: Read timed out
	... 12 more`
const BODIES: readonly (readonly [severity: number, body: string])[] = [
  [9, 'INFO cart 7 has 3 items'],
  [17, STACK],
  [9, '{"level":"info","msg":"order placed","order":4711,"user":"anna","ms":31}'],
  [13, 'W1124 14:02:11.120000 1 stock.go:88] stock of "tea" is low: 3 left'],
  [0, 'GET /healthz 200 <b>not markup</b>'],
  [9, '结账完成，订单 4712，用时 31 毫秒'],
]

function recordAt(i: number, now: number): LogRecord {
  const [severity, body] = BODIES[i % BODIES.length]!
  const workload = ['cart', 'orders', 'stock'][i % 3]!
  const at = now - 1000 - i * 36
  return {
    at,
    ns: `${at}000000`,
    namespace: 'shop',
    workload: `Deployment/${workload}`,
    pod: `${workload}-7d9f8-${i % 4}`,
    container: 'main',
    node: `node-${i % 2}`,
    service: '',
    stream: severity >= 13 ? 'stderr' : 'stdout',
    severity,
    body,
    length: new TextEncoder().encode(body).length,
    attributes: {},
  }
}

/** Undefined for other paths. */
export function logAnswers(path: string, query: URLSearchParams, now: number, mode: Mode): unknown {
  const what = /^\/container-logs\/(\w+)$/.exec(path)?.[1]
  const total = COUNT[mode] ?? 480
  switch (what) {
    case 'records': {
      const [offset, limit] = [Number(query.get('offset') ?? 0), Number(query.get('limit') ?? 100)]
      const length = Math.max(0, Math.min(limit, total - offset))
      return { records: Array.from({ length }, (_, i) => recordAt(offset + i, now)), total, rowsRead: total, elapsedMs: 3 } satisfies RecordsAnswer
    }
    case 'counts': {
      const [from, to] = [Number(query.get('from')), Number(query.get('to'))]
      const step = 60_000
      const first = Math.floor(from / step) * step
      const counts = (i: number) => ({ none: 3, trace: 0, debug: 1, info: 12 + (i % 5), warn: i % 3, error: i % 7 === 0 ? 4 : 0, fatal: 0 })
      const points =
        total === 0 ? [] : Array.from({ length: Math.max(0, Math.floor((to - first) / step)) }, (_, i) => ({ at: first + i * step, counts: counts(i) }))
      return { step, total, points, rowsRead: total, bytesRead: total * 120, elapsedMs: 4 } satisfies CountsAnswer
    }
    case 'patterns':
      return {
        patterns:
          total === 0
            ? []
            : BODIES.map(([severity, body], i) => ({
                pattern: body.split('\n')[0]!.replaceAll(/\d+/g, '<*>'),
                count: total >> i,
                severity,
                example: body,
                services: 1 + (i % 3),
                lastAt: now,
              })),
        looked: Math.min(20_000, total),
        total,
      } satisfies PatternsAnswer
    case 'values':
      return { values: total === 0 ? [] : ['cart', 'orders', 'stock'].map((value, i) => ({ value, count: 100 - i })) } satisfies ValuesAnswer
    case 'context':
      return { before: [2, 1].map((i) => recordAt(i + 10, now)), record: recordAt(10, now), after: [recordAt(9, now)] } satisfies ContextAnswer
    default:
      return undefined
  }
}
