/** Places where images lie, and images in them: registries, and files on this machine in the notation of skopeo and podman. */
import { err, ok, type Result } from '../kernel/result.ts'
import { formatReference, parseReference } from './reference.ts'

/** How a place is spoken to. `registry` is HTTP; the others are files on this machine. */
export type Transport = 'registry' | 'oci' | 'docker-archive' | 'dir'

/** Where repositories lie. */
export interface Place {
  transport: Transport
  /** `docker.io`, `registry.example:5000`; for files a path. */
  at: string
}

export interface ImageReference {
  place: Place
  /** `library/nginx`; always '' in files, which have no repositories. */
  repository: string
  tag?: string
  /** `sha256:…` or `sha512:…`. With a tag too, the digest decides. */
  digest?: string
}

/** The digests whose bytes can be checked here; no registry knows others. */
export const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

/**
 * `nginx`, `registry.example:5000/a/b:1.2@sha256:…`, `docker://…`, `oci:DIR[:NAME]`, `docker-archive:FILE[:NAME:TAG]`, `dir:DIR`.
 * Nothing is made up: without tag and digest both stay undefined. The error is a sentence without subject.
 */
export function parseImage(text: string): Result<ImageReference, string> {
  if (text.length > 4096) return err('is too long')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
  if (/[\0-\x1f]/.test(text)) return err('holds control characters')
  const file = /^(oci|docker-archive|dir):(.*)$/.exec(text)
  if (file) return parseFile(file[1] as Transport, file[2]!)
  const parsed = parseReference(text.replace(/^docker:\/\//, ''))
  if (!parsed.ok) return parsed
  const { registry, ...rest } = parsed.value
  if (rest.digest !== undefined && !DIGEST.test(rest.digest)) return err(`has a digest that cannot be checked here: "${rest.digest}"`)
  return ok({ place: { transport: 'registry', at: registry }, ...rest })
}

function parseFile(transport: Transport, rest: string): Result<ImageReference, string> {
  const digest = transport === 'dir' ? undefined : /@((?:sha256|sha512):[0-9a-f]+)$/.exec(rest)?.[1]
  if (digest !== undefined && !DIGEST.test(digest)) return err(`has no valid digest: "${digest}"`)
  const path = digest === undefined ? rest : rest.slice(0, -digest.length - 1)
  const colon = transport === 'dir' ? -1 : path.indexOf(':')
  const at = colon < 0 ? path : path.slice(0, colon)
  const name = colon < 0 ? undefined : path.slice(colon + 1)
  if (at === '') return err('names no path')
  // A layout's name of an image may be more than a tag (image-spec, annotations.md).
  if (name !== undefined && !/^[\w./:@+-]{1,255}$/.test(name)) return err(`has no valid image name: "${name}"`)
  return ok({ place: { transport, at }, repository: '', ...(name ? { tag: name } : {}), ...(digest ? { digest } : {}) })
}

/** `docker.io`, `oci:/var/images`: how messages and reports name a place. */
export const formatPlace = ({ transport, at }: Place): string => (transport === 'registry' ? at : `${transport}:${at}`)

/** The text that `parseImage` reads. */
export function formatImage({ place, repository, ...rest }: ImageReference): string {
  if (place.transport === 'registry') return formatReference({ registry: place.at, repository, ...rest })
  return `${formatPlace(place)}${rest.tag === undefined ? '' : `:${rest.tag}`}${rest.digest === undefined ? '' : `@${rest.digest}`}`
}
