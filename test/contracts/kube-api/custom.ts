/** CustomResourceDefinitions; status and scale. */
import { expect, it } from 'vitest'
import { type Body, until } from './client.ts'
import { has } from './differences.ts'
import type { Context } from './index.ts'

export const thingsDefinition = (group: string, minor: number): Body => {
  const spec = {
    type: 'object',
    required: ['size'],
    properties: {
      size: { type: 'integer', minimum: 0, maximum: 100 },
      color: { type: 'string', default: 'red', enum: ['red', 'blue'] },
      code: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
      port: has(minor, 'intOrStringApply') ? { 'x-kubernetes-int-or-string': true } : { type: 'string' },
      free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      words: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      parts: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, weight: { type: 'integer', default: 1 } } },
      },
    },
  }
  const status = { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } }
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec, status } } }
  const subresources = { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' } }
  const columns = [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Color', type: 'string', jsonPath: '.spec.color', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ]
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'things', singular: 'thing', kind: 'Thing', shortNames: ['thg'], categories: ['contract'] },
      versions: [
        { name: 'v1', served: true, storage: true, schema, subresources, additionalPrinterColumns: columns },
        { name: 'v1beta1', served: true, storage: false, schema, subresources },
        { name: 'v1alpha1', served: false, storage: false, schema },
      ],
    },
  }
}

export function customContract(context: () => Context): void {
  const things = (version = 'v1') => `/apis/${context().group}/${version}/namespaces/${context().namespace}/things`
  const thing = (name: string, spec: object, version = 'v1') => ({ apiVersion: `${context().group}/${version}`, kind: 'Thing', metadata: { name }, spec })

  it('serves what is defined, in the versions that are served', async () => {
    const { api, group } = context()
    const definition = (await api.get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.${group}`)).body
    expect(definition.spec.names.listKind).toBe('ThingList')
    expect(definition.status.conditions.find((one: Body) => one.type === 'Established')).toMatchObject({ status: 'True' })
    expect(definition.status.storedVersions).toEqual(['v1'])
    const found = (await api.get(`/apis/${group}/v1`)).body.resources
    expect(found.find((one: Body) => one.name === 'things')).toMatchObject({ kind: 'Thing', shortNames: ['thg'], categories: ['contract'], namespaced: true })
    expect(found.map((one: Body) => one.name)).toEqual(expect.arrayContaining(['things/status', 'things/scale']))
    expect((await api.get(things('v1alpha1'))).status).toBe(404)
    const made = await api.post(things('v1beta1'), thing('versions', { size: 1 }, 'v1beta1'))
    expect(made.body.apiVersion).toBe(`${group}/v1beta1`)
    expect((await api.get(`${things()}/versions`)).body.apiVersion).toBe(`${group}/v1`)
    const listed = (await api.get(things('v1beta1'))).body
    expect(listed).toMatchObject({ kind: 'ThingList', apiVersion: `${group}/v1beta1` })
    expect(listed.items.every((one: Body) => one.apiVersion === `${group}/v1beta1`)).toBe(true)
    expect((await api.post(things(), thing('wrong', { size: 1 }, 'v1beta1'))).status).toBe(400)
    expect((await api.post(things(), { metadata: { name: 'kindless' }, spec: { size: 1 } })).status).toBe(400)
  })

  it('fills in defaults and drops what the schema does not have', async () => {
    const { api } = context()
    const made = await api.post(things(), {
      ...thing('pruned', { size: 1, nonsense: 1, free: { any: { thing: 1 } }, port: 'http', parts: [{ name: 'a', more: 1 }] }),
      status: { replicas: 9 },
    })
    expect(made.status).toBe(201)
    expect(made.body.spec).toEqual({ size: 1, color: 'red', free: { any: { thing: 1 } }, port: 'http', parts: [{ name: 'a', weight: 1 }] })
    expect(made.body.status).toBeUndefined()
    expect(made.body.metadata.generation).toBe(1)
  })

  it('refuses what does not fit, with every field', async () => {
    const { api } = context()
    const causes = async (spec: object) => {
      const refused = await api.post(things(), thing('refused', spec))
      expect(refused.status).toBe(422)
      expect(refused.body.reason).toBe('Invalid')
      // Some versions tell the same field twice, once with a leading dot.
      const told = new Map<string, string>(refused.body.details.causes.map((one: Body) => [one.field.replace(/^\./, ''), one.reason]))
      return [...told]
    }
    expect(await causes({})).toEqual([['spec.size', 'FieldValueRequired']])
    expect(await causes({ size: 101 })).toEqual([['spec.size', 'FieldValueInvalid']])
    expect(await causes({ size: 1, color: 'green' })).toEqual([['spec.color', 'FieldValueNotSupported']])
    expect((await causes({ size: 1, code: 'ABC' })).map(([field]: Body) => field)).toEqual(['spec.code'])
    expect((await causes({ size: 'one' })).map(([field]: Body) => field)).toEqual(['spec.size'])
    expect((await causes({ size: 1, words: ['a', 'a'] })).map(([field]: Body) => field)).toEqual(['spec.words[1]'])
    expect((await causes({ size: -1, color: 'green' })).map(([field]: Body) => field).sort()).toEqual(['spec.color', 'spec.size'])
    expect((await causes({ size: 1, parts: [{ weight: 1 }] })).map(([field]: Body) => field)).toContainEqual(
      expect.stringMatching(/^spec\.parts(\[0\])?\.name$/),
    )
  })

  it('is updated with a revision only, and keeps status apart', async () => {
    const { api } = context()
    const made = (await api.post(things(), thing('status', { size: 1 }))).body
    const blind = await api.put(`${things()}/status`, thing('status', { size: 2 }))
    expect(blind.body).toMatchObject({ code: 422, details: { causes: [{ field: 'metadata.resourceVersion' }] } })
    const main = (await api.put(`${things()}/status`, { ...made, spec: { size: 2 }, status: { replicas: 5 } })).body
    expect(main.status).toBeUndefined()
    expect(main.metadata.generation).toBe(2)
    const told = (await api.put(`${things()}/status/status`, { ...main, spec: { size: 50 }, status: { replicas: 5 } })).body
    expect(told.spec.size).toBe(2)
    expect(told.status).toEqual({ replicas: 5 })
    expect(told.metadata.generation).toBe(2)
    const patched = (await api.patch(`${things()}/status/status`, 'merge', { status: { selector: 'a=b' } })).body
    expect(patched.status).toEqual({ replicas: 5, selector: 'a=b' })
    expect((await api.patch(`${things()}/status`, 'strategic', { spec: { size: 3 } })).status).toBe(415)
    expect((await api.patch(`${things()}/status`, 'json', [{ op: 'replace', path: '/spec/size', value: 4 }])).body).toMatchObject({
      spec: { size: 4 },
      status: { replicas: 5 },
    })
  })

  it('scales by the paths of its definition', async () => {
    const { api } = context()
    await api.post(things(), thing('scaled', { size: 3 }))
    await api.patch(`${things()}/scaled/status`, 'merge', { status: { replicas: 2, selector: 'app=scaled' } })
    const scale = (await api.get(`${things()}/scaled/scale`)).body
    expect(scale).toMatchObject({
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name: 'scaled' },
      spec: { replicas: 3 },
      status: { replicas: 2, selector: 'app=scaled' },
    })
    expect((await api.put(`${things()}/scaled/scale`, { ...scale, spec: { replicas: 7 } })).body.spec.replicas).toBe(7)
    expect((await api.patch(`${things()}/scaled/scale`, 'merge', { spec: { replicas: 8 } })).body.spec.replicas).toBe(8)
    expect((await api.get(`${things()}/scaled`)).body.spec.size).toBe(8)
    expect((await api.put(`${things()}/scaled/scale`, { ...scale, spec: { replicas: 9 } })).status).toBe(409)
  })

  it('scales a built-in kind', async () => {
    const { api, namespace } = context()
    const sets = `/apis/apps/v1/namespaces/${namespace}/replicasets`
    // A kubelet takes its grace period to let go of a pod.
    const template = { metadata: { labels: { app: 'rs' } }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'c:1' }] } }
    await api.post(sets, { metadata: { name: 'rs' }, spec: { replicas: 0, selector: { matchLabels: { app: 'rs' } }, template } })
    const scale = (await api.get(`${sets}/rs/scale`)).body
    expect(scale).toMatchObject({ kind: 'Scale', spec: {}, status: { replicas: 0, selector: 'app=rs' } })
    expect((await api.put(`${sets}/rs/scale`, { ...scale, spec: { replicas: -1 } })).status).toBe(422)
    await api.patch(`${sets}/rs/scale`, 'merge', { spec: { replicas: 2 } })
    const pods = await until(
      'two pods',
      async () => (await api.get(`/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Drs`)).body.items,
      (items: Body[]) => items.length === 2,
    )
    expect(pods[0].metadata.ownerReferences).toMatchObject([{ kind: 'ReplicaSet', name: 'rs', controller: true }])
    await api.delete(`${sets}/rs`)
    await until(
      'the pods are gone',
      async () => (await api.get(`/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Drs`)).body.items,
      (items: Body[]) => items.length === 0,
    )
  }, 90_000)

  it('prints the columns of its definition', async () => {
    const { api } = context()
    await api.post(things(), thing('columns', { size: 42 }))
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const table = (await api.get(`${things()}/columns`, { accept })).body
    expect(table.columnDefinitions.map((one: Body) => [one.name, one.type, one.priority])).toEqual([
      ['Name', 'string', 0],
      ['Size', 'integer', 0],
      ['Color', 'string', 1],
      ['Age', 'date', 0],
    ])
    expect(table.rows[0].cells.slice(0, 3)).toEqual(['columns', 42, 'red'])
    const plain = (await api.get(`${things('v1beta1')}/columns`, { accept })).body
    expect(plain.columnDefinitions.map((one: Body) => one.name)).toEqual(['Name', 'Age'])
  })

  it('is applied by the keys of its schema', async () => {
    const { api } = context()
    const apply = (manager: string, spec: object) => api.patch(`${things()}/applied?fieldManager=${manager}`, 'apply', thing('applied', spec))
    expect((await apply('one', { size: 1, parts: [{ name: 'a', weight: 2 }], words: ['x'] })).status).toBe(201)
    const both = (await apply('two', { parts: [{ name: 'b' }], words: ['y'] })).body
    expect(both.spec?.parts, JSON.stringify(both)).toEqual([
      { name: 'a', weight: 2 },
      { name: 'b', weight: 1 },
    ])
    expect(both.spec.words).toEqual(['x', 'y'])
    const own = both.metadata.managedFields.find((one: Body) => one.manager === 'two').fieldsV1
    expect(own['f:spec']['f:words']).toEqual({ 'v:"y"': {} })
    expect((await apply('two', {})).body.spec).toMatchObject({ parts: [{ name: 'a', weight: 2 }], words: ['x'] })
    expect((await apply('two', { size: 2 })).body).toMatchObject({ code: 409, details: { causes: [{ field: '.spec.size' }] } })
  })

  it('watches it', async () => {
    const { api } = context()
    const start = (await api.get(things())).body.metadata.resourceVersion
    await using watching = await api.watch(things('v1beta1'), { resourceVersion: start })
    await api.post(things(), thing('watched', { size: 1 }))
    expect(await watching.next()).toMatchObject({ type: 'ADDED', object: { apiVersion: `${context().group}/v1beta1`, metadata: { name: 'watched' } } })
  })

  it('refuses definitions that cannot be', async () => {
    const { api, group, target } = context()
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    const definition = thingsDefinition(`bad.${group}`, target.minor)
    const bad = async (change: (body: Body) => void) => {
      const body = structuredClone(definition)
      change(body)
      return (await api.post(`${path}?dryRun=All`, body)).status
    }
    expect(await bad((body) => (body.metadata.name = 'other'))).toBe(422)
    expect(await bad((body) => (body.spec.versions[1].storage = true))).toBe(422)
    expect(await bad((body) => delete body.spec.versions[0].schema)).toBe(422)
    expect(await bad((body) => (body.spec.scope = 'Elsewhere'))).toBe(422)
    expect(await bad((body) => delete body.spec.versions[0].schema.openAPIV3Schema.properties.spec.properties.size.type)).toBe(422)
    expect(await bad(() => {})).toBe(201)
  })
}
