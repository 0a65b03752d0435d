/** CustomResourceDefinition v1beta1 ↔ v1. https://kubernetes.io/docs/reference/using-api/deprecation-guide/#customresourcedefinition-v122 */
import { type Body, bodies, bodyOf, type Family, isBody, type Note, rename, type Step, take } from './family.ts'

const PRESERVE = 'x-kubernetes-preserve-unknown-fields'

const columnsUp = (columns: unknown): void => {
  for (const [column] of bodies(columns, '')) rename(column, 'JSONPath', 'jsonPath')
}
const columnsDown = (columns: unknown): void => {
  for (const [column] of bodies(columns, '')) rename(column, 'jsonPath', 'JSONPath')
}

const crdUp: Step = (object, note) => {
  const spec = object.spec
  if (!isBody(spec)) return
  const version = take(spec, 'version')
  if (!Array.isArray(spec.versions) || spec.versions.length === 0) {
    if (typeof version === 'string') spec.versions = [{ name: version, served: true, storage: true }]
  } else if (typeof version === 'string' && bodyOf(spec.versions[0]).name !== version) note('lost', 'spec.version', 'is not the first of spec.versions')
  const shared = {
    schema: take(spec, 'validation'),
    subresources: take(spec, 'subresources'),
    additionalPrinterColumns: take(spec, 'additionalPrinterColumns'),
  }
  const preserve = take(spec, 'preserveUnknownFields') ?? true
  if (typeof spec.scope !== 'string') spec.scope = 'Namespaced'
  for (const [entry, path] of bodies(spec.versions, 'spec.versions')) {
    for (const [field, value] of Object.entries(shared))
      if (value !== undefined && value !== null && entry[field] === undefined) entry[field] = structuredClone(value)
    columnsUp(entry.additionalPrinterColumns)
    schemaUp(entry, path, preserve !== false, note)
  }
  const conversion = spec.conversion
  if (!isBody(conversion)) return
  const config = take(conversion, 'webhookClientConfig')
  const versions = take(conversion, 'conversionReviewVersions')
  if (config === undefined && versions === undefined) return
  if (conversion.strategy !== 'Webhook' && config === undefined) {
    note('lost', 'spec.conversion.webhook.conversionReviewVersions', 'nothing is converted by a webhook')
    return
  }
  conversion.webhook = { ...(config === undefined ? {} : { clientConfig: config }), conversionReviewVersions: versions ?? ['v1beta1'] }
}

/** v1 wants a structural schema for each version and prunes by it; `preserve` asks for the opposite, at the root as the server does. */
function schemaUp(entry: Body, path: string, preserve: boolean, note: Note): void {
  const schema = isBody(entry.schema) ? entry.schema : {}
  const root = isBody(schema.openAPIV3Schema) ? schema.openAPIV3Schema : undefined
  entry.schema = schema
  if (root === undefined) {
    schema.openAPIV3Schema = { type: 'object', [PRESERVE]: true }
    note('kept', `${path}.schema`, 'v1 needs a schema; this one takes anything, as before')
    return
  }
  if (root.type === undefined) {
    root.type = 'object'
    note('kept', `${path}.schema.openAPIV3Schema.type`, 'v1 needs structural schemas')
  }
  if (preserve && root[PRESERVE] === undefined) {
    root[PRESERVE] = true
    note('kept', `${path}.schema.openAPIV3Schema.${PRESERVE}`, 'v1beta1 kept unknown fields unless told otherwise')
  }
  const unstructured = firstUntyped(root, `${path}.schema.openAPIV3Schema`, 0)
  if (unstructured !== undefined) note('changed', unstructured, 'has no type: v1 refuses schemas that are not structural')
}

function firstUntyped(schema: Body, path: string, depth: number): string | undefined {
  if (depth > 64) return undefined
  if (schema.type === undefined && schema['x-kubernetes-int-or-string'] !== true && schema[PRESERVE] !== true) return path
  const parts: [unknown, string][] = Object.entries(bodyOf(schema.properties)).map(([name, inner]) => [inner, `${path}.properties.${name}`])
  parts.push([schema.items, `${path}.items`], [schema.additionalProperties, `${path}.additionalProperties`])
  for (const [inner, at] of parts) {
    const found = isBody(inner) ? firstUntyped(inner, at, depth + 1) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

const crdDown: Step = (object, note) => {
  const spec = object.spec
  if (!isBody(spec)) return
  // Each version keeps its own schema; v1beta1 takes them so where they differ, and beside one another otherwise.
  const entries = bodies(spec.versions, 'spec.versions').map(([entry]) => entry)
  for (const entry of entries) columnsDown(entry.additionalPrinterColumns)
  if (entries[0] !== undefined && spec.version === undefined) spec.version = entries[0].name
  if (spec.preserveUnknownFields === undefined) spec.preserveUnknownFields = false
  else note('changed', 'spec.preserveUnknownFields', 'is not written in v1: false is its default, and true stands in the schemas')
  for (const [own, shared] of [
    ['schema', 'validation'],
    ['subresources', 'subresources'],
    ['additionalPrinterColumns', 'additionalPrinterColumns'],
  ] as const) {
    const values = entries.map((entry) => JSON.stringify(entry[own]))
    // v1beta1 refuses equal ones below each version.
    if (entries.length === 0 || values[0] === undefined || values.some((value) => value !== values[0])) continue
    spec[shared] = entries[0]![own]
    for (const entry of entries) delete entry[own]
  }
  const conversion = spec.conversion
  if (!isBody(conversion)) return
  const webhook = take(conversion, 'webhook')
  if (!isBody(webhook)) return
  if (webhook.clientConfig !== undefined) conversion.webhookClientConfig = webhook.clientConfig
  if (webhook.conversionReviewVersions !== undefined) conversion.conversionReviewVersions = webhook.conversionReviewVersions
}

export const DEFINITIONS: readonly Family[] = [
  { kinds: ['CustomResourceDefinition'], hub: 'apiextensions.k8s.io/v1', versions: { 'apiextensions.k8s.io/v1beta1': { up: crdUp, down: crdDown } } },
]
