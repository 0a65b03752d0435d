/** Objects of a Helm 3 release, from the Secret in which Helm stores it: JSON, gzip, base64, and the base64 of Secrets. https://helm.sh/docs/topics/kubernetes_apis/ */
import { gunzipSync } from 'node:zlib'
import { CodedError, invalidInput } from '#core/kernel/errors.ts'
import type { ApiFacts } from '#core/kube/api-facts/facts.ts'
import { readManifests } from '#core/kube/manifests.ts'
import type { KubeObject } from '#core/kube/objects.ts'
import { bodyOf } from '../domain/parts.ts'

const RELEASE = 'helm.sh/release.v1'
/** A release is at most 1 MiB as it is stored; what unpacks to more than this is none. */
const MOST_BYTES = 64 * 1024 * 1024

interface Release {
  name: string
  namespace: string
  version: number
  status: string
  manifest: string
}

const isRelease = ({ kind, type }: KubeObject): boolean => kind === 'Secret' && type === RELEASE

/**
 * What the newest deployed revision of each release named says, in the order of its manifest. Objects without a namespace get that of the release.
 * Rejects with NOT_FOUND for a release that is not among the Secrets, INVALID_INPUT for one that cannot be read.
 */
export function releaseObjects(secrets: readonly KubeObject[], names: readonly string[], facts: ApiFacts): KubeObject[] {
  const releases = secrets.filter(isRelease).filter(({ metadata }) => names.some((name) => metadata.name.startsWith(`sh.helm.release.v1.${name}.v`)))
  const read = releases.map(readRelease)
  return names.flatMap((name) => {
    const mine = read.filter((release) => release.name === name)
    const places = new Set(mine.map(({ namespace }) => namespace))
    if (places.size > 1) throw new CodedError('USAGE', { reason: `release ${name} is in several namespaces (${[...places].join(', ')}): name one with -n` })
    const [newest] = mine.filter(({ status }) => status === 'deployed').sort((a, b) => b.version - a.version)
    if (newest === undefined) throw new CodedError('NOT_FOUND', { what: `Helm release ${name} (deployed)` })
    const objects = readManifests(newest.manifest)
    if (!objects.ok) throw invalidInput(objects.error.map((problem) => ({ ...problem, path: `release ${name}: ${problem.path}` })))
    return objects.value.map(({ object }) =>
      object.metadata?.namespace === undefined && facts.kind(object)?.namespaced !== false
        ? { ...object, metadata: { ...object.metadata, namespace: newest.namespace } }
        : object,
    )
  })
}

function readRelease(secret: KubeObject): Release {
  const who = `Secret ${secret.metadata.namespace ?? ''}/${secret.metadata.name}`
  try {
    const stored = Buffer.from(String(bodyOf(secret.data).release), 'base64').toString('latin1')
    const packed = Buffer.from(stored, 'base64')
    // Very old releases are not packed.
    const text = packed[0] === 0x1f && packed[1] === 0x8b ? gunzipSync(packed, { maxOutputLength: MOST_BYTES }) : packed
    const { name, namespace, version, info, manifest } = JSON.parse(text.toString('utf8')) as Record<string, unknown>
    if (typeof name !== 'string' || typeof manifest !== 'string') throw new Error('it has no name or no manifest')
    return {
      name,
      namespace: typeof namespace === 'string' ? namespace : (secret.metadata.namespace ?? 'default'),
      version: Number(version),
      status: String(bodyOf(info).status),
      manifest,
    }
  } catch (error) {
    throw invalidInput([{ path: who, message: `is no Helm release that can be read: ${(error as Error).message}` }])
  }
}
