/** Lists: selectors, pages, revisions, tables; and watches. */
import { expect, it } from 'vitest'
import { type Body, until } from './client.ts'
import { has } from './differences.ts'
import type { Context } from './index.ts'

const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'

export function listContract(context: () => Context): void {
  const maps = () => `/api/v1/namespaces/${context().namespace}/configmaps`
  const names = (body: Body): string[] => body.items.map((one: Body) => one.metadata.name)
  const make = (name: string, labels: object = {}, data: object = {}) => context().api.post(maps(), { metadata: { name, labels }, data })

  it('selects by labels and fields', async () => {
    const { api, namespace } = context()
    await make('sel-a', { set: 'sel', tier: 'web', n: '1' })
    await make('sel-b', { set: 'sel', tier: 'db', n: '2' })
    await make('sel-c', { set: 'sel' })
    const select = async (selector: string) => names((await api.get(`${maps()}?labelSelector=${encodeURIComponent(selector)}`)).body)
    expect(await select('set=sel,tier=web')).toEqual(['sel-a'])
    expect(await select('set=sel,tier!=web')).toEqual(['sel-b', 'sel-c'])
    expect(await select('set==sel,tier in (web, db)')).toEqual(['sel-a', 'sel-b'])
    expect(await select('set=sel,tier notin (web)')).toEqual(['sel-b', 'sel-c'])
    expect(await select('set=sel,tier')).toEqual(['sel-a', 'sel-b'])
    expect(await select('set=sel,!tier')).toEqual(['sel-c'])
    expect(await select('set=sel,n>1')).toEqual(['sel-b'])
    expect((await api.get(`${maps()}?labelSelector=${encodeURIComponent('a=b=c')}`)).status).toBe(400)
    expect(names((await api.get(`${maps()}?fieldSelector=metadata.name%3Dsel-b`)).body)).toEqual(['sel-b'])
    expect(names((await api.get(`/api/v1/configmaps?fieldSelector=metadata.name%3Dsel-b,metadata.namespace%3D${namespace}`)).body)).toEqual(['sel-b'])
    const wrong = await api.get(`${maps()}?fieldSelector=data.x%3D1`)
    expect(wrong.body).toMatchObject({ code: 400, reason: 'BadRequest' })
    expect(wrong.body.message).toContain('data.x')
    expect((await api.get('/api/v1/pods?fieldSelector=status.phase%21%3DRunning,spec.nodeName%3D')).status).toBe(200)
  })

  it('hands out pages of one moment, whatever changes meanwhile', async () => {
    const { api } = context()
    for (let i = 0; i < 7; i++) await make(`page-${i}`, { set: 'page' })
    const first = (await api.get(`${maps()}?limit=3&labelSelector=set%3Dpage`)).body
    expect(names(first)).toEqual(['page-0', 'page-1', 'page-2'])
    expect(first.metadata.remainingItemCount).toBeUndefined()
    await api.delete(`${maps()}/page-4`)
    await make('page-35', { set: 'page' })
    const second = (await api.get(`${maps()}?limit=3&labelSelector=set%3Dpage&continue=${encodeURIComponent(first.metadata.continue)}`)).body
    expect(names(second)).toEqual(['page-3', 'page-4', 'page-5'])
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion)
    const third = (await api.get(`${maps()}?limit=3&labelSelector=set%3Dpage&continue=${encodeURIComponent(second.metadata.continue)}`)).body
    expect(names(third)).toEqual(['page-6'])
    expect(third.metadata.continue ?? '').toBe('')
    const whole = (await api.get(`${maps()}?limit=1`)).body
    const all = (await api.get(maps())).body
    expect(whole.metadata.remainingItemCount).toBe(all.items.length - 1)
    expect(all.metadata.remainingItemCount).toBeUndefined()
    expect((await api.get(`${maps()}?limit=3&continue=nonsense`)).status).toBe(400)
  })

  it('says when a page or a revision is too old', async () => {
    const { api, target } = context()
    for (let i = 0; i < 3; i++) await make(`old-${i}`, { set: 'old' })
    const first = (await api.get(`${maps()}?limit=1&labelSelector=set%3Dold`)).body
    const last = (await make('old-3', { set: 'old' })).body
    if (target.compact === undefined) return
    await target.compact(Number(last.metadata.resourceVersion))
    const late = await api.get(`${maps()}?limit=1&labelSelector=set%3Dold&continue=${encodeURIComponent(first.metadata.continue)}`)
    expect(late.body).toMatchObject({ kind: 'Status', code: 410, reason: 'Expired', metadata: { continue: expect.any(String) } })
    // From the same place on, but as it is now.
    const rest = (await api.get(`${maps()}?labelSelector=set%3Dold&continue=${encodeURIComponent(late.body.metadata.continue)}`)).body
    expect(names(rest)).toEqual(['old-1', 'old-2', 'old-3'])
    expect(Number(rest.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion))
  })

  it('lists at a revision', async () => {
    const { api } = context()
    const before = (await make('rev-1', { set: 'rev' })).body.metadata.resourceVersion
    await make('rev-2', { set: 'rev' })
    const at = (query: string) => api.get(`${maps()}?labelSelector=set%3Drev&${query}`)
    expect(names((await at(`resourceVersion=${before}&resourceVersionMatch=Exact`)).body)).toEqual(['rev-1'])
    // From a cache, in no promised order.
    expect(names((await at(`resourceVersion=${before}&resourceVersionMatch=NotOlderThan`)).body).sort()).toEqual(['rev-1', 'rev-2'])
    expect((await at('resourceVersionMatch=Exact')).status).toBe(422)
    expect((await at('resourceVersion=nonsense')).status).toBe(has(context().target.minor, 'badRevision') ? 400 : 500)
  })

  it('prints tables and metadata alone', async () => {
    const { api, namespace } = context()
    await make('table', { set: 'table' }, { a: '1', b: '2' })
    const table = (await api.get(`${maps()}?labelSelector=set%3Dtable`, { accept: TABLE })).body
    expect(table).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' })
    expect(table.columnDefinitions.map((column: Body) => column.name)).toEqual(['Name', 'Data', 'Age'])
    expect(table.rows[0].cells.slice(0, 2)).toEqual(['table', 2])
    expect(table.rows[0].object).toMatchObject({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'table', namespace } })
    const bare = (await api.get(`${maps()}/table?includeObject=None`, { accept: TABLE })).body
    expect(bare.rows[0].object ?? null).toBeNull()
    const list = (await api.get(`${maps()}?labelSelector=set%3Dtable`, { accept: PARTIAL_LIST })).body
    expect(list.kind).toBe('PartialObjectMetadataList')
    expect(list.items[0].data).toBeUndefined()
    const pods = (await api.get(`/api/v1/namespaces/${namespace}/pods`, { accept: TABLE })).body
    expect(pods.columnDefinitions.map((column: Body) => column.name).slice(0, 5)).toEqual(['Name', 'Ready', 'Status', 'Restarts', 'Age'])
  })

  it('discovers its kinds', async () => {
    const { api, target } = context()
    const core = (await api.get('/api/v1')).body
    expect(core.resources.find((one: Body) => one.name === 'pods')).toMatchObject({
      kind: 'Pod',
      namespaced: true,
      shortNames: ['po'],
      verbs: expect.arrayContaining(['get', 'list', 'watch']),
    })
    expect(core.resources.find((one: Body) => one.name === 'pods/log')).toMatchObject({ verbs: ['get'] })
    const groups = (await api.get('/apis')).body.groups
    expect(groups.find((one: Body) => one.name === 'apps')).toMatchObject({ preferredVersion: { groupVersion: 'apps/v1', version: 'v1' } })
    const apps = (await api.get('/apis/apps/v1')).body.resources
    expect(apps.find((one: Body) => one.name === 'deployments/scale')).toMatchObject({ group: 'autoscaling', version: 'v1', kind: 'Scale' })
    expect((await api.get('/version')).body.gitVersion).toMatch(/^v1\./)
    expect((await api.get('/readyz')).body).toBe('ok')
    const aggregated = await api.get('/apis', { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json' })
    expect(aggregated.body.kind).toBe(has(target.minor, 'aggregatedDiscovery') ? 'APIGroupDiscoveryList' : 'APIGroupList')
  })

  it('publishes the schemas of its kinds', async () => {
    const { api, target } = context()
    const v3 = await api.get('/openapi/v3')
    if (!has(target.minor, 'openapiV3')) {
      expect(v3.status).toBe(404)
      const v2 = (await api.get('/openapi/v2')).body
      expect(v2.definitions['io.k8s.api.apps.v1.DeploymentSpec'].properties.replicas).toMatchObject({ type: 'integer' })
      return
    }
    const url = v3.body.paths['apis/apps/v1'].serverRelativeURL
    expect(url).toMatch(/^\/openapi\/v3\/apis\/apps\/v1/)
    // Names of schemas are a server's own; the kind is found by what it says of itself.
    const { components } = (await api.get(url)).body
    const kinds = Object.values<Body>(components.schemas).flatMap((schema) => schema['x-kubernetes-group-version-kind'] ?? [])
    expect(kinds).toContainEqual({ group: 'apps', version: 'v1', kind: 'Deployment' })
  })

  it('watches from a revision, and only what is selected', async () => {
    const { api } = context()
    const start = (await api.get(maps())).body.metadata.resourceVersion
    await make('w-1', { set: 'watch' })
    await make('w-other', { set: 'watch-not' })
    await using watching = await api.watch(maps(), { resourceVersion: start, labelSelector: 'set=watch' })
    expect(await watching.next()).toMatchObject({ type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'w-1' } } })
    await api.patch(`${maps()}/w-1`, 'merge', { data: { x: '1' } })
    expect(await watching.next()).toMatchObject({ type: 'MODIFIED', object: { data: { x: '1' } } })
    // Leaving and entering the selection are going and coming.
    await api.patch(`${maps()}/w-1`, 'merge', { metadata: { labels: { set: 'other' } } })
    expect(await watching.next()).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'w-1' } } })
    const back = await api.patch(`${maps()}/w-1`, 'merge', { metadata: { labels: { set: 'watch' } } })
    expect(await watching.next()).toMatchObject({ type: 'ADDED', object: { metadata: { resourceVersion: back.body.metadata.resourceVersion } } })
    await api.delete(`${maps()}/w-1`)
    const gone = await watching.next()
    expect(gone).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'w-1' } } })
    expect(Number(gone.object.metadata.resourceVersion)).toBeGreaterThan(Number(back.body.metadata.resourceVersion))
  })

  it('begins a watch without a revision with what is there', async () => {
    const { api, target } = context()
    await make('first-1', { set: 'first' })
    await make('first-2', { set: 'first' })
    await using watching = await api.watch(maps(), { labelSelector: 'set=first' })
    expect([(await watching.next()).object.metadata.name, (await watching.next()).object.metadata.name].sort()).toEqual(['first-1', 'first-2'])
    await make('first-3', { set: 'first' })
    expect(await watching.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'first-3' } } })
    await using one = await api.watch(maps(), { fieldSelector: 'metadata.name=first-2' })
    expect(await one.next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'first-2' } } })
    if (!has(target.minor, 'initialEvents')) return
    await using streamed = await api.watch(maps(), {
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: 'true',
      labelSelector: 'set=first',
    })
    for (let i = 0; i < 3; i++) expect((await streamed.next()).type).toBe('ADDED')
    expect(await streamed.next()).toMatchObject({ type: 'BOOKMARK', object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } })
  })

  it('marks how far a watch has come, and ends it when asked', async () => {
    const { api } = context()
    const start = (await api.get(maps())).body.metadata.resourceVersion
    await using watching = await api.watch(maps(), { resourceVersion: start, allowWatchBookmarks: 'true', timeoutSeconds: '4', labelSelector: 'set=bookmark' })
    await make('elsewhere', { set: 'not-bookmark' })
    const bookmark = await watching.next(8_000)
    expect(bookmark).toMatchObject({ type: 'BOOKMARK', object: { kind: 'ConfigMap', apiVersion: 'v1' } })
    expect(Number(bookmark.object.metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(start))
    await watching.ended
  })

  it('watches tables', async () => {
    const { api } = context()
    const start = (await api.get(maps())).body.metadata.resourceVersion
    await using watching = await api.watch(maps(), { resourceVersion: start, labelSelector: 'set=tables' }, { accept: TABLE })
    await make('tabled', { set: 'tables' })
    const event = await watching.next()
    expect(event).toMatchObject({ type: 'ADDED', object: { kind: 'Table', rows: [{ object: { metadata: { name: 'tabled' } } }] } })
    expect(event.object.columnDefinitions.length).toBeGreaterThan(0)
  })

  it('says 410 when a watch begins too far back', async () => {
    const { api, namespace } = context()
    const things = `/apis/${context().group}/v1/namespaces/${namespace}/things`
    const event = await until(
      'a watch from the beginning is refused',
      async () => {
        await using watching = await api.watch(things, { resourceVersion: '1' })
        return await watching.next()
      },
      (found) => found.type === 'ERROR',
    )
    expect(event.object).toMatchObject({ kind: 'Status', code: 410, reason: 'Expired' })
    expect(event.object.message).toContain('too old resource version')
  })
}
