/** What stands in the way on a real API server is found by the plan, before anything is written. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { MAPPING } from '#capabilities/app-migration/domain/mapping.ts'
import { prepare } from '#capabilities/app-migration/domain/prepare.ts'
import { minorOfVersion, planMove } from '#capabilities/app-migration/move/plan.ts'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Cluster } from '#core/shapes/ports/cluster.ts'
import { type OpenCluster, openCluster } from '#edges/cluster/client.ts'
import { parseKubeconfig, readKubeconfigFile } from '#edges/cluster/kubeconfig.ts'
import { systemClock } from '#kits/cli-kit/clock.ts'
import { describeCluster } from '#test/real.ts'

describeCluster('the plan on a real cluster', (kubeconfig) => {
  const [there, coming] = ['there', 'coming'].map((word) => `${word}-${randomBytes(3).toString('hex')}`) as [string, string]
  let open: OpenCluster
  const facts = loadApiFacts()

  const at = (apiVersion: string, kind: string, name: string, rest: object, namespace = there): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
    ...rest,
  })
  const deployment = (name: string, pod: object = {}, labels = { app: name }, namespace = there) =>
    at(
      'apps/v1',
      'Deployment',
      name,
      {
        spec: {
          replicas: 3,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'r.example/a:1' }], ...pod } },
        },
      },
      namespace,
    )
  const plan = async (objects: readonly KubeObject[], options: Partial<Parameters<typeof planMove>[2]> = {}, cluster: Cluster = open.cluster) => {
    const known = await facts
    const prepared = prepare(objects, known, { minor: minorOfVersion('v1.20.2', known), mapping: MAPPING.parse({}) })
    const result = await planMove(cluster, prepared, { existing: 'update', ...options })
    return {
      ...result,
      found: result.obstacles.map(({ kind, severity, details }) => [
        severity,
        kind,
        details.what ?? details.resource ?? details.fields ?? details.path ?? details.image ?? details.owner,
      ]),
      actions: result.verdicts.map(({ action, error }) => [action, error?.code]),
    }
  }

  beforeAll(async () => {
    const access = await parseKubeconfig(await readKubeconfigFile(kubeconfig)).select()
    open = openCluster({ name: 'real', access, clock: systemClock })
    await open.cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: there } })
    await open.cluster.create(at('v1', 'ResourceQuota', 'small', { spec: { hard: { pods: '2', 'count/configmaps': '5' } } }))
    const { metadata } = await open.cluster.create(deployment('here'))
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'here', uid: metadata.uid!, controller: true }
    await open.cluster.create({
      ...at('v1', 'ConfigMap', 'owned', { data: { a: 'b' } }),
      metadata: { name: 'owned', namespace: there, ownerReferences: [owner] },
    })
    await open.cluster.create(at('v1', 'ConfigMap', 'taken', { data: { a: 'b' } }))
    for (;;) {
      const { status } = await open.cluster.get({ apiVersion: 'v1', kind: 'ResourceQuota', namespace: there, name: 'small' })
      if ((status as { hard?: object }).hard !== undefined) return
      await systemClock.sleep(50)
    }
  })
  afterAll(async () => {
    await open?.cluster.delete({ apiVersion: 'v1', kind: 'Namespace', name: there })
    await open?.close()
  })

  it('finds a quota that is too small', async () => {
    const { found, blocking } = await plan([deployment('new')])
    expect(found).toEqual([['error', 'quota-small', 'pods']])
    expect(blocking).toBe(1)
    expect((await plan([at('v1', 'ConfigMap', 'fits', { data: { a: 'b' } })])).blocking).toBe(0)
  })

  it('finds immutable fields, and what would restart', async () => {
    expect((await plan([deployment('here', {}, { app: 'other' })])).actions).toEqual([['blocked', 'OBJECT_REJECTED']])
    const { actions, found } = await plan([deployment('here', { priorityClassName: '', nodeSelector: { a: 'b' } })])
    expect(actions).toEqual([['update', undefined]])
    expect(found).toContainEqual(['warning', 'interrupted', undefined])
    expect((await plan([deployment('here')])).found).toEqual([])
  })

  it('decides clashes of names by policy, and knows whose the object is', async () => {
    const taken = at('v1', 'ConfigMap', 'taken', { data: { a: 'c' } })
    expect((await plan([taken], { existing: 'fail' })).actions).toEqual([['blocked', 'ALREADY_EXISTS']])
    expect((await plan([taken], { existing: 'skip' })).actions).toEqual([['skip', undefined]])
    expect((await plan([taken])).verdicts[0]).toMatchObject({ action: 'update', changes: [{ path: 'data.a', from: 'b', to: 'c' }] })
    const { found, blocking } = await plan([at('v1', 'ConfigMap', 'owned', { data: { a: 'c' } })])
    expect(found).toEqual([['error', 'owned-there', `Deployment ${there}/here`]])
    expect(blocking).toBe(1)
  })

  it('finds classes, definitions and roles that are missing, and a kind that is not served', async () => {
    const claim = at('v1', 'PersistentVolumeClaim', 'data', {
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'none', resources: { requests: { storage: '1Gi' } } },
    })
    const { found } = await plan([deployment('here', { priorityClassName: 'none' }), claim, at('acme.io/v1', 'Widget', 'w', {})], { existing: 'skip' })
    expect(found).toEqual(
      expect.arrayContaining([
        ['error', 'needs-missing', 'PriorityClass none'],
        ['error', 'needs-missing', 'StorageClass none'],
      ]),
    )
    expect((await plan([at('acme.io/v1', 'Widget', 'w', {})])).actions).toEqual([['blocked', 'KIND_UNKNOWN']])
  })

  it('finds what a namespace that is yet to come would refuse, and fields that an older target drops', async () => {
    const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: coming } }
    const bad = at('v1', 'Service', 'bad', { spec: { ports: [{ port: 99_999 }] } }, coming)
    expect((await plan([namespace, bad])).actions).toEqual([
      ['create', undefined],
      ['blocked', 'OBJECT_REJECTED'],
    ])
    const newer = deployment('newer', { hostUsers: false, schedulingGates: [{ name: 'a' }] }, { app: 'newer' }, coming)
    const { found } = await plan([namespace, newer], { sourceVersion: 'v1.36.0' })
    expect(found[0]).toEqual(['warning', 'target-older', undefined])
    expect(found.find(([, kind]) => kind === 'fields-dropped')?.[2]).toContain('spec.template.spec.schedulingGates')
  })

  it('finds rights that are missing, and does what can be done without being the administrator', async () => {
    const ann = open.cluster.as({ kind: 'impersonated', user: 'ann', groups: ['nobodies'] })
    const map = at('v1', 'ConfigMap', 'new', { data: { a: 'b' } })
    expect((await plan([map], {}, ann)).blocking).toBeGreaterThan(0)
    const rbac = 'rbac.authorization.k8s.io/v1'
    await open.cluster.create(at(rbac, 'Role', 'ann', { rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'create', 'patch'] }] }))
    await open.cluster.create(
      at(rbac, 'RoleBinding', 'ann', {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'ann' },
        subjects: [{ kind: 'User', name: 'ann' }],
      }),
    )
    const { blocking, found, actions } = await plan([map], {}, open.cluster.as({ kind: 'impersonated', user: 'ann', groups: ['nobodies', 'others'] }))
    expect([blocking, actions]).toEqual([0, [['create', undefined]]])
    // Quotas are not hers to see: that is said, and is not the same as fine.
    expect(found).toEqual([
      ['unknown', 'needs-unseen', `Namespace ${there}`],
      ['unknown', 'quota-unseen', undefined],
      ['unknown', 'quota-unseen', undefined],
    ])
  })

  it('finds images of another architecture, that are not there, or cannot be looked at', async () => {
    const platformsOf = (platforms: readonly string[] | undefined) => ({ existing: 'skip' as const, platformsOf: async () => platforms })
    const nodes = (await open.cluster.list({ apiVersion: 'v1', kind: 'Node' })).items.length
    const imageOf = async (platforms: readonly string[] | undefined) =>
      (await plan([deployment('here')], platformsOf(platforms))).found.map(([severity, kind]) => [severity, kind])
    expect(await imageOf(undefined)).toEqual([['error', 'image-missing']])
    expect(await imageOf(['linux/s390x'])).toEqual(nodes === 0 ? [] : [['error', 'architecture']])
    expect(await imageOf(['linux/amd64', 'linux/arm64'])).toEqual([])
  })
})
