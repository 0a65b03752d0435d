import { uuidv7 } from '#core/kernel/ids.ts'
import { seededRandom } from '#core/kernel/random.ts'
import type { Batch } from '#core/shapes/ports/telemetry.ts'
import { encodeRows } from '#core/telemetry/encode-rows.ts'
import { TABLES } from '#core/telemetry/tables.ts'

/** A row of `access` as a plain object; `ts` in ms, times in seconds or NaN. */
export interface AccessRow {
  [column: string]: string | number
  ts: number
  cluster: string
  route: string
  namespace: string
  service: string
  host: string
  path: string
  path_pattern: string
  method: string
  status: number
  bytes_in: number
  bytes_out: number
  request_time: number
  upstream_time: number
  upstream_status: number
  upstream_addr: string
  client: string
}

/** Every column of a plain successful request. */
export const accessRow = (row: Partial<AccessRow> & { ts: number }): AccessRow => ({
  cluster: 'c',
  source: 'test',
  route: 'shop/web',
  ingress: 'web',
  namespace: 'shop',
  service: 'web',
  workload: 'Deployment/web',
  pod: 'web-1',
  arm: 'primary',
  host: 'shop.example',
  path: '/cart',
  path_pattern: '/cart',
  method: 'GET',
  status: 200,
  bytes_in: 300,
  bytes_out: 1000,
  request_time: 0.05,
  upstream_time: 0.04,
  upstream_status: 200,
  upstream_addr: '10.0.0.1:8080',
  client: '192.0.2.1',
  country: 'DE',
  user_agent: 'curl/8',
  ua_family: 'curl',
  referer: '',
  protocol: 'HTTP/1.1',
  tls: '',
  ...row,
})

/** Seeded rows spread evenly over [from, to): three namespaces, skewed paths and clients, log-normal times, errors, and some without times. */
export function seededAccessRows(count: number, from: number, to: number, seed = 1): AccessRow[] {
  const random = seededRandom(seed)
  const pick = (n: number, skew = 1) => Math.floor(random() ** skew * n)
  return Array.from({ length: count }, (_, i) => {
    const r = pick(9, 2)
    const roll = random()
    const status =
      roll < 0.9 ? 200 : roll < 0.92 ? 301 : roll < 0.95 ? 404 : roll < 0.96 ? 499 : roll < 0.975 ? 500 : roll < 0.985 ? 502 : roll < 0.99 ? 503 : 504
    const time = Math.fround(0.03 * Math.exp(1.1 * (random() + random() + random() + random() - 2) * 1.7))
    const pattern = `/api/p${pick(40, 3)}`
    return accessRow({
      ts: Math.floor(from + ((to - from) * i) / count),
      route: `n${r % 3}/r${r}`,
      ingress: `r${r}`,
      namespace: `n${r % 3}`,
      service: `s${r}`,
      workload: `Deployment/s${r}`,
      arm: random() < 0.1 ? 'canary' : 'primary',
      host: `h${r % 2}.example`,
      path: `${pattern}/${pick(500, 2)}`,
      path_pattern: `${pattern}/{id}`,
      method: random() < 0.8 ? 'GET' : 'POST',
      status,
      bytes_in: 200 + pick(800),
      bytes_out: pick(20_000, 3),
      request_time: random() < 0.02 ? Number.NaN : time,
      upstream_time: status === 499 || random() < 0.05 ? Number.NaN : Math.fround(time * 0.9),
      upstream_status: status === 499 ? 0 : status,
      upstream_addr: `10.0.${r}.${pick(3)}:8080`,
      client: `10.1.${pick(80, 2)}.${pick(250)}`,
    })
  })
}

let batches = 0
/** The rows as one batch; ids are unique within a test run. */
export function accessBatch(rows: readonly AccessRow[]): Batch {
  const serial = new Uint8Array(10)
  new DataView(serial.buffer).setUint32(6, ++batches)
  return { id: uuidv7(rows[0]?.ts ?? 0, serial), table: 'access', ...encodeRows(TABLES.access, rows) }
}
