/** CustomResourceDefinitions: from a definition to a served kind. https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/ */

import { type SchemaNode, type Shape, shapeOf } from '#core/kube/shape.ts'
import type { FieldProblem, Schema } from '#core/kube/structural.ts'
import { collectionOf, type Kind, type ServedVersion } from './kinds.ts'
import type { Obj } from './store.ts'
import { listOf, timestamp, type World } from './world.ts'

/** Fields of a definition that the server completes. */
export function prepareCrd(world: World, object: Obj, old: Obj | undefined): Obj {
  object.spec ??= {}
  object.spec.names ??= {}
  const { spec } = object
  const { names } = spec
  names.listKind ??= `${names.kind}List`
  names.singular ??= String(names.kind ?? '').toLowerCase()
  spec.conversion ??= { strategy: 'None' }
  if (object.status?.conditions !== undefined && old !== undefined) return object
  const now = timestamp(world.clock.now())
  const storage = spec.versions?.find?.((one: Obj) => one.storage === true)?.name
  object.status = {
    acceptedNames: names,
    conditions: [
      { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found', lastTransitionTime: now },
      { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted', lastTransitionTime: now },
    ],
    storedVersions: [...new Set([...(old?.status?.storedVersions ?? []), storage])],
  }
  return object
}

export function crdProblems(object: Obj, old: Obj | undefined): FieldProblem[] {
  const problems: FieldProblem[] = []
  const say = (type: FieldProblem['type'], field: string, value: unknown, message: string) => problems.push({ type, field, value, message })
  const { group, names = {}, versions, scope } = object.spec ?? {}
  if (object.metadata.name !== `${names.plural}.${group}`) say('Invalid', 'metadata.name', object.metadata.name, 'must be spec.names.plural+"."+spec.group')
  for (const field of ['plural', 'kind']) if (!names[field]) say('Required', `spec.names.${field}`, undefined, '')
  if (scope !== 'Namespaced' && scope !== 'Cluster') say('NotSupported', 'spec.scope', scope ?? '', 'supported values: "Cluster", "Namespaced"')
  if (!Array.isArray(versions) || versions.length === 0) say('Required', 'spec.versions', undefined, 'must have at least one version')
  else {
    if (versions.filter((one: Obj) => one.storage === true).length !== 1)
      say(
        'Invalid',
        'spec.versions',
        versions.map((one: Obj) => one.name),
        'must have exactly one version marked as storage version',
      )
    for (const [i, version] of versions.entries()) {
      const at = `spec.versions[${i}].schema.openAPIV3Schema`
      const schema = version.schema?.openAPIV3Schema as Schema | undefined
      if (schema === undefined) say('Required', at, undefined, 'schemas are required')
      else if (schema.type !== 'object') say('Invalid', `${at}.type`, schema.type ?? '', 'must be object at the root')
      else structuralProblems(schema, at, say)
    }
  }
  if (old !== undefined) {
    if (old.spec.group !== group) say('Invalid', 'spec.group', group, 'field is immutable')
    if (old.spec.scope !== scope) say('Invalid', 'spec.scope', scope, 'field is immutable')
    if (old.spec.names?.kind !== names.kind) say('Invalid', 'spec.names.kind', names.kind, 'field is immutable')
  }
  return problems
}

function structuralProblems(schema: Schema, path: string, say: (type: FieldProblem['type'], field: string, value: unknown, message: string) => void): void {
  const children: [string, SchemaNode][] = [
    ...Object.entries(schema.properties ?? {}).map(([name, node]): [string, SchemaNode] => [`${path}.properties[${name}]`, node]),
    ...(schema.items === undefined ? [] : [[`${path}.items`, schema.items] as [string, SchemaNode]]),
    ...(typeof schema.additionalProperties === 'object' ? [[`${path}.additionalProperties`, schema.additionalProperties] as [string, SchemaNode]] : []),
  ]
  if (schema.properties !== undefined && schema.additionalProperties !== undefined)
    say('Forbidden', `${path}.additionalProperties`, undefined, 'additionalProperties and properties are mutual exclusive')
  for (const [at, node] of children) {
    if (node.type === undefined && node['x-kubernetes-int-or-string'] !== true && node['x-kubernetes-preserve-unknown-fields'] !== true)
      say('Required', `${at}.type`, undefined, 'must not be empty for specified object fields')
    structuralProblems(node as Schema, at, say)
  }
}

/** `v2`, `v1`, `v1beta2`, `v1beta1`, then the rest by name: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#version-priority */
export function byPriority(a: string, b: string): number {
  const rank = (name: string): [number, number, number] => {
    const found = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(name)
    if (!found) return [3, 0, 0]
    return [found[2] === undefined ? 0 : found[2] === 'beta' ? 1 : 2, -Number(found[1]), -Number(found[3] ?? 0)]
  }
  const [x, y] = [rank(a), rank(b)]
  return x[0] - y[0] || x[1] - y[1] || x[2] - y[2] || (a < b ? -1 : 1)
}

const METADATA: SchemaNode = { type: 'object' }

function kindOf(crd: Obj, metadataShape: SchemaNode | undefined, resolve: World['resolve']): Kind {
  const { group, names, versions, scope } = crd.spec
  const served = versions
    .filter((version: Obj) => version.served === true)
    .sort((a: Obj, b: Obj) => byPriority(a.name, b.name))
    .map((version: Obj): ServedVersion => {
      const open = version.schema?.openAPIV3Schema as SchemaNode | undefined
      const schema: SchemaNode | undefined =
        open === undefined
          ? undefined
          : { ...open, properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, ...open.properties, metadata: metadataShape ?? METADATA } }
      let shape: Shape | undefined
      return {
        name: version.name,
        schema,
        shape: () => {
          shape ??= shapeOf(schema, resolve)
          return shape
        },
        columns: version.additionalPrinterColumns,
        subresources: new Map(
          Object.keys(version.subresources ?? {}).map((name) => [
            name,
            { verbs: ['get', 'patch', 'update'], ...(name === 'scale' ? { kind: { apiVersion: 'autoscaling/v1', kind: 'Scale' } } : {}) },
          ]),
        ),
        scale: version.subresources?.scale,
        selectableFields: version.selectableFields?.map((field: { jsonPath: string }) => field.jsonPath.replace(/^\./, '')),
        ...(version.deprecated === true ? { deprecationWarning: version.deprecationWarning ?? `${group}/${version.name} ${names.kind} is deprecated` } : {}),
      }
    })
  return {
    group,
    kind: names.kind,
    listKind: names.listKind,
    plural: names.plural,
    singular: names.singular,
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: scope === 'Namespaced',
    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    versions: served,
    storage: versions.find((version: Obj) => version.storage === true).name,
    crd,
  }
}

/** Keeps the table of kinds equal to the definitions that are stored. */
export function followCrds(world: World, metadataSchema: SchemaNode | undefined): void {
  const collection = world.store.collection('customresourcedefinitions.apiextensions.k8s.io')
  for (const crd of listOf(world, collection.name)) world.kinds.set(kindOf(crd, metadataSchema, world.resolve))
  collection.follow(({ type, entry }) => {
    const crd = entry.object
    if (type === 'DELETED') {
      world.kinds.remove(crd.spec.group, crd.spec.names.plural)
      world.store.drop(collectionOf({ group: crd.spec.group, plural: crd.spec.names.plural }))
    } else {
      const kind = kindOf(crd, metadataSchema, world.resolve)
      world.store.collection(collectionOf(kind))
      world.kinds.set(kind)
    }
  })
}
