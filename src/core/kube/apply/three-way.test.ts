import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadApiFacts } from '../api-facts/facts.ts'
import { factSchemas } from '../fact-schemas.ts'
import type { JsonObject } from '../json.ts'
import type { KubeObject } from '../objects.ts'
import { applyMergePatch } from '../patch/merge-patch.ts'
import { applyStrategicPatch } from '../patch/strategic.ts'
import { shapeOf } from '../shape.ts'
import { lastApplied, threeWayPatch, withLastApplied } from './three-way.ts'

const resolve = factSchemas(await loadApiFacts())
const pod = shapeOf(resolve('V1Pod'), resolve)
const service = shapeOf(resolve('V1Service'), resolve)
const deployment = shapeOf(resolve('V1Deployment'), resolve)

function applied(original: object | undefined, modified: object, current: object, shape = pod): JsonObject {
  const patch = threeWayPatch({ original: original as JsonObject, modified: modified as JsonObject, current: current as JsonObject }, shape)
  const result = applyStrategicPatch(current as JsonObject, patch, shape)
  if (!result.ok) throw new Error(result.error)
  return result.value
}
const ofContainers = (...containers: JsonObject[]): JsonObject => ({ spec: { containers } })

describe('three-way apply', () => {
  it('keeps what others added to lists with keys, and takes away what was said before and is not any more', () => {
    const original = ofContainers({
      name: 'web',
      image: 'web:1',
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '1' },
      ],
    })
    const modified = ofContainers({ name: 'web', image: 'web:2', env: [{ name: 'A', value: '2' }] })
    const current = ofContainers(
      {
        name: 'web',
        image: 'web:1',
        pullPolicy: 'Always',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '1' },
          { name: 'C', value: 'theirs' },
        ],
      },
      { name: 'sidecar', image: 'mesh' },
    )
    expect(applied(original, modified, current)).toEqual(
      ofContainers(
        {
          name: 'web',
          image: 'web:2',
          pullPolicy: 'Always',
          env: [
            { name: 'A', value: '2' },
            { name: 'C', value: 'theirs' },
          ],
        },
        { name: 'sidecar', image: 'mesh' },
      ),
    )
  })

  it('puts items into the order that is asked for, and says nothing when all is as wanted', () => {
    const [a, b] = [
      { name: 'a', image: 'x' },
      { name: 'b', image: 'x' },
    ]
    expect(applied(ofContainers(a, b), ofContainers(b, a), ofContainers(a, b))).toEqual(ofContainers(b, a))
    const filled = ofContainers({ ...a, pullPolicy: 'Always' }, b, { name: 'theirs' })
    expect(threeWayPatch({ original: ofContainers(a, b), modified: ofContainers(a, b), current: filled }, pod)).toEqual({})
  })

  it('keeps only what is said where fields exclude one another', () => {
    const volumes = (...list: object[]) => ({ spec: { volumes: list } })
    const now = volumes({ name: 'v', emptyDir: {} })
    expect(applied(undefined, volumes({ name: 'v', configMap: { name: 'c' } }), now)).toEqual(volumes({ name: 'v', configMap: { name: 'c' } }))
    const strategy = (value: object) => ({ spec: { strategy: value } })
    const rolling = strategy({ type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } })
    expect(applied(undefined, strategy({ type: 'Recreate' }), rolling, deployment)).toEqual(strategy({ type: 'Recreate' }))
  })

  it('loses no port where two share a number, lists of words are merged, a null takes away', () => {
    const ports = (...list: object[]) => ({ spec: { ports: list } })
    const both = ports({ port: 53, protocol: 'TCP', name: 'tcp' }, { port: 53, protocol: 'UDP', name: 'udp' })
    expect(applied(undefined, both, ports({ port: 53, protocol: 'TCP', name: 'tcp' }), service)).toEqual(both)
    const finalizers = (...words: string[]) => ({ metadata: { finalizers: words } })
    expect(applied(finalizers('a', 'b'), finalizers('a', 'n'), finalizers('a', 'b', 'theirs'))).toEqual(finalizers('a', 'theirs', 'n'))
    expect(applied(undefined, { spec: { nodeName: null } }, { spec: { nodeName: 'n', hostname: 'h' } })).toEqual({ spec: { hostname: 'h' } })
  })

  it('is a JSON merge patch where nothing is known of the kind: lists whole', () => {
    const said = { original: { spec: { a: 1, gone: 1 } }, modified: { spec: { a: 2, list: [1] } }, current: { spec: { a: 1, gone: 1, list: [2], other: 1 } } }
    const patch = threeWayPatch(said, undefined)
    expect(patch).toEqual({ spec: { a: 2, gone: null, list: [1] } })
    expect(applyMergePatch({ spec: { other: 1, gone: 1 } }, patch)).toEqual({ spec: { a: 2, list: [1], other: 1 } })
  })

  it('remembers what was applied, without what was remembered before', () => {
    const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'c', annotations: { z: '<b>&' } } } as KubeObject
    const once = withLastApplied(object)
    expect(withLastApplied(once)).toEqual(once)
    expect(once.metadata.annotations).toEqual({
      z: '<b>&',
      'kubectl.kubernetes.io/last-applied-configuration':
        '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"annotations":{"z":"\\u003cb\\u003e\\u0026"},"name":"c"}}\n',
    })
    expect(lastApplied(once)).toEqual(object)
    expect(lastApplied(object)).toBeUndefined()
    expect(lastApplied({ ...object, metadata: { name: 'c', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{' } } })).toBeUndefined()
  })

  it('property: what is wanted is there, what others set stays, what was dropped is gone; and then there is nothing to do', () => {
    const value = fc.constantFrom('1', '2', '3')
    const env = fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B', 'C', 'D'), value }), { selector: ({ name }) => name, maxLength: 4 })
    const labels = fc.dictionary(fc.constantFrom('x', 'y', 'z'), value)
    const object = fc.record({ env, labels, words: fc.uniqueArray(fc.constantFrom('a', 'b', 'c')) }).map(({ env, labels, words }) => ({
      metadata: { labels, finalizers: words },
      spec: { containers: [{ name: 'main', env }] },
    }))
    fc.assert(
      fc.property(fc.option(object, { nil: undefined }), object, object, (original, modified, current) => {
        const after = applied(original, modified, current) as typeof modified
        const variable = (one: typeof modified | undefined, name: string) => one?.spec.containers[0]?.env.find((item) => item.name === name)?.value
        for (const name of ['A', 'B', 'C', 'D'])
          expect(variable(after, name)).toBe(variable(modified, name) ?? (variable(original, name) === undefined ? variable(current, name) : undefined))
        for (const key of ['x', 'y', 'z'])
          expect(after.metadata.labels[key]).toBe(
            modified.metadata.labels[key] ?? (original?.metadata.labels[key] === undefined ? current.metadata.labels[key] : undefined),
          )
        const kept = current.metadata.finalizers.filter((word) => !original?.metadata.finalizers.includes(word))
        expect([...after.metadata.finalizers].sort()).toEqual([...new Set([...modified.metadata.finalizers, ...kept])].sort())
        const again = threeWayPatch({ original: modified, modified, current: after as unknown as JsonObject }, pod)
        expect(again).toEqual({})
      }),
    )
  })
})
