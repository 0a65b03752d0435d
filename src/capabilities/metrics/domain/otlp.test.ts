import { describe, expect, it } from 'vitest'
import { labelsObject } from '#core/promql/labels.ts'
import { fromOtlp } from './otlp.ts'
import { readOtlpJson, readOtlpProtobuf } from './otlp-message.ts'
import { labelName, metricName } from './otlp-names.ts'

const NANOS = '1700000000123456789'
const MS = 1_700_000_000_123
const attributes = (of: Record<string, string>) => Object.entries(of).map(([key, stringValue]) => ({ key, value: { stringValue } }))
const body = (metrics: object[], resource: Record<string, string> = {}) =>
  JSON.stringify({ resourceMetrics: [{ resource: { attributes: attributes(resource) }, scopeMetrics: [{ metrics }] }] })
function samples(text: string) {
  const { brought, refused } = fromOtlp(readOtlpJson(text))
  const rows = Array.from(brought.of, (of, i) => {
    const { __name__: name, ...labels } = labelsObject(brought.series[of]!)
    return [name, labels, brought.values[i], brought.stale![i] === 1 ? 'stale' : brought.ts[i]]
  })
  return { rows, refused, brought }
}

describe('names', () => {
  it.each([
    ['http.server.request.duration', 's', 'other', 'http_server_request_duration_seconds'],
    ['system.network.io', 'By', 'counter', 'system_network_io_bytes_total'],
    ['already_bytes_total', 'By', 'counter', 'already_bytes_total'],
    ['usage', '1', 'gauge', 'usage_ratio'],
    ['requests', '{request}', 'counter', 'requests_total'],
    ['speed', 'm/s', 'gauge', 'speed_meters_per_second'],
    ['2nd', '', 'gauge', '_2nd'],
  ] as const)('%s in %s as %s is %s', (name, unit, shape, wanted) => expect(metricName(name, unit, shape)).toBe(wanted))
  it('of labels', () => expect(['http.method', '0a', '__x', '_x'].map(labelName)).toEqual(['http_method', 'key_0a', 'key__x', '_x']))
})

describe('OTLP metrics', () => {
  it('gauges and sums, with job, instance and namespace of the sender; the rest is target_info', () => {
    const point = (more: object) => ({ timeUnixNano: NANOS, attributes: attributes({ 'http.method': 'GET' }), ...more })
    const { rows, refused } = samples(
      body(
        [
          { name: 'temperature', unit: 'Cel', gauge: { dataPoints: [point({ asDouble: 21.5 })] } },
          {
            name: 'calls',
            sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point({ asInt: '7', startTimeUnixNano: '1600000000000000000' })] },
          },
          { name: 'open', sum: { aggregationTemporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE', dataPoints: [point({ asInt: 3, flags: 1 })] } },
        ],
        { 'service.name': 'cart', 'service.namespace': 'shop', 'service.instance.id': 'i1', 'k8s.namespace.name': 'prod', 'host.name': 'h' },
      ),
    )
    const own = { job: 'shop/cart', instance: 'i1', namespace: 'prod' }
    expect(rows).toEqual([
      ['temperature_celsius', { ...own, http_method: 'GET' }, 21.5, MS],
      ['calls_total', { ...own, http_method: 'GET' }, 7, MS],
      ['open', { ...own, http_method: 'GET' }, Number.NaN, 'stale'],
      ['target_info', { ...own, host_name: 'h' }, 1, MS],
    ])
    expect(refused.points).toBe(0)
  })

  it('histograms with buckets that add up, and summaries', () => {
    const { rows, brought } = samples(
      body([
        {
          name: 'took',
          unit: 's',
          histogram: {
            aggregationTemporality: 2,
            dataPoints: [
              { timeUnixNano: NANOS, startTimeUnixNano: '1000000000', count: '6', sum: 9.5, explicitBounds: [0.5, 1], bucketCounts: ['1', '2', '3'] },
            ],
          },
        },
        { name: 'old', summary: { dataPoints: [{ timeUnixNano: NANOS, count: 2, sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] }] } },
      ]),
    )
    expect(rows.map(([name, labels, value]) => [name, labels, value])).toEqual([
      ['took_seconds_bucket', { le: '0.5' }, 1],
      ['took_seconds_bucket', { le: '1' }, 3],
      ['took_seconds_bucket', { le: '+Inf' }, 6],
      ['took_seconds_count', {}, 6],
      ['took_seconds_sum', {}, 9.5],
      ['old', { quantile: '0.5' }, 1],
      ['old_count', {}, 2],
      ['old_sum', {}, 3],
    ])
    expect(brought.starts?.[0]).toBe(1000)
    expect(brought.metadata).toMatchObject([
      { metric: 'took_seconds', type: 'histogram' },
      { metric: 'old', type: 'summary' },
    ])
  })

  it('exponential histograms become native ones: each index one further, finer scales folded', () => {
    const of = (scale: number, more: object = {}) =>
      samples(
        body([
          {
            name: 'e',
            exponentialHistogram: {
              aggregationTemporality: 2,
              dataPoints: [
                { timeUnixNano: NANOS, count: 6, sum: 8, scale, zeroCount: 1, zeroThreshold: 0.1, positive: { offset: -1, bucketCounts: [1, 4] }, ...more },
              ],
            },
          },
        ]),
      )
    const { histogram, ts } = of(2).brought.histograms![0]!
    expect(ts).toBe(MS)
    expect(histogram).toMatchObject({ schema: 2, count: 6, sum: 8, zeroCount: 1, zeroThreshold: 0.1, positive: { offset: 0, counts: Float64Array.of(1, 4) } })
    expect(of(9).brought.histograms![0]!.histogram).toMatchObject({ schema: 8, positive: { offset: 0, counts: Float64Array.of(1, 4) } })
    expect(of(-5)).toMatchObject({ refused: { points: 1 }, rows: [] })
  })

  it('deltas and points without a time are not taken, and said; the rest is', () => {
    const { rows, refused } = samples(
      body([
        {
          name: 'd',
          sum: {
            aggregationTemporality: 1,
            isMonotonic: true,
            dataPoints: [
              { timeUnixNano: NANOS, asInt: 1 },
              { timeUnixNano: NANOS, asInt: 2 },
            ],
          },
        },
        { name: 'u', sum: { dataPoints: [{ timeUnixNano: NANOS, asInt: 1 }] } },
        { name: 'g', gauge: { dataPoints: [{ asInt: 1 }, { timeUnixNano: NANOS, asInt: 1 }] } },
      ]),
    )
    expect(rows.map(([name]) => name)).toEqual(['g'])
    expect(refused.points).toBe(4)
    expect(refused.reasons.join('\n')).toMatch(/d: deltas are not taken[^\n]*\nu: whether it counts[^\n]*\ng: a data point without a time/)
  })

  it('protobuf says the same as JSON, and what is cut off is refused', () => {
    const bytesOf = (fill: (view: DataView) => void) => {
      const bytes = new Uint8Array(8)
      fill(new DataView(bytes.buffer))
      return [...bytes]
    }
    const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))])
    const inner = (field: number, body: readonly number[]) => [field * 8 + 2, ...varint(body.length), ...body]
    const text = (field: number, value: string) => inner(field, [...new TextEncoder().encode(value)])
    const double = (field: number, value: number) => [field * 8 + 1, ...bytesOf((view) => view.setFloat64(0, value, true))]
    const fixed = (field: number, value: string | number) => [field * 8 + 1, ...bytesOf((view) => view.setBigInt64(0, BigInt(value), true))]
    const attribute = (field: number, key: string, value: string) => inner(field, [...text(1, key), ...inner(2, text(1, value))])
    const gauge = inner(5, inner(1, [...fixed(3, NANOS), ...double(4, 1.5), ...attribute(7, 'k', 'w')]))
    const calls = inner(7, [...inner(1, [...fixed(3, NANOS), ...fixed(6, -7)]), 16, 2, 24, 1])
    const took = inner(9, [
      ...inner(1, [...fixed(3, NANOS), ...fixed(4, 3), ...double(5, 2.5), ...inner(6, [...fixed(0, 1).slice(1), ...fixed(0, 2).slice(1)]), ...double(7, 0.5)]),
      16,
      2,
    ])
    const exponential = inner(10, [
      ...inner(1, [...fixed(3, NANOS), ...fixed(4, 6), ...double(5, 8), 48, 3, ...fixed(7, 1), ...inner(8, [8, 1, ...inner(2, [1, 4])]), ...double(14, 0.1)]),
      16,
      2,
    ])
    const metric = (name: string, data: readonly number[]) => inner(2, [...text(1, name), ...data])
    const scope = [...metric('g', gauge), ...metric('calls', calls), ...metric('took', took), ...metric('e', exponential)]
    const body8 = Uint8Array.from(inner(1, [...inner(1, attribute(1, 'service.name', 'cart')), ...inner(2, scope)]))
    const json = body(
      [
        { name: 'g', gauge: { dataPoints: [{ timeUnixNano: NANOS, asDouble: 1.5, attributes: attributes({ k: 'w' }) }] } },
        { name: 'calls', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ timeUnixNano: NANOS, asInt: '-7' }] } },
        {
          name: 'took',
          histogram: { aggregationTemporality: 2, dataPoints: [{ timeUnixNano: NANOS, count: '3', sum: 2.5, bucketCounts: [1, 2], explicitBounds: [0.5] }] },
        },
        {
          name: 'e',
          exponentialHistogram: {
            aggregationTemporality: 2,
            dataPoints: [
              { timeUnixNano: NANOS, count: 6, sum: 8, scale: -2, zeroCount: 1, zeroThreshold: 0.1, positive: { offset: -1, bucketCounts: ['1', '4'] } },
            ],
          },
        },
      ],
      { 'service.name': 'cart' },
    )
    expect(readOtlpProtobuf(body8)).toEqual(readOtlpJson(json))
    for (let length = 1; length < body8.length; length++) expect(() => readOtlpProtobuf(body8.subarray(0, length))).toThrow('cut off')
  })

  it.each([['{'], ['[]'], ['{"resourceMetrics":{}}'], ['{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":1}]}]}]}']])('%s is refused', (text) =>
    expect(() => readOtlpJson(text)).toThrow(/no |is no/),
  )
})
