import { describe, expect, it } from 'vitest'
import { createDocumentReader } from '../documents.ts'
import type { AuditEvent } from '../event.ts'

function read(json: unknown) {
  const events: AuditEvent[] = []
  const rejects: string[] = []
  const reader = createDocumentReader({ event: (event) => events.push(event), reject: (reason) => rejects.push(reason) })
  reader.push(JSON.stringify(json))
  reader.end()
  return { events, rejects }
}
const AT = '2026-11-23T20:00:00Z'
const ms = Date.parse(AT)

describe('other planes', () => {
  it.each([
    [
      'Docker distribution',
      {
        events: [
          {
            id: 'd-1',
            timestamp: AT,
            action: 'push',
            target: { repository: 'shop/cart', tag: '1', digest: 'sha256:0' },
            request: { addr: '10.0.0.1:4711', host: 'registry.example.com', useragent: 'docker' },
            actor: { name: 'lee' },
          },
        ],
      },
      { plane: 'registry', user: 'lee', verb: 'push', name: 'registry.example.com/shop/cart:1', ip: '10.0.0.1' },
    ],
    [
      'Harbor',
      {
        type: 'DELETE_ARTIFACT',
        occur_at: ms / 1000,
        operator: 'lee',
        event_data: { resources: [{ digest: 'sha256:0', tag: '1', resource_url: 'hub/shop/cart:1' }], repository: { repo_full_name: 'shop/cart' } },
      },
      { plane: 'registry', user: 'lee', verb: 'delete', name: 'hub/shop/cart:1' },
    ],
    [
      'CloudTrail',
      {
        Records: [
          {
            eventID: 'c',
            eventTime: AT,
            eventSource: 'eks.amazonaws.com',
            eventName: 'DeleteCluster',
            sourceIPAddress: '1.2.3.4',
            errorCode: 'AccessDenied',
            userIdentity: { arn: 'arn:aws:iam::1:user/lee' },
          },
        ],
      },
      { plane: 'cloud', user: 'arn:aws:iam::1:user/lee', verb: 'DeleteCluster', apiGroup: 'eks.amazonaws.com', code: 403, decision: 'forbid' },
    ],
    [
      'ActionTrail',
      { eventId: 'a', eventTime: AT, eventName: 'CreateCluster', serviceName: 'CS', sourceIpAddress: '1.2.3.4', userIdentity: { userName: 'lee' } },
      { plane: 'cloud', user: 'lee', verb: 'CreateCluster', apiGroup: 'CS', code: 200 },
    ],
    [
      'Google',
      {
        insertId: 'g',
        timestamp: AT,
        protoPayload: {
          methodName: 'SetIamPolicy',
          serviceName: 'iam.googleapis.com',
          resourceName: 'projects/p',
          authenticationInfo: { principalEmail: 'lee@example.com' },
        },
      },
      { plane: 'cloud', user: 'lee@example.com', verb: 'SetIamPolicy' },
    ],
    [
      'Azure',
      {
        time: AT,
        operationName: 'MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/DELETE',
        resourceId: '/subscriptions/1/x',
        caller: 'lee@example.com',
        callerIpAddress: '1.2.3.4',
        resultType: 'Failure',
        resultSignature: 'Forbidden',
      },
      { plane: 'cloud', user: 'lee@example.com', code: 403 },
    ],
    [
      'Falco',
      {
        rule: 'Terminal shell in container',
        priority: 'Notice',
        output: 'x',
        time: AT,
        output_fields: { 'k8s.ns.name': 'shop', 'k8s.pod.name': 'cart', 'user.name': 'root', 'proc.cmdline': 'bash' },
      },
      { plane: 'runtime', namespace: 'shop', name: 'cart', user: 'root', detail: expect.objectContaining({ command: 'bash' }) },
    ],
    [
      'Tetragon',
      {
        process_exec: { process: { exec_id: 'x', uid: 0, binary: '/bin/cat', arguments: '/etc/shadow', pod: { namespace: 'shop', name: 'cart' } } },
        node_name: 'n1',
        time: AT,
      },
      { plane: 'runtime', verb: 'exec', namespace: 'shop', detail: expect.objectContaining({ command: '/bin/cat /etc/shadow' }) },
    ],
    [
      'sshd',
      {
        __REALTIME_TIMESTAMP: `${ms}000`,
        SYSLOG_IDENTIFIER: 'sshd',
        _HOSTNAME: 'n1',
        MESSAGE: 'Failed password for invalid user admin from 1.2.3.4 port 22 ssh2',
      },
      { plane: 'host', verb: 'login', user: 'admin', ip: '1.2.3.4', code: 401, name: 'n1' },
    ],
    [
      'sudo',
      {
        __REALTIME_TIMESTAMP: `${ms}000`,
        SYSLOG_IDENTIFIER: 'sudo',
        _HOSTNAME: 'n1',
        MESSAGE: '     lee : TTY=pts/0 ; PWD=/home/lee ; USER=root ; COMMAND=/usr/bin/cat /etc/shadow',
      },
      { plane: 'host', verb: 'sudo', user: 'lee', impersonated: 'root', code: 200, detail: { command: '/usr/bin/cat /etc/shadow' } },
    ],
  ])('%s', (_, json, wanted) => {
    const { events, rejects } = read(json)
    expect(rejects).toEqual([])
    expect(events).toEqual([expect.objectContaining({ at: ms, ...wanted })])
  })

  it('counts what has no time, and lines of a journal that are no events', () => {
    expect(read({ rule: 'x', priority: 'Notice', output: 'x', time: 'soon' }).rejects).toEqual(['time'])
    expect(read({ __REALTIME_TIMESTAMP: '1', SYSLOG_IDENTIFIER: 'cron', MESSAGE: 'hello' }).rejects).toEqual(['format'])
  })
})
