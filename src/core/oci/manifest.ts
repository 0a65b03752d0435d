/**
 * Manifests as registries serve them: OCI image-spec 1.1 (manifest.md, image-index.md, descriptor.md) and Docker image manifest V2 schema 2.
 * Bytes are read, never written: what is copied is the bytes that came.
 */
import { err, ok, type Result } from '../kernel/result.ts'
import { DIGEST } from './place.ts'

export const MEDIA_TYPES = {
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerSchema1: 'application/vnd.docker.distribution.manifest.v1+json',
  dockerSchema1Signed: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
  /** Of an early draft of OCI 1.1; some registries still hold them. */
  ociArtifact: 'application/vnd.oci.artifact.manifest.v1+json',
} as const

const INDEXES: readonly string[] = [MEDIA_TYPES.ociIndex, MEDIA_TYPES.dockerList]
const IMAGES: readonly string[] = [MEDIA_TYPES.ociManifest, MEDIA_TYPES.dockerManifest, MEDIA_TYPES.ociArtifact]
const SCHEMA1: readonly string[] = [MEDIA_TYPES.dockerSchema1, MEDIA_TYPES.dockerSchema1Signed]

/** What a client accepts; schema 1 too, so that it can be told from what is not there. */
export const ACCEPT = [...INDEXES, ...IMAGES, ...SCHEMA1]

/** Bytes of the largest manifest that is read (distribution-spec: registries should accept 4 MiB). */
export const LARGEST_MANIFEST = 4 * 1024 * 1024
const MOST_DESCRIPTORS = 20_000

export interface Platform {
  os: string
  architecture: string
  variant?: string
  osVersion?: string
}

export interface Descriptor {
  mediaType: string
  digest: string
  /** Bytes. */
  size: number
}

export interface ManifestDescriptor extends Descriptor {
  platform?: Platform
  artifactType?: string
  annotations?: Readonly<Record<string, string>>
}

export interface BlobDescriptor extends Descriptor {
  /** Is it fetched from elsewhere and not held by registries (`urls`, or a type that may not be distributed)? */
  foreign: boolean
}

export interface Manifest {
  kind: 'index' | 'image'
  mediaType: string
  /** Of an index. */
  manifests: readonly ManifestDescriptor[]
  /** Of an image or artifact: config first, then layers. */
  blobs: readonly BlobDescriptor[]
  /** What it refers to (signature of, attestation of). */
  subject?: Descriptor
  artifactType?: string
}

/** Why a manifest is refused: one row of errors each. */
export interface ManifestFault {
  code: 'MANIFEST_INVALID' | 'IMAGE_SCHEMA1'
  reason: string
}

const fault = (reason: string) => err<ManifestFault>({ code: 'MANIFEST_INVALID', reason })

/**
 * Reads a manifest. @param contentType what the registry called it; what the document says itself has to agree (CVE-2021-41190: one document, two readings).
 */
export function parseManifest(bytes: Uint8Array, contentType?: string): Result<Manifest, ManifestFault> {
  if (bytes.length > LARGEST_MANIFEST) return fault(`it has ${bytes.length} bytes; the limit is ${LARGEST_MANIFEST}`)
  let document: unknown
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return fault('it is not JSON')
  }
  if (!isRecord(document)) return fault('it is not a JSON object')
  const named = contentType?.split(';')[0]?.trim().toLowerCase()
  if (document.schemaVersion === 1 || SCHEMA1.includes(named ?? '') || SCHEMA1.includes(document.mediaType as string))
    return err({ code: 'IMAGE_SCHEMA1', reason: 'it is a Docker schema 1 manifest' })
  if (document.mediaType !== undefined && typeof document.mediaType !== 'string') return fault('mediaType is not a string')
  const own = document.mediaType?.toLowerCase()
  const generic = named === undefined || named === '' || named === 'application/json' || named === 'application/octet-stream' || named === 'text/plain'
  if (own !== undefined && !generic && own !== named) return fault(`it calls itself ${own} but was served as ${named}`)
  const hasManifests = document.manifests !== undefined
  const hasLayers = document.layers !== undefined || document.config !== undefined || document.blobs !== undefined
  if (hasManifests && hasLayers) return fault('it is an index and an image at once')
  const mediaType = own ?? (generic ? (hasManifests ? MEDIA_TYPES.ociIndex : MEDIA_TYPES.ociManifest) : named!)
  if (mediaType !== MEDIA_TYPES.ociArtifact && document.schemaVersion !== 2) return fault(`schemaVersion is ${JSON.stringify(document.schemaVersion)}, not 2`)

  const reader = createReader()
  const subject = document.subject === undefined || document.subject === null ? undefined : reader.descriptor(document.subject, 'subject')
  const artifactType = typeof document.artifactType === 'string' ? document.artifactType : undefined
  const rest = { mediaType, ...(subject ? { subject } : {}), ...(artifactType ? { artifactType } : {}) }
  let manifest: Manifest
  if (INDEXES.includes(mediaType)) {
    if (hasLayers) return fault(`it is served as ${mediaType} but has layers`)
    // An index without images is `null` in documents that Go wrote.
    manifest = { kind: 'index', ...rest, blobs: [], manifests: reader.list(document.manifests ?? [], 'manifests', reader.manifestDescriptor) }
  } else if (IMAGES.includes(mediaType)) {
    if (hasManifests) return fault(`it is served as ${mediaType} but has manifests`)
    const artifact = mediaType === MEDIA_TYPES.ociArtifact
    const config = artifact ? [] : [reader.blobDescriptor(document.config, 'config')]
    const layers = reader.list((artifact ? document.blobs : document.layers) ?? [], artifact ? 'blobs' : 'layers', reader.blobDescriptor)
    manifest = { kind: 'image', ...rest, manifests: [], blobs: [...config, ...layers] }
  } else return fault(`its media type ${mediaType} is no manifest or index`)
  return reader.problems.length > 0 ? fault(reader.problems.slice(0, 5).join('; ')) : ok(manifest)
}

function createReader() {
  const problems: string[] = []
  const nothing: Descriptor = { mediaType: '', digest: '', size: 0 }
  const descriptor = (value: unknown, path: string): Descriptor => {
    if (!isRecord(value)) {
      problems.push(`${path} is no descriptor`)
      return nothing
    }
    const { mediaType, digest, size } = value
    if (typeof digest !== 'string' || !DIGEST.test(digest)) problems.push(`${path}.digest is no sha256 or sha512 digest`)
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) problems.push(`${path}.size is no number of bytes`)
    if (typeof mediaType !== 'string' || mediaType.length > 255) problems.push(`${path}.mediaType is missing`)
    return { mediaType: String(mediaType), digest: String(digest), size: Number(size) }
  }
  return {
    problems,
    descriptor,
    list<T>(value: unknown, path: string, each: (item: unknown, path: string) => T): T[] {
      if (!Array.isArray(value)) {
        problems.push(`${path} is no list`)
        return []
      }
      if (value.length > MOST_DESCRIPTORS) {
        problems.push(`${path} has ${value.length} entries; the limit is ${MOST_DESCRIPTORS}`)
        return []
      }
      return value.map((item, i) => each(item, `${path}[${i}]`))
    },
    manifestDescriptor(value: unknown, path: string): ManifestDescriptor {
      const found: ManifestDescriptor = descriptor(value, path)
      if (!isRecord(value)) return found
      const { platform, artifactType, annotations } = value
      if (isRecord(platform)) found.platform = platformOf(platform)
      if (typeof artifactType === 'string') found.artifactType = artifactType
      if (isRecord(annotations)) found.annotations = stringsOf(annotations)
      return found
    },
    blobDescriptor(value: unknown, path: string): BlobDescriptor {
      const found = descriptor(value, path)
      const urls = isRecord(value) && Array.isArray(value.urls) ? value.urls : []
      return { ...found, foreign: urls.length > 0 || /\.(?:foreign\.|nondistributable\.)/.test(found.mediaType) }
    },
  }
}

const platformOf = (platform: Record<string, unknown>): Platform => ({
  os: String(platform.os ?? ''),
  architecture: String(platform.architecture ?? ''),
  ...(typeof platform.variant === 'string' && platform.variant !== '' ? { variant: platform.variant } : {}),
  ...(typeof platform['os.version'] === 'string' ? { osVersion: platform['os.version'] } : {}),
})

const stringsOf = (record: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(record).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Can the media type be a manifest, so that a descriptor of it is fetched as one? */
export const isManifestType = (mediaType: string): boolean => ACCEPT.includes(mediaType)

/** Indexes within indexes, at most. */
export const DEEPEST_INDEX = 8

/** Is it an index of either format? */
export const isIndexType = (mediaType: string | undefined): boolean => mediaType === MEDIA_TYPES.ociIndex || mediaType === MEDIA_TYPES.dockerList

/**
 * Does an entry of an index have one of the platforms (`linux`, `linux/arm64`, `linux/arm/v7`)? Entries without one, and attestations
 * (`unknown/unknown`) belong to no platform.
 */
export function matchesPlatform(platform: Platform | undefined, wanted: readonly string[]): boolean {
  if (!platform) return false
  return wanted.some((text) => {
    const [os, architecture, variant] = text.split('/')
    return (
      platform.os === os && (architecture === undefined || platform.architecture === architecture) && (variant === undefined || platform.variant === variant)
    )
  })
}
