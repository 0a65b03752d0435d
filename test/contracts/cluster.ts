/** What every `Cluster` must do. Works in a namespace of its own, on ConfigMaps, which no controller touches. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ErrorCode } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import type { Change, Cluster } from '#core/shapes/ports/cluster.ts'

export interface ClusterHarness extends AsyncDisposable {
  cluster: Cluster
  /** The same cluster as somebody without any rights. */
  stranger: Cluster
  /** An empty namespace. */
  namespace: string
}

const CONFIG_MAP = { apiVersion: 'v1', kind: 'ConfigMap' }

export async function eventually(check: () => void, ms = 10_000): Promise<void> {
  for (const deadline = performance.now() + ms; ; await pause(10)) {
    try {
      return check()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
  }
}

export function clusterContract(title: string, make: () => Promise<ClusterHarness>): void {
  describe(`Cluster contract: ${title}`, () => {
    let harness: ClusterHarness
    let cluster: Cluster
    let namespace: string
    beforeAll(async () => {
      harness = await make()
      ;({ cluster, namespace } = harness)
    })
    afterAll(() => harness?.[Symbol.asyncDispose]())

    const map = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}): KubeObject => ({
      ...CONFIG_MAP,
      metadata: { name, namespace, labels },
      data,
    })
    const ref = (name: string) => ({ ...CONFIG_MAP, namespace, name })
    const code = (expected: ErrorCode) => expect.objectContaining({ code: expected })

    it('says which kinds there are', async () => {
      const { kinds, unknown, serverVersion } = await cluster.discover()
      expect(unknown).toEqual([])
      expect(serverVersion).toMatch(/^v1\.\d+/)
      expect(kinds).toContainEqual(
        expect.objectContaining({ apiVersion: 'v1', group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true, preferred: true }),
      )
      expect(kinds).toContainEqual(expect.objectContaining({ apiVersion: 'apps/v1', group: 'apps', kind: 'Deployment', shortNames: ['deploy'] }))
      expect(kinds.find(({ kind }) => kind === 'Node')).toMatchObject({ namespaced: false })
      await expect(cluster.list({ apiVersion: 'nothing.example/v1', kind: 'Nothing' })).rejects.toThrow(code('KIND_UNKNOWN'))
      expect(cluster.health()).toMatchObject({ state: 'ready' })
    })

    it('creates, reads, replaces and deletes; the second of two writers is a conflict', async () => {
      const made = await cluster.create(map('crud', { a: '1' }))
      expect(made.metadata).toMatchObject({ name: 'crud', namespace, uid: expect.any(String), resourceVersion: expect.any(String) })
      await expect(cluster.create(map('crud'))).rejects.toThrow(code('ALREADY_EXISTS'))
      const changed = await cluster.update({ ...made, data: { a: '2' } })
      expect((await cluster.get(ref('crud'))).data).toEqual({ a: '2' })
      await expect(cluster.update({ ...made, data: { a: '3' } })).rejects.toThrow(code('CONFLICT'))
      await expect(cluster.delete(ref('crud'), { uid: '11111111-1111-4111-8111-111111111111' })).rejects.toThrow(code('CONFLICT'))
      await cluster.delete(ref('crud'), { uid: changed.metadata.uid, propagation: 'Background' })
      await expect(cluster.get(ref('crud'))).rejects.toThrow(code('NOT_FOUND'))
      await expect(cluster.delete(ref('crud'))).rejects.toThrow(code('NOT_FOUND'))
    })

    it('makes names, and stores nothing in a dry run', async () => {
      const { name: _, ...unnamed } = map('x').metadata
      const made = await cluster.create({ ...CONFIG_MAP, metadata: { ...unnamed, generateName: 'made-' } as KubeObject['metadata'] })
      expect(made.metadata.name).toMatch(/^made-.+/)
      await cluster.create(map('dry', { a: '1' }), { dryRun: true })
      await expect(cluster.get(ref('dry'))).rejects.toThrow(code('NOT_FOUND'))
      await cluster.delete(ref(made.metadata.name), { dryRun: true })
      expect((await cluster.get(ref(made.metadata.name))).metadata.uid).toBe(made.metadata.uid)
    })

    it('patches', async () => {
      await cluster.create(map('patched', { a: '1', b: '2' }))
      const patched = await cluster.patch(ref('patched'), 'merge', { data: { a: null, c: '3' } })
      expect(patched.data).toEqual({ b: '2', c: '3' })
      await expect(cluster.patch(ref('absent'), 'merge', {})).rejects.toThrow(code('NOT_FOUND'))
    })

    it('applies: fields of another manager are a conflict that names them, unless forced', async () => {
      await cluster.apply(map('applied', { a: '1' }), { fieldManager: 'one' })
      const conflict = await cluster.apply(map('applied', { a: '2' }), { fieldManager: 'two' }).catch((error: unknown) => error)
      expect(conflict).toMatchObject({
        code: 'APPLY_CONFLICT',
        problems: [{ path: expect.stringMatching(/^\.?data\.a$/), message: expect.stringContaining('one') }],
      })
      const forced = await cluster.apply(map('applied', { a: '2', b: '1' }), { fieldManager: 'two', force: true })
      expect(forced.data).toEqual({ a: '2', b: '1' })
    })

    it('applies as kubectl does by itself: what it said before and says no longer goes, what others set stays', async () => {
      const by = { fieldManager: 'one', by: 'client' } as const
      const dry = await cluster.apply(map('three', { a: '<1>', b: '2' }), { ...by, dryRun: true })
      expect(dry.data).toEqual({ a: '<1>', b: '2' })
      await expect(cluster.get(ref('three'))).rejects.toThrow(code('NOT_FOUND'))
      await cluster.apply(map('three', { a: '<1>', b: '2' }), by)
      await cluster.patch(ref('three'), 'merge', { data: { b: 'other', c: '3' } })
      const applied = await cluster.apply(map('three', { a: '<1>' }), by)
      expect(applied.data).toEqual({ a: '<1>', c: '3' })
      const said = applied.metadata.annotations!['kubectl.kubernetes.io/last-applied-configuration']!
      expect(JSON.parse(said)).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'three', annotations: {} }, data: { a: '<1>' } })
      // Nothing to do is not written.
      expect((await cluster.apply(map('three', { a: '<1>' }), by)).metadata.resourceVersion).toBe(applied.metadata.resourceVersion)
    })

    it('lists in pages, by labels and fields, and as a table', async () => {
      for (let i = 0; i < 7; i++) await cluster.create(map(`page-${i}`, {}, { page: 'yes', odd: String(i % 2) }))
      const names: string[] = []
      let next: string | undefined
      do {
        const page = await cluster.list(CONFIG_MAP, { namespace, labels: 'page=yes', limit: 3, ...(next === undefined ? {} : { continue: next }) })
        expect(page.items.length).toBeLessThanOrEqual(3)
        for (const item of page.items) {
          expect(item).toMatchObject(CONFIG_MAP)
          names.push(item.metadata.name)
        }
        next = page.continue
      } while (next !== undefined)
      expect(names).toEqual(Array.from({ length: 7 }, (_, i) => `page-${i}`))
      const odd = await cluster.list(CONFIG_MAP, { namespace, labels: 'page=yes,odd in (1)' })
      expect(odd.items).toHaveLength(3)
      expect(odd.continue).toBeUndefined()
      const one = await cluster.list(CONFIG_MAP, { namespace, fields: 'metadata.name=page-3' })
      expect(one.items.map(({ metadata }) => metadata.name)).toEqual(['page-3'])
      const table = await cluster.table(CONFIG_MAP, { namespace, labels: 'page=yes', limit: 2 })
      expect(table.columns[0]).toMatchObject({ name: 'Name', type: 'string', priority: 0 })
      expect(table.items.map(({ cells, object }) => [cells[0], object.metadata.name])).toEqual([
        ['page-0', 'page-0'],
        ['page-1', 'page-1'],
      ])
      expect(table.continue).toBeDefined()
    })

    it('follows a kind: what is there, then every change; keeps what it was asked to keep', async () => {
      await cluster.create(map('watched', { v: '1' }, { watch: 'yes' }))
      const informer = cluster.informer(CONFIG_MAP, {
        namespace,
        labels: 'watch=yes',
        keep: ({ metadata, data }) => ({ name: metadata.name, v: (data as Record<string, string>).v }),
      })
      const seen: Change<{ name: string; v: string | undefined }>[] = []
      informer.onChange((change) => seen.push(change))
      await informer.synced
      expect(informer.get('watched', namespace)).toEqual({ name: 'watched', v: '1' })
      expect(informer.status()).toMatchObject({ state: 'following' })
      await cluster.patch(ref('watched'), 'merge', { data: { v: '2' } })
      await eventually(() => expect(informer.get('watched', namespace)?.v).toBe('2'))
      await cluster.create(map('second', { v: '9' }, { watch: 'yes' }))
      await cluster.create(map('unseen', { v: '9' }))
      // Out of the selector is gone, as far as this informer is concerned.
      await cluster.patch(ref('watched'), 'merge', { metadata: { labels: { watch: 'no' } } })
      await cluster.delete(ref('second'))
      await eventually(() => expect(informer.size).toBe(0))
      expect(seen.map(({ type, object, before }) => [type, object.name, before?.v])).toEqual([
        ['added', 'watched', undefined],
        ['modified', 'watched', '1'],
        ['added', 'second', undefined],
        ['deleted', 'watched', '2'],
        ['deleted', 'second', '9'],
      ])
      informer.stop()
    })

    it('leaves out who wrote which field, unless that is asked for', async () => {
      const managed = (a: string) => map('managed', { a }, { managed: 'yes' })
      await cluster.apply(managed('1'), { fieldManager: 'one' })
      const start = (managedFields: boolean) =>
        cluster.informer(CONFIG_MAP, {
          namespace,
          labels: 'managed=yes',
          keep: ({ metadata, data }) => ({ a: (data as { a: string }).a, by: metadata.managedFields?.map(({ manager }) => manager) }),
          managedFields,
        })
      const [plain, asking] = [start(false), start(true)]
      await Promise.all([plain.synced, asking.synced])
      expect(plain.get('managed', namespace)).toEqual({ a: '1', by: undefined })
      expect(asking.get('managed', namespace)).toEqual({ a: '1', by: ['one'] })
      await cluster.apply(managed('2'), { fieldManager: 'one' })
      await eventually(() => {
        expect(plain.get('managed', namespace)).toEqual({ a: '2', by: undefined })
        expect(asking.get('managed', namespace)).toEqual({ a: '2', by: ['one'] })
      })
      plain.stop()
      asking.stop()
    })

    it('refuses who has no rights, with verb and resource', async () => {
      const { stranger } = harness
      await expect(stranger.list(CONFIG_MAP, { namespace })).rejects.toMatchObject({
        code: 'FORBIDDEN',
        details: { verb: 'list', resource: expect.stringContaining('configmaps') },
      })
      await expect(stranger.create(map('x'))).rejects.toMatchObject({ code: 'FORBIDDEN', details: { verb: 'create' } })
      const informer = stranger.informer(CONFIG_MAP, { namespace })
      await expect(informer.synced).rejects.toMatchObject({ code: 'FORBIDDEN', details: { verb: 'list' } })
      informer.stop()
      const access = { verb: 'delete', group: '', resource: 'configmaps', namespace }
      expect(await stranger.may(access)).toMatchObject({ allowed: false })
      expect(await cluster.may(access)).toMatchObject({ allowed: true })
    })
  })
}
