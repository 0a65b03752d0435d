/** Create, read, replace, conflicts, names, dry run, preconditions, deletion, errors. */
import { expect, it } from 'vitest'
import { type Body, until } from './client.ts'
import { has } from './differences.ts'
import type { Context } from './index.ts'

export function objectContract(context: () => Context): void {
  const maps = () => `/api/v1/namespaces/${context().namespace}/configmaps`
  const map = (name: string, more: object = {}) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: '1' }, ...more })

  it('creates, reads, replaces and deletes', async () => {
    const { api, namespace } = context()
    const made = await api.post(maps(), map('crud'))
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'crud', namespace }, data: { a: '1' } })
    expect(made.body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(made.body.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect((await api.get(`${maps()}/crud`)).body).toEqual(made.body)
    const replaced = await api.put(`${maps()}/crud`, { ...made.body, data: { b: '2' } })
    expect(replaced.status).toBe(200)
    expect(replaced.body.data).toEqual({ b: '2' })
    expect(replaced.body.metadata.uid).toBe(made.body.metadata.uid)
    expect(Number(replaced.body.metadata.resourceVersion)).toBeGreaterThan(Number(made.body.metadata.resourceVersion))
    const gone = await api.delete(`${maps()}/crud`)
    expect(gone.status).toBe(200)
    expect(gone.body).toMatchObject({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Success',
      details: { name: 'crud', kind: 'configmaps', uid: made.body.metadata.uid },
    })
    const missing = await api.get(`${maps()}/crud`)
    expect(missing.status).toBe(404)
    expect(missing.body).toMatchObject({
      kind: 'Status',
      status: 'Failure',
      reason: 'NotFound',
      code: 404,
      message: 'configmaps "crud" not found',
      details: { name: 'crud', kind: 'configmaps' },
    })
  })

  it('writes nothing when nothing changes', async () => {
    const { api } = context()
    const made = await api.post(maps(), map('same'))
    const again = await api.put(`${maps()}/same`, made.body)
    expect(again.body.metadata.resourceVersion).toBe(made.body.metadata.resourceVersion)
  })

  it('refuses a second object of a name, and an update of an older version', async () => {
    const { api } = context()
    const first = await api.post(maps(), map('twice'))
    const second = await api.post(maps(), map('twice'))
    expect(second.status).toBe(409)
    expect(second.body).toMatchObject({ reason: 'AlreadyExists', message: 'configmaps "twice" already exists' })
    expect((await api.put(`${maps()}/twice`, { ...first.body, data: { x: '1' } })).status).toBe(200)
    const stale = await api.put(`${maps()}/twice`, { ...first.body, data: { x: '2' } })
    expect(stale.status).toBe(409)
    expect(stale.body.reason).toBe('Conflict')
    expect(stale.body.message).toContain(
      'Operation cannot be fulfilled on configmaps "twice": the object has been modified; please apply your changes to the latest version and try again',
    )
    expect((await api.put(`${maps()}/twice`, map('twice', { data: { x: '3' } }))).status).toBe(200)
    expect((await api.put(`${maps()}/twice`, { ...map('twice'), metadata: { name: 'twice', uid: '00000000-0000-4000-8000-000000000000' } })).status).toBe(409)
    const other = await api.put(`${maps()}/twice`, map('other'))
    expect(other.status).toBe(400)
    expect(other.body.message).toBe('the name of the object (other) does not match the name on the URL (twice)')
    expect((await api.put(`${maps()}/nobody`, map('nobody'))).status).toBe(404)
  })

  it('draws names, and refuses those that are none', async () => {
    const { api } = context()
    const drawn = await api.post(maps(), { metadata: { generateName: 'drawn-' } })
    expect(drawn.status).toBe(201)
    expect(drawn.body.metadata).toMatchObject({ generateName: 'drawn-', name: expect.stringMatching(/^drawn-[a-z0-9]{5}$/) })
    for (const [metadata, field] of [
      [{ name: 'Not_a_name' }, 'metadata.name'],
      [{}, 'metadata.name'],
      [{ name: 'labels', labels: { 'bad key!': 'x' } }, 'metadata.labels'],
      [{ name: 'labels', labels: { a: 'bad value!' } }, 'metadata.labels'],
    ] as const) {
      const refused = await api.post(maps(), { metadata })
      expect(refused.status).toBe(422)
      expect(refused.body).toMatchObject({ reason: 'Invalid', status: 'Failure', details: { kind: 'ConfigMap', causes: [{ field }] } })
    }
  })

  it('refuses what is in the wrong place, of the wrong kind or no JSON', async () => {
    const { api, namespace } = context()
    expect((await api.post(maps(), { ...map('x'), metadata: { name: 'x', namespace: 'elsewhere' } })).status).toBe(400)
    expect((await api.post(maps(), { ...map('x'), apiVersion: 'v2' })).status).toBe(400)
    expect((await api.post(maps(), { ...map('x'), kind: 'Secret' })).status).toBe(400)
    expect((await api.post(maps(), 'not json')).status).toBe(400)
    expect((await api.post(maps(), map('x'), { type: 'text/plain' })).status).toBe(415)
    expect((await api.post(`/api/v1/namespaces/no-such-${namespace}/configmaps`, map('x'))).body).toMatchObject({ code: 404, details: { kind: 'namespaces' } })
    expect((await api.get('/api/v1/namespaces/default/nothings')).status).toBe(404)
    expect((await api.get('/apis/no.such.group/v1/things')).status).toBe(404)
    expect((await api.put(maps(), map('x'))).status).toBe(405)
    expect((await api.get(`${maps()}/x`, { accept: 'application/vnd.nothing' })).status).toBe(406)
    expect((await api.get('/api/v1/namespaces', { token: 'wrong' })).body).toMatchObject({
      kind: 'Status',
      code: 401,
      reason: 'Unauthorized',
      message: 'Unauthorized',
    })
  })

  it('takes YAML', async () => {
    const { api } = context()
    const made = await api.post(maps(), 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: "true"\n', { type: 'application/yaml' })
    expect(made.status).toBe(201)
    expect(made.body.data).toEqual({ a: 'true' })
  })

  it('answers a dry run as if it were done, and does nothing', async () => {
    const { api } = context()
    const made = await api.post(`${maps()}?dryRun=All`, map('dry'))
    expect(made.status).toBe(201)
    expect(made.body.metadata.uid).toBeTruthy()
    expect((await api.get(`${maps()}/dry`)).status).toBe(404)
    const real = await api.post(maps(), map('dry'))
    expect((await api.put(`${maps()}/dry?dryRun=All`, { ...real.body, data: { z: '1' } })).body.data).toEqual({ z: '1' })
    expect((await api.patch(`${maps()}/dry?dryRun=All`, 'merge', { data: { y: '1' } })).body.data).toEqual({ a: '1', y: '1' })
    expect((await api.delete(`${maps()}/dry?dryRun=All`)).status).toBe(200)
    expect((await api.get(`${maps()}/dry`)).body).toEqual(real.body)
    expect((await api.post(`${maps()}?dryRun=Some`, map('dry2'))).status).toBe(422)
    expect((await api.post(`${maps()}?dryRun=All`, map('dry'))).status).toBe(409)
  })

  it('deletes only what is meant', async () => {
    const { api } = context()
    const made = await api.post(maps(), map('meant'))
    const wrong = await api.delete(`${maps()}/meant`, {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions: { uid: '00000000-0000-4000-8000-000000000000' },
    })
    expect(wrong.body).toMatchObject({ code: 409, reason: 'Conflict' })
    expect((await api.delete(`${maps()}/meant`, { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { resourceVersion: '1' } })).status).toBe(409)
    const { uid, resourceVersion } = made.body.metadata
    expect((await api.delete(`${maps()}/meant`, { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid, resourceVersion } })).status).toBe(200)
  })

  it('keeps what has finalizers until the last is gone', async () => {
    const { api } = context()
    const made = await api.post(maps(), map('final', { metadata: { name: 'final', finalizers: ['example.com/a', 'example.com/b'] } }))
    const deleted = await api.delete(`${maps()}/final`)
    expect(deleted.status).toBe(200)
    const waiting = (await api.get(`${maps()}/final`)).body
    expect(waiting.metadata.deletionTimestamp).toBeTruthy()
    expect(waiting.metadata.deletionGracePeriodSeconds).toBe(0)
    expect(waiting.metadata.uid).toBe(made.body.metadata.uid)
    const added = await api.patch(`${maps()}/final`, 'merge', { metadata: { finalizers: ['example.com/a', 'example.com/b', 'example.com/c'] } })
    expect(added.body).toMatchObject({ code: 422, reason: 'Invalid' })
    expect(added.body.details.causes[0].field).toBe('metadata.finalizers')
    expect((await api.patch(`${maps()}/final`, 'merge', { metadata: { finalizers: ['example.com/b'] } })).status).toBe(200)
    expect((await api.get(`${maps()}/final`)).status).toBe(200)
    expect((await api.patch(`${maps()}/final`, 'merge', { metadata: { finalizers: null } })).status).toBe(200)
    expect((await api.get(`${maps()}/final`)).status).toBe(404)
  })

  it('deletes a collection by labels', async () => {
    const { api } = context()
    for (const [name, app] of [
      ['many-1', 'many'],
      ['many-2', 'many'],
      ['few', 'few'],
    ])
      await api.post(maps(), map(name!, { metadata: { name, labels: { app } } }))
    const gone = await api.delete(`${maps()}?labelSelector=app%3Dmany`)
    expect(gone.status).toBe(200)
    expect((await api.get(`${maps()}?labelSelector=app+in+(many,few)`)).body.items.map((one: Body) => one.metadata.name)).toEqual(['few'])
  })

  it('says which fields it does not know', async () => {
    const { api, target } = context()
    if (!has(target.minor, 'fieldValidation')) {
      expect((await api.post(maps(), map('unknown', { nonsense: 1 }))).body.nonsense).toBeUndefined()
      return
    }
    const strict = await api.post(`${maps()}?fieldValidation=Strict`, map('unknown', { nonsense: 1 }))
    expect(strict.status).toBe(400)
    expect(strict.body.message).toContain('unknown field "nonsense"')
    const warned = await api.post(`${maps()}?fieldValidation=Warn`, map('unknown', { nonsense: 1 }))
    expect(warned.status).toBe(201)
    expect(String(warned.headers.warning)).toContain('unknown field')
    expect(warned.body.nonsense).toBeUndefined()
  })

  it('collects what lost its owner, by each policy', async () => {
    const { api } = context()
    const owned = async (name: string, owner: Body) =>
      api.post(
        maps(),
        map(name, {
          metadata: {
            name,
            ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner.metadata.name, uid: owner.metadata.uid, blockOwnerDeletion: true }],
          },
        }),
      )
    const gone = (name: string) =>
      until(
        `${name} is gone`,
        () => api.get(`${maps()}/${name}`),
        (answer) => answer.status === 404,
      )
    const background = (await api.post(maps(), map('background'))).body
    await owned('background-child', background)
    await api.delete(`${maps()}/background`)
    await gone('background-child')

    const foreground = (await api.post(maps(), map('foreground'))).body
    await owned('foreground-child', foreground)
    const answer = await api.delete(`${maps()}/foreground`, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground' })
    expect(answer.body.metadata.finalizers).toEqual(['foregroundDeletion'])
    await gone('foreground')
    expect((await api.get(`${maps()}/foreground-child`)).status).toBe(404)

    const orphaned = (await api.post(maps(), map('orphaned'))).body
    await owned('orphaned-child', orphaned)
    await api.delete(`${maps()}/orphaned`, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Orphan' })
    await gone('orphaned')
    const child = await api.get(`${maps()}/orphaned-child`)
    expect(child.status).toBe(200)
    expect(child.body.metadata.ownerReferences).toBeUndefined()
    expect((await api.delete(`${maps()}/orphaned-child`, { propagationPolicy: 'Wrong' })).status).toBe(422)
  })

  it('holds a Lease for one at a time', async () => {
    const { api, namespace } = context()
    const leases = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'leader' },
      spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z' },
    }
    const made = await api.post(leases, lease)
    expect(made.status).toBe(201)
    expect(made.body.spec.renewTime).toBe('2026-01-01T00:00:00.000000Z')
    const take = (holderIdentity: string) => api.put(`${leases}/leader`, { ...made.body, spec: { ...made.body.spec, holderIdentity } })
    expect((await Promise.all([take('b'), take('c')])).map((answer) => answer.status).sort()).toEqual([200, 409])
    expect((await api.post(leases, { ...lease, metadata: { name: 'bad' }, spec: { leaseDurationSeconds: -1 } })).status).toBe(422)
  })

  it('empties a namespace before it goes', async () => {
    const { api, namespace } = context()
    const name = `${namespace}-goes`
    const made = await api.post('/api/v1/namespaces', { metadata: { name } })
    expect(made.body).toMatchObject({ spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } })
    await api.post(`/api/v1/namespaces/${name}/configmaps`, map('inside', { metadata: { name: 'inside', finalizers: ['example.com/wait'] } }))
    const going = await api.delete(`/api/v1/namespaces/${name}`)
    expect(going.status).toBe(200)
    expect(going.body.status.phase).toBe('Terminating')
    const refused = await until(
      'closed for new content',
      () => api.post(`/api/v1/namespaces/${name}/configmaps`, map('late')),
      (answer) => answer.status === 403,
    )
    expect(refused.body).toMatchObject({ reason: 'Forbidden', details: { causes: [{ reason: 'NamespaceTerminating' }] } })
    await until(
      'the content is asked to go',
      () => api.get(`/api/v1/namespaces/${name}/configmaps/inside`),
      (answer) => answer.body.metadata?.deletionTimestamp !== undefined,
    )
    await api.patch(`/api/v1/namespaces/${name}/configmaps/inside`, 'merge', { metadata: { finalizers: null } })
    await until(
      'the namespace is gone',
      () => api.get(`/api/v1/namespaces/${name}`),
      (answer) => answer.status === 404,
    )
  })

  it('encodes what is in a Secret, and lets an immutable one be', async () => {
    const { api, namespace } = context()
    const secrets = `/api/v1/namespaces/${namespace}/secrets`
    const made = await api.post(secrets, { metadata: { name: 'secret' }, stringData: { word: 'open' }, immutable: true })
    expect(made.body).toMatchObject({ type: 'Opaque', data: { word: Buffer.from('open').toString('base64') } })
    expect(made.body.stringData).toBeUndefined()
    expect((await api.patch(`${secrets}/secret`, 'merge', { data: { word: 'c2h1dA==' } })).status).toBe(422)
  })
}
