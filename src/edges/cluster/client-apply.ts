/** Apply without the server's help: read, compare three ways, patch. For servers without server-side apply, and for objects whose owner is `kubectl apply`. */
import { CodedError } from '#core/kernel/errors.ts'
import { loadApiFacts } from '#core/kube/api-facts/facts.ts'
import { lastApplied, threeWayPatch, withLastApplied } from '#core/kube/apply/three-way.ts'
import { factSchemas } from '#core/kube/fact-schemas.ts'
import type { JsonObject } from '#core/kube/json.ts'
import { type KindRef, type KubeObject, refOf } from '#core/kube/objects.ts'
import { type Shape, shapeOf } from '#core/kube/shape.ts'
import type { Cluster, WriteOptions } from '#core/shapes/ports/cluster.ts'

const TRIES = 5

/** Makes the object, or patches what `threeWayPatch` finds. Somebody who writes in between is waited out, up to five times: CONFLICT then. */
export async function clientApply(
  cluster: Pick<Cluster, 'get' | 'create' | 'patch'>,
  object: KubeObject,
  options: WriteOptions & { subresource?: string } = {},
): Promise<KubeObject> {
  const { managedFields: _, ...metadata } = object.metadata
  const modified = withLastApplied({ ...object, metadata })
  const shape = await shapeOfKind(object)
  const ref = refOf(object)
  for (let attempt = 1; ; attempt++) {
    try {
      const current = await cluster.get(ref).catch((error: unknown) => {
        if (error instanceof CodedError && error.code === 'NOT_FOUND' && options.subresource === undefined) return undefined
        throw error
      })
      if (current === undefined) return await cluster.create(modified, options)
      const three = { original: lastApplied(current), modified: modified as unknown as JsonObject, current: current as unknown as JsonObject }
      const patch = threeWayPatch(three, shape)
      if (Object.keys(patch).length === 0) return current
      return await cluster.patch(ref, shape === undefined ? 'merge' : 'strategic', patch, options)
    } catch (error) {
      const crossed = error instanceof CodedError && (error.code === 'CONFLICT' || error.code === 'ALREADY_EXISTS' || error.code === 'NOT_FOUND')
      // A version that the caller asked for will not come back.
      if (!crossed || attempt === TRIES || metadata.resourceVersion !== undefined) throw error
    }
  }
}

/** Built-in kinds have merge keys; servers take strategic patches for these only. */
export async function shapeOfKind({ apiVersion, kind }: KindRef): Promise<Shape | undefined> {
  const facts = await loadApiFacts()
  const found = facts.kind({ apiVersion, kind })
  if (found === undefined) return undefined
  const resolve = factSchemas(facts)
  return shapeOf({ $ref: found.schema }, resolve)
}
