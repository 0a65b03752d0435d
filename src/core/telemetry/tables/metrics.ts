import { clusterColumn, column, type Table, word } from '../table.ts'

/** id = hash32(metric) << 32 | hash32(labels): series of one metric lie together, which makes panels three times faster. */
export const series: Table = {
  name: 'series',
  owner: 'metrics',
  doc: 'Every series ever seen, with its labels.',
  engine: 'ReplacingMergeTree',
  versionColumn: 'max_ts',
  columns: [
    clusterColumn,
    column('id', 'UInt64', 'hash32(metric) << 32 | hash32(labels).'),
    word('metric', 'Metric name (`__name__`).'),
    column('labels', 'Map(LowCardinality(String), String)', 'All labels but the name.', { codec: 'ZSTD(3)' }),
    word('type', 'counter, gauge, histogram, summary, unknown.'),
    word('unit', 'Unit as announced by the target, else empty.'),
    column('min_ts', 'DateTime64(3)', 'First sample.'),
    column('max_ts', 'DateTime64(3)', 'Latest sample when this row was written.'),
  ],
  orderBy: ['cluster', 'metric', 'id'],
  partitionBy: 'tuple()',
  ttlDays: 400,
  timeColumn: 'max_ts',
}

export const samples: Table = {
  name: 'samples',
  owner: 'metrics',
  doc: 'Float samples. Native histograms come with the metrics work.',
  columns: [
    clusterColumn,
    column('id', 'UInt64', 'Series.', { codec: 'ZSTD(1)' }),
    column('ts', 'DateTime64(3)', 'Sample time, UTC.', { codec: 'DoubleDelta, ZSTD(1)' }),
    column('value', 'Float64', 'The value; NaN is a value.', { codec: 'Gorilla, ZSTD(1)' }),
    column('flags', 'UInt8', '1: stale marker (NaN payloads do not survive text).', { codec: 'ZSTD(1)' }),
  ],
  orderBy: ['cluster', 'id', 'ts'],
  partitionBy: 'toDate(ts)',
  ttlDays: 30,
  timeColumn: 'ts',
}
