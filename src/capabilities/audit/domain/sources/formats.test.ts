/** Every source as its documentation writes it, three ways: right, torn, and by somebody hostile. */
import { describe, expect, it } from 'vitest'
import { createDocumentReader } from '../documents.ts'
import type { AuditEvent } from '../event.ts'
import { rowOf } from '../rows.ts'
import { hostMessage } from './others.ts'

const AT = '2026-11-23T20:00:00Z'
const ms = Date.parse(AT)

function read(text: string) {
  const events: AuditEvent[] = []
  const rejects: string[] = []
  const reader = createDocumentReader({ event: (event) => events.push(event), reject: (reason) => rejects.push(reason) })
  reader.push(text)
  reader.end()
  return { events, rejects }
}

const apiserver = (version: string, more: object = {}) => ({
  kind: 'Event',
  apiVersion: `audit.k8s.io/${version}`,
  level: 'Request',
  auditID: '8c2f7f0e-6f0b-4b8c-9d58-1a2b3c4d5e6f',
  stage: 'ResponseStarted',
  requestURI: '/api/v1/namespaces/shop/pods/cart-1/exec?command=sh&stdin=true',
  verb: 'create',
  user: { username: 'lee', uid: 'u-1', groups: ['dev', 'system:authenticated'], extra: { 'example.com/email': ['lee@example.com'] } },
  sourceIPs: ['192.0.2.7'],
  userAgent: 'kubectl/v1.31.0 (linux/amd64) kubernetes/9edcffc',
  objectRef: { resource: 'pods', namespace: 'shop', name: 'cart-1', apiVersion: 'v1', subresource: 'exec' },
  responseStatus: { metadata: {}, code: 101 },
  requestReceivedTimestamp: '2026-11-23T19:59:59.900000Z',
  stageTimestamp: '2026-11-23T20:00:00.000000Z',
  annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': 'RBAC: allowed by RoleBinding "dev/shop"' },
  ...more,
})
const EXEC = { plane: 'kubernetes', user: 'lee', verb: 'create', resource: 'pods', subresource: 'exec', namespace: 'shop', name: 'cart-1', code: 101 }
const line = JSON.stringify(apiserver('v1'))
const gke = {
  insertId: 'b3f2c1d0',
  logName: 'projects/p/logs/cloudaudit.googleapis.com%2Factivity',
  resource: { type: 'k8s_cluster', labels: { cluster_name: 'c', location: 'europe-west1', project_id: 'p' } },
  timestamp: AT,
  receiveTimestamp: '2026-11-23T20:00:01Z',
  labels: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
  operation: { first: true, id: 'x', producer: 'k8s.io' },
  protoPayload: {
    '@type': 'type.googleapis.com/google.cloud.audit.AuditLog',
    authenticationInfo: { principalEmail: 'lee@example.com' },
    authorizationInfo: [{ granted: true, permission: 'io.k8s.core.v1.pods.exec.create', resource: 'core/v1/namespaces/shop/pods/cart-1/exec' }],
    methodName: 'io.k8s.core.v1.pods.exec.create',
    requestMetadata: { callerIp: '192.0.2.7', callerSuppliedUserAgent: 'kubectl/v1.31.0' },
    resourceName: 'core/v1/namespaces/shop/pods/cart-1/exec',
    serviceName: 'k8s.io',
    status: { code: 0 },
  },
}
const activity = {
  time: AT,
  resourceId: '/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/C',
  operationName: 'MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/LISTCLUSTERADMINCREDENTIAL/ACTION',
  category: 'Administrative',
  resultType: 'Success',
  resultSignature: 'Succeeded.OK',
  durationMs: 12,
  callerIpAddress: '192.0.2.7',
  correlationId: 'c-1',
  identity: {
    authorization: { scope: '/subscriptions/0', action: 'x' },
    claims: { name: 'Lee', 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn': 'lee@example.com' },
  },
  level: 'Information',
  properties: { statusCode: 'OK' },
}
const trail = {
  eventVersion: '1.09',
  userIdentity: { type: 'IAMUser', principalId: 'AIDAEXAMPLE', arn: 'arn:aws:iam::111122223333:user/lee', accountId: '111122223333', userName: 'lee' },
  eventTime: AT,
  eventSource: 'sts.amazonaws.com',
  eventName: 'AssumeRole',
  awsRegion: 'eu-west-1',
  sourceIPAddress: '192.0.2.7',
  userAgent: 'aws-cli/2',
  requestParameters: { roleArn: 'arn:aws:iam::111122223333:role/Admin', roleSessionName: 'lee' },
  responseElements: { assumedRoleUser: { arn: 'arn:aws:sts::111122223333:assumed-role/Admin/lee' } },
  eventID: 'e-1',
  eventType: 'AwsApiCall',
  recipientAccountId: '111122223333',
}
const ali = {
  eventId: 'a-1',
  eventVersion: '1',
  eventType: 'ApiCall',
  eventSource: 'cs.cn-hangzhou.aliyuncs.com',
  eventName: 'DescribeClusterUserKubeconfig',
  eventTime: AT,
  serviceName: 'CS',
  acsRegion: 'cn-hangzhou',
  requestId: 'r',
  sourceIpAddress: '192.0.2.7',
  userAgent: 'AliyunConsole',
  userIdentity: { type: 'ram-user', accountId: '112233', principalId: '221100', userName: 'lee', accessKeyId: 'x' },
}
const distribution = {
  id: 'd-1',
  timestamp: AT,
  action: 'push',
  target: { mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 708, digest: 'sha256:0', repository: 'shop/cart', url: 'http://r/v2/x', tag: '1' },
  request: { id: 'q', addr: '[2001:db8::7]:4711', host: 'registry.example.com', method: 'PUT', useragent: 'docker/27' },
  actor: { name: 'lee' },
  source: { addr: 'r:5000', instanceID: 'i' },
}
const harborData = {
  resources: [
    { digest: 'sha256:0', tag: '1', resource_url: 'hub.example.com/shop/cart:1' },
    { digest: 'sha256:0', tag: 'latest', resource_url: 'hub.example.com/shop/cart:latest' },
  ],
  repository: { date_created: 1, name: 'cart', namespace: 'shop', repo_full_name: 'shop/cart', repo_type: 'private' },
}
const detected = {
  uuid: 'f-1',
  hostname: 'n1',
  output: '20:00:00.000000000: Notice A shell was spawned',
  output_fields: { 'container.id': 'abc', 'k8s.ns.name': 'shop', 'k8s.pod.name': 'cart-1', 'proc.cmdline': 'sh -i', 'user.name': 'root', 'evt.time': 1 },
  priority: 'Notice',
  rule: 'Terminal shell in container',
  source: 'syscall',
  tags: ['shell'],
  time: '2026-11-23T20:00:00.000000000Z',
}
const probed = {
  process_kprobe: {
    process: {
      exec_id: 'ZXhlYw==',
      pid: 7,
      uid: 0,
      cwd: '/',
      binary: '/bin/cat',
      arguments: '/etc/shadow',
      pod: { namespace: 'shop', name: 'cart-1', container: { id: 'c', name: 'cart' } },
    },
    parent: { exec_id: 'cA==' },
    function_name: 'security_file_permission',
    args: [{ file_arg: { path: '/etc/shadow' } }],
  },
  node_name: 'n1',
  time: '2026-11-23T20:00:00.000000000Z',
}
const journal = (program: string, MESSAGE: unknown) => ({
  __CURSOR: `s=${program}`,
  __REALTIME_TIMESTAMP: `${ms}000`,
  _HOSTNAME: 'n1',
  SYSLOG_IDENTIFIER: program,
  PRIORITY: '6',
  MESSAGE,
})

/** What is sent, and what each of its events must say. */
const SOURCES: Record<string, [sent: unknown, wanted: object]> = {
  'apiserver v1': [apiserver('v1'), { ...EXEC, uid: 'u-1', extra: { 'example.com/email': ['lee@example.com'] } }],
  'apiserver v1beta1': [apiserver('v1beta1'), EXEC],
  'apiserver, a batch of its webhook': [{ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items: [apiserver('v1')] }, EXEC],
  'EKS, CloudWatch subscription': [
    {
      messageType: 'DATA_MESSAGE',
      owner: '1',
      logGroup: '/aws/eks/c/cluster',
      logStream: 'kube-apiserver-audit-0',
      logEvents: [{ id: '3', timestamp: ms, message: line }],
    },
    EXEC,
  ],
  'EKS, filter-log-events': [{ events: [{ logStreamName: 'kube-apiserver-audit-0', timestamp: ms, message: line, eventId: '3' }] }, EXEC],
  'EKS, a query of CloudWatch Logs': [
    {
      results: [
        [
          { field: '@timestamp', value: '2026-11-23 20:00:00.000' },
          { field: '@message', value: line },
        ],
      ],
      status: 'Complete',
    },
    EXEC,
  ],
  'AKS, diagnostics': [
    {
      records: [
        {
          time: AT,
          category: 'kube-audit',
          operationName: 'Microsoft.ContainerService/managedClusters/diagnosticLogs/Read',
          resourceId: '/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.CONTAINERSERVICE/MANAGEDCLUSTERS/C',
          properties: { log: `${line}\n`, stream: 'stdout', pod: 'kube-apiserver-0' },
        },
      ],
    },
    EXEC,
  ],
  'AKS, the table AKSAudit': [
    {
      TimeGenerated: AT,
      AuditId: 'x',
      Level: 'Request',
      Stage: 'ResponseStarted',
      StageReceivedTime: AT,
      RequestReceivedTime: AT,
      Verb: 'create',
      RequestUri: '/api/v1/namespaces/shop/pods/cart-1/exec?command=sh',
      User: '{"username":"lee","groups":["dev"]}',
      SourceIps: '["192.0.2.7"]',
      UserAgent: 'kubectl',
      ObjectRef: '{"resource":"pods","namespace":"shop","name":"cart-1","subresource":"exec"}',
      ResponseStatus: '{"code":101}',
    },
    EXEC,
  ],
  GKE: [gke, { ...EXEC, user: 'lee@example.com', code: 200, decision: 'allow' }],
  'GKE, pushed by Pub/Sub': [
    { message: { data: btoa(JSON.stringify(gke)), messageId: '1', attributes: {} }, subscription: 'projects/p/subscriptions/s' },
    { ...EXEC, user: 'lee@example.com', code: 200 },
  ],
  CloudTrail: [
    { Records: [trail] },
    { plane: 'cloud', user: 'arn:aws:iam::111122223333:user/lee', verb: 'AssumeRole', ip: '192.0.2.7', detail: expect.objectContaining({ userName: 'lee' }) },
  ],
  'CloudTrail, EventBridge': [
    { version: '0', id: 'b', 'detail-type': 'AWS API Call via CloudTrail', source: 'aws.sts', time: AT, detail: trail },
    { plane: 'cloud', id: 'e-1' },
  ],
  'CloudTrail, lookup-events': [
    { Events: [{ EventId: 'e-1', EventName: 'AssumeRole', CloudTrailEvent: JSON.stringify(trail) }] },
    { plane: 'cloud', id: 'e-1' },
  ],
  ActionTrail: [[ali], { plane: 'cloud', user: 'lee', verb: 'DescribeClusterUserKubeconfig', apiGroup: 'CS', ip: '192.0.2.7', id: 'a-1', code: 200 }],
  'ActionTrail, Log Service': [
    { __topic__: 'actiontrail_audit_event', event: JSON.stringify(ali) },
    { plane: 'cloud', id: 'a-1' },
  ],
  'GCP activity': [
    { ...gke, protoPayload: { ...gke.protoPayload, methodName: 'google.container.v1.ClusterManager.DeleteCluster', serviceName: 'container.googleapis.com' } },
    { plane: 'cloud', user: 'lee@example.com', apiGroup: 'container.googleapis.com', ip: '192.0.2.7' },
  ],
  'Azure activity': [{ records: [activity] }, { plane: 'cloud', user: 'lee@example.com', ip: '192.0.2.7', code: 200 }],
  'CloudTrail, refused': [
    { ...trail, errorCode: 'AccessDenied', responseElements: null },
    { plane: 'cloud', code: 403, decision: 'forbid' },
  ],
  'Azure activity, as its API has it, refused': [
    {
      caller: 'lee@example.com',
      eventDataId: 'x',
      eventTimestamp: AT,
      operationName: { value: 'Microsoft.ContainerService/managedClusters/delete', localizedValue: 'Delete' },
      resourceId: '/subscriptions/0',
      httpRequest: { clientIpAddress: '192.0.2.7' },
      status: { value: 'Failed' },
      resultSignature: 'Forbidden',
    },
    { plane: 'cloud', user: 'lee@example.com', ip: '192.0.2.7', code: 403 },
  ],
  'Docker distribution': [
    { events: [distribution] },
    { plane: 'registry', user: 'lee', verb: 'push', name: 'registry.example.com/shop/cart:1', ip: '2001:db8::7' },
  ],
  Harbor: [
    { type: 'PUSH_ARTIFACT', occur_at: ms / 1000, operator: 'lee', event_data: harborData },
    { plane: 'registry', user: 'lee', verb: 'push', name: 'hub.example.com/shop/cart:1', detail: { digest: 'sha256:0', tags: ['1', 'latest'] } },
  ],
  'Harbor, CloudEvents': [
    {
      specversion: '1.0',
      id: 'h-1',
      requestid: 'r',
      source: '/projects/1/webhook/policies/1',
      type: 'harbor.artifact.deleted',
      time: AT,
      data: harborData,
      operator: 'lee',
    },
    { plane: 'registry', user: 'lee', verb: 'delete', id: 'h-1' },
  ],
  Falco: [detected, { plane: 'runtime', user: 'root', namespace: 'shop', name: 'cart-1', verb: 'Terminal shell in container' }],
  Tetragon: [probed, { plane: 'runtime', verb: 'kprobe', user: 'uid 0', namespace: 'shop', detail: expect.objectContaining({ container: 'cart' }) }],
  sshd: [
    journal('sshd-session', 'Accepted publickey for lee from 192.0.2.7 port 51234 ssh2: ED25519 SHA256:abc'),
    { plane: 'host', user: 'lee', ip: '192.0.2.7', code: 200, detail: { method: 'publickey', key: 'ED25519 SHA256:abc' } },
  ],
  sudo: [
    journal('sudo', '     lee : TTY=pts/0 ; PWD=/home/lee ; USER=root ; COMMAND=/usr/bin/cat /etc/shadow'),
    { plane: 'host', user: 'lee', impersonated: 'root', verb: 'sudo' },
  ],
  'sudo without a terminal, as bytes': [
    journal('sudo', [...new TextEncoder().encode('lee : PWD=/ ; USER=root ; COMMAND=/bin/true')]),
    { plane: 'host', user: 'lee', detail: { command: '/bin/true' } },
  ],
}

const MARKUP = '<img src=x onerror=alert(1)>\u202e"; DROP TABLE audit; --'

/** The sample with each of its values in turn bent: another type, markup, far too long. */
function* bent(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) for (const other of bent(item)) yield value.with(i, other)
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) for (const other of bent(item)) yield { ...value, [key]: other }
  for (const other of [null, 7, [], {}, MARKUP, 'x'.repeat(20_000), { __proto__: null, constructor: 1 }]) yield other
}

describe('sources', () => {
  it.each(Object.entries(SOURCES))('%s: right', (_, [sent, wanted]) => {
    const { events, rejects } = read(JSON.stringify(sent))
    expect(rejects).toEqual([])
    expect(events).toEqual([expect.objectContaining({ at: ms, ...wanted })])
  })

  it.each(Object.entries(SOURCES))('%s: torn', (_, [sent]) => {
    const text = JSON.stringify(sent)
    for (const part of [0.1, 0.5, 0.9, 0.99]) expect(read(text.slice(0, text.length * part))).toEqual({ events: [], rejects: ['json'] })
  })

  it.each(Object.entries(SOURCES))('%s: bent by somebody hostile', (_, [sent]) => {
    for (const other of bent(sent)) {
      const { events, rejects } = read(JSON.stringify(other) ?? 'null')
      for (const event of events) {
        const row = rowOf(event, [])
        expect(Object.values(row).every((cell) => typeof cell === 'string' || Number.isFinite(cell))).toBe(true)
        for (const [word, cell] of Object.entries(row)) expect(String(cell).length, word).toBeLessThanOrEqual(word === 'detail' ? 65_536 : 26_000)
      }
      // what was sent became an event or was counted; an empty list holds nothing
      if (events.length + rejects.length === 0) expect(JSON.stringify(other)).toMatch(/\[\]/)
      for (const reason of rejects) expect(['json', 'format', 'version', 'fields', 'time', 'size', 'other']).toContain(reason)
    }
  })

  it('take no origin from a user name that looks like one', () => {
    const forged = 'root from 192.0.2.99 port 1 ssh2'
    expect(hostMessage('sshd', `Failed password for invalid user ${forged} from 198.51.100.5 port 22 ssh2`)).toMatchObject({ user: forged, ip: '198.51.100.5' })
  })

  it('tell lines of a known format that are no deed from lines that nobody can read', () => {
    expect(read(JSON.stringify(journal('sshd', 'pam_unix(sshd:session): session opened for user lee'))).rejects).toEqual(['other'])
    const replication = { type: 'REPLICATION', occur_at: 1, operator: 'MANUAL', event_data: { replication: { job_status: 'Success' } } }
    expect(read(JSON.stringify(replication)).rejects).toEqual(['other'])
    expect(read('{"log":"started"}').rejects).toEqual(['format'])
    expect(read(JSON.stringify({ ...detected, time: 'soon' })).rejects).toEqual(['time'])
  })
})
