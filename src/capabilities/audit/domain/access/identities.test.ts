import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '#core/kube/objects.ts'
import { type AuditEvent, emptyEvent } from '../event.ts'
import { subjectOfRequest } from './certificate-request.ts'
import { createDeeds } from './deeds.ts'
import { createIdentities, plainName } from './identities.ts'
import { leaverReport } from './leaver.ts'
import { indexObjects } from './objects.ts'

/** `openssl req -new -subj /O=dev/O=ops/CN=lee-backup` */
const CSR =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIdE1JR1RBZ0VBTURFeEREQUtCZ05WQkFvTUEyUmxkakVNTUFvR0ExVUVDZ3dEYjNCek1STXdFUVlEVlFRRApEQXBzWldVdFltRmphM1Z3TUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFYjBTNGY2ZTFaV2xBCnV3Nms2bk9LaFZCZDd3U2RxU1Ryc05iNGZ3WWRpZUFJTWtrb3d4Ym5URVB4QzBOSXpEOSs4eTA2WEM2ZXRHalAKMy9rcjkrVUpPNkFBTUFvR0NDcUdTTTQ5QkFNQ0Ewa0FNRVlDSVFEQ3dBMUxkcWo4anNiZnlvSDVHMHJvdk1MRQpYeGZWVlR3MnFBajhNOWUxSUFJaEFJWEtyOS93RlB4ZTVWQU5BNmUxL3JkYmNPb1BYVk1sR1FiWmFOMVgvZ09lCi0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo='

let count = 0
const event = (user: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
  ...emptyEvent('kubernetes'),
  id: `e-${++count}`,
  at: 1_795_000_000_000 + count,
  stage: 'ResponseComplete',
  user,
  verb: 'get',
  resource: 'pods',
  code: 200,
  decision: 'allow',
  ...more,
})
const cloud = (user: string, detail: object, more: Partial<AuditEvent> = {}) => event(user, { plane: 'cloud', detail: { ...detail }, stage: '', ...more })
const resolve = (events: AuditEvent[], options: { given?: string[]; denied?: string[]; objects?: KubeObject[] } = {}) => {
  const identities = createIdentities()
  events.forEach(identities.event)
  options.objects?.forEach(identities.object)
  return identities.resolve(options.given ?? ['lee'], options.denied)
}
const names = (events: AuditEvent[], options?: Parameters<typeof resolve>[1]) => [...resolve(events, options).names].sort()
const ARN = 'arn:aws:iam::111122223333:user/lee.smith'
const session = (name: string) => `arn:aws:sts::111122223333:assumed-role/Admin/${name}`

describe('the names of a person', () => {
  it('are joined by what the API server and clouds say, with the evidence', () => {
    const { mappings } = resolve([
      event('lee', { extra: { arn: [ARN] } }),
      cloud(ARN, { userName: 'lee.smith' }),
      event('kim', { extra: { arn: ['arn:aws:iam::1:user/kim'] } }),
    ])
    expect(mappings).toMatchObject([
      { name: ARN, kind: 'cloud', confidence: 'certain', used: true, as: 'person' },
      { name: 'lee.smith', kind: 'cloud', confidence: 'certain', used: true },
    ])
    expect(mappings[0]!.evidence).toMatch(/arn of user lee, as the API server authenticated it: .*, event e-\d+/)
  })

  it('are joined over claims, issuers, uids, roles taken, and the map of EKS', () => {
    expect(names([event('lee', { extra: { 'example.com/email': ['Lee@example.com'] } }), event('oidc:lee@example.com'), event('kim@example.com')])).toEqual(
      ['Lee@example.com', 'lee', 'oidc:lee@example.com'].sort(),
    )
    expect(names([event('lee', { uid: 'u-7' }), event('lee-old', { uid: 'u-7' }), event('kim', { uid: 'u-8' })])).toEqual(['lee', 'lee-old'])
    const taken = cloud(ARN, { session: session('s') }, { verb: 'AssumeRole' })
    expect(names([taken], { given: [ARN] })).toEqual([session('s'), ARN].sort())
    const map = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'aws-auth', namespace: 'kube-system' },
      data: { mapUsers: `- username: lee\n  userarn: ${ARN}\n- userarn: arn:x\n  username: kim\n` },
    }
    expect(names([], { objects: [map] })).toEqual([ARN, 'lee'].sort())
  })

  it('are not joined by what several share', () => {
    // one role, one user name for it, one chosen name of a session
    const role = 'aws-iam-authenticator:111122223333:AROAEXAMPLE'
    const canonicalArn = ['arn:aws:iam::111122223333:role/Admin']
    const inRole = (user: string) => event(user, { uid: role, extra: { canonicalArn, arn: [session(user)], principalId: ['AROAEXAMPLE'] } })
    expect(names([inRole('lee'), inRole('kim')])).toEqual([session('lee'), 'lee'].sort())
    const shared = (who: string) => event('admin', { extra: { arn: [session(who)] } })
    expect(names([shared('lee'), shared('kim')], { given: [session('lee')] })).toEqual([session('lee')])
    const take = (by: string) => cloud(by, { session: session('terraform') }, { verb: 'AssumeRole' })
    expect(names([take(ARN), take('arn:aws:iam::1:user/kim')], { given: [ARN] })).toEqual([ARN])
    expect(names([event('lee', { uid: 'x' }), ...['a', 'b', 'c'].map((user) => event(user, { uid: 'x' }))])).toEqual(['lee'])
  })

  it('are only told of when they look alike', () => {
    const { names: used, mappings } = resolve([event('lee@example.com'), event('lee', { plane: 'host' }), cloud(session('lee'), {}), event('lee@other.org')])
    expect([...used]).toEqual(['lee'])
    expect(mappings.map(({ name, confidence, used }) => [name, confidence, used])).toEqual([
      ['lee@example.com', 'possible', false],
      [session('lee'), 'possible', false],
      ['lee@other.org', 'possible', false],
    ])
  })

  it('are yours to say: what you give and deny wins', () => {
    const events = [event('lee@example.com'), event('lee', { extra: { email: ['wrong@example.com'] } })]
    const { mappings } = resolve(events, { given: ['lee', 'lee@example.com'], denied: ['wrong@example.com'] })
    expect(names(events, { given: ['lee', 'lee@example.com'], denied: ['wrong@example.com'] })).toEqual(['lee', 'lee@example.com'])
    expect(mappings.slice(0, 2)).toMatchObject([
      { name: 'lee@example.com', kind: 'given', used: true },
      { name: 'wrong@example.com', kind: 'denied', used: false },
    ])
  })

  it('never are those of the system, which are credentials at most', () => {
    const create = (resource: string, more: Partial<AuditEvent> = {}) =>
      event('lee', { verb: 'create', resource, namespace: 'shop', name: 'robot', code: 201, ...more })
    const { names: used, mappings } = resolve([
      create('serviceaccounts'),
      create('serviceaccounts', { subresource: 'token', name: 'deployer' }),
      create('certificatesigningrequests', { namespace: '', request: { spec: { request: CSR } } }),
      event('lee', { impersonated: 'system:admin' }),
      event('kim', { verb: 'create', resource: 'serviceaccounts', namespace: 'shop', name: 'hers' }),
      create('serviceaccounts', { name: 'refused', code: 403, decision: 'forbid' }),
    ])
    expect([...used]).toEqual(['lee'])
    expect(mappings.map(({ name, kind, as, used: counted }) => [name, kind, as, counted])).toEqual([
      ['system:serviceaccount:shop:robot', 'service-account', 'credential', false],
      ['system:serviceaccount:shop:deployer', 'token', 'credential', false],
      ['lee-backup', 'certificate', 'credential', false],
      ['system:admin', 'impersonation', 'credential', false],
    ])
  })

  it('follow a token by its id, whoever it says it is', () => {
    const id = 'JTI=7f3c'
    const minted = event('lee', {
      verb: 'create',
      resource: 'serviceaccounts',
      subresource: 'token',
      namespace: 'shop',
      name: 'deployer',
      annotations: { 'authentication.kubernetes.io/issued-credential-id': id },
    })
    const by = (credential: string) =>
      event('system:serviceaccount:shop:deployer', {
        verb: 'delete',
        resource: 'secrets',
        extra: { 'authentication.kubernetes.io/credential-id': [credential] },
      })
    const events = [by(id), minted, by('JTI=other')]
    const { names: used, credentials } = resolve(events)
    const deeds = createDeeds(used, credentials)
    events.forEach(deeds.event)
    expect(deeds.summary().map(({ verb, resource, count }) => [verb, resource, count])).toEqual([
      ['delete', 'secrets', 1],
      ['create', 'serviceaccounts/token', 1],
    ])
  })

  it('do not depend on the order of the events', () => {
    const events = [
      event('lee', { extra: { arn: [ARN], email: ['lee@example.com'] } }),
      cloud(ARN, { userName: 'lee.smith' }),
      event('oidc:lee@example.com'),
      event('lee.smith', { plane: 'registry' }),
      event('kim', { extra: { email: ['kim@example.com'] } }),
    ]
    const wanted = names(events)
    expect(wanted).toEqual([ARN, 'lee', 'lee.smith', 'lee@example.com', 'oidc:lee@example.com'].sort())
    fc.assert(fc.property(fc.shuffledSubarray(events, { minLength: events.length }), (order) => void expect(names(order)).toEqual(wanted)))
  })
})

describe('requests for certificates', () => {
  it('are remembered when their object is gone: an approved one may live on', () => {
    const now = 1_795_000_000_000
    const csr = (by: string, name: string) =>
      event(by, { verb: 'create', resource: 'certificatesigningrequests', name, request: { spec: { request: CSR, expirationSeconds: 86_400 } } })
    const approve = (name: string) => event('boss', { verb: 'update', resource: 'certificatesigningrequests', subresource: 'approval', name })
    const issue = event('system:serviceaccount:kube-system:certificate-controller', {
      verb: 'update',
      resource: 'certificatesigningrequests',
      subresource: 'status',
      name: 'theirs',
      request: { status: { certificate: 'cGVt' } },
    })
    const deeds = createDeeds(new Set(['lee']))
    for (const one of [csr('lee', 'theirs'), csr('lee', 'pending'), csr('kim', 'other'), approve('theirs'), approve('other'), issue]) deeds.event(one)
    expect(deeds.approvedRequests().map(({ name, named }) => [name, named.commonName])).toEqual([['theirs', 'lee-backup']])
    expect([...deeds.issued()]).toEqual([['theirs', 'cGVt']])
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'ops' },
      roleRef: { kind: 'ClusterRole', name: 'ops' },
      subjects: [{ kind: 'Group', name: 'ops' }],
    }
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'ops' },
      rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
    }
    const report = (at: number) =>
      leaverReport({ names: new Set(['lee']), groups: [], objects: indexObjects([binding, role]), deeds, certificates: [], now: at })
    const [soon, later] = [report(now), report(now + 3 * 86_400_000)]
    expect(soon.left).toContainEqual(expect.objectContaining({ kind: 'certificate', object: 'certificate of CSR theirs' }))
    expect(soon.can).toHaveLength(1)
    // its organization has rights that others need: only a new authority ends it
    expect(soon.plan.steps.at(-1)!.what).toContain('certificate of CSR theirs')
    expect([soon.after, later.can]).toEqual([[], []])
  })

  it('say whom they name', () => {
    expect(subjectOfRequest(CSR)).toEqual({ commonName: 'lee-backup', organizations: ['dev', 'ops'] })
  })
  it('are not trusted to be any', () => {
    for (let at = 0; at < CSR.length; at += 9) expect(() => subjectOfRequest(CSR.slice(0, at))).not.toThrow()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${btoa(String.fromCharCode(...bytes))}\n-----END CERTIFICATE REQUEST-----`
        subjectOfRequest(btoa(pem))
      }),
    )
  })
})

describe('a name without its issuer', () => {
  it.each([
    ['https://issuer.example.com#lee', 'lee'],
    ['oidc:lee@example.com', 'lee@example.com'],
    ['lee', 'lee'],
    ['system:serviceaccount:a:b', 'system:serviceaccount:a:b'],
  ])('%s', (name, plain) => expect(plainName(name)).toBe(plain))
})
