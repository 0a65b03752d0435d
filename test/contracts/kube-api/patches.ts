/** JSON, merge and strategic patches; server-side apply. */
import { expect, it } from 'vitest'
import type { Body } from './client.ts'
import { has } from './differences.ts'
import type { Context } from './index.ts'

export function patchContract(context: () => Context): void {
  const maps = () => `/api/v1/namespaces/${context().namespace}/configmaps`
  const deployments = () => `/apis/apps/v1/namespaces/${context().namespace}/deployments`
  const deployment = (name: string, more: object = {}) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }], env: [{ name: 'A', value: '1' }] }] },
      },
      ...more,
    },
  })
  const containers = (body: Body): Body[] => body.spec.template.spec.containers

  it('patches by JSON Patch', async () => {
    const { api } = context()
    await api.post(maps(), { metadata: { name: 'json', annotations: { 'example.com/y': '2' } }, data: { a: '1' } })
    const patched = await api.patch(`${maps()}/json`, 'json', [
      { op: 'test', path: '/data/a', value: '1' },
      { op: 'replace', path: '/data/a', value: '3' },
      { op: 'remove', path: '/metadata/annotations/example.com~1y' },
      { op: 'add', path: '/metadata/labels', value: { k: 'v' } },
      { op: 'copy', from: '/data/a', path: '/data/b' },
      { op: 'move', from: '/data/b', path: '/data/c' },
    ])
    expect(patched.status).toBe(200)
    expect(patched.body).toMatchObject({ data: { a: '3', c: '3' }, metadata: { labels: { k: 'v' } } })
    expect(patched.body.metadata.annotations).toBeUndefined()
    expect((await api.patch(`${maps()}/json`, 'json', [{ op: 'test', path: '/data/a', value: 'no' }])).body).toMatchObject({ code: 422, reason: 'Invalid' })
    expect((await api.patch(`${maps()}/json`, 'json', [{ op: 'remove', path: '/data/nothing' }])).status).toBe(422)
    expect((await api.patch(`${maps()}/json`, 'json', { no: 'list' })).status).toBe(400)
    expect((await api.patch(`${maps()}/nobody`, 'json', [])).status).toBe(404)
  })

  it('patches by merge, and honors a resourceVersion in the patch', async () => {
    const { api } = context()
    const made = await api.post(maps(), { metadata: { name: 'merge', labels: { keep: 'y' } }, data: { a: '1', b: '2' } })
    const patched = await api.patch(`${maps()}/merge`, 'merge', { data: { a: null, c: '3' } })
    expect(patched.body.data).toEqual({ b: '2', c: '3' })
    expect(patched.body.metadata.labels).toEqual({ keep: 'y' })
    const stale = await api.patch(`${maps()}/merge`, 'merge', { metadata: { resourceVersion: made.body.metadata.resourceVersion }, data: { d: '4' } })
    expect(stale.body).toMatchObject({ code: 409, reason: 'Conflict' })
    expect((await api.patch(`${maps()}/merge`, 'merge', { metadata: { name: 'renamed' } })).status).toBe(400)
    expect((await api.call('PATCH', `${maps()}/merge`, { body: {}, type: 'application/json' })).status).toBe(415)
  })

  it('patches by strategic merge: lists by their keys, with directives', async () => {
    const { api } = context()
    await api.post(deployments(), deployment('strategic'))
    const patch = (body: object) => api.patch(`${deployments()}/strategic`, 'strategic', body)
    const inTemplate = (spec: object) => ({ spec: { template: { spec } } })
    let now = (
      await patch(
        inTemplate({
          containers: [
            { name: 'web', image: 'web:2' },
            { name: 'side', image: 'side:1' },
          ],
        }),
      )
    ).body
    expect(containers(now).map((one) => [one.name, one.image])).toEqual([
      ['web', 'web:2'],
      ['side', 'side:1'],
    ])
    expect(containers(now)[0].ports).toMatchObject([{ containerPort: 80 }])
    now = (await patch(inTemplate({ containers: [{ name: 'web', env: [{ name: 'B', value: '2' }], ports: [{ containerPort: 81 }] }] }))).body
    expect(new Set(containers(now)[0].env.map((one: Body) => one.name))).toEqual(new Set(['A', 'B']))
    expect(new Set(containers(now)[0].ports.map((one: Body) => one.containerPort))).toEqual(new Set([80, 81]))
    now = (
      await patch(
        inTemplate({
          containers: [
            { name: 'web', env: [{ name: 'A', $patch: 'delete' }] },
            { name: 'side', $patch: 'delete' },
          ],
        }),
      )
    ).body
    expect(containers(now).map((one) => one.name)).toEqual(['web'])
    expect(containers(now)[0].env).toEqual([{ name: 'B', value: '2' }])
    now = (
      await patch(
        inTemplate({
          $setElementOrder$containers: undefined,
          '$setElementOrder/containers': [{ name: 'first' }, { name: 'web' }],
          containers: [{ name: 'first', image: 'first:1' }],
        }),
      )
    ).body
    expect(containers(now).map((one) => one.name)).toEqual(['first', 'web'])
    now = (await patch(inTemplate({ containers: [{ $patch: 'replace' }, { name: 'only', image: 'only:1' }] }))).body
    expect(containers(now).map((one) => one.name)).toEqual(['only'])
    now = (await patch({ spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } })).body
    expect(now.spec.strategy).toEqual({ type: 'Recreate' })
    expect((await patch({ metadata: { finalizers: ['example.com/f'] } })).body.metadata.finalizers).toEqual(['example.com/f'])
    expect((await patch({ metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/f'] } })).body.metadata.finalizers).toBeUndefined()
    expect((await patch(inTemplate({ containers: [{ image: 'nameless:1' }] }))).status).toBeGreaterThanOrEqual(400)
  })

  it('counts changes of what is wanted, and refuses what a kind forbids', async () => {
    const { api } = context()
    const made = await api.post(deployments(), deployment('generation'))
    expect(made.body.metadata.generation).toBe(1)
    expect(made.body.spec).toMatchObject({
      strategy: { type: 'RollingUpdate' },
      revisionHistoryLimit: 10,
      template: { spec: { restartPolicy: 'Always', terminationGracePeriodSeconds: 30 } },
    })
    expect((await api.patch(`${deployments()}/generation`, 'merge', { metadata: { labels: { x: 'y' } } })).body.metadata.generation).toBe(1)
    expect((await api.patch(`${deployments()}/generation`, 'merge', { spec: { paused: true } })).body.metadata.generation).toBe(2)
    const selector = await api.patch(`${deployments()}/generation`, 'merge', { spec: { selector: { matchLabels: { app: 'other' } } } })
    expect(selector.body).toMatchObject({ code: 422, reason: 'Invalid' })
    expect((await api.post(deployments(), deployment('mismatch', { selector: { matchLabels: { app: 'nobody' } } }))).status).toBe(422)
    expect((await api.post(deployments(), { ...deployment('typed'), spec: { ...deployment('typed').spec, replicas: 'many' } })).status).toBe(400)
  })

  it('applies: makes, changes, and takes away what is no longer said', async () => {
    const { api } = context()
    const apply = (data: object, manager = 'one', more = '') =>
      api.patch(`${maps()}/applied?fieldManager=${manager}${more}`, 'apply', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data })
    const made = await apply({ a: '1', b: '2' })
    expect(made.status).toBe(201)
    expect(made.body.metadata.managedFields).toMatchObject([
      { manager: 'one', operation: 'Apply', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} } } },
    ])
    const changed = await apply({ a: '1', c: '3' })
    expect(changed.status).toBe(200)
    expect(changed.body.data).toEqual({ a: '1', c: '3' })
    expect((await apply({ a: '1', c: '3' })).body.metadata.resourceVersion).toBe(changed.body.metadata.resourceVersion)
    // Two may say the same; a field goes when the last one no longer says it.
    expect((await apply({ c: '3' }, 'two')).status).toBe(200)
    expect((await apply({ a: '1' })).body.data).toEqual({ a: '1', c: '3' })
    const conflict = await apply({ a: '9' }, 'two')
    expect(conflict.body).toMatchObject({ code: 409, reason: 'Conflict', details: { causes: [{ reason: 'FieldManagerConflict', field: '.data.a' }] } })
    expect(conflict.body.message).toContain('Apply failed with 1 conflict: conflict with "one"')
    const forced = await apply({ a: '9' }, 'two', '&force=true')
    expect(forced.body.data).toEqual({ a: '9' })
    const managers = forced.body.metadata.managedFields.map((one: Body) => one.manager)
    expect(managers).toEqual(['two'])
    expect((await apply({ a: '1' }, 'one', '&dryRun=All')).status).toBe(409)
    expect(
      (await api.patch(`${maps()}/applied`, 'apply', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' } })).status,
    ).toBeGreaterThanOrEqual(400)
    expect((await api.patch(`${maps()}/applied?fieldManager=x`, 'apply', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } })).status).toBe(
      400,
    )
  })

  it('keeps count of who set what by other writes', async () => {
    const { api } = context()
    const made = await api.post(`${maps()}?fieldManager=maker`, { metadata: { name: 'count', labels: { l: '1' } }, data: { a: '1', b: '1' } })
    const [entry] = made.body.metadata.managedFields
    expect(entry).toMatchObject({
      manager: 'maker',
      operation: 'Update',
      fieldsV1: { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } } },
    })
    const patched = await api.patch(`${maps()}/count?fieldManager=patcher`, 'merge', { data: { b: '2', c: '2' } })
    const of = (body: Body, manager: string) => body.metadata.managedFields.find((one: Body) => one.manager === manager)
    expect(of(patched.body, 'patcher').fieldsV1).toEqual({ 'f:data': { 'f:b': {}, 'f:c': {} } })
    expect(of(patched.body, 'maker').fieldsV1['f:data']).toEqual({ '.': {}, 'f:a': {} })
    const config = (data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'count' }, data })
    const conflict = await api.patch(`${maps()}/count?fieldManager=applier`, 'apply', config({ a: '5', b: '5' }))
    expect(conflict.body.message).toContain('Apply failed with 2 conflicts')
    expect(conflict.body.details.causes.map((one: Body) => one.field).sort()).toEqual(['.data.a', '.data.b'])
    const shared = await api.patch(`${maps()}/count?fieldManager=applier`, 'apply', config({ a: '1' }))
    expect(shared.status).toBe(200)
    expect(of(shared.body, 'applier')).toMatchObject({ operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {} } } })
    expect((await api.patch(`${maps()}/count?fieldManager=applier`, 'apply', config({}))).body.data).toEqual({ a: '1', b: '2', c: '2' })
  })

  it('applies to lists by their keys', async () => {
    const { api, target } = context()
    const apply = (manager: string, list: object[], force = false) =>
      api.patch(`${deployments()}/ssa?fieldManager=${manager}&force=${force}`, 'apply', {
        ...deployment('ssa'),
        spec: { selector: { matchLabels: { app: 'ssa' } }, template: { metadata: { labels: { app: 'ssa' } }, spec: { containers: list } } },
      })
    const web = { name: 'web', image: 'web:1', ports: [{ containerPort: 80, protocol: 'TCP' }] }
    const made = await apply('one', [web, { name: 'side', image: 'side:1' }])
    expect(made.status).toBe(201)
    const own = made.body.metadata.managedFields.find((one: Body) => one.manager === 'one').fieldsV1['f:spec']['f:template']['f:spec']['f:containers']
    expect(Object.keys(own).sort()).toEqual(['k:{"name":"side"}', 'k:{"name":"web"}'])
    expect(own['k:{"name":"web"}']['f:ports']).toEqual({ 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} } })
    const gone = await apply('one', [web])
    expect(containers(gone.body).map((one) => one.name)).toEqual(['web'])
    const added = await apply('two', [{ name: 'web', image: 'web:1', env: [{ name: 'E', value: '1' }] }])
    expect(containers(added.body)[0]).toMatchObject({ ports: [{ containerPort: 80 }], env: [{ name: 'E', value: '1' }] })
    const conflict = await apply('two', [{ name: 'web', image: 'web:2' }])
    expect(conflict.body.details.causes).toMatchObject([{ field: '.spec.template.spec.containers[name="web"].image' }])
    const scaled = await api.patch(`${deployments()}/ssa/scale?fieldManager=scaler`, 'merge', { spec: { replicas: 0 } })
    expect(scaled.status).toBe(200)
    if (!has(target.minor, 'subresourceManagers')) return
    await api.patch(`${deployments()}/ssa/status?fieldManager=teller`, 'merge', { status: { conditions: [{ type: 'Mine', status: 'True' }] } })
    const entry = (await api.get(`${deployments()}/ssa`)).body.metadata.managedFields.find((one: Body) => one.manager === 'teller')
    expect(entry.subresource).toBe('status')
  })
}
