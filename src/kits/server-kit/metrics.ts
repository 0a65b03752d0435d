import type { FastifyInstance } from 'fastify'
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** The server's own metrics: process, garbage collection, event loop delay. Capabilities and receivers add theirs. */
export function createMetrics(): Registry {
  const metrics = new Registry()
  collectDefaultMetrics({ register: metrics })
  return metrics
}

/** Counts and times requests by route (its pattern, so that paths make no new series), and serves `/metrics`. */
export function measureHttp(http: FastifyInstance, metrics: Registry): void {
  const registers = [metrics]
  const labelNames = ['method', 'route', 'status']
  const requests = new Counter({ name: 'sallyport_http_requests_total', help: 'Requests answered.', labelNames, registers })
  const seconds = new Histogram({
    name: 'sallyport_http_request_duration_seconds',
    help: 'Time to answer, without event streams.',
    labelNames: ['route'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  })
  http.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none')
    requests.inc({ method: request.method, route, status: reply.statusCode })
    if (reply.raw.getHeader('content-type') !== 'text/event-stream') seconds.observe({ route }, reply.elapsedTime / 1000)
  })
  // No rate, name or number in it is a user's; Kubernetes' probes and Prometheus read it without a login.
  http.get('/metrics', { config: { access: 'public' } }, async (_, reply) => {
    reply.type(metrics.contentType)
    return metrics.metrics()
  })
}
