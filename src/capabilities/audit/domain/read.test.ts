import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createDocumentReader } from './documents.ts'
import type { AuditEvent } from './event.ts'

const EVENT = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Request',
  auditID: 'a-1',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/shop/pods',
  verb: 'create',
  user: { username: 'alice', groups: ['dev'] },
  impersonatedUser: { username: 'bob', groups: ['ops'] },
  sourceIPs: ['1.2.3.4', '10.0.0.9'],
  userAgent: 'kubectl/v1.30',
  objectRef: { resource: 'pods', namespace: 'shop', name: 'p', apiVersion: 'v1' },
  responseStatus: { code: 201 },
  requestReceivedTimestamp: '2026-11-23T20:00:00.100000Z',
  stageTimestamp: '2026-11-23T20:00:00.200000Z',
  annotations: { 'authorization.k8s.io/decision': 'allow' },
}

function read(...texts: string[]) {
  const events: AuditEvent[] = []
  const rejects: string[] = []
  const reader = createDocumentReader({ event: (event) => events.push(event), reject: (reason) => rejects.push(reason) })
  for (const text of texts) reader.push(text)
  reader.end()
  return { events, rejects }
}
const one = JSON.stringify(EVENT)

describe('reading', () => {
  it('keeps who asked and as whom, and the peer that connected', () => {
    const [event] = read(one).events
    expect(event).toMatchObject({ user: 'alice', impersonated: 'bob', ip: '10.0.0.9', claimedIps: ['1.2.3.4'], code: 201, decision: 'allow', name: 'p' })
    expect(event!.at).toBe(1795464000200)
  })

  it.each([
    ['one a line', `${one}\n${one}\r\n\n${one}`, 3],
    ['a list on one line', JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1beta1', items: [EVENT, EVENT] }), 2],
    ['an indented list', JSON.stringify({ kind: 'EventList', items: [EVENT, EVENT] }, undefined, 2), 2],
    ['an array', JSON.stringify([EVENT]), 1],
    [
      'v1beta1',
      JSON.stringify({
        ...EVENT,
        apiVersion: 'audit.k8s.io/v1beta1',
        requestReceivedTimestamp: undefined,
        stageTimestamp: undefined,
        timestamp: '2018-10-26T09:55:02Z',
      }),
      1,
    ],
    [
      'EKS from CloudWatch',
      JSON.stringify({
        logGroup: '/aws/eks/x/cluster',
        logEvents: [
          { id: '1', timestamp: 1, message: one },
          { id: '2', timestamp: 1, message: one },
        ],
      }),
      2,
    ],
    ['EKS by a query', JSON.stringify({ '@timestamp': 'x', '@message': one }), 1],
    ['AKS diagnostics', JSON.stringify({ records: [{ category: 'kube-audit', properties: { log: one } }] }), 1],
    ['AKS in Log Analytics', JSON.stringify({ Category: 'kube-audit', log_s: one }), 1],
    ['a collector', JSON.stringify({ stream: 'stdout', log: `${one}\n` }), 1],
  ])('takes %s', (_, text, count) => {
    const { events, rejects } = read(text)
    expect(rejects).toEqual([])
    expect(events.map(({ id, user }) => [id, user])).toEqual(Array.from({ length: count }, () => ['a-1', 'alice']))
  })

  it('takes GKE, whose entries have another shape', () => {
    const entry = (over: object = {}) => ({
      insertId: 'i-1',
      timestamp: '2026-11-23T20:00:00Z',
      protoPayload: {
        '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
        authenticationInfo: { principalEmail: 'alice@example.com' },
        authorizationInfo: [{ granted: true, permission: 'io.k8s.core.v1.pods.exec.create', resource: 'core/v1/namespaces/shop/pods/cart/exec' }],
        methodName: 'io.k8s.core.v1.pods.exec.create',
        requestMetadata: { callerIp: '8.8.4.4', callerSuppliedUserAgent: 'kubectl' },
        resourceName: 'core/v1/namespaces/shop/pods/cart/exec',
        ...over,
      },
    })
    expect(read(JSON.stringify(entry())).events[0]).toMatchObject({
      plane: 'kubernetes',
      user: 'alice@example.com',
      verb: 'create',
      apiGroup: '',
      resource: 'pods',
      subresource: 'exec',
      namespace: 'shop',
      name: 'cart',
      ip: '8.8.4.4',
      code: 200,
      decision: 'allow',
    })
    const refused = entry({
      methodName: 'io.k8s.authorization.rbac.v1.clusterroles.get',
      resourceName: 'rbac.authorization.k8s.io/v1/clusterroles/x',
      status: { code: 7 },
    })
    expect(read(JSON.stringify(refused)).events[0]).toMatchObject({
      apiGroup: 'rbac.authorization.k8s.io',
      resource: 'clusterroles',
      name: 'x',
      namespace: '',
      code: 403,
      decision: 'forbid',
    })
  })

  it.each([
    ['truncated JSON', `${one}\n${one.slice(0, 99)}`, 'json'],
    ['an unknown version', JSON.stringify({ ...EVENT, apiVersion: 'audit.k8s.io/v9' }), 'version'],
    ['no auditID', JSON.stringify({ ...EVENT, auditID: undefined }), 'fields'],
    ['no time', JSON.stringify({ ...EVENT, stageTimestamp: 'yesterday' }), 'time'],
    ['something else', '{"hello":"world"}', 'format'],
    ['no object', '42', 'format'],
  ])('counts %s', (_, text, reason) => {
    expect(read(text).rejects).toEqual([reason])
  })

  it('takes an event of 300 kB, and counts what is nested without end', () => {
    const big = JSON.stringify({ ...EVENT, requestObject: { data: 'x'.repeat(300_000) } })
    expect(read(big).events).toHaveLength(1)
    const nested = Array.from({ length: 9 }).reduce((inner: unknown) => ({ message: inner }), EVENT)
    expect(read(JSON.stringify(nested)).rejects).toEqual(['format'])
  })

  it('finds the lines of a file whose first line is broken', () => {
    expect(read(`{"cut\n${one}\n${one}\n`)).toMatchObject({ events: { length: 2 }, rejects: ['json'] })
  })

  it('reads the same in any pieces', () => {
    const text = `${one}\n${one.slice(0, 40)}\n${one}\n`
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length]
        const pieces = at.slice(1).map((to, i) => text.slice(at[i], to))
        expect(read(...pieces)).toEqual(read(text))
      }),
    )
  })

  it('throws for no JSON at all', () => {
    const keys = Object.keys(EVENT) as (keyof typeof EVENT)[]
    const bent = fc.record(Object.fromEntries(keys.map((key) => [key, fc.oneof(fc.constant(EVENT[key]), fc.jsonValue())])))
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          bent.map((event) => JSON.stringify(event)),
        ),
        (json) => void expect(() => read(json)).not.toThrow(),
      ),
    )
  })
})
