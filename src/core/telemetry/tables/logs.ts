import { clusterColumn, column, type Table, word } from '../table.ts'

export const logs: Table = {
  name: 'logs',
  owner: 'logs',
  doc: 'One row per log record (OpenTelemetry log data model).',
  columns: [
    column('ts', 'DateTime64(9)', 'Event time, UTC.', { codec: 'Delta, ZSTD(1)' }),
    clusterColumn,
    word('namespace', 'Namespace of the pod.'),
    word('workload', 'Owner, `Kind/name`.'),
    word('pod', 'Pod.'),
    word('container', 'Container.'),
    word('node', 'Node.'),
    word('service', 'service.name, else the workload.'),
    word('stream', 'stdout, stderr, or the file.'),
    column('severity', 'UInt8', 'OpenTelemetry SeverityNumber; 0: not known.', { codec: 'ZSTD(1)' }),
    column('body', 'String', 'The record.', { codec: 'ZSTD(1)' }),
    column('attributes', 'Map(LowCardinality(String), String)', 'Everything else.', { codec: 'ZSTD(3)' }),
    column('trace_id', 'FixedString(16)', 'Zeros when missing.', { codec: 'ZSTD(1)' }),
    column('span_id', 'FixedString(8)', 'Zeros when missing.', { codec: 'ZSTD(1)' }),
  ],
  orderBy: ['cluster', 'toStartOfHour(ts)', 'namespace', 'service', 'ts'],
  partitionBy: 'toStartOfInterval(ts, INTERVAL 4 HOUR)',
  ttlDays: 14,
  timeColumn: 'ts',
}
