/**
 * As much of an API server as the objects browser asks, answering from memory: `node bench/workloads/cluster.ts PODS CHANGES_PER_SECOND`. Prints its address.
 * In a process of its own, so that what is measured is ours; a real API server takes its own time besides.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const [pods = '30000', rate = '0'] = process.argv.slice(2)
const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']
const podText = (i: number, version: number) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `pod-${String(i).padStart(6, '0')}`,
      namespace: 'default',
      uid: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
      resourceVersion: String(version),
      creationTimestamp: '2026-11-23T20:00:00Z',
      labels: { app: `app-${i % 50}`, 'pod-template-hash': '6db6f76d6f' },
      annotations: { 'example.com/note': 'x'.repeat(500) },
      managedFields: [{ manager: 'kubelet', operation: 'Update', apiVersion: 'v1', fieldsV1: { 'f:status': { note: 'x'.repeat(1500) } } }],
    },
    spec: {
      nodeName: `node-${i % 300}`,
      containers: [
        {
          name: 'main',
          image: 'registry.example/shop/cart:1.2.3',
          env: Array.from({ length: 10 }, (_, n) => ({ name: `VALUE_${n}`, value: `value of ${n}` })),
        },
      ],
    },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'main', ready: true, restartCount: (i + version) % 7, state: { running: { startedAt: '2026-11-23T20:00:05Z' } } }],
    },
  })
const count = Number(pods)
let version = 1
/** Pods that lists answered. */
let listed = 0
const texts = Array.from({ length: count }, (_, i) => podText(i, 1))
const watchers = new Set<ServerResponse>()

const server = createServer((request, response) => {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://cluster')
  const send = (text: string): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(text)
  const list = {
    'GET /api': { kind: 'APIVersions', versions: ['v1'] },
    'GET /apis': { kind: 'APIGroupList', groups: [] },
    'GET /version': { gitVersion: 'v1.36.0' },
  }
  const known = (list as Record<string, unknown>)[`${request.method} ${pathname}`]
  if (known) return send(JSON.stringify(known))
  if (pathname === '/listed') return send(String(listed))
  if (pathname === '/api/v1')
    return send(
      JSON.stringify({
        kind: 'APIResourceList',
        groupVersion: 'v1',
        resources: [{ name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: VERBS, shortNames: ['po'] }],
      }),
    )
  if (pathname.endsWith('accessreviews')) return send(JSON.stringify({ kind: 'SelfSubjectAccessReview', status: { allowed: true } }))
  if (pathname !== '/api/v1/pods')
    return void response.writeHead(404, { 'content-type': 'application/json' }).end('{"kind":"Status","code":404,"reason":"NotFound"}')
  if (query.has('watch')) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    watchers.add(response)
    response.on('close', () => watchers.delete(response))
    return
  }
  const from = Number(query.get('continue') ?? 0)
  const to = Math.min(count, from + Number(query.get('limit') ?? count))
  listed += to - from
  const more = to < count ? `,"continue":"${to}","remainingItemCount":${count - to}` : ''
  send(`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"${version}"${more}},"items":[${texts.slice(from, to).join(',')}]}`)
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`))
if (Number(rate) > 0) {
  setInterval(() => {
    for (let n = 0; n < Number(rate) / 20; n++) {
      version++
      const i = (version * 7919) % count
      const text = podText(i, version)
      texts[i] = text
      for (const watcher of watchers) watcher.write(`{"type":"MODIFIED","object":${text}}\n`)
    }
  }, 50)
}
process.stdin.on('end', () => process.exit(0)).resume()
