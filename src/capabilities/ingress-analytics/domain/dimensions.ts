/** The names that queries, filters and alert rules are made of. */

/** Dimensions to group, filter and rank by; each is a column of `access`. */
export const DIMENSIONS = [
  'route',
  'ingress',
  'namespace',
  'host',
  'service',
  'workload',
  'pod',
  'arm',
  'path',
  'path_pattern',
  'method',
  'status',
  'client',
  'country',
  'user_agent',
  'ua_family',
  'referer',
  'upstream_addr',
  'upstream_status',
  'protocol',
  'tls',
  'source',
] as const
export type Dimension = (typeof DIMENSIONS)[number]

export const OPERATORS = ['eq', 'ne', 'contains', 'gte', 'lte'] as const

/** Numbers that lists can be ordered by and alerts can watch. Times in seconds, rates per second, shares 0…1. */
export const NUMBERS = [
  'requests',
  'qps',
  'visitors',
  'success_rate',
  'error_rate',
  'rate_4xx',
  'rate_5xx',
  'bytes_in',
  'bytes_out',
  'mean',
  'p50',
  'p90',
  'p95',
  'p99',
  'p999',
  'p9999',
  'max',
  'upstream_mean',
  'upstream_p50',
  'upstream_p99',
  's499',
  's502',
  's503',
  's504',
] as const
export type NumberName = (typeof NUMBERS)[number]
