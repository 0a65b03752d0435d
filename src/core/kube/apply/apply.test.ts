import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadApiFacts } from '../api-facts/facts.ts'
import { factSchemas } from '../fact-schemas.ts'
import type { KubeObject } from '../objects.ts'
import { shapeOf } from '../shape.ts'
import { applyConfig, fieldsAfterUpdate } from './managed-fields.ts'

const resolve = factSchemas(await loadApiFacts())
const shape = shapeOf(resolve('V1ConfigMap'), resolve)
const deployment = shapeOf(resolve('V1Deployment'), resolve)
const TIME = '2026-11-24T00:00:00Z'

type Data = Record<string, string>
const config = (data: Data, metadata: object = {}): KubeObject =>
  ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', ...metadata }, data }) as KubeObject
const by = (manager: string, force = false) => ({ manager, time: TIME, force })
const dataOf = (object: KubeObject | undefined) => ((object as { data?: Data } | undefined)?.data ?? {}) as Data
function applied(live: KubeObject | undefined, data: Data, manager: string, force = false): KubeObject {
  const result = applyConfig(live, config(data), shape, by(manager, force))
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

describe('server-side apply', () => {
  it('two appliers own what each says; what one no longer says goes unless the other says it too', () => {
    let live = applied(undefined, { a: '1', both: 'x' }, 'one')
    live = applied(live, { b: '2', both: 'x' }, 'two')
    expect(dataOf(live)).toEqual({ a: '1', b: '2', both: 'x' })
    live = applied(live, {}, 'one')
    expect(dataOf(live)).toEqual({ b: '2', both: 'x' })
  })

  it('another value for what somebody else owns is a conflict that names them and the field; force takes it', () => {
    const live = applied(undefined, { a: '1', b: '1' }, 'one')
    const refused = applyConfig(live, config({ a: '2', b: '1' }), shape, by('two'))
    expect(refused).toMatchObject({ ok: false, error: [{ manager: 'one', operation: 'Apply', fields: ['.data.a'] }] })
    const forced = applied(live, { a: '2', b: '1' }, 'two', true)
    expect(dataOf(forced)).toEqual({ a: '2', b: '1' })
    // The first one lost what was forced, and keeps what both say.
    expect(dataOf(applied(forced, {}, 'two'))).toEqual({ b: '1' })
  })

  it('what was set by an update conflicts too, and is not taken away by one who never owned it', () => {
    const created = config({ a: '1' })
    const live: KubeObject = {
      ...created,
      metadata: { ...created.metadata, managedFields: fieldsAfterUpdate(config({}), created, shape, { manager: 'editor', time: TIME }) },
    }
    expect(applyConfig(live, config({ a: '2' }), shape, by('one'))).toMatchObject({ ok: false, error: [{ manager: 'editor', operation: 'Update' }] })
    const same = applied(live, { a: '1' }, 'one')
    expect(dataOf(applied(same, {}, 'one'))).toEqual({ a: '1' })
  })

  it('an update takes over what it changes, and nothing else', () => {
    const live = applied(undefined, { a: '1', b: '1' }, 'one')
    const next = { ...live, data: { a: '2', b: '1' } } as KubeObject
    const updated = { ...next, metadata: { ...next.metadata, managedFields: fieldsAfterUpdate(live, next, shape, { manager: 'editor', time: TIME }) } }
    expect(applyConfig(updated, config({ a: '3', b: '2' }), shape, by('one'))).toMatchObject({ ok: false, error: [{ manager: 'editor', fields: ['.data.a'] }] })
    expect(dataOf(applied(updated, { a: '2', b: '2' }, 'one'))).toEqual({ a: '2', b: '2' })
  })

  it('items of keyed lists have owners of their own', () => {
    const of = (containers: object[]) =>
      ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { template: { spec: { containers } } } }) as unknown as KubeObject
    const apply = (live: KubeObject | undefined, containers: object[], manager: string) => {
      const result = applyConfig(live, of(containers), deployment, by(manager))
      if (!result.ok) throw new Error(JSON.stringify(result.error))
      return result.value
    }
    const containers = (object: KubeObject) =>
      (object as unknown as { spec: { template: { spec: { containers: { name: string }[] } } } }).spec.template.spec.containers
    let live = apply(undefined, [{ name: 'app', image: 'app:1' }], 'team')
    live = apply(live, [{ name: 'mesh', image: 'mesh:1' }], 'injector')
    expect(containers(live).map(({ name }) => name)).toEqual(['app', 'mesh'])
    live = apply(live, [{ name: 'app', image: 'app:2', env: [{ name: 'A', value: '1' }] }], 'team')
    expect(containers(live)).toEqual([
      { name: 'app', image: 'app:2', env: [{ name: 'A', value: '1' }] },
      { name: 'mesh', image: 'mesh:1' },
    ])
    expect(containers(apply(live, [{ name: 'app', image: 'app:2' }], 'team'))[0]).toEqual({ name: 'app', image: 'app:2' })
  })

  it('whatever several appliers do: what each said last holds, unless force took it, and nothing stays that nobody says', () => {
    const data = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2'), { maxKeys: 4 })
    const step = fc.record({ manager: fc.constantFrom('one', 'two', 'three'), data, force: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        /** The model: what each applier says and still owns. */
        const said = new Map<string, Data>()
        let live: KubeObject | undefined
        for (const { manager, data, force } of steps) {
          const others = [...said].filter(([name]) => name !== manager)
          const conflicting = Object.keys(data).filter((key) => others.some(([, theirs]) => theirs[key] !== undefined && theirs[key] !== data[key]))
          const before = structuredClone(live)
          const result = applyConfig(live, config(data), shape, by(manager, force))
          expect(result.ok).toBe(conflicting.length === 0 || force)
          expect(live).toEqual(before)
          if (!result.ok) {
            expect(new Set(result.error.flatMap(({ fields }) => fields))).toEqual(new Set(conflicting.map((key) => `.data.${key}`)))
            continue
          }
          for (const [name, theirs] of others) said.set(name, Object.fromEntries(Object.entries(theirs).filter(([key]) => !conflicting.includes(key))))
          said.set(manager, data)
          live = result.value
          expect(dataOf(live)).toEqual(Object.assign({}, ...said.values()))
          // The same again changes nothing.
          const again = applyConfig(live, config(data), shape, by(manager, force))
          expect(again).toEqual({ ok: true, value: live })
        }
      }),
      { numRuns: 300 },
    )
  })
})
