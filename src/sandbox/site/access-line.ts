/** One line of the ingress' access log: ingress-nginx' variables in the JSON form that its documentation shows for `log-format-upstream`. */

export interface Access {
  at: number
  client: string
  method: string
  host: string
  path: string
  query: string
  protocol: string
  status: number
  bytesSent: number
  requestLength: number
  /** Seconds. */
  requestTime: number
  referer: string
  userAgent: string
  requestId: string
  namespace: string
  ingress: string
  service: string
  port: number
  /** `canary` when the alternative backend served it. */
  arm: string
  /** One entry a try, as nginx lists them. */
  tries: readonly { address: string; status: number | undefined; time: number; length: number }[]
}

const list = (values: readonly (string | number)[]) => (values.length === 0 ? '-' : values.join(', '))

export function accessLine(a: Access): string {
  return `${JSON.stringify({
    time: new Date(a.at).toISOString(),
    remote_addr: a.client,
    request_id: a.requestId,
    vhost: a.host,
    method: a.method,
    path: a.path,
    request_query: a.query,
    request_proto: a.protocol,
    status: a.status,
    bytes_sent: a.bytesSent,
    request_length: a.requestLength,
    request_time: Number(a.requestTime.toFixed(3)),
    http_referrer: a.referer,
    http_user_agent: a.userAgent,
    namespace: a.namespace,
    ingress_name: a.ingress,
    service_name: a.service,
    proxy_upstream_name: a.service ? `${a.namespace}-${a.service}-${a.port}` : '',
    proxy_alternative_upstream_name: a.arm === 'canary' ? `${a.namespace}-${a.service}-canary-${a.port}` : '',
    upstream_addr: list(a.tries.map((t) => t.address)),
    upstream_status: list(a.tries.map((t) => t.status ?? '-')),
    upstream_response_time: list(a.tries.map((t) => t.time.toFixed(3))),
    upstream_response_length: list(a.tries.map((t) => t.length)),
  })}\n`
}
