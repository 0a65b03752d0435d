/** For which platforms an image is, as its registry says. */
import { CodedError } from '#core/kernel/errors.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { parseManifest } from '#core/oci/manifest.ts'
import { canonicalRegistry, parseReference } from '#core/oci/reference.ts'
import type { Credential, Registries } from '#core/shapes/ports/registry.ts'
import { bodyOf } from '../domain/parts.ts'
import type { PlatformsOf } from './obstacles.ts'

/** The configuration of an image is small; what is larger is none. */
const MOST_CONFIG = 4 * 1024 * 1024

export const platformsFrom =
  (registries: Registries): PlatformsOf =>
  async (image) => {
    const read = parseReference(image)
    if (!read.ok) throw new CodedError('MANIFEST_INVALID', { what: image, place: image, reason: read.error })
    const { registry: at, repository, tag, digest } = read.value
    const registry = await registries.open({ transport: 'registry', at })
    const stored = await registry.manifest(repository, digest ?? tag ?? 'latest')
    if (stored === undefined) return undefined
    const manifest = parseManifest(stored.bytes, stored.mediaType)
    if (!manifest.ok) throw new CodedError('MANIFEST_INVALID', { what: image, place: image, reason: manifest.error.reason })
    if (manifest.value.kind === 'index')
      return [
        ...new Set(
          manifest.value.manifests.flatMap(({ platform }) =>
            platform === undefined || platform.os === 'unknown' ? [] : [`${platform.os}/${platform.architecture}`],
          ),
        ),
      ]
    const [config] = manifest.value.blobs
    if (config === undefined || config.size > MOST_CONFIG)
      throw new CodedError('MANIFEST_INVALID', { what: image, place: image, reason: 'it has no configuration' })
    const chunks: Uint8Array[] = []
    for await (const chunk of registry.blob(repository, config)) chunks.push(chunk)
    const { os, architecture } = JSON.parse(Buffer.concat(chunks).toString()) as { os?: string; architecture?: string }
    return os === undefined || architecture === undefined ? [] : [`${os}/${architecture}`]
  }

/** Credentials of the pull secrets among the objects, by registry. */
export function pullCredentials(objects: readonly KubeObject[]): (host: string) => Promise<Credential | undefined> {
  const found = new Map<string, Credential>()
  for (const { kind, type, data } of objects) {
    if (kind !== 'Secret' || type !== 'kubernetes.io/dockerconfigjson') continue
    try {
      const { auths } = JSON.parse(Buffer.from(String(bodyOf(data)['.dockerconfigjson']), 'base64').toString()) as { auths?: unknown }
      for (const [server, value] of Object.entries(bodyOf(auths))) {
        const { auth, username, password } = bodyOf(value)
        const [user, ...rest] = typeof auth === 'string' ? Buffer.from(auth, 'base64').toString().split(':') : [username, password]
        const host = canonicalRegistry(server.replace(/^https?:\/\//, '').split('/')[0]!)
        if (typeof user === 'string' && user !== '') found.set(host, { username: user, password: rest.map(String).join(':') })
      }
    } catch {
      // A pull secret that cannot be read opens nothing, here and there.
    }
  }
  return async (host) => found.get(canonicalRegistry(host))
}
