/** Sallyport's own kinds: one zod schema is their type, their CustomResourceDefinition, their validation and their page in the docs. */
import { z } from 'zod'
import type { Problem } from '../kernel/errors.ts'
import { parseInput } from '../kernel/problems.ts'
import { err, ok, type Result } from '../kernel/result.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Schema } from '../kube/structural.ts'

export const RESOURCE_GROUP = 'sallyport.io'
export const RESOURCE_VERSION = 'v1alpha1'
export const RESOURCE_API = `${RESOURCE_GROUP}/${RESOURCE_VERSION}`

export interface CustomResource<Spec extends z.ZodType = z.ZodType, Status extends z.ZodType = z.ZodType> {
  kind: string
  plural: string
  shortNames?: readonly string[]
  scope: 'Namespaced' | 'Cluster'
  /** One sentence for `kubectl explain`. */
  description: string
  spec: Spec
  status: Status
  /** What `kubectl get` shows after the name; `age` comes by itself. */
  columns: readonly PrinterColumn[]
}

export interface PrinterColumn {
  name: string
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  /** From the object: `.status.phase`. */
  jsonPath: string
  description: string
  /** Above 0: only with `-o wide`. */
  priority?: number
}

/** The object as its schema reads it: defaults filled in. */
export interface Resource<Spec, Status> {
  apiVersion: typeof RESOURCE_API
  kind: string
  metadata: KubeObject['metadata']
  spec: Spec
  status?: Partial<Status>
}

/**
 * Reads an object of the kind, or says all that is wrong with it, by `spec.…` path. A status that does not fit is left out: it is ours and is written anew.
 * An API server that is older than the schema may have let things through that it does not allow.
 */
export function readResource<Spec extends z.ZodType, Status extends z.ZodType>(
  resource: CustomResource<Spec, Status>,
  object: KubeObject,
): Result<Resource<z.output<Spec>, z.output<Status>>, readonly Problem[]> {
  const spec = parseInput(resource.spec, object.spec ?? {})
  if (!spec.ok) return err(spec.error.map((problem) => ({ ...problem, path: problem.path === '' ? 'spec' : `spec.${problem.path}` })))
  const status = resource.status.safeParse(object.status)
  return ok({
    apiVersion: RESOURCE_API,
    kind: resource.kind,
    metadata: object.metadata,
    spec: spec.value,
    ...(status.success ? { status: status.data as Partial<z.output<Status>> } : {}),
  })
}

/** The CustomResourceDefinition (apiextensions.k8s.io/v1). Throws when the schema says what a structural schema cannot: see `structural`. */
export function definitionOf(resource: CustomResource): KubeObject {
  const { kind, plural, shortNames = [], scope, description, columns } = resource
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${RESOURCE_GROUP}`, labels: { 'app.kubernetes.io/part-of': 'sallyport' } },
    spec: {
      group: RESOURCE_GROUP,
      scope,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames, categories: ['sallyport'] },
      versions: [
        {
          name: RESOURCE_VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [
            ...columns.map(({ name, type, jsonPath, description: meaning, priority }) => ({
              name,
              type,
              jsonPath,
              description: meaning,
              ...(priority === undefined ? {} : { priority }),
            })),
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
          ],
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description,
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: schemaOf(resource.spec, `${kind}.spec`),
                status: schemaOf(resource.status, `${kind}.status`),
              },
            },
          },
        },
      ],
    },
  }
}

/** What zod writes as JSON Schema, as far as it is met here. */
interface Json {
  [key: string]: unknown
  anyOf?: Json[]
  type?: string
  format?: string
  properties?: Record<string, Json>
  items?: Json
  additionalProperties?: Json | boolean
  pattern?: string
}

const schemaOf = (schema: z.ZodType, path: string): Schema =>
  structural(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', reused: 'inline', unrepresentable: 'any' }) as Json, path)

/** Carried over as they are. */
const KEPT =
  'type nullable description default enum minimum maximum exclusiveMinimum exclusiveMaximum minLength maxLength minItems maxItems minProperties maxProperties required'.split(
    ' ',
  )
const PRESERVE = 'x-kubernetes-preserve-unknown-fields'

/**
 * A structural schema: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 * Every node has one type. Unions are not for CRDs (write optional fields and a refinement), but `number or string` is. What API servers cannot check
 * (several patterns, patterns that RE2 cannot read) is left to `readResource`.
 */
function structural(node: Json, path: string): Schema {
  const out: Record<string, unknown> = {}
  for (const key of KEPT) if (node[key] !== undefined) out[key] = node[key]
  if (node.anyOf !== undefined) {
    const types = node.anyOf.map(({ type }) => (type === 'integer' ? 'number' : type))
    if (types.sort().join() !== 'number,string') throw new Error(`${path}: a union of ${types.join(' and ')} is no structural schema`)
    return { ...out, 'x-kubernetes-int-or-string': true } as Schema
  }
  if (node.type === undefined) return { ...out, [PRESERVE]: true } as Schema
  // zod's own limits of whole numbers say nothing.
  if (out.minimum === Number.MIN_SAFE_INTEGER) delete out.minimum
  if (out.maximum === Number.MAX_SAFE_INTEGER) delete out.maximum
  if (node.type === 'integer') out.format = 'int64'
  else if (node.format === 'date-time') out.format = 'date-time'
  else if (node.pattern !== undefined && !/\(\?[^:]|\\[1-9]/.test(node.pattern)) out.pattern = node.pattern
  if (node.items !== undefined) out.items = structural(node.items, `${path}[]`)
  if (node.type !== 'object') return out as Schema
  const { properties = {}, additionalProperties } = node
  if (Object.keys(properties).length > 0)
    out.properties = Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, structural(child, `${path}.${name}`)]))
  else if (typeof additionalProperties === 'object') out.additionalProperties = structural(additionalProperties, `${path}.*`)
  if (typeof additionalProperties === 'object' && out.additionalProperties === undefined) out[PRESERVE] = true
  return out as Schema
}
