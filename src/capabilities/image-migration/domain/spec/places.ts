/** Places as people write them. */

import { err, ok, type Result } from '#core/kernel/result.ts'
import { canonicalRegistry, DIGEST, DOCKER_HUB, isRegistry, isRepository, parseName, TAG } from '#core/oci/reference.ts'
import { ARCHIVE_KINDS, type ArchiveKind, type RulePlace } from './rule.ts'

export interface NamedPlace {
  place: RulePlace
  /** Tags behind the name, separated by commas. */
  tags: readonly string[]
  digest?: string
}

/**
 * `quay.io/coreos/etcd:v3,v3.5`, `nginx@sha256:…`, `docker.io/library/*` (a namespace), `quay.io` or `quay.io/*` (a registry),
 * `oci:FOLDER:TAG`, `dir:FOLDER`, `docker-archive:FILE:REFERENCE`. What is wrong, as a sentence without subject.
 */
export function parsePlace(text: string): Result<NamedPlace, string> {
  if (text.trim() === '') return err('is empty')
  if (text.length > 4096) return err('is too long')
  const archive = /^([a-z-]+):(?!\/\/|\d+(?:\/|$))(.*)$/.exec(text)
  if (archive && (ARCHIVE_KINDS as readonly string[]).includes(archive[1]!)) return archivePlace(archive[1] as ArchiveKind, archive[2]!)
  const scheme = /^([a-z+]+):\/\//.exec(text)
  if (scheme && scheme[1] !== 'docker') return err(`must be a name without "${scheme[0]}"`)
  const name = scheme ? text.slice(scheme[0].length) : text
  if (name.endsWith('/*') || name.endsWith('/**') || name === '*') {
    const parts = name.replace(/\/?\*+$/, '')
    return namespacePlace(parts)
  }
  if (!name.includes('/') && isRegistry(name) && /[.]|:\d+$|^localhost$/.test(name) && !TAG_ONLY.test(name)) return namespacePlace(name)
  return repositoryPlace(name)
}

/** `redis:7` is an image with a tag and not a registry with a port, `host.example:5000` and `localhost:5000` are registries. */
const TAG_ONLY = /^[a-z0-9_-]+:\w[\w.-]*$(?<!^localhost:\d+)/

function archivePlace(kind: ArchiveKind, rest: string): Result<NamedPlace, string> {
  const at = kind === 'dir' ? -1 : rest.indexOf(':')
  const path = at < 0 ? rest : rest.slice(0, at)
  if (path === '') return err('names no path')
  return ok({ place: { kind, path }, tags: at < 0 || rest.slice(at + 1) === '' ? [] : [rest.slice(at + 1)] })
}

function namespacePlace(name: string): Result<NamedPlace, string> {
  const slash = name.indexOf('/')
  const first = slash < 0 ? name : name.slice(0, slash)
  const own = /[.:]/.test(first) || first === 'localhost'
  const registry = own ? canonicalRegistry(first) : DOCKER_HUB
  const prefix = own ? (slash < 0 ? '' : name.slice(slash + 1)) : name
  if (!isRegistry(registry)) return err(`has no valid registry name: "${registry}"`)
  if (prefix !== '' && !isRepository(prefix)) return err(`has no valid namespace: "${prefix}"`)
  return ok({ place: { kind: 'namespace', registry, prefix: prefix === '' ? '' : `${prefix}/` }, tags: [] })
}

function repositoryPlace(text: string): Result<NamedPlace, string> {
  let rest = text
  const at = rest.indexOf('@')
  const digest = at < 0 ? undefined : rest.slice(at + 1)
  if (at >= 0) rest = rest.slice(0, at)
  if (digest !== undefined && !DIGEST.test(digest)) return err(`has no valid digest: "${digest}"`)
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1)
  const tags =
    colon < 0
      ? []
      : rest
          .slice(colon + 1)
          .split(',')
          .map((tag) => tag.trim())
  if (colon >= 0) rest = rest.slice(0, colon)
  const wrong = tags.find((tag) => !TAG.test(tag))
  if (wrong !== undefined) return err(`has no valid tag: "${wrong}"`)
  const name = parseName(rest)
  if (!name.ok) return name
  return ok({ place: { kind: 'repository', ...name.value }, tags, ...(digest === undefined ? {} : { digest }) })
}

/** For people and for comparing. */
export function formatPlace(place: RulePlace): string {
  if (place.kind === 'repository') return `${place.registry}/${place.repository}`
  if (place.kind === 'namespace') return `${place.registry}/${place.prefix}*`
  return `${place.kind}:${place.path}`
}
