/** `ExportMetricsServiceRequest` of OTLP, from protobuf or JSON: https://opentelemetry.io/docs/specs/otlp/ and opentelemetry-proto, metrics/v1. What is not used is passed over. */
import { ProtobufError, ProtobufReader } from '#core/telemetry/protobuf.ts'

export type Attribute = readonly [key: string, value: string]

export interface OtlpExemplar {
  ms: number
  value: number
  traceId: string
  spanId: string
  attributes: Attribute[]
}
export interface OtlpPoint {
  attributes: Attribute[]
  ms: number
  startMs: number
  /** The sender has nothing to tell any more. */
  ended: boolean
  exemplars: OtlpExemplar[]
  value: number
  count: number
  /** undefined: not told. */
  sum: number | undefined
  bounds: number[]
  counts: number[]
  scale: number
  zeroCount: number
  zeroThreshold: number
  positive: { offset: number; counts: number[] }
  negative: { offset: number; counts: number[] }
  quantiles: { quantile: number; value: number }[]
}
export type OtlpKind = 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram' | 'summary'
export interface OtlpMetric {
  name: string
  description: string
  unit: string
  kind: OtlpKind | undefined
  monotonic: boolean
  /** 1 delta, 2 cumulative. */
  temporality: number
  points: OtlpPoint[]
}
export interface OtlpResource {
  attributes: Attribute[]
  metrics: OtlpMetric[]
}

const POINTS_MAX = 200_000
const BUCKETS_MAX = 4_096
const ATTRIBUTES_MAX = 128

const newPoint = (): OtlpPoint => ({
  attributes: [],
  ms: 0,
  startMs: 0,
  ended: false,
  exemplars: [],
  value: Number.NaN,
  count: 0,
  sum: undefined,
  bounds: [],
  counts: [],
  scale: 0,
  zeroCount: 0,
  zeroThreshold: 0,
  positive: { offset: 0, counts: [] },
  negative: { offset: 0, counts: [] },
  quantiles: [],
})
const newMetric = (): OtlpMetric => ({ name: '', description: '', unit: '', kind: undefined, monotonic: false, temporality: 0, points: [] })
const KIND_OF: Readonly<Record<number, OtlpKind>> = { 5: 'gauge', 7: 'sum', 9: 'histogram', 10: 'exponentialHistogram', 11: 'summary' }

const push = <T>(list: T[], one: T, most: number, what: string): void => {
  if (list.push(one) > most) throw new ProtobufError(`more than ${most} ${what}`)
}

/** Throws ProtobufError. */
export function readOtlpProtobuf(body: Uint8Array): OtlpResource[] {
  const reader = new ProtobufReader(body)
  const resources: OtlpResource[] = []
  let points = 0
  const ms = () => Math.floor(reader.fixed64() / 1e6)

  const attributeValue = (): string => {
    let text = ''
    reader.message(() => {
      if (reader.field === 1) text = reader.text()
      else if (reader.field === 2) text = reader.varint() === 0 ? 'false' : 'true'
      else if (reader.field === 3) text = String(reader.int())
      else if (reader.field === 4) text = String(reader.double())
      else if (reader.field === 7) text = Buffer.from(reader.raw()).toString('base64')
      else if (reader.field === 5) {
        const list: string[] = []
        reader.message(() => (reader.field === 1 ? push(list, attributeValue(), ATTRIBUTES_MAX, 'values in a list') : reader.skip()))
        text = JSON.stringify(list)
      } else if (reader.field === 6) {
        const map: Attribute[] = []
        reader.message(() => (reader.field === 1 ? attribute(map) : reader.skip()))
        text = JSON.stringify(Object.fromEntries(map))
      } else reader.skip()
    })
    return text
  }
  const attribute = (into: Attribute[]) => {
    let [key, value] = ['', '']
    reader.message(() => {
      if (reader.field === 1) key = reader.text()
      else if (reader.field === 2) value = attributeValue()
      else reader.skip()
    })
    push(into, [key, value], ATTRIBUTES_MAX, 'attributes')
  }
  const numbers = (into: number[], read: () => number, wire: 0 | 1) => reader.repeated(wire, () => push(into, read(), BUCKETS_MAX, 'buckets'))
  const exemplar = (into: OtlpExemplar[]) => {
    const one: OtlpExemplar = { ms: 0, value: Number.NaN, traceId: '', spanId: '', attributes: [] }
    reader.message(() => {
      if (reader.field === 2) one.ms = ms()
      else if (reader.field === 3) one.value = reader.double()
      else if (reader.field === 6) one.value = reader.fixed64(true)
      else if (reader.field === 4) one.spanId = Buffer.from(reader.raw()).toString('hex')
      else if (reader.field === 5) one.traceId = Buffer.from(reader.raw()).toString('hex')
      else if (reader.field === 7) attribute(one.attributes)
      else reader.skip()
    })
    into.push(one)
  }
  const buckets = (into: OtlpPoint['positive']) =>
    reader.message(() => {
      if (reader.field === 1) into.offset = reader.zigzag()
      else if (reader.field === 2) numbers(into.counts, () => reader.varint(), 0)
      else reader.skip()
    })
  const quantile = (into: OtlpPoint['quantiles']) => {
    const one = { quantile: 0, value: 0 }
    reader.message(() => {
      if (reader.field === 1) one.quantile = reader.double()
      else if (reader.field === 2) one.value = reader.double()
      else reader.skip()
    })
    push(into, one, 100, 'quantiles')
  }
  /** Times have the same numbers everywhere; the others not. */
  const common = (point: OtlpPoint, attributes: number, exemplars: number, flags: number): boolean => {
    if (reader.field === 2) point.startMs = ms()
    else if (reader.field === 3) point.ms = ms()
    else if (reader.field === attributes) attribute(point.attributes)
    else if (reader.field === exemplars) exemplar(point.exemplars)
    else if (reader.field === flags) point.ended = reader.varint() % 2 === 1
    else return false
    return true
  }
  const READ: Readonly<Record<OtlpKind, (point: OtlpPoint) => void>> = {
    gauge: (point) => {
      if (common(point, 7, 5, 8)) return
      if (reader.field === 4) point.value = reader.double()
      else if (reader.field === 6) point.value = reader.fixed64(true)
      else reader.skip()
    },
    sum: (point) => READ.gauge(point),
    histogram: (point) => {
      if (common(point, 9, 8, 10)) return
      if (reader.field === 4) point.count = reader.fixed64()
      else if (reader.field === 5) point.sum = reader.double()
      else if (reader.field === 6) numbers(point.counts, () => reader.fixed64(), 1)
      else if (reader.field === 7) numbers(point.bounds, () => reader.double(), 1)
      else reader.skip()
    },
    exponentialHistogram: (point) => {
      if (common(point, 1, 11, 10)) return
      if (reader.field === 4) point.count = reader.fixed64()
      else if (reader.field === 5) point.sum = reader.double()
      else if (reader.field === 6) point.scale = reader.zigzag()
      else if (reader.field === 7) point.zeroCount = reader.fixed64()
      else if (reader.field === 8) buckets(point.positive)
      else if (reader.field === 9) buckets(point.negative)
      else if (reader.field === 14) point.zeroThreshold = reader.double()
      else reader.skip()
    },
    summary: (point) => {
      if (common(point, 7, -1, 8)) return
      if (reader.field === 4) point.count = reader.fixed64()
      else if (reader.field === 5) point.sum = reader.double()
      else if (reader.field === 6) quantile(point.quantiles)
      else reader.skip()
    },
  }
  const metric = (into: OtlpMetric[]) => {
    const one = newMetric()
    reader.message(() => {
      const kind = KIND_OF[reader.field]
      if (reader.field === 1) one.name = reader.text()
      else if (reader.field === 2) one.description = reader.text()
      else if (reader.field === 3) one.unit = reader.text()
      else if (kind) {
        one.kind = kind
        reader.message(() => {
          if (reader.field === 1) {
            if (++points > POINTS_MAX) throw new ProtobufError(`more than ${POINTS_MAX} data points`)
            const point = newPoint()
            reader.message(() => READ[kind](point))
            one.points.push(point)
          } else if (reader.field === 2) one.temporality = reader.varint()
          else if (reader.field === 3) one.monotonic = reader.varint() !== 0
          else reader.skip()
        })
      } else reader.skip()
    })
    into.push(one)
  }
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip()
      continue
    }
    const resource: OtlpResource = { attributes: [], metrics: [] }
    reader.message(() => {
      if (reader.field === 1) reader.message(() => (reader.field === 1 ? attribute(resource.attributes) : reader.skip()))
      else if (reader.field === 2) reader.message(() => (reader.field === 2 ? metric(resource.metrics) : reader.skip()))
      else reader.skip()
    })
    resources.push(resource)
  }
  return resources
}

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Throws ProtobufError for what is no such message. Whole numbers of 64 bits come as text or numbers. */
export function readOtlpJson(text: string): OtlpResource[] {
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch (error) {
    throw new ProtobufError(`no JSON: ${(error as Error).message}`)
  }
  const object = (value: unknown, what: string): Json => {
    if (!isObject(value)) throw new ProtobufError(`${what} is no object`)
    return value
  }
  const list = (value: unknown, what: string, most = POINTS_MAX): readonly unknown[] => {
    if (value === undefined || value === null) return []
    if (!Array.isArray(value)) throw new ProtobufError(`${what} is no list`)
    if (value.length > most) throw new ProtobufError(`more than ${most} ${what}`)
    return value
  }
  const number = (value: unknown, fallback: number, what: string): number => {
    if (value === undefined || value === null) return fallback
    const found =
      typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value.replace(/^(-?)Inf$/, '$1Infinity')) : Number.NaN
    if (Number.isNaN(found) && value !== 'NaN') throw new ProtobufError(`${what} is no number: ${JSON.stringify(value)}`)
    return found
  }
  const word = (value: unknown, what: string): string => {
    if (value === undefined || value === null) return ''
    if (typeof value !== 'string') throw new ProtobufError(`${what} is no text`)
    return value
  }
  const value = (of: unknown): string => {
    const { stringValue, boolValue, intValue, doubleValue, bytesValue, arrayValue, kvlistValue } = object(of, 'the value of an attribute')
    if (isObject(arrayValue)) return JSON.stringify(list(arrayValue.values, 'values in a list', ATTRIBUTES_MAX).map(value))
    if (isObject(kvlistValue)) return JSON.stringify(Object.fromEntries(attributes(kvlistValue.values)))
    return String(stringValue ?? boolValue ?? intValue ?? doubleValue ?? bytesValue ?? '')
  }
  const attributes = (of: unknown): Attribute[] =>
    list(of, 'attributes', ATTRIBUTES_MAX).map((one): Attribute => {
      const { key, value: told } = object(one, 'an attribute')
      return [word(key, 'a key'), value(told)]
    })
  const ms = (of: unknown, what: string) => Math.floor(number(of, 0, what) / 1e6)
  const numbers = (of: unknown, what: string) => list(of, what, BUCKETS_MAX).map((one) => number(one, 0, what))
  const bucketsIn = (of: unknown) => {
    const { offset, bucketCounts } = isObject(of) ? of : ({} as Json)
    return { offset: number(offset, 0, 'offset'), counts: numbers(bucketCounts, 'bucketCounts') }
  }
  const pointOf = (of: unknown): OtlpPoint => {
    const told = object(of, 'a data point')
    return {
      attributes: attributes(told.attributes),
      ms: ms(told.timeUnixNano, 'timeUnixNano'),
      startMs: ms(told.startTimeUnixNano, 'startTimeUnixNano'),
      ended: number(told.flags, 0, 'flags') % 2 === 1,
      exemplars: list(told.exemplars, 'exemplars').map((one) => {
        const { timeUnixNano, asDouble, asInt, traceId, spanId, filteredAttributes } = object(one, 'an exemplar')
        const at = ms(timeUnixNano, 'timeUnixNano')
        const observed = number(asDouble ?? asInt, Number.NaN, 'the value of an exemplar')
        return { ms: at, value: observed, traceId: word(traceId, 'traceId'), spanId: word(spanId, 'spanId'), attributes: attributes(filteredAttributes) }
      }),
      value: number(told.asDouble ?? told.asInt, Number.NaN, 'a value'),
      count: number(told.count, 0, 'count'),
      sum: told.sum === undefined || told.sum === null ? undefined : number(told.sum, 0, 'sum'),
      bounds: numbers(told.explicitBounds, 'explicitBounds'),
      counts: numbers(told.bucketCounts, 'bucketCounts'),
      scale: number(told.scale, 0, 'scale'),
      zeroCount: number(told.zeroCount, 0, 'zeroCount'),
      zeroThreshold: number(told.zeroThreshold, 0, 'zeroThreshold'),
      positive: bucketsIn(told.positive),
      negative: bucketsIn(told.negative),
      quantiles: list(told.quantileValues, 'quantiles', 100).map((one) => {
        const { quantile, value: at } = object(one, 'a quantile')
        return { quantile: number(quantile, 0, 'quantile'), value: number(at, 0, 'value') }
      }),
    }
  }
  let points = 0
  return list(object(root, 'the body').resourceMetrics, 'resourceMetrics').map((one): OtlpResource => {
    const { resource, scopeMetrics } = object(one, 'an entry of resourceMetrics')
    const metrics = list(scopeMetrics, 'scopeMetrics').flatMap((scope) =>
      list(object(scope, 'an entry of scopeMetrics').metrics, 'metrics').map((given): OtlpMetric => {
        const told = object(given, 'a metric')
        const kind = Object.values(KIND_OF).find((name) => told[name] !== undefined)
        const data = kind ? object(told[kind], kind) : {}
        const dataPoints = list((data as Json).dataPoints, 'dataPoints').map(pointOf)
        points += dataPoints.length
        if (points > POINTS_MAX) throw new ProtobufError(`more than ${POINTS_MAX} data points`)
        return {
          name: word(told.name, 'a name'),
          description: word(told.description, 'a description'),
          unit: word(told.unit, 'a unit'),
          kind,
          monotonic: (data as Json).isMonotonic === true,
          temporality: temporalityOf((data as Json).aggregationTemporality),
          points: dataPoints,
        }
      }),
    )
    return { attributes: attributes(isObject(resource) ? resource.attributes : undefined), metrics }
  })
}

const temporalityOf = (value: unknown): number =>
  value === 1 || value === 'AGGREGATION_TEMPORALITY_DELTA' ? 1 : value === 2 || value === 'AGGREGATION_TEMPORALITY_CUMULATIVE' ? 2 : 0
