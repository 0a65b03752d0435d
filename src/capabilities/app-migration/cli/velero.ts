/** Objects of a Velero backup tarball. Layout: https://velero.io/docs/main/output-file-format/ */
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { CodedError, fileUnreadable, invalidInput, type Problem } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'

const MOST_BYTES = 1024 * 1024 * 1024
const MOST_OBJECT = 16 * 1024 * 1024
/** `resources/deployments.apps/[v1-preferredversion/]namespaces/shop/cart.json`; a version folder repeats what stands beside it, and is left out. */
const ENTRY = /^(?:\.\/)?resources\/[^/]+\/(?:namespaces\/[^/]+|cluster)\/[^/]+\.json$/

/** Rejects with FILE_UNREADABLE, TOO_LARGE, or INVALID_INPUT with every entry that cannot be read. */
export async function readVelero(path: string, signal: AbortSignal): Promise<KubeObject[]> {
  const objects: KubeObject[] = []
  const problems: Problem[] = []
  let bytes = 0
  const entries = extract()
  entries.on('entry', (header, stream, next) => {
    const chunks: Buffer[] = []
    const wanted = header.type === 'file' && ENTRY.test(header.name)
    bytes += header.size
    if (bytes > MOST_BYTES || (wanted && header.size > MOST_OBJECT))
      return void entries.destroy(new CodedError('TOO_LARGE', { what: path, limit: `${MOST_BYTES} bytes, ${MOST_OBJECT} an object` }))
    stream.on('data', (chunk) => wanted && chunks.push(chunk as Buffer))
    stream.on('end', () => {
      if (wanted) {
        const object = readObject(Buffer.concat(chunks))
        if (typeof object === 'string') problems.push({ path: header.name, message: object })
        else objects.push(object)
      }
      next()
    })
  })
  try {
    await pipeline(createReadStream(path), createGunzip(), entries, { signal })
  } catch (error) {
    if (error instanceof CodedError || signal.aborted) throw error
    throw fileUnreadable(path, error)
  }
  if (problems.length > 0) throw invalidInput(problems.slice(0, 200))
  return objects
}

function readObject(text: Buffer): KubeObject | string {
  try {
    const object = JSON.parse(text.toString('utf8')) as Partial<KubeObject> | null
    if (typeof object?.apiVersion !== 'string' || typeof object.kind !== 'string' || typeof object.metadata?.name !== 'string')
      return 'has no apiVersion, kind or name'
    return object as KubeObject
  } catch (error) {
    return (error as Error).message
  }
}
