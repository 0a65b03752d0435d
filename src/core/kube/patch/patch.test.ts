import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadApiFacts } from '../api-facts/facts.ts'
import { factSchemas } from '../fact-schemas.ts'
import type { Json, JsonObject } from '../json.ts'
import { shapeOf, UNTYPED } from '../shape.ts'
import { applyJsonPatch, parseJsonPatch } from './json-patch.ts'
import { applyMergePatch, createMergePatch } from './merge-patch.ts'
import { applyStrategicPatch } from './strategic.ts'

const resolve = factSchemas(await loadApiFacts())
const deployment = shapeOf(resolve('V1Deployment'), resolve)

/** JSON without null: in merge patches a null is no value. */
const json = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.integer(), fc.boolean(), fc.string({ maxLength: 4 }), fc.array(tie('value'), { maxLength: 3 }), tie('object')),
  object: fc.dictionary(fc.constantFrom('a', 'b', 'c', '', 'd/e', 'f~g', '__proto__x'), tie('value'), { maxKeys: 4 }),
}))

const run = (document: Json, patch: unknown) => {
  const steps = parseJsonPatch(patch)
  return steps.ok ? applyJsonPatch(document, steps.value) : steps
}

describe('JSON patch (RFC 6902)', () => {
  // The examples of appendix A, and what the sections say besides.
  it.each<[string, Json, unknown, Json | undefined]>([
    ['A.1 adds a member', { foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { foo: 'bar', baz: 'qux' }],
    ['A.2 adds an item', { foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
    ['A.3 removes a member', { baz: 'qux', foo: 'bar' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
    ['A.4 removes an item', { foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
    ['A.5 replaces', { baz: 'qux', foo: 'bar' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { baz: 'boo', foo: 'bar' }],
    ['A.6 moves a value', { a: { b: 1, c: 2 }, d: {} }, [{ op: 'move', from: '/a/b', path: '/d/e' }], { a: { c: 2 }, d: { e: 1 } }],
    ['A.7 moves an item', { foo: ['all', 'grass', 'cows', 'eat'] }, [{ op: 'move', from: '/foo/1', path: '/foo/3' }], { foo: ['all', 'cows', 'eat', 'grass'] }],
    ['A.9 a test that fails', { baz: 'qux' }, [{ op: 'test', path: '/baz', value: 'bar' }], undefined],
    ['A.12 adds into what is not there', { foo: 'bar' }, [{ op: 'add', path: '/baz/bat', value: 'qux' }], undefined],
    ['A.14 escapes', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], { '/': 9, '~1': 10 }],
    ['A.16 adds at the end', { foo: ['bar'] }, [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }], { foo: ['bar', ['abc', 'def']] }],
    ['replaces what is not there', {}, [{ op: 'replace', path: '/a', value: 1 }], undefined],
    ['removes what is not there', {}, [{ op: 'remove', path: '/a' }], undefined],
    ['an index beyond the end', { a: [1] }, [{ op: 'add', path: '/a/2', value: 1 }], undefined],
    ['an index with a zero before it', { a: [1, 2] }, [{ op: 'remove', path: '/a/01' }], undefined],
    ['moves into itself', { a: { b: {} } }, [{ op: 'move', from: '/a', path: '/a/b/c' }], undefined],
    ['an operation that is none', {}, [{ op: 'merge', path: '/a' }], undefined],
    ['a pointer that is none', {}, [{ op: 'remove', path: 'a' }], undefined],
    ['no list', {}, { op: 'remove', path: '/a' }, undefined],
  ])('%s', (_, document, patch, wanted) => {
    const before = structuredClone(document)
    const result = run(document, patch)
    expect(result.ok ? result.value : undefined).toEqual(wanted)
    expect(document).toEqual(before)
  })

  it('gives the whole document back when it is replaced, and what was added is found and can be removed again', () => {
    const pointer = (key: string) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    fc.assert(
      fc.property(json.object, fc.constantFrom('new', 'n/w', 'n~w', '~1'), json.value, (document, key, value) => {
        const added = run(document, [
          { op: 'add', path: pointer(key), value },
          { op: 'test', path: pointer(key), value },
        ])
        expect(added.ok).toBe(true)
        if (!added.ok) return
        expect((added.value as JsonObject)[key]).toEqual(value)
        const back = run(added.value, [{ op: 'remove', path: pointer(key) }])
        expect(back).toEqual({ ok: true, value: document })
        expect(run(document, [{ op: 'replace', path: '', value }])).toEqual({ ok: true, value })
      }),
    )
  })
})

describe('JSON merge patch (RFC 7386)', () => {
  it.each<[Json, Json, Json]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('appendix A: %j with %j', (target, patch, wanted) => {
    expect(applyMergePatch(target, patch)).toEqual(wanted)
  })

  it('makes what was wanted of what there is, and the second time changes nothing', () => {
    fc.assert(
      fc.property(json.object, json.object, (from, to) => {
        const patch = createMergePatch(from, to)
        const once = patch === undefined ? from : applyMergePatch(from, patch)
        expect(once).toEqual(to)
        expect(patch === undefined ? once : applyMergePatch(once, patch)).toEqual(to)
      }),
    )
  })
})

describe('strategic merge patch', () => {
  const container = (name: string, more: object = {}) => ({ name, image: `${name}:1`, ...more })
  const pod = (containers: object[], more: object = {}) => ({ spec: { template: { spec: { containers, ...more } } } }) as unknown as JsonObject
  const patched = (target: JsonObject, patch: object) => {
    const result = applyStrategicPatch(target, patch as JsonObject, deployment)
    if (!result.ok) throw new Error(result.error)
    return result.value
  }

  it('merges containers by name, ports by port, and keeps who is not named', () => {
    const target = pod([container('a', { ports: [{ containerPort: 80, name: 'http' }] }), container('b')])
    expect(patched(target, pod([{ name: 'a', image: 'a:2', ports: [{ containerPort: 81 }] }]))).toEqual(
      pod([container('a', { image: 'a:2', ports: [{ containerPort: 80, name: 'http' }, { containerPort: 81 }] }), container('b')]),
    )
    expect(patched(target, pod([{ name: 'b', $patch: 'delete' }, container('c')]))).toEqual(pod([containersOf(target)[0]!, container('c')]))
  })

  it('replaces lists without a merge key, and whole lists when told to', () => {
    expect(patched(pod([container('a', { args: ['1', '2'] })]), pod([{ name: 'a', args: ['3'] }]))).toEqual(pod([container('a', { args: ['3'] })]))
    expect(patched(pod([container('a'), container('b')]), pod([{ $patch: 'replace' }, container('c')]))).toEqual(pod([container('c')]))
  })

  it('orders, retains and removes as its directives say', () => {
    const target = pod([container('a'), container('b'), container('c')])
    const order = { spec: { template: { spec: { '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }, { name: 'b' }] } } } }
    expect(containersOf(patched(target, order)).map(({ name }) => name)).toEqual(['c', 'a', 'b'])
    const rolling = { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } }
    expect(patched(rolling, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } })).toEqual({ spec: { strategy: { type: 'Recreate' } } })
    const finalizers = { metadata: { finalizers: ['a', 'b', 'c'] } }
    expect(patched(finalizers, { metadata: { '$deleteFromPrimitiveList/finalizers': ['b'] } })).toEqual({ metadata: { finalizers: ['a', 'c'] } })
    expect(patched(finalizers, { metadata: { finalizers: ['d'] } })).toEqual({ metadata: { finalizers: ['a', 'b', 'c', 'd'] } })
  })

  it('refuses what it cannot mean', () => {
    for (const patch of [{ spec: { $patch: 'merge-it' } }, pod([{ image: 'no name' }]), { metadata: { '$deleteFromPrimitiveList/finalizers': 'a' } }])
      expect(applyStrategicPatch(pod([container('a')]), patch as JsonObject, deployment).ok, JSON.stringify(patch)).toBe(false)
  })

  it('is a merge patch where no list merges; never changes its inputs; the second time changes nothing', () => {
    fc.assert(
      fc.property(json.object, json.object, (target, patch) => {
        const before = structuredClone([target, patch])
        const result = applyStrategicPatch(target, patch, UNTYPED)
        expect(result).toEqual({ ok: true, value: applyMergePatch(target, patch) })
        if (result.ok) expect(applyStrategicPatch(result.value, patch, UNTYPED)).toEqual(result)
        expect([target, patch]).toEqual(before)
      }),
    )
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 5 })
    fc.assert(
      fc.property(names, names, (have, want) => {
        const once = patched(pod(have.map((name) => container(name))), pod(want.map((name) => ({ name, image: 'new' }))))
        const found = containersOf(once)
        expect(new Set(found.map(({ name }) => name))).toEqual(new Set([...have, ...want]))
        for (const { name, image } of found) expect(image).toBe((want as string[]).includes(name) ? 'new' : `${name}:1`)
        expect(patched(once, pod(want.map((name) => ({ name, image: 'new' }))))).toEqual(once)
      }),
    )
  })

  function containersOf(object: JsonObject): { name: string; image: string }[] {
    return (object as unknown as { spec: { template: { spec: { containers: { name: string; image: string }[] } } } }).spec.template.spec.containers
  }
})
