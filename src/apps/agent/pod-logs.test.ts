import { describe, expect, it } from 'vitest'
import { type NodePod, nodePodOf } from '#edges/cluster/pods-of-node.ts'
import { accessLogs, allLogs, podLogs } from './pod-logs.ts'

const pod = (image: string, more: Partial<NodePod> = {}): NodePod => ({
  namespace: 'ingress-nginx',
  name: 'ingress-abc',
  labels: {},
  annotations: {},
  workload: 'ingress',
  workloadKind: 'Deployment',
  containers: [{ name: 'controller', image }],
  ...more,
})
const select = (of: NodePod, container = of.containers[0]!) => accessLogs(of, container)

describe('which containers write access logs', () => {
  it.each([
    'registry.k8s.io/ingress-nginx/controller:v1.9.4@sha256:0000',
    'r.example:5000/mirror/ingress-nginx/controller',
    'rancher/nginx-ingress-controller:nginx-1.9',
    'nginx/nginx-ingress:3.1',
    'traefik',
    'docker.io/library/traefik:v3',
  ])('%s does', (image) => expect(select(pod(image))).toEqual([{ stream: 'stdout' }]))

  it.each(['nginx:1.25', 'shop/traefik-demo:1', 'envoyproxy/envoy:v1.30', 'istio/proxyv2:1.22', 'ingress-nginx/kube-webhook-certgen:v1', ''])(
    '%s does not',
    (image) => expect(select(pod(image))).toEqual([]),
  )

  it('tells gateways from sidecars', () => {
    expect(select(pod('envoyproxy/envoy:v1', { labels: { 'gateway.envoyproxy.io/owning-gateway-name': 'web' } }))).toHaveLength(1)
    expect(select(pod('istio/proxyv2:1', { labels: { istio: 'ingressgateway' } }))).toHaveLength(1)
    expect(select(pod('istio/proxyv2:1', { labels: { istio: 'egress' } }))).toEqual([])
  })

  it('does what the pod says', () => {
    const annotations = (said: string, container?: string) => ({
      annotations: { 'sallyport.io/access-log': said, ...(container === undefined ? {} : { 'sallyport.io/access-log-container': container }) },
    })
    expect(select(pod('nginx', annotations('true')))).toEqual([{ stream: 'stdout' }])
    expect(select(pod('nginx', annotations('combined')))).toEqual([{ format: 'combined', stream: 'stdout' }])
    expect(select(pod('nginx', annotations('no such, format')))).toEqual([])
    expect(select(pod('traefik', annotations('false')))).toEqual([])
    expect(select(pod('nginx', annotations('true', 'other')))).toEqual([])
    expect(select(pod('nginx', annotations('true', 'controller')))).toHaveLength(1)
  })
})

describe('logs of pods', () => {
  const known = pod('traefik:v3')
  const logs = podLogs('/var/log/pods', { get: (namespace, name) => (`${namespace}/${name}` === 'ingress-nginx/ingress-abc' ? known : undefined) }, accessLogs)
  const path = '/var/log/pods/ingress-nginx_ingress-abc_1234-5/controller/3.log'

  it('wait for the rest of a record that may go on, but not for ever; lines of access logs do not wait', () => {
    const line = (text: string) => `2026-11-24T10:00:00.000000000Z stderr F ${text}\n`
    const first = line('ERROR boom')
    const whole = first + line('\tat shop.A(A.java:1)')
    const next = line('INFO next')
    const all = podLogs('/var/log/pods', { get: () => undefined }, allLogs, { format: 'container' }).source
    const end = (text: string, settled: boolean, source = all) => source.endOfWhole!(Buffer.from(text), settled)
    expect(end(first, false)).toBe(0)
    expect(end(whole, false)).toBe(0)
    expect(end(whole + next, false)).toBe(whole.length)
    expect(end(`${whole}2026-11-24T10`, false)).toBe(0)
    expect(end(first, true)).toBe(first.length)
    expect(end(whole + next, true)).toBe(whole.length + next.length)
    expect(end(first, false, logs.source)).toBe(first.length)
  })

  it('are followed when the pod is known and wanted', () => {
    expect(logs.source.pattern).toBe('/var/log/pods/*/*/*.log')
    expect(logs.source.wanted!(path)).toBe(true)
    expect(logs.source.wanted!(path.replace('abc', 'abd'))).toBe(false)
    expect(logs.source.wanted!(path.replace('/controller/', '/sidecar/'))).toBe(false)
    expect(logs.source.wanted!('/var/log/pods/x/y/z.log')).toBe(false)
  })

  it('carry where they are from, also when the pod is no longer known, within what the server takes', () => {
    const bytes = Buffer.from('2026-01-02T03:04:05Z stdout F a\n2026-01-02T03:04:05Z stderr F b\n')
    expect(logs.batches(path, bytes)).toEqual([
      {
        source: 'ingress-nginx/ingress/controller',
        labels: { namespace: 'ingress-nginx', pod: 'ingress-abc', container: 'controller', workload: 'ingress' },
        bytes: Buffer.from('2026-01-02T03:04:05Z stdout F a\n'),
      },
    ])
    const long = `/var/log/pods/${'n'.repeat(63)}_${'p'.repeat(253)}_uid/${'c'.repeat(63)}/0.log`
    const { source, labels } = logs.batches(long, bytes)[0]!
    expect([source, ...Object.values(labels)].every((text) => text.length <= 256)).toBe(true)
    expect(labels.pod).toBe('p'.repeat(253))
  })
})

describe('logs of all containers', () => {
  const path = '/var/log/pods/ingress-nginx_ingress-abc_1234-5/controller/3.log'
  const bytes = Buffer.from('2026-01-02T03:04:05Z stdout F a\n2026-01-02T03:04:05Z stderr F b\n')
  const of = (known: NodePod) => podLogs('/var/log/pods', { get: () => known }, allLogs).batches(path, bytes)

  it('go out as they are, with the workload and its kind', () => {
    expect(of(pod('shop/cart:1'))).toEqual([
      {
        source: 'ingress-nginx/ingress/controller',
        format: 'container',
        labels: { namespace: 'ingress-nginx', pod: 'ingress-abc', container: 'controller', workload: 'Deployment/ingress' },
        bytes,
      },
    ])
  })

  it('are apart from access logs of the same file', () => {
    expect(of(pod('traefik:v3')).map(({ format, bytes }) => [format, `${bytes}`])).toEqual([
      [undefined, '2026-01-02T03:04:05Z stdout F a\n'],
      ['container', '2026-01-02T03:04:05Z stderr F b\n'],
    ])
  })

  it('stay where they are when the pod says so', () => {
    expect(allLogs(pod('shop/cart:1', { annotations: { 'sallyport.io/logs': 'false' } }), { name: 'controller', image: '' })).toEqual([])
  })
})

it('names the workload behind a pod', () => {
  const of = (metadata: object) => nodePodOf({ metadata: { name: 'p', namespace: 'n', resourceVersion: '1', ...metadata } }).workload
  const owner = (kind: string, name: string) => ({ ownerReferences: [{ kind, name, controller: true }] })
  expect(of({})).toBe('p')
  expect(of(owner('DaemonSet', 'edge'))).toBe('edge')
  expect(of({ ...owner('ReplicaSet', 'web-6d4'), labels: { 'pod-template-hash': '6d4' } })).toBe('web')
  expect(of(owner('ReplicaSet', 'web-6d4'))).toBe('web-6d4')
})
