/** The kinds as OpenAPI documents: version 3 by group version, version 2 as a whole (JSON, or the protobuf form that older kubectl asks for). */
import { createHash } from 'node:crypto'
import { apiVersionOf } from '#core/kube/objects.ts'
import type { SchemaNode } from '#core/kube/shape.ts'
import type { Kind, ServedVersion } from '../kinds.ts'
import type { World } from '../world.ts'
import { encodeOpenApiV2 } from './openapi-v2-proto.ts'

export interface OpenApiAnswer {
  type: string
  body: Buffer | string
  etag: string
}

type Doc = Record<string, unknown>
interface Served {
  kind: Kind
  version: ServedVersion
}

const V2_PROTO = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
const V2 = '#/definitions/'
const schemaName = ({ kind, version }: Served) => version.type ?? `${kind.group}.${version.name}.${kind.kind}`.split('.').reverse().join('.')
const gvk = ({ kind, version }: Served) => ({ group: kind.group, version: version.name, kind: kind.kind })

/** A schema with its references to `base`; collects what it refers to. */
function linked(node: unknown, base: string, needed: Set<string>): unknown {
  if (Array.isArray(node)) return node.map((one) => linked(one, base, needed))
  if (typeof node !== 'object' || node === null) return node
  const result: Doc = {}
  for (const [key, value] of Object.entries(node)) {
    if (key === '$ref' && typeof value === 'string') {
      needed.add(value)
      result.$ref = base + value
    } else result[key] = linked(value, base, needed)
  }
  // In version 3 words beside a $ref are not allowed: they stand around it.
  if (base !== V2 && result.$ref !== undefined && Object.keys(result).length > 1) {
    const { $ref, ...rest } = result
    return { ...rest, allOf: [{ $ref }] }
  }
  return result
}

function definitions(world: World, served: readonly Served[], base: string): Doc {
  const found: Doc = {}
  const queue: [string, SchemaNode | undefined, Doc][] = served.map((one) => [
    schemaName(one),
    one.version.schema,
    { 'x-kubernetes-group-version-kind': [gvk(one)] },
  ])
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [name, schema, more] = next
    if (found[name] !== undefined) continue
    const needed = new Set<string>()
    found[name] = { ...(linked(schema ?? { type: 'object' }, base, needed) as Doc), ...more }
    for (const one of needed) if (found[one] === undefined) queue.push([one, world.resolve(one), {}])
  }
  return found
}

const PATCH_QUERY = ['dryRun', 'fieldManager', 'fieldValidation', 'force']

function paths(served: readonly Served[], query: (name: string) => Doc): Doc {
  const found: Doc = {}
  for (const one of served) {
    const { kind, version } = one
    const root = `/${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind.group, version.name)}`
    const collection = `${root}/${kind.namespaced ? 'namespaces/{namespace}/' : ''}${kind.plural}`
    const operation = (action: string, parameters: readonly string[] = []): Doc => ({
      operationId: `${action}${kind.kind}`,
      parameters: parameters.map(query),
      responses: { 200: { description: 'OK' } },
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': gvk(one),
    })
    found[collection] = { ...(kind.virtual ? {} : { get: operation('list') }), post: operation('post', PATCH_QUERY.slice(0, 3)) }
    if (!kind.virtual)
      found[`${collection}/{name}`] = { get: operation('get'), put: operation('put', PATCH_QUERY.slice(0, 3)), patch: operation('patch', PATCH_QUERY) }
  }
  return found
}

const info = { title: 'Sallyport sandbox', version: 'v1' }

/** Answers `/openapi/v2`, `/openapi/v3` and below; undefined for other paths. */
export function openApi(world: World, path: string, accept: string): OpenApiAnswer | undefined {
  const all: Served[] = world.kinds.all().flatMap((kind) => kind.versions.map((version) => ({ kind, version })))
  const etag = (text: string | Buffer) => `"${createHash('sha256').update(text).digest('hex').slice(0, 32).toUpperCase()}"`
  const json = (doc: Doc): OpenApiAnswer => {
    const body = JSON.stringify(doc)
    return { type: 'application/json', body, etag: etag(body) }
  }
  if (path === '/openapi/v2') {
    const doc = {
      swagger: '2.0',
      info,
      paths: paths(all, (name) => ({ name, in: 'query', type: name === 'force' ? 'boolean' : 'string', uniqueItems: true })),
      definitions: definitions(world, all, V2),
    }
    if (!accept.includes(V2_PROTO)) return json(doc)
    const body = encodeOpenApiV2(doc)
    // With a dot: Go cannot read a media type with an @.
    return { type: V2_PROTO.replace('@', '.'), body, etag: etag(body) }
  }
  const byGroup = Map.groupBy(all, ({ kind, version }) => `${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind.group, version.name)}`)
  const document = (served: readonly Served[]): Doc => ({
    openapi: '3.0.0',
    info,
    paths: paths(served, (name) => ({ name, in: 'query', schema: { type: name === 'force' ? 'boolean' : 'string' } })),
    components: { schemas: definitions(world, served, '#/components/schemas/') },
  })
  if (path === '/openapi/v3')
    return json({
      paths: Object.fromEntries(
        [...byGroup].map(([name, served]) => [
          name,
          {
            serverRelativeURL: `/openapi/v3/${name}?hash=${createHash('sha256')
              .update(JSON.stringify(served.map(({ version }) => version.schema ?? '')))
              .digest('hex')
              .slice(0, 32)}`,
          },
        ]),
      ),
    })
  const served = byGroup.get(path.slice('/openapi/v3/'.length))
  return served === undefined ? undefined : json(document(served))
}
