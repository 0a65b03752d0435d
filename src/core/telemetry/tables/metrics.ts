import { clusterColumn, column, type Table, word } from '../table.ts'

/**
 * id = hash32(metric) << 32 | hash32(labels), the next free number where two would share one: series of one metric lie together, which makes panels
 * three times faster.
 */
export const series: Table = {
  name: 'series',
  owner: 'metrics',
  doc: 'Every series ever seen, with its labels.',
  engine: 'ReplacingMergeTree',
  versionColumn: 'max_ts',
  columns: [
    clusterColumn,
    column('id', 'UInt64', 'hash32(metric) << 32 | hash32(labels), or the next free number.'),
    word('metric', 'Metric name (`__name__`).'),
    column('labels', 'Map(LowCardinality(String), String)', 'All labels but the name.', { codec: 'ZSTD(3)' }),
    word('type', 'counter, gauge, histogram, summary, unknown.'),
    word('unit', 'Unit as announced by the target, else empty.'),
    column('min_ts', 'DateTime64(3)', 'First sample, at most an hour later than the truth.'),
    column('max_ts', 'DateTime64(3)', 'Latest sample, at most an hour earlier than the truth.'),
  ],
  orderBy: ['cluster', 'metric', 'id'],
  partitionBy: 'tuple()',
  ttlDays: 400,
  timeColumn: 'max_ts',
}

/** Span of a run, ms. */
export const RUN_MS = 1_800_000

/**
 * A row is what one series has in half an hour; merges put together what was inserted. So the engine looks at a series once for many samples, and a question about an
 * hour does not read the day. Whole numbers are kept apart, because they need half of the bytes as integers.
 */
export const samples: Table = {
  name: 'sample_runs',
  owner: 'metrics',
  since: 4,
  doc: 'Float samples of a series in half an hour, in order of arrival, one or several rows. Of several with one time the greatest value counts; a stale marker is the NaN with bits 7ff0000000000002.',
  engine: 'AggregatingMergeTree',
  indexGranularity: 64,
  columns: [
    clusterColumn,
    column('slot', 'DateTime', 'Begin of the half hour, UTC.', { codec: 'Delta, ZSTD(1)' }),
    column('id', 'UInt64', 'Series.', { codec: 'Delta, ZSTD(1)' }),
    column('at', 'SimpleAggregateFunction(groupArrayArray, Array(UInt32))', 'Times of `value` after the begin of the half hour.', {
      unit: 'ms',
      codec: 'Delta, ZSTD(1)',
    }),
    column('value', 'SimpleAggregateFunction(groupArrayArray, Array(Float64))', 'Values; NaN is a value.', { codec: 'Gorilla, ZSTD(1)' }),
    column('whole_at', 'SimpleAggregateFunction(groupArrayArray, Array(UInt32))', 'Times of `whole` after the begin of the half hour.', {
      unit: 'ms',
      codec: 'Delta, ZSTD(1)',
    }),
    column('whole', 'SimpleAggregateFunction(groupArrayArray, Array(Int64))', 'Values of series that count in whole numbers.', {
      codec: 'Delta, T64, ZSTD(1)',
    }),
  ],
  orderBy: ['cluster', 'slot', 'id'],
  partitionBy: 'toDate(slot)',
  ttlDays: 30,
  timeColumn: 'slot',
  replaces: {
    table: 'samples',
    select: `SELECT cluster, toDateTime(intDiv(toUnixTimestamp(ts), 1800) * 1800, 'UTC'), id, groupArray(toUInt32(toUnixTimestamp64Milli(ts) % 1800000)), groupArray(value), [], []
FROM samples GROUP BY 1, 2, 3`,
  },
}

export const histograms: Table = {
  name: 'histograms',
  owner: 'metrics',
  since: 2,
  doc: 'Samples that are native histograms.',
  columns: [
    clusterColumn,
    column('id', 'UInt64', 'Series.', { codec: 'ZSTD(1)' }),
    column('ts', 'DateTime64(3)', 'Sample time, UTC.', { codec: 'DoubleDelta, ZSTD(1)' }),
    column('histogram', 'String', 'core/promql/histogram/bytes.ts', { codec: 'ZSTD(3)' }),
  ],
  orderBy: ['cluster', 'id', 'ts'],
  partitionBy: 'toDate(ts)',
  ttlDays: 30,
  timeColumn: 'ts',
}

export const starts: Table = {
  name: 'starts',
  owner: 'metrics',
  since: 3,
  doc: 'When the counting of a sample began, for samples whose sender said it.',
  columns: [
    clusterColumn,
    column('id', 'UInt64', 'Series.', { codec: 'ZSTD(1)' }),
    column('ts', 'DateTime64(3)', 'Sample time, UTC.', { codec: 'DoubleDelta, ZSTD(1)' }),
    column('start', 'DateTime64(3)', 'When counting began, UTC.', { codec: 'Delta, ZSTD(1)' }),
  ],
  orderBy: ['cluster', 'id', 'ts'],
  partitionBy: 'toDate(ts)',
  ttlDays: 30,
  timeColumn: 'ts',
}

export const exemplars: Table = {
  name: 'exemplars',
  owner: 'metrics',
  since: 2,
  doc: 'Single observations that stand for a sample, mostly with a trace id.',
  columns: [
    clusterColumn,
    column('id', 'UInt64', 'Series.', { codec: 'ZSTD(1)' }),
    column('ts', 'DateTime64(3)', 'When it was observed, UTC.', { codec: 'DoubleDelta, ZSTD(1)' }),
    column('value', 'Float64', 'What was observed.', { codec: 'ZSTD(1)' }),
    column('labels', 'Map(LowCardinality(String), String)', 'Labels of the observation, e.g. trace_id.', { codec: 'ZSTD(3)' }),
  ],
  orderBy: ['cluster', 'id', 'ts'],
  partitionBy: 'toDate(ts)',
  ttlDays: 30,
  timeColumn: 'ts',
}

export const metricMetadata: Table = {
  name: 'metric_metadata',
  owner: 'metrics',
  since: 2,
  doc: 'What targets say about their metrics.',
  engine: 'ReplacingMergeTree',
  versionColumn: 'updated_at',
  columns: [
    clusterColumn,
    column('metric', 'String', 'Metric family.'),
    word('type', 'counter, gauge, histogram, gaugehistogram, summary, info, stateset, unknown.'),
    word('unit', 'Unit, else empty.'),
    column('help', 'String', 'Help text, else empty.'),
    column('updated_at', 'DateTime64(3)', 'When it was last said otherwise than before.'),
  ],
  orderBy: ['cluster', 'metric'],
  partitionBy: 'tuple()',
  ttlDays: 400,
  timeColumn: 'updated_at',
}
